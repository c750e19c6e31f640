"""A+B designs on the calendar, as an observation model shows them: for `doseesc.engines.clock_complete_observed`.

Every patient is a look, and all trials enter their i-th patient together.
"""

from __future__ import annotations

import numpy as np

from designs import Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_ends import COLUMNS
from doseesc.engines.clock_groups import GroupGraph
from doseesc.engines.clock_observed_rows import ObservedRows
from doseesc.engines.enrolment import Calendar
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED
from doseesc.truth import DAYS_PER_MONTH, day_gap

_EMPTY = -np.inf  # the day on which nobody leaves
_KEPT = (
    *("row", "node", "column", "size", "arrival", "now", "known", "opened", "evaluable", "dlts", "gone"),
    *("replacements", "vacancies", "held", "waited", "suspensions", "decisions", "pending"),
)
_BY_PLACE = ("leaves", "in_group", "dlt_days", "everybody")
_WORTHWHILE = 0.8  # trials that have ended are taken out of arrays once there are so few others


class ObservedGroups:
    """The trials of a block under way; arrays have one item per trial that has not ended, or has only just.

    ``node`` is what was decided for the cohort, or group, that is being entered, ``size`` how large it is.  Of its
    patients ``evaluable`` are or will be so, ``dlts`` of them with a DLT.  ``vacancies`` patients have left, or will,
    whose places nobody has taken: on the days ``leaves`` (G, S), those of the cohort ``in_group``.
    """

    def __init__(self, graph: GroupGraph, calendar: Calendar, patients: ObservedRows) -> None:
        self._graph, self._coming, self._most = graph, patients, graph.design.max_n
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        size = patients.trials
        self._figures = np.zeros((len(COLUMNS), size))
        self._live = np.ones(size, dtype=np.bool_)
        self._ended: list[IntArray] = []
        self._all_live = True
        self.row: IntArray = np.arange(size)
        first = patients.number(0)
        self.opened = first if patients.steady else day_gap(self._pieces, 0.0, first)
        self.arrival, self.now, self.known, self.held, self.waited = (np.zeros(size) for _ in range(5))
        self.node, self.evaluable, self.dlts, self.gone = (np.zeros(size, dtype=np.int64) for _ in range(4))
        self.replacements, self.vacancies = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        self.suspensions, self.decisions, self.pending = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self.column = patients.column(np.full(size, graph.level[0]), self.row)
        self.size = np.full(size, graph.cohort_size[0])
        self.leaves = np.full((2, size), _EMPTY)
        self.in_group = np.zeros((2, size), dtype=np.bool_)
        self.dlt_days = np.full((1, size), np.inf)
        self.everybody = np.full((1, size), _EMPTY)
        self._patients = 0

    def play(self) -> FloatArray:
        """Play the trials to their ends; return the figures of each, (S, C), of ``clock_ends.COLUMNS``."""
        while len(self.row):
            self._treat()
            self._patients += 1
            self._arrive()
        return np.ascontiguousarray(self._figures.T)

    def _treat(self) -> None:
        """Treat the patient who stands there in each trial: a replacement where somebody has left."""
        who = self._patients - self.replacements
        some = np.flatnonzero(self.vacancies)
        if len(some):
            leaves = self.leaves[:, some]
            vacant = (leaves <= self.now[some]) & (leaves > _EMPTY)
            slot = vacant.argmax(axis=0)
            taken = np.flatnonzero(vacant[slot, np.arange(len(some))])
            place = some[taken]
            self.leaves[slot[taken], place] = _EMPTY
            who[place] = self._coming.first_patients + self.replacements[place]
            self.replacements[place] += 1
            self.vacancies[place] -= 1
        if not self._all_live:
            who[~self._live] = 0
        what, after = self._coming.take(who, self.column)
        after += self.now
        leaver, dlt = what & UNUSABLE, (what & COUNTED) > 0
        if not self._all_live:
            leaver *= self._live
            dlt &= self._live
        self._note_in_group(np.flatnonzero(dlt), after)
        leavers = np.flatnonzero(leaver)
        self.evaluable += 1
        if len(leavers):
            self._note_leavers(leavers, after)
        self.dlts += dlt
        if self._queue:
            self.waited += self.now - self.arrival
        np.maximum(self.known, after, out=self.known)

    def _note_leavers(self, leavers: IntArray, assessed: FloatArray) -> None:
        room = self.leaves[:, leavers] == _EMPTY
        if not room.any(axis=0).all():
            self.leaves = np.pad(self.leaves, ((0, 1), (0, 0)), constant_values=_EMPTY)
            self.in_group = np.pad(self.in_group, ((0, 1), (0, 0)))
            room = self.leaves[:, leavers] == _EMPTY
        slot = room.argmax(axis=0)
        self.leaves[slot, leavers], self.in_group[slot, leavers] = assessed[leavers], True
        self.vacancies[leavers] += 1
        self.evaluable[leavers] -= 1
        self.gone[leavers] += 1

    def _note_in_group(self, with_dlt: IntArray, assessed: FloatArray) -> None:
        count = self.dlts[with_dlt]
        if count.max(initial=0) >= len(self.dlt_days):
            self.dlt_days = np.pad(self.dlt_days, ((0, int(count.max())), (0, 0)), constant_values=np.inf)
        self.dlt_days[count, with_dlt] = assessed[with_dlt]
        if self._patients >= len(self.everybody):
            self.everybody = np.pad(self.everybody, ((0, self._patients), (0, 0)), constant_values=_EMPTY)
        self.everybody[self._patients] = np.where(self._live, assessed, _EMPTY)

    def _arrive(self) -> None:
        """Let the next patient of each trial come, and wait until he can be treated; trials that are over leave."""
        since = self.arrival if self._queue else self.now
        if self._patients >= self._most:
            since = self._after_full(since)
        last = self.now
        number = self._coming.number(self._patients)[self.row]
        gap = number if self._coming.steady else day_gap(self._pieces, self.opened + since, number)
        self.arrival = since + gap
        self.now = np.maximum(self.now, self.arrival)
        # A group that is not full goes on where nobody has had a DLT and nobody leaves.
        asks = (self.evaluable + self.vacancies >= self.size) | (self.dlts > 0) | (self.vacancies > 0)
        at = np.flatnonzero(asks if self._all_live else asks & self._live)
        # Most groups are full, and all is known: there is nothing to wait for.
        done = (self.vacancies[at] == 0) & (self.evaluable[at] >= self.size[at]) & (self.known[at] <= self.now[at])
        full = at[done]
        self._begin(full, self._graph.after(self.node[full], self.evaluable[full], self.dlts[full]), self.now[full])
        self._look(at[~done])
        if self._ended:
            self._leave(np.concatenate(self._ended), last)
            self._put_away()

    def _after_full(self, since: FloatArray) -> FloatArray:
        """Return the days after which the next patients come: to a full trial nobody does until one in it leaves."""
        full = np.flatnonzero(self._live & (self._patients - self.gone + self.vacancies >= self._most))
        leaves = self.leaves[:, full]
        staying = leaves > self.now[full]
        still = self._patients - self.gone[full] + staying.sum(axis=0) >= self._most
        leaving = np.where(staying, leaves, np.inf).min(axis=0)
        over = still & np.isinf(leaving)
        self._end(full[over])
        reopens = still & ~over
        since = since.copy()
        since[full[reopens]] = leaving[reopens]
        return since

    def _look(self, at: IntArray) -> None:
        """Look in some trials until the group goes on, or is left."""
        day = self.now[at]
        while len(at):
            entered = self._seated(at, day)
            dlts = self._dlts_by(at, day)
            goes_on = self._graph.goes_on(self.node[at], entered, dlts)
            self._hold(at[goes_on], day[goes_on])
            left = ~goes_on
            at, day = at[left], day[left]
            node = self._graph.after(self.node[at], entered[left], dlts[left])
            decides = (day >= self.known[at]) | self._graph.condemned(node)
            begun = at[decides]
            then = day[decides]
            early = np.flatnonzero(then < self.known[begun])
            if len(early):
                there = begun[early]
                self.pending[there] += (self.everybody[:, there] > then[early]).sum(axis=0)
            self._begin(begun, node[decides], then)
            at, day = at[~decides], day[~decides]
            if not len(at):
                return
            event = np.where(self.dlt_days[:, at] > day, self.dlt_days[:, at], np.inf).min(axis=0, initial=np.inf)
            leaving = np.where(self.leaves[:, at] > day, self.leaves[:, at], np.inf).min(axis=0, initial=np.inf)
            day = np.minimum(np.minimum(event, leaving), self.known[at])

    def _seated(self, at: IntArray, day: FloatArray) -> IntArray:
        """Return how many of the group are in the trial on a day."""
        seated = self.evaluable[at]
        some = np.flatnonzero(self.vacancies[at])
        there = at[some]
        seated[some] += (self.in_group[:, there] & (self.leaves[:, there] > day[some])).sum(axis=0)
        return seated

    def _dlts_by(self, at: IntArray, day: FloatArray) -> IntArray:
        """Return how many DLTs of the group are known on a day."""
        dlts = self.dlts[at]
        some = np.flatnonzero(dlts)
        dlts[some] = (self.dlt_days[:, at[some]] <= day[some]).sum(axis=0)
        return dlts

    def _hold(self, at: IntArray, day: FloatArray) -> None:
        """Let who stands there wait for a day."""
        held = day - self.now[at]
        late = np.flatnonzero(held)
        if len(late):
            there = at[late]
            self.held[there] += held[late]
            self.suspensions[there] += 1
            self.now[there] = day[late]

    def _begin(self, at: IntArray, node: IntArray, day: FloatArray) -> None:
        """Begin the next cohort, or end."""
        self._hold(at, day)
        level = self._graph.level[node]
        self.node[at], self.evaluable[at], self.dlts[at] = node, 0, 0
        self.size[at] = self._graph.cohort_size[node]
        self.column[at] = self._coming.column(np.maximum(level, 1), self.row[at])
        reason = self._graph.reason_code[node]
        self.decisions[at] += (reason != Reason.COMPLETE_COHORT) & (reason != Reason.START)
        self.in_group[:, at] = False
        self.dlt_days[:, at] = np.inf
        self._end(at[level == 0])

    def _end(self, ended: IntArray) -> None:
        if len(ended):
            self._live[ended], self._all_live = False, False
            self._ended.append(ended)

    def _leave(self, ended: IntArray, last: FloatArray) -> None:
        """Take note of trials that have ended; the last patient came on day ``last``."""
        self._ended = []
        # Who is held is the one who waits, but in a queue, where others wait behind him; the last one waits in vain.
        in_vain = self.now[ended] - self.arrival[ended]
        waited = self.waited[ended] if self._queue else self.held[ended] - in_vain
        opened = self.opened[ended] if self._first_gap else 0.0
        days = self.known[ended] + opened
        for name, value in (
            ("duration_days", days),
            ("enrolment_days", last[ended] + opened),
            ("months", days / DAYS_PER_MONTH),
            ("patients", self._patients),
            ("suspensions", self.suspensions[ended]),
            ("days_suspended", self.held[ended]),
            ("days_waited", waited),
            ("decisions", self.decisions[ended]),
            ("pending", self.pending[ended]),
        ):
            self._figures[COLUMNS.index(name), self.row[ended]] = value

    def _put_away(self) -> None:
        """Take trials that have ended out of the arrays, now and then; until then they go on, of no account."""
        stay = np.flatnonzero(self._live)
        if 0 < len(stay) > _WORTHWHILE * len(self._live):
            return
        for name in _KEPT:
            setattr(self, name, getattr(self, name)[stay])
        for name in _BY_PLACE:
            setattr(self, name, getattr(self, name)[:, stay])
        self._live, self._all_live = np.ones(len(stay), dtype=np.bool_), True
