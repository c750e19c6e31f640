"""What is seen at looks: of each trial that stands at one, what its design may go by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs import Pending, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    COHORT_FIRST,
    COHORTS,
    FIRST_BACKFILLED,
    IN_A_ROW,
    LEVEL,
    NOW,
    PATIENTS,
    PENDING,
    Setting,
    Trials,
)
from doseesc.engines.clock_instants import followed
from doseesc.engines.clock_known import has_left, is_known
from doseesc.engines.clock_numba import compiled
from doseesc.engines.patients_at_risk import UNUSABLE


class Looks(NamedTuple):
    """What is seen at a look of S trials, and what will be known of the same patients.

    Attributes
    ----------
    level, days : arrays, shape (S, P)
        Of the pending patients; level 0 = an empty place.
    dlt_days : array, shape (S, Q)
        Days from first dose to the DLTs known; NaN in empty places.
        Those of backfilled patients come after those of the escalation.
    last : array of int, shape (S, 5)
        Of the last cohort the patients known, their DLTs, the patients pending, and all DLTs there will be, among how
        many patients.
    all_n, all_dlt : array of int, shape (S, J)
        Of those entered, the patients who will not leave, and their DLTs.
    waited_for : array of bool, shape (S,)
        Whether more will be known of any of the pending patients.
    backfilled : array of bool, shape (S, P)
        Which of the pending patients have been backfilled.
    """

    level: IntArray
    days: FloatArray
    dlt_days: FloatArray
    last: IntArray
    all_n: IntArray
    all_dlt: IntArray
    waited_for: BoolArray
    backfilled: BoolArray


def seen(trials: Trials, setting: Setting, looking: IntArray, memory: tuple[str, ...]) -> tuple[Tally, Pending, Looks]:
    """Return what a design sees of trials at their looks."""
    looks = _looks(trials, setting, looking)
    count = trials.counts[looking]
    known = {
        "last_n": looks.last[:, 0],
        "last_dlt": looks.last[:, 1],
        "cohorts": count[:, COHORTS],
        "cohorts_in_a_row": count[:, IN_A_ROW],
    }
    tally = Tally._trusted(
        trials.known[looking], trials.dlt[looking], count[:, LEVEL], {name: known[name] for name in memory}
    )
    pending = Pending.trusted(
        looks.level, looks.days, setting.window, trials.n.shape[1], looks.dlt_days, last_cohort=looks.last[:, 2]
    )
    return tally, pending, looks


def followed_to_the_end(trials: Trials, rows: IntArray, looks: Looks, memory: tuple[str, ...]) -> Tally:
    """Return the tally of the same trials once everybody entered by now has been followed to the end."""
    return everybody_known(looks.all_n, looks.all_dlt, trials.counts[rows], looks.last[:, :2:-1], memory)


def everybody_known(n: IntArray, dlt: IntArray, counts: IntArray, last: IntArray, memory: tuple[str, ...]) -> Tally:
    """Return the tally of trials all of whose patients are known; ``last`` (S, 2): those of the last cohort, DLTs."""
    known = {
        "last_n": last[:, 0],
        "last_dlt": last[:, 1],
        "cohorts": counts[:, COHORTS],
        "cohorts_in_a_row": counts[:, IN_A_ROW],
    }
    return Tally._trusted(n, dlt, counts[:, LEVEL], {name: known[name] for name in memory})


@compiled
def _looks(x: Trials, setting: Setting, rows: IntArray) -> Looks:
    places, dlts = 1, 1
    for s in rows:
        places = max(places, x.counts[s, PENDING])
        dlts = max(dlts, x.dlt[s].sum())
    level = np.zeros((len(rows), places), dtype=np.int64)
    days = np.zeros((len(rows), places))
    dlt_days = np.full((len(rows), dlts), np.nan)
    last = np.zeros((len(rows), 5), dtype=np.int64)
    all_n = np.empty((len(rows), x.n.shape[1]), dtype=np.int64)
    all_dlt = np.empty_like(all_n)
    waited_for = np.zeros(len(rows), dtype=np.bool_)
    backfilled = np.zeros((len(rows), places), dtype=np.bool_)
    for r in range(len(rows)):
        s = rows[r]
        now, first, seen = x.days[s, NOW], x.counts[s, COHORT_FIRST], 0
        all_n[r], all_dlt[r] = x.all_n[s], x.all_dlt[s]
        for k in range(x.counts[s, PENDING]):
            i = x.place[s, k]
            level[r, k] = x.level[s, i]
            days[r, k] = followed(x, setting, s, i)
            waited_for[r] |= x.assessed[s, i] > now
            backfilled[r, k] = i >= x.counts[s, FIRST_BACKFILLED]
        entered = x.counts[s, PATIENTS]
        for k in range(entered + x.counts[s, BACKFILLED]):
            i = k if k < entered else x.counts[s, FIRST_BACKFILLED] + k - entered
            known = is_known(x, s, i)
            if known and x.has_dlt[s, i]:
                dlt_days[r, seen] = x.assessed[s, i] - x.entered[s, i]
                seen += 1
            if first <= k < entered and not has_left(x, s, i):
                last[r, 0] += known
                last[r, 1] += known and x.has_dlt[s, i]
                last[r, 2] += not known
                last[r, 3] += x.has_dlt[s, i]
                last[r, 4] += x.what[s, i] & UNUSABLE == 0
    return Looks(level, days, dlt_days, last, all_n, all_dlt, waited_for, backfilled)
