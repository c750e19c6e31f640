"""Rules that bound the next level, exclude levels as too toxic, and offer a dose before a stop."""

from dataclasses import replace

import numpy as np
import pytest
from ruled import boin, crm, decided, exact, selected, sizes
from scipy.stats import beta

from designs import (
    CoherentDeescalation,
    GlobalCoherence,
    HardSafety,
    NoSkipping,
    StopAtDose,
    StopTooToxic,
    Tally,
    ThreePlusThree,
    TryRescueDose,
)

# Limits


def test_coherent_deescalation():
    """Four of nine condemn the level although the last three had none; then it is not left yet."""
    history = "1NNN 2NTT 2NTT 2NNN"
    assert decided(boin(), history) == [(1, "DEESCALATE")]
    assert decided(boin(CoherentDeescalation()), history) == [(2, "NOT_COHERENT")]
    assert decided(boin(CoherentDeescalation()), "1NNN 2NNN 2NNN 2TTT 2NTT") == [(1, "DEESCALATE")]


def test_coherent_deescalation_is_at_or_below_the_target():
    history = "1NNN 2NTT 2NNT "
    exact = boin(CoherentDeescalation(target=1 / 3))
    assert decided(boin(), history + "2NNT") == [(1, "DEESCALATE")]
    assert decided(exact, history + "2NNT", history + "2NTT") == [(2, "NOT_COHERENT"), (1, "DEESCALATE")]
    assert decided(boin(CoherentDeescalation()), history + "2NNT") == [(1, "DEESCALATE")]  # 1/3 exceeds 0.3
    with pytest.raises(ValueError, match=r"^target must be given for CoherentDeescalation"):
        ThreePlusThree(n_doses=3, rules=(CoherentDeescalation(),))


def test_coherent_deescalation_does_not_keep_an_excluded_level():
    history = "1NNN 2TTT 2NNN"
    # Three in six, not excluded: kept.  By a limit of 0.1 the level is excluded, and left.
    assert decided(boin(CoherentDeescalation()), history) == [(2, "NOT_COHERENT")]
    assert decided(boin(CoherentDeescalation(), HardSafety(above=0.1)), history)[0][0] == 1


def test_global_coherence_looks_at_all_patients_of_the_level():
    """dtpcrm's global_coherent_esc: 1 in 3 exceeds 0.25, 1 in 4 does not."""
    history = "1NNNNNN 1NNNNNN 2NNT"
    assert decided(crm(NoSkipping()), history) == [(3, "ESCALATE")]
    assert decided(crm(NoSkipping(), GlobalCoherence()), history, history + " 2N") == [
        (2, "NOT_COHERENT"),
        (3, "ESCALATE"),
    ]
    assert decided(crm(NoSkipping(), GlobalCoherence(target=0.35)), history) == [(3, "ESCALATE")]
    # De-escalation is free.
    assert decided(crm(GlobalCoherence()), "1NNN 2TTT") == [(1, "DEESCALATE")]
    with pytest.raises(ValueError, match=r"^target must be given for GlobalCoherence"):
        ThreePlusThree(n_doses=3, rules=(GlobalCoherence(),))


# Safety


def test_hard_safety_excludes_a_level_and_all_above():
    """Three of three at level 2 are too many for the limit, whatever the model says."""
    history = "1NNN 2TTT 1NNN 1NNN 1NNN 1NNN"
    free = crm(NoSkipping(), prior_sd=0.3)
    assert decided(free, history) == [(2, "SKIPPING_FORBIDDEN")]
    assert decided(replace(free, rules=(NoSkipping(), HardSafety())), history) == [(1, "TOO_TOXIC_ABOVE")]
    for lenient in (HardSafety(above=0.6), HardSafety(min_n=4), HardSafety(confidence=0.999), HardSafety(a=0.1, b=9)):
        assert decided(replace(free, rules=(NoSkipping(), lenient)), history) == [(2, "SKIPPING_FORBIDDEN")]


