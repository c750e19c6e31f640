"""Patients as an observation model shows them, row by row: for `doseesc.engines.clock_complete_observed`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_truth_sets import Parted, TruthSets
from doseesc.engines.patients_at_risk import DRUG_COUNTED
from doseesc.engines.watched_patients import Touched, Watched
from doseesc.truth import ObservationModel, day_gap

_ROWS = 6  # replacements per trial drawn at a time


class Met(NamedTuple):
    """Patients of B trials: where they are found, the drug's latent number, and where among the touched, or -1."""

    place: IntArray
    latent: FloatArray
    which: npt.NDArray[np.int32]

    def take(self, index: IntArray) -> Met:
        """Return those of some trials."""
        return Met(self.place.take(index), self.latent.take(index), self.which.take(index))

    def with_copies(self, copied: IntArray) -> Met:
        """Return them with those of copies of trials."""
        return Met(*(np.concatenate([array, array.take(copied)]) for array in self))


class ObservedRows:
    """The patients of a block: what becomes of each at a DLT probability, and what lies between arrivals.

    Parameters
    ----------
    drawn : DrawnPatients
        With an observation model.
    model : ObservationModel
    table : array
        The intensity of arrivals.
    """

    def __init__(self, drawn: DrawnPatients, model: ObservationModel, table: FloatArray) -> None:
        self._drawn, self._model, self._table = drawn, model, table
        self._numbers: FloatArray = np.empty((0, 0))
        parts = drawn.watched(_ROWS)
        self.first_patients, self.trials = parts[0].latent.shape
        # At a steady rate days are numbers over the rate, whatever the day.
        self.steady = len(table) == 1
        self._dependent = model.death_relative_risk != 1
        self._parts = 0
        self._counted_above, self._dlt_day = np.empty(0), np.empty(0)
        self._which = np.empty(0, dtype=np.int32)  # the place among the touched, or -1
        self._touched: Touched | None = None
        self._read(parts)

    def _read(self, parts: list[Watched]) -> None:
        new = parts[self._parts :]
        before = [] if self._touched is None else [self._touched]
        count = sum(len(each.latent) for each in before)
        which = []
        for part in new:
            places = np.full(part.latent.size, -1, dtype=np.int32)
            places[part.touched.place] = np.arange(count, count + len(part.touched.latent))
            count += len(part.touched.latent)
            which.append(places)
        self._which = np.concatenate([self._which, *which])
        self._counted_above = np.concatenate([self._counted_above, *(p.at_risk.counted_above.ravel() for p in new)])
        self._dlt_day = np.concatenate([self._dlt_day, *(part.dlt_day.ravel() for part in new)])
        self._touched = Touched.joined([*before, *(part.touched for part in new)])
        self._parts = len(parts)

    def meet(self, who: IntArray, row: IntArray) -> Met:
        """Return patients of trials; replacements follow the first patients."""
        place: IntArray = who * self.trials
        place += row
        while place.max(initial=0) >= len(self._counted_above):
            self._read(self._drawn.watched(_ROWS, more=True))
        return Met(place, self._counted_above.take(place), self._which.take(place))

    def outcomes(self, met: Met, chance: FloatArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return what becomes of patients at doses with these DLT probabilities, and after how many days.

        What is said besides leaving and DLTs counted holds only of those to whom other things may happen.
        """
        counted = met.latent < chance
        what = counted.view(np.uint8) * DRUG_COUNTED
        day = np.where(counted, self._dlt_day.take(met.place), self._model.window)
        some = np.flatnonzero(met.which >= 0)
        if len(some):
            assert self._touched is not None, "patients have been read"
            which, drug = met.which.take(some), counted.take(some)
            what[some], day[some] = self._touched.ends(self._model, which, chance.take(some), drug)
        return what, day

    def part(self, truths: TruthSets, met: Met, level: IntArray, sets: IntArray) -> Parted | None:
        """Part the sets of truths under which trials are the same but for the outcomes of these patients."""
        mixed = truths.mixed(sets, level)
        met, level, sets = met.take(mixed), level.take(mixed), sets.take(mixed)
        touched = met.which >= 0
        parts = touched | (met.latent >= truths.lowest(sets, level))
        parts &= met.latent < truths.highest(sets, level)
        if self._dependent:
            parts |= touched
        some = np.flatnonzero(parts)
        if not len(some):
            return None
        touched = touched.take(some)
        by_any = touched & self._dependent
        parted = truths.parted(sets.take(some), level.take(some), met.latent.take(some), touched, by_any)
        return parted.among(mixed.take(some))

    def number(self, patient: int) -> FloatArray:
        """Return the patients (S,) expected from the last arrival to this one, from 0; the days at a steady rate."""
        if patient >= len(self._numbers):
            self._numbers = np.ascontiguousarray(self._drawn.numbers(patient).T)
            if self.steady:
                self._numbers = day_gap(self._table, 0.0, self._numbers)
        return self._numbers[patient]

    def number_of(self, patient: IntArray, row: IntArray) -> FloatArray:
        """Return such numbers of these patients in trials of these rows."""
        self.number(int(patient.max(initial=0)))
        return self._numbers.take(patient * self.trials + row)
