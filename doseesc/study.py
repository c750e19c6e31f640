"""Run a study: every design under every toxicity scenario of a scenario file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from designs import Design
from doseesc.benchmark import benchmark_choice
from doseesc.characteristics import OperatingCharacteristics, one_truth
from doseesc.exact import enumerate_paths
from doseesc.graph import DecisionGraph
from doseesc.montecarlo import TrialBlock, block_sizes, play
from doseesc.results import Cell, Difference, Results
from doseesc.scenario_errors import Problem, ScenarioError
from doseesc.walk import MEMORY_LIMIT, TooManyStates

if TYPE_CHECKING:
    from doseesc.scenario import Study

FloatArray = npt.NDArray[np.float64]

METHODS = ("monte_carlo", "exact", "both", "auto")
DIFFERENCES = ("correct_selection", "overdose_selection", "patients_above_mtd")
"""The figures of which designs are compared trial by trial."""


def run(
    study: Study,
    *,
    method: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: Callable[[int, int], None] | None = None,
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
    memory_limit : int
        Bytes that an exact enumeration may use; a design that needs more is simulated, and a note says so.
    progress : callable, optional
        Called with the trials done and the trials in all.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ScenarioError
        If the study has no scenario but random curves.
    """
    began = time.perf_counter()
    method = study.simulation.method if method is None else method
    n_trials = study.simulation.trials if trials is None else trials
    seed = study.simulation.seed if seed is None else seed
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if n_trials < 1:
        raise ValueError(f"trials must be at least 1, not {n_trials}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, not {seed}")
    if not study.truths:
        remedy = "add a scenario with dlt or curve, or use  doseesc ensemble"
        raise ScenarioError(str(study.source or "study"), [Problem(("scenarios",), "holds random curves only", remedy)])
    notes: list[str] = []
    exact: dict[tuple[str, str], OperatingCharacteristics] = {}
    if method != "monte_carlo":
        exact = _enumerate_all(study, memory_limit, notes)
    not_exact = {name for name in study.designs if not any(name == design for _, design in exact)}
    simulated_designs = not_exact if method in ("exact", "auto") else set(study.designs)
    simulation = _simulate_all(study, simulated_designs, n_trials, seed, jobs, progress)
    cells = {
        (scenario, design): Cell(simulation.found.get((scenario, design)), exact.get((scenario, design)))
        for scenario in study.truths
        for design in study.designs
    }
    elapsed = time.perf_counter() - began
    return Results(study, method, n_trials, seed, cells, simulation.benchmark, simulation.differences, notes, elapsed)


def _enumerate_all(
    study: Study, memory_limit: int, notes: list[str]
) -> dict[tuple[str, str], OperatingCharacteristics]:
    truths = np.array(list(study.truths.values()))
    mtd = np.array([study.true_mtd(truth) for truth in truths])
    found = {}
    for name, design in study.designs.items():
        try:
            paths = enumerate_paths(design, memory_limit=memory_limit)
        except TooManyStates as error:
            notes.append(f"{name} is simulated only: {error}")
            continue
        together = paths.characteristics(truths, target=study.target, true_mtd=mtd)
        for row, scenario in enumerate(study.truths):
            found[scenario, name] = one_truth(together, row)
    return found


@dataclass(frozen=True)
class _Simulation:
    found: dict[tuple[str, str], OperatingCharacteristics]
    benchmark: dict[str, FloatArray]
    differences: list[Difference]


