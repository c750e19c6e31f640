"""Each rule: what it changes, where it stops, and that order does not matter."""

from dataclasses import FrozenInstanceError
from itertools import permutations

import numpy as np
import pytest
from ruled import SKELETON, boin, crm, decided

from designs import (
    CRM,
    CoherentEscalation,
    NoSkipping,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    StopWhenStaying,
    Tally,
    ThreePlusThree,
)

# NoSkipping


def test_no_skipping_is_the_default_of_the_crm():
    assert CRM(target=0.25, skeleton=SKELETON, max_n=30).rules == (NoSkipping(),)


def test_no_skipping_limits_escalation_to_one_level():
    assert decided(crm(), "1NNN 2NNN") == [(5, "ESCALATE")]
    assert decided(crm(NoSkipping()), "1NNN 2NNN") == [(3, "SKIPPING_FORBIDDEN")]
    # A step of one level is the design's own.
    assert decided(crm(NoSkipping()), "1NNN 2NNN 3NNN 4NNN") == [(5, "ESCALATE")]


def test_no_skipping_leaves_deescalation_free_unless_told():
    toxic = "1NNN 2NNN 3NNN 4TTT 4TTT"
    assert decided(crm(), toxic) == [(2, "DEESCALATE")]
    assert decided(crm(NoSkipping()), toxic) == [(2, "DEESCALATE")]
    assert decided(crm(NoSkipping(down=True)), toxic) == [(3, "SKIPPING_FORBIDDEN")]


def test_no_skipping_from_the_highest_level_tried():
    history = "1NNN 2NNN 3NNN 4NTT 1NNN 1NNN 1NNN 1NNN 1NNN"
    free = decided(crm(), history)[0][0]
    assert free >= 3
    assert decided(crm(NoSkipping(reference="current")), history) == [(2, "SKIPPING_FORBIDDEN")]
    assert decided(crm(NoSkipping(reference="highest_tried")), history)[0][0] == min(free, 5)
    assert decided(crm(NoSkipping(reference="highest_tried")), "1NNN") == [(2, "SKIPPING_FORBIDDEN")]


# CoherentEscalation


def test_coherence_looks_at_the_last_cohort_alone():
    calm, toxic = "1NNN 2NNN 3NNN 3NNN 2NNN 2NNT 2NNN", "1NNN 2NNN 3NNN 3NNN 2NNN 2NNN 2NNT"
    assert [level for level, _ in decided(crm(NoSkipping()), calm, toxic)] == [3, 3]
    assert [level for level, _ in decided(crm(NoSkipping(), CoherentEscalation()), calm, toxic)] == [3, 2]
    # One DLT in six lets BOIN escalate; that one DLT was in the last cohort, or in the one before.
    assert decided(boin(), "1NNN 1NNT", "1NNT 1NNN") == [(2, "ESCALATE"), (2, "ESCALATE")]
    coherent = boin(CoherentEscalation())
    assert decided(coherent, "1NNN 1NNT", "1NNT 1NNN") == [(1, "NOT_COHERENT"), (2, "ESCALATE")]


def test_coherence_never_limits_deescalation():
    coherent, free = crm(NoSkipping(), CoherentEscalation()), crm(NoSkipping())
    toxic = "1NNN 2NNN 3NNN 4TTT"
    assert decided(coherent, toxic) == decided(free, toxic)
    assert decided(coherent, toxic)[0][1] == "DEESCALATE"


def test_coherence_is_at_or_above_the_target():
    """One DLT in four is a rate of exactly the target, 0.25; in five it is below."""
    history = "1NNNN 2NNNN 2NNNNNNNN "
    free, coherent = crm(NoSkipping()), crm(NoSkipping(), CoherentEscalation())
    cohorts = history + "2NNNT", history + "2NNNNT"
    assert [level for level, _ in decided(free, *cohorts)] == [3, 3]
    assert [level for level, _ in decided(coherent, *cohorts)] == [2, 3]
    # Three in ten is exactly 0.3, whatever floating point makes of it.
    exact = boin(CoherentEscalation(target=0.3), cohort_size=10)
    assert decided(exact, "1NNNNNNNNNN 1" + "N" * 20 + " 1NNNNNNNTTT") == [(1, "NOT_COHERENT")]


def test_coherence_with_a_target_of_its_own():
    history = "1NNN 2NNN 2NNN 2NNN 2NNT"
    assert decided(crm(NoSkipping(), CoherentEscalation(target=0.5)), history) == [(3, "ESCALATE")]
    with pytest.raises(ValueError, match=r"^target must be given for CoherentEscalation"):
        ThreePlusThree(n_doses=3, rules=(CoherentEscalation(),))
    assert ThreePlusThree(n_doses=3, rules=(CoherentEscalation(target=0.3),)).rules


