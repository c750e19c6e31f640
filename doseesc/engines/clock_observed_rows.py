"""The patients of a block as an observation model shows them, in rows of all trials, for engines in plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.watched_patients import Watched, what_and_when
from doseesc.truth import day_gap

_ROWS = 6  # replacements per trial drawn at a time


class ObservedRows:
    """The patients of a block under one truth: what becomes of each at every level, and what lies between arrivals.

    Parameters
    ----------
    drawn : DrawnPatients
        With an observation model.
    truth : array, shape (J,)
    table : array
        The intensity of arrivals.
    """

    def __init__(self, drawn: DrawnPatients, truth: FloatArray, table: FloatArray) -> None:
        self._drawn, self._truth, self._table = drawn, truth, table
        self._numbers: FloatArray = np.empty((0, 0))
        parts = drawn.watched(_ROWS)
        self.first_patients, self.trials = parts[0].latent.shape
        # At a steady rate days are numbers over the rate, whatever the day.
        self.steady = len(table) == 1
        self._parts = 0
        self._what, self._day = np.empty(0, dtype=np.uint8), np.empty(0)
        self._read(parts)

    def _read(self, parts: list[Watched]) -> None:
        levels, trials = len(self._truth), self.trials
        new = parts[self._parts :]
        rows = sum(len(part.latent) for part in new)
        what, day = np.empty((rows, levels, trials), dtype=np.uint8), np.empty((rows, levels, trials))
        at = 0
        for part in new:
            end = at + len(part.latent)
            for level, chance in enumerate(self._truth):
                what[at:end, level], day[at:end, level] = what_and_when(part, float(chance))
            at = end
        self._what = np.concatenate([self._what, what.ravel()]) if self._parts else what.ravel()
        self._day = np.concatenate([self._day, day.ravel()]) if self._parts else day.ravel()
        self._parts = len(parts)

    def column(self, level: IntArray, row: IntArray) -> IntArray:
        """Return where the patients of trials at levels, from 1, are found by :meth:`take`."""
        column: IntArray = (level - 1) * self.trials + row
        return column

    def take(self, who: IntArray, column: IntArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return what becomes of patients, and after how many days; replacements follow the first patients."""
        place = who * (len(self._truth) * self.trials)
        place += column
        while place.max(initial=0) >= len(self._what):
            self._read(self._drawn.watched(_ROWS, more=True))
        return self._what.take(place), self._day.take(place)

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
