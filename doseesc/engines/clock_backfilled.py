"""Backfilled patients of trials on the calendar, counted: for :mod:`doseesc.engines.clock_backfill`."""

from __future__ import annotations

import numpy as np

from designs.arrays import BoolArray, IntArray
from doseesc.engines.backfill_decisions import Backfilled
from doseesc.engines.backfill_responses import Responses
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    BACKFILLED_FOR,
    BACKFILLED_MEANWHILE,
    COHORT_FIRST,
    COHORTS,
    FIRST_BACKFILLED,
    LEVEL,
    NOW,
    PATIENTS,
    PENDING,
    Trials,
)
from doseesc.engines.clock_known import has_left, is_known
from doseesc.engines.clock_numba import compiled, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE


@compiled
def backfilled_meanwhile(x: Trials, rows: IntArray, replace_unevaluable: bool) -> tuple[IntArray, IntArray]:
    """Count those backfilled while the cohort in use is waited for, and the patients there are of that cohort."""
    meanwhile, cohort = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    for r in range(len(rows)):
        s = rows[r]
        count = x.counts[s]
        if count[BACKFILLED_FOR] == count[COHORTS]:
            end = count[FIRST_BACKFILLED] + count[BACKFILLED]
            for i in range(end - count[BACKFILLED_MEANWHILE], end):
                meanwhile[r] += not (replace_unevaluable and has_left(x, s, i))
        for i in range(count[COHORT_FIRST], count[PATIENTS]):
            cohort[r] += not has_left(x, s, i)
    return meanwhile, cohort


@compiled
def can_be_waited_for(x: Trials, rows: IntArray, counts: bool) -> BoolArray:
    """Say where outcomes can be waited for; see :class:`Standing`."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for r in range(len(rows)):
        s = rows[r]
        never = False
        for k in range(x.counts[s, PENDING]):
            i = x.place[s, k]
            if x.assessed[s, i] <= x.days[s, NOW]:
                never = True
            elif i < x.counts[s, FIRST_BACKFILLED] or (counts and x.level[s, i] >= x.counts[s, LEVEL]):
                found[r] = True
        found[r] |= not never
    return found


@compiled
def escalation_pending(x: Trials, rows: IntArray) -> BoolArray:
    """Say where patients of the escalation are pending."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for r in range(len(rows)):
        s = rows[r]
        for k in range(x.counts[s, PENDING]):
            found[r] |= x.place[s, k] < x.counts[s, FIRST_BACKFILLED]
    return found


@compiled
def backfilled_of(x: Trials, rows: IntArray) -> Backfilled:
    """Count the backfilled patients of some trials."""
    found = np.zeros((6, len(rows), x.n.shape[1]), dtype=np.int64)
    n, known, dlt, all_n, all_dlt, left = found
    for r in range(len(rows)):
        s = rows[r]
        first = x.counts[s, FIRST_BACKFILLED]
        for i in range(first, first + x.counts[s, BACKFILLED]):
            j = x.level[s, i] - 1
            if has_left(x, s, i):
                left[r, j] += 1
                continue
            seen_by_now = is_known(x, s, i)
            n[r, j] += 1
            known[r, j] += seen_by_now
            dlt[r, j] += seen_by_now and x.has_dlt[s, i]
            all_n[r, j] += x.what[s, i] & UNUSABLE == 0
            all_dlt[r, j] += x.has_dlt[s, i]
    return Backfilled(n, known, dlt, all_n, all_dlt, left)


@compiled
def responses_seen(x: Trials, responses: Responses, rows: IntArray) -> IntArray:
    """Count the responses seen by now at each level."""
    found = np.zeros((len(rows), x.n.shape[1]), dtype=np.int64)
    for r in range(len(rows)):
        s = rows[r]
        entered = x.counts[s, PATIENTS]
        for k in range(entered + x.counts[s, BACKFILLED]):
            i = k if k < entered else x.counts[s, FIRST_BACKFILLED] + k - entered
            found[r, x.level[s, i] - 1] += response_day(x, responses, s, i) <= x.days[s, NOW]
    return found


@compiled_inner
def response_day(x: Trials, responses: Responses, s: int, i: int) -> float:
    """Return the day on which a patient's response is seen; infinite where none is."""
    j, who = x.level[s, i] - 1, i
    if x.who.shape[1] > 0:
        who = x.who[s, i]
    if responses.latent[s, who] >= responses.probability[min(j, len(responses.probability) - 1)]:
        return np.inf
    after: float = responses.day[s, min(j, responses.day.shape[1] - 1), who]
    if responses.gone.shape[2] > 0 and responses.gone[s, j, who] < after:
        return np.inf
    return x.entered[s, i] + after
