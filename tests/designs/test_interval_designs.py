"""Interval designs against published tables, the R package escalation, and arithmetic with fractions."""

import dataclasses
from fractions import Fraction
from math import ceil, comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc
from support import data

from designs import BOIN, CCD, MTPI, MTPI2, TPI, I3Plus3, Keyboard, Reason, StopAtDose, Tally, design_class
from designs.isotonic import isotonic_fit, isotonic_rates
from designs.rational import rational
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.montecarlo import simulate

PUBLISHED = data("interval_designs.yaml")
GOLDEN = data("escalation.json")
GOLDEN_FULL = data("escalation_full.json")

ALL = (MTPI, MTPI2, Keyboard, TPI, CCD, I3Plus3)
R_CLASSES = {"mTPI": MTPI, "mTPI2": MTPI2, "TPI": TPI}


def class_name(design):
    return design.__name__


# Published tables and boundaries


@pytest.mark.parametrize(
    "item", PUBLISHED["decision_tables"], ids=lambda item: f"{item['design']} {item['options']['target']}"
)
def test_published_decision_table(item):
    table = design_class(item["design"])(n_doses=5, max_n=30, **item["options"]).decision_table()
    assert {n: table[n] for n in item["rows"]} == item["rows"]


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_decision_table_has_a_letter_for_every_outcome(design):
    table = design(target=0.3, n_doses=5, max_n=30).decision_table()
    assert [len(row) for row in table] == [0, *range(2, 32)]
    assert set("".join(table)) <= set("ESDU")
    for row in table[1:]:
        assert "".join(sorted(row, key="ESDU".index)) == row  # more DLTs never mean a higher dose


def boundaries(table, numbers):
    """Return (escalate if <=, de-escalate if >=, eliminate if >=) per number of patients."""
    rows = [table[n] for n in numbers]
    escalate = [row.count("E") - 1 for row in rows]
    return escalate, [row.count("E") + row.count("S") for row in rows], [len(row) - row.count("U") for row in rows]


def test_keyboard_boundaries_are_those_of_the_package():
    expected = PUBLISHED["keyboard_boundaries"]
    table = Keyboard(target=expected["target"], n_doses=5, max_n=30).decision_table()
    found = boundaries(table, expected["n"])
    assert found == (expected["escalate_if_le"], expected["deescalate_if_ge"], expected["eliminate_if_ge"])
    boin = BOIN(target=expected["target"], n_doses=5, max_n=30).boundaries()
    differing = [n for n, row in zip(expected["n"], found[0], strict=True) if row != boin.escalate_if_le[n - 1]]
    assert differing == [21]


@pytest.mark.parametrize("target", [0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.4])
def test_keyboard_with_scaled_end_keys_decides_as_mtpi2(target):
    shared = {"target": target, "n_doses": 5, "max_n": 40, "epsilon1": 0.04, "epsilon2": 0.06}
    assert Keyboard(**shared).decision_table() == MTPI2(**shared).decision_table()


def test_keyboard_with_plain_end_keys_differs_at_low_targets():
    """The lowest key of target 0.1 is [0, 0.05]: taken as it is, it loses to the target key even at 0 of 6."""
    shared = {"target": 0.1, "n_doses": 5, "max_n": 30}
    assert Keyboard(**shared).decision_table()[6][0] == "E"
    assert Keyboard(**shared, end_keys="plain").decision_table()[6][0] == "S"


@pytest.mark.parametrize("item", PUBLISHED["ccd_boundaries"]["items"], ids=lambda item: str(item["target"]))
def test_ccd_boundaries(item):
    default = CCD(target=item["target"], n_doses=5, max_n=30)
    assert default.half_width == item["delta"]
    escalate, deescalate, _ = boundaries(default.decision_table(), item["n"])
    assert (escalate, deescalate) == (item["escalate_if_le"], item["deescalate_if_ge"])
    given = CCD(target=item["target"], n_doses=5, max_n=30, delta=item["delta"])
    assert given.decision_table() == default.decision_table()


