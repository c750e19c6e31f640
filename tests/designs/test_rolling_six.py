"""Rolling six: the published tables, where there is no next dose, and what holds in every trial."""

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pending_trials import looks
from support import cases_in, name_of, passes

from designs import Complete, Pending, Reason, RollingSix, Settled, Tally, ThreePlusThree, Weighted
from doseesc.engines import enumerate_paths, simulate
from doseesc.validation.cases import rolling_six as cases
from doseesc.validation.cases.rolling_six import VARIANTS, decided, pending_at, state


@pytest.mark.parametrize("case", cases_in(cases), ids=name_of)
def test_published_tables(case):
    passes(case)


@pytest.mark.parametrize("variant", VARIANTS)
def test_without_a_next_dose_it_is_filled_up_to_six_and_then_the_mtd(variant):
    design = RollingSix(n_doses=2, variant=variant)
    for n, dlt, pending, answer in [
        ([3, 3], [0, 0], [0, 0], (2, 1, Reason.STAY)),  # the highest level
        ([6, 5], [0, 1], [0, 0], (2, 1, Reason.STAY)),
        ([3, 6], [0, 1], [0, 0], (0, 0, Reason.MTD_FOUND)),
        ([3, 6], [0, 0], [0, 1], (2, 0, Reason.WAIT)),  # elsewhere enough to go up
        ([3, 2], [0, 2], [0, 0], (1, 1, Reason.DEESCALATE)),  # come down to three
        ([6, 3], [1, 2], [0, 1], (0, 0, Reason.MTD_FOUND)),  # come down to six
        ([6, 3], [0, 2], [1, 1], (2, 0, Reason.WAIT)),  # come down to six of whom one is pending
        ([2, 0], [2, 0], [0, 0], (0, 0, Reason.NO_SAFE_DOSE)),
        ([5, 0], [2, 0], [3, 0], (0, 0, Reason.NO_SAFE_DOSE)),
    ]:
        decision = design.decide(*state(n, dlt, pending, 2 if n[1] else 1))
        assert (int(decision.level[0]), int(decision.cohort_size[0]), decision.reason[0]) == answer, (n, dlt, pending)


def test_iq_takes_five_without_dlt_or_two_in_seven_as_the_mtd():
    design, other = RollingSix(n_doses=2, variant="iq"), RollingSix(n_doses=2)
    known, _ = state([3, 5], [0, 0], [0, 0], 2)
    assert design.decide(known).reason[0] is Reason.MTD_FOUND
    assert design.select(known)[0] == 2
    assert other.decide(known).level[0] == 2
    for n, dlt, level in [([7, 0], [2, 0], 1), ([8, 0], [2, 0], 1), ([3, 7], [0, 2], 2)]:
        known, _ = state(n, dlt, [0, 0], level)
        assert design.decide(known).reason[0] is Reason.MTD_FOUND
        assert design.select(known)[0] == level


def test_a_closed_dose_stays_closed_when_its_last_outcome_is_milder():
    """IQ: two DLTs among six known of seven close dose 2; the seventh without one does not open it again."""
    design = RollingSix(n_doses=3, variant="iq")
    closing = design.decide(*state([3, 7, 0], [0, 2, 0], [0, 1, 0], 2))
    assert (int(closing.level[0]), closing.reason[0]) == (1, Reason.DEESCALATE)
    later = design.decide(*state([4, 7, 0], [0, 2, 0], [0, 0, 0], 1))
    assert (int(later.level[0]), later.reason[0]) == (1, Reason.STAY)
    ended, _ = state([6, 7, 0], [0, 2, 0], [0, 0, 0], 1)
    assert design.select(ended)[0] == 1


def test_late_dlts_at_a_lower_dose_close_it_and_are_waited_for_before_the_mtd_is_named():
    """Eager went up with two of five pending, who both have DLTs."""
    design = RollingSix(n_doses=3, variant="eager")
    decision = design.decide(*state([3, 5, 1], [0, 0, 0], [0, 2, 0], 2))
    assert decision.level[0] == 3
    late = design.decide(*state([3, 5, 1], [0, 2, 0], [0, 0, 1], 3))
    assert (int(late.level[0]), late.reason[0]) == (1, Reason.DEESCALATE)
    waiting = design.decide(*state([3, 5, 6], [0, 0, 0], [0, 2, 0], 3))
    assert waiting.waits[0]
    settled = design.decide(*state([3, 5, 6], [0, 0, 0], [0, 1, 0], 3))
    assert settled.reason[0] is Reason.MTD_FOUND


