"""How many patients designs need, as found: figures at growing numbers of patients, and what reaches the goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from designs.arrays import BoolArray, FloatArray
from doseesc.files import rounded_rows
from doseesc.planning.crm_size import CrmSampleSize
from doseesc.study import Study

if TYPE_CHECKING:
    import pandas as pd

Over = Literal["scenarios", "ensemble", "worst"]

_ROUNDING = 1e-12
_FIGURES = {
    "correct": "correct_selection",
    "correct_se": "se",
    "overdose": "overdose_selection",
    "overdose_se": "overdose_se",
    "patients": "total_patients",
    "duration_days": "duration_days",
}


@dataclass(frozen=True)
class SizeCurve:
    """A design at growing numbers of patients, K of them.

    Attributes
    ----------
    method : tuple of str
        How each was computed: "exact", "monte_carlo", or "calendar" where trials were simulated in time.
    correct, overdose : array, shape (K,)
        Chances of selecting the true MTD and of selecting a dose above it.
    correct_se, overdose_se : array, shape (K,)
        Their standard errors, from simulation or from the number of random curves; 0 where there is none.
    patients, duration_days : array, shape (K,)
        Means; NaN where they are not known.
    """

    method: tuple[str, ...]
    correct: FloatArray
    correct_se: FloatArray
    overdose: FloatArray
    overdose_se: FloatArray
    patients: FloatArray
    duration_days: FloatArray


@dataclass(frozen=True)
class SampleSizes:
    """How many patients designs need.

    Attributes
    ----------
    study : Study
    over : {"scenarios", "ensemble", "worst"}
    truths : int
        How many truths there are; 0 where they are searched for.
    correct : float
        The goal: the least chance of selecting the true MTD.
    overdose : float or None
        The largest chance of selecting a dose above it, if that is part of the goal.
    sizes : tuple of int, length K
        Largest numbers of patients, ascending.
    curves : dict of str to SizeCurve
        By design.
    approximation : CrmSampleSize or None
        What a formula asks for, where one of the designs is a CRM and the truths tell how far doses are apart.
    notes : tuple of str
        What the reader should know.
    """

    study: Study
    over: Over
    truths: int
    correct: float
    overdose: float | None
    sizes: tuple[int, ...]
    curves: dict[str, SizeCurve]
    approximation: CrmSampleSize | None = None
    notes: tuple[str, ...] = ()

    def reached(self, design: str) -> BoolArray:
        """Return at which numbers of patients a design reaches the goal, shape (K,)."""
        curve = self.curves[design]
        good = curve.correct >= self.correct - _ROUNDING
        if self.overdose is not None:
            good &= curve.overdose <= self.overdose + _ROUNDING
        return good

    def first(self, design: str) -> int | None:
        """Return the smallest number of patients that reaches the goal; None where none does."""
        good = np.flatnonzero(self.reached(design))
        return self.sizes[good[0]] if len(good) else None

    def kept(self, design: str) -> int | None:
        """Return the smallest number of patients from which on, up to the largest looked at, the goal is kept."""
        bad = np.flatnonzero(~self.reached(design))
        start = int(bad[-1]) + 1 if len(bad) else 0
        return self.sizes[start] if start < len(self.sizes) else None

    def best(self, design: str) -> int:
        """Return the number of patients at which a design is most often right, of equal ones the smallest.

        Among those that do not select a dose above the true MTD too often, if there are any.
        """
        curve = self.curves[design]
        allowed = np.ones(len(self.sizes), dtype=np.bool_)
        if self.overdose is not None and (curve.overdose <= self.overdose).any():
            allowed = curve.overdose <= self.overdose
        return self.sizes[int(np.argmax(np.where(allowed, np.round(curve.correct, 12), -1.0)))]

    def at(self, design: str, size: int) -> dict[str, float]:
        """Return the figures of a design at one number of patients: the fields of :class:`SizeCurve` but ``method``."""
        place = self.sizes.index(size)
        curve = self.curves[design]
        return {name: float(getattr(curve, name)[place]) for name in _FIGURES}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per design and number of patients.

        Columns: ``design, max_n, method, correct_selection, se, overdose_selection, overdose_se, total_patients,
        duration_days, reaches_goal``; under the worst truths ``overdose_selection`` is the greatest chance of selecting
        a dose that is too toxic.
        """
        import pandas as pd

        rows = []
        for design, curve in self.curves.items():
            columns = [getattr(curve, name) for name in _FIGURES]
            rows += list(
                zip([design] * len(self.sizes), self.sizes, curve.method, *columns, self.reached(design), strict=True)
            )
        return pd.DataFrame(rows, columns=["design", "max_n", "method", *_FIGURES.values(), "reaches_goal"])

    def to_dict(self) -> dict[str, Any]:
        """Return the answer and the curves as plain values, for JSON."""
        return {
            "goal": {"correct_selection": self.correct, "overdose_selection": self.overdose, "over": self.over},
            "answer": {
                name: {"kept_from": self.kept(name), "first": self.first(name), "best": self.best(name)}
                for name in self.curves
            },
            "curves": rounded_rows(self.to_frame()),
            "crm_approximation": None if self.approximation is None else self.approximation.to_dict(),
            "notes": list(self.notes),
        }
