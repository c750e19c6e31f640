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
    *("row", "node", "arrival", "now", "known", "opened", "evaluable", "dlts", "all_evaluable", "replacements"),
    *("patients", "held", "waited", "suspensions", "decisions", "pending"),
)
_BY_PLACE = ("leaves", "in_group", "dlt_days", "everybody")
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
        self._rows = ObservedRows(self._drawn, truth)

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
    """

    def __init__(self, drawn: DrawnPatients, truth: FloatArray) -> None:
        self._drawn, self._truth = drawn, truth
        self._numbers: FloatArray = np.empty((0, 0))
        self._parts = [self._found(part) for part in drawn.watched()]
        self._join()

    def _found(self, part: Watched) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        what, day = zip(*(what_and_when(part, float(chance)) for chance in self._truth), strict=True)
        return np.stack(what, axis=1), np.stack(day, axis=1)

    def _join(self) -> None:
        self._what = np.concatenate([what for what, _ in self._parts]).ravel()
        self._day = np.concatenate([day for _, day in self._parts]).ravel()
        self._size = sum(len(what) for what, _ in self._parts)
        self.first_patients = len(self._parts[0][0])

    def take(self, who: IntArray, level: IntArray, row: IntArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return what becomes of patients, and after how many days; replacements follow the first patients."""
        while who.max(initial=0) >= self._size:
            self._parts.append(self._found(self._drawn.watched(more=True)[-1]))
            self._join()
        levels, trials = self._parts[0][0].shape[1:]
        place = (who * levels + level - 1) * trials + row
        return self._what.take(place), self._day.take(place)

    def number(self, patient: int) -> FloatArray:
        """Return the expected number of patients (S,) from the last arrival to this one, from 0."""
        if patient >= len(self._numbers):
            self._numbers = np.ascontiguousarray(self._drawn.numbers(patient).T)
        return self._numbers[patient]


