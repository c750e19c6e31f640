"""Limits by levels: how far, and when, the next cohort may move from the level in use.

No skipping is dfcrm's ``restrict``, escalation's ``dont_skip_doses`` and crmPack's ``IncrementsDoseLevels``; coherence
is that of Cheung (2005), *Biometrika* 92:863-873: no escalation where the last patients had a DLT, no de-escalation
where they had none; global coherence, dtpcrm's, looks at all patients of the current level instead.  Limits by amounts
are in :mod:`designs.rules.increments`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.checks import require_choice, require_flag, require_probability
from designs.decision import Reason
from designs.rules.base import LimitRule, RuledDesign, own_or_target
from designs.tally import Tally


@dataclass(frozen=True)
class NoSkipping(LimitRule):
    """Move by at most one level.

    Parameters
    ----------
    reference : {"current", "highest_tried"}
        One level up from the level in use (as dfcrm and escalation), or from the highest level tried so far, which
        allows a direct return to it.
    down : bool
        Whether de-escalation too is limited to one level.
    """

    reference: str = "current"
    down: bool = False

    reason = Reason.SKIPPING_FORBIDDEN

    def __post_init__(self) -> None:
        require_choice("reference", self.reference, ("current", "highest_tried"))
        require_flag("down", self.down)

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        if self.reference == "current":
            reference = tally.level
        else:
            reference = ((tally.n > 0) * np.arange(1, tally.n_doses + 1)).max(axis=1)
        lowest = np.maximum(tally.level - 1, 1) if self.down else np.ones(tally.size, dtype=np.int64)
        return lowest, reference + 1

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        reference = "the current one" if self.reference == "current" else "the highest one tried so far"
        down = ", and de-escalation by at most one level" if self.down else ""
        return f"Escalation is by at most one level above {reference}{down}."


@dataclass(frozen=True)
class _CoherentLimit(LimitRule):
    """What the coherence rules share: the DLT rate of the last cohort is held against a target."""

    target: float | None = None

    reason = Reason.NOT_COHERENT
    memory = ("last_n", "last_dlt")

    def __post_init__(self) -> None:
        if self.target is not None:
            require_probability("target", self.target)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if neither the rule nor the design has a target."""
        own_or_target("target", self.target, design, self)

    def _rate_and_target(self, design: RuledDesign, tally: Tally) -> tuple[FloatArray, float]:
        # The rate as dfcrm compares it, a quotient of whole numbers against the target.
        rate = tally.recall("last_dlt") / np.maximum(tally.recall("last_n"), 1)
        return rate, own_or_target("target", self.target, design, self)


@dataclass(frozen=True)
class CoherentEscalation(_CoherentLimit):
    """No escalation directly after a cohort whose observed DLT rate is at or above the target.

    Cheung (2005), *Biometrika* 92:863-873.  With :class:`NoSkipping` it is dfcrm's ``restrict``.

    Parameters
    ----------
    target : float, optional
        The rate; by default the design's target.
    """

    references = ("Cheung (2005), Biometrika 92:863-873",)

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        rate, target = self._rate_and_target(design, tally)
        return np.ones(tally.size, dtype=np.int64), np.where(rate >= target, tally.level, tally.n_doses)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        target = own_or_target("target", self.target, design, self)
        return f"The dose is not escalated directly after a cohort with a DLT rate of {target:.4g} or more."


@dataclass(frozen=True)
class CoherentDeescalation(_CoherentLimit):
    """No de-escalation directly after a cohort whose observed DLT rate is at or below the target.

    The counterpart of :class:`CoherentEscalation` in Cheung (2005), *Biometrika* 92:863-873.  A level excluded as too
    toxic is left all the same.

    Parameters
    ----------
    target : float, optional
        The rate; by default the design's target.
    """

    references = ("Cheung (2005), Biometrika 92:863-873",)

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        rate, target = self._rate_and_target(design, tally)
        return np.where(rate <= target, tally.level, 1), np.full(tally.size, tally.n_doses)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        target = own_or_target("target", self.target, design, self)
        return f"The dose is not de-escalated directly after a cohort with a DLT rate of {target:.4g} or less."


@dataclass(frozen=True)
class GlobalCoherence(LimitRule):
    """No escalation from a level whose observed DLT rate exceeds the target.

    Where :class:`CoherentEscalation` looks at the last cohort, this looks at all patients at the current level; it is
    dtpcrm's ``global_coherent_esc``, for the CRM and the TITE-CRM, as in the trial VIOLA: Yap et al. (2017), *Clinical
    Cancer Research* 23:7440-7447.  As there, everybody entered at the level counts; where a design goes on with
    patients pending, they count as without a DLT.  A rate of exactly the target does not hold the dose back, as it does
    for :class:`CoherentEscalation`.

    Parameters
    ----------
    target : float, optional
        The rate; by default the design's target.

    Examples
    --------
    >>> from designs import CRM, Tally
    >>> rules = (NoSkipping(), GlobalCoherence())
    >>> design = CRM(target=0.25, skeleton=(0.05, 0.1, 0.2, 0.3), max_n=30, rules=rules)
    >>> decision = design.decide(Tally.parse(["1NNNNNN 2NNT", "1NNNNNN 2NNT 2N"], n_doses=4))
    >>> decision.level, [reason.name for reason in decision.reason]
    (array([2, 3]), ['NOT_COHERENT', 'ESCALATE'])
    """

    references = ("Yap et al. (2017), Clinical Cancer Research 23:7440-7447",)

    target: float | None = None

    reason = Reason.NOT_COHERENT

    def __post_init__(self) -> None:
        if self.target is not None:
            require_probability("target", self.target)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if neither the rule nor the design has a target."""
        own_or_target("target", self.target, design, self)

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        rate = tally.current_dlt / np.maximum(tally.current_n, 1)
        above = rate > own_or_target("target", self.target, design, self)
        return np.ones(tally.size, dtype=np.int64), np.where(above, tally.level, tally.n_doses)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        target = own_or_target("target", self.target, design, self)
        return f"The dose is not escalated from a level with a DLT rate above {target:.4g} among all its patients."
