"""What the escalation decides in trials with backfill: on whom, and with which rules around the design.

- A design that waits for outcomes waits for those of the escalation's patients; backfilled ones count once they are
  known, and rules about enough patients at a dose count them when they are treated (BF-BOIN).  What such a decision has
  eliminated stays closed to the end, whatever the outcomes of patients that it left out; the MTD is selected on all
  outcomes, as ever.
- A design that weighs pending patients weighs all, backfilled or not (BE-BOIN).
- Where backfilled patients do not count, the design is asked as if they were not there.

Backfilled patients are no part of the last cohort, nor of the number that the escalation may treat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from designs import Complete, Decision, Design, Pending, Tally, Weighted, phases
from designs.arrays import BoolArray, IntArray
from designs.rules import AdmissibilityRule, HoldingRule, Rule, StoppingRule
from doseesc.engines.backfill_conflict import BACKFILLED, CEILING, PoolWithBackfilled, StaysClosed
from doseesc.engines.backfill_rates import reads_rates
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_batches import decided_once


class Backfilled(NamedTuple):
    """The backfilled patients of S trials.

    Attributes
    ----------
    n, known, dlt : array of int, shape (S, J)
        Treated who have not left, known by now, and DLTs known.
    all_n, all_dlt : array of int, shape (S, J)
        Those who will not leave, and DLTs that there will be.
    left : array of int, shape (S, J)
        Who has left as not evaluable.
    """

    n: IntArray
    known: IntArray
    dlt: IntArray
    all_n: IntArray
    all_dlt: IntArray
    left: IntArray


class Standing(NamedTuple):
    """How S trials stand.

    Attributes
    ----------
    tally : Tally
        Of the patients known, backfilled ones among them; with the memory that the design needs.
    pending : Pending
        The others.
    pending_backfilled : array of bool, shape (S, P)
        Which of the pending have been backfilled.
    n : array of int, shape (S, J)
        Patients treated who have not left.
    all_n, all_dlt : array of int, shape (S, J)
        Those of them who will not leave, and DLTs that there will be.
    last_dlt : array of int, shape (S,)
        DLTs that there will be in the last cohort of the escalation.
    last_n : array of int, shape (S,)
        Patients of that cohort who will not leave.
    backfilled : Backfilled
    waited_for : array of bool, shape (S,)
        Whether outcomes can be waited for: false where some will never be known, and none of the others is one of the
        escalation, or of a patient who counts in its decisions and was treated at its dose or above.
    ceiling : array of int, shape (S,)
        The highest level that has not been closed.
    """

    tally: Tally
    pending: Pending
    pending_backfilled: BoolArray
    n: IntArray
    all_n: IntArray
    all_dlt: IntArray
    last_dlt: IntArray
    last_n: IntArray
    backfilled: Backfilled
    waited_for: BoolArray
    ceiling: IntArray


class EscalationWithBackfill:
    """A design as trials with backfill ask it.

    Parameters
    ----------
    design : Design
    rules : Backfill
        As the design can follow them, :meth:`Backfill.for_design`.

    Attributes
    ----------
    design : Design
        With the rules that backfill puts around it.
    counts : bool
        Whether backfilled patients count in its decisions.
    weighs : bool
        Whether it weighs pending patients.
    waits_for_all : bool
        Whether it waits for all outcomes of the escalation, whatever they are.
    remembers : bool
        Whether what it has eliminated stays closed.
    """

    def __init__(self, design: Design, rules: Backfill) -> None:
        self.counts = rules.count_in_decisions
        self.weighs = isinstance(design.pending, Weighted)
        self.waits_for_all = type(design.pending) is Complete and not design.fixed_cohorts
        self.remembers = self.counts and reads_rates(design)
        self._max_n = design.max_n
        around: tuple[Rule, ...] = ()
        if self.remembers:
            around = (StaysClosed(),)
            if rules.conflict is not None:
                around = (*around, PoolWithBackfilled(rules.conflict))
        # What ends the escalation is its own number of patients, which the clock knows.
        self.design = design.enlarged(design.max_n + rules.most(design), around) if self.counts else design
        everyone = self.design.all_rules()
        self._enough = tuple(
            rule
            for rule in everyone
            if isinstance(rule, HoldingRule) or (isinstance(rule, StoppingRule) and not rule.selects_none)
        )

    def decide(self, at: Standing, escalated: IntArray) -> Decision:
        """Decide the next cohort of trials whose escalation has so many patients (S,), who has left not among them."""
        tally, pending = self._asked(at)
        decision = decided_once(self.design, tally, pending)
        if self.counts and not self.weighs:
            decision = self._stopped(at, decision)
        left = np.where(decision.level > 0, np.minimum(decision.cohort_size, self._max_n - escalated), 0)
        return Decision(decision.level, left, decision.reason_code)

    def decide_later(self, at: Standing) -> IntArray:
        """Return the levels (S,) chosen were everybody treated by now known."""
        n, dlt = at.all_n, at.all_dlt
        if not self.counts:
            n, dlt = n - at.backfilled.all_n, dlt - at.backfilled.all_dlt
        memory = dict(at.tally.memory)
        for name, values in (("last_n", at.last_n), ("last_dlt", at.last_dlt)):
            if name in memory:
                memory[name] = values
        tally = Tally._trusted(n, dlt, at.tally.level, self._remembered(at, memory))
        return decided_once(self.design, tally, None).level

    def closed_for_good(self, at: Standing) -> IntArray:
        """Return the highest level (S,) left open by what the decisions were made on, and those before."""
        tally, pending = self._asked(at)
        seen = self.design.seen(tally, pending) if self.weighs else pending.entered(tally)
        return np.minimum(at.ceiling, self._ceiling(seen))

    def admissible(self, at: Standing) -> IntArray:
        """Return the highest level (S,) that the design does not exclude now, on all that is known of everybody."""
        return np.minimum(at.ceiling, self._ceiling(self.rated(at)))

    def rated(self, at: Standing) -> Tally:
        """Return what DLT rates are made of: all patients, the pending ones where the design weighs them."""
        return self.design.seen(at.tally, at.pending) if self.weighs else at.tally

    def _ceiling(self, tally: Tally) -> IntArray:
        own = self.design.ceiling(tally)
        found = [np.full(tally.size, tally.n_doses) if own is None else own]
        found += [
            rule.ceiling(self.design, tally)
            for rule in self.design.all_rules()
            if isinstance(rule, AdmissibilityRule) and not isinstance(rule, StaysClosed)
        ]
        result: IntArray = np.minimum.reduce(found)
        return result

    def _asked(self, at: Standing) -> tuple[Tally, Pending]:
        """Return what the design is asked with."""
        tally, pending = at.tally, at.pending
        n, dlt = tally.n, tally.dlt
        level, dlt_days = pending.level, pending.dlt_days
        if not self.counts:
            n, dlt = n - at.backfilled.known, dlt - at.backfilled.dlt
            if dlt_days is not None:  # those of the escalation come first
                dlt_days = np.where(np.arange(dlt_days.shape[1]) < dlt.sum(axis=1)[:, None], dlt_days, np.nan)
        if not (self.counts and self.weighs):
            level = np.where(at.pending_backfilled, 0, level)
        asked = Tally._trusted(n, dlt, tally.level, self._remembered(at, tally.memory))
        return asked, Pending.trusted(
            *(level, pending.days, pending.window_days, tally.n_doses, dlt_days), last_cohort=pending.last_cohort
        )

    def _remembered(self, at: Standing, memory: Mapping[str, IntArray]) -> dict[str, IntArray]:
        return {**memory, BACKFILLED: at.backfilled.n, CEILING: at.ceiling} if self.remembers else dict(memory)

    def _stopped(self, at: Standing, decision: Decision) -> Decision:
        """Stop where enough patients have been treated, backfilled ones pending among them."""
        uncounted = at.backfilled.n.sum(axis=1) > at.backfilled.known.sum(axis=1)
        rows = np.flatnonzero(uncounted & (decision.level > 0) & ~decision.waits)
        if not len(rows):
            return decision
        memory = self._remembered(at, at.tally.memory)
        entered = Tally._trusted(at.n, at.tally.dlt, at.tally.level, memory).take(rows)
        before = Decision(decision.level[rows], decision.cohort_size[rows], decision.reason_code[rows])
        after = phases.stopped(self.design, self._enough, entered, before, ceiling=lambda: None)
        level, reason = decision.level.copy(), decision.reason_code.copy()
        level[rows], reason[rows] = after.level, after.reason_code
        return Decision(level, np.where(level > 0, decision.cohort_size, 0), reason)
