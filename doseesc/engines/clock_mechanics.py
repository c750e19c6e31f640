"""The mechanics of the clock: what happens on the calendar between two decisions, in one trial.

A trial runs by itself (:func:`advance`) until somebody has to be told a dose: a *look*.  What is decided there is
handed back (:func:`apply`), and the trial runs on.  When there is something to look at is said by
:mod:`doseesc.engines.clock_instants`.  All ways of deciding use these functions and nothing else:
:mod:`doseesc.engines.clock_batches` for any design, and for some, faster, :mod:`doseesc.engines.clock_states`,
:mod:`doseesc.engines.clock_crm` and :mod:`doseesc.engines.clock_interval`.

Rules of the calendar (day 0 is the arrival of the first patient, who is treated at once):

- A patient entered on day e with a DLT x days after it, or none, is *assessed* on day e + min(x, W), a DLT ending the
  assessment at once.  Known at t: assessed on or before t.  Instants are compared with instants: a patient followed
  for a share B of the window is one with e + B W <= t, which days followed, t - e, can miss by rounding.
- A cohort opens when its first patient arrives; the others are given the same dose without a look.  In a design of
  fixed cohorts (A+B) every patient is a look, so that a group can be broken off on known DLTs.
- Who meets a decision to wait waits until the next instant at which the answer can change (an assessment ends, or a
  follow-up asked for is reached), or is turned away.
- With an observation model a patient may also die or be lost, or be counted for an event that is not the drug's; it is
  known on that day.  Who is not evaluable leaves ``n`` then, and the next patient to be entered takes the place: the
  cohort in use is filled up without a look (in a design of fixed cohorts every patient is one as ever).  A cohort all
  of whose patients have left is as if it had never begun.  Once ``max_n`` are in the trial nobody comes; when one of
  them leaves, the next gap runs from that day.
- A patient whose outcome will never be known (frozen) stays pending, followed as far as it went.
- Where there is backfill, whoever cannot be given the current dose is *held* first, so that another module
  (:mod:`doseesc.engines.clock_backfill`) may give him a lower one.  A backfilled patient who is not evaluable leaves
  ``n`` as well, but no place in the escalation: no cohort is filled up for him, and a full trial does not wait for him.
- ``stagger``: after a patient a gap must pass before the next is treated at that dose or a higher one; a DLT within
  the gap breaks the cohort off and is a look.
"""

from __future__ import annotations

import math

import numpy as np

from designs import Reason
from doseesc.engines.clock_arrays import (
    ARRIVAL,
    ARRIVALS,
    ARRIVES,
    BACKFILLED,
    CHANGED_DECISIONS,
    COHORT_CLOSED,
    COHORT_FIRST,
    COHORT_LEFT,
    COHORTS,
    CROWDED,
    DECISIONS,
    ENTERED,
    FIRST_BACKFILLED,
    HELD,
    HELD_UNTIL,
    IN_A_ROW,
    LEFT,
    LEVEL,
    LOOK,
    NOW,
    OPENED,
    OVER,
    PATIENTS,
    PENDING,
    PENDING_AT_DECISIONS,
    REASON,
    REPLACEMENTS,
    ROW,
    SEATS,
    SHORT,
    SHUT_SINCE,
    STANDS,
    STATUS,
    STUCK,
    SUSPENSIONS,
    TURN_AWAY,
    TURNED_AWAY,
    WAIT,
    Setting,
    Trials,
)
from doseesc.engines.clock_entry import enter, reopen
from doseesc.engines.clock_instants import broken_off, gate, next_dlt_in_cohort, next_event
from doseesc.engines.clock_known import next_to_leave, settle
from doseesc.engines.clock_numba import as_index, compiled_inner
from doseesc.truth import next_gap as next_gap_in_python

_COMPLETE_COHORT, _START = int(Reason.COMPLETE_COHORT), int(Reason.START)
_MAX_N, _MAX_DAYS = int(Reason.MAX_N), int(Reason.MAX_DAYS)

next_gap = compiled_inner(next_gap_in_python)


@compiled_inner
def advance(x: Trials, setting: Setting, s: int) -> int:
    """Run trial ``s`` to its next look, or its end; return its status.

    A trial that is ``SHORT`` runs on from where it is when it has been given more numbers.
    """
    count, day = x.counts[s], x.days[s]
    while True:
        if count[STATUS] == OVER or count[STATUS] == STUCK or count[STATUS] == HELD:
            return count[STATUS]
        if count[STATUS] == SHORT or count[STATUS] == CROWDED:
            count[STATUS] = ARRIVES
        if count[STATUS] == ARRIVES:
            full = count[PATIENTS] - count[LEFT] >= setting.max_n and not setting.waits_when_full
            if full and math.isinf(next_to_leave(x, s)):
                _end(x, s, _MAX_N)
                return OVER
            if count[ARRIVALS] >= x.number.shape[1]:
                count[STATUS] = SHORT
                return SHORT
            if _crowded(x, setting, s):
                count[STATUS] = CROWDED
                return CROWDED
            _arrive(x, setting, s, full)
        if day[NOW] > setting.max_days:
            day[NOW] = setting.max_days
            _end(x, s, _MAX_DAYS)
            return OVER
        settle(x, setting, s)
        if count[COHORT_LEFT] > 0:
            if broken_off(x, s):
                count[COHORT_LEFT], count[COHORT_CLOSED] = 0, 1
            else:
                opens = gate(x, s, count[LEVEL])
                if day[NOW] >= opens:
                    enter(x, setting, s, count[LEVEL])
                else:
                    _hold(x, setting, s, min(opens, next_dlt_in_cohort(x, s)))
                continue
        count[STATUS] = LOOK
        return LOOK


