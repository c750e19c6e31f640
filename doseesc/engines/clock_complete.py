"""Trials on the calendar that wait for every outcome, in plain NumPy: nothing to compile, and quick for many designs.

A design that waits (:class:`designs.Complete`) plays the trial of :mod:`doseesc.engines.montecarlo`, and the calendar
only adds days: a cohort opens when its first patient has come and everybody before is known.  So all trials enter
their i-th patient together.  The patients are those of :mod:`doseesc.engines.clock`, and so are the answers, trial by
trial.

An A+B design is the exception there as here: it looks at every patient, and leaves a level as soon as known DLTs
condemn it, whoever else is pending there.  Further DLTs at that level change nothing, which is why they are not followed
up here, and why this is for A+B designs without rules of another kind only.
"""

from __future__ import annotations

import numpy as np

from designs import APlusB, Complete, Design, Reason
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.clock_ends import COLUMNS
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.decision_graph import UNKNOWN, DecisionGraph
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import follow
from doseesc.truth import DAYS_PER_MONTH, LateWeibull, day_gap

_WORTHWHILE = 0.8  # trials that have ended are taken out of arrays once there are so few others
_COLUMN = {name: place for place, name in enumerate(COLUMNS)}


def waits_for_all(design: Design, calendar: Calendar) -> bool:
    """Tell whether a design's trials on a calendar can be played here.

    They can where it waits for every outcome, and nothing but that keeps a patient from being entered.
    """
    plain = calendar.stagger is None and calendar.backfill is None and calendar.max_days is None
    if not plain or calendar.accrual.arrivals_while_waiting == "turn_away" or type(design.pending) is not Complete:
        return False
    return not design.fixed_cohorts or (isinstance(design, APlusB) and not design.rules)


def complete_graph(design: Design) -> DecisionGraph:
    """Return the decisions that :class:`CompleteClock` plays."""
    return GroupGraph(design) if design.fixed_cohorts else DecisionGraph(design)


class CompleteClock:
    """Plays designs for which :func:`waits_for_all` holds, on the same patients.

    Parameters
    ----------
    calendar : Calendar
    window_days : float
    patients : int
        Most patients per trial, of any design.
    seed : int
    """

    def __init__(self, calendar: Calendar, window_days: float, *, patients: int, seed: int) -> None:
        self._calendar, self._window, self._seed, self._most = calendar, window_days, seed, patients
        self._have: tuple[object, ...] = ()
        self._latent = self._dlt_day = self._number = np.empty((0, 0))

    def begin(self, index: int, trials: int, truth: FloatArray) -> None:
        """Have the patients of a block of trials come; the times of their DLTs may depend on the truth."""
        wanted = (index, trials, truth.tobytes() if isinstance(self._calendar.times, LateWeibull) else b"")
        if self._have == wanted:
            return
        drawn = DrawnPatients(
            self._calendar, truth, self._window, patients=self._most, trials=trials, seed=self._seed, index=index
        )
        self._latent = np.ascontiguousarray(drawn.latent.T)
        self._dlt_day = np.ascontiguousarray(np.moveaxis(drawn.dlt_day, 0, -1))
        self._number = np.ascontiguousarray(drawn.numbers().T)
        self._have = wanted

    def play(self, graph: DecisionGraph, truth: FloatArray) -> FloatArray:
        """Play the block's trials of one design; return the figures of each, (S, C), of ``clock_ends.COLUMNS``.

        The graph is that of :func:`complete_graph`.
        """
        trials = _Trials(graph, truth, self._calendar, self._window, self._number)
        for patient in range(graph.design.max_n):
            if patient:
                trials.arrive(patient)
            trials.treat(self._latent[patient], self._dlt_day[:, patient])
        return trials.finish()


