"""Limits: how far, and when, the next cohort may move from the level in use.

No skipping is dfcrm's ``restrict``, escalation's ``dont_skip_doses`` and crmPack's ``IncrementsDoseLevels``; the
largest increment is crmPack's ``IncrementsRelative`` and ``IncrementsRelativeDLT``; coherence is that of Cheung (2005),
*Biometrika* 92:863-873: no escalation where the last patients had a DLT, no de-escalation where they had none; global
coherence, dtpcrm's, looks at all patients of the current level instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.checks import (
    MOST_PATIENTS,
    require_amounts,
    require_choice,
    require_flag,
    require_number,
    require_probability,
    require_whole,
    shown,
)
from designs.decision import Reason
from designs.rules.base import LimitRule, RuledDesign, own_or_target
from designs.tally import Tally

_ROUNDING = 1e-9  # 3 times 0.1 is a step of three times, whatever the last digit of the product


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
    dtpcrm's ``global_coherent_esc``, for the CRM and the TITE-CRM.  As there, everybody entered at the level counts;
    where a design goes on with patients pending, they count as without a DLT.  A rate of exactly the target does not
    hold the dose back.

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


@dataclass(frozen=True)
class MaximumIncrement(LimitRule):
    """Raise the dose amount to at most so many times the current one, fewer once DLTs have been seen.

    The modified Fibonacci idea in its usual protocol form ("at most double; at most 1.5 times after a DLT"): crmPack's
    ``IncrementsRelative`` and ``IncrementsRelativeDLT``, whose increment of 0.5 is 1.5 times here.

    Parameters
    ----------
    amounts : sequence of float, length J
        Dose amounts of the levels, strictly increasing.
    times : float
        The next amount is at most this many times the current one.
    after_dlts : sequence of (int, float)
        ``(k, times)``: from k DLTs in the whole trial on, at most ``times``; of several that apply the last, so the
        numbers of DLTs must increase.

    Examples
    --------
    At most double, at most 1.5 times after the first DLT:

    >>> from designs import BOIN, Tally
    >>> rule = MaximumIncrement(amounts=(1, 2, 3, 4.5, 6.75), after_dlts=((1, 1.5),))
    >>> design = BOIN(target=0.3, n_doses=5, max_n=30, rules=(rule,))
    >>> design.decide(Tally.parse(["1NNN", "1NNNNNT"], n_doses=5)).level
    array([2, 1])
    """

    amounts: tuple[float, ...]
    times: float = 2.0
    after_dlts: tuple[tuple[int, float], ...] = ()

    reason = Reason.INCREMENT_LIMITED

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", require_amounts("amounts", self.amounts))
        require_above_one("times", self.times)
        object.__setattr__(self, "after_dlts", steps_by_dlts("after_dlts", self.after_dlts))
        for dlts, times in self.after_dlts:
            require_whole("after_dlts", dlts, 1)
            require_above_one("after_dlts", times)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless every level has its amount."""
        if len(self.amounts) != design.n_doses:
            raise ValueError(f"amounts must be {design.n_doses}, one for each level, not {len(self.amounts)}")

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        reachable = self.reachable()[np.searchsorted([dlts for dlts, _ in self.after_dlts], tally.total_dlt, "right")]
        return np.ones(tally.size, dtype=np.int64), np.take_along_axis(reachable, tally.level[:, None] - 1, 1)[:, 0]

    def reachable(self) -> IntArray:
        """Return the highest level allowed from each, (1 + changes, J): row 0 at first, then after each change."""
        amounts = np.array(self.amounts)
        times = np.array([self.times, *(times for _, times in self.after_dlts)])
        largest = times[:, None] * amounts * (1 + _ROUNDING)
        return np.searchsorted(amounts, largest.ravel(), "right").reshape(largest.shape)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        later = "".join(
            f", {times:g} times once {dlts} DLT{'s have' if dlts > 1 else ' has'} been seen"
            for dlts, times in self.after_dlts
        )
        return f"The dose amount is raised to at most {self.times:g} times the current one{later}."


def steps_by_dlts(name: str, values: object) -> tuple[tuple[int, float], ...]:
    """Return pairs (DLTs, value) as tuples; raise ValueError unless the numbers of DLTs increase."""
    if not isinstance(values, list | tuple):
        raise ValueError(f"{name} must be a list of pairs (DLTs, value), not {shown(values)}")
    pairs = []
    for pair in values:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{name} must hold pairs (DLTs, value), not {shown(pair)}")
        require_whole(name, pair[0], 0, MOST_PATIENTS)
        pairs.append((pair[0], pair[1]))
    if any(high[0] <= low[0] for low, high in pairwise(pairs)):
        raise ValueError(f"{name} must go by increasing numbers of DLTs, not {shown(values)}")
    return tuple(pairs)


def require_above_one(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is a number above 1."""
    if require_number(name, value) <= 1:
        raise ValueError(f"{name} must exceed 1, not {shown(value)}")
