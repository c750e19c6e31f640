"""The clock: without anybody pending it is the engine without a calendar, and time has its own laws."""

from dataclasses import replace

import numpy as np
import pytest

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    CoherentEscalation,
    Complete,
    Keyboard,
    NoSkipping,
    Reason,
    RollingSix,
    Settled,
    StopAtRecommended,
    StopTooToxic,
    TableDesign,
    ThreePlusThree,
)
from doseesc.engines import (
    DAILY,
    METRICS,
    Calendar,
    DecisionGraph,
    GivenPatients,
    Stagger,
    TrialBlock,
    calendar_trials,
    enumerate_paths,
    play,
    simulate_calendar,
)
from doseesc.truth import Accrual, LateWeibull, WeibullTimes

TRUTH = np.array([0.10, 0.25, 0.45])
SLOW = Accrual(per_month=1, process="fixed")
FAST = Accrual(per_month=8)
SKELETON = (0.1, 0.25, 0.45)
DESIGNS = {
    "CRM": CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=1),
    "CRM, cohorts and rules": CRM(
        target=0.25,
        skeleton=SKELETON,
        max_n=20,
        cohort_size=3,
        rules=(NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9), StopAtRecommended(n=9)),
    ),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
    "BOIN, one at a time, titration": BOIN(
        target=0.25, n_doses=3, max_n=14, cohort_size=1, rules=(AcceleratedTitration(),)
    ),
    "keyboard": Keyboard(target=0.25, n_doses=3, max_n=16),
}


def with_policy(design, policy):
    return replace(design, pending=policy)


def trials_of(design, accrual=FAST, truth=TRUTH, n_trials=200, window_days=14, **calendar):
    return calendar_trials(
        design, truth, window_days=window_days, calendar=Calendar(accrual=accrual, **calendar), n_trials=n_trials
    )


def as_tally(trial, n_doses=3):
    level = trial.level[:, None] == np.arange(1, n_doses + 1)
    return level.sum(axis=0), (level & trial.has_dlt[:, None]).sum(axis=0)


@pytest.mark.parametrize("policy", [Complete(), Settled()])
@pytest.mark.parametrize("name", DESIGNS)
def test_with_slow_accrual_every_trial_is_the_one_without_a_calendar(name, policy):
    design = with_policy(DESIGNS[name], policy)
    graph = DecisionGraph(design)
    node = play(graph, TRUTH, TrialBlock.draw(1, 0, design.max_n, 200))
    for trial, end in zip(trials_of(design, SLOW), node, strict=True):
        n, dlt = as_tally(trial)
        np.testing.assert_array_equal(n, graph.tally.n[end])
        np.testing.assert_array_equal(dlt, graph.tally.dlt[end])
        assert trial.selected == graph.selected[end]
        assert trial.reason == graph.reason_code[end]
        assert not trial.suspensions


def test_an_a_plus_b_design_differs_only_where_known_dlts_condemn_a_group():
    design = ThreePlusThree(n_doses=3)
    graph = DecisionGraph(design)
    node = play(graph, TRUTH, TrialBlock.draw(1, 0, design.max_n, 200))
    broken = 0
    for trial, end in zip(trials_of(design, SLOW), node, strict=True):
        n, dlt = as_tally(trial)
        if np.isin(n, [0, 3, 6]).all():
            np.testing.assert_array_equal(n, graph.tally.n[end])
            np.testing.assert_array_equal(dlt, graph.tally.dlt[end])
            assert (trial.selected, trial.reason) == (graph.selected[end], graph.reason_code[end])
        else:
            broken += 1
            assert (dlt[~np.isin(n, [0, 3, 6])] >= 2).all()
    assert 0 < broken < 150


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
def test_waiting_for_all_outcomes_gives_the_exact_figures(how):
    design = DESIGNS["BOIN"]
    trials = 60_000
    oc = simulate_calendar(
        design,
        TRUTH,
        window_days=14,
        accrual=Accrual(per_month=4, arrivals_while_waiting=how),
        n_trials=trials,
        seed=5,
    )
    exact = enumerate_paths(design).characteristics(TRUTH)
    for metric in METRICS:
        error = np.asarray(getattr(exact.sd, metric)) / np.sqrt(trials)
        assert (np.abs(np.asarray(getattr(oc, metric)) - getattr(exact, metric)) <= 4 * error + 1e-12).all(), metric
    assert oc.pending_at_decision == 0
    assert oc.changed_decisions == 0


