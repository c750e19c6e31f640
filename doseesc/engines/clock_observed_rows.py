"""Patients as an observation model shows them, row by row: for `doseesc.engines.clock_complete_observed`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_truth_sets import Parted, TruthSets
from doseesc.engines.patients_at_risk import DRUG_COUNTED
from doseesc.engines.watched_patients import Touched, Watched
from doseesc.truth import ObservationModel, day_gap

_ROWS = 6  # replacements per trial drawn at a time


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

    def take(self, who: IntArray, row: IntArray, chance: FloatArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return what becomes of patients at doses with these DLT probabilities, and after how many days.

        Replacements follow the first patients.  What is said of other bits than those of leaving and of DLTs counted
        holds only of those who are touched.
        """
        place = self._place(who, row)
        counted = self._counted_above.take(place) < chance
        what = counted.view(np.uint8) * DRUG_COUNTED
        day = np.where(counted, self._dlt_day.take(place), self._model.window)
        which = self._which.take(place)
        some = np.flatnonzero(which >= 0)
        if len(some):
            assert self._touched is not None, "patients have been read"
            what[some], day[some] = self._touched.take(which[some]).outcomes(self._model, chance[some], counted[some])
        return what, day

    def part(self, truths: TruthSets, who: IntArray, row: IntArray, level: IntArray, sets: IntArray) -> Parted | None:
        """Part the sets of truths under which trials are the same but for the outcomes of these patients."""
        lowest, highest = truths.chance(sets, level)
        some = np.flatnonzero(lowest < highest)
        if not len(some):
            return None
        place = self._place(who[some], row[some])
        latent, touched = self._counted_above.take(place), self._which.take(place) >= 0
        parts = (latent < highest[some]) & (touched | (latent >= lowest[some]))
        if self._dependent:
            parts |= touched
        which = np.flatnonzero(parts)
        if not len(which):
            return None
        some, latent, touched = some[which], latent[which], touched[which]
        parted = truths.parted(sets[some], level[some], latent, touched, touched & self._dependent)
        return parted.among(some)

    def _place(self, who: IntArray, row: IntArray) -> IntArray:
        place: IntArray = who * self.trials
        place += row
        while place.max(initial=0) >= len(self._counted_above):
            self._read(self._drawn.watched(_ROWS, more=True))
        return place

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
