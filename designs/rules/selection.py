"""Selection: which levels may be named as the MTD.

Where the design's own choice may not be, the highest level below it that may is named; where none may, no dose is.
"""

from __future__ import annotations

from dataclasses import dataclass

from designs.arrays import BoolArray
from designs.decision import Reason
from designs.rules.base import PatientsRule, RuledDesign, SelectionRule, counted
from designs.tally import Tally


@dataclass(frozen=True)
class SelectTried(SelectionRule):
    """Select only a level at which somebody was treated: in effect escalation's ``unadmit_untested``."""

    reason = Reason.MTD_FOUND

    def selectable(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """See :meth:`SelectionRule.selectable`."""
        return tally.n > 0

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return "Only a level at which patients were treated can be the MTD."


@dataclass(frozen=True)
class MinimumAtMTD(PatientsRule, SelectionRule):
    """Select only a level at which at least ``n`` patients were treated.

    The usual "at least six patients at the MTD"; the part of escalation's ``demand_n_at_dose`` and of crmPack's
    ``StoppingPatientsNearDose`` that concerns what may be declared.  It does not prolong the trial: combine it with a
    stopping rule such as :class:`StopAtRecommended` for that.

    Parameters
    ----------
    n : int
        Fewest patients at a level that may be the MTD.
    """

    reason = Reason.MTD_FOUND

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the trial never treats that many."""
        self.check_reachable(design)

    def selectable(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """See :meth:`SelectionRule.selectable`."""
        return tally.n >= self.n

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return f"Only a level at which at least {counted(self.n, 'patient')} were treated can be the MTD."