class _Trials:
    """The trials of a block under way: arrays have one item per trial that has not ended, or has only just.

    ``row`` holds their places in the block, ``node`` what was decided for the cohort that is being entered, of which
    ``entered`` patients have been, ``dlts`` of them with a DLT, all of whom are known on day ``known``.
    """

    def __init__(
        self, graph: DecisionGraph, truth: FloatArray, calendar: Calendar, window: float, number: FloatArray
    ) -> None:
        self._graph, self._window, self._number = graph, window, number
        self._chance = np.append(truth, -1.0)  # where no dose is given, level 0 finds the last one
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        size = number.shape[1]
        self._figures = np.zeros((len(COLUMNS), size))
        self._patients = 0
        self._groups = _Groups(graph, size) if isinstance(graph, GroupGraph) else None
        self._live = np.ones(size, dtype=np.bool_)
        self.row: IntArray = np.arange(size)
        self._place: IntArray | slice = slice(None)
        self.node, self.entered, self.dlts = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self.arrival, self.now, self.known, self.held, self.waited = (np.zeros(size) for _ in range(5))
        self.opened = day_gap(self._pieces, 0.0, number[0])
        self.suspensions, self.decisions, self.pending = (np.zeros(size, dtype=np.int64) for _ in range(3))

    def arrive(self, patient: int) -> None:
        """Let the next patient of each trial come, and wait until he can be treated; trials that stop then leave."""
        since = self.arrival if self._queue else self.now
        self.arrival = since + day_gap(self._pieces, self.opened + since, self._number[patient][self._place])
        self.now = np.maximum(self.now, self.arrival)
        if self._groups is None:
            opens = self.entered >= self._graph.cohort_size[self.node]
        else:
            opens = self._groups.leave_off(self)
        if opens.all():
            self._open(slice(None))
        elif opens.any():
            self._open(np.flatnonzero(opens))

    def treat(self, latent: FloatArray, dlt_day: FloatArray) -> None:
        """Treat the patient who stands there in each trial; ``dlt_day`` (1 or J, S)."""
        level = self._graph.level[self.node] - 1
        after = dlt_day[0][self._place] if len(dlt_day) == 1 else dlt_day[level, self.row]
        dlt = latent[self._place] < self._chance[level]
        dlt &= after <= self._window
        assessed = np.where(dlt, after, self._window)
        assessed += self.now
        if self._groups is not None:
            self._groups.enter(self._patients, self.row, self.entered, assessed, dlt)
        if self._queue:
            self.waited += self.now - self.arrival
        np.maximum(self.known, assessed, out=self.known)
        self.dlts += dlt
        self.entered += 1
        self._patients += 1

    def finish(self) -> FloatArray:
        """Follow everybody to the end; return the figures of all trials, (S, C)."""
        self._record(np.flatnonzero(self._live))
        return self._figures.T

    def _open(self, at: IntArray | slice) -> None:
        """Decide in some trials as soon as all is known, and begin the next cohort."""
        now = self.now[at]
        begins = np.maximum(now, self.known[at])
        if self._groups is None:
            node = follow(self._graph, self.node[at], self.dlts[at])
            self.decisions[at] += 1
        else:
            node, self.pending[at], begins = self._groups.decided(self, at, begins)
            self.decisions[at] += self._graph.reason_code[node] != Reason.COMPLETE_COHORT
        held = begins - now
        self.held[at] += held
        self.suspensions[at] += held > 0
        self.now[at], self.node[at] = begins, node
        self.entered[at] = 0
        self.dlts[at] = 0
        ended = self._graph.level[self.node] == 0
        if ended.any():
            self._leave(np.flatnonzero(ended))

    def _leave(self, ended: IntArray) -> None:
        """Take trials out of those under way, now and then for good; until then they begin again, of no account."""
        live = ended[self._live[ended]]
        self._record(live, self.now[live] - self.arrival[live])
        self._live[ended] = False
        self.node[ended] = 0
        stay = np.flatnonzero(self._live)
        if len(stay) > _WORTHWHILE * len(self._live):
            return
        for name in _KEPT:
            setattr(self, name, getattr(self, name)[stay])
        self._live = np.ones(len(stay), dtype=np.bool_)
        self._place = self.row
        if self._groups is not None:
            self._groups.keep(stay)

    def _record(self, at: IntArray, held_in_vain: FloatArray | float = 0.0) -> None:
        days = self.known[at] + self.opened[at] if self._first_gap else self.known[at]
        # Who is held is the one who waits, but in a queue, where others wait behind him.
        waited = self.waited[at] if self._queue else self.held[at] - held_in_vain
        rows = self.row[at]
        for name, value in (
            ("duration_days", days),
            ("months", days / DAYS_PER_MONTH),
            ("patients", self._patients),
            ("suspensions", self.suspensions[at]),
            ("days_suspended", self.held[at]),
            ("days_waited", waited),
            ("decisions", self.decisions[at]),
            ("pending", self.pending[at]),
        ):
            self._figures[_COLUMN[name], rows] = value


_KEPT = (
    *("row", "node", "entered", "dlts", "arrival", "now", "known"),
    *("held", "waited", "opened", "suspensions", "decisions", "pending"),
)


