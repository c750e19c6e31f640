"""Who is known in a trial on the calendar, who pending, and who has left: one trial at a time, compiled.

An observation model lets patients leave who are not evaluable, and leaves others without an outcome for good (frozen);
without one nobody does either.
"""

from __future__ import annotations

import numpy as np

from doseesc.engines.clock_arrays import (
    BACKFILLED_LEFT,
    COHORT_CLOSED,
    COHORT_FIRST,
    COHORT_LEFT,
    COHORTS,
    FIRST_BACKFILLED,
    IN_A_ROW,
    LEFT,
    LEVEL,
    NOW,
    PATIENTS,
    PENDING,
    Setting,
    Trials,
)
from doseesc.engines.clock_numba import as_index, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import FROZEN


@compiled_inner
def settle(x: Trials, setting: Setting, s: int) -> None:
    """Move the patients assessed by now from those pending to those known; let those leave who are not evaluable."""
    count, now = x.counts[s], x.days[s, NOW]
    still, left, places = 0, 0, 0
    for k in range(count[PENDING]):
        i = x.place[s, k]
        j = as_index(x.level[s, i] - 1)
        if x.assessed[s, i] > now or x.what[s, i] & FROZEN:
            x.place[s, still] = i
            still += 1
        elif x.what[s, i] & UNUSABLE:
            x.n[s, j] -= 1
            if i >= count[FIRST_BACKFILLED]:  # nobody of the escalation: no cohort lacks a patient now
                count[BACKFILLED_LEFT] += 1
                continue
            left += 1
            places += i >= count[COHORT_FIRST]
        else:
            x.known[s, j] += 1
            x.dlt[s, j] += x.has_dlt[s, i]
    count[PENDING] = still
    if left > 0:
        count[LEFT] += left
        if count[COHORT_CLOSED] == 0 and not setting.each_is_a_look:
            count[COHORT_LEFT] += places
        _forget_empty_cohorts(x, s)


@compiled_inner
def has_left(x: Trials, s: int, i: int) -> bool:
    """Say whether patient ``i`` is known by now not to be evaluable."""
    return x.what[s, i] & UNUSABLE > 0 and x.assessed[s, i] <= x.days[s, NOW]


@compiled_inner
def is_known(x: Trials, s: int, i: int) -> bool:
    """Say whether the outcome of patient ``i`` is known by now."""
    return x.assessed[s, i] <= x.days[s, NOW] and x.what[s, i] & (UNUSABLE | FROZEN) == 0


@compiled_inner
def _forget_empty_cohorts(x: Trials, s: int) -> None:
    """Forget cohorts all of whose patients have left, as if they had never begun; the last one left is then in use."""
    count = x.counts[s]
    kept, cohorts = 0, count[COHORTS]
    for c in range(1, cohorts + 1):
        end = x.began[s, c + 1] if c < cohorts else count[PATIENTS]
        for i in range(x.began[s, c], end):
            if not has_left(x, s, i):
                kept += 1
                x.began[s, kept] = x.began[s, c]
                break
    if kept == cohorts:
        return
    count[COHORTS], count[IN_A_ROW] = kept, 0
    if kept == 0 or x.began[s, kept] != count[COHORT_FIRST]:
        count[COHORT_LEFT], count[COHORT_CLOSED] = 0, 1
        count[COHORT_FIRST] = x.began[s, kept] if kept > 0 else count[PATIENTS]
        count[LEVEL] = x.level[s, count[COHORT_FIRST]] if kept > 0 else 0
    for c in range(kept, 0, -1):
        if x.level[s, x.began[s, c]] != count[LEVEL]:
            break
        count[IN_A_ROW] += 1


@compiled_inner
def next_to_leave(x: Trials, s: int) -> float:
    """Return the day on which the next of the escalation's pending will leave; infinite where nobody will."""
    first = np.inf
    for k in range(x.counts[s, PENDING]):
        i = x.place[s, k]
        if i < x.counts[s, FIRST_BACKFILLED] and x.what[s, i] & UNUSABLE:
            first = min(first, x.assessed[s, i])
    return first
