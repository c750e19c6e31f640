"""What designs do about pending patients: waiting for all, going on when the answer is settled, and what is refused."""

import itertools

import numpy as np
import pytest
from extremes import bounded
from hypothesis import given
from hypothesis import strategies as st
from support import cases_in, name_of, passes

from designs import (
    BLRM,
    BOIN,
    CCD,
    CRM,
    APlusB,
    CoherentEscalation,
    Complete,
    I3Plus3,
    Keyboard,
    NoSkipping,
    Pending,
    Reason,
    SentinelAtNewDose,
    Settled,
    StopTooToxic,
    StopWhenStaying,
    Tally,
    ThreePlusThree,
    Weighted,
)
from doseesc.validation.cases import policies

WINDOW = 28
SKELETON = (0.1, 0.25, 0.4)
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3, pending=Settled()),
    "2+4": APlusB(n_doses=3, a=2, b=4, pending=Settled()),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=24, rules=(StopWhenStaying(9),), pending=Settled()),
    "Keyboard": Keyboard(target=0.3, n_doses=3, max_n=24, pending=Settled()),
    "i3+3": I3Plus3(target=0.3, n_doses=3, max_n=24, pending=Settled()),
    "CRM": CRM(
        target=0.25,
        skeleton=SKELETON,
        max_n=24,
        cohort_size=3,
        rules=(NoSkipping(), CoherentEscalation(), StopTooToxic()),
        pending=Settled(),
    ),
    "BLRM": BLRM(target=0.3, doses=(1, 2, 4), reference=2, max_n=24, cohort_size=3, rules=(), pending=Settled()),
}


def state(n, dlt, pending, level, days=10.0):
    """A tally of the known, and the pending with a number at each level."""
    places = [dose for dose, count in enumerate(pending, 1) for _ in range(count)]
    memory = {"last_n": [n[level - 1]], "last_dlt": [dlt[level - 1]]}
    known = Tally(n=[n], dlt=[dlt], level=[level], memory=memory)
    return known, Pending(level=[places or [0]], days=[[days] * max(len(places), 1)], window_days=WINDOW, n_doses=3)


def completions(known, pending, level):
    """Every tally that the pending can end in, one after the other."""
    count = pending.count[0]
    for further in itertools.product(*(range(each + 1) for each in count)):
        last_n = known.recall("last_n") + count[level - 1]
        memory = {"last_n": last_n, "last_dlt": known.recall("last_dlt") + further[level - 1]}
        yield Tally(known.n + count, known.dlt + np.array([further]), known.level, memory)


@st.composite
def states(draw):
    """A level with known and pending patients there and below."""
    level = draw(st.integers(1, 3))
    n = [draw(st.integers(0, 4)) if dose <= level else 0 for dose in (1, 2, 3)]
    dlt = [draw(st.integers(0, each)) for each in n]
    pending = [draw(st.integers(0, 3)) if dose <= level else 0 for dose in (1, 2, 3)]
    return n, dlt, pending, level


@pytest.mark.parametrize("name", DESIGNS)
@given(drawn=states())
def test_settled_goes_on_exactly_where_every_completion_agrees(name, drawn):
    design = DESIGNS[name]
    known, pending = state(*drawn)
    if pending.total[0] == 0:
        return
    decision = design.decide(known, pending)
    ends = [design.decide(each) for each in completions(known, pending, drawn[3])]
    answers = {(int(each.level[0]), int(each.cohort_size[0])) for each in ends}
    if decision.reason[0] is Reason.COMPLETE_COHORT:
        assert isinstance(design, APlusB)
    elif decision.waits[0]:
        assert len(answers) > 1
        assert decision.level[0] == drawn[3]
    else:
        assert answers == {(int(decision.level[0]), int(decision.cohort_size[0]))}


def many_pending(counts):
    """Nobody known, and so many pending at three levels."""
    level = np.repeat([1, 2, 3], counts)[None, :]
    pending = Pending(level, np.full(level.shape, 3.0), WINDOW, n_doses=3)
    memory = {"last_n": [0], "last_dlt": [0]}
    return Tally(n=[[0, 0, 0]], dlt=[[0, 0, 0]], level=[3], memory=memory), pending


