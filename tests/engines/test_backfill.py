"""Trials with backfill keep to the rules, whatever the design; without a wait there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import BOIN, CRM, Keyboard, Reason, RollingSix, Settled, ThreePlusThree, Weighted
from doseesc.engines import (
    DAILY,
    Backfill,
    Calendar,
    GivenBackfill,
    GivenPatients,
    Stagger,
    calendar_trials,
    simulate_calendar,
)
from doseesc.truth import Accrual, LateWeibull

TRUTH = np.array([0.05, 0.12, 0.25, 0.45])
RESPONSE = (0.2, 0.3, 0.4, 0.5)
FAST = Accrual(per_month=9)
SKELETON = (0.06, 0.14, 0.25, 0.38)
COMMON = {"target": 0.25, "max_n": 24}
DESIGNS = {
    "BOIN": BOIN(**COMMON, n_doses=4, stop_at_n=12),
    "BOIN settled": BOIN(**COMMON, n_doses=4, pending=Settled()),
    "TITE-BOIN": BOIN(**COMMON, n_doses=4, pending=Weighted(suspend_above=0.49, minimum_followed=0.25)),
    "TITE-BOIN by sample size": BOIN(**COMMON, n_doses=4, pending=Weighted(estimate="ess", suspend_above=0.3)),
    "keyboard": Keyboard(**COMMON, n_doses=4, pending=Weighted(minimum_followed=0.5)),
    "CRM": CRM(**COMMON, skeleton=SKELETON),
    "TITE-CRM": CRM(**COMMON, skeleton=SKELETON, pending=Weighted(weights="adaptive", minimum_followed=0.5)),
    "3+3": ThreePlusThree(n_doses=4),
    "rolling six": RollingSix(n_doses=4),
}
BF_BOIN = replace(Backfill.named("BF-BOIN"), response_probabilities=RESPONSE)


def trials_of(design, rules, accrual=FAST, n_trials=150, seed=1, window_days=28, **calendar):
    return calendar_trials(
        design,
        TRUTH,
        window_days=window_days,
        calendar=Calendar(accrual=accrual, backfill=rules, **calendar),
        n_trials=n_trials,
        seed=seed,
    )


def counts(trial, chosen):
    return (trial.level[chosen][:, None] == np.arange(1, len(TRUTH) + 1)).sum(axis=0)


def same_escalation(one, other):
    """Whether two trials treated the same patients of the escalation on the same days."""
    parts = [(each.level[~each.backfilled].tolist(), each.entered[~each.backfilled].tolist()) for each in (one, other)]
    return parts[0] == parts[1]


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
@pytest.mark.parametrize("name", DESIGNS)
def test_who_is_backfilled(name, how):
    design = DESIGNS[name]
    rules = Backfill(cap_per_dose=8, lowest_level=2, after_cohorts=2)
    found = trials_of(design, rules, replace(FAST, arrivals_while_waiting=how))
    assert sum(trial.backfilled.sum() for trial in found) > 30
    for trial in found:
        escalated = ~trial.backfilled
        assert escalated.sum() <= design.max_n
        for place in np.flatnonzero(trial.backfilled):
            before = np.arange(trial.size) < place
            current = trial.level[before & escalated][-1]  # that of the escalation
            assert 2 <= trial.level[place] < current
            assert (trial.level[before] == trial.level[place]).sum() < 8
            # The escalation waits: at that moment somebody who came before would not have been given its dose.
            assert any(since <= trial.entered[place] <= until for since, until in trial.suspensions)
        assert (trial.entered >= trial.arrived).all()
        assert (np.diff(trial.entered) >= 0).all()
        assert trial.duration_days == trial.assessed.max()


@pytest.mark.parametrize("name", DESIGNS)
def test_without_a_wait_nobody_is_backfilled_and_trials_are_those_without(name):
    design = DESIGNS[name]
    slow = Accrual(per_month=0.8, process="fixed")
    with_backfill, without = (trials_of(design, rules, slow) for rules in (Backfill(), None))
    for one, other in zip(with_backfill, without, strict=True):
        assert not one.backfilled.any()
        assert one.level.tolist() == other.level.tolist()
        assert one.entered.tolist() == other.entered.tolist()
        assert (one.selected, one.reason) == (other.selected, other.reason)


@pytest.mark.parametrize("name", DESIGNS)
def test_where_no_dose_opens_trials_are_those_without(name):
    design = DESIGNS[name]
    rules = Backfill(min_responses=1, response_probabilities=(0.0,) * 4)
    with_backfill, without = (trials_of(design, each) for each in (rules, None))
    for one, other in zip(with_backfill, without, strict=True):
        assert not one.backfilled.any()
        assert same_escalation(one, other)
        assert one.suspensions == other.suspensions
        assert (one.selected, one.reason, one.duration_days) == (other.selected, other.reason, other.duration_days)


@pytest.mark.parametrize("name", ["BOIN", "CRM", "3+3"])
def test_backfilled_patients_that_do_not_count_change_no_decision(name):
    design = DESIGNS[name]
    rules = Backfill(cap_per_dose=10, count_in_decisions=False, count_in_mtd=False)
    # Turned away or backfilled, whoever meets a wait leaves the escalation as it was.
    accrual = replace(FAST, arrivals_while_waiting="turn_away")
    with_backfill, without = (trials_of(design, each, accrual) for each in (rules, None))
    assert sum(trial.backfilled.sum() for trial in with_backfill) > 300
    for one, other in zip(with_backfill, without, strict=True):
        assert same_escalation(one, other)
        assert (one.selected, one.reason) == (other.selected, other.reason)
        assert one.turned_away + one.backfilled.sum() == other.turned_away


def test_three_plus_three_is_never_asked_about_backfilled_patients():
    design = ThreePlusThree(n_doses=4)
    counted = trials_of(design, Backfill(cap_per_dose=10))  # the default is that they count, where they can
    apart = trials_of(design, Backfill(cap_per_dose=10, count_in_decisions=False, count_in_mtd=False))
    assert [trial.level.tolist() for trial in counted] == [trial.level.tolist() for trial in apart]
    assert all(np.isin(counts(trial, ~trial.backfilled), [0, 2, 3, 4, 5, 6]).all() for trial in counted)


def test_they_count_in_the_mtd_alone_where_so_said():
    design = DESIGNS["BOIN"]
    apart = Backfill(cap_per_dose=14, count_in_decisions=False, count_in_mtd=False)
    found = [trials_of(design, rules, n_trials=400) for rules in (apart, replace(apart, count_in_mtd=True))]
    assert all(same_escalation(*pair) for pair in zip(*found, strict=True))
    assert 10 < sum(one.selected != other.selected for one, other in zip(*found, strict=True)) < 200


def test_responses_open_doses():
    design = DESIGNS["BOIN"]
    truth = np.zeros(4)  # nothing closes, nothing conflicts

    def first(rules, n_trials=60):
        calendar = Calendar(accrual=FAST, backfill=rules)
        return calendar_trials(design, truth, window_days=28, calendar=calendar, n_trials=n_trials)

    at_dose = Backfill(min_responses=1, response_probabilities=(0.0, 1.0, 0.0, 1.0), response_days="window_end")
    for trial in first(replace(at_dose, responses_at="dose")):
        assert set(trial.level[trial.backfilled]) <= {2}
        known = trial.entered[trial.level == 2].min(initial=np.inf) + 28
        assert (trial.entered[trial.backfilled] >= known).all()
    assert {int(level) for trial in first(at_dose) for level in trial.level[trial.backfilled]} == {2, 3}
    never = replace(at_dose, min_responses=30)
    assert not any(trial.backfilled.any() for trial in first(never))


def test_ratio_is_a_quota_of_each_cohort():
    design = BOIN(target=0.25, n_doses=4, max_n=24)
    for ratio, most in ((1 / 3, 1), (0.5, 2), (1.0, 3)):
        found = trials_of(design, Backfill(ratio=ratio), accrual=Accrual(per_month=30))
        reached = 0
        for trial in found:
            cohort = np.cumsum(~trial.backfilled)[trial.backfilled]
            each = np.unique(cohort, return_counts=True)[1] if len(cohort) else np.zeros(1)
            assert each.max() <= most
            reached = max(reached, each.max())
        assert reached == most


@pytest.mark.parametrize("priority", ["highest", "lowest", "random"])
def test_priority(priority):
    found = trials_of(BOIN(**COMMON, n_doses=4), Backfill(priority=priority), n_trials=60)
    levels = []
    for trial in found:
        for place in np.flatnonzero(trial.backfilled):
            current = trial.level[:place][~trial.backfilled[:place]][-1]
            levels.append((int(current), int(trial.level[place])))
    tops = {level for current, level in levels if current == 4}
    assert tops == {"highest": {3}, "lowest": {1}, "random": {1, 2, 3}}[priority]


def test_the_number_backfilled_is_bounded():
    design = BOIN(**COMMON, n_doses=4)
    found = trials_of(design, Backfill(max_backfilled=5), n_trials=60)
    assert max(trial.backfilled.sum() for trial in found) == 5
    assert Backfill().most(design) == 24
    assert Backfill(cap_per_dose=12).most(design) == 36
    assert max(trial.backfilled.sum() for trial in trials_of(design, Backfill(), accrual=Accrual(per_month=90))) == 24


def test_a_closed_dose_takes_nobody():
    design = BOIN(target=0.25, n_doses=4, max_n=24)
    calendar = Calendar(accrual=FAST, backfill=Backfill())
    closed = 0
    toxic = np.array([0.02, 0.9, 0.9, 0.9])
    for trial in calendar_trials(design, toxic, window_days=28, calendar=calendar, n_trials=100):
        dlts = trial.has_dlt & (trial.level == 2)
        if dlts.sum() < 3:
            continue
        third = np.sort(trial.assessed[dlts])[2]
        known = (trial.level == 2) & (trial.assessed <= third)
        if known.sum() == 3:  # three of three eliminate the dose
            closed += 1
            later = trial.backfilled & (trial.entered > third)
            assert (trial.level[later] < 2).all()
            assert trial.selected < 2
    assert closed > 20


def test_a_conflict_is_decided_on_pooled_data():
    found = trials_of(replace(DESIGNS["BOIN"], stop_at_n=None), BF_BOIN, n_trials=400)
    pooled = [each for trial in found for each in trial.decisions if each.reason is Reason.BACKFILL_POOLED]
    assert len(pooled) > 20
    apart = trials_of(replace(DESIGNS["BOIN"], stop_at_n=None), replace(BF_BOIN, conflict=None), n_trials=400)
    assert not any(each.reason is Reason.BACKFILL_POOLED for trial in apart for each in trial.decisions)


def test_a_sentinel_gap_is_a_wait_in_which_others_are_backfilled():
    design = BOIN(target=0.25, n_doses=4, max_n=24)
    stagger = Stagger(days_after_first=14)
    found = trials_of(design, Backfill(), stagger=stagger)
    in_gaps = 0
    for trial in found:
        escalated = np.flatnonzero(~trial.backfilled)
        for dose in range(2, 5):
            there = escalated[trial.level[escalated] == dose]
            if len(there) > 1:
                first, second = trial.entered[there[:2]]
                assert second - first >= 14 or trial.has_dlt[there[0]]
                in_gaps += (trial.backfilled & (trial.entered > first) & (trial.entered < second)).sum()
    assert in_gaps > 20


def test_figures_are_those_of_the_trials_and_the_same_bytes_for_any_jobs():
    design, trials = DESIGNS["TITE-BOIN"], 20_000

    def run(n_trials, **options):
        return simulate_calendar(
            design,
            TRUTH,
            window_days=28,
            accrual=FAST,
            dlt_times=LateWeibull(late_share=0.6),
            backfill=BF_BOIN,
            n_trials=n_trials,
            seed=3,
            **options,
        )

    few = run(300)
    found = trials_of(design, BF_BOIN, n_trials=300, seed=3, dlt_times=LateWeibull(late_share=0.6))
    assert few.backfilled == pytest.approx(np.mean([trial.backfilled.sum() for trial in found]))
    assert few.total_patients == pytest.approx(np.mean([trial.size for trial in found]))
    np.testing.assert_allclose(few.patients, np.mean([counts(trial, trial.level > 0) for trial in found], axis=0))
    assert few.duration_days == pytest.approx(np.mean([trial.duration_days for trial in found]))
    assert few.selected[0] == np.mean([trial.selected == 0 for trial in found])
    early = np.mean([(~trial.backfilled).sum() < design.max_n for trial in found])
    assert few.stopped_early == pytest.approx(early)
    assert few.patients_distribution.sum() == pytest.approx(1)
    one, two = run(trials), run(trials, jobs=2)
    for name, value in vars(one).items():
        if name not in ("sd", "mcse", "reasons"):
            assert np.asarray(value).tobytes() == np.asarray(getattr(two, name)).tobytes(), name
    assert vars(one.mcse).keys() == vars(two.mcse).keys()


def test_backfill_needs_the_probability_of_what_it_asks_for():
    with pytest.raises(ValueError, match=r"^response_probabilities must be given"):
        simulate_calendar(
            DESIGNS["BOIN"], TRUTH, window_days=28, accrual=FAST, backfill=Backfill.named("BF-BOIN"), n_trials=10
        )
    with pytest.raises(ValueError, match=r"^highest_level must be one of 4 levels"):
        trials_of(DESIGNS["BOIN"], Backfill(highest_level=5))


@settings(max_examples=20, deadline=None)
@given(
    per_month=st.floats(0.5, 40),
    window=st.floats(7, 90),
    how=st.sampled_from(["wait", "turn_away", "queue"]),
    cap=st.integers(1, 15),
    name=st.sampled_from(sorted(DESIGNS)),
    seed=st.integers(0, 10),
)
def test_caps_hold_and_counts_add_up(per_month, window, how, cap, name, seed):
    rules = replace(BF_BOIN, cap_per_dose=cap)
    accrual = Accrual(per_month=per_month, arrivals_while_waiting=how)
    design = DESIGNS[name]
    for trial in trials_of(design, rules, accrual, n_trials=5, seed=seed, window_days=window):
        everybody, backfilled = counts(trial, trial.level > 0), counts(trial, trial.backfilled)
        assert everybody.sum() == trial.size
        assert (everybody[backfilled > 0] <= np.maximum(cap, (everybody - backfilled)[backfilled > 0] + cap)).all()
        for dose in np.flatnonzero(backfilled) + 1:
            last = np.flatnonzero(trial.backfilled & (trial.level == dose))[-1]
            assert (trial.level[: last + 1] == dose).sum() <= cap
        assert backfilled[-1] == 0
        assert (~trial.backfilled).sum() <= design.max_n
        assert np.allclose(trial.assessed[~trial.has_dlt] - trial.entered[~trial.has_dlt], window)


def test_follow_up_asked_for_is_looked_at_when_all_have_it():
    design = BOIN(target=0.25, n_doses=2, max_n=6, pending=Weighted(suspend_above=0.49, minimum_followed=0.25))
    patients = {"latent": [[0.9] * 6], "dlt_day": [[1.0] * 6], "gaps": [[0.0] + [1.0] * 8]}
    escalation = GivenPatients(**patients)
    nobody = {"latent": [[0.9] * 6], "dlt_day": [[1.0] * 6], "response_day": [[np.inf] * 12]}
    looks = {}
    for rules in (None, Backfill(max_backfilled=6)):
        given_patients = GivenBackfill(escalation=escalation, **nobody).patients() if rules else escalation
        calendar = Calendar(accrual=DAILY, backfill=rules)
        [trial] = calendar_trials(design, [0.1, 0.2], window_days=40, calendar=calendar, patients=given_patients)
        looks[rules is None] = [each.day for each in trial.decisions if each.day < 41]
    # Entered on days 0, 1 and 2; the fourth patient comes on day 3.
    assert looks[True] == [0, 3, 10, 11, 12, 40]
    assert looks[False] == [0, 3, 12, 40]
