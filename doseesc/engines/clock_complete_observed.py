"""Trials on the calendar that wait for every outcome, as an observation model shows them, in plain NumPy.

As in :mod:`doseesc.engines.clock_complete` all trials enter their i-th patient together, and nothing is compiled.  A
patient who is not evaluable leaves on the day that this is known, and whoever comes next takes the place.  The answers
are those of :mod:`doseesc.engines.clock`, trial by trial.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designs import Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_ends import COLUMNS
from doseesc.engines.clock_groups import GroupGraph
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import follow
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED, Watched, what_and_when
from doseesc.truth import DAYS_PER_MONTH, ObservationModel, day_gap

_EMPTY = -np.inf  # the day on which nobody leaves
_KEPT = (
    *("row", "node", "column", "size", "arrival", "now", "known", "opened", "evaluable", "dlts", "gone"),
    *("replacements", "vacancies", "held", "waited", "suspensions", "decisions", "pending"),
)
_BY_PLACE = ("leaves", "in_group", "dlt_days", "everybody")
_ROWS = 6  # replacements per trial drawn at a time
_WORTHWHILE = 0.8  # trials that have ended are taken out of arrays once there are so few others


class ObservedClock:
    """Plays designs that wait for every outcome on the same patients, as an observation model shows them.

    Parameters
    ----------
    calendar : Calendar
    model : ObservationModel
    patients : int
        Most evaluable patients per trial, of any design.
    seed : int
    """

    def __init__(self, calendar: Calendar, model: ObservationModel, *, patients: int, seed: int) -> None:
        self._calendar, self._model, self._most, self._seed = calendar, model, patients, seed
        self._drawn: DrawnPatients | None = None
        self._block = (-1, 0)
        self._rows: ObservedRows | None = None

    def begin(self, index: int, trials: int, truth: FloatArray) -> None:
        """Have the patients of a block of trials come, under a truth."""
        if self._drawn is None or self._block != (index, trials):
            self._drawn = DrawnPatients(
                *(self._calendar, truth, self._model.horizon),
                patients=self._most,
                trials=trials,
                seed=self._seed,
                index=index,
                model=self._model,
            )
            self._block = (index, trials)
        self._rows = ObservedRows(self._drawn, truth, self._calendar.accrual.table)

    def play(self, graph: DecisionGraph, truth: FloatArray) -> FloatArray:
        """Play the block's trials of one design; return the figures of each, (S, C), of ``clock_ends.COLUMNS``."""
        assert self._rows is not None, "begin comes first"
        return ObservedTrials(graph, self._calendar, self._rows).play()


class ObservedRows:
    """The patients of a block under one truth: what becomes of each at every level, and what lies between arrivals.

    Parameters
    ----------
    drawn : DrawnPatients
        With an observation model.
    truth : array, shape (J,)
    table : array
        The intensity of arrivals.
    """

    def __init__(self, drawn: DrawnPatients, truth: FloatArray, table: FloatArray) -> None:
        self._drawn, self._truth, self._table = drawn, truth, table
        self._numbers: FloatArray = np.empty((0, 0))
        parts = drawn.watched(_ROWS)
        self.first_patients, self.trials = parts[0].latent.shape
        # At a steady rate days are numbers over the rate, whatever the day.
        self.steady = len(table) == 1
        self._parts = 0
        self._what, self._day = np.empty(0, dtype=np.uint8), np.empty(0)
        self._read(parts)

    def _read(self, parts: list[Watched]) -> None:
        levels, trials = len(self._truth), self.trials
        new = parts[self._parts :]
        rows = sum(len(part.latent) for part in new)
        what, day = np.empty((rows, levels, trials), dtype=np.uint8), np.empty((rows, levels, trials))
        at = 0
        for part in new:
            end = at + len(part.latent)
            for level, chance in enumerate(self._truth):
                what[at:end, level], day[at:end, level] = what_and_when(part, float(chance))
            at = end
        self._what = np.concatenate([self._what, what.ravel()]) if self._parts else what.ravel()
        self._day = np.concatenate([self._day, day.ravel()]) if self._parts else day.ravel()
        self._parts = len(parts)

    def column(self, level: IntArray, row: IntArray) -> IntArray:
        """Return where the patients of trials at levels, from 1, are found by :meth:`take`."""
        column: IntArray = (level - 1) * self.trials + row
        return column

    def take(self, who: IntArray, column: IntArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return what becomes of patients, and after how many days; replacements follow the first patients."""
        place = who * (len(self._truth) * self.trials)
        place += column
        while place.max(initial=0) >= len(self._what):
            self._read(self._drawn.watched(_ROWS, more=True))
        return self._what.take(place), self._day.take(place)

    def number(self, patient: int) -> FloatArray:
        """Return the patients (S,) expected from the last arrival to this one, from 0; the days at a steady rate."""
        if patient >= len(self._numbers):
            self._numbers = np.ascontiguousarray(self._drawn.numbers(patient).T)
            if self.steady:
                self._numbers = day_gap(self._table, 0.0, self._numbers)
        return self._numbers[patient]


class ObservedTrials:
    """The trials of a block under way; arrays have one item per trial that has not ended, or has only just.

    ``node`` is what was decided for the cohort, or group, that is being entered, ``size`` how large it is.  Of its
    patients ``evaluable`` are or will be so, ``dlts`` of them with a DLT.  ``vacancies`` patients have left, or will,
    whose places nobody has taken: on the days ``leaves`` (G, S), those of the cohort ``in_group``.
    """

    def __init__(self, graph: DecisionGraph, calendar: Calendar, patients: ObservedRows) -> None:
        self._graph, self._coming, self._most = graph, patients, graph.design.max_n
        self._groups = graph if isinstance(graph, GroupGraph) else None
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
        if self._groups is not None:
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
        asks = self.evaluable + self.vacancies >= self.size
        if self._groups is not None:
            asks |= self.dlts > 0
            asks |= self.vacancies > 0
        at = np.flatnonzero(asks if self._all_live else asks & self._live)
        if self._groups is None:
            self._wait_for_place_or_all(at)
        else:
            self._look(at)
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

    def _wait_for_place_or_all(self, at: IntArray) -> None:
        """Go on in some trials, where no place is left but those of who leaves, as soon as one is free, or decide."""
        vacant = self.vacancies[at] > 0
        some, at = at[vacant], at[~vacant]
        if len(some):
            leaves = self.leaves[:, some]
            leaving = np.where(leaves > _EMPTY, leaves, np.inf).min(axis=0)
            self._hold(some, np.maximum(leaving, self.now[some]))
        if len(at):
            day = np.maximum(self.now[at], self.known[at])
            self._begin(at, follow(self._graph, self.node[at], self.dlts[at]), day)

    def _look(self, at: IntArray) -> None:
        """Look in some trials of an A+B design until the group goes on, or is left."""
        groups = self._groups
        assert groups is not None, "asked only of designs in groups"
        day = self.now[at]
        while len(at):
            entered = self._seated(at, day)
            dlts = self._dlts_by(at, day)
            goes_on = groups.goes_on(self.node[at], entered, dlts)
            self._hold(at[goes_on], day[goes_on])
            left = ~goes_on
            at, day = at[left], day[left]
            node = groups.after(self.node[at], entered[left], dlts[left])
            decides = (day >= self.known[at]) | groups.condemned(node)
            begun = at[decides]
            self.pending[begun] += (self.everybody[:, begun] > day[decides]).sum(axis=0)
            self._begin(begun, node[decides], day[decides])
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
        if self._groups is None:
            self.decisions[at] += 1
        else:
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
