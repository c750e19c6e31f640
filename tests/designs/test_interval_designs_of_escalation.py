"""Interval designs against R's package escalation, and where its selection of the MTD differs from ours."""

import dataclasses

import numpy as np
import pytest
from scipy.special import betainc
from support import cases_in, name_of, passes

from designs import Reason
from designs.isotonic import isotonic_fit, isotonic_rates
from doseesc.validation.cases import interval
from doseesc.validation.cases.interval import KINDS, walked_as_in_r
from doseesc.validation.walks import enumerated_by_escalation

EXACT_ITEMS = enumerated_by_escalation(*KINDS)


@pytest.mark.parametrize("case", cases_in(interval), ids=name_of)
def test_golden_and_published_numbers(case):
    passes(case)


def exact_id(item):
    return f"{item['design'].replace(' ', '_')}-{item['true_prob_tox'][0]}"


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
def test_selection_is_exactly_that_of_escalation_or_its_defect_is_known(item):
    paths = walked_as_in_r(item)
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