def test_settled_ends_as_complete_does_only_sooner():
    for name in ("BOIN", "CRM"):
        waits, goes = (trials_of(with_policy(DESIGNS[name], policy)) for policy in (Complete(), Settled()))
        for late, early in zip(waits, goes, strict=True):
            np.testing.assert_array_equal(early.level, late.level)
            assert early.selected == late.selected
            assert (early.entered <= late.entered + 1e-9).all()
        assert sum(trial.duration_days for trial in goes) < sum(trial.duration_days for trial in waits)


def test_fixed_arrivals_can_be_followed_by_hand():
    # Cohorts of 3, a patient every 5 days, a window of 14: the fourth waits from day 15 to 24, and so on.
    design = BOIN(target=0.25, n_doses=3, max_n=6)
    gaps = [[0.0] + [5.0] * 12]
    none = {"latent": [[0.9] * 6], "dlt_day": [[1.0] * 6], "gaps": gaps}
    entered = {
        "wait": [0, 5, 10, 24, 29, 34],
        "turn_away": [0, 5, 10, 25, 30, 35],
        "queue": [0, 5, 10, 24, 24, 25],
    }
    for how, days in entered.items():
        calendar = Calendar(accrual=Accrual(per_month=DAILY.per_month, arrivals_while_waiting=how))
        [trial] = calendar_trials(design, TRUTH, window_days=14, calendar=calendar, patients=GivenPatients(**none))
        np.testing.assert_allclose(trial.entered, days)
        assert trial.level.tolist() == [1, 1, 1, 2, 2, 2]
        assert trial.suspensions == [(15.0, 24.0 if how != "turn_away" else 25.0)]
        assert trial.turned_away == (2 if how == "turn_away" else 0)
        assert trial.duration_days == days[-1] + 14
        assert trial.reason is Reason.MAX_N


def test_who_is_assessed_on_the_day_of_the_look_is_known():
    design = BOIN(target=0.25, n_doses=3, max_n=6)
    patients = GivenPatients(latent=[[0.9] * 6], dlt_day=[[1.0] * 6], gaps=[[0, 7, 7, 14, 7, 7]])
    [trial] = calendar_trials(design, TRUTH, window_days=14, calendar=Calendar(accrual=DAILY), patients=patients)
    assert trial.entered.tolist() == [0, 7, 14, 28, 35, 42]
    assert not trial.suspensions


def test_a_dlt_ends_the_assessment_at_once():
    design = BOIN(target=0.25, n_doses=3, max_n=6, cohort_size=1)
    patients = GivenPatients(latent=[[0.0] + [0.9] * 5], dlt_day=[[3.0] * 6], gaps=[[0, 4, 1, 1, 1, 1]])
    [trial] = calendar_trials(design, TRUTH, window_days=14, calendar=Calendar(accrual=DAILY), patients=patients)
    assert trial.entered[:3].tolist() == [0, 4, 18]
    assert trial.dlt_day[0] == 3


def test_a_sentinel_gap_holds_back_and_a_dlt_in_it_is_a_look():
    design = BOIN(target=0.25, n_doses=3, max_n=6)
    calendar = Calendar(accrual=DAILY, stagger=Stagger(days_after_first=7))
    gaps = [[0.0] + [1.0] * 5]
    [quiet] = calendar_trials(
        design,
        TRUTH,
        window_days=14,
        calendar=calendar,
        patients=GivenPatients(latent=[[0.9] * 6], dlt_day=[[3.0] * 6], gaps=gaps),
    )
    assert quiet.entered.tolist() == [0, 7, 8, 22, 29, 30]
    assert quiet.level.tolist() == [1, 1, 1, 2, 2, 2]
    [toxic] = calendar_trials(
        design,
        TRUTH,
        window_days=14,
        calendar=calendar,
        patients=GivenPatients(latent=[[0.0] + [0.9] * 5], dlt_day=[[3.0] * 6], gaps=gaps),
    )
    # The DLT on day 3 breaks the cohort off; with 1 of 1 the design decides anew, and stays at the lowest level.
    assert [(each.day, each.level) for each in toxic.decisions[:2]] == [(0.0, 1), (3.0, 1)]
    assert toxic.entered[1] == 7


