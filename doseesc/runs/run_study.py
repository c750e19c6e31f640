"""Run a study: every design under every toxicity scenario of a scenario file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_whole
from doseesc.engines import (
    LATTICE_LIMIT,
    MEMORY_LIMIT,
    DecisionGraph,
    Enrolment,
    OperatingCharacteristics,
    Paths,
    TooManyStates,
    benchmark_selection,
    enumerate_paths,
    exact_observed,
    one_truth,
)
from doseesc.pieces import workers_for
from doseesc.results import Cell, PolicyComparison, PolicyFigures, Results, on_calendar
from doseesc.runs.arm_analysis import analyse_arms, arms_analysed, require_analysis_fits
from doseesc.runs.fits_shared import fits_by
from doseesc.runs.simulation import Simulation, simulate_all
from doseesc.runs.timed_differences import in_order, timed_differences
from doseesc.runs.timing import time_study, trials_on_calendar
from doseesc.study import refused

if TYPE_CHECKING:
    from designs import Design
    from doseesc.pieces import Cluster, Jobs
    from doseesc.study import Study

METHODS = ("monte_carlo", "exact", "both", "auto")


def run(
    study: Study,
    *,
    method: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    cluster: str | Cluster | None = None,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    enumerating: Callable[[str, int, int], None] | None = None,
    walks: MutableMapping[Design, Paths] | None = None,
) -> Results:
    """Run every design under every scenario of a study.

    Parameters
    ----------
    study : Study
        From :func:`doseesc.load`.
    method : {"monte_carlo", "exact", "both", "auto"}, optional
        By default the file's.  ``"auto"`` is exact where a design can be enumerated, else Monte Carlo.
    trials, seed : int, optional
        By default the file's.
    jobs : int
        Processes for the simulation; the answer does not depend on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers simulate instead, such as ``"tcp://10.0.0.1:8786"``.
    memory_limit : int, optional
        Bytes that an exact enumeration may use, by default 2 GiB; a design that needs more is simulated, and a note
        says so.  The search for the best policy, for the share of the attainable, may use as many, by default 4 GiB.
    progress : callable, optional
        Called with the trials done and the trials in all.
    enumerating : callable, optional
        Called with a design's name, the patients treated and the most of its trial, while it is enumerated.
    walks : mutable mapping of Design to Paths, optional
        What was enumerated before and need not be again; what is enumerated now is put into it.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ScenarioError
        If the study has no scenario but random curves.
    doseesc.pieces.ClusterError
        If the cluster cannot be used.
    """
    began = time.perf_counter()
    method = study.simulation.method if method is None else method
    n_trials = study.simulation.trials if trials is None else trials
    seed = study.simulation.seed if seed is None else seed
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    require_whole("trials", n_trials, 1)
    require_whole("seed", seed, 0)
    if not study.truths:
        remedy = "add a scenario with dlt or curve, or use  doseesc ensemble"
        raise refused(study, ("scenarios",), "holds random curves only", remedy)
    require_analysis_fits(study)
    with workers_for(jobs, cluster, study.design_types) as workers, fits_by(study, workers) as others:
        return _run(study, method, n_trials, seed, others, memory_limit, progress, enumerating, walks, began)


def _run(
    study: Study,
    method: str,
    n_trials: int,
    seed: int,
    workers: Jobs,
    memory_limit: int | None,
    progress: Callable[[int, int], None] | None,
    enumerating: Callable[[str, int, int], None] | None,
    walks: MutableMapping[Design, Paths] | None,
    began: float,
) -> Results:
    notes: list[str] = []
    own = study.own_policy
    exact: dict[str | None, Simulation] = {policy: Simulation() for policy in (None, *study.observations)}
    timed = set(on_calendar(study))
    graphs: dict[str, DecisionGraph] = {}
    if method != "monte_carlo":
        kept = graphs if method == "both" or study.calendar is not None else None
        most = MEMORY_LIMIT if memory_limit is None else memory_limit
        _enumerate_all(study, most, notes, exact, timed, enumerating, kept, {} if walks is None else walks)
    names = {entry.name for entry in study.design_entries} - timed
    not_exact = names - {design for _, design in exact[None].found}
    simulated_designs = not_exact if method in ("exact", "auto") else names
    shown = _Progress(progress, trials_on_calendar(study, n_trials))
    simulated = simulate_all(study, simulated_designs, n_trials, seed, workers, shown.simulated, graphs)
    timing = time_study(study, n_trials, seed, workers, shown.timed, graphs)
    for (policy, scenario, name), found in timing.found.items():
        simulated[policy].found[scenario, name] = found
    for (policy, scenario, name), more in timing.observed.items():
        simulated[policy].observed[scenario, name] = more
    timed_pairs = timed_differences(study, timing.kept, timing.times, simulated[own].found, n_trials, seed, graphs)
    differences = in_order(study, [*simulated[own].differences, *timed_pairs])
    notes += [f"{name}: {note}" for name, design in study.designs.items() for note in design.notes()]
    notes += [f"{name}: {note}" for name in study.names for note in study.backfill_notes(name)]
    cells = {policy: _cells(study, simulated[policy], found) for policy, found in exact.items()}
    on_clock = {key: ends for key, ends in timing.ends.items() if key[1] in timed and arms_analysed(study, own)}
    analysis = analyse_arms(study, exact[own].ends, simulated[own].ends, on_clock, n_trials)
    return Results(
        study=study,
        method=method,
        n_trials=n_trials,
        seed=seed,
        cells=cells[own],
        benchmark=_benchmark(study, study.truths),
        benchmark_observed=_benchmark(study, observed_truths(study)),
        differences=differences,
        notes=notes,
        elapsed=time.perf_counter() - began,
        policies=_compared(cells, simulated, exact) if own is not None else None,
        arm_analysis=analysis,
        times=timing.times,
        lattice_limit=LATTICE_LIMIT if memory_limit is None else memory_limit,
    )


class _Progress:
    """Progress through what is simulated first without a calendar, then on it."""

    def __init__(self, told: Callable[[int, int], None] | None, on_calendar: int) -> None:
        self._told, self._later, self._done = told, on_calendar, 0

    def simulated(self, done: int, total: int) -> None:
        """Take note of trials done without a calendar."""
        self._done = total
        if self._told is not None:
            self._told(done, total + self._later)

    def timed(self, more: int) -> None:
        """Take note of more trials on the calendar."""
        self._done, self._later = self._done + more, self._later - more
        if self._told is not None:
            self._told(self._done, self._done + self._later)


def _cells(
    study: Study, simulated: Simulation, exact: Simulation
) -> dict[tuple[str, str], Cell[OperatingCharacteristics]]:
    keys = [(scenario, design) for scenario in study.truths for design in study.names]
    return {key: Cell(simulated.found.get(key), exact.found.get(key)) for key in keys}


def _compared(
    cells: dict[str | None, dict[tuple[str, str], Cell[OperatingCharacteristics]]],
    simulated: dict[str | None, Simulation],
    exact: dict[str | None, Simulation],
) -> PolicyComparison:
    policies = tuple(policy for policy in exact if policy is not None)
    return PolicyComparison(
        policies,
        ideal={key: cell.map(PolicyFigures.of) for key, cell in cells[None].items()},
        cells={
            (policy, *key): cell.map(PolicyFigures.of) for policy in policies for key, cell in cells[policy].items()
        },
        observed={
            (policy, *key): Cell(simulated[policy].observed.get(key), exact[policy].observed.get(key))
            for policy in policies
            for key in cells[policy]
        },
    )


def _benchmark(study: Study, seen: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return what the optimal benchmark selects where these DLT probabilities are seen, by scenario."""
    rule, truths = study.true_mtd_rule, study.truths
    return {
        scenario: benchmark_selection(
            truth, study.max_n, study.target, rule.rule, rule.margin, rule.ties, named_by=truths[scenario]
        )
        for scenario, truth in seen.items()
    }