class ObservedTrials:
    """The trials of a block under way; arrays have one item per trial that has not ended, or has only just.

    ``node`` is what was decided for the cohort, or group, that is being entered.  Of its patients ``evaluable`` are or
    will be so, ``dlts`` of them with a DLT.  ``leaves`` (G, S) holds the days on which patients leave whose places have
    not been taken, those of the cohort ``in_group``.
    """

    def __init__(self, graph: DecisionGraph, calendar: Calendar, patients: ObservedRows) -> None:
        self._graph, self._coming, self._most = graph, patients, graph.design.max_n
        self._groups = graph if isinstance(graph, GroupGraph) else None
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        number = patients.number(0)
        size = len(number)
        self._figures = np.zeros((len(COLUMNS), size))
        self._live = np.ones(size, dtype=np.bool_)
        self.row: IntArray = np.arange(size)
        self.opened = day_gap(self._pieces, 0.0, number)
        self.arrival, self.now, self.known, self.held, self.waited = (np.zeros(size) for _ in range(5))
        self.node, self.evaluable, self.dlts, self.all_evaluable = (np.zeros(size, dtype=np.int64) for _ in range(4))
        self.replacements, self.patients = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        self.suspensions, self.decisions, self.pending = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self.leaves = np.full((2, size), _EMPTY)
        self.in_group = np.zeros((2, size), dtype=np.bool_)
        self.dlt_days = np.full((1, size), np.inf)
        self.everybody = np.full((1, size), _EMPTY)

    def play(self) -> FloatArray:
        """Play the trials to their ends; return the figures of each, (S, C), of ``clock_ends.COLUMNS``."""
        patient = 0
        while len(self.row):
            self._treat()
            patient += 1
            self._arrive(patient)
        return np.ascontiguousarray(self._figures.T)

    def _treat(self) -> None:
        """Treat the patient who stands there in each trial: a replacement where somebody has left."""
        vacant = (self.leaves <= self.now) & (self.leaves > _EMPTY)
        taken = vacant.any(axis=0)
        place = np.flatnonzero(taken)
        self.leaves[vacant[:, place].argmax(axis=0), place] = _EMPTY
        who = np.where(taken, self._coming.first_patients + self.replacements, self.patients - self.replacements)
        self.replacements += taken
        level = np.maximum(self._graph.level[self.node], 1)
        what, after = self._coming.take(np.where(self._live, who, 0), level, self.row)
        assessed = self.now + after
        leaver, dlt = self._live & (what & UNUSABLE > 0), self._live & (what & COUNTED > 0)
        self._note_leavers(np.flatnonzero(leaver), assessed)
        if self._groups is not None:
            self._note_in_group(np.flatnonzero(dlt), assessed)
        self.evaluable += ~leaver
        self.all_evaluable += ~leaver
        self.dlts += dlt
        self.patients += 1
        self.waited += self.now - self.arrival
        np.maximum(self.known, assessed, out=self.known)

    def _note_leavers(self, leavers: IntArray, assessed: FloatArray) -> None:
        room = self.leaves[:, leavers] == _EMPTY
        if not room.any(axis=0).all():
            self.leaves = np.pad(self.leaves, ((0, 1), (0, 0)), constant_values=_EMPTY)
            self.in_group = np.pad(self.in_group, ((0, 1), (0, 0)))
            room = self.leaves[:, leavers] == _EMPTY
        place = room.argmax(axis=0)
        self.leaves[place, leavers], self.in_group[place, leavers] = assessed[leavers], True

    def _note_in_group(self, with_dlt: IntArray, assessed: FloatArray) -> None:
        count = self.dlts[with_dlt]
        if count.max(initial=0) >= len(self.dlt_days):
            self.dlt_days = np.pad(self.dlt_days, ((0, int(count.max())), (0, 0)), constant_values=np.inf)
        self.dlt_days[count, with_dlt] = assessed[with_dlt]
        at = np.flatnonzero(self._live)
        number = self.patients[at]
        if number.max(initial=0) >= len(self.everybody):
            self.everybody = np.pad(self.everybody, ((0, int(number.max())), (0, 0)), constant_values=_EMPTY)
        self.everybody[number, at] = assessed[at]

    def _arrive(self, patient: int) -> None:
        """Let the next patient of each trial come, and wait until he can be treated; trials that are over leave."""
        staying = self.leaves > self.now
        full = self.all_evaluable + staying.sum(axis=0) >= self._most
        leaving = np.where(staying, self.leaves, np.inf).min(axis=0)
        self._leave(np.flatnonzero(self._live & full & np.isinf(leaving)), self.now)
        since = np.where(full & np.isfinite(leaving), leaving, self.arrival if self._queue else self.now)
        last = self.now
        number = self._coming.number(patient)[self.row]
        self.arrival = since + day_gap(self._pieces, self.opened + since, number)
        self.now = np.maximum(self.now, self.arrival)
        at = np.flatnonzero(self._live)
        if self._groups is None:
            self._wait_for_place_or_all(at, last)
        else:
            self._look(at, last)
        self._put_away()

    def _seated(self, at: IntArray, day: FloatArray) -> IntArray:
        """Return how many of the cohort are in it on a day."""
        there: IntArray = self.evaluable[at] + (self.in_group[:, at] & (self.leaves[:, at] > day)).sum(axis=0)
        return there

    def _wait_for_place_or_all(self, at: IntArray, last: FloatArray) -> None:
        """Go on in some trials as soon as a place is free, or decide when all are known."""
        at = at[self._seated(at, self.now[at]) >= self._graph.cohort_size[self.node[at]]]
        leaving = np.where(self.leaves[:, at] > self.now[at], self.leaves[:, at], np.inf).min(axis=0)
        decides = np.isinf(leaving)
        self._hold(at[~decides], leaving[~decides])
        at = at[decides]
        if not len(at):
            return
        day = np.maximum(self.now[at], self.known[at])
        node = follow(self._graph, self.node[at], self.dlts[at])
        self._begin(at, node, day, last)

    def _look(self, at: IntArray, last: FloatArray) -> None:
        """Look in some trials of an A+B design until the group goes on, or is left."""
        groups = self._groups
        assert groups is not None, "asked only of designs in groups"
        day = self.now[at].copy()
        while len(at):
            entered = self._seated(at, day)
            dlts = (self.dlt_days[:, at] <= day).sum(axis=0)
            goes_on = groups.goes_on(self.node[at], entered, dlts)
            self._hold(at[goes_on], day[goes_on])
            at, day = at[~goes_on], day[~goes_on]
            node = groups.after(self.node[at], entered[~goes_on], dlts[~goes_on])
            decides = (day >= self.known[at]) | groups.condemned(node)
            begun = at[decides]
            self.pending[begun] += (self.everybody[:, begun] > day[decides]).sum(axis=0)
            self._begin(begun, node[decides], day[decides], last)
            at, day = at[~decides], day[~decides]
            event = np.where(self.dlt_days[:, at] > day, self.dlt_days[:, at], np.inf).min(axis=0, initial=np.inf)
            leaving = np.where(self.leaves[:, at] > day, self.leaves[:, at], np.inf).min(axis=0, initial=np.inf)
            day = np.minimum(np.minimum(event, leaving), self.known[at])

    def _hold(self, at: IntArray, day: FloatArray) -> None:
        """Let who stands there wait for a day."""
        held = day - self.now[at]
        self.held[at] += held
        self.suspensions[at] += held > 0
        self.now[at] = day

    def _begin(self, at: IntArray, node: IntArray, day: FloatArray, last: FloatArray) -> None:
        """Begin the next cohort, or end."""
        self._hold(at, day)
        reason = self._graph.reason_code[node]
        self.decisions[at] += (reason != Reason.COMPLETE_COHORT) & (reason != Reason.START)
        self.node[at], self.evaluable[at], self.dlts[at] = node, 0, 0
        self.in_group[:, at] = False
        self.dlt_days[:, at] = np.inf
        self._leave(at[self._graph.level[node] == 0], last)

    def _leave(self, ended: IntArray, last: FloatArray) -> None:
        """Take note of trials that have ended; the last patient came on day ``last``."""
        self._live[ended] = False
        opened = self.opened[ended] if self._first_gap else 0.0
        days = self.known[ended] + opened
        for name, value in (
            ("duration_days", days),
            ("enrolment_days", last[ended] + opened),
            ("months", days / DAYS_PER_MONTH),
            ("patients", self.patients[ended]),
            ("suspensions", self.suspensions[ended]),
            ("days_suspended", self.held[ended]),
            ("days_waited", self.waited[ended]),
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
        self._live = np.ones(len(stay), dtype=np.bool_)
