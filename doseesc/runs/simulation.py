"""Simulate a study: every design under every scenario and observation model, on the same patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from designs import Design
from designs.arrays import BoolArray, FloatArray
from doseesc.engines import (
    BLOCK,
    DecisionGraph,
    Observed,
    ObservedBlock,
    OperatingCharacteristics,
    SeenSums,
    TrialBlock,
    TrialEnds,
    figures_of_trials,
    one_truth,
    play,
    play_observed,
)
from doseesc.finite import finite_numbers
from doseesc.pieces import answers, block_sizes
from doseesc.results import Difference
from doseesc.runs.arm_analysis import arms_analysed
from doseesc.truth import ObservationModel

if TYPE_CHECKING:
    from doseesc.pieces import Jobs
    from doseesc.study import Study


DIFFERENCES = ("correct_selection", "overdose_selection", "patients_above_mtd", "total_patients")
"""The figures of which designs are compared trial by trial."""


@dataclass(frozen=True)
class Simulation:
    """What was simulated.

    Attributes
    ----------
    found, observed : dict of (scenario, design)
        ``observed`` is empty where only the drug matters.
    differences : list of Difference
    ends : dict of (scenario, design)
        How trials ended, with the number or probability of each end; only where the Phase 2 arms are analysed.
    """

    found: dict[tuple[str, str], OperatingCharacteristics] = field(default_factory=dict)
    observed: dict[tuple[str, str], Observed] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    ends: dict[tuple[str, str], tuple[TrialEnds, FloatArray]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Task:
    """One scenario as one observation model shows it; None = the drug alone."""

    policy: str | None
    scenario: str
    truth: FloatArray
    right: BoolArray
    model: ObservationModel | None


def simulate_all(
    study: Study,
    names: set[str],
    n_trials: int,
    seed: int,
    jobs: Jobs,
    progress: Callable[[int, int], None] | None,
    graphs: dict[str, DecisionGraph],
) -> dict[str | None, Simulation]:
    """Simulate the named designs under every observation model, and under None: the drug alone.

    What is known of the designs' decisions is in ``graphs``; what one process learns is left there.
    """
    whole = {policy: Simulation() for policy in (None, *study.observations)}
    designs = {name: design for name, design in study.designs.items() if name in names}
    if not designs:
        return whole
    models: dict[str | None, ObservationModel | None] = {None: None}
    models.update(study.observations)
    tasks = [
        _Task(policy, scenario, truth, study.right_levels(truth), model)
        for policy, model in models.items()
        for scenario, truth in study.truths.items()
    ]
    total = n_trials * len(tasks)
    if jobs == 1:
        blocks = {policy: ObservedBlock(model, seed) for policy, model in models.items() if model is not None}
        own = {name: graphs[name] if name in graphs else DecisionGraph(design) for name, design in designs.items()}
        graphs.update(own)
        draw = lru_cache(maxsize=1)(partial(TrialBlock.draw, seed))  # few trials are the same block in all tasks
        done = 0
        parts = []
        for task in tasks:

            def report(trials: int, before: int = done) -> None:
                if progress is not None:
                    progress(before + trials, total)

            parts.append(_simulate_scenario(study, own, task, n_trials, draw, report, blocks.get(task.policy)))
            done += n_trials
    else:
        parts = []
        for part in answers(partial(_simulate_alone, study, designs, n_trials, seed), tasks, jobs):
            parts.append(part)
            if progress is not None:
                progress(n_trials * len(parts), total)
    for task, part in zip(tasks, parts, strict=True):
        whole[task.policy].found.update(part.found)
        whole[task.policy].observed.update(part.observed)
        whole[task.policy].differences.extend(part.differences)
        whole[task.policy].ends.update(part.ends)
    return whole


@finite_numbers()
def _simulate_alone(study: Study, designs: dict[str, Design], n_trials: int, seed: int, task: _Task) -> Simulation:
    graphs = {name: DecisionGraph(design) for name, design in designs.items()}
    block = None if task.model is None else ObservedBlock(task.model, seed)
    draw = partial(TrialBlock.draw, seed)
    return _simulate_scenario(study, graphs, task, n_trials, draw, lambda _: None, block)


def _simulate_scenario(
    study: Study,
    graphs: dict[str, DecisionGraph],
    task: _Task,
    n_trials: int,
    draw: Callable[[int, int, int], TrialBlock],
    report: Callable[[int], None],
    observed: ObservedBlock | None,
) -> Simulation:
    truth, right = task.truth, task.right
    names = list(graphs)
    pairs = list(combinations(range(len(names)), 2))
    visits = {name: np.zeros(0, dtype=np.int64) for name in names}
    sums = np.zeros((len(pairs), len(DIFFERENCES), 2), dtype=np.int64)
    patients = max([study.max_n, *(graph.design.max_n for graph in graphs.values())])
    besides = {name: SeenSums() for name in names}
    done = 0
    for index, trials in enumerate(block_sizes(n_trials, BLOCK)):
        block = draw(index, patients, trials)
        if observed is not None:
            observed.begin(block, index)
        figures = []
        for name, graph in graphs.items():
            if observed is None:
                node = play(graph, truth, block)
            else:
                node, seen = play_observed(graph, truth, observed)
                besides[name].add(seen, graph.tally.total_n[node], graph.tally.total_dlt[node])
            visits[name] = np.pad(visits[name], (0, graph.size - len(visits[name])))
            visits[name] += np.bincount(node, minlength=graph.size)
            figures.append(figures_at(graph, right, DIFFERENCES)[node])
        for row, (a, b) in enumerate(pairs):
            difference = figures[a] - figures[b]
            sums[row, :, 0] += difference.sum(axis=0)
            sums[row, :, 1] += (difference**2).sum(axis=0)
        done += trials
        report(done)
    found, more, kept = {}, {}, {}
    keep = arms_analysed(study, task.policy)
    for name, graph in graphs.items():
        ends, count = graph.ends(visits[name])
        many = ends.summarise(count[None], truth[None], study.target, right[None], n_trials)
        found[task.scenario, name] = one_truth(many)
        if keep:
            kept[task.scenario, name] = ends, count
        if task.model is not None:
            law = task.model.law(truth)
            more[task.scenario, name] = besides[name].observed(found[task.scenario, name], ends, count, law)
    mean = sums[..., 0] / n_trials
    error = np.sqrt(np.maximum(sums[..., 1] / n_trials - mean**2, 0) / n_trials)
    differences = [
        Difference(task.scenario, names[a], names[b], metric, float(mean[row, column]), float(error[row, column]))
        for row, (a, b) in enumerate(pairs)
        for column, metric in enumerate(DIFFERENCES)
    ]
    return Simulation(found, more, differences, kept)


def figures_at(graph: DecisionGraph, right: BoolArray, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the figures of these names at each node, side by side."""
    found = figures_of_trials(graph.tally.n, graph.tally.dlt, graph.selected, graph.design.max_n, right)
    return np.column_stack([found[name] for name in names]).astype(np.int64)
