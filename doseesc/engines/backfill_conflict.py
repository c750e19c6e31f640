"""Backfilled doses that call for more caution than the current one: BF-BOIN's rule of pooling; and what stays closed.

Zhao, Yuan, Korn and Freidlin 2024, *Clinical Cancer Research* 30:673, Table 2.  A dose below the current one to which
patients have been backfilled conflicts with it if its rate calls for de-escalation, or for staying while the current
one's calls for escalation.  Of such doses the highest (Chen, Zhao, Takeda and Yuan 2026: the lowest), b, is pooled with
all from there to the current one:

* the pooled rate calls for escalation or for staying: this is done at the current dose;
* it calls for de-escalation: the trial goes to the highest dose k from b on, below the current one, such that the rate
  pooled over b to k does not call for it; where there is none, to the dose below b, or to the lowest.

Both are rules around a design (:mod:`designs.rules`), made here and asked with tallies that carry what they need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from designs import BOIN, Decision, EnteredTally, IntervalDesign, Reason, Tally
from designs.arrays import BoolArray, IntArray
from designs.follow_up import follow_up_step
from designs.rules import AdmissibilityRule, ProposalRule
from designs.rules.base import RuledDesign
from doseesc.engines.backfill_rates import NO_DATA, DoseRates

BACKFILLED, CEILING = "backfilled", "ceiling"
"""Memory of a tally, given by engines: patients backfilled to each level (S, J), and the highest level open (S,)."""


@dataclass(frozen=True)
class PoolWithBackfilled(ProposalRule):
    """Pool the current dose with a backfilled one that calls for more caution.

    Parameters
    ----------
    conflict : {"highest", "lowest"}
        Which dose in conflict is pooled with the current one.
    """

    conflict: str

    reason = Reason.BACKFILL_POOLED

    def redirect(self, design: RuledDesign, tally: Tally) -> Decision:
        """See :meth:`ProposalRule.redirect`."""
        level = np.zeros(tally.size, dtype=np.int64)
        if not (tally.level == 0).all():
            own = cast("BOIN | IntervalDesign", design)
            step, waits = own_step(own, tally)
            asked = ~waits & (own.ceiling(tally) >= tally.level)
            level = np.where(asked, self._level(DoseRates.of(own, tally), tally, step), 0)
        cohort = np.where(level > 0, design.cohort_size, 0)
        return Decision(level, cohort, np.where(level > 0, np.int8(self.reason), np.int8(0)))

    def waits(self, design: RuledDesign, entered: EnteredTally, level: IntArray) -> BoolArray:
        """See :meth:`Rule.waits`: the design's own policy says when outcomes are waited for."""
        return np.zeros(entered.size, dtype=np.bool_)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return (
            f"Where backfilled doses call for more caution than the current one, the {self.conflict} of them is pooled "
            "with the current one and those between, and the pooled rate decides."
        )

    def _level(self, rates: DoseRates, tally: Tally, step: IntArray) -> IntArray:
        """Return where the trial goes by pooled rates (S,); 0 where nothing is in conflict."""
        doses = tally.n_doses
        levels = np.arange(1, doses + 1)
        here, current = rates.steps(), tally.level[:, None]
        cautious = (here == -1) | ((here == 0) & (step[:, None] == 1))
        against = cautious & (levels < current) & (tally.memory[BACKFILLED] > 0) & (here != NO_DATA)
        found = against.any(axis=1)
        lowest = np.argmax(against, axis=1) + 1
        highest = doses - np.argmax(against[:, ::-1], axis=1)
        base = np.where(found, highest if self.conflict == "highest" else lowest, tally.level)
        pooled = rates.pooled(base, tally.level)
        down = np.maximum(base - 1, 1)
        for level in range(1, doses):  # the highest of those that hold remains
            fits = (base <= level) & (level < tally.level)
            down = np.where(fits & (rates.pooled(base, np.full(tally.size, level)) != -1), level, down)
        to = np.where(pooled == -1, down, np.minimum(tally.level + pooled, doses))
        return np.where(found, to, 0)


@dataclass(frozen=True)
class StaysClosed(AdmissibilityRule):
    """Keep closed what has been eliminated before, whatever later outcomes are.

    Where pending patients are left out of a decision, their outcomes may lower the rate of an eliminated dose.
    """

    def ceiling(self, design: RuledDesign, tally: Tally) -> IntArray:
        """See :meth:`AdmissibilityRule.ceiling`."""
        return tally.memory[CEILING]

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return "A dose that has been eliminated stays so."


def own_step(design: BOIN | IntervalDesign, tally: Tally) -> tuple[IntArray, BoolArray]:
    """Return the design's own step, that of the highest dose upwards too, and where it waits, each (S,)."""
    if isinstance(tally, EnteredTally):
        step, reason = follow_up_step(design, tally)
        return step, reason > 0
    n, dlt = tally.current_n, tally.current_dlt
    step = design.complete_steps(tally.largest_n)[n, dlt].astype(np.int64)
    return step, np.zeros(tally.size, dtype=np.bool_)