def test_ccd_half_widths_are_the_authors():
    for target, delta in PUBLISHED["ccd_half_widths"]["items"].items():
        assert CCD(target=target, n_doses=5, max_n=30).half_width == delta


# Published characteristics


@pytest.mark.parametrize("item", PUBLISHED["characteristics"]["items"], ids=lambda item: item["design"])
def test_published_characteristics(item):
    case = PUBLISHED["characteristics"]
    shared = {"target": case["target"], "n_doses": len(case["p"]), "max_n": case["max_n"]}
    oc = enumerate_paths(design_class(item["design"])(**shared)).characteristics(case["p"])
    fraction = oc.total_dlts / oc.total_patients
    np.testing.assert_array_equal(oc.selected[:4].round(2), item["published_selected"])
    np.testing.assert_allclose(oc.patients[:4], item["published_patients"], atol=item["patients_within"])
    assert fraction == pytest.approx(item["published_dlt_fraction"], abs=0.01)
    np.testing.assert_allclose(oc.selected[:4], item["exact_selected"], atol=1e-3)
    np.testing.assert_allclose(oc.patients[:4], item["exact_patients"], atol=5e-3 + 1e-9)
    assert fraction == pytest.approx(item["exact_dlt_fraction"], abs=5e-4 + 1e-9)


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


# Comparisons at a boundary

cents = st.integers(1, 99)


@st.composite
def equivalence_intervals(draw):
    target = draw(st.integers(5, 70))
    return target, draw(st.integers(1, min(target - 1, 20))), draw(st.integers(1, min(99 - target, 20)))


def exact_cdf(at, a, b):
    """Return P(p <= at | Beta(a, b)) for whole a and b: the probability of at least a successes in a + b - 1."""
    trials = a + b - 1
    return sum(comb(trials, k) * at**k * (1 - at) ** (trials - k) for k in range(a, trials + 1))


def letter_for(y, n, target, certainty, masses, target_index):
    """Decide from exact masses, lowest interval first; of equal ones the highest counts."""
    if n >= 3 and 1 - exact_cdf(target, 1 + y, 1 + n - y) > certainty:
        return "U"
    strongest = max(range(len(masses)), key=lambda k: (masses[k], k))
    return "E" if strongest < target_index else "S" if strongest == target_index else "D"


@settings(max_examples=60, deadline=None)
@given(equivalence_intervals(), st.integers(1, 12), st.integers(50, 99))
def test_mtpi_decides_as_exact_fractions_do(interval, n, certainty):
    target, low, high = (Fraction(k, 100) for k in interval)
    edges = [Fraction(0), target - low, target + high, Fraction(1)]
    expected = ""
    for y in range(n + 1):
        cdf = [exact_cdf(edge, 1 + y, 1 + n - y) for edge in edges]
        masses = [(cdf[k + 1] - cdf[k]) / (edges[k + 1] - edges[k]) for k in range(3)]
        expected += letter_for(y, n, target, Fraction(certainty, 100), masses, 1)
    options = {"target": float(target), "epsilon1": float(low), "epsilon2": float(high)}
    design = MTPI(n_doses=3, max_n=max(3, n), exclusion_certainty=certainty / 100, **options)
    assert design.decision_table()[n] == expected