def observed_truths(study: Study) -> dict[str, FloatArray]:
    """Return the DLT probabilities that the study's own observation model shows a trial; empty without one."""
    model = study.own_model
    return {} if model is None else {name: model.law(truth).observed_dlt for name, truth in study.truths.items()}


def _enumerate_all(
    study: Study,
    memory_limit: int,
    notes: list[str],
    exact: dict[str | None, Simulation],
    but: set[str],
    enumerating: Callable[[str, int, int], None] | None,
    graphs: dict[str, DecisionGraph] | None,
    walks: MutableMapping[Design, Paths],
) -> None:
    """Put exact characteristics of every other design that can be enumerated into ``exact``, by policy.

    What designs decide is left in ``graphs``, unless nobody plays them, how their trials can go in ``walks``.
    """
    for name, design in study.designs.items():
        if name in but:
            continue
        try:
            told = None if enumerating is None else partial(enumerating, name)
            paths = walks.get(design)
            if paths is None:
                graph = None if graphs is None else DecisionGraph(design)
                paths = enumerate_paths(design, memory_limit=memory_limit, progress=told, graph=graph)
                if graphs is not None and graph is not None:
                    graphs[name] = graph
        except TooManyStates as error:
            notes.append(f"{name} is simulated only: {error}")
            continue
        walks[design] = paths
        _evaluate(study, name, paths, exact)


def _evaluate(study: Study, name: str, paths: Paths, exact: dict[str | None, Simulation]) -> None:
    names, truths = list(study.truths), np.array(list(study.truths.values()))
    right = study.right_levels(truths)
    together = paths.characteristics(truths, target=study.target, true_mtd=right)
    for row, scenario in enumerate(names):
        exact[None].found[scenario, name] = one_truth(together, row)
    if arms_analysed(study, None):
        ends, weight = paths.weighted_ends(truths)
        exact[None].ends.update({(scenario, name): (ends, weight[row]) for row, scenario in enumerate(names)})
    enrolment: Enrolment | None = None
    for policy, model in study.observations.items():
        seen, keep = model.law(truths).observed_dlt, arms_analysed(study, policy)
        together = paths.characteristics(seen, target=study.target, true_mtd=right)
        for row, scenario in enumerate(names):
            found = replace(one_truth(together, row), probabilities=truths[row])
            ends, weight = paths.weighted_ends(seen[row])
            enrolment = enrolment or Enrolment(ends)
            exact[policy].found[scenario, name] = found
            if keep:
                exact[policy].ends[scenario, name] = ends, weight[0]
            exact[policy].observed[scenario, name] = exact_observed(
                found, ends, weight[0], enrolment, model.law(truths[row])
            )
