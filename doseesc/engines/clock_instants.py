"""Instants of a trial on the calendar: when something can change, and how long patients have been followed by then.

For :mod:`doseesc.engines.clock_mechanics`, where the rules are told.
"""

from __future__ import annotations

import numpy as np

from doseesc.engines.clock_arrays import COHORT_FIRST, LEVEL, NOW, PATIENTS, PENDING, Setting, Trials
from doseesc.engines.clock_numba import compiled_inner


@compiled_inner
def next_event(x: Trials, setting: Setting, s: int) -> float:
    """Return the next instant at which the answer can change; infinite where nobody is pending."""
    now, first = x.days[s, NOW], np.inf
    for k in range(x.counts[s, PENDING]):
        i = x.place[s, k]
        if x.assessed[s, i] <= now:  # frozen: nothing more will be known
            continue
        first = min(first, x.assessed[s, i])
        if not setting.backfills:
            for mark in setting.marks:
                if x.entered[s, i] + mark > now:
                    first = min(first, x.entered[s, i] + mark)
    return min(first, _all_followed(x, setting, s)) if setting.backfills else first


@compiled_inner
def _all_followed(x: Trials, setting: Setting, s: int) -> float:
    """Return the next instant at which all who are pending at the current dose have been followed as asked for.

    Where doses are backfilled a look before that would open one by chance: imputed rates fall from day to day.
    """
    now, first = x.days[s, NOW], np.inf
    for mark in setting.marks:
        last = -np.inf
        for k in range(x.counts[s, PENDING]):
            i = x.place[s, k]
            if x.level[s, i] == x.counts[s, LEVEL]:
                last = max(last, x.entered[s, i] + mark)
        if last > now:
            first = min(first, last)
    return first


@compiled_inner
def gate(x: Trials, s: int, level: int) -> float:
    """Return the day from which staggering lets a patient enter at ``level``."""
    opens = -np.inf
    for j in range(level):
        opens = max(opens, x.gate[s, j])
    return opens


@compiled_inner
def broken_off(x: Trials, s: int) -> bool:
    """Say whether a patient of the cohort is known to have had a DLT within the gap after the last one."""
    count, day = x.counts[s], x.days[s]
    there = x.gate[s, count[LEVEL] - 1]
    if there == -np.inf:  # nobody is staggered
        return False
    last = x.entered[s, count[PATIENTS] - 1]
    until = min(day[NOW], there)
    for i in range(count[COHORT_FIRST], count[PATIENTS]):
        if x.has_dlt[s, i] and last < x.assessed[s, i] <= until:
            return True
    return False


@compiled_inner
def next_dlt_in_cohort(x: Trials, s: int) -> float:
    """Return the next instant at which a DLT in the cohort becomes known; infinite where none will."""
    count, first = x.counts[s], np.inf
    for i in range(count[COHORT_FIRST], count[PATIENTS]):
        if x.has_dlt[s, i] and x.assessed[s, i] > x.days[s, NOW]:
            first = min(first, x.assessed[s, i])
    return first


@compiled_inner
def followed(x: Trials, setting: Setting, s: int, i: int) -> float:
    """Return the days that pending patient ``i`` has been followed, on the right side of every mark."""
    until, entered = min(x.days[s, NOW], x.assessed[s, i]), x.entered[s, i]
    days = until - entered
    if days >= setting.window:
        days = np.nextafter(setting.window, 0.0)
    for mark in setting.marks:
        days = max(days, mark) if until >= entered + mark else min(days, np.nextafter(mark, 0.0))
    return days
