"""Trials on the calendar with backfill: who meets a wait of the escalation may be given a lower dose meanwhile.

The calendar, and what becomes of the escalation, are those of :mod:`doseesc.engines.clock_mechanics`.  There, whoever
cannot be given the current dose is held; here it is found which lower doses are open
(:class:`doseesc.engines.Backfill`), and he is treated at one of them, or waits, or goes away, as the accrual says.  The
escalation goes on waiting meanwhile; what it decides is in :mod:`doseesc.engines.backfill_decisions`.

Who waits for his first dose is looked at again when an assessment ends, a follow-up asked for is reached, or a response
is seen.  Backfill ends with the escalation.

With an observation model a backfilled patient may die, be lost, or be counted for an event that is not the drug's, as
any other.  Who is not evaluable leaves the counts of his dose; whether another may take the place is said by
``Backfill.replace_unevaluable``.  A response is seen only of who is alive and in sight on its day: who has died or been
lost before is known for no response, and is one without (as by intention to treat); one that was seen stays seen, even
if the patient leaves.  The escalation never waits for a backfilled patient because he has left: nobody is entered in it
for him, and where outcomes will never be known (frozen) a wait for those backfilled below the current dose alone is
none.
"""

from __future__ import annotations

import math

import numpy as np

from designs import Decision, Design, Reason
from designs.arrays import BoolArray, IntArray
from doseesc.engines.backfill_decisions import Backfilled, EscalationWithBackfill, Standing
from doseesc.engines.backfill_doses import open_doses, picked
from doseesc.engines.backfill_patients import BackfillPatients
from doseesc.engines.backfill_responses import Responses
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    BACKFILLED_LEFT,
    CLOSED_FROM,
    COHORTS,
    FIRST_BACKFILLED,
    HELD_UNTIL,
    LEFT,
    LEVEL,
    NOW,
    PATIENTS,
    PENDING,
    Setting,
    Trials,
)
from doseesc.engines.clock_backfilled import (
    backfilled_meanwhile,
    backfilled_of,
    can_be_waited_for,
    escalation_pending,
    response_day,
    responses_seen,
)
from doseesc.engines.clock_batches import (
    MoreNumbers,
    Watch,
    advance_all,
    apply_all,
    not_in_vain,
    to_their_ends,
)
from doseesc.engines.clock_entry import backfill_in
from doseesc.engines.clock_looks import seen
from doseesc.engines.clock_mechanics import keep_waiting
from doseesc.engines.clock_numba import compiled, compiled_inner


class PlayWithBackfill:
    """Plays trials of one design with backfill.

    Parameters
    ----------
    design : Design
    rules : Backfill
    patients : BackfillPatients
        Of these trials.
    watch : callable, optional
        Told of each look: the trials, the days and the decisions.
    """

    def __init__(self, design: Design, rules: Backfill, patients: BackfillPatients, watch: Watch | None = None) -> None:
        self._design, self._patients, self._watch = design, patients, watch
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
        _backfill(trials, setting, self._patients.responses, held, self._open_level(trials, setting, held))

    def _wait(self, trials: Trials, setting: Setting, looking: IntArray) -> IntArray:
        """Let those wait whose escalation has patients pending, without asking the design; return the others."""
        waits = escalation_pending(trials, looking)
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
        decision = self._escalation.decide(at, counts[looking, PATIENTS] - counts[looking, LEFT])
        decision = not_in_vain(decision, at.tally, at.waited_for)
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
            all_n=looks.all_n,
            all_dlt=looks.all_dlt,
            last_dlt=looks.last[:, 3],
            last_n=looks.last[:, 4],
            backfilled=backfilled_of(trials, rows),
            waited_for=can_be_waited_for(trials, rows, self._escalation.counts),
            ceiling=np.where(closed > 0, closed - 1, doses),
        )

    def _open_level(self, trials: Trials, setting: Setting, held: IntArray) -> IntArray:
        """Return the level (S,) at which who is held is treated; 0 where none is open."""
        found = np.zeros(len(held), dtype=np.int64)
        asked = np.flatnonzero(self._goes_on(trials, held))
        if not len(asked):
            return found
        rows = held[asked]
        at, responses = self._standing(trials, setting, rows), self._patients.responses
        responded = responses_seen(trials, responses, rows)
        doses = open_doses(self._rules, self._escalation, at, responded)
        doses &= np.maximum.accumulate(trials.gate[rows], axis=1) <= trials.days[rows, NOW, None]
        place = trials.counts[rows, FIRST_BACKFILLED] + trials.counts[rows, BACKFILLED]
        found[asked] = picked(self._rules, doses, responses.choice[rows, place])
        return found

    def _goes_on(self, trials: Trials, rows: IntArray) -> BoolArray:
        """Return where anybody may be backfilled at all (S,)."""
        rules, counts = self._rules, trials.counts[rows]
        backfilled = counts[:, BACKFILLED] - rules.replace_unevaluable * counts[:, BACKFILLED_LEFT]
        going: BoolArray = (counts[:, LEVEL] > rules.lowest_level) & (backfilled < self._most)
        going &= counts[:, COHORTS] >= rules.after_cohorts
        if rules.ratio is not None:
            meanwhile, cohort = backfilled_meanwhile(trials, rows, rules.replace_unevaluable)
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
def _backfill(x: Trials, setting: Setting, responses: Responses, held: IntArray, level: IntArray) -> None:
    """Treat who is held at a level, or let him wait for what may open one, where it is 0."""
    for r in range(len(held)):
        s = held[r]
        if level[r] > 0:
            backfill_in(x, setting, s, level[r])
        else:
            until = min(x.days[s, HELD_UNTIL], _next_change(x, responses, s))
            keep_waiting(x, setting, s, until)


@compiled_inner
def _next_change(x: Trials, responses: Responses, s: int) -> float:
    """Return the next instant at which an assessment ends or a response is seen."""
    now, first = x.days[s, NOW], math.inf
    entered = x.counts[s, PATIENTS]
    for k in range(entered + x.counts[s, BACKFILLED]):
        i = k if k < entered else x.counts[s, FIRST_BACKFILLED] + k - entered
        if x.assessed[s, i] > now:
            first = min(first, x.assessed[s, i])
        day = response_day(x, responses, s, i)
        if day > now:
            first = min(first, day)
    return first