def test_a_first_dose_above_the_lowest_can_be_left_downwards():
    design = RollingSix(n_doses=3, start_level=2)
    assert design.decide(Tally.empty(3)).level[0] == 2
    decision = design.decide(*state([0, 3, 0], [0, 2, 0], [0, 1, 0], 2))
    assert (int(decision.level[0]), int(decision.cohort_size[0])) == (1, 1)


def test_a_settled_three_plus_three_does_not_wait_at_the_highest_level_for_what_changes_nothing():
    patients = state([3, 3], [0, 0], [0, 1], 2)
    assert ThreePlusThree(n_doses=2).decide(*patients).waits[0]
    decision = ThreePlusThree(n_doses=2, pending=Settled()).decide(*patients)
    assert (int(decision.level[0]), int(decision.cohort_size[0])) == (2, 3)


@pytest.mark.parametrize("level", [1, 2])
def test_the_protocol_leaves_doses_where_settled_three_plus_three_does(level):
    """With three or six entered, that is; with three it gives the same dose where 3+3 waits."""
    rolling, settled = RollingSix(n_doses=3), ThreePlusThree(n_doses=3, pending=Settled())
    for enrolled in (3, 6):
        for dlts in range(enrolled + 1):
            for pending in range(enrolled - dlts + 1):
                one, other = (decided(design, enrolled, dlts, pending, level, 3) for design in (rolling, settled))
                assert one == other or (enrolled, one, other) == (3, "S", "SUS")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("truth", [[0.05, 0.1, 0.2], [0.1, 0.3, 0.45], [0.4, 0.5, 0.6]])
def test_with_complete_data_it_selects_as_three_plus_three_does(variant, truth):
    rolling = enumerate_paths(RollingSix(n_doses=3, variant=variant)).characteristics(truth)
    parent = enumerate_paths(ThreePlusThree(n_doses=3)).characteristics(truth)
    np.testing.assert_allclose(rolling.selected, parent.selected, atol=1e-13)
    assert rolling.total_patients < parent.total_patients


def test_simulated_trials_agree_with_exact_ones():
    design = RollingSix(n_doses=3)
    exact = enumerate_paths(design).characteristics([0.1, 0.25, 0.45])
    simulated = simulate(design, [0.1, 0.25, 0.45], n_trials=20_000, seed=3)
    assert (np.abs(simulated.patients - exact.patients) <= 4 * exact.sd.patients / np.sqrt(20_000)).all()


@pytest.mark.parametrize("policy", [Complete(), Settled(), Weighted()])
def test_it_refuses_another_policy(policy):
    with pytest.raises(ValueError, match=r"^pending must be left out for RollingSix: its own table says"):
        RollingSix(n_doses=3, pending=policy)