def test_coherence_declares_what_it_needs_to_remember():
    assert crm(CoherentEscalation()).needed_memory == ("last_n", "last_dlt")
    assert crm(NoSkipping()).needed_memory == ()
    with pytest.raises(ValueError, match=r"^memory 'last_"):
        crm(CoherentEscalation()).decide(Tally(n=[[3, 0, 0, 0, 0]], dlt=[[0, 0, 0, 0, 0]], level=[1]))


# StopTooToxic


def test_too_toxic_stops_and_selects_nothing():
    rule = StopTooToxic(level=1, above=0.35, confidence=0.8)
    assert decided(crm(NoSkipping()), "1TTT")[0][0] == 1
    assert decided(crm(NoSkipping(), rule), "1TTT", "1NNN") == [(0, "LEVEL_TOO_TOXIC"), (2, "SKIPPING_FORBIDDEN")]
    tally = Tally.parse("1TTT", n_doses=5)
    assert crm(NoSkipping()).select(tally)[0] == 1
    assert crm(NoSkipping(), rule).select(tally)[0] == 0


def test_too_toxic_limit_is_the_target_unless_given():
    tally = Tally.parse(["1NTT", "1TTT"], n_doses=5)
    design = crm(NoSkipping(), StopTooToxic(confidence=0.8))
    stops = design.probability_above(tally, 1, 0.25) >= 0.8
    np.testing.assert_array_equal(design.decide(tally).level == 0, stops)
    assert stops.tolist() != (design.probability_above(tally, 1, 0.5) >= 0.8).tolist()


def test_too_toxic_looks_at_its_level():
    history = "1NNN 2NTT 2NTT"
    for level in (1, 2):
        rule = StopTooToxic(level=level, above=0.3, confidence=0.7)
        free = boin(elimination_cutoff=0.9999)
        probability = free.probability_above(Tally.parse(history, n_doses=5), level, 0.3)[0]
        assert decided(boin(rule, elimination_cutoff=0.9999), history)[0][0] == (0 if probability >= 0.7 else 1)
    assert decided(boin(StopTooToxic(level=2, above=0.3, confidence=0.7), elimination_cutoff=0.9999), history) == [
        (0, "LEVEL_TOO_TOXIC")
    ]


def test_too_toxic_is_at_or_above_the_confidence():
    # One patient without a DLT, uniform prior: P(p > 0.5) = 0.25 exactly.
    assert decided(boin(StopTooToxic(above=0.5, confidence=0.25)), "1N") == [(0, "LEVEL_TOO_TOXIC")]
    assert decided(boin(StopTooToxic(above=0.5, confidence=0.2501)), "1N") == [(2, "ESCALATE")]


def test_too_toxic_never_stops_before_the_first_patient():
    # The prior alone: P(p > 0.05) = 0.95.
    assert decided(boin(StopTooToxic(above=0.05, confidence=0.9)), "") == [(1, "START")]


# StopAtRecommended, StopAtDose, StopWhenStaying


def test_stop_at_recommended_counts_the_next_level():
    history = "1NNN 2NNN 2NNN 3TTT"  # goes back to level 2, where six were treated
    assert decided(boin(), history) == [(2, "DEESCALATE")]
    assert decided(boin(StopAtRecommended(6)), history) == [(0, "ENOUGH_AT_DOSE")]
    assert decided(boin(StopAtRecommended(7)), history) == [(2, "DEESCALATE")]
    assert decided(boin(StopAtRecommended(6)), "1NNN 2NNN 2NNN") == [(3, "ESCALATE")]


def test_stop_at_recommended_comes_after_the_limits():
    """The model would go to level 5; without skipping it is level 3 that counts."""
    history = "3NNN 3NNN 2NNN"
    assert decided(crm(), history) == [(5, "ESCALATE")]
    assert decided(crm(StopAtRecommended(6)), history)[0][0] == 5
    assert decided(crm(NoSkipping(), StopAtRecommended(6)), history) == [(0, "ENOUGH_AT_DOSE")]


def test_stop_at_dose():
    history = "1NNN 1NNN 2NNN"
    assert decided(boin(StopAtDose(6)), history) == [(0, "ENOUGH_AT_DOSE")]
    assert decided(boin(StopAtDose(7)), history) == [(3, "ESCALATE")]
    assert decided(boin(StopAtDose(6, level=1)), history) == [(0, "ENOUGH_AT_DOSE")]
    assert decided(boin(StopAtDose(6, level=2)), history) == [(3, "ESCALATE")]