def test_many_pending_patients_are_settled_by_the_extremes():
    design = BOIN(target=0.25, n_doses=3, max_n=3000, pending=Settled())
    with bounded(seconds=20, megabytes=300):
        assert design.decide(*many_pending((900, 900, 900))).waits.all()
        # The highest level decides alone unless lower ones are eliminated: all completions are asked, in parts.
        asked = design.decide(*many_pending((2, 2, 900)))
        never = BOIN(target=0.25, n_doses=3, max_n=2700, pending=Settled()).decide(*many_pending((900, 900, 900)))
    assert asked.waits.all()
    assert never.reason[0] is Reason.MAX_N


def test_more_completions_than_can_be_decided_are_refused_before_they_are_made():
    """The current level alone decides here: the extremes agree, but only all completions would tell."""
    design = CCD(target=0.25, n_doses=3, max_n=5000, exclusion_certainty=None, pending=Settled())
    known = Tally(n=[[0, 0, 4]], dlt=[[0, 0, 1]], level=[3], memory={"last_n": [4], "last_dlt": [1]})
    with bounded(seconds=20, megabytes=300):
        assert design.decide(known, many_pending((500, 500, 0))[1]).waits.tolist() == [False]
        with pytest.raises(ValueError, match=r"^4,900 patients are pending .* 6e\+06 ways, .* another policy"):
            design.decide(known, many_pending((2500, 2400, 0))[1])


@pytest.mark.parametrize("name", DESIGNS)
@given(drawn=states(), order=st.randoms(use_true_random=False))
def test_the_order_of_places_and_the_batch_change_nothing(name, drawn, order):
    design = DESIGNS[name]
    known, pending = state(*drawn)
    shuffled = order.sample(range(pending.level.shape[1]), pending.level.shape[1])
    other = Pending(pending.level[:, shuffled], pending.days[:, shuffled], WINDOW, n_doses=3)
    decision, again = design.decide(known, pending), design.decide(known, other)
    both = design.decide(
        Tally.concatenate([known, known]),
        Pending(
            np.concatenate([pending.level, np.zeros_like(pending.level)]),
            np.tile(pending.days, (2, 1)),
            WINDOW,
            None,
            None,
            3,
        ),
    )
    for one in ("level", "cohort_size", "reason_code"):
        assert getattr(decision, one) == getattr(again, one)
        assert getattr(both, one)[0] == getattr(decision, one)[0]
        assert getattr(both, one)[1] == getattr(design.decide(known), one)[0]


def test_complete_waits_for_everybody_and_is_the_default():
    design = BOIN(target=0.25, n_doses=3, max_n=18)
    assert design.pending == Complete()
    decision = design.decide(*state([3, 2, 0], [0, 2, 0], [0, 1, 0], 2))
    assert decision.waits.tolist() == [True]
    assert (int(decision.level[0]), decision.reason[0]) == (2, Reason.WAIT)


def test_a_three_plus_three_that_is_settled_starts_at_once():
    """Two DLTs condemn a level whoever is pending; one in six is open while one is pending; none of five is not."""
    design = DESIGNS["3+3"]
    answers = {
        ((3, 2, 0), (0, 2, 0), (0, 1, 0)): (1, 3, Reason.DEESCALATE),
        ((3, 5, 0), (0, 1, 0), (0, 1, 0)): (2, 0, Reason.WAIT),
        ((3, 1, 0), (0, 0, 0), (0, 1, 0)): (2, 1, Reason.COMPLETE_COHORT),
        ((3, 3, 0), (0, 1, 0), (0, 1, 0)): (2, 2, Reason.COMPLETE_COHORT),
        ((3, 3, 0), (0, 2, 0), (0, 1, 0)): (1, 3, Reason.DEESCALATE),
        ((3, 2, 0), (0, 0, 0), (0, 1, 0)): (2, 0, Reason.WAIT),
    }
    for (n, dlt, pending), answer in answers.items():
        decision = design.decide(*state(list(n), list(dlt), pending, 2))
        assert (int(decision.level[0]), int(decision.cohort_size[0]), decision.reason[0]) == answer


