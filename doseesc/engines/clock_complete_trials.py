"""Trials on the calendar that wait for every outcome, under way: for :mod:`doseesc.engines.clock_complete`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs import Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_ends import COLUMNS
from doseesc.engines.clock_groups import Group, GroupGraph, Groups
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import follow
from doseesc.truth import DAYS_PER_MONTH, day_gap

_KEPT = (
    *("row", "node", "entered", "dlts", "arrival", "now", "known"),
    *("last", "chance", "size", "held", "waited", "opened", "suspensions", "decisions", "pending"),
)
_WORTHWHILE = 0.8  # trials that have ended are taken out of arrays once there are so few others
_COLUMN = {name: place for place, name in enumerate(COLUMNS)}


class PatientRows(NamedTuple):
    """The patients of a block, (P, S): latent numbers, days to DLTs (1 or J, P, S), and what lies between arrivals.

    ``number`` is the expected number of patients from one to the next, ``gap`` the days, where they are that alone.
    """

    latent: FloatArray
    dlt_day: FloatArray
    number: FloatArray
    gap: FloatArray | None


class TrialsUnderWay:
    """The trials of a block under way: arrays have one item per trial that has not ended, or has only just.

    ``row`` holds their places in the block, ``node`` what was decided for the cohort that is being entered, of which
    ``entered`` patients have been, ``dlts`` of them with a DLT, all of whom are known on day ``known``.
    """

    def __init__(
        self, graph: DecisionGraph, truth: FloatArray, calendar: Calendar, window: float, patients: PatientRows
    ) -> None:
        self._graph, self._window, self._coming = graph, window, patients
        self._chances = np.concatenate([[-1.0], truth])  # by level; where no dose is given nobody has a DLT
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        size = patients.number.shape[1]
        self._figures = np.zeros((len(COLUMNS), size))
        self._patients = 0
        self._groups = Groups(graph, size) if isinstance(graph, GroupGraph) else None
        self._live = np.ones(size, dtype=np.bool_)
        self.row: IntArray = np.arange(size)
        self._place: IntArray | slice = slice(None)
        self.node, self.entered, self.dlts = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self.arrival, self.now, self.last, self.known, self.held, self.waited = (np.zeros(size) for _ in range(6))
        self.opened = day_gap(self._pieces, 0.0, patients.number[0])
        self.chance = np.full(size, self._chances[graph.level[0]])
        self.size = np.full(size, graph.cohort_size[0])
        self.suspensions, self.decisions, self.pending = (np.zeros(size, dtype=np.int64) for _ in range(3))

    def arrive(self, patient: int) -> None:
        """Let the next patient of each trial come, and wait until he can be treated; trials that stop then leave."""
        self.last = self.now  # the day of the last first dose; what follows makes a new array
        since = self.arrival if self._queue else self.now
        self.arrival = since + self._days_from(since, patient)
        self.now = np.maximum(self.now, self.arrival)
        if self._groups is None:
            opens = self.entered >= self.size
        else:
            opens = self._groups.leave_off(Group(self.row, self.node, self.entered, self.dlts), self.now)
        if opens.all():
            self._open(slice(None))
        elif opens.any():
            self._open(np.flatnonzero(opens))

    def treat(self, patient: int) -> None:
        """Treat the patient who stands there in each trial."""
        dlt_day = self._coming.dlt_day[:, patient]
        dlt = self._coming.latent[patient][self._place] < self.chance
        if len(dlt_day) == 1:
            after = dlt_day[0][self._place]
        else:
            after = dlt_day[np.maximum(self._graph.level[self.node] - 1, 0), self.row]
            dlt &= after <= self._window
        assessed = np.where(dlt, after, self._window)
        assessed += self.now
        if self._groups is not None:
            self._groups.enter(self._place, assessed, dlt)
        if self._queue:
            self.waited += self.now - self.arrival
        np.maximum(self.known, assessed, out=self.known)
        self.dlts += dlt
        self.entered += 1
        self._patients += 1

    def finish(self) -> FloatArray:
        """Follow everybody to the end; return the figures of all trials, (S, C)."""
        self.last = self.now
        self._record(np.flatnonzero(self._live))
        return np.ascontiguousarray(self._figures.T)

    def _open(self, at: IntArray | slice) -> None:
        """Decide in some trials as soon as all is known, and begin the next cohort."""
        now = self.now[at]
        begins = np.maximum(now, self.known[at])
        if self._groups is None:
            node = follow(self._graph, self.node[at], self.dlts[at])
            self.decisions[at] += 1
        else:
            group = Group(self.row[at], self.node[at], self.entered[at], self.dlts[at])
            node, pending, begins = self._groups.decided(group, now, begins)
            self.pending[at] += pending
            self.decisions[at] += self._graph.reason_code[node] != Reason.COMPLETE_COHORT
        held = begins - now
        self.held[at] += held
        self.suspensions[at] += held > 0
        self.now[at], self.node[at] = begins, node
        self.entered[at] = 0
        self.dlts[at] = 0
        level = self._graph.level[node]
        self.chance[at] = self._chances[level]
        self.size[at] = self._graph.cohort_size[node]
        ended = np.flatnonzero(level == 0)
        if len(ended):
            self._leave(ended if isinstance(at, slice) else at[ended])

    def _days_from(self, since: FloatArray, patient: int) -> FloatArray:
        """Return the days to the next arrival."""
        if self._coming.gap is not None:
            return self._coming.gap[patient][self._place]
        return day_gap(self._pieces, self.opened + since, self._coming.number[patient][self._place])

    def _leave(self, ended: IntArray) -> None:
        """Take trials out of those under way, now and then for good; until then they begin again, of no account."""
        live = ended[self._live[ended]]
        self._record(live, self.now[live] - self.arrival[live])
        self._live[ended] = False
        self.node[ended], self.chance[ended], self.size[ended] = 0, -1.0, self._graph.cohort_size[0]
        stay = np.flatnonzero(self._live)
        if len(stay) > _WORTHWHILE * len(self._live):
            return
        for name in _KEPT:
            setattr(self, name, getattr(self, name)[stay])
        self._live = np.ones(len(stay), dtype=np.bool_)
        self._place = self.row

    def _record(self, at: IntArray, held_in_vain: FloatArray | float = 0.0) -> None:
        days = self.known[at] + self.opened[at] if self._first_gap else self.known[at]
        # Who is held is the one who waits, but in a queue, where others wait behind him.
        waited = self.waited[at] if self._queue else self.held[at] - held_in_vain
        rows = self.row[at]
        for name, value in (
            ("duration_days", days),
            ("enrolment_days", self.last[at] + self.opened[at] if self._first_gap else self.last[at]),
            ("months", days / DAYS_PER_MONTH),
            ("patients", self._patients),
            ("suspensions", self.suspensions[at]),
            ("days_suspended", self.held[at]),
            ("days_waited", waited),
            ("decisions", self.decisions[at]),
            ("pending", self.pending[at]),
        ):
            self._figures[_COLUMN[name], rows] = value