def test_stop_when_staying():
    stay, leave = "1NNN 1NNT 1NTT", "1NNN 1NNN 1NNN"
    assert decided(boin(), stay, leave) == [(1, "STAY"), (2, "ESCALATE")]
    assert decided(boin(StopWhenStaying(9)), stay, leave) == [(0, "STAYING_AT_DOSE"), (2, "ESCALATE")]
    assert decided(boin(StopWhenStaying(10)), stay) == [(1, "STAY")]
    assert decided(boin(StopAtRecommended(9)), stay, leave) == [(0, "ENOUGH_AT_DOSE"), (2, "ESCALATE")]


@pytest.mark.parametrize("rule", [StopAtRecommended(6), StopAtDose(6), StopWhenStaying(6)], ids=repr)
def test_a_stop_by_number_keeps_the_selection(rule):
    tally = Tally.parse(["1NNN 2NNT 2NNT", "1NNN 1NNT"], n_doses=5)
    np.testing.assert_array_equal(boin(rule).select(tally), boin().select(tally))


# Together


ALL_RULES = (
    NoSkipping(down=True),
    CoherentEscalation(),
    StopTooToxic(above=0.35, confidence=0.7),
    StopAtRecommended(9),
    StopWhenStaying(6),
)


@pytest.mark.parametrize("make", [crm, boin])
def test_order_of_rules_is_of_no_account(make):
    rng = np.random.default_rng(3)
    histories = [
        " ".join(f"{level}{''.join(rng.choice(['N', 'N', 'T'], 3))}" for level in rng.integers(1, 6, length))
        for length in rng.integers(0, 9, 150)
    ]
    tally = Tally.parse(histories, n_doses=5)
    first = make(*ALL_RULES)
    decision, selected = first.decide(tally), first.select(tally)
    assert {"SKIPPING_FORBIDDEN", "LEVEL_TOO_TOXIC", "ENOUGH_AT_DOSE", "STAYING_AT_DOSE"} <= {
        reason.name for reason in decision.reason
    } | ({"SKIPPING_FORBIDDEN"} if make is boin else set())
    for order in permutations(ALL_RULES):
        design = make(*order)
        again = design.decide(tally)
        np.testing.assert_array_equal(again.level, decision.level)
        np.testing.assert_array_equal(again.reason_code, decision.reason_code)
        np.testing.assert_array_equal(again.cohort_size, decision.cohort_size)
        np.testing.assert_array_equal(design.select(tally), selected)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: type(rule).__name__)
def test_rules_are_values(rule):
    """Equal parameters, equal rules: they can be compared, hashed, and not changed."""
    again = type(rule)(**{name: getattr(rule, name) for name in rule.__dataclass_fields__})
    assert again == rule
    assert hash(again) == hash(rule)
    name = next(iter(rule.__dataclass_fields__))
    with pytest.raises(FrozenInstanceError):
        setattr(rule, name, None)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: NoSkipping(reference="last"), "reference"),
        (lambda: NoSkipping(reference=None), "reference"),
        (lambda: NoSkipping(down="no"), "down"),
        (lambda: CoherentEscalation(target=0), "target"),
        (lambda: CoherentEscalation(target="high"), "target"),
        (lambda: StopTooToxic(level=0), "level"),
        (lambda: StopTooToxic(level=1.5), "level"),
        (lambda: StopTooToxic(level="any"), "level"),
        (lambda: StopTooToxic(above=1.2), "above"),
        (lambda: StopTooToxic(above="target"), "above"),
        (lambda: StopTooToxic(confidence=95), "confidence"),
        (lambda: StopTooToxic(confidence=None), "confidence"),
        (lambda: StopAtRecommended(0), "n"),
        (lambda: StopAtRecommended(n="nine"), "n"),
        (lambda: StopAtDose(-1), "n"),
        (lambda: StopAtDose(6, level=0), "level"),
        (lambda: StopAtDose(6, level="any"), "level"),
        (lambda: StopWhenStaying(2.5), "n"),
        (lambda: StopWhenStaying(True), "n"),
        (lambda: boin(StopTooToxic(level=6)), "level"),
        (lambda: boin(StopAtDose(6, level=6)), "level"),
        (lambda: ThreePlusThree(n_doses=3, rules=(StopTooToxic(),)), "above"),
    ],
)
def test_wrong_argument_is_named(make, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        make()