@settings(max_examples=60, deadline=None)
@given(equivalence_intervals(), st.integers(1, 10), st.integers(50, 99), st.booleans())
def test_keyboard_and_mtpi2_decide_as_exact_fractions_do(interval, n, certainty, scaled):
    target, low, high = (Fraction(k, 100) for k in interval)
    width = low + high
    keys_below, keys_above = ceil((target - low) / width), ceil((1 - target - high) / width)
    edges = [max(target - low - k * width, Fraction(0)) for k in range(keys_below, -1, -1)]
    edges += [min(target + high + k * width, Fraction(1)) for k in range(keys_above + 1)]
    expected = ""
    for y in range(n + 1):
        cdf = [exact_cdf(edge, 1 + y, 1 + n - y) for edge in edges]
        masses = [cdf[k + 1] - cdf[k] for k in range(len(edges) - 1)]
        if scaled:
            masses = [mass / (edges[k + 1] - edges[k]) for k, mass in enumerate(masses)]
        expected += letter_for(y, n, target, Fraction(certainty, 100), masses, keys_below)
    shared = {"target": float(target), "epsilon1": float(low), "epsilon2": float(high), "n_doses": 3}
    shared |= {"max_n": max(3, n), "exclusion_certainty": certainty / 100}
    assert Keyboard(**shared, end_keys="scaled" if scaled else "plain").decision_table()[n] == expected
    if scaled:
        assert MTPI2(**shared).decision_table()[n] == expected


@settings(max_examples=100, deadline=None)
@given(equivalence_intervals(), st.integers(1, 100))
def test_rates_are_compared_as_exact_fractions(interval, n):
    target, low, high = (Fraction(k, 100) for k in interval)
    lower, upper = target - low, target + high
    shared = {"target": float(target), "n_doses": 3, "max_n": max(3, n), "exclusion_certainty": None}
    expected = ""
    for y in range(n + 1):
        if Fraction(y, n) < lower:
            expected += "E"
        elif Fraction(y, n) <= upper or Fraction(y - 1, n) < lower:
            expected += "S"
        else:
            expected += "D"
    i3 = I3Plus3(**shared, epsilon1=float(low), epsilon2=float(high))
    assert i3.decision_table()[n] == expected
    if low < min(target, 1 - target):
        ccd = CCD(**shared, delta=float(low))
        rates = [Fraction(y, n) for y in range(n + 1)]
        expected = ["E" if rate <= target - low else "D" if rate >= target + low else "S" for rate in rates]
        assert ccd.decision_table()[n] == "".join(expected)


def test_rates_at_a_boundary_that_floats_miss():
    """In floats 0.3 + 0.05 < 7 / 20, 0.3 - 0.1 > 3 / 15 and 0.3 + 0.1 > 6 / 15 or not, by luck."""
    i3 = I3Plus3(target=0.3, n_doses=3, max_n=20).decision_table()
    assert (i3[20][4], i3[20][5], i3[20][7]) == ("E", "S", "S")
    ccd = CCD(target=0.3, n_doses=3, max_n=15).decision_table()
    assert (ccd[15][3], ccd[15][4], ccd[15][6]) == ("E", "S", "D")
    third = I3Plus3(target=1 / 3, n_doses=3, max_n=6, epsilon1=0.1, epsilon2=0).decision_table()
    assert (third[3][1], third[6][2]) == ("S", "S")


def test_rational_reads_a_float_as_it_is_written():
    assert rational(0.1) + rational(0.2) == rational(0.3)
    assert rational(np.float64(0.07)) == Fraction(7, 100)
    assert rational(1e-7) == Fraction(1, 10**7)
    assert rational(2 / 7) == Fraction(2, 7)


@pytest.mark.parametrize("n", [2, 4, 6, 8])
def test_equal_masses_mean_the_lower_dose(n):
    """With half of the patients DLTs the posterior is symmetric about 0.5, hence the keys on both sides of it equal."""
    half = n // 2
    shared = {"n_doses": 3, "max_n": 8, "exclusion_certainty": None}
    for design in (MTPI2, Keyboard):
        assert design(target=0.45, **shared).decision_table()[n][half] == "D"
        assert design(target=0.55, **shared).decision_table()[n][half] == "S"
    assert TPI(target=0.5, k1=0.1, k2=0.1, alpha=1, beta=1, **shared).decision_table()[n][half] == "D"


