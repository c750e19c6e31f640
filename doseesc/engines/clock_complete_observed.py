"""Trials on the calendar that wait for every outcome, as an observation model shows them, in plain NumPy.

As in :mod:`doseesc.engines.clock_complete` nothing is compiled, and the answers are those of
:mod:`doseesc.engines.clock`, trial by trial.  A cohort is entered at once, its first patients and then those who take
the places of others who have left; a trial waits for the day on which they do, and at last for all outcomes.  Trials
under several truths are played together as long as they are the same (:mod:`doseesc.engines.clock_truth_sets`).
"""

from __future__ import annotations

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.clock_groups import GroupGraph
from doseesc.engines.clock_observed_ends import EndedTrials
from doseesc.engines.clock_observed_groups import ObservedGroups
from doseesc.engines.clock_observed_rows import Met, ObservedRows
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_truth_sets import MOST_TRUTHS, TruthSets, first_of_each, with_copies
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import follow
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED
from doseesc.truth import ObservationModel, day_gap

_KEPT = ("row", "truths", "node", "position", "replaced", "dlts", "now", "known", "held", "suspensions")
_KEPT_IN_QUEUES = ("arrival", "waited")


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

    most_truths = MOST_TRUTHS
    """How many truths :meth:`begin` takes at once."""

    def __init__(self, calendar: Calendar, model: ObservationModel, *, patients: int, seed: int) -> None:
        self._calendar, self._model, self._most, self._seed = calendar, model, patients, seed
        self._block = (-1, 0)
        self._rows: ObservedRows | None = None
        self._truths: TruthSets | None = None

    def begin(self, index: int, trials: int, truths: FloatArray) -> None:
        """Have the patients of a block of trials come, under truths (K, J)."""
        if self._rows is None or self._block != (index, trials):
            drawn = DrawnPatients(
                *(self._calendar, truths[0], self._model.horizon),
                patients=self._most,
                trials=trials,
                seed=self._seed,
                index=index,
                model=self._model,
            )
            self._rows = ObservedRows(drawn, self._model, self._calendar.accrual.table)
            self._block = (index, trials)
        self._truths = TruthSets(truths)

    def play(self, graph: DecisionGraph) -> list[FloatArray]:
        """Play the block's trials of one design; return for each truth their figures, (S, C), of ``COLUMNS``."""
        assert self._rows is not None, "begin comes first"
        assert self._truths is not None, "begin comes first"
        if isinstance(graph, GroupGraph):
            return ObservedGroups(graph, self._calendar, self._rows, self._truths).play()
        return ObservedCohorts(graph, self._calendar, self._rows, self._truths).play()


