"""Designs of a study's variants on truths that are no scenarios: random curves, or the worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray
from doseesc.planning.ensemble import ensemble_figures
from doseesc.planning.size_curves import SizeCurve
from doseesc.planning.sweeps import Plan, Point
from doseesc.planning.worst_case import worst_cases
from doseesc.study import Study


class SizeFigures(NamedTuple):
    """A design at one number of patients; the fields are those of :class:`SizeCurve`."""

    method: str
    correct: float
    correct_se: float
    overdose: float
    overdose_se: float
    patients: float


def by_variant(
    plan: Plan, figures: Callable[[Study], SizeFigures], progress: Callable[[int, int], None] | None
) -> dict[str, SizeCurve]:
    """Return the curves of a plan's designs, each variant looked at by itself."""
    found: dict[str, list[SizeFigures]] = {}
    for done, (point, variant) in enumerate(_variants(plan)):
        if progress is not None:
            progress(done, plan.n_points)
        found.setdefault(plan.design_name(point), []).append(figures(variant))
    if progress is not None:
        progress(plan.n_points, plan.n_points)
    return {design: _curve(rows) for design, rows in found.items()}


def _curve(rows: Sequence[SizeFigures]) -> SizeCurve:
    method = tuple(each.method for each in rows)
    correct, correct_se, overdose, overdose_se, patients = np.array([each[1:] for each in rows], dtype=np.float64).T
    return SizeCurve(method, correct, correct_se, overdose, overdose_se, patients, np.full(len(rows), np.nan))


def _variants(plan: Plan) -> Iterator[tuple[Point, Study]]:
    """Yield the points of a plan and their studies, all of them made before the first is looked at."""
    yield from [(point, plan.variant(point)) for point in plan.points()]


@dataclass(frozen=True)
class OverCurves:
    """A design under random curves."""

    truths: FloatArray
    trials: int
    seed: int
    memory_limit: int
    enumerating: Callable[[str, int, int], None] | None
    notes: list[str]

    def __call__(self, study: Study) -> SizeFigures:
        """Return its mean figures."""
        by_design, notes = ensemble_figures(
            study,
            self.truths,
            trials=self.trials,
            seed=self.seed,
            memory_limit=self.memory_limit,
            enumerating=self.enumerating,
        )
        self.notes.extend(note for note in notes if note not in self.notes)
        (found,) = by_design.values()
        correct, overdose = (found.values[name] for name in ("correct_selection", "overdose_selection"))
        return SizeFigures(
            found.method,
            float(correct.mean()),
            _error_of_mean(correct),
            float(overdose.mean()),
            _error_of_mean(overdose),
            float(found.values["total_patients"].mean()),
        )


def _error_of_mean(values: FloatArray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class OverWorst:
    """A design under its worst truths."""

    separation: float
    memory_limit: int
    enumerating: Callable[[str, int, int], None] | None

    def __call__(self, study: Study) -> SizeFigures:
        """Return its least chance of being right and its greatest of selecting a dose that is too toxic."""
        told = self.enumerating
        found = worst_cases(study, separation=self.separation, memory_limit=self.memory_limit, enumerating=told)
        ((correct, toxic),) = found.found.values()
        patients = float(correct.overall.characteristics.total_patients)
        return SizeFigures("exact", correct.overall.value, 0.0, toxic.overall.value, 0.0, patients)
