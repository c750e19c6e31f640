"""What is noted of trials that have ended: for `doseesc.engines.clock_complete_observed`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_ends import COLUMNS
from doseesc.engines.clock_truth_sets import TruthSets
from doseesc.truth import DAYS_PER_MONTH


class EndedTrials:
    """The figures of a block's trials, each noted once for all truths under which it is the same."""

    def __init__(self, truths: TruthSets, trials: int) -> None:
        self._truths, self._trials = truths, trials
        self._rows: list[IntArray] = []
        self._sets: list[IntArray] = []
        self._figures: list[Mapping[str, FloatArray | IntArray | int]] = []

    def note(self, row: IntArray, sets: IntArray, figures: Mapping[str, FloatArray | IntArray | int]) -> None:
        """Take note of trials (B,): their rows, the truths, and figures by the names of ``COLUMNS``, months apart.

        Those that are not given are 0.
        """
        self._rows.append(row)
        self._sets.append(sets)
        self._figures.append(figures)

    def by_truth(self) -> list[FloatArray]:
        """Return the figures of all trials, (S, C), under each truth."""
        row, sets = np.concatenate(self._rows), np.concatenate(self._sets)
        given = {name: self._column(name) for name in COLUMNS if name in self._figures[0]}
        given["months"] = given["duration_days"] / np.float64(DAYS_PER_MONTH)
        found = []
        for some in self._truths.members(sets):
            place = np.empty(self._trials, dtype=np.int64)
            place[row.take(some)] = some
            figures = np.zeros((self._trials, len(COLUMNS)))
            for name, values in given.items():
                figures[:, COLUMNS.index(name)] = values.take(place)
            found.append(figures)
        return found

    def _column(self, name: str) -> FloatArray:
        parts = [np.broadcast_to(each[name], len(row)) for each, row in zip(self._figures, self._rows, strict=True)]
        return np.concatenate(parts).astype(np.float64)
