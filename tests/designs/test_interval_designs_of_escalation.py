"""Interval designs against R's package escalation."""

import dataclasses

import numpy as np
import pytest
from interval_designs import R_CLASSES
from scipy.special import betainc
from support import data

from designs import Reason, StopAtDose, Tally
from designs.isotonic import isotonic_fit, isotonic_rates
from doseesc.engines.exact import enumerate_paths

GOLDEN = data("escalation.json")
GOLDEN_FULL = data("escalation_full.json")


# The R package escalation


def r_design(item, **more):
    """Build our design from the arguments of an R call; the R package excludes from two patients on."""
    config = item.get("config", item)
    kind = item["design"].replace(",", " ").split()[0]
    names = ("k1", "k2") if kind == "TPI" else ("epsilon1", "epsilon2")
    options = {name: config[name] for name in ("target", "alpha", "beta", "exclusion_certainty", *names)}
    options |= {"exclusion_min_n": 2, "mtd_fit": "all", "mtd_alpha": config["alpha"], "mtd_beta": config["beta"]}
    if kind == "TPI":
        options |= {"exclusion_alpha": config["alpha"], "exclusion_beta": config["beta"]}
    return R_CLASSES[kind](**(options | more))


def items_of(part, *kinds):
    return [item for item in part["items"] if item["design"].replace(",", " ").split()[0] in kinds]


@pytest.mark.parametrize("item", GOLDEN["decision_tables"]["items"], ids=lambda item: f"id{item['id']}")
def test_decision_table_of_escalation(item):
    shared = {"n_doses": 3, "max_n": max(item["n"])}
    table = r_design(item, **shared).decision_table()
    for n, middle, admissible in zip(item["n"], item["middle_dose"], item["middle_dose_admissible"], strict=True):
        assert table[n].replace("U", "D") == middle
        assert "".join("0" if letter == "U" else "1" for letter in table[n]) == admissible
    # At the lowest dose there is no minimum number of patients for exclusion.
    at_once = r_design(item, **shared, exclusion_min_n=1).decision_table()
    for n, lowest in zip(item["n"], item["lowest_dose"], strict=True):
        assert at_once[n].translate(str.maketrans("DU", "SX")) == lowest


@pytest.mark.parametrize("item", GOLDEN["decision_tables"]["items"], ids=lambda item: f"id{item['id']}")
def test_decisions_follow_the_table(item):
    """At each dose of three, every (n, y) is decided as escalation's table says."""
    design = r_design(item, n_doses=3, max_n=max(item["n"]) + 1, cohort_size=1)
    for n, middle in zip(item["n"], item["middle_dose"], strict=True):
        y = np.arange(n + 1)
        zero = np.zeros_like(y)
        for level in (2, 3):
            count, dlt = np.zeros((n + 1, 3), dtype=int), np.zeros((n + 1, 3), dtype=int)
            count[:, level - 1], dlt[:, level - 1] = n, y
            decision = design.decide(Tally(n=count, dlt=dlt, level=zero + level))
            expected = level + np.array([{"E": 1, "S": 0, "D": -1}[letter] for letter in middle])
            np.testing.assert_array_equal(decision.level, np.minimum(expected, 3))


EXACT_ITEMS = [
    *items_of(GOLDEN["model_and_interval_designs"], "mTPI", "mTPI2", "TPI"),
    *items_of(GOLDEN_FULL["full_size"], "mTPI", "mTPI2", "TPI"),
]


def exact_id(item):
    return f"{item['design'].replace(' ', '_')}-{item['true_prob_tox'][0]}"


def r_paths(item):
    rules = (StopAtDose(item["config"]["stop_n_at_any"]),) if "stop_n_at_any" in item["config"] else ()
    design = r_design(item, n_doses=item["num_doses"], max_n=sum(item["cohort_sizes"]), rules=rules)
    return enumerate_paths(design)


