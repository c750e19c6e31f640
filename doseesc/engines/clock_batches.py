"""Trials on the calendar, decided in batches: any design, any policy, any rules.

All trials run to their next look; the design is asked once for all that stand there; all run on.  States that are
equal in all that the design may ask are asked about once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from designs import Complete, Decision, Design, Pending, Reason, Settled, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from designs.pending_letters import ByTable
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    COHORT_FIRST,
    COHORTS,
    FIRST_BACKFILLED,
    HELD,
    IN_A_ROW,
    LEVEL,
    LOOK,
    NOW,
    PATIENTS,
    PENDING,
    SHORT,
    Setting,
    Trials,
    check_not_stuck,
)
from doseesc.engines.clock_instants import followed
from doseesc.engines.clock_known import has_left, is_known
from doseesc.engines.clock_mechanics import advance, apply, note_decision
from doseesc.engines.clock_numba import compiled
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.states import row_keys

MoreNumbers = Callable[[int], FloatArray]
"""Gives the numbers for arrivals of the same trials, (S, G), at least so many more than before."""

Watch = Callable[[IntArray, FloatArray, Decision], None]
"""Is told of each look: the trials, the days and the decisions."""


class Looks(NamedTuple):
    """What is seen at a look of S trials, and what will be known of the same patients.

    Attributes
    ----------
    level, days : arrays, shape (S, P)
        Of the pending patients; level 0 = an empty place.
    dlt_days : array, shape (S, Q)
        Days from first dose to the DLTs known; NaN in empty places.
        Those of backfilled patients come after those of the escalation.
    last : array of int, shape (S, 5)
        Of the last cohort the patients known, their DLTs, the patients pending, and all DLTs there will be, among how
        many patients.
    all_n, all_dlt : array of int, shape (S, J)
        Of those entered, the patients who will not leave, and their DLTs.
    waited_for : array of bool, shape (S,)
        Whether more will be known of any of the pending patients.
    backfilled : array of bool, shape (S, P)
        Which of the pending patients have been backfilled.
    """

    level: IntArray
    days: FloatArray
    dlt_days: FloatArray
    last: IntArray
    all_n: IntArray
    all_dlt: IntArray
    waited_for: BoolArray
    backfilled: BoolArray


class PlayInBatches:
    """Plays trials of one design.

    Parameters
    ----------
    design : Design
    watch : callable, optional
        Told of each look: the trials, the days and the decisions.
    """

    def __init__(self, design: Design, watch: Watch | None = None) -> None:
        self._design = design
        self._watch = watch

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
            look=lambda there, looking: decide_looks(self._design, there, setting, looking, self._watch),
        )


def to_their_ends(
    trials: Trials,
    running: IntArray,
    design: Design,
    more: MoreNumbers,
    *,
    step: Callable[[Trials, IntArray], IntArray],
    look: Callable[[Trials, IntArray], None],
    held: Callable[[Trials, IntArray], None] | None = None,
) -> Trials:
    """Run trials to their ends; return them, whose numbers for arrivals may have been added to.

    Parameters
    ----------
    trials : Trials
    running : array of int
        Those to run.
    design : Design
    more : callable
        Returns more numbers for arrivals.
    step : callable
        Runs trials on until each is over or somebody is asked; returns what each is at.
    look : callable
        Decides about trials at their looks.
    held : callable, optional
        Treats, or leaves waiting, whoever is held.

    Raises
    ------
    ValueError
        If the design waits although nobody is pending.
    """
    while len(running):
        status = step(trials, running)
        check_not_stuck(status, design)
        if (status == SHORT).any():
            trials = trials._replace(number=more(trials.number.shape[1]))
        at_look, on_hold = running[status == LOOK], running[status == HELD]
        if len(at_look):
            look(trials, at_look)
        if len(on_hold) and held is not None:
            held(trials, on_hold)
        running = running[(status == LOOK) | (status == SHORT) | (status == HELD)]
    return trials


def ignores_follow_up(design: Design) -> bool:
    """Say whether the design's decisions depend on counts alone, not on how long patients have been followed."""
    return isinstance(design.pending, ByTable | Complete | Settled) and not design.follow_up_marks(math.inf)


def seen(trials: Trials, setting: Setting, looking: IntArray, memory: tuple[str, ...]) -> tuple[Tally, Pending, Looks]:
    """Return what a design sees of trials at their looks."""
    looks = _looks(trials, setting, looking)
    count = trials.counts[looking]
    known = {
        "last_n": looks.last[:, 0],
        "last_dlt": looks.last[:, 1],
        "cohorts": count[:, COHORTS],
        "cohorts_in_a_row": count[:, IN_A_ROW],
    }
    tally = Tally._trusted(
        trials.known[looking], trials.dlt[looking], count[:, LEVEL], {name: known[name] for name in memory}
    )
    pending = Pending.trusted(
        looks.level, looks.days, setting.window, trials.n.shape[1], looks.dlt_days, last_cohort=looks.last[:, 2]
    )
    return tally, pending, looks


def followed_to_the_end(trials: Trials, rows: IntArray, looks: Looks, memory: tuple[str, ...]) -> Tally:
    """Return the tally of the same trials once everybody entered by now has been followed to the end."""
    return everybody_known(looks.all_n, looks.all_dlt, trials.counts[rows], looks.last[:, :2:-1], memory)