def _simulate_all(
    study: Study,
    names: set[str],
    n_trials: int,
    seed: int,
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> _Simulation:
    """Simulate the named designs; the benchmark needs no design and always has its patients drawn."""
    designs = {name: design for name, design in study.designs.items() if name in names}
    tasks = [(scenario, truth, study.true_mtd(truth)) for scenario, truth in study.truths.items()]
    total = n_trials * len(tasks)
    if jobs == 1:
        graphs = {name: DecisionGraph(design) for name, design in designs.items()}
        done = 0
        parts = []
        for scenario, truth, mtd in tasks:

            def report(trials: int, before: int = done) -> None:
                if progress is not None:
                    progress(before + trials, total)

            parts.append(_simulate_scenario(study, graphs, scenario, truth, mtd, n_trials, seed, report))
            done += n_trials
    else:
        from joblib import Parallel, delayed

        parts = []
        runner = Parallel(n_jobs=jobs, return_as="generator")
        for part in runner(delayed(_simulate_alone)(study, designs, *task, n_trials, seed) for task in tasks):
            parts.append(part)
            if progress is not None:
                progress(n_trials * len(parts), total)
    found: dict[tuple[str, str], OperatingCharacteristics] = {}
    benchmark: dict[str, FloatArray] = {}
    differences: list[Difference] = []
    for (scenario, _, _), part in zip(tasks, parts, strict=True):
        found |= part.found
        benchmark |= {scenario: part.benchmark[scenario]}
        differences += part.differences
    return _Simulation(found, benchmark, differences)


def _simulate_alone(
    study: Study,
    designs: dict[str, Design],
    scenario: str,
    truth: FloatArray,
    mtd: int,
    n_trials: int,
    seed: int,
) -> _Simulation:
    graphs = {name: DecisionGraph(design) for name, design in designs.items()}
    return _simulate_scenario(study, graphs, scenario, truth, mtd, n_trials, seed, lambda _: None)


def _simulate_scenario(
    study: Study,
    graphs: dict[str, DecisionGraph],
    scenario: str,
    truth: FloatArray,
    mtd: int,
    n_trials: int,
    seed: int,
    report: Callable[[int], None],
) -> _Simulation:
    names = list(graphs)
    pairs = list(combinations(range(len(names)), 2))
    visits = {name: np.zeros(0, dtype=np.int64) for name in names}
    sums = np.zeros((len(pairs), len(DIFFERENCES), 2), dtype=np.int64)
    choices = np.zeros(study.n_doses + 1, dtype=np.int64)
    patients = max([study.max_n, *(graph.design.max_n for graph in graphs.values())])
    done = 0
    for index, trials in enumerate(block_sizes(n_trials)):
        block = TrialBlock.draw(seed, index, patients, trials)
        figures = []
        for name, graph in graphs.items():
            node = play(graph, truth, block)
            visits[name] = np.pad(visits[name], (0, graph.size - len(visits[name])))
            visits[name] += np.bincount(node, minlength=graph.size)
            figures.append(_figures(graph, mtd)[node])
        for row, (a, b) in enumerate(pairs):
            difference = figures[a] - figures[b]
            sums[row, :, 0] += difference.sum(axis=0)
            sums[row, :, 1] += (difference**2).sum(axis=0)
        choice = benchmark_choice(block.latent[: study.max_n], truth, study.target)
        choices += np.bincount(choice, minlength=study.n_doses + 1)
        done += trials
        report(done)
    found = {}
    for name, graph in graphs.items():
        ends, count = graph.ends(visits[name])
        many = ends.summarise(count[None], truth[None], study.target, np.array([mtd]), n_trials)
        found[scenario, name] = one_truth(many)
    mean = sums[..., 0] / n_trials
    error = np.sqrt(np.maximum(sums[..., 1] / n_trials - mean**2, 0) / n_trials)
    differences = [
        Difference(scenario, names[a], names[b], metric, float(mean[row, column]), float(error[row, column]))
        for row, (a, b) in enumerate(pairs)
        for column, metric in enumerate(DIFFERENCES)
    ]
    return _Simulation(found, {scenario: choices[1:] / n_trials}, differences)


def _figures(graph: DecisionGraph, mtd: int) -> npt.NDArray[np.int64]:
    """Return the figures of :data:`DIFFERENCES` at each node, shape (N, 3)."""
    above = graph.tally.n[:, mtd:].sum(axis=1)
    return np.column_stack([graph.selected == mtd, graph.selected > mtd, above]).astype(np.int64)
