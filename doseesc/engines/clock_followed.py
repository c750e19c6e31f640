"""What is left of trials on the calendar once everybody entered has been followed to the end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    COHORT_FIRST,
    FIRST_BACKFILLED,
    N_COUNTS,
    N_DAYS,
    OVER,
    PATIENTS,
    STATUS,
    Trials,
)
from doseesc.engines.clock_numba import compiled, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import FROZEN


class Followed(NamedTuple):
    """S trials, all of whose patients are known; who has left is not among them.

    Attributes
    ----------
    counts, days : arrays, shape (S, ...)
        Those of :class:`doseesc.engines.clock_arrays.Trials`.
    n, dlt : array of int, shape (S, J)
    last : array of int, shape (S, 2)
        Patients and DLTs of the last cohort.
    frozen : array of bool, shape (S,)
        Whether the outcome of anybody who counts in the MTD will never be known.
    end : array, shape (S,)
        Day of the last assessment.
    backfilled, backfilled_dlt : array of int, shape (S, J)
        Of the patients and their DLTs, those backfilled.
    """

    counts: IntArray
    days: FloatArray
    n: IntArray
    dlt: IntArray
    last: IntArray
    frozen: BoolArray
    end: FloatArray
    backfilled: IntArray
    backfilled_dlt: IntArray

    def put(self, rows: IntArray, others: Followed) -> None:
        """Put other trials in these rows."""
        for mine, theirs in zip(self, others, strict=True):
            mine[rows] = theirs


def room_for(size: int, doses: int) -> Followed:
    """Return arrays for so many trials, with nothing in them yet."""
    n, dlt, backfilled, backfilled_dlt = np.empty((4, size, doses), dtype=np.int64)
    return Followed(
        counts=np.empty((size, N_COUNTS), dtype=np.int64),
        days=np.empty((size, N_DAYS)),
        n=n,
        dlt=dlt,
        last=np.empty((size, 2), dtype=np.int64),
        frozen=np.empty(size, dtype=np.bool_),
        end=np.empty(size),
        backfilled=backfilled,
        backfilled_dlt=backfilled_dlt,
    )


def followed_up(trials: Trials, count_all: bool) -> Followed:
    """Follow everybody to the end; frozen are backfilled patients only with ``count_all``."""
    ends = room_for(*trials.n.shape)
    _follow_all(trials, ends, count_all)
    return ends


@compiled
def _follow_all(x: Trials, ends: Followed, count_all: bool) -> None:
    for s in range(len(x.counts)):
        follow(x, s, ends, s, count_all)


@compiled_inner
def follow_if_over(x: Trials, s: int, ends: Followed, row: int) -> None:
    """Note trial ``s`` in a row of those found, if there is room for any and it has ended."""
    if len(ends.end) > 0 and x.counts[s, STATUS] == OVER:
        follow(x, s, ends, row, True)


@compiled_inner
def follow(x: Trials, s: int, ends: Followed, row: int, count_all: bool) -> None:
    """Follow the patients of trial ``s``, and note it in a row of those found."""
    counts = x.counts[s]
    for c in range(N_COUNTS):
        ends.counts[row, c] = counts[c]
    for c in range(N_DAYS):
        ends.days[row, c] = x.days[s, c]
    for j in range(x.n.shape[1]):
        ends.n[row, j], ends.dlt[row, j] = x.all_n[s, j], x.all_dlt[s, j]
        ends.backfilled[row, j] = ends.backfilled_dlt[row, j] = 0
    end, frozen, last_n, last_dlt = 0.0, False, 0, 0
    for i in range(counts[PATIENTS]):
        end = max(end, x.assessed[s, i])
        frozen |= x.what[s, i] & (UNUSABLE | FROZEN) == FROZEN
    for i in range(counts[COHORT_FIRST], counts[PATIENTS]):
        if x.what[s, i] & UNUSABLE == 0:
            last_n += 1
            last_dlt += x.has_dlt[s, i]
    for i in range(counts[FIRST_BACKFILLED], counts[FIRST_BACKFILLED] + counts[BACKFILLED]):
        end = max(end, x.assessed[s, i])
        if x.what[s, i] & UNUSABLE == 0:
            frozen |= count_all and x.what[s, i] & FROZEN > 0
            ends.backfilled[row, x.level[s, i] - 1] += 1
            ends.backfilled_dlt[row, x.level[s, i] - 1] += x.has_dlt[s, i]
    ends.last[row, 0], ends.last[row, 1] = last_n, last_dlt
    ends.frozen[row], ends.end[row] = frozen, end
