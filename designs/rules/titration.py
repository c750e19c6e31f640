"""Accelerated titration in front of any design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.decision import Decision, Reason
from designs.rules.base import ProposalRule, RuledDesign
from designs.tally import Tally


@dataclass(frozen=True)
class AcceleratedTitration(ProposalRule):
    """One patient per level, from the start level up to the first DLT or the top level; then the design itself.

    At the level where the titration ends the cohort is completed before the design decides.  After Simon et al. (1997),
    *Journal of the National Cancer Institute* 89:1138-1147, whose trigger is the first DLT here; in front of BOIN it is
    the ``titration`` of the BOIN software.

    Examples
    --------
    >>> from designs import CRM, Tally
    >>> rules = (AcceleratedTitration(),)
    >>> design = CRM(target=0.3, skeleton=(0.1, 0.2, 0.3, 0.5), max_n=30, cohort_size=3, rules=rules)
    >>> decision = design.decide(Tally.parse(["", "1N", "1N 2N", "1N 2T", "1N 2T 2NN"], n_doses=4))
    >>> decision.level, decision.cohort_size
    (array([1, 2, 3, 2, 2]), array([1, 1, 1, 2, 3]))
    """

    references = ("Simon et al. (1997), Journal of the National Cancer Institute 89:1138-1147",)

    reason = Reason.TITRATE

    def redirect(self, design: RuledDesign, tally: Tally) -> Decision:
        """See :meth:`ProposalRule.redirect`."""
        levels = np.arange(1, design.n_doses + 1)
        climbed = (levels >= design.start_level) & (levels <= tally.level[:, None])
        singles = (tally.n == climbed).all(axis=1)
        climb = singles & (tally.total_dlt == 0) & (tally.level < design.n_doses)
        rest = design.cohort_size - 1
        complete = singles & ~climb & (rest > 0)
        level = np.where(climb, np.maximum(tally.level + 1, design.start_level), np.where(complete, tally.level, 0))
        reason = np.where(climb, np.int8(Reason.TITRATE), np.int8(Reason.COMPLETE_COHORT))
        return Decision(level, np.where(climb, 1, np.where(complete, rest, 0)), reason)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return (
            f"Single patients are treated at one level after another, from level {design.start_level} up, until the "
            "first DLT or the top level; the cohort there is then completed, and the design takes over."
        )