def test_its_policy_is_for_designs_with_a_table_only():
    with pytest.raises(ValueError, match=r"^pending must be Complete\(\)"):
        ThreePlusThree(n_doses=3, pending=RollingSix(n_doses=3).pending)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"variant": "slow"}, "variant"), ({"cohort_size": 3}, "cohort_size"), ({"n_doses": 0}, "n_doses")],
)
def test_wrong_parameters_are_named(wrong, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        RollingSix(**{"n_doses": 3, **wrong})


def test_it_never_reaches_its_default_maximum_before_the_trial_is_over():
    assert RollingSix(n_doses=4).max_n == 24
    assert RollingSix(n_doses=4, variant="iq").max_n == 32
    cut = RollingSix(n_doses=3, max_n=5).decide(*state([3, 2, 0], [0, 0, 0], [0, 2, 0], 2))
    assert cut.reason[0] is Reason.MAX_N


def test_a_study_with_cohorts_of_three_may_have_it(study_with):
    study = study_with("designs:", "designs:\n  - {name: rolling six, type: rolling six, variant: iq}")
    design = study.designs["rolling six"]
    assert (design.cohort_size, design.variant) == (1, "iq")
    assert study.cohort_size == 3


SEEDS = st.integers(0, 2**32 - 1)


def closed_for_good(variant, dlts, enrolled, pending):
    """Whether a dose's known outcomes close it, in words other than the design's."""
    if variant == "iq":
        return dlts >= 3 or (dlts == 2 and enrolled - pending <= 6)
    return dlts >= 2


@pytest.mark.parametrize("variant", VARIANTS)
@given(seed=SEEDS)
def test_every_trial_ends_and_never_gives_a_closed_dose(variant, seed):
    design = RollingSix(n_doses=3, variant=variant)
    most = 8 if variant == "iq" else 6
    closed = {4}
    for trial, decision in looks(design, Random(seed).randrange):
        pending, dlt = trial.count(None), trial.count(1)
        entered = [a + b + c for a, b, c in zip(trial.count(0), dlt, pending, strict=True)]
        to, reason = int(decision.level[0]), decision.reason[0]
        if to > 0 and not decision.waits[0]:
            closed |= {
                dose
                for dose in (1, 2, 3)
                if closed_for_good(variant, dlt[dose - 1], entered[dose - 1], pending[dose - 1])
            }
            assert to < min(closed)
            assert entered[to - 1] < most
            assert to <= trial.level + 1
        if decision.waits[0]:
            assert trial.open()
        assert reason in {*_GOING, Reason.WAIT, Reason.MTD_FOUND, Reason.NO_SAFE_DOSE}
    final, ended = trial.state()[0], reason
    if not trial.open():
        selected = int(design.select(final)[0])
        assert (selected > 0) == (ended is Reason.MTD_FOUND)
        assert selected < min(closed)


_GOING = {Reason.START, Reason.STAY, Reason.ESCALATE, Reason.DEESCALATE}


@given(seed=SEEDS)
def test_the_protocol_goes_up_only_where_no_pending_outcome_could_forbid_it(seed):
    """Exactly: with every completion of the outcomes pending, at all doses, the decision is the same.

    The other moves between doses are settled, too; the same dose is what it does not wait to give.
    """
    design = RollingSix(n_doses=3)
    for trial, decision in looks(design, Random(seed).randrange):
        if decision.waits[0] or decision.reason[0] in (Reason.START, Reason.STAY):
            continue
        counts = trial.count(None)
        known, _ = trial.state()
        for further in itertools.product(*(range(count + 1) for count in counts)):
            completed = Tally(known.n + counts, known.dlt + further, known.level)
            assert design.decide(completed).level[0] == decision.level[0]


def test_eager_and_iq_go_up_on_outcomes_that_may_forbid_it():
    known, pending = state([5, 0, 0], [0, 0, 0], [2, 0, 0], 1)
    both = Tally(n=[[5, 0, 0]], dlt=[[2, 0, 0]], level=[1])
    for variant in ("eager", "iq"):
        design = RollingSix(n_doses=3, variant=variant)
        assert design.decide(known, pending).level[0] == 2
        assert design.decide(both).level[0] == 0


@given(seed=SEEDS)
def test_the_order_of_places_and_the_days_followed_change_nothing(seed):
    design, order = RollingSix(n_doses=3), Random(seed + 1)
    for trial, decision in looks(design, Random(seed).randrange):
        known, pending = trial.state()
        if pending is None:
            continue
        places = [*order.sample(pending.level[0].tolist(), pending.level.shape[1]), 0]
        days = [[order.random() * 20 for _ in places]]
        again = design.decide(known, Pending([places], days, 28, n_doses=3))
        for part in ("level", "cohort_size", "reason_code"):
            assert getattr(again, part)[0] == getattr(decision, part)[0]


def test_trials_are_decided_side_by_side():
    design = RollingSix(n_doses=3)
    alone = [
        (Tally(n=[[2, 0, 0]], dlt=[[0, 0, 0]], level=[1]), [1, 1]),
        (Tally(n=[[3, 0, 0]], dlt=[[0, 0, 0]], level=[1]), [0, 0]),
        (Tally(n=[[6, 1, 0]], dlt=[[0, 1, 0]], level=[2]), [2, 2]),
    ]
    together = design.decide(
        Tally.concatenate([tally for tally, _ in alone]),
        Pending([places for _, places in alone], np.full((3, 2), 5.0), 28, n_doses=3),
    )
    one_by_one = [design.decide(tally, pending_at([place for place in places if place], 3)) for tally, places in alone]
    assert together.level.tolist() == [int(each.level[0]) for each in one_by_one] == [1, 2, 2]
    assert together.reason.tolist() == [each.reason[0] for each in one_by_one]