def test_probability_at_the_cutoff_does_not_exclude():
    """P(p > 0.5) after 3 of 3 DLTs is 15/16 exactly; after 1 of 1 P(p > 0.3) is 0.91."""
    shared = {"n_doses": 3, "max_n": 6}
    assert MTPI(target=0.5, exclusion_certainty=0.9375, **shared).decision_table()[3] == "ESSD"
    assert MTPI(target=0.5, exclusion_certainty=0.9374, **shared).decision_table()[3] == "ESSU"
    # Here the probability in floats comes out above the cut-off that it equals.
    assert MTPI(target=0.6, exclusion_certainty=0.8704, **shared).decision_table()[3][3] != "U"
    assert MTPI(target=0.35, exclusion_certainty=0.8775, exclusion_min_n=1, **shared).decision_table()[1][1] != "U"
    assert MTPI(target=0.3, exclusion_certainty=0.91, exclusion_min_n=1, **shared).decision_table()[1] == "ED"
    assert MTPI(target=0.3, exclusion_certainty=0.9099, exclusion_min_n=1, **shared).decision_table()[1] == "EU"


# Exclusion, reasons, edges


def test_reasons_and_edges():
    design = MTPI(target=0.3, n_doses=3, max_n=30)
    cases = {
        "": (1, Reason.START),
        "1NNN": (2, Reason.ESCALATE),
        "1NNT": (1, Reason.STAY),
        "1NTT": (1, Reason.STAY),  # de-escalate, but there is no lower level
        "1TTT": (0, Reason.NO_SAFE_DOSE),
        "1NNN 2NTT": (1, Reason.DEESCALATE),
        "1NNN 2NNN 3NNN": (3, Reason.STAY),  # escalate, but there is no higher level
        "1NNN 2NNN 3TTT": (2, Reason.DEESCALATE),
        "1NNN 2TTT 1NNN": (1, Reason.TOO_TOXIC_ABOVE),
        "1NNN 2TTT 1TTT 1TTT": (0, Reason.NO_SAFE_DOSE),
    }
    decision = design.decide(Tally.parse(list(cases), n_doses=3))
    assert list(zip(decision.level.tolist(), decision.reason, strict=True)) == list(cases.values())


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_excluded_levels_are_not_selected_nor_those_above(design):
    tally = Tally(n=[[3, 9, 3], [6, 0, 0], [3, 3, 3]], dlt=[[0, 9, 1], [6, 0, 0], [0, 0, 1]], level=[1, 1, 3])
    chosen = design(target=0.3, n_doses=3, max_n=30, exclusion_certainty=0.95).select(tally)
    np.testing.assert_array_equal(chosen, [1, 0, 3])


def test_exclusion_needs_enough_patients():
    """One DLT in the first patient stops no trial, unlike in escalation (target 0.2: P = 0.96)."""
    tally = Tally.parse(["1T", "1TT", "1TTT"], n_doses=3)
    for fewest, expected in ((1, [0, 0, 0]), (2, [1, 0, 0]), (3, [1, 1, 0])):
        design = MTPI(target=0.2, n_doses=3, max_n=30, cohort_size=1, exclusion_min_n=fewest)
        np.testing.assert_array_equal(design.decide(tally).level, expected)
        np.testing.assert_array_equal(design.select(tally), expected)
    default = MTPI(target=0.2, n_doses=3, max_n=30, cohort_size=1)
    assert default.decide(tally).level[0] == 1


def test_ccd_excludes_only_when_told():
    tally = Tally.parse(["1TTT", "1NNN 2TTT"], n_doses=3)
    np.testing.assert_array_equal(CCD(target=0.3, n_doses=3, max_n=30).decide(tally).level, [1, 1])
    np.testing.assert_array_equal(CCD(target=0.3, n_doses=3, max_n=30).select(tally), [1, 1])
    safe = CCD(target=0.3, n_doses=3, max_n=30, exclusion_certainty=0.95)
    np.testing.assert_array_equal(safe.decide(tally).level, [0, 1])
    np.testing.assert_array_equal(safe.select(tally), [0, 1])


