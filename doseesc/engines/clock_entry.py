"""A patient of a trial on the calendar is given the first dose, in the escalation or to be backfilled."""

from __future__ import annotations

import math

import numpy as np

from doseesc.engines.clock_arrays import (
    ARRIVAL,
    ARRIVES,
    BACKFILLED,
    BACKFILLED_FOR,
    BACKFILLED_MEANWHILE,
    COHORT_FIRST,
    COHORT_LEFT,
    COHORTS,
    DAYS_SUSPENDED,
    DAYS_WAITED,
    ENTERED,
    FIRST_BACKFILLED,
    LEVEL,
    NOW,
    PATIENTS,
    PENDING,
    REPLACEMENTS,
    ROW,
    SEATS,
    SHUT_SINCE,
    STATUS,
    TRIED,
    Setting,
    Trials,
)
from doseesc.engines.clock_numba import as_index, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED


@compiled_inner
def enter(x: Trials, setting: Setting, s: int, level: int) -> None:
    """Treat who stands there at a level, as the next patient of the escalation."""
    count, day = x.counts[s], x.days[s]
    reopen(x, s)
    _treat(x, setting, s, count[PATIENTS], level)
    count[PATIENTS] += 1
    count[COHORT_LEFT] -= 1
    count[LEVEL] = level
    count[STATUS] = ARRIVES
    position = x.n[s, as_index(level - 1)] if setting.gaps_by_dose else count[PATIENTS] - count[COHORT_FIRST]
    gap = setting.gaps[as_index(min(position, len(setting.gaps)) - 1)]
    x.gate[s, as_index(level - 1)] = day[NOW] + gap if gap > 0 else -np.inf


@compiled_inner
def _treat(x: Trials, setting: Setting, s: int, place: int, level: int) -> None:
    """Give who stands there his first dose, as the patient at a place."""
    count, day = x.counts[s], x.days[s]
    now, i, j, row = day[NOW], as_index(place), as_index(level - 1), as_index(count[ROW])
    x.level[s, i] = level
    count[TRIED] = max(count[TRIED], level)
    x.arrived[s, i] = day[ARRIVAL]
    x.entered[s, i] = now
    if setting.observed:
        who = place
        if place < count[FIRST_BACKFILLED]:
            who -= count[REPLACEMENTS]
            if who >= count[SEATS]:  # as many first patients have come as there were places: one has left
                who = setting.max_n + count[REPLACEMENTS]
                count[REPLACEMENTS] += 1
        if setting.backfills:
            x.who[s, i] = who
        what = x.fate[row, j, who]
        x.what[s, i] = what
        dlt = what & COUNTED > 0
        x.has_dlt[s, i] = dlt
        x.all_n[s, j] += what & UNUSABLE == 0
        x.assessed[s, i] = now + x.fate_day[row, j, who]
    else:
        after = x.dlt_day[row, as_index(min(level, x.dlt_day.shape[1]) - 1), i]
        dlt = x.latent[row, i] < setting.probability[j] and after <= setting.window
        x.has_dlt[s, i] = dlt
        x.all_n[s, j] += 1
        x.assessed[s, i] = now + (after if dlt else setting.window)
    x.place[s, as_index(count[PENDING])] = i
    x.n[s, j] += 1
    x.all_dlt[s, j] += dlt
    day[DAYS_WAITED] += now - day[ARRIVAL]
    day[ENTERED] = now
    count[PENDING] += 1


@compiled_inner
def backfill_in(x: Trials, setting: Setting, s: int, level: int) -> None:
    """Treat who is held in trial ``s`` at a lower level, while the escalation goes on waiting."""
    count = x.counts[s]
    _treat(x, setting, s, count[FIRST_BACKFILLED] + count[BACKFILLED], level)
    count[BACKFILLED] += 1
    if count[BACKFILLED_FOR] != count[COHORTS]:
        count[BACKFILLED_FOR] = count[COHORTS]
        count[BACKFILLED_MEANWHILE] = 0
    count[BACKFILLED_MEANWHILE] += 1
    count[STATUS] = ARRIVES


@compiled_inner
def reopen(x: Trials, s: int) -> None:
    """End what kept trial ``s`` from entering who stands there, if anything did."""
    day = x.days[s]
    if not math.isnan(day[SHUT_SINCE]):
        x.shut_from[s, as_index(x.counts[s, PATIENTS])] = day[SHUT_SINCE]
        day[DAYS_SUSPENDED] += day[NOW] - day[SHUT_SINCE]
        day[SHUT_SINCE] = np.nan
