"""Waiting as a decision: how the policies about pending patients hold back what a design would do."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.decision import Decision, Reason
from designs.pending import EnteredTally
from designs.rules.base import Rule, RuledDesign
from designs.tally import Tally


class DecidingDesign(RuledDesign, Protocol):
    """What must be known of a design to say whether a trial of it waits."""

    def condemns(self, entered: Tally) -> BoolArray:
        """Return where known DLTs make the current level too toxic for good."""

    def all_rules(self) -> tuple[Rule, ...]:
        """Return the design's own rules and those around it."""


def waiting(entered: EnteredTally, reason: Reason) -> Decision:
    """Return the decision to wait at the current level."""
    nobody = np.zeros(entered.size, dtype=np.int64)
    return Decision(entered.level, nobody, np.full(entered.size, reason, dtype=np.int8))


def wait_where(tally: Tally, decided: Decision, reason: IntArray) -> Decision:
    """Replace decisions by waiting at the current level where a reason code (S,) is given; 0 = none."""
    waits = reason > 0
    return Decision(
        np.where(waits, tally.level, decided.level),
        np.where(waits, 0, decided.cohort_size),
        np.where(waits, reason, decided.reason_code).astype(np.int8),
    )


def held(design: DecidingDesign, entered: EnteredTally, decided: Decision, waits: BoolArray) -> Decision:
    """Wait where the policy says so, and where a rule demands known outcomes before anybody else is treated."""
    for rule in design.all_rules():
        waits = waits | ((decided.level > 0) & rule.waits(design, entered, decided.level))
    return wait_where(entered, decided, np.where(waits, np.int8(Reason.WAIT), np.int8(0)))


def without_outcomes(design: DecidingDesign, entered: EnteredTally, decided: Decision) -> Decision:
    """Give the decisions that no outcome can change.

    Nobody is left to enter; a group begun is to be completed; or known DLTs condemn a level, and nobody is pending at
    those below, where the trial goes.
    """
    full = entered.total_n >= design.max_n
    level = np.where(full, 0, decided.level)
    cohort = np.where(full, 0, decided.cohort_size)
    reason = np.where(full, np.int8(Reason.MAX_N), decided.reason_code)
    if design.fixed_cohorts:
        begun = design.decide(entered.taken_as_known())
        below = np.arange(1, entered.n_doses + 1) < entered.level[:, None]
        leaves = design.condemns(entered) & ~(below & (entered.pending.count > 0)).any(axis=1)
        certain = (begun.reason_code == Reason.COMPLETE_COHORT) | (leaves & ~full)
        level = np.where(certain, begun.level, level)
        cohort = np.where(certain, begun.cohort_size, cohort)
        reason = np.where(certain, begun.reason_code, reason)
    return Decision(level, cohort, reason.astype(np.int8))
