"""Trials on the calendar, decided in batches: any design, any policy, any rules.

All trials run to their next look; the design is asked once for all that stand there; all run on.  States that are
equal in all that the design may ask are asked about once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from designs import Complete, Decision, Design, Pending, Settled, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from designs.pending_letters import ByTable
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    COHORT_FIRST,
    COHORTS,
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
from doseesc.engines.clock_mechanics import advance, apply, followed, note_decision
from doseesc.engines.clock_numba import compiled
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
    last : array of int, shape (S, 4)
        Of the last cohort the patients known, their DLTs, the patients pending, and all DLTs there will be.
    all_dlt : array of int, shape (S, J)
        DLTs that there will be among those entered.
    backfilled : array of bool, shape (S, P)
        Which of the pending patients have been backfilled.
    """

    level: IntArray
    days: FloatArray
    dlt_days: FloatArray
    last: IntArray
    all_dlt: IntArray
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
        running = np.arange(len(trials.counts))
        while len(running):
            status = advance_all(trials, setting, running)
            if (status == SHORT).any():
                trials = trials._replace(number=more(trials.number.shape[1]))
            check_not_stuck(status, self._design)
            looking = running[status == LOOK]
            if len(looking):
                _decide(self._design, trials, setting, looking, self._watch)
            running = running[(status == LOOK) | (status == SHORT)]
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
    return everybody_known(trials.n[rows], looks.all_dlt, trials.counts[rows], looks.last[:, 3], memory)


def everybody_known(n: IntArray, dlt: IntArray, counts: IntArray, last_dlt: IntArray, memory: tuple[str, ...]) -> Tally:
    """Return the tally of trials all of whose patients are known: ``last_dlt`` (S,) of the last cohort had a DLT."""
    known = {
        "last_n": counts[:, PATIENTS] - counts[:, COHORT_FIRST],
        "last_dlt": last_dlt,
        "cohorts": counts[:, COHORTS],
        "cohorts_in_a_row": counts[:, IN_A_ROW],
    }
    return Tally._trusted(n, dlt, counts[:, LEVEL], {name: known[name] for name in memory})


def _decide(design: Design, trials: Trials, setting: Setting, looking: IntArray, watch: Watch | None) -> None:
    memory = design.needed_memory
    tally, pending, looks = seen(trials, setting, looking, memory)
    decision = decided_once(design, tally, pending)
    changed = np.zeros(len(looking), dtype=np.bool_)
    hasty = ~decision.waits & (trials.counts[looking, PENDING] > 0)
    if hasty.any():
        later = followed_to_the_end(trials, looking, looks, memory).take(hasty)
        changed[hasty] = decided_once(design, later, None).level != decision.level[hasty]
    if watch is not None:
        watch(looking, trials.days[looking, NOW], decision)
    apply_all(trials, setting, looking, decision.level, decision.cohort_size, decision.reason_code, changed)


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
    last = np.zeros((len(rows), 4), dtype=np.int64)
    all_dlt = np.empty((len(rows), x.n.shape[1]), dtype=np.int64)
    backfilled = np.zeros((len(rows), places), dtype=np.bool_)
    for r in range(len(rows)):
        s = rows[r]
        now, first, seen = x.days[s, NOW], x.counts[s, COHORT_FIRST], 0
        all_dlt[r] = x.dlt[s]
        for k in range(x.counts[s, PENDING]):
            i = x.place[s, k]
            level[r, k] = x.level[s, i]
            days[r, k] = followed(x, setting, s, i)
            all_dlt[r, x.level[s, i] - 1] += x.has_dlt[s, i]
            backfilled[r, k] = i >= setting.max_n
            last[r, 2] += first <= i < setting.max_n
        entered = x.counts[s, PATIENTS]
        for k in range(entered + x.counts[s, BACKFILLED]):
            i = k if k < entered else setting.max_n + k - entered
            known = x.assessed[s, i] <= now
            if known and x.has_dlt[s, i]:
                dlt_days[r, seen] = x.assessed[s, i] - x.entered[s, i]
                seen += 1
            if first <= i < setting.max_n:
                last[r, 0] += known
                last[r, 1] += known and x.has_dlt[s, i]
                last[r, 3] += x.has_dlt[s, i]
    return Looks(level, days, dlt_days, last, all_dlt, backfilled)
