"""By what designs are judged, as the scenario file says under ``comparison``: one score for each design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from doseesc.results.cells import Cells
    from doseesc.study import Study


@dataclass(frozen=True)
class Standing:
    """The designs of a study, D, in its scenarios, S, and what counts.

    Attributes
    ----------
    designs, scenarios : tuple of str
    true_mtds : array, shape (S,)
        Level of each scenario's true MTD; 0 = none.
    weights : array, shape (S,)
        What each scenario counts, in all 1.
    correct, overdose, patients, patients_above : array, shape (D, S)
        Probabilities of selecting the true MTD and a dose above it; patients, and those treated above it.
    error : array, shape (D, S)
        Monte Carlo standard error of ``correct``; 0 where exact.
    price : float
        Points of correct selection that a point of overdosing costs.
    worst_case : bool
        Whether a design is judged by the scenario where it does worst, and not by the mean.
    """

    designs: tuple[str, ...]
    scenarios: tuple[str, ...]
    true_mtds: IntArray
    weights: FloatArray
    correct: FloatArray
    overdose: FloatArray
    patients: FloatArray
    patients_above: FloatArray
    error: FloatArray
    price: float = 0.0
    worst_case: bool = False

    @property
    def values(self) -> FloatArray:
        """What each design reaches in each scenario, (D, S)."""
        return self.correct - self.price * self.overdose

    def mean(self, figure: FloatArray) -> FloatArray:
        """Return the means (D,) of a figure (D, S) over the scenarios."""
        return figure @ self.weights

    @property
    def scores(self) -> FloatArray:
        """What each design reaches in all, (D,)."""
        if self.worst_case:
            return self.values[:, self.weights > 0].min(axis=1)
        return self.mean(self.values)

    @property
    def by_true_mtd(self) -> tuple[IntArray, FloatArray]:
        """The true MTDs that occur, K, and what each design reaches where one is the true MTD, (D, K).

        Scenarios with the same true MTD count as much, within it, as the weights say, and the same where these say
        nothing.
        """
        levels, place = np.unique(self.true_mtds, return_inverse=True)
        share = np.zeros((len(self.scenarios), len(levels)))
        share[np.arange(len(place)), place] = self.weights
        total = share.sum(axis=0)
        for column in np.flatnonzero(total == 0):
            share[place == column, column] = 1.0
        return levels, self.values @ (share / share.sum(axis=0))


def standing(study: Study, cells: Cells) -> Standing:
    """Return where the designs stand, judged as the study says."""
    designs = tuple(dict.fromkeys(design for _, design in cells))
    scenarios = tuple(dict.fromkeys(scenario for scenario, _ in cells))
    truths = study.truths
    true_mtds = np.array([study.true_mtd(truths[name]) for name in scenarios], dtype=np.int64)

    def figures(name: str) -> FloatArray:
        return np.array([[float(getattr(cells[s, d].best, name)) for s in scenarios] for d in designs])

    comparison = study.comparison
    return Standing(
        designs,
        scenarios,
        true_mtds,
        scenario_weights(comparison.weights, scenarios, true_mtds),
        figures("correct_selection"),
        figures("overdose_selection"),
        figures("total_patients"),
        figures("patients_above_mtd"),
        np.array([[float(cells[s, d].best.mcse.correct_selection) for s in scenarios] for d in designs]),
        comparison.price,
        comparison.counts == "worst_case",
    )


def scenario_weights(weights: str | dict[str, float], scenarios: tuple[str, ...], true_mtds: IntArray) -> FloatArray:
    """Return what each scenario counts, (S,), in all 1.

    Parameters
    ----------
    weights : {"true_mtds", "scenarios"} or mapping
        See :class:`doseesc.study.Comparison`.
    scenarios : tuple of str, length S
    true_mtds : array, shape (S,)

    Examples
    --------
    >>> scenario_weights("true_mtds", ("a", "b", "c"), np.array([1, 3, 3])).tolist()
    [0.5, 0.25, 0.25]
    """
    if isinstance(weights, dict):
        found = np.array([weights.get(name, 0.0) for name in scenarios], dtype=np.float64)
    elif weights == "scenarios":
        found = np.ones(len(scenarios))
    else:
        _, place, count = np.unique(true_mtds, return_inverse=True, return_counts=True)
        found = 1 / count[place]
    return found / found.sum()