def test_tpi_exclusion_has_its_own_prior():
    published = TPI(target=0.3, n_doses=3, max_n=30)
    as_decisions = TPI(target=0.3, n_doses=3, max_n=30, exclusion_alpha=0.005, exclusion_beta=0.005)
    assert (published.decision_table()[9][5], as_decisions.decision_table()[9][5]) == ("U", "D")


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_more_patients_than_planned_are_decided_too(design):
    small, large = (design(target=0.3, n_doses=2, max_n=most) for most in (6, 60))
    tally = Tally(n=[[3, 40], [3, 40]], dlt=[[0, 2], [0, 30]], level=[2, 2])
    np.testing.assert_array_equal(small.next_level(tally), large.next_level(tally))
    np.testing.assert_array_equal(small.select(tally), large.select(tally))


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_a_batch_is_decided_as_its_members(design):
    made = design(target=0.3, n_doses=3, max_n=18)
    tally = enumerate_paths(made).tally
    rows = np.arange(0, tally.size, 37)
    whole = tally.take(rows)
    for k in range(whole.size):
        one = whole.take(np.array([k]))
        assert made.next_level(one)[0] == made.next_level(whole)[k]
        assert made.select(one)[0] == made.select(whole)[k]


# Selection of the MTD


def test_tied_estimates():
    raw = CCD(target=0.3, n_doses=3, max_n=60)  # observed rates
    tally = Tally(
        n=[[10, 10, 10], [10, 10, 10], [10, 10, 0], [10, 10, 10]],
        dlt=[[1, 1, 1], [5, 5, 5], [2, 4, 0], [2, 4, 4]],
        level=[1, 1, 1, 1],
    )
    # All below the target: the highest; all above: the lowest; one below and others above: the one below.
    np.testing.assert_array_equal(raw.select(tally), [3, 1, 1, 1])


def test_doses_that_tie_above_the_target_still_give_an_mtd():
    """There escalation's mTPI selector answers minus infinity."""
    tally = Tally(n=[[6, 12, 0, 0, 0]], dlt=[[3, 6, 0, 0, 0]], level=[2])
    options = {"target": 0.3, "n_doses": 5, "max_n": 18, "mtd_alpha": 1, "mtd_beta": 1}
    assert MTPI(**options, mtd_fit="all").select(tally)[0] == 1
    assert MTPI(**options).select(tally)[0] == 1


def test_levels_of_the_isotonic_fit():
    def chosen(n, dlt):
        options = {"target": 0.3, "n_doses": 4, "max_n": 60, "mtd_alpha": 1, "mtd_beta": 1}
        tally = Tally(n=[n], dlt=[dlt], level=[1])
        return [int(MTPI(**options, mtd_fit=fit).select(tally)[0]) for fit in ("admissible", "tested", "all")]

    # 1/11 is farther from 0.3 than the prior mean 1/2 of the untreated levels.
    assert chosen([9, 0, 0, 0], [0, 0, 0, 0]) == [1, 1, 2]
    # Level 3 is excluded.  Pooled with it, level 2 falls from 4/8 to 0.46, nearer to 0.3 than the 1/8 of level 1.
    assert chosen([6, 6, 40, 0], [0, 3, 18, 0]) == [1, 2, 2]


def test_whole_number_priors_do_not_overflow_narrow_counts():
    n, dlt = np.array([[18, 60, 0]], dtype=np.int16), np.array([[2, 20, 0]], dtype=np.int16)
    wide = Tally(n=n.astype(np.int64), dlt=dlt.astype(np.int64), level=[2])
    narrow = Tally(n=n, dlt=dlt, level=[2])
    for design in ALL:
        made = design(target=0.3, n_doses=3, max_n=90, mtd_alpha=1, mtd_beta=1, alpha=1, beta=1)
        assert made.select(narrow)[0] == made.select(wide)[0] == 2
        assert made.next_level(narrow)[0] == made.next_level(wide)[0]
    mask = np.array([[True, True, False]])
    np.testing.assert_array_equal(isotonic_rates(n, dlt, mask, 1, 1), isotonic_rates(wide.n, wide.dlt, mask, 1.0, 1.0))