class ObservedCohorts:
    """The trials of a block under way, cohort by cohort; arrays have one item per trial that has not ended.

    A trial is one of ``row`` under a set of ``truths``.  ``node`` is what was decided for the cohort, ``position`` how
    many evaluable patients came before it, and ``replaced`` how many have taken the place of another.  All trials have
    made as many ``decisions``.
    """

    def __init__(self, graph: DecisionGraph, calendar: Calendar, patients: ObservedRows, truths: TruthSets) -> None:
        self._graph, self._coming, self._most, self._under = graph, patients, graph.design.max_n, truths
        self._pieces, self._first_gap = calendar.accrual.table, calendar.first_gap
        self._queue = calendar.accrual.arrivals_while_waiting == "queue"
        size = patients.trials
        self._ended = EndedTrials(truths, size)
        first = patients.number(0)
        self._opened = first if patients.steady else day_gap(self._pieces, 0.0, first)  # by row
        self.row: IntArray = np.arange(size)
        self.truths: IntArray = np.full(size, truths.everything)
        self.node: IntArray = np.zeros(size, dtype=np.int64)
        self.position, self.replaced, self.dlts = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self.suspensions: IntArray = np.zeros(size, dtype=np.int64)
        self.decisions = 0
        self._kept = (*_KEPT, *_KEPT_IN_QUEUES) if self._queue else _KEPT
        self.arrival, self.now, self.known, self.held, self.waited = (np.zeros(size) for _ in range(5))

    def play(self) -> list[FloatArray]:
        """Play the trials to their ends; return for each truth the figures of each trial, (S, C), of ``COLUMNS``."""
        while len(self.row):
            self._part()
            self._replace(self._enter_first_patients())
            self._decide()
        return self._ended.by_truth()

    def _part(self) -> None:
        """Part the truths under which not all the first patients of the cohort have the same outcome."""
        origin: IntArray = np.arange(len(self.row))
        sets = self.truths
        size, level = self._graph.cohort_size.take(self.node), self._graph.level.take(self.node)
        for place in range(int(size.max())):
            at = self._under.mixed(sets, level.take(origin))
            at = at.take(np.flatnonzero(size.take(origin.take(at)) > place))
            trial = origin.take(at)
            met = self._coming.meet(self.position.take(trial) + place, self.row.take(trial))
            parted = self._coming.part(self._under, met, level.take(trial), sets.take(at))
            if parted is not None:
                parted = parted.among(at)
                sets[parted.narrowed] = parted.sets
                sets = np.concatenate([sets, parted.copy_sets])
                origin = np.concatenate([origin, origin.take(parted.copied)])
        if len(origin) > len(self.row):
            self._keep(origin)
            self.truths = sets

    def _enter_first_patients(self) -> FloatArray:
        """Enter the cohorts; return the days on which patients leave, (patients, S)."""
        size, chance = self._graph.cohort_size.take(self.node), self._chance(slice(None))
        largest = int(size.max())
        self.dlts[:] = 0
        entered = self.position + self.replaced
        leaves = np.full((largest, len(self.row)), np.inf)
        for place in range(largest):
            at = size > place
            some: IntArray | slice = slice(None) if at.all() else np.flatnonzero(at)
            if place:
                since = self.arrival[some] if self._queue else self.now[some]
                arrival = since + self._gap(since, entered[some] + place, some)
                self.now[some] = np.maximum(self.now[some], arrival) if self._queue else arrival
                if self._queue:
                    self.arrival[some] = arrival
            met = self._coming.meet(self.position[some] + place, self.row[some])
            what, day = self._coming.outcomes(met, chance[some])
            now = self.now[some]
            if self._queue:
                self.waited[some] += now - self.arrival[some]
            day += now
            self.dlts[some] += (what & COUNTED) > 0
            left = np.flatnonzero((what & UNUSABLE) > 0)
            leaves[place, left if isinstance(some, slice) else some.take(left)] = day.take(left)
            self.known[some] = np.maximum(self.known[some], day)
        return leaves

    def _replace(self, leaves: FloatArray) -> None:
        """Let patients take the places of those who leave, one after the other."""
        first = leaves.min(axis=0)
        at: IntArray = np.flatnonzero(first < np.inf)
        leaves = leaves.take(at, axis=1)
        while len(at):
            at, leaves, met = self._part_replacements(at, leaves)
            leaving, now = leaves.min(axis=0), self.now.take(at)
            since = self.arrival.take(at) if self._queue else now
            # Nobody comes to a full trial until one of those in it leaves.
            evaluable = self.position.take(at) + self._graph.cohort_size.take(self.node.take(at))
            full = evaluable >= self._most
            since = np.where(full & (leaving > now), leaving, since)
            replaced = self.replaced.take(at)
            arrival = since + self._gap(since, evaluable + replaced, at)
            came = np.maximum(now, arrival)
            day = np.maximum(came, leaving)
            self._hold(at, came, day)
            self.now[at] = day
            if self._queue:
                self.arrival[at] = arrival
                self.waited[at] += day - arrival
            what, assessed = self._coming.outcomes(met, self._chance(at))
            assessed += day
            self.dlts[at] += (what & COUNTED) > 0
            leaves_in_turn = np.where(what & UNUSABLE, assessed, np.inf)
            for place, there in first_of_each(leaves == leaving):
                leaves[place, there] = leaves_in_turn.take(there)
            self.known[at] = np.maximum(self.known.take(at), assessed)
            self.replaced[at] = replaced + 1
            more = np.flatnonzero(leaves.min(axis=0) < np.inf)
            at, leaves = at.take(more), leaves.take(more, axis=1)

    def _part_replacements(self, at: IntArray, leaves: FloatArray) -> tuple[IntArray, FloatArray, Met]:
        """Part the truths under which the next replacements differ in some trials; return these with the copies."""
        met = self._coming.meet(self._coming.first_patients + self.replaced.take(at), self.row.take(at))
        level = self._graph.level.take(self.node.take(at))
        parted = self._coming.part(self._under, met, level, self.truths.take(at))
        if parted is None:
            return at, leaves, met
        copies = np.arange(len(self.row), len(self.row) + len(parted.copied))
        copied = at.take(parted.copied)
        for name in self._kept:
            setattr(self, name, with_copies(getattr(self, name), copied))
        self.truths[at.take(parted.narrowed)], self.truths[copies] = parted.sets, parted.copy_sets
        leaves = np.hstack([leaves, leaves.take(parted.copied, axis=1)])
        return np.concatenate([at, copies]), leaves, met.with_copies(parted.copied)

    def _decide(self) -> None:
        """Let the next patient of each trial come, decide as soon as all is known, and begin the next cohort."""
        self.position += self._graph.cohort_size.take(self.node)
        full = self.position >= self._most
        if full.any():
            self._note(full, self.now, self.now)
            self._keep(np.flatnonzero(~full))
        since = self.arrival if self._queue else self.now
        arrival = since + self._gap(since, self.position + self.replaced, slice(None))
        came = np.maximum(self.now, arrival)
        last, self.now = self.now, np.maximum(came, self.known)
        if self._queue:
            self.arrival = arrival
        self._hold(slice(None), came, self.now)
        self.node = follow(self._graph, self.node, self.dlts)
        self.decisions += 1
        ended = self._graph.level.take(self.node) == 0
        if ended.any():
            self._note(ended, last, came)
            self._keep(np.flatnonzero(~ended))

    def _chance(self, at: IntArray | slice) -> FloatArray:
        """Return DLT probabilities under which what becomes of the next patients is what it is under all truths."""
        return self._under.lowest(self.truths[at], self._graph.level.take(self.node[at]))

    def _gap(self, since: FloatArray, patient: IntArray, at: IntArray | slice) -> FloatArray:
        """Return the days to the next arrival, that of patients of these numbers, from 0."""
        row = self.row[at]
        number = self._coming.number_of(patient, row)
        return number if self._coming.steady else day_gap(self._pieces, self._opened[row] + since, number)

    def _hold(self, at: IntArray | slice, came: FloatArray, day: FloatArray) -> None:
        """Let who came wait for a day."""
        held = day - came
        late = np.flatnonzero(held)
        there = late if isinstance(at, slice) else at[late]
        self.held[there] += held[late]
        self.suspensions[there] += 1

    def _note(self, ended: BoolArray, last: FloatArray, came: FloatArray) -> None:
        """Take note of trials that have ended; the last patient was treated on day ``last``, another came in vain."""
        at = np.flatnonzero(ended)
        row, held = self.row.take(at), self.held.take(at)
        # Who is held is the one who waits, but in a queue, where others wait behind him.
        waited = self.waited.take(at) if self._queue else held - (self.now.take(at) - came[at])
        opened = self._opened.take(row) if self._first_gap else 0.0
        self._ended.note(
            *(row, self.truths.take(at)),
            {
                "duration_days": self.known.take(at) + opened,
                "enrolment_days": last[at] + opened,
                "patients": self.position.take(at) + self.replaced.take(at),
                "suspensions": self.suspensions.take(at),
                "days_suspended": held,
                "days_waited": waited,
                "decisions": self.decisions,
            },
        )

    def _keep(self, index: IntArray) -> None:
        """Leave in the arrays only the trials of an index, which may be there more than once."""
        for name in self._kept:
            setattr(self, name, getattr(self, name).take(index))
