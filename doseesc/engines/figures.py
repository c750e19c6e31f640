"""The figures that describe a design: their names, their values at the end of a trial, their tidy rows."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple, Protocol

import numpy as np

from designs.arrays import BoolArray, IntArray
from doseesc.truth import highest_right

METRICS = (
    "selected",
    "patients",
    "dlts",
    "total_patients",
    "total_dlts",
    "stopped_early",
    "untried_selection",
    "correct_selection",
    "overdose_selection",
    "patients_above_mtd",
)
"""The figures of the tidy table, in its order; the first three have one value per level."""

BY_LEVEL = METRICS[:3]
ABOUT_MTD = METRICS[7:]
"""Figures that are NaN where no true MTD is known."""
FURTHER = ("highest_tested", "unbounded")
DISTRIBUTIONS = ("patients_distribution", "dlts_distribution")
"""What the tidy table leaves out: single figures, and distributions of numbers from 0."""


class TidyRow(NamedTuple):
    """One figure; ``level`` is None for figures of the whole trial."""

    metric: str
    level: int | None
    value: float
    mcse: float


class Figures(Protocol):
    """Whatever has the figures of :data:`METRICS` under their names, and their standard errors in ``mcse``."""

    @property
    def mcse(self) -> SimpleNamespace:
        """Monte Carlo standard errors under the same names."""


def tidy_rows(figures: Figures) -> Iterator[TidyRow]:
    """Yield the figures of :data:`METRICS` one by one, with the level of those that have one value per level."""
    for metric in METRICS:
        value, error = getattr(figures, metric), getattr(figures.mcse, metric)
        if metric not in BY_LEVEL:
            yield TidyRow(metric, None, float(value), float(error))
            continue
        for level, (each, its_error) in enumerate(zip(value, error, strict=True), start=first_level(metric)):
            yield TidyRow(metric, level, float(each), float(its_error))


def first_level(metric: str) -> int:
    """Return the level of the first value of a figure by level: 0, no dose, can be selected, but not given."""
    return 0 if metric == "selected" else 1


def figures_of_trials(
    n: IntArray, dlt: IntArray, selected: IntArray, max_n: int | IntArray, right: BoolArray
) -> dict[str, IntArray]:
    """Return the figures of :data:`METRICS` of single trials, of which those of a design are expectations.

    Parameters
    ----------
    n, dlt : array of int, shape (T, J)
        Patients and DLTs per level.
    selected : array of int, shape (T,)
    max_n : int or array of int, shape (T,)
        Patients of a trial that has not stopped early.
    right : array of bool, shape (J + 1,)
        Levels that are right to select, index 0 being "none".

    Returns
    -------
    dict of str to array of int, shape (T,)
        Shape (T, J + 1) for ``selected``, (T, J) for ``patients`` and ``dlts``.

    Examples
    --------
    >>> right = np.array([False, True, False])
    >>> found = figures_of_trials(np.array([[3, 6]]), np.array([[0, 2]]), np.array([1]), max_n=12, right=right)
    >>> found["selected"].tolist(), found["patients_above_mtd"].tolist()
    ([[0, 1, 0]], [6])
    """
    total, mtd = n.sum(axis=1), int(highest_right(right))
    at_selected = n[np.arange(len(n)), np.maximum(selected, 1) - 1]
    return {
        "selected": (selected[:, None] == np.arange(n.shape[1] + 1)).astype(np.int64),
        "patients": n,
        "dlts": dlt,
        "total_patients": total,
        "total_dlts": dlt.sum(axis=1),
        "stopped_early": (total < max_n).astype(np.int64),
        "untried_selection": ((selected > 0) & (at_selected == 0)).astype(np.int64),
        "correct_selection": right[selected].astype(np.int64),
        "overdose_selection": (selected > mtd).astype(np.int64),
        "patients_above_mtd": n[:, mtd:].sum(axis=1),
    }
