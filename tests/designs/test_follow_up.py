"""Interval designs with patients pending: TITE-BOIN, TITE-Keyboard, TITE-mTPI against published and golden numbers."""

from dataclasses import replace

import numpy as np
import pytest
from support import cases_in, name_of, passes

from designs import (
    BOIN,
    CCD,
    CRM,
    IBOIN,
    MTPI,
    MTPI2,
    TPI,
    AcceleratedTitration,
    I3Plus3,
    Keyboard,
    Pending,
    Reason,
    StopWhenStaying,
    Tally,
    Weighted,
    follow_up_table,
)
from doseesc.validation.cases import follow_up
from doseesc.validation.cases.follow_up import WINDOW, boin, decided

CHEN = {"suspend_above": 0.49, "minimum_followed": 0.25}


@pytest.mark.parametrize("case", cases_in(follow_up), ids=name_of)
def test_published_and_golden_numbers(case):
    passes(case)


def test_at_the_lowest_level_a_call_for_a_lower_one_may_be_waited_out():
    """Three of six with a DLT and one pending: the same level again, or nobody until the last outcome is known."""
    states = [(6, 3, [0.5]), (6, 3, []), (6, 1, [0.5]), (6, 5, [0.5])]
    plain = Weighted(estimate="ess")
    assert decided(boin(0.3, plain), states, level=1) == ["S", "S", "E", "DE"]
    assert decided(boin(0.3, replace(plain, hold_at_lowest=True)), states, level=1) == ["SUS", "S", "E", "DE"]
    assert decided(boin(0.3, replace(plain, hold_at_lowest=True)), states, level=2) == ["D", "D", "E", "DE"]
    by_limits, sure = (3, 1, [0.1, 0.1]), (3, 2, [0.1])
    keyboard = replace(plain, hold_sure_at_lowest=True), replace(plain, hold_at_lowest=True), plain
    answers = [decided(boin(0.3, each), [by_limits, sure], level=1) for each in keyboard]
    assert answers == [["S", "SUS"], ["SUS", "SUS"], ["S", "S"]]
    assert decided(boin(0.3, keyboard[0]), [by_limits, sure], level=2) == ["D", "D"]
    with pytest.raises(ValueError, match=r"^hold_sure_at_lowest must be left out where hold_at_lowest is true"):
        replace(plain, hold_at_lowest=True, hold_sure_at_lowest=True)
    with pytest.raises(ValueError, match=r"^hold_at_lowest must be false for CRM"):
        CRM(target=0.3, skeleton=(0.1, 0.3), max_n=9, pending=Weighted(hold_at_lowest=True))


def test_example_of_the_paper():
    """Nine patients, one DLT, four pending for 75, 60, 45 and 30 of 90 days: their 2.33 windows pass the limit 2.15."""
    followed = np.array([75, 60, 45, 30]) / 90
    assert decided(boin(0.2, Weighted()), [(9, 1, followed), (9, 1, followed * 2.14 / 2.3333)]) == ["E", "S"]


def test_equality_with_the_target_is_not_an_escalation():
    """Table 1 of 2018, target 0.2: three DLTs in fifteen patients are at it, and de-escalate with little follow-up."""
    assert decided(boin(0.2, Weighted()), [(15, 3, [0.1] * 7), (15, 3, [0.99] * 7)]) == ["D", "S"]


def test_a_limit_is_met_on_its_day():
    """CCD at 0.3 escalates from five patients' worth: 84 of 84 days, added up from parts, are enough; less is not."""
    design = CCD(target=0.3, n_doses=3, max_n=30, pending=Weighted())
    known = Tally(n=[[0, 4, 0]] * 2, dlt=[[0, 1, 0]] * 2, level=[2, 2])
    pending = Pending(level=[[2, 2]] * 2, days=[[28.0, 56.0], [28.0, 55.9]], window_days=84)
    assert design.decide(known, pending).reason.tolist() == [Reason.ESCALATE, Reason.STAY]
    followed = Pending(level=[[2, 2]] * 2, days=[[80.0, 21.0], [80.0, 20.9]], window_days=84)
    design = CCD(target=0.3, n_doses=3, max_n=30, pending=Weighted(minimum_followed=0.25))
    assert design.decide(known, followed).reason.tolist() == [Reason.ESCALATE, Reason.FOLLOW_UP_TOO_SHORT]