class GroupGraph(DecisionGraph):
    """The decisions of an A+B design, in which partly filled groups are nodes, too."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self._after = np.empty((0, 0), dtype=np.int64)
        self._condemned = np.empty(0, dtype=np.bool_)

    def after(self, start: IntArray, entered: IntArray, dlts: IntArray) -> IntArray:
        """Return the nodes that trials reach from nodes ``start`` after so many patients and DLTs."""
        way = entered * (entered + 1) // 2 + dlts
        self._widen(int(way.max(initial=0)))
        found = self._after[start, way]
        new = np.flatnonzero(found == UNKNOWN)
        if len(new):
            _, first = np.unique(start[new] * self._after.shape[1] + way[new], return_index=True)
            asked = new[first]
            nodes = start[asked]
            target = self.locate(self.tally.take(nodes).after(self.level[nodes], entered[asked], dlts[asked]))
            self._after[nodes, way[asked]] = target
            found = self._after[start, way]
        return found

    def condemned(self, node: IntArray) -> BoolArray:
        """Tell at which nodes the DLTs condemn the current level."""
        if len(self._condemned) < self.size:
            self._condemned = self.design.condemns(self.tally)
        return self._condemned[node]

    def _widen(self, way: int) -> None:
        nodes, ways = self._after.shape
        more = max(self.size - nodes, 0), max(way + 1 - ways, 0)
        if any(more):
            self._after = np.pad(self._after, ((0, more[0]), (0, more[1])), constant_values=UNKNOWN)


class _Groups:
    """The patients of A+B trials: those entered since the last decision by their places, and all of them by number."""

    def __init__(self, graph: GroupGraph, size: int) -> None:
        self._graph = graph
        self._assessed = np.full((1, size), np.inf)
        self._dlt = np.zeros((1, size), dtype=np.bool_)
        self._everybody = np.full((graph.design.max_n, size), -np.inf)

    def enter(self, number: int, row: IntArray, place: IntArray, assessed: FloatArray, dlt: BoolArray) -> None:
        """Note patients: the day of the end of their assessment, and whether it is a DLT."""
        if (most := int(place.max(initial=0))) >= len(self._assessed):
            more = ((0, most + 1 - len(self._assessed)), (0, 0))
            self._assessed = np.pad(self._assessed, more, constant_values=np.inf)
            self._dlt = np.pad(self._dlt, more)
        column = np.arange(len(place))
        self._assessed[place, column], self._dlt[place, column] = assessed, dlt
        self._everybody[number, row] = assessed

    def leave_off(self, trials: _Trials) -> BoolArray:
        """Tell which groups are full or, as far as is known by now, not to be completed."""
        known = np.zeros(len(trials.row), dtype=np.int64)
        some = np.flatnonzero(trials.dlts)
        known[some] = (self._times(some, trials.entered[some]) <= trials.now[some]).sum(axis=0)
        node = self._graph.after(trials.node, trials.entered, known)  # before the reasons, to which it may add
        return self._graph.reason_code[node] != Reason.COMPLETE_COHORT

    def decided(
        self, trials: _Trials, at: IntArray | slice, all_known: FloatArray
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return what is decided about groups: the nodes reached, the patients pending then in all, and the days.

        That is when all is known, with all DLTs, or before, when known DLTs condemn the level.
        """
        start, entered, now = trials.node[at], trials.entered[at], trials.now[at]
        dlts, day = trials.dlts[at].copy(), all_known.copy()
        pending = trials.pending[at].copy()
        some = np.flatnonzero(all_known > now)
        if len(some):
            place = some if isinstance(at, slice) else at[some]
            times = np.sort(self._times(place, entered[some]), axis=0)
            waiting = np.ones(len(some), dtype=np.bool_)
            for known in range(1, len(times) + 1):
                there = waiting & (known <= dlts[some])
                node = self._graph.after(start[some], entered[some], np.where(there, known, 0))
                # Not before the patient comes who is to be treated next, and by what is known then.
                further = (known < len(times)) & (times[min(known, len(times) - 1)] <= now[some])
                leaves = there & ~further & self._graph.condemned(node) & (times[known - 1] < all_known[some])
                which = some[leaves]
                dlts[which], day[which] = known, np.maximum(now[which], times[known - 1][leaves])
                waiting &= ~leaves
            left = some[~waiting]
            place = left if isinstance(at, slice) else at[left]
            pending[left] += (self._everybody[:, trials.row[place]] > day[left]).sum(axis=0)
        return self._graph.after(start, entered, dlts), pending, day

    def _times(self, place: IntArray, entered: IntArray) -> FloatArray:
        """Return the days of the DLTs of some groups, (patients, S), infinite where there is none."""
        there = np.arange(len(self._assessed))[:, None] < entered
        return np.where(there & self._dlt[:, place], self._assessed[:, place], np.inf)

    def keep(self, rows: IntArray) -> None:
        """Leave only some trials."""
        self._assessed, self._dlt = self._assessed[:, rows], self._dlt[:, rows]
