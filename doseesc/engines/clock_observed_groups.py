"""A+B designs on the calendar, as an observation model shows them: for `doseesc.engines.clock_complete_observed`.

Every patient is a look, and all trials enter their i-th patient together.
"""

from __future__ import annotations

import numpy as np

from designs import Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_groups import GroupGraph
from doseesc.engines.clock_observed_ends import EndedTrials
from doseesc.engines.clock_observed_rows import Met, ObservedRows
from doseesc.engines.clock_truth_sets import TruthSets, first_of_each, with_copies
from doseesc.engines.enrolment import Calendar
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED
from doseesc.truth import day_gap

_EMPTY = -np.inf  # the day on which nobody leaves
_KEPT = (
    *("row", "truths", "node", "arrival", "now", "known", "evaluable", "dlts", "gone"),
    *("replacements", "vacancies", "held", "waited", "suspensions", "decisions", "pending"),
)
_BY_PLACE = ("leaves", "in_group", "dlt_days")
_WORTHWHILE = 0.8  # trials that have ended are taken out of arrays once there are so few others


class ObservedGroups:
    """The trials of a block under way; arrays have one item per trial that has not ended, or has only just.

    A trial is one of ``row`` under a set of ``truths``, which is empty once it has ended.  ``node`` is what was decided
    for the cohort, or group, that is being entered.  Of its patients ``evaluable`` are or will be so, ``dlts`` of them
    with a DLT.  ``vacancies`` patients have left, or will, whose places nobody has taken: on the days ``leaves``
    (G, S), those of the cohort ``in_group``.
    """

    def __init__(self, graph: GroupGraph, calendar: Calendar, patients: ObservedRows, truths: TruthSets) -> None:
        self._graph, self._coming, self._most, self._under = graph, patients, graph.design.max_n, truths
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        size = patients.trials
        self._ended = EndedTrials(truths, size)
        self._ending: list[tuple[IntArray, IntArray]] = []
        first = patients.number(0)
        self._opened = first if patients.steady else day_gap(self._pieces, 0.0, first)  # by row
        self.row: IntArray = np.arange(size)
        self.truths: IntArray = np.full(size, truths.everything)
        self.arrival, self.now, self.known, self.held, self.waited = (np.zeros(size) for _ in range(5))
        self.node, self.evaluable, self.dlts, self.gone = (np.zeros(size, dtype=np.int64) for _ in range(4))
        self.replacements, self.vacancies = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        self.suspensions, self.decisions, self.pending = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self.leaves = np.full((2, size), _EMPTY)
        self.in_group = np.zeros((2, size), dtype=np.bool_)
        self.dlt_days = np.full((1, size), np.inf)
        self._assessed: list[FloatArray] = []  # by patient, of the trials there were
        self._origin: list[IntArray] = []  # and where the trials there were at the next patient were among these
        self._moved: IntArray = np.arange(size)
        self._patients = 0

    def play(self) -> list[FloatArray]:
        """Play the trials to their ends; return for each truth the figures of each trial, (S, C), of ``COLUMNS``."""
        while len(self.row):
            self._treat(*self._stand_there())
            self._patients += 1
            self._arrive()
        return self._ended.by_truth()

    def _stand_there(self) -> tuple[Met, FloatArray]:
        """Return the patients who stand there in each trial, and DLT probabilities at which they are treated.

        A patient takes the place of one who has left.  Truths under which his outcome is another part.
        """
        who = self._patients - self.replacements
        some = np.flatnonzero(self.vacancies)
        if len(some):
            leaves = self.leaves.take(some, axis=1)
            vacant = (leaves <= self.now.take(some)) & (leaves > _EMPTY)
            for slot, there in first_of_each(vacant):
                self.leaves[slot, some.take(there)] = _EMPTY
            place = some[vacant.any(axis=0)]
            who[place] = self._coming.first_patients + self.replacements.take(place)
            self.replacements[place] += 1
            self.vacancies[place] -= 1
        who *= self.truths > 0
        level = np.maximum(self._graph.level.take(self.node), 1)
        met = self._coming.meet(who, self.row)
        parted = self._coming.part(self._under, met, level, self.truths)
        if parted is not None:
            count, copied = len(self.row), parted.copied
            for name in (*_KEPT, *_BY_PLACE, "_moved"):
                setattr(self, name, with_copies(getattr(self, name), copied))
            self.truths[parted.narrowed], self.truths[count:] = parted.sets, parted.copy_sets
            met, level = met.with_copies(copied), np.concatenate([level, level.take(copied)])
        return met, self._under.lowest(self.truths, level)

    def _treat(self, met: Met, chance: FloatArray) -> None:
        """Treat the patients who stand there."""
        what, after = self._coming.outcomes(met, chance)
        after += self.now
        live = self.truths > 0
        leavers, dlt = np.flatnonzero((what & UNUSABLE > 0) & live), ((what & COUNTED) > 0) & live
        self._note_in_group(np.flatnonzero(dlt), after)
        self.evaluable += 1
        if len(leavers):
            self._note_leavers(leavers, after)
        self.dlts += dlt
        if self._queue:
            self.waited += self.now - self.arrival
        np.maximum(self.known, after, out=self.known)

    def _note_leavers(self, leavers: IntArray, assessed: FloatArray) -> None:
        room = self.leaves.take(leavers, axis=1) == _EMPTY
        if not room.any(axis=0).all():
            self.leaves = np.pad(self.leaves, ((0, 1), (0, 0)), constant_values=_EMPTY)
            self.in_group = np.pad(self.in_group, ((0, 1), (0, 0)))
            room = self.leaves.take(leavers, axis=1) == _EMPTY
        for slot, there in first_of_each(room):
            those = leavers.take(there)
            self.leaves[slot, those], self.in_group[slot, those] = assessed.take(those), True
        self.vacancies[leavers] += 1
        self.evaluable[leavers] -= 1
        self.gone[leavers] += 1

    def _note_in_group(self, with_dlt: IntArray, assessed: FloatArray) -> None:
        count = self.dlts[with_dlt]
        if count.max(initial=0) >= len(self.dlt_days):
            self.dlt_days = np.pad(self.dlt_days, ((0, int(count.max())), (0, 0)), constant_values=np.inf)
        self.dlt_days[count, with_dlt] = assessed[with_dlt]
        self._assessed.append(assessed)
        self._origin.append(self._moved)
        self._moved = np.arange(len(assessed))

    def _pending(self, at: IntArray, day: FloatArray) -> IntArray:
        """Return how many patients of trials are pending on a day."""
        count = np.zeros(len(at), dtype=np.int64)
        for assessed, origin in zip(reversed(self._assessed), reversed(self._origin), strict=True):
            count += assessed.take(at) > day
            at = origin.take(at)
        return count

    def _arrive(self) -> None:
        """Let the next patient of each trial come, and wait until he can be treated; trials that are over leave."""
        since = self.arrival if self._queue else self.now
        if self._patients >= self._most:
            since = self._after_full(since)
        last = self.now
        number = self._coming.number(self._patients).take(self.row)
        gap = number if self._coming.steady else day_gap(self._pieces, self._opened.take(self.row) + since, number)
        arrival = since + gap
        self.now = np.maximum(self.now, arrival)
        if self._queue:
            self.arrival = arrival
        # A group that is not full goes on where nobody has had a DLT and nobody leaves.
        seated = self.evaluable + self.vacancies
        asks = (seated >= self._graph.cohort_size.take(self.node)) | (self.dlts > 0) | (self.vacancies > 0)
        at = np.flatnonzero(asks & (self.truths > 0))
        # Most groups are full, and all is known: there is nothing to wait for.
        done = (self.vacancies.take(at) == 0) & (self.known.take(at) <= self.now.take(at))
        done &= self.evaluable.take(at) >= self._graph.cohort_size.take(self.node.take(at))
        full = at.take(np.flatnonzero(done))
        after = self._graph.after(self.node.take(full), self.evaluable.take(full), self.dlts.take(full))
        self._begin(full, after, self.now.take(full))
        self._look(at.take(np.flatnonzero(~done)))
        if self._ending:
            self._leave(last, arrival)

    def _after_full(self, since: FloatArray) -> FloatArray:
        """Return the days after which the next patients come: to a full trial nobody does until one in it leaves."""
        full = np.flatnonzero((self.truths > 0) & (self._patients - self.gone + self.vacancies >= self._most))
        leaves = self.leaves.take(full, axis=1)
        staying = leaves > self.now.take(full)
        still = self._patients - self.gone.take(full) + staying.sum(axis=0) >= self._most
        leaving = np.where(staying, leaves, np.inf).min(axis=0)
        over = still & np.isinf(leaving)
        self._end(full[over])
        reopens = still & ~over
        since = since.copy()
        since[full[reopens]] = leaving[reopens]
        return since

    def _look(self, at: IntArray) -> None:
        """Look in some trials until the group goes on, or is left."""
        day = self.now.take(at)
        while len(at):
            entered = self._seated(at, day)
            dlts = self._dlts_by(at, day)
            goes_on = self._graph.goes_on(self.node.take(at), entered, dlts)
            on, left = np.flatnonzero(goes_on), np.flatnonzero(~goes_on)
            self._hold(at.take(on), day.take(on))
            at, day = at.take(left), day.take(left)
            node = self._graph.after(self.node.take(at), entered.take(left), dlts.take(left))
            decides = (day >= self.known.take(at)) | self._graph.condemned(node)
            deciding, waiting = np.flatnonzero(decides), np.flatnonzero(~decides)
            begun, then = at.take(deciding), day.take(deciding)
            early = np.flatnonzero(then < self.known.take(begun))
            if len(early):
                there = begun[early]
                self.pending[there] += self._pending(there, then[early])
            self._begin(begun, node.take(deciding), then)
            at, day = at.take(waiting), day.take(waiting)
            if not len(at):
                return
            later = self.known.take(at)
            for events in (self.dlt_days, self.leaves):
                days = events.take(at, axis=1)
                later = np.minimum(later, np.where(days > day, days, np.inf).min(axis=0, initial=np.inf))
            day = later

    def _seated(self, at: IntArray, day: FloatArray) -> IntArray:
        """Return how many of the group are in the trial on a day."""
        seated = self.evaluable.take(at)
        some = np.flatnonzero(self.vacancies.take(at))
        there = at[some]
        stays = self.leaves.take(there, axis=1) > day.take(some)
        stays &= self.in_group.take(there, axis=1)
        seated[some] += stays.sum(axis=0)
        return seated

    def _dlts_by(self, at: IntArray, day: FloatArray) -> IntArray:
        """Return how many DLTs of the group are known on a day."""
        dlts = self.dlts.take(at)
        some = np.flatnonzero(dlts)
        dlts[some] = (self.dlt_days.take(at.take(some), axis=1) <= day.take(some)).sum(axis=0)
        return dlts

    def _hold(self, at: IntArray, day: FloatArray) -> None:
        """Let who stands there wait for a day."""
        held = day - self.now.take(at)
        late = np.flatnonzero(held)
        if len(late):
            there = at[late]
            self.held[there] += held[late]
            self.suspensions[there] += 1
            self.now[there] = day[late]

    def _begin(self, at: IntArray, node: IntArray, day: FloatArray) -> None:
        """Begin the next cohort, or end."""
        self._hold(at, day)
        level = self._graph.level.take(node)
        self.node[at], self.evaluable[at], self.dlts[at] = node, 0, 0
        reason = self._graph.reason_code.take(node)
        self.decisions[at] += (reason != Reason.COMPLETE_COHORT) & (reason != Reason.START)
        for in_group in self.in_group:
            in_group[at] = False
        for days in self.dlt_days:
            days[at] = np.inf
        self._end(at[level == 0])

    def _end(self, ended: IntArray) -> None:
        if len(ended):
            self._ending.append((ended, self.truths.take(ended)))
            self.truths[ended] = 0

    def _leave(self, last: FloatArray, arrival: FloatArray) -> None:
        """Take note of trials that have ended, and now and then take them out; until then they go on, of no account."""
        ended, sets = (np.concatenate(arrays) for arrays in zip(*self._ending, strict=True))
        self._ending = []
        row, held = self.row[ended], self.held.take(ended)
        # Who is held is the one who waits, but in a queue, where others wait behind him; the last one waits in vain.
        waited = self.waited.take(ended) if self._queue else held - (self.now.take(ended) - arrival[ended])
        opened = self._opened[row] if self._first_gap else 0.0
        self._ended.note(
            *(row, sets),
            {
                "duration_days": self.known.take(ended) + opened,
                "enrolment_days": last[ended] + opened,
                "patients": self._patients,
                "suspensions": self.suspensions.take(ended),
                "days_suspended": held,
                "days_waited": waited,
                "decisions": self.decisions.take(ended),
                "pending": self.pending.take(ended),
            },
        )
        stay = np.flatnonzero(self.truths)
        if len(stay) <= _WORTHWHILE * len(self.truths):
            self._keep(stay)

    def _keep(self, index: IntArray) -> None:
        """Leave in the arrays only the trials of an index, which may be there more than once."""
        for name in (*_KEPT, *_BY_PLACE, "_moved"):
            setattr(self, name, getattr(self, name).take(index, axis=-1))
