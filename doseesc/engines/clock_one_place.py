"""One place in which trials on the calendar are played one after the other, each begun anew there."""

from __future__ import annotations

from typing import Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines.clock_arrays import FIRST_BACKFILLED, N_COUNTS, ROW, SHUT_SINCE, Trials, new_trials
from doseesc.engines.clock_followed import Followed
from doseesc.engines.clock_numba import as_index, compiled_inner


def one_place(latent: FloatArray, dlt_day: FloatArray, number: FloatArray, n_doses: int) -> Trials:
    """Return a place for one trial, in which those of all these patients can be played."""
    return new_trials(latent[:1], dlt_day, number, n_doses)._replace(latent=latent)


@compiled_inner
def placed(x: Trials, ends: Followed, row: int) -> Any:
    """Return where trial ``row`` is played: in its own row or, with room for what is found, in the one place, anew."""
    if len(ends.end) == 0:
        return as_index(row)
    count, day = x.counts[0], x.days[0]
    for c in range(N_COUNTS):
        if c != FIRST_BACKFILLED:
            count[c] = 0
    count[ROW] = row
    for c in range(len(day)):
        day[c] = 0.0
    day[SHUT_SINCE] = np.nan
    for j in range(x.n.shape[1]):
        x.n[0, j] = x.known[0, j] = x.dlt[0, j] = x.all_n[0, j] = x.all_dlt[0, j] = 0
        x.gate[0, j] = -np.inf
    return as_index(0)