def everybody_known(n: IntArray, dlt: IntArray, counts: IntArray, last: IntArray, memory: tuple[str, ...]) -> Tally:
    """Return the tally of trials all of whose patients are known; ``last`` (S, 2): those of the last cohort, DLTs."""
    known = {
        "last_n": last[:, 0],
        "last_dlt": last[:, 1],
        "cohorts": counts[:, COHORTS],
        "cohorts_in_a_row": counts[:, IN_A_ROW],
    }
    return Tally._trusted(n, dlt, counts[:, LEVEL], {name: known[name] for name in memory})


def decide_looks(
    design: Design, trials: Trials, setting: Setting, looking: IntArray, watch: Watch | None = None
) -> None:
    """Ask the design about trials that stand at a look, and do what it decides."""
    memory = design.needed_memory
    tally, pending, looks = seen(trials, setting, looking, memory)
    decision = not_in_vain(decided_once(design, tally, pending), tally, looks.waited_for)
    changed = np.zeros(len(looking), dtype=np.bool_)
    hasty = ~decision.waits & (trials.counts[looking, PENDING] > 0)
    if hasty.any():
        later = followed_to_the_end(trials, looking, looks, memory).take(hasty)
        changed[hasty] = decided_once(design, later, None).level != decision.level[hasty]
    if watch is not None:
        watch(looking, trials.days[looking, NOW], decision)
    apply_all(trials, setting, looking, decision.level, decision.cohort_size, decision.reason_code, changed)


def not_in_vain(decision: Decision, tally: Tally, waited_for: BoolArray) -> Decision:
    """Give the same level to one more patient where a trial would wait for outcomes that will never be known."""
    vain = decision.waits & ~waited_for & (tally.level > 0)
    if not vain.any():
        return decision
    return Decision(
        np.where(vain, tally.level, decision.level),
        np.where(vain, 1, decision.cohort_size),
        np.where(vain, np.int8(Reason.STAY), decision.reason_code).astype(np.int8),
    )


def decided_once(design: Design, tally: Tally, pending: Pending | None) -> Decision:
    """Decide, asking once about equal states where follow-up does not matter."""
    size = tally.size
    columns = [tally.n, tally.dlt, tally.level[:, None]]
    columns += [values.reshape(size, -1) for values in tally.memory.values()]
    if pending is not None:
        if not ignores_follow_up(design):
            return design.decide(tally, pending)
        assert pending.last_cohort is not None
        columns += [pending.count, pending.last_cohort[:, None]]
    key = row_keys(np.concatenate(columns, axis=1))
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    once = design.decide(tally.take(first), None if pending is None else pending.take(first))
    return Decision(once.level[back], once.cohort_size[back], once.reason_code[back])


@compiled
def advance_all(x: Trials, setting: Setting, running: IntArray) -> IntArray:
    """Run trials to their next looks; return their status."""
    status = np.empty(len(running), dtype=np.int64)
    for r in range(len(running)):
        status[r] = advance(x, setting, running[r])
    return status


@compiled
def apply_all(
    x: Trials,
    setting: Setting,
    looking: IntArray,
    level: IntArray,
    size: IntArray,
    reason: IntArray,
    changed: BoolArray,
) -> None:
    """Do in trials at their looks what was decided there."""
    for r in range(len(looking)):
        s = looking[r]
        if not (level[r] > 0 and size[r] == 0):
            note_decision(x, s, reason[r], changed[r])
        apply(x, setting, s, level[r], size[r], reason[r])


@compiled
def _looks(x: Trials, setting: Setting, rows: IntArray) -> Looks:
    places, dlts = 1, 1
    for s in rows:
        places = max(places, x.counts[s, PENDING])
        dlts = max(dlts, x.dlt[s].sum())
    level = np.zeros((len(rows), places), dtype=np.int64)
    days = np.zeros((len(rows), places))
    dlt_days = np.full((len(rows), dlts), np.nan)
    last = np.zeros((len(rows), 5), dtype=np.int64)
    all_n = np.empty((len(rows), x.n.shape[1]), dtype=np.int64)
    all_dlt = np.empty_like(all_n)
    waited_for = np.zeros(len(rows), dtype=np.bool_)
    backfilled = np.zeros((len(rows), places), dtype=np.bool_)
    for r in range(len(rows)):
        s = rows[r]
        now, first, seen = x.days[s, NOW], x.counts[s, COHORT_FIRST], 0
        all_n[r], all_dlt[r] = x.all_n[s], x.all_dlt[s]
        for k in range(x.counts[s, PENDING]):
            i = x.place[s, k]
            level[r, k] = x.level[s, i]
            days[r, k] = followed(x, setting, s, i)
            waited_for[r] |= x.assessed[s, i] > now
            backfilled[r, k] = i >= x.counts[s, FIRST_BACKFILLED]
        entered = x.counts[s, PATIENTS]
        for k in range(entered + x.counts[s, BACKFILLED]):
            i = k if k < entered else x.counts[s, FIRST_BACKFILLED] + k - entered
            known = is_known(x, s, i)
            if known and x.has_dlt[s, i]:
                dlt_days[r, seen] = x.assessed[s, i] - x.entered[s, i]
                seen += 1
            if first <= k < entered and not has_left(x, s, i):
                last[r, 0] += known
                last[r, 1] += known and x.has_dlt[s, i]
                last[r, 2] += not known
                last[r, 3] += x.has_dlt[s, i]
                last[r, 4] += x.what[s, i] & UNUSABLE == 0
    return Looks(level, days, dlt_days, last, all_n, all_dlt, waited_for, backfilled)