def test_nobody_is_entered_after_the_last_day():
    found = trials_of(DESIGNS["BOIN"], max_days=60.0)
    assert all(trial.entered.max() <= 60 for trial in found)
    assert sum(trial.reason is Reason.MAX_DAYS for trial in found) > 150
    assert all(trial.duration_days <= 74 for trial in found)


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
def test_days_are_in_order_and_nobody_is_entered_before_outcomes_are_known(how):
    accrual = Accrual(per_month=8, ramp_up_months=3, arrivals_while_waiting=how)
    for trial in trials_of(DESIGNS["BOIN"], accrual, n_trials=100, dlt_times=LateWeibull(late_share=0.6)):
        assert trial.entered[0] == 0
        assert (np.diff(trial.entered) >= 0).all()
        assert (trial.days_waited >= 0).all()
        assert trial.duration_days >= trial.entered[-1]
        for begin in range(3, trial.size, 3):
            assert trial.entered[begin] >= trial.assessed[:begin].max()
        if how != "queue":
            np.testing.assert_allclose(
                trial.days_waited.sum() if how == "wait" else 0.0,
                sum(until - since for since, until in trial.suspensions[: trial.size]) if how == "wait" else 0.0,
                atol=60 if how == "wait" else 0,
            )


def test_the_same_bytes_for_any_jobs_and_any_progress():
    design = with_policy(DESIGNS["BOIN"], Settled())
    told = []

    def run(**options):
        return simulate_calendar(
            design,
            TRUTH,
            window_days=14,
            accrual=FAST,
            n_trials=40_000,
            seed=3,
            dlt_times=WeibullTimes(shape=1.4, scale=9.0),
            **options,
        )

    one, two = run(progress=lambda done, total: told.append((done, total))), run(jobs=2)
    assert told == [(16_384, 40_000), (32_768, 40_000), (40_000, 40_000)]
    for name, value in vars(one).items():
        if name in ("sd", "mcse"):
            for each, number in vars(value).items():
                assert np.asarray(number).tobytes() == np.asarray(getattr(vars(two)[name], each)).tobytes(), each
        elif name != "reasons":
            assert np.asarray(value).tobytes() == np.asarray(getattr(two, name)).tobytes(), name


def test_the_figures_are_those_of_the_trials():
    design = with_policy(DESIGNS["BOIN"], Settled())
    oc = simulate_calendar(design, TRUTH, window_days=14, accrual=FAST, n_trials=500, seed=1, first_gap=True)
    found = trials_of(design, n_trials=500)
    duration = np.array([trial.duration_days + trial.opened_before for trial in found])
    assert oc.duration_days == pytest.approx(duration.mean())
    assert oc.mcse.duration_days == pytest.approx(duration.std() / np.sqrt(500))
    np.testing.assert_allclose(
        oc.duration_quantiles,
        np.quantile(duration, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf"),
        rtol=2e-4,
    )
    assert oc.suspensions == pytest.approx(np.mean([len(trial.suspensions) for trial in found]))
    assert oc.days_suspended == pytest.approx(
        np.mean([sum(until - since for since, until in trial.suspensions) for trial in found])
    )
    assert oc.days_waited == pytest.approx(np.mean([trial.days_waited.sum() for trial in found]))
    assert oc.patients_per_month == pytest.approx(sum(trial.size for trial in found) / duration.sum() * 365.25 / 12)


def test_a_rolling_six_with_all_places_taken_turns_away_until_its_table_says_stop():
    gaps = [[0.0] + [1.0] * 40]
    patients = GivenPatients(latent=[[0.9] * 6], dlt_day=[[1.0] * 6], gaps=gaps)
    calendar = Calendar(accrual=Accrual(per_month=DAILY.per_month, arrivals_while_waiting="turn_away"))
    rolling = RollingSix(n_doses=1)
    [trial] = calendar_trials(rolling, [0.1], window_days=28, calendar=calendar, patients=patients)
    assert trial.entered.tolist() == [0, 1, 2, 3, 4, 5]
    assert (trial.turned_away, trial.suspensions) == (27, [(6.0, 33.0)])  # who comes on day 33 finds all known
    assert (trial.reason, trial.selected, trial.duration_days) == (Reason.MTD_FOUND, 1, 33)
    letters = {n: {c: "S" * (n - c + 1) for c in range(n + 1)} for n in range(1, 6)}
    table = TableDesign(
        target=0.25,
        n_doses=1,
        max_n=6,
        cohort_size=1,
        table=letters | {6: {c: ("E" if c == 0 else "W") * (7 - c) for c in range(7)}},
    )
    assert table.waits_when_full
    [same] = calendar_trials(table, [0.1], window_days=28, calendar=calendar, patients=patients)
    assert (same.turned_away, same.suspensions) == (trial.turned_away, trial.suspensions)
    # A maximum that cuts the trial short closes it.
    short = RollingSix(n_doses=1, max_n=5)
    assert not short.waits_when_full
    [closed] = calendar_trials(short, [0.1], window_days=28, calendar=calendar, patients=patients)
    assert (closed.turned_away, closed.size, closed.reason) == (0, 5, Reason.MAX_N)
