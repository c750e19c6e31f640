"""Trials on the calendar with backfill: who meets a wait of the escalation may be given a lower dose meanwhile.

The calendar, and what becomes of the escalation, are those of :mod:`doseesc.engines.clock_mechanics`.  There, whoever
cannot be given the current dose is held; here it is found which lower doses are open
(:class:`doseesc.engines.Backfill`), and he is treated at one of them, or waits, or goes away, as the accrual says.  The
escalation goes on waiting meanwhile; what it decides is in :mod:`doseesc.engines.backfill_decisions`.

Who waits for his first dose is looked at again when an assessment ends, a follow-up asked for is reached, or a response
is seen.  Backfill ends with the escalation.
"""

from __future__ import annotations

import math

import numpy as np

from designs import Decision, Design, Reason
from designs.arrays import BoolArray, IntArray
from doseesc.engines.backfill_decisions import Backfilled, EscalationWithBackfill, Standing
from doseesc.engines.backfill_doses import open_doses, picked
from doseesc.engines.backfill_patients import Responses
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    BACKFILLED_FOR,
    BACKFILLED_MEANWHILE,
    CLOSED_FROM,
    COHORT_FIRST,
    COHORTS,
    HELD_UNTIL,
    LEVEL,
    NOW,
    PATIENTS,
    PENDING,
    Setting,
    Trials,
)
from doseesc.engines.clock_batches import MoreNumbers, Watch, advance_all, apply_all, seen, to_their_ends
from doseesc.engines.clock_mechanics import backfill_in, keep_waiting
from doseesc.engines.clock_numba import compiled, compiled_inner


