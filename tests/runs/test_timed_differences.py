"""Differences between designs on the calendar: of the same patients, trial by trial."""

from itertools import combinations

import numpy as np
import pytest

import doseesc
from doseesc.engines import DecisionGraph, TrialBlock, calendar_trials, figures_of_trials, play
from doseesc.runs.simulation import DIFFERENCES, figures_at

TRIALS, SEED = 300, 4
DESIGNS = """\
  - {name: B, type: BOIN}
  - {name: goes on, type: BOIN, pending: settled}
  - {name: rolling, type: RollingSix}
  - {name: TITE, type: TITE-BOIN}
"""


@pytest.fixture
def without_time(scenario_file, small_scenario):
    return doseesc.load(scenario_file(small_scenario.replace("  - {name: B, type: BOIN}\n", DESIGNS)))


@pytest.fixture
def study(scenario_file, small_scenario):
    text = small_scenario.replace("  - {name: B, type: BOIN}\n", DESIGNS)
    return doseesc.load(scenario_file(text + "\naccrual: {per_month: 4}\n"))


@pytest.fixture
def results(study):
    return doseesc.run(study, method="monte_carlo", trials=TRIALS, seed=SEED)


def single_trials(study, name):
    """The figures of each trial, (S, F), and its duration."""
    design, truth = study.designs[name], study.truths["S"]
    found = calendar_trials(
        design, truth, window_days=study.dlt_window_days, calendar=study.calendar, n_trials=TRIALS, seed=SEED
    )
    right = study.right_levels(truth)
    levels = np.arange(1, study.n_doses + 1)
    n = np.array([(trial.level[:, None] == levels).sum(axis=0) for trial in found])
    figures = figures_of_trials(n, n * 0, np.array([trial.selected for trial in found]), design.max_n, right)
    if name == "B":  # the figures of designs that only wait are those of known outcomes
        graph = DecisionGraph(design)
        node = play(graph, truth, TrialBlock.draw(SEED, 0, design.max_n, TRIALS))
        columns = figures_at(graph, right, DIFFERENCES)[node]
    else:
        columns = np.column_stack([figures[metric] for metric in DIFFERENCES])
    return np.column_stack([columns, [trial.duration_days for trial in found]])


def test_they_are_those_of_single_trials(study, results):
    trials = {name: single_trials(study, name) for name in study.names}
    found = {(each.design_a, each.design_b, each.metric): each for each in results.differences}
    assert len(found) == len(results.differences) == 6 * 5
    for a, b in combinations(study.names, 2):
        difference = trials[a] - trials[b]
        for column, metric in enumerate((*DIFFERENCES, "duration_days")):
            each = found[a, b, metric]
            assert each.difference == pytest.approx(difference[:, column].mean(), abs=1e-9)
            assert each.mcse == pytest.approx(difference[:, column].std() / np.sqrt(TRIALS), abs=1e-9)


def test_pairing_tells_durations_apart_sooner(results):
    (each,) = [
        each
        for each in results.differences
        if (each.design_a, each.design_b, each.metric) == ("B", "goes on", "duration_days")
    ]
    alone = [results.times["S", name].mcse.duration_days for name in ("B", "goes on")]
    assert 0 < each.mcse < 0.7 * np.hypot(*alone)
    assert each.difference > 4 * each.mcse


def test_pairs_that_do_not_depend_on_the_calendar_keep_their_differences(without_time, results):
    alone = doseesc.run(without_time, method="monte_carlo", trials=TRIALS, seed=SEED)
    there = [each for each in alone.differences if {each.design_a, each.design_b} == {"B", "goes on"}]
    assert [each.metric for each in there] == [*DIFFERENCES]
    assert all(each in results.differences for each in there)


def test_with_exact_figures_durations_are_compared_alone(study):
    results = doseesc.run(study, method="exact", trials=TRIALS, seed=SEED)
    of_pair = [each.metric for each in results.differences if (each.design_a, each.design_b) == ("B", "goes on")]
    assert of_pair == ["duration_days"]
    on_calendar = [each.metric for each in results.differences if (each.design_a, each.design_b) == ("rolling", "TITE")]
    assert on_calendar == [*DIFFERENCES, "duration_days"]


def test_jobs_change_nothing(study, results):
    again = doseesc.run(study, method="monte_carlo", trials=TRIALS, seed=SEED, jobs=2)
    assert again.differences == results.differences


@pytest.mark.parametrize("name", ["found.nc", "found.parquet"])
def test_they_come_back_from_every_format(results, name, tmp_path):
    assert doseesc.read(results.save(tmp_path / name)).differences == results.differences


def test_without_time_no_duration_is_compared(without_time):
    results = doseesc.run(without_time, method="monte_carlo", trials=TRIALS, seed=SEED)
    assert {each.metric for each in results.differences} == {*DIFFERENCES}


def test_as_observed_they_are_those_of_single_trials(scenario_file, small_scenario):
    text = small_scenario.replace("  - {name: B, type: BOIN}\n", DESIGNS)
    observed = "\naccrual: {per_month: 4}\nobservation: {background: 0.05, mortality_28_days: 0.3, deaths: replaced}\n"
    study = doseesc.load(scenario_file(text + observed))
    results = doseesc.run(study, method="monte_carlo", trials=TRIALS, seed=SEED)
    right = study.right_levels(study.truths["S"])
    trials = {}
    for name, design in study.designs.items():
        found = calendar_trials(
            *(design, study.truths["S"]),
            window_days=study.dlt_window_days,
            calendar=study.calendar,
            observation=study.own_model,
            n_trials=TRIALS,
            seed=SEED,
        )
        assert any(trial.replaced.any() for trial in found)
        levels = np.arange(1, study.n_doses + 1)
        n = np.array([(trial.level[~trial.replaced, None] == levels).sum(axis=0) for trial in found])
        figures = figures_of_trials(n, n * 0, np.array([trial.selected for trial in found]), design.max_n, right)
        columns = [figures[metric] for metric in DIFFERENCES]
        trials[name] = np.column_stack([*columns, [trial.duration_days for trial in found]])
    compared = {(each.design_a, each.design_b, each.metric): each for each in results.differences}
    for a, b in combinations(study.names, 2):
        difference = trials[a] - trials[b]
        for column, metric in enumerate((*DIFFERENCES, "duration_days")):
            each = compared[a, b, metric]
            assert each.difference == pytest.approx(difference[:, column].mean(), abs=1e-9), (a, b, metric)
            assert each.mcse == pytest.approx(difference[:, column].std() / np.sqrt(TRIALS), abs=1e-9), (a, b, metric)