@pytest.mark.parametrize("policy", [Complete(), Settled()])
def test_a_group_that_has_begun_is_completed_and_nobody_is_entered_beyond_the_maximum(policy):
    design = ThreePlusThree(n_doses=3, max_n=6, pending=policy)
    begun = design.decide(*state([0, 0, 0], [0, 0, 0], (2, 0, 0), 1))
    assert (int(begun.level[0]), int(begun.cohort_size[0]), begun.reason[0]) == (1, 1, Reason.COMPLETE_COHORT)
    full = design.decide(*state([3, 1, 0], [0, 0, 0], (0, 2, 0), 2))
    assert (int(full.level[0]), full.reason[0]) == (0, Reason.MAX_N)


def test_a_three_plus_three_leaves_a_level_that_known_dlts_condemn_at_once():
    design = ThreePlusThree(n_doses=3)
    known = Tally(
        n=[[3, 2, 0], [3, 2, 0], [3, 5, 0], [2, 0, 0]],
        dlt=[[0, 2, 0], [0, 1, 0], [0, 0, 0], [2, 0, 0]],
        level=[2, 2, 2, 1],
    )
    pending = Pending(level=[[2], [2], [2], [1]], days=[[3.0]] * 4, window_days=14)
    decision = design.decide(known, pending)
    assert decision.level.tolist() == [1, 2, 2, 0]
    assert decision.waits.tolist() == [False, True, True, False]
    assert decision.reason[3] is Reason.NO_SAFE_DOSE
    # Not while somebody is pending at the level below, where the trial goes.
    below = Tally(n=[[2, 2, 0]], dlt=[[0, 2, 0]], level=[2])
    assert design.decide(below, Pending(level=[[1, 2]], days=[[9.0, 3.0]], window_days=14)).waits.all()


def test_a_titration_climbs_only_on_known_outcomes_and_a_sentinel_must_be_evaluated():
    titration = BOIN(target=0.25, n_doses=3, max_n=24, titration=True, pending=Settled())
    assert titration.decide(*state([0, 0, 0], [0, 0, 0], (1, 0, 0), 1)).waits[0]
    # BOIN stays on the lowest level after a DLT, so the answer is settled; the sentinel is awaited all the same.
    sentinel = BOIN(target=0.25, n_doses=3, max_n=24, rules=(SentinelAtNewDose(),), pending=Settled())
    plain = BOIN(target=0.25, n_doses=3, max_n=24, cohort_size=2, pending=Settled())
    assert not plain.decide(*state([6, 0, 0], [5, 0, 0], (1, 0, 0), 1)).waits[0]
    waits = sentinel.decide(*state([0, 0, 0], [0, 0, 0], (1, 0, 0), 1))
    assert waits.waits[0]
    assert not sentinel.decide(*state([1, 0, 0], [0, 0, 0], (0, 0, 0), 1)).waits[0]


def test_what_cannot_be_weighed_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"^pending must be Complete or Settled for ThreePlusThree"):
        ThreePlusThree(n_doses=3, pending=Weighted())
    with pytest.raises(ValueError, match=r"^pending must be Complete\(\), Settled\(\) or Weighted"):
        BOIN(target=0.25, n_doses=3, max_n=18, pending="settled")
    for options, message in (
        ({"weights": "quadratic"}, "weights must be linear, adaptive, or"),
        ({"weights": (0.5, 0.6)}, "weights must be"),
        ({"estimate": "guess"}, "estimate must be one of"),
        ({"suspend_above": 1.5}, "suspend_above must lie in"),
        ({"minimum_followed": -0.1}, "minimum_followed must lie in"),
        ({"minimum_known": 1.5}, "minimum_known must be a whole number"),
    ):
        with pytest.raises(ValueError, match=f"^{message}"):
            Weighted(**options)


def test_every_reason_to_wait_has_its_sentence():
    waits = [reason for reason in Reason if reason.waits]
    assert [reason.name for reason in waits] == ["WAIT", "TOO_MANY_PENDING", "FOLLOW_UP_TOO_SHORT", "TOO_FEW_KNOWN"]
    assert all(reason.sentence.startswith("Wait: ") and not reason.stops for reason in waits)


@pytest.mark.parametrize("case", cases_in(policies), ids=name_of)
def test_waiting_is_what_all_outcomes_say(case):
    passes(case)
