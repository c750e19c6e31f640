"""The observation model on the clock: with slow accrual it is that without a calendar, patient by patient."""

from dataclasses import replace

import numpy as np
import pytest

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    APlusB,
    CoherentEscalation,
    Complete,
    Keyboard,
    NoSkipping,
    Settled,
    StopAtRecommended,
    StopTooToxic,
    ThreePlusThree,
    Weighted,
)
from doseesc.engines import (
    CALENDAR_METRICS,
    Calendar,
    DecisionGraph,
    ObservedBlock,
    TimeFigures,
    TrialBlock,
    calendar_trials,
    complete_times,
    play_observed,
    simulate_calendar,
)
from doseesc.truth import Accrual, EarlyTimes, ObservationModel, WeibullTimes

TRUTH = np.array([0.10, 0.25, 0.45])
SLOW = Accrual(per_month=1, process="fixed")
FAST = Accrual(per_month=8)
SKELETON = (0.1, 0.25, 0.45)
RULES = (NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9), StopAtRecommended(n=9))
DESIGNS = {
    "CRM": CRM(target=0.25, skeleton=SKELETON, max_n=12, cohort_size=1),
    "CRM, cohorts and rules": CRM(target=0.25, skeleton=SKELETON, max_n=20, cohort_size=3, rules=RULES),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
    "BOIN, titration": BOIN(target=0.25, n_doses=3, max_n=14, rules=(AcceleratedTitration(),)),
    "keyboard, one at a time": Keyboard(target=0.25, n_doses=3, max_n=10, cohort_size=1),
}
MODELS = {
    "replaced": ObservationModel(window=14, background=0.05, death=0.3, loss=0.1),
    "counted": ObservationModel(window=14, background=0.1, death=0.2, deaths="all_count", loss=0.1),
    "fraction, the rest replaced": ObservationModel(
        window=14, death=0.3, deaths="fraction", attributed_fraction=0.4, unattributed="replaced", loss=0.2
    ),
    "DLT-free, early": ObservationModel(
        window=14,
        background=0.1,
        death=0.2,
        deaths="dlt_free",
        loss=0.2,
        losses="dlt_free",
        dlt_times=EarlyTimes(within=2, share=0.5),
    ),
    "risk and adjudication": ObservationModel(
        window=14,
        background=0.2,
        death=0.2,
        death_relative_risk=2.5,
        sensitivity=0.8,
        specificity=0.5,
        loss=0.1,
        dlt_times=WeibullTimes(shape=1.4, scale=9),
    ),
    "a shorter window": ObservationModel(window=7, curve_window=14, death=0.2, death_relative_risk=0.5, background=0.1),
    "a longer window": ObservationModel(window=28, curve_window=14, death=0.3, background=0.1),
}


def trials_of(design, model, accrual=FAST, n_trials=200, window_days=14, **calendar):
    calendar = Calendar(accrual=accrual, **calendar)
    return calendar_trials(
        design, TRUTH, window_days=window_days, calendar=calendar, n_trials=n_trials, observation=model
    )


def twins(design, model, n_trials=200):
    """Return the graph, the ends and what was seen of the same trials without a calendar."""
    graph, block = DecisionGraph(design), ObservedBlock(model, 1)
    block.begin(TrialBlock.draw(1, 0, design.max_n, n_trials), 0)
    return graph, *play_observed(graph, TRUTH, block)


def as_tally(trial, n_doses=3):
    level = (trial.level[:, None] == np.arange(1, n_doses + 1)) & ~trial.replaced[:, None]
    return level.sum(axis=0), (level & trial.has_dlt[:, None]).sum(axis=0)


def assert_twins(found, graph, node, seen):
    for row, (trial, end) in enumerate(zip(found, node, strict=True)):
        n, dlt = as_tally(trial)
        np.testing.assert_array_equal(n, graph.tally.n[end])
        np.testing.assert_array_equal(dlt, graph.tally.dlt[end])
        assert (trial.selected, trial.reason) == (graph.selected[end], graph.reason_code[end])
        assert trial.replaced.sum() == seen.replaced[row]


@pytest.mark.parametrize("policy", [Complete(), Settled(), Weighted()])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", DESIGNS)
def test_with_slow_accrual_every_trial_is_the_one_without_a_calendar(name, model, policy):
    design, model = replace(DESIGNS[name], pending=policy), MODELS[model]
    found = trials_of(design, model, SLOW)
    assert_twins(found, *twins(design, model))
    assert not any(trial.suspensions for trial in found)


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_that_waits_plays_the_same_trials_at_any_pace(name, how):
    design, model = DESIGNS[name], MODELS["risk and adjudication"]
    accrual = Accrual(per_month=8, arrivals_while_waiting=how)
    assert_twins(trials_of(design, model, accrual), *twins(design, model))


@pytest.mark.parametrize("model", MODELS)
def test_an_a_plus_b_design_differs_only_where_known_dlts_condemn_a_group(model):
    design, model = ThreePlusThree(n_doses=3), MODELS[model]
    graph, node, _ = twins(design, model)
    broken = 0
    for trial, end in zip(trials_of(design, model, SLOW), node, strict=True):
        n, dlt = as_tally(trial)
        if np.isin(n, [0, 3, 6]).all():
            np.testing.assert_array_equal(n, graph.tally.n[end])
            np.testing.assert_array_equal(dlt, graph.tally.dlt[end])
            assert (trial.selected, trial.reason) == (graph.selected[end], graph.reason_code[end])
        else:
            broken += 1
            assert (dlt[~np.isin(n, [0, 3, 6])] >= 2).all()
    assert 0 < broken < 150


GROUPS = {"3+3": ThreePlusThree(n_doses=3), "2+4": APlusB(n_doses=3, a=2, b=4, c=1, d=1, e=1)}
CALENDARS = {
    "slow": {"accrual": Accrual(per_month=0.7)},
    "a queue, from the opening": {"accrual": Accrual(per_month=8, arrivals_while_waiting="queue"), "first_gap": True},
    "ramp-up": {"accrual": Accrual(per_month=4, ramp_up_months=3, process="uniform")},
    "holds": {"accrual": Accrual(profile=(0, 2, 0, 8), process="fixed")},
}


@pytest.mark.parametrize("model", ["replaced", "risk and adjudication", "a shorter window"])
@pytest.mark.parametrize("name", CALENDARS)
def test_times_of_designs_that_wait_are_those_of_the_clock(name, model):
    designs, truths = DESIGNS | GROUPS, {"middle": TRUTH, "toxic": np.array([0.45, 0.60, 0.75])}
    found = complete_times(
        designs,
        truths,
        calendar=Calendar(**CALENDARS[name]),
        window_days=14.0,
        n_trials=300,
        seed=3,
        observation=MODELS[model],
    )
    for (truth, design), times in found.items():
        clock = simulate_calendar(
            *(designs[design], truths[truth]),
            window_days=14,
            n_trials=300,
            seed=3,
            observation=MODELS[model],
            **CALENDARS[name],
        )
        wanted = TimeFigures.of(clock)
        assert times.window_days == wanted.window_days == MODELS[model].window
        for metric in (*CALENDAR_METRICS, "duration_quantiles", "duration_curve"):
            np.testing.assert_allclose(
                getattr(times, metric), getattr(wanted, metric), rtol=1e-9, atol=1e-9, err_msg=f"{design} {metric}"
            )