def test_reasons_to_wait():
    many = boin(0.3, Weighted(**CHEN)).decide(*state(6, 0, [0.9] * 3))
    assert (many.level[0], many.cohort_size[0], many.reason[0]) == (2, 0, Reason.TOO_MANY_PENDING)
    short = boin(0.3, Weighted(**CHEN)).decide(*state(6, 0, [0.9, 0.2]))
    assert (short.level[0], short.cohort_size[0], short.reason[0]) == (2, 0, Reason.FOLLOW_UP_TOO_SHORT)
    few = boin(0.3, Weighted(estimate="ess")).decide(*state(3, 0, [0.9, 0.9]))
    assert (few.level[0], few.cohort_size[0], few.reason[0]) == (2, 0, Reason.TOO_FEW_KNOWN)


def state(n, y, follow_up, level=2, elsewhere=(0, 0, 0), dlts=(0, 0, 0)):
    """One trial's known patients and pending ones, with patients and DLTs at other levels."""
    counts, dlt = np.array([elsewhere]), np.array([dlts])
    counts[0, level - 1], dlt[0, level - 1] = n - len(follow_up), y
    places = [level] * len(follow_up) or [0]
    pending = Pending(
        level=[places], days=[[each * WINDOW for each in follow_up] or [0.0]], window_days=WINDOW, n_doses=3
    )
    return Tally(n=counts, dlt=dlt, level=[level]), pending


def test_at_the_ends_there_is_nowhere_to_go():
    design = boin(0.3, Weighted())
    assert design.decide(*state(6, 0, [0.5], level=3)).reason[0] == Reason.STAY
    assert design.decide(*state(3, 1, [0.2], level=1)).reason[0] == Reason.STAY
    below_a_closed = design.decide(*state(6, 0, [0.5], elsewhere=(0, 0, 3), dlts=(0, 0, 3)))
    assert (below_a_closed.level[0], below_a_closed.reason[0]) == (2, Reason.TOO_TOXIC_ABOVE)


def test_a_late_dlt_elsewhere_closes_the_level_even_while_too_many_are_pending():
    design = boin(0.3, Weighted())
    decision = design.decide(*state(3, 0, [0.5, 0.5, 0.5], level=3, elsewhere=(3, 3, 0), dlts=(0, 3, 0)))
    assert (decision.level[0], decision.cohort_size[0], decision.reason[0]) == (1, 3, Reason.DEESCALATE)
    assert design.decide(*state(6, 4, [0.5, 0.5], level=1)).reason[0] == Reason.NO_SAFE_DOSE


def test_elimination_counts_everybody_entered():
    """Three DLTs in three eliminate; in six of whom three are pending they do not."""
    assert decided(boin(0.3, Weighted()), [(3, 3, []), (6, 3, [0.5] * 3)]) == ["DE", "D"]


def test_only_those_pending_at_the_current_level_are_weighed():
    design = boin(0.3, Weighted())
    known = Tally(n=[[3, 3, 0]], dlt=[[0, 1, 0]], level=[2])
    pending = Pending(level=[[1, 1, 1]], days=[[1.0, 2.0, 3.0]], window_days=WINDOW)
    assert design.decide(known, pending).reason[0] == design.decide(known).reason[0] == Reason.STAY


def test_staying_long_enough_ends_the_trial_but_waiting_does_not():
    design = boin(0.3, Weighted(), rules=(StopWhenStaying(6),))
    assert design.decide(*state(6, 2, [0.99])).reason[0] == Reason.STAYING_AT_DOSE
    assert design.decide(*state(6, 1, [0.5] * 4)).reason[0] == Reason.TOO_MANY_PENDING


def test_titration_waits_for_its_patient():
    design = boin(0.3, Weighted(), titration=True)
    assert any(isinstance(rule, AcceleratedTitration) for rule in design.own_rules())
    assert design.decide(*state(1, 0, [0.9], level=1)).waits[0]