def test_hard_safety_stops_at_the_lowest_level_and_selects_nothing():
    assert decided(crm(HardSafety()), "1TTT") == [(0, "NO_SAFE_DOSE")]
    assert (selected(crm(), "1TTT"), selected(crm(HardSafety()), "1TTT")) == ([1], [0])


def test_hard_safety_does_not_select_an_excluded_level():
    history = "1NNN 2TTT 1NNN 1NNN 1NNN 1NNN"
    narrow = {"prior_sd": 0.3}
    assert selected(crm(**narrow), history) == [3]
    assert selected(crm(HardSafety(), **narrow), history) == [1]


def test_hard_safety_is_the_beta_binomial_tail():
    tally = Tally.parse(["1" + "N" * (n - y) + "T" * y for n in range(1, 13) for y in range(n + 1)], n_doses=5)
    n, y = tally.n[:, 0], tally.dlt[:, 0]
    for rule in (HardSafety(), HardSafety(above=0.4, confidence=0.8, min_n=1, a=0.5, b=0.9)):
        tail = beta.sf(rule.above or 0.3, rule.a + y, rule.b + n - y)
        expected = (n >= rule.min_n) & (tail > rule.confidence)
        design = crm(rule, target=0.3)
        np.testing.assert_array_equal(rule.ceiling(design, tally) == 0, expected)


def test_hard_safety_with_its_defaults_is_the_elimination_of_boin():
    own = boin(n_doses=3, max_n=15)
    ruled = boin(HardSafety(), n_doses=3, max_n=15, elimination_cutoff=1 - 1e-12)
    truth = (0.1, 0.35, 0.6)
    np.testing.assert_allclose(exact(ruled, truth), exact(own, truth), atol=1e-12)


def test_stop_too_toxic_by_the_levels_own_data():
    """By the model, level 1 is condemned from data at level 3; by its own data it is not."""
    rule = StopTooToxic(above=0.35, confidence=0.8)
    own = StopTooToxic(above=0.35, confidence=0.8, by="beta_binomial")
    history = "3TTT 3TTT", "1TTT"
    assert decided(crm(rule), *history) == [(0, "LEVEL_TOO_TOXIC")] * 2
    assert decided(crm(own), *history) == [(1, "DEESCALATE"), (0, "LEVEL_TOO_TOXIC")]


def test_rescue_dose_is_tried_before_a_stop_for_toxicity():
    """As escalation's own test: stop if level 1 is too toxic, but only once two were treated there."""
    stop = StopTooToxic(above=0.35, confidence=0.8)
    history = "2TTT", "2TTT 1T", "2TTT 1TT", "2TTT 1NNN"
    assert decided(crm(stop), *history) == [(0, "LEVEL_TOO_TOXIC")] * 3 + [(1, "STAY")]
    design = crm(stop, TryRescueDose(2))
    assert decided(design, *history) == [(1, "RESCUE"), (1, "RESCUE"), (0, "LEVEL_TOO_TOXIC"), (1, "STAY")]
    assert sizes(design, "2TTT") == [(1, 3)]


def test_rescue_does_not_outlive_the_trial_or_an_exclusion():
    stop = StopTooToxic(above=0.35, confidence=0.8)
    assert decided(crm(stop, TryRescueDose(6), max_n=6), "2TTT 1TTT") == [(0, "MAX_N")]
    assert decided(crm(stop, TryRescueDose(6), HardSafety()), "2TTT 1TTT")[0][0] == 0
    assert decided(crm(stop, TryRescueDose(6)), "2TTT 1TTT") == [(1, "RESCUE")]


def test_rescue_comes_before_stops_by_number_too():
    stop = StopTooToxic(above=0.35, confidence=0.8)
    assert decided(crm(stop, StopAtDose(3), TryRescueDose(2)), "2TTT") == [(1, "RESCUE")]
    assert decided(crm(StopAtDose(3), TryRescueDose(2)), "2TTT") == [(0, "ENOUGH_AT_DOSE")]
