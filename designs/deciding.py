"""A decision put together: what the design proposes, and the phases of rules around it in their order.

What each phase does is in :mod:`designs.phases`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from designs import phases
from designs.arrays import BoolArray, IntArray
from designs.decision import Decision, Reason, merged, require_decision, waits_for_outcomes
from designs.rules.base import Rule, RuledDesign
from designs.tally import Tally


class ProposingDesign(RuledDesign, Protocol):
    """What a decision takes of a design beyond what rules read."""

    def all_rules(self) -> tuple[Rule, ...]:
        """Return the design's own rules and those around it."""

    def ceiling(self, tally: Tally) -> IntArray | None:
        """Return the highest admissible level (S,), 0 = none; None where all levels are."""

    def propose_with_ceiling(self, tally: Tally) -> tuple[Decision, IntArray | None]:
        """Return the design's own decision, and its ceiling."""


def decided(design: ProposingDesign, tally: Tally, stop: npt.NDArray[np.int8]) -> Decision:
    """Decide the next cohort of each trial, or that it is over.

    Parameters
    ----------
    design : ProposingDesign
    tally : Tally
    stop : array of int8, shape (S,)
        The :class:`designs.Reason` for which a trial has run its course, before any rule is asked; else 0.

    Raises
    ------
    ValueError
        If the design proposes what cannot be.
    """
    going = stop == 0
    if going.all():
        return _going_on(design, tally)
    nothing = np.zeros(int((~going).sum()), dtype=np.int64)
    over = Decision(nothing, nothing, stop[~going])
    return merged(~going, over, _going_on(design, tally.take(going))) if going.any() else over


def _going_on(design: ProposingDesign, tally: Tally) -> Decision:
    rules = design.all_rules()
    decision = before_stopping(design, tally)
    decision = phases.stopped(
        design,
        rules,
        tally,
        decision,
        ceiling=lambda: phases.highest_admissible(design, rules, tally, design.ceiling(tally)),
    )
    cohort = np.minimum(phases.sized(design, rules, tally, decision), design.max_n - tally.total_n)
    waits = waits_for_outcomes(decision.reason_code)
    cohort = np.where(waits, 0, cohort)
    if ((decision.level > 0) & ((cohort < 1) & ~waits | (decision.level > design.n_doses))).any():
        raise ValueError(
            f"{type(design).__name__} proposes a cohort without patients or a level that does not exist; "
            f"propose must give levels from 1 to {design.n_doses}, or 0 to stop, and else cohorts of at least 1"
        )
    return Decision(decision.level, np.where(decision.level > 0, cohort, 0), decision.reason_code)


def before_stopping(design: ProposingDesign, tally: Tally) -> Decision:
    """Decide up to the phase of limits: where the next cohort goes unless the trial ends."""
    untreated = tally.level == 0
    if untreated.any():
        return _with_starts(design, tally, untreated)
    proposal, own_ceiling = design.propose_with_ceiling(tally)
    require_decision(proposal, tally.size, f"{type(design).__name__}.propose")
    proposal = phases.redirected(design, design.all_rules(), tally, proposal)
    return phases.limited(design, design.all_rules(), tally, proposal, own_ceiling)


def _with_starts(design: ProposingDesign, tally: Tally, untreated: BoolArray) -> Decision:
    empty = tally.take(untreated)
    level, cohort = np.full(empty.size, design.start_level), np.full(empty.size, design.cohort_size)
    start = Decision(level, cohort, np.full(empty.size, Reason.START, dtype=np.int8))
    starts = phases.redirected(design, design.all_rules(), empty, start)
    return starts if untreated.all() else merged(untreated, starts, before_stopping(design, tally.take(~untreated)))
