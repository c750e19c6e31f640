"""Designs compared trial by trial on the calendar, on the same patients: the duration, and what they select and treat.

Patients, their arrivals and the times of their DLTs are drawn from the seed alone, so that designs meet the same ones.
The difference is that of the figures of all trials; its standard error is that of single trials' differences, of the
first :data:`KEPT` where there are more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines import (
    BLOCK,
    COLUMNS,
    DecisionGraph,
    ObservedBlock,
    OperatingCharacteristics,
    TimeFigures,
    TrialBlock,
    figures_of_trials,
    play,
    play_observed,
)
from doseesc.pieces import block_sizes
from doseesc.results import Difference
from doseesc.runs.simulation import DIFFERENCES, figures_at
from doseesc.truth import ObservationModel

if TYPE_CHECKING:
    from doseesc.engines import Ended  # compiles, which not every study needs
    from doseesc.study import Study

KEPT = 8 * BLOCK
"""Trials of each design that are kept one by one."""

DURATION = "duration_days"
_DURATION = COLUMNS.index(DURATION)

Key = tuple[str, str]


@dataclass
class KeptTrials:
    """Single trials, block by block, by scenario and design.

    Attributes
    ----------
    durations : dict
        Days, arrays (S,) in the order of the blocks.
    figures : dict
        Of designs whose figures are from the calendar, arrays (S, F) of :data:`doseesc.runs.simulation.DIFFERENCES`.
    """

    durations: dict[Key, list[FloatArray]] = field(default_factory=dict)
    figures: dict[Key, list[IntArray]] = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: Sequence[KeptTrials]) -> KeptTrials:
        """Put the trials of several scenarios together."""
        whole = cls()
        for part in parts:
            whole.durations.update(part.durations)
            whole.figures.update(part.figures)
        return whole

    def note_days(self, key: Key, index: int, figures: FloatArray) -> None:
        """Keep how long the trials of a block took, whose figures (S, C) are those of the clock."""
        if index * BLOCK < KEPT:
            self.durations.setdefault(key, []).append(figures[:, _DURATION].copy())

    def note_ends(self, key: Key, index: int, ended: Ended, max_n: int, right: BoolArray) -> None:
        """Keep what the trials of a block selected, and whom they treated."""
        if index * BLOCK < KEPT:
            found = figures_of_trials(ended.n, ended.dlt, ended.selected, max_n + ended.backfilled, right)
            self.figures.setdefault(key, []).append(np.column_stack([found[name] for name in DIFFERENCES]))


def timed_differences(
    study: Study,
    kept: KeptTrials,
    times: Mapping[Key, TimeFigures],
    characteristics: Mapping[Key, OperatingCharacteristics],
    n_trials: int,
    seed: int,
    graphs: Mapping[str, DecisionGraph],
) -> list[Difference]:
    """Return the differences of all pairs of designs in the duration, and those that need the calendar in the rest.

    Parameters
    ----------
    study : Study
    kept : KeptTrials
    times : mapping
        The figures about time of all trials, by scenario and design; none, none are compared.
    characteristics : mapping
        The simulated figures of all trials.  Pairs of designs that are both in it, at least one of them from the
        calendar, are compared in :data:`doseesc.runs.simulation.DIFFERENCES`.
    n_trials, seed : int
    graphs : mapping
        Decisions of designs that are known already.

    Returns
    -------
    list of Difference
    """
    if not times:
        return []
    known, differences = dict(graphs), []
    for scenario, truth in study.truths.items():
        days = {name: np.concatenate(kept.durations[scenario, name]) for name in study.names}
        timed = {name for name in study.names if (scenario, name) in kept.figures}
        figures = {name: np.concatenate(kept.figures[scenario, name]) for name in timed}
        if timed:
            right = study.right_levels(truth)
            others = [name for name in study.names if name not in timed and (scenario, name) in characteristics]
            for name in others:
                if name not in known:
                    known[name] = DecisionGraph(study.designs[name])
                figures[name] = _of_known_outcomes(known[name], truth, right, n_trials, seed, study.own_model)
        for a, b in combinations(study.names, 2):
            if a in figures and b in figures and {a, b} & timed:
                error = _errors(figures[a] - figures[b], n_trials)
                for column, metric in enumerate(DIFFERENCES):
                    first, second = (float(getattr(characteristics[scenario, name], metric)) for name in (a, b))
                    differences.append(Difference(scenario, a, b, metric, first - second, float(error[column])))
            difference = times[scenario, a].duration_days - times[scenario, b].duration_days
            error = _errors(days[a] - days[b], n_trials)
            differences.append(Difference(scenario, a, b, DURATION, difference, float(error)))
    return differences


def in_order(study: Study, differences: Sequence[Difference]) -> list[Difference]:
    """Return differences scenario by scenario and pair by pair."""
    scenarios, names = list(study.truths), study.names
    return sorted(
        differences,
        key=lambda each: (scenarios.index(each.scenario), names.index(each.design_a), names.index(each.design_b)),
    )


def _of_known_outcomes(
    graph: DecisionGraph, truth: FloatArray, right: BoolArray, n_trials: int, seed: int, model: ObservationModel | None
) -> IntArray:
    """Return the figures (S, F) of trials of a design that does not depend on the calendar, as observed."""
    parts, observed = [], None if model is None else ObservedBlock(model, seed)
    for index, trials in enumerate(block_sizes(min(n_trials, KEPT), BLOCK)):
        block = TrialBlock.draw(seed, index, graph.design.max_n, trials)
        if observed is None:
            node = play(graph, truth, block)
        else:
            observed.begin(block, index)
            node, _ = play_observed(graph, truth, observed)
        parts.append(figures_at(graph, right, DIFFERENCES)[node])
    return np.concatenate(parts)


def _errors(difference: FloatArray | IntArray, n_trials: int) -> FloatArray:
    """Return the standard errors of mean differences of all trials from some of them, (S, ...)."""
    return np.asarray(difference.std(axis=0) / np.sqrt(n_trials))