@compiled_inner
def apply(x: Trials, setting: Setting, s: int, level: int, size: int, reason: int) -> None:
    """Do in trial ``s`` what was decided at its look: a dose for a cohort, 0 patients to wait, level 0 to stop."""
    count, day = x.counts[s], x.days[s]
    if level == 0:
        _end(x, s, reason)
        return
    if size == 0:
        _hold(x, setting, s, next_event(x, setting, s))
        return
    goes_on = reason == _COMPLETE_COHORT and count[PATIENTS] > 0 and level == count[LEVEL]
    if not (goes_on or setting.gaps_by_dose):
        x.gate[s, :] = -np.inf
    opens = gate(x, s, level)
    if day[NOW] < opens:
        _hold(x, setting, s, min(opens, next_event(x, setting, s)))
        return
    if not goes_on:
        count[COHORT_FIRST] = count[PATIENTS]
        count[COHORT_CLOSED] = 0
        count[COHORTS] += 1
        x.began[s, as_index(count[COHORTS])] = count[PATIENTS]
        count[IN_A_ROW] = count[IN_A_ROW] + 1 if level == count[LEVEL] else 1
    count[COHORT_LEFT] = 1 if setting.each_is_a_look else size
    count[SEATS] = count[PATIENTS] - count[LEFT] + count[COHORT_LEFT]
    enter(x, setting, s, level)


@compiled_inner
def keep_waiting(x: Trials, setting: Setting, s: int, until: float) -> None:
    """Let who is held in trial ``s`` wait until an instant, or go away."""
    count, day = x.counts[s], x.days[s]
    if setting.policy == TURN_AWAY:
        count[TURNED_AWAY] += 1
        count[STATUS] = ARRIVES
    elif math.isinf(until):
        count[STATUS] = STUCK
    else:
        day[NOW] = until
        count[STATUS] = STANDS


@compiled_inner
def is_counted(reason: int) -> bool:
    """Say whether a decision is one: not the first, and not to complete a cohort."""
    return reason != _START and reason != _COMPLETE_COHORT


@compiled_inner
def note_decision(x: Trials, s: int, reason: int, changed: bool) -> None:
    """Count a decision of trial ``s``, unless it is the first or completes a cohort; called before it is applied."""
    count = x.counts[s]
    if is_counted(reason):
        count[DECISIONS] += 1
        count[PENDING_AT_DECISIONS] += count[PENDING]
        count[CHANGED_DECISIONS] += changed


@compiled_inner
def _arrive(x: Trials, setting: Setting, s: int, full: bool) -> None:
    """Let the next patient come; to a full trial once one has left."""
    count, day = x.counts[s], x.days[s]
    number = x.number[as_index(count[ROW]), as_index(count[ARRIVALS])]
    if count[ARRIVALS] == 0:
        day[OPENED] = next_gap(setting.pieces, 0.0, number)
    else:
        since = day[ENTERED] if setting.policy == WAIT else day[ARRIVAL]
        if full:
            since = max(day[NOW], next_to_leave(x, s))
        day[ARRIVAL] = since + next_gap(setting.pieces, day[OPENED] + since, number)
    count[ARRIVALS] += 1
    count[STATUS] = STANDS
    day[NOW] = max(day[NOW], day[ARRIVAL])


@compiled_inner
def _crowded(x: Trials, setting: Setting, s: int) -> bool:
    """Say whether the next patient may be a replacement, or one to be backfilled, of whom none is left."""
    count = x.counts[s]
    there = count[FIRST_BACKFILLED] - setting.max_n
    if not setting.observed:
        return False
    if setting.backfills and count[FIRST_BACKFILLED] + count[BACKFILLED] >= x.fate.shape[2]:
        return True
    return there > 0 and count[REPLACEMENTS] >= there


@compiled_inner
def _hold(x: Trials, setting: Setting, s: int, until: float) -> None:
    """Do not give the current dose to who stands there before an instant."""
    count, day = x.counts[s], x.days[s]
    if math.isnan(day[SHUT_SINCE]):
        day[SHUT_SINCE] = day[NOW]
        count[SUSPENSIONS] += 1
    if setting.backfills:
        day[HELD_UNTIL] = until
        count[STATUS] = HELD
    else:
        keep_waiting(x, setting, s, until)


@compiled_inner
def _end(x: Trials, s: int, reason: int) -> None:
    reopen(x, s)
    x.counts[s, REASON] = reason
    x.counts[s, STATUS] = OVER
