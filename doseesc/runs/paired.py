"""Two simulated runs on the same patients, trial by trial: the standard errors of their paired differences.

Patients are drawn from the seed alone, one latent number each, so that two runs of the same seed and number of trials
treat the same patients whatever their designs, doses or scenarios.  Both are simulated again from what they were made
of, and the difference of every figure is taken in every trial.  A design that no longer gives the figures of its run,
because another version simulated it, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs import Design
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines import (
    BLOCK,
    METRICS,
    DecisionGraph,
    ObservedBlock,
    OperatingCharacteristics,
    TrialBlock,
    play,
    play_observed,
)
from doseesc.pieces import block_sizes
from doseesc.runs.simulation import figures_at

if TYPE_CHECKING:
    from doseesc.results import Results

Key = tuple[str, str]

SAME = 1e-9
"""Relative difference up to which figures that are simulated again are those of the run."""


def same_patients(first: Results, second: Results) -> bool:
    """Say whether two runs simulated the same patients."""
    return (first.seed, first.n_trials, first.study.n_doses) == (second.seed, second.n_trials, second.study.n_doses)


def paired_errors(first: Results, second: Results) -> dict[Key, dict[str, FloatArray]]:
    """Return the standard errors of the paired differences of all figures, by (scenario, design).

    Parameters
    ----------
    first, second : Results

    Returns
    -------
    dict of (scenario, design) to dict of metric to array
        Each of the shape of the figure, 1 for single ones.  Only where both runs simulated the design without an exact
        value, on the same patients, and give the same figures again.
    """
    if not same_patients(first, second):
        return {}
    found: dict[Key, dict[str, FloatArray]] = {}
    for key, cell in first.cells.items():
        other = second.cells.get(key)
        if other is None or {cell.best.method, other.best.method} != {"monte_carlo"}:
            continue
        errors = _paired(_Replay.of(first, key), _Replay.of(second, key), first.seed, first.n_trials)
        if errors is not None:
            found[key] = errors
    return found


@dataclass
class _Replay:
    """One design under one scenario of a run, to be simulated again."""

    graph: DecisionGraph
    truth: FloatArray
    right: BoolArray
    patients: int
    observed: ObservedBlock | None
    known: OperatingCharacteristics

    @classmethod
    def of(cls, results: Results, key: Key) -> _Replay:
        study = results.study
        scenario, name = key
        designs: dict[str, Design] = study.designs
        model = study.own_model
        return cls(
            DecisionGraph(designs[name]),
            study.truths[scenario],
            study.right_levels(study.truths[scenario]),
            max([study.max_n, *(each.max_n for each in designs.values())]),
            None if model is None else ObservedBlock(model, results.seed),
            results.cells[key].best,
        )

    def play(self, seed: int, index: int, trials: int) -> IntArray:
        """Return all figures of each trial of a block, shape (trials, figures)."""
        block = TrialBlock.draw(seed, index, self.patients, trials)
        if self.observed is None:
            node = play(self.graph, self.truth, block)
        else:
            self.observed.begin(block, index)
            node, _ = play_observed(self.graph, self.truth, self.observed)
        return figures_at(self.graph, self.right, METRICS)[node]

    def agrees(self, mean: FloatArray) -> bool:
        """Whether simulating again gives the figures of the run."""
        known = np.concatenate(_listed(self.known))
        said = ~np.isnan(known)  # earlier results lack some figures
        return bool(np.allclose(mean[said], known[said], rtol=0, atol=SAME))


def _paired(first: _Replay, second: _Replay, seed: int, n_trials: int) -> dict[str, FloatArray] | None:
    sizes = [len(each) for each in _listed(first.known)]
    sums = np.zeros((4, sum(sizes)))
    for index, trials in enumerate(block_sizes(n_trials, BLOCK)):
        a, b = (each.play(seed, index, trials) for each in (first, second))
        difference = b - a
        sums += [each.sum(axis=0) for each in (a, b, difference, difference**2)]
    mean_a, mean_b, mean, square = sums / n_trials
    if not (first.agrees(mean_a) and second.agrees(mean_b)):
        return None
    error = np.sqrt(np.maximum(square - mean**2, 0.0) / n_trials)
    return dict(zip(METRICS, np.split(error, np.cumsum(sizes)[:-1]), strict=True))


def _listed(characteristics: OperatingCharacteristics) -> list[FloatArray]:
    return [np.atleast_1d(getattr(characteristics, name)) for name in METRICS]
