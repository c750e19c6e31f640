"""Trials on the calendar, decided in batches: any design, any policy, any rules.

All trials run to their next look; the design is asked once for all that stand there; all run on.  States that are
equal in all that the design may ask are asked about once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from designs import Complete, Decision, Design, Pending, Reason, Settled, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from designs.pending_letters import ByTable
from doseesc.engines.clock_arrays import (
    HELD,
    LOOK,
    NOW,
    PENDING,
    SHORT,
    Setting,
    Trials,
    check_not_stuck,
)
from doseesc.engines.clock_looks import followed_to_the_end, seen
from doseesc.engines.clock_mechanics import advance, apply, note_decision
from doseesc.engines.clock_numba import compiled
from doseesc.engines.states import row_keys

MoreNumbers = Callable[[int], FloatArray]
"""Gives the numbers for arrivals of the same trials, (S, G), at least so many more than before."""

Watch = Callable[[IntArray, FloatArray, Decision], None]
"""Is told of each look: the trials, the days and the decisions."""


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