def test_prior_weights_of_the_parts_of_the_window():
    """Late DLTs: half the window followed is worth a quarter; the limits stay, the statistic changes."""
    late, design = Weighted(weights=(0.0, 0.5, 0.5)), boin(0.2, Weighted())
    half = state(9, 1, [0.5] * 4)
    assert design.decide(*state(9, 1, [0.54] * 4)).reason[0] == Reason.ESCALATE
    assert boin(0.2, late).decide(*state(9, 1, [0.54] * 4)).reason[0] == Reason.STAY
    np.testing.assert_array_equal(*(follow_up_table(boin(0.2, each)).escalate_from for each in (Weighted(), late)))
    for estimate in ("imputation", "ess"):
        even = boin(0.2, Weighted(weights=(1 / 3, 1 / 3, 1 / 3), estimate=estimate)).decide(*half)
        assert even.reason[0] == boin(0.2, Weighted(estimate=estimate)).decide(*half).reason[0]


def test_adaptive_weights():
    known, pending = state(9, 1, [0.5] * 4)
    early = Pending(level=pending.level, days=pending.days, window_days=WINDOW, dlt_days=[[5.0]])
    design = boin(0.2, Weighted(weights="adaptive"))
    assert design.decide(known, early).reason[0] == Reason.ESCALATE  # weight 0.74 each
    assert boin(0.2, Weighted()).decide(known, early).reason[0] == Reason.STAY


@pytest.mark.parametrize("kind", [I3Plus3, TPI])
def test_designs_without_a_rule_for_parts_of_patients_refuse(kind):
    with pytest.raises(ValueError, match=f"pending must be Complete or Settled for {kind.__name__}"):
        kind(target=0.3, n_doses=3, max_n=30, pending=Weighted())
    with pytest.raises(ValueError, match="pending must be Complete or Settled for IBOIN"):
        IBOIN(target=0.3, n_doses=3, max_n=30, skeleton=(0.1, 0.2, 0.3), pending=Weighted())


@pytest.mark.parametrize("kind", [Keyboard, MTPI, MTPI2, CCD])
def test_only_boin_imputes(kind):
    assert kind(target=0.3, n_doses=3, max_n=30, pending=Weighted(estimate="ess")).estimates == ("ess",)
    with pytest.raises(ValueError, match=f"estimate must be ess for {kind.__name__}, not imputation"):
        kind(target=0.3, n_doses=3, max_n=30, pending=Weighted(estimate="imputation"))


def test_a_table_is_for_designs_that_weigh():
    with pytest.raises(ValueError, match=r"design must be an interval design with pending=Weighted\(\)"):
        follow_up_table(BOIN(target=0.3, n_doses=3, max_n=30))


def test_the_table_grows_with_the_patients():
    design = boin(0.3, Weighted())
    small, large = follow_up_table(design), follow_up_table(design, 70)
    assert large.escalate_from.shape == (71, 71, 71)
    np.testing.assert_array_equal(small.escalate_from, large.escalate_from[:61, :61, :61])
    assert follow_up_table(design) is small


def words(design):
    return design.pending.describe(design)


def test_policies_in_words():
    imputing = words(boin(0.3, Weighted(**CHEN)))
    assert "Beta(0.15, 0.85)" in imputing
    assert "fewer than 30 % of all patients" in imputing
    assert "waits while more than 49 %" in imputing
    assert "unless known DLTs already call for a lower level" in imputing
    assert "followed for 25 % of the window" in imputing
    assert "more than 50 %" in words(boin(0.3, Weighted()))
    by_ess = words(boin(0.3, Weighted(estimate="ess")))
    assert "effective sample size" in by_ess
    assert "at least 2 outcomes" in by_ess
    assert "waits while" not in by_ess
    assert "unless known DLTs" not in words(boin(0.3, follow_up.TITEGBOIN))
    assert "in the posterior" in words(Keyboard(target=0.3, n_doses=3, max_n=30, pending=Weighted()))
    assert "in the DLT rate" in words(CCD(target=0.3, n_doses=3, max_n=30, pending=Weighted()))
    assert "20 %, 30 %, 50 %" in words(boin(0.3, Weighted(weights=(0.2, 0.3, 0.5))))
    assert "adapted" in words(boin(0.3, Weighted(weights="adaptive")))
