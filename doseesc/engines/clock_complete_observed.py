"""Trials on the calendar that wait for every outcome, as an observation model shows them, in plain NumPy.

As in :mod:`doseesc.engines.clock_complete` nothing is compiled, and the answers are those of
:mod:`doseesc.engines.clock`, trial by trial.  A cohort is entered at once, its first patients and then those who take
the places of others who have left; a trial waits for the day on which they do, and at last for all outcomes.
"""

from __future__ import annotations

import numpy as np

from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_ends import COLUMNS
from doseesc.engines.clock_groups import GroupGraph
from doseesc.engines.clock_observed_groups import ObservedGroups
from doseesc.engines.clock_observed_rows import ObservedRows
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import follow
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED
from doseesc.truth import DAYS_PER_MONTH, ObservationModel, day_gap

_KEPT = (
    *("row", "node", "column", "size", "position", "entered", "replaced", "arrival", "now", "known", "opened"),
    *("held", "waited", "suspensions", "decisions"),
)


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
        if isinstance(graph, GroupGraph):
            return ObservedGroups(graph, self._calendar, self._rows).play()
        return ObservedCohorts(graph, self._calendar, self._rows).play()


class ObservedCohorts:
    """The trials of a block under way, cohort by cohort; arrays have one item per trial that has not ended.

    ``node`` is what was decided for the cohort, ``position`` how many evaluable patients came before it, and
    ``entered`` how many patients have been entered in all, ``replaced`` of them in the place of another.
    """

    def __init__(self, graph: DecisionGraph, calendar: Calendar, patients: ObservedRows) -> None:
        self._graph, self._coming, self._most = graph, patients, graph.design.max_n
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        size = patients.trials
        self._figures = np.zeros((len(COLUMNS), size))
        self.row: IntArray = np.arange(size)
        first = patients.number(0)
        self.opened = first if patients.steady else day_gap(self._pieces, 0.0, first)
        self.arrival, self.now, self.known, self.held, self.waited = (np.zeros(size) for _ in range(5))
        self.node, self.position, self.entered, self.replaced = (np.zeros(size, dtype=np.int64) for _ in range(4))
        self.suspensions, self.decisions = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        self.column = patients.column(np.full(size, graph.level[0]), self.row)
        self.size = np.full(size, graph.cohort_size[0])

    def play(self) -> FloatArray:
        """Play the trials to their ends; return the figures of each, (S, C), of ``clock_ends.COLUMNS``."""
        while len(self.row):
            dlts, leaves = self._enter_first_patients()
            self._replace(dlts, leaves)
            self._decide(dlts)
        return np.ascontiguousarray(self._figures.T)

    def _enter_first_patients(self) -> tuple[IntArray, FloatArray]:
        """Enter the cohorts; return the DLTs in each, and the days on which patients leave, (patients, S)."""
        largest = int(self.size.max())
        dlts = np.zeros(len(self.row), dtype=np.int64)
        leaves = np.full((largest, len(self.row)), np.inf)
        for place in range(largest):
            at = self.size > place
            some: IntArray | slice = slice(None) if at.all() else np.flatnonzero(at)
            if place:
                since = self.arrival[some] if self._queue else self.now[some]
                arrival = since + self._gap(since, self.entered[some], self.opened[some], self.row[some])
                self.arrival[some] = arrival
                self.now[some] = np.maximum(self.now[some], arrival) if self._queue else arrival
            what, day = self._coming.take(self.position[some] + place, self.column[some])
            now = self.now[some]
            if self._queue:
                self.waited[some] += now - self.arrival[some]
            day += now
            dlts[some] += (what & COUNTED) > 0
            left = np.flatnonzero(what & UNUSABLE)
            leaves[place, left if isinstance(some, slice) else some[left]] = day[left]
            self.known[some] = np.maximum(self.known[some], day)
            self.entered[some] += 1
        return dlts, leaves

    def _replace(self, dlts: IntArray, leaves: FloatArray) -> None:
        """Let patients take the places of those who leave, one after the other."""
        first = leaves.min(axis=0)
        at = np.flatnonzero(first < np.inf)
        leaving, leaves = first[at], leaves[:, at]
        while len(at):
            now, entered, row = self.now[at], self.entered[at], self.row[at]
            since = self.arrival[at] if self._queue else now
            # Nobody comes to a full trial until one of those in it leaves.
            full = self.position[at] + self.size[at] >= self._most
            since = np.where(full & (leaving > now), leaving, since)
            arrival = since + self._gap(since, entered, self.opened[at], row)
            came = np.maximum(now, arrival)
            day = np.maximum(came, leaving)
            self._hold(at, came, day)
            self.arrival[at], self.now[at] = arrival, day
            if self._queue:
                self.waited[at] += day - arrival
            what, assessed = self._coming.take(self._coming.first_patients + self.replaced[at], self.column[at])
            assessed += day
            dlts[at] += (what & COUNTED) > 0
            leaves[leaves.argmin(axis=0), np.arange(len(at))] = np.where(what & UNUSABLE, assessed, np.inf)
            self.known[at] = np.maximum(self.known[at], assessed)
            self.entered[at] += 1
            self.replaced[at] += 1
            first = leaves.min(axis=0)
            more = np.flatnonzero(first < np.inf)
            at, leaving, leaves = at[more], first[more], leaves[:, more]

    def _decide(self, dlts: IntArray) -> None:
        """Let the next patient of each trial come, decide as soon as all is known, and begin the next cohort."""
        self.position += self.size
        full = self.position >= self._most
        last, held_in_vain = self.now, np.zeros(len(full))
        at = np.flatnonzero(~full)
        ended = full
        if len(at):
            since = (self.arrival if self._queue else self.now)[at]
            arrival = since + self._gap(since, self.entered[at], self.opened[at], self.row[at])
            came = np.maximum(self.now[at], arrival)
            day = np.maximum(came, self.known[at])
            self._hold(at, came, day)
            node = follow(self._graph, self.node[at], dlts[at])
            level = self._graph.level[node]
            last = self.now.copy()
            self.arrival[at], self.now[at], self.node[at] = arrival, day, node
            self.decisions[at] += 1
            self.size[at] = self._graph.cohort_size[node]
            self.column[at] = self._coming.column(np.maximum(level, 1), self.row[at])
            held_in_vain[at] = day - came
            ended[at] = level == 0
        if ended.any():
            self._note(np.flatnonzero(ended), last, held_in_vain)
            self._keep(np.flatnonzero(~ended))

    def _gap(self, since: FloatArray, patient: IntArray, opened: FloatArray, row: IntArray) -> FloatArray:
        """Return the days to the next arrival."""
        number = self._coming.number_of(patient, row)
        return number if self._coming.steady else day_gap(self._pieces, opened + since, number)

    def _hold(self, at: IntArray, came: FloatArray, day: FloatArray) -> None:
        """Let who came wait for a day."""
        held = day - came
        late = np.flatnonzero(held)
        self.held[at[late]] += held[late]
        self.suspensions[at[late]] += 1

    def _note(self, ended: IntArray, last: FloatArray, held_in_vain: FloatArray) -> None:
        """Take note of trials that have ended; the last patient came on day ``last``."""
        # Who is held is the one who waits, but in a queue, where others wait behind him.
        waited = self.waited[ended] if self._queue else self.held[ended] - held_in_vain[ended]
        opened = self.opened[ended] if self._first_gap else 0.0
        days = self.known[ended] + opened
        for name, value in (
            ("duration_days", days),
            ("enrolment_days", last[ended] + opened),
            ("months", days / DAYS_PER_MONTH),
            ("patients", self.entered[ended]),
            ("suspensions", self.suspensions[ended]),
            ("days_suspended", self.held[ended]),
            ("days_waited", waited),
            ("decisions", self.decisions[ended]),
        ):
            self._figures[COLUMNS.index(name), self.row[ended]] = value

    def _keep(self, stay: IntArray) -> None:
        """Leave only some trials in the arrays."""
        for name in _KEPT:
            setattr(self, name, getattr(self, name)[stay])