def r_selection(item, paths):
    """Return the level that escalation selects at each end, and where its mTPI selector fails (minus infinity).

    Three things differ from ours.  Selection smooths the probabilities of exceeding the target over doses, without
    weights, before it excludes, so that a dose excluded during the trial can be selected after it.  With mTPI, doses
    that tie above the target yield no dose.  And a trial that no rule has stopped ends with the next dose, not the MTD.
    """
    tally, design, config = paths.tally, paths.design, item["config"]
    n, dlt = tally.n.astype(float), tally.dlt.astype(float)
    estimate = isotonic_rates(n, dlt, np.ones_like(n, dtype=bool), design.mtd_alpha, design.mtd_beta)
    above = 1 - betainc(config["alpha"] + dlt, config["beta"] + n - dlt, config["target"])
    smoothed = isotonic_fit(above, (n > 0).astype(float))
    rejected = (n >= 2) & (np.nan_to_num(smoothed) >= config["exclusion_certainty"])
    estimate[np.logical_or.accumulate(rejected, axis=1)] = np.nan
    possible = ~np.isnan(estimate).all(axis=1)
    distance = np.where(np.isnan(estimate), np.inf, np.abs(estimate - config["target"]))
    nearest = distance <= distance.min(axis=1, keepdims=True) + 1e-8
    selected = np.where(possible & (paths.selected > 0), distance.argmin(axis=1) + 1, 0)
    tied_above = (nearest & (estimate > config["target"])).sum(axis=1) > 1
    invalid = (selected > 0) & tied_above & item["design"].startswith(("mTPI ", "mTPI,"))
    if "stop_at_n" not in config:
        unstopped = (paths.reason_code == Reason.MAX_N) & (tally.n.max(axis=1) < config["stop_n_at_any"])
        selected = np.where(unstopped, design.next_level(tally), selected)
        invalid &= ~unstopped
    return selected, invalid


@pytest.mark.parametrize("item", EXACT_ITEMS, ids=exact_id)
def test_trial_course_is_exactly_that_of_escalation(item):
    paths = r_paths(item)
    oc = paths.characteristics(item["true_prob_tox"])
    assert paths.n_paths == item["terminal_paths"]
    np.testing.assert_allclose(oc.patients, item["expected_n_per_dose"], atol=1e-9)
    np.testing.assert_allclose(oc.dlts, item["expected_dlts_per_dose"], atol=1e-9)
    assert oc.total_patients == pytest.approx(item["expected_n"], abs=1e-9)
    assert oc.total_dlts == pytest.approx(item["expected_dlts"], abs=1e-9)
    assert oc.sd.total_patients**2 == pytest.approx(item["var_n"], abs=1e-9)


@pytest.mark.parametrize("item", EXACT_ITEMS, ids=exact_id)
def test_selection_is_exactly_that_of_escalation_or_its_defect_is_known(item):
    paths = r_paths(item)
    theirs, invalid = r_selection(item, paths)
    given = np.array([item["prob_none"] + item["prob_invalid"], *item["prob_select"]])
    imitated = dataclasses.replace(paths, selected=np.where(invalid, 0, theirs))
    np.testing.assert_allclose(imitated.characteristics(item["true_prob_tox"]).selected, given, atol=1e-9)
    failing = dataclasses.replace(paths, selected=invalid.astype(int))
    assert failing.characteristics(item["true_prob_tox"]).selected[1] == pytest.approx(item["prob_invalid"], abs=1e-9)

    # Ours differs only where theirs fails, selects an excluded dose, or names the next dose of an unstopped trial.
    ours, tally = paths.selected, paths.tally
    reached = theirs > paths.design.ceiling(tally)
    unstopped = "stop_at_n" not in item["config"]
    np.testing.assert_array_equal((ours != theirs) & ~invalid & ~reached & (not unstopped), False)
    assert (ours[invalid] > 0).all()
    if not item["design"].startswith(("mTPI ", "mTPI,")):
        np.testing.assert_allclose(paths.characteristics(item["true_prob_tox"]).selected, given, atol=1e-9)
