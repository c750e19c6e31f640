"""Trials on the calendar of interval designs that weigh follow-up, such as the TITE-BOIN, in compiled code.

Every decision is looked up in tables (:mod:`doseesc.engines.clock_interval_model`).  Where days of follow-up come so
near a limit that the order in which they are added might matter, the design itself is asked.
"""

from __future__ import annotations

import numpy as np

from designs import Design, Reason
from designs.arrays import IntArray
from doseesc.engines.clock_arrays import LEVEL, LOOK, PATIENTS, PENDING, Setting, Trials
from doseesc.engines.clock_batches import decide_looks
from doseesc.engines.clock_followed import Followed, follow_if_over
from doseesc.engines.clock_instants import followed
from doseesc.engines.clock_interval_model import Table, table_of
from doseesc.engines.clock_mechanics import advance, apply, note_decision
from doseesc.engines.clock_numba import compiled, compiled_inner
from doseesc.engines.clock_one_place import placed
from doseesc.engines.clock_rules import NO_SAFE_DOSE, TOO_TOXIC, UNSURE, WAITS, bounded, knows_setting, stopped

_START = int(Reason.START)
_NEAR = 1e-9  # of the window; sums of days differ by some 1e-15
_HELD, _NEAR_LIMIT = 2, 3  # steps that are none


class IntervalDecisions:
    """Decisions of one design.

    Parameters
    ----------
    design : Design
        One that :func:`doseesc.engines.clock_interval_model.decides_by_follow_up`.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._table: tuple[float, Table] | None = None

    def know(self, setting: Setting) -> bool:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: where nothing else goes on."""
        return knows_setting(setting)

    def run(self, trials: Trials, setting: Setting, running: IntArray, ends: Followed) -> IntArray:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: until it is too near a limit to tell."""
        if self._table is None or self._table[0] != setting.window:
            self._table = setting.window, table_of(self._design, setting.window)
        return _play(trials, setting, self._table[1], running, ends)

    def look(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: ask the design itself."""
        decide_looks(self._design, trials, setting, looking)


@compiled
def _play(x: Trials, setting: Setting, table: Table, running: IntArray, ends: Followed) -> IntArray:
    """Run trials to their ends, or to looks that the design itself is to decide; return their status."""
    status = np.empty(len(running), dtype=np.int64)
    for r in range(len(running)):
        s = placed(x, ends, running[r])
        status[r] = _play_one(x, setting, table, s)
        follow_if_over(x, s, ends, running[r])
    return status


@compiled_inner
def _play_one(x: Trials, setting: Setting, table: Table, s: int) -> int:
    counts = x.counts[s]
    while True:
        status = advance(x, setting, s)
        if status != LOOK:
            return status
        if counts[PATIENTS] == 0:
            apply(x, setting, s, table.start_level, min(table.cohort_size, setting.max_n), _START)
            continue
        answer = _answer(x, setting, table, x.dlt[s], s, False)
        if answer == UNSURE:
            return status
        if answer == WAITS:
            apply(x, setting, s, counts[LEVEL], 0, 0)
            continue
        changed = False
        if counts[PENDING] > 0:
            changed = max(_answer(x, setting, table, x.all_dlt[s], s, True), 0) != max(answer, 0)
        note_decision(x, s, 0, changed)
        size = min(table.cohort_size, setting.max_n - counts[PATIENTS])
        apply(x, setting, s, max(answer, 0), size, max(-answer, 0))


@compiled_inner
def _answer(x: Trials, setting: Setting, table: Table, dlt: IntArray, s: int, later: bool) -> int:
    """Return the decision given the DLTs by level (J,); with ``later``, once all entered are followed to the end."""
    level, doses = x.counts[s, LEVEL], x.n.shape[1]
    if later or x.counts[s, PENDING] == 0:
        step = table.step[x.n[s, level - 1], dlt[level - 1]]
    else:
        step = _step_by_follow_up(x, setting, table, s)
        if step == _NEAR_LIMIT:
            return UNSURE
    held = step == _HELD
    proposed = level if held else min(max(level + step, 1), doses)
    proposed = bounded(x, table.rules, s, proposed, dlt, later)
    for j in range(proposed):
        if table.excluded[j, x.n[s, j], dlt[j]]:
            proposed, held = j, False
            break
    if table.safety_level > 0:
        there = table.safety_level - 1
        if proposed > 0 and table.stops[x.n[s, there], dlt[there]]:
            return TOO_TOXIC
    if proposed == 0:
        return NO_SAFE_DOSE
    return WAITS if held else stopped(x, table.rules, s, proposed)


@compiled_inner
def _step_by_follow_up(x: Trials, setting: Setting, table: Table, s: int) -> int:
    """Return the step that the follow-up of those pending at the current level calls for, or that it is held back."""
    level = x.counts[s, LEVEL]
    there, days, shortest = 0, 0.0, np.inf
    for k in range(x.counts[s, PENDING]):
        i = x.place[s, k]
        if x.level[s, i] == level:
            each = followed(x, setting, s, i)
            shortest = min(shortest, each)
            days += _weighed(setting, table, each)
            there += 1
    n, y = x.n[s, level - 1], x.dlt[s, level - 1]
    up, down = table.up_from[n, y, there], table.down_to[n, y, there]
    near = _NEAR * setting.window
    if abs(days - up) < near or abs(days - down) < near:
        return _NEAR_LIMIT
    if table.too_many[n, y, there]:
        return _HELD
    if days >= up:
        return _HELD if table.too_few[n, y, there] or shortest < table.minimum_days else 1
    return -1 if days <= down else 0


@compiled_inner
def _weighed(setting: Setting, table: Table, days: float) -> float:
    parts = len(table.shares)
    if parts == 1:
        return days
    weight = 0.0
    for before in range(parts):
        weight += table.shares[before] * min(max(days / setting.window * parts - before, 0.0), 1.0)
    return weight * setting.window