# The two engines


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_simulation_agrees_with_enumeration(design):
    made = design(target=0.3, n_doses=3, max_n=15)
    truth = [0.15, 0.3, 0.55]
    exact = enumerate_paths(made).characteristics(truth)
    simulated = simulate(made, truth, n_trials=4000, seed=20)
    for name in ("selected", "patients", "dlts", "total_patients", "total_dlts"):
        expected, found = np.asarray(getattr(exact, name)), np.asarray(getattr(simulated, name))
        error = np.asarray(getattr(exact.sd, name)) / np.sqrt(4000)
        assert (np.abs(found - expected) <= 4 * error + 1e-12).all(), name


# Names and arguments


@pytest.mark.parametrize(
    ("name", "design"),
    [("mTPI", MTPI), ("mtpi-2", MTPI2), ("KEYBOARD", Keyboard), ("tpi", TPI), ("CCD", CCD), ("I3+3", I3Plus3)],
)
def test_designs_are_registered(name, design):
    assert design_class(name) is design


def test_designs_of_equal_parameters_do_not_share_a_table():
    shared = {"target": 0.3, "n_doses": 3, "max_n": 18}
    assert MTPI(**shared) != MTPI2(**shared)
    assert MTPI(**shared).decision_table() != MTPI2(**shared).decision_table()
    assert MTPI(**shared) == MTPI(**shared)


@pytest.mark.parametrize(
    ("design", "wrong", "name"),
    [
        (MTPI, {"target": 0}, "target"),
        (MTPI, {"target": None}, "target"),
        (MTPI, {"alpha": 0}, "alpha"),
        (MTPI, {"beta": -1}, "beta"),
        (MTPI, {"beta": "flat"}, "beta"),
        (MTPI, {"exclusion_certainty": 1.5}, "exclusion_certainty"),
        (MTPI, {"exclusion_certainty": "high"}, "exclusion_certainty"),
        (MTPI, {"exclusion_min_n": 0}, "exclusion_min_n"),
        (MTPI, {"mtd_alpha": 0}, "mtd_alpha"),
        (MTPI, {"mtd_beta": None}, "mtd_beta"),
        (MTPI, {"mtd_fit": "everything"}, "mtd_fit"),
        (MTPI, {"mtd_fit": "all", "mtd_alpha": 0, "mtd_beta": 0}, "mtd_fit"),
        (MTPI, {"epsilon1": 0.3}, "epsilon1"),
        (MTPI, {"epsilon1": -0.01}, "epsilon1"),
        (MTPI2, {"epsilon2": 0.7}, "epsilon2"),
        (MTPI2, {"epsilon2": True}, "epsilon2"),
        (Keyboard, {"epsilon1": 0, "epsilon2": 0}, "epsilon1"),
        (Keyboard, {"end_keys": "dropped"}, "end_keys"),
        (TPI, {"k1": 0}, "k1"),
        (TPI, {"k2": "wide"}, "k2"),
        (TPI, {"exclusion_alpha": 0}, "exclusion_alpha"),
        (TPI, {"exclusion_beta": None}, "exclusion_beta"),
        (CCD, {"delta": 0}, "delta"),
        (CCD, {"delta": 0.3}, "delta"),
        (CCD, {"delta": "small"}, "delta"),
        (CCD, {"target": 0.08}, "delta"),  # the default is 0.09
        (I3Plus3, {"epsilon1": 0.4}, "epsilon1"),
        (I3Plus3, {"n_doses": 0}, "n_doses"),
        (I3Plus3, {"max_n": 2}, "max_n"),
    ],
)
def test_wrong_argument_is_named(design, wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        design(**({"target": 0.3, "n_doses": 3, "max_n": 18} | wrong))