class PlayWithBackfill:
    """Plays trials of one design with backfill.

    Parameters
    ----------
    design : Design
    rules : Backfill
    responses : Responses
        Of the patients of these trials.
    watch : callable, optional
        Told of each look: the trials, the days and the decisions.
    """

    def __init__(self, design: Design, rules: Backfill, responses: Responses, watch: Watch | None = None) -> None:
        self._design, self._responses, self._watch = design, responses, watch
        self._rules = rules.for_design(design)
        self._most = self._rules.most(design)
        self._escalation = EscalationWithBackfill(design, self._rules)

    def play(self, trials: Trials, setting: Setting, more: MoreNumbers) -> Trials:
        """Play trials to their ends; return them, whose numbers for arrivals may have been added to.

        Raises
        ------
        ValueError
            If the design waits although nobody is pending.
        """
        return to_their_ends(
            trials,
            np.arange(len(trials.counts)),
            self._design,
            more,
            step=lambda there, running: advance_all(there, setting, running),
            look=lambda there, looking: self._look(there, setting, looking),
            held=lambda there, rows: self._fill(there, setting, rows),
        )

    def _look(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        if self._escalation.waits_for_all:
            looking = self._wait(trials, setting, looking)
        if len(looking):
            self._decide(trials, setting, looking)

    def _fill(self, trials: Trials, setting: Setting, held: IntArray) -> None:
        """Treat who is held at a lower level that is open, if any."""
        _backfill(trials, setting, self._responses, held, self._open_level(trials, setting, held))

    def _wait(self, trials: Trials, setting: Setting, looking: IntArray) -> IntArray:
        """Let those wait whose escalation has patients pending, without asking the design; return the others."""
        waits = _escalation_pending(trials, setting, looking)
        rows = looking[waits]
        level, nobody = trials.counts[rows, LEVEL], np.zeros(len(rows), dtype=np.int64)
        decision = Decision(level, nobody, np.full(len(rows), Reason.WAIT, dtype=np.int8))
        if self._watch is not None and len(rows):
            self._watch(rows, trials.days[rows, NOW], decision)
        apply_all(trials, setting, rows, level, nobody, decision.reason_code, np.zeros(len(rows), dtype=np.bool_))
        return looking[~waits]

    def _decide(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        at = self._standing(trials, setting, looking)
        counts = trials.counts
        decision = self._escalation.decide(at, counts[looking, PATIENTS])
        changed = np.zeros(len(looking), dtype=np.bool_)
        if ((counts[looking, PENDING] > 0) & ~decision.waits).any():
            hasty = np.flatnonzero((counts[looking, PENDING] > 0) & ~decision.waits)
            later = self._escalation.decide_later(_take(at, hasty))
            changed[hasty] = later != decision.level[hasty]
        if self._escalation.remembers:
            decided = np.ones(len(looking), dtype=np.bool_) if self._escalation.weighs else ~decision.waits
            rows = np.flatnonzero(decided & (at.tally.level > 0))
            self._close(trials, looking[rows], self._escalation.closed_for_good(_take(at, rows)))
        if self._watch is not None:
            self._watch(looking, trials.days[looking, NOW], decision)
        apply_all(trials, setting, looking, decision.level, decision.cohort_size, decision.reason_code, changed)

    def _close(self, trials: Trials, rows: IntArray, ceiling: IntArray) -> None:
        """Keep in mind which doses have been eliminated for good."""
        doses = trials.n.shape[1]
        trials.counts[rows, CLOSED_FROM] = np.where(ceiling < doses, ceiling + 1, 0)

    def _standing(self, trials: Trials, setting: Setting, rows: IntArray) -> Standing:
        tally, pending, looks = seen(trials, setting, rows, self._design.needed_memory)
        counts = trials.counts[rows]
        closed, doses = counts[:, CLOSED_FROM], trials.n.shape[1]
        return Standing(
            tally=tally,
            pending=pending,
            pending_backfilled=looks.backfilled,
            n=trials.n[rows],
            all_dlt=looks.all_dlt,
            last_dlt=looks.last[:, 3],
            last_n=counts[:, PATIENTS] - counts[:, COHORT_FIRST],
            backfilled=backfilled_of(trials, setting, rows),
            ceiling=np.where(closed > 0, closed - 1, doses),
        )

    def _open_level(self, trials: Trials, setting: Setting, held: IntArray) -> IntArray:
        """Return the level (S,) at which who is held is treated; 0 where none is open."""
        found = np.zeros(len(held), dtype=np.int64)
        asked = np.flatnonzero(self._goes_on(trials, held))
        if not len(asked):
            return found
        rows = held[asked]
        at = self._standing(trials, setting, rows)
        responded = _responded(trials, setting, self._responses, rows)
        doses = open_doses(self._rules, self._escalation, at, responded)
        doses &= np.maximum.accumulate(trials.gate[rows], axis=1) <= trials.days[rows, NOW, None]
        place = setting.max_n + trials.counts[rows, BACKFILLED]
        found[asked] = picked(self._rules, doses, self._responses.choice[rows, place])
        return found

    def _goes_on(self, trials: Trials, rows: IntArray) -> BoolArray:
        """Return where anybody may be backfilled at all (S,)."""
        rules, counts = self._rules, trials.counts[rows]
        going: BoolArray = (counts[:, LEVEL] > rules.lowest_level) & (counts[:, BACKFILLED] < self._most)
        going &= counts[:, COHORTS] >= rules.after_cohorts
        if rules.ratio is not None:
            meanwhile = np.where(counts[:, BACKFILLED_FOR] == counts[:, COHORTS], counts[:, BACKFILLED_MEANWHILE], 0)
            cohort = counts[:, PATIENTS] - counts[:, COHORT_FIRST]
            going &= meanwhile < np.ceil(rules.ratio * cohort - 1e-9)
        return going


def _take(at: Standing, rows: IntArray) -> Standing:
    """Return some of the trials."""
    parts = {name: getattr(at, name) for name in Standing._fields}
    taken = {
        name: part.take(rows) if name in ("tally", "pending") else part[rows]
        for name, part in parts.items()
        if name != "backfilled"
    }
    return Standing(**taken, backfilled=Backfilled(*(part[rows] for part in at.backfilled)))


@compiled
def _escalation_pending(x: Trials, setting: Setting, rows: IntArray) -> BoolArray:
    found = np.zeros(len(rows), dtype=np.bool_)
    for r in range(len(rows)):
        s = rows[r]
        for k in range(x.counts[s, PENDING]):
            found[r] |= x.place[s, k] < setting.max_n
    return found


@compiled
def backfilled_of(x: Trials, setting: Setting, rows: IntArray) -> Backfilled:
    """Count the backfilled patients of some trials."""
    doses = x.n.shape[1]
    n, known, dlt, all_dlt = (
        np.zeros((len(rows), doses), dtype=np.int64),
        np.zeros((len(rows), doses), dtype=np.int64),
        np.zeros((len(rows), doses), dtype=np.int64),
        np.zeros((len(rows), doses), dtype=np.int64),
    )
    for r in range(len(rows)):
        s = rows[r]
        for i in range(setting.max_n, setting.max_n + x.counts[s, BACKFILLED]):
            j = x.level[s, i] - 1
            seen_by_now = x.assessed[s, i] <= x.days[s, NOW]
            n[r, j] += 1
            known[r, j] += seen_by_now
            dlt[r, j] += seen_by_now and x.has_dlt[s, i]
            all_dlt[r, j] += x.has_dlt[s, i]
    return Backfilled(n, known, dlt, all_dlt)


@compiled
def _responded(x: Trials, setting: Setting, responses: Responses, rows: IntArray) -> IntArray:
    """Count the responses seen by now at each level."""
    found = np.zeros((len(rows), x.n.shape[1]), dtype=np.int64)
    for r in range(len(rows)):
        s = rows[r]
        entered = x.counts[s, PATIENTS]
        for k in range(entered + x.counts[s, BACKFILLED]):
            i = k if k < entered else setting.max_n + k - entered
            found[r, x.level[s, i] - 1] += response_day(x, responses, s, i) <= x.days[s, NOW]
    return found


@compiled_inner
def response_day(x: Trials, responses: Responses, s: int, i: int) -> float:
    """Return the day of a patient's response; infinite without one."""
    j = x.level[s, i] - 1
    if responses.latent[s, i] >= responses.probability[min(j, len(responses.probability) - 1)]:
        return np.inf
    after: float = responses.day[s, min(j, responses.day.shape[1] - 1), i]
    return x.entered[s, i] + after


@compiled
def _backfill(x: Trials, setting: Setting, responses: Responses, held: IntArray, level: IntArray) -> None:
    """Treat who is held at a level, or let him wait for what may open one, where it is 0."""
    for r in range(len(held)):
        s = held[r]
        if level[r] > 0:
            backfill_in(x, setting, s, level[r])
        else:
            until = min(x.days[s, HELD_UNTIL], _next_change(x, setting, responses, s))
            keep_waiting(x, setting, s, until)


@compiled_inner
def _next_change(x: Trials, setting: Setting, responses: Responses, s: int) -> float:
    """Return the next instant at which an assessment ends or a response is seen."""
    now, first = x.days[s, NOW], math.inf
    entered = x.counts[s, PATIENTS]
    for k in range(entered + x.counts[s, BACKFILLED]):
        i = k if k < entered else setting.max_n + k - entered
        if x.assessed[s, i] > now:
            first = min(first, x.assessed[s, i])
        day = response_day(x, responses, s, i)
        if day > now:
            first = min(first, day)
    return first
