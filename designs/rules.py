"""Modular constraints and stopping rules that go around any design.

Each rule belongs to one phase of a decision (see :mod:`designs.design`) and answers for many tallies at once.
Within a phase the answers are combined by minimum, maximum, "and" and "or", so the order of rules is of no account.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from designs.checks import require_choice, require_flag, require_probability, require_whole
from designs.decision import Reason
from designs.tally import IntArray, Tally

if TYPE_CHECKING:
    from designs.design import Design

BoolArray = npt.NDArray[np.bool_]


class Rule(ABC):
    """A constraint or stopping rule; a frozen dataclass of its parameters."""

    reason: ClassVar[Reason]
    memory: ClassVar[tuple[str, ...]] = ()

    def check(self, design: Design) -> None:  # noqa: B027 - most rules fit every design
        """Raise ValueError if the rule cannot go with ``design``."""


class AdmissibilityRule(Rule):
    """Excludes a level and all above it as too toxic."""

    reason = Reason.TOO_TOXIC_ABOVE

    @abstractmethod
    def ceiling(self, design: Design, tally: Tally) -> IntArray:
        """Return the highest admissible level (S,); 0 = none."""


class LimitRule(Rule):
    """Bounds the next level."""

    @abstractmethod
    def bounds(self, design: Design, tally: Tally) -> tuple[IntArray, IntArray]:
        """Return the lowest and the highest level allowed, each (S,)."""


class StoppingRule(Rule):
    """Ends the trial."""

    selects_none: ClassVar[bool] = False
    """Whether no dose may be selected where the rule holds."""

    @abstractmethod
    def stops(self, design: Design, tally: Tally, level: IntArray) -> BoolArray:
        """Return where the trial ends (S,), ``level`` (S,) being the level that the next cohort would get."""


class SelectionRule(Rule):
    """Restricts which levels may be named as the MTD."""

    @abstractmethod
    def selectable(self, design: Design, tally: Tally) -> BoolArray:
        """Return which levels may be selected, shape (S, J); the highest at or below the design's pick is taken."""


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

    def bounds(self, design: Design, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        if self.reference == "current":
            reference = tally.level
        else:
            reference = ((tally.n > 0) * np.arange(1, tally.n_doses + 1)).max(axis=1)
        lowest = np.maximum(tally.level - 1, 1) if self.down else np.ones(tally.size, dtype=np.int64)
        return lowest, reference + 1


@dataclass(frozen=True)
class CoherentEscalation(LimitRule):
    """No escalation directly after a cohort whose observed DLT rate is at or above the target.

    Cheung (2005), *Biometrika* 92:863-873.  With :class:`NoSkipping` it is dfcrm's ``restrict``.

    Parameters
    ----------
    target : float, optional
        The rate; by default the design's target.
    """

    target: float | None = None

    reason = Reason.NOT_COHERENT
    memory = ("last_n", "last_dlt")

    def __post_init__(self) -> None:
        if self.target is not None:
            require_probability("target", self.target)

    def check(self, design: Design) -> None:
        """Raise ValueError if neither the rule nor the design has a target."""
        _limit("target", self.target, design, self)

    def bounds(self, design: Design, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        target = _limit("target", self.target, design, self)
        # The rate as dfcrm compares it, a quotient of whole numbers against the target.
        last_n = np.maximum(tally.recall("last_n"), 1)
        toxic = tally.recall("last_dlt") / last_n >= target
        return np.ones(tally.size, dtype=np.int64), np.where(toxic, tally.level, tally.n_doses)


@dataclass(frozen=True)
class StopTooToxic(StoppingRule):
    """Stop, and select nothing, when a level is too likely to be too toxic.

    The trial ends where P(DLT probability at ``level`` > ``above`` | data) >= ``confidence``.  Model-based designs
    answer from their model, others from the level's own data with a uniform prior.

    Parameters
    ----------
    level : int
        The level looked at, usually the lowest.
    above : float, optional
        The limit; by default the design's target.
    confidence : float
        The posterior probability from which on the trial stops.
    """

    level: int = 1
    above: float | None = None
    confidence: float = 0.95

    reason = Reason.LEVEL_TOO_TOXIC
    selects_none = True

    def __post_init__(self) -> None:
        require_whole("level", self.level, 1)
        require_probability("confidence", self.confidence)
        if self.above is not None:
            require_probability("above", self.above)

    def check(self, design: Design) -> None:
        """Raise ValueError if the level does not exist, or neither the rule nor the design has a limit."""
        require_level(self.level, design)
        _limit("above", self.above, design, self)

    def stops(self, design: Design, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        above = _limit("above", self.above, design, self)
        result: BoolArray = design.probability_above(tally, self.level, above) >= self.confidence
        return result & (tally.total_n > 0)


@dataclass(frozen=True)
class StopAtRecommended(StoppingRule):
    """Stop when ``n`` patients have been treated at the level that the next cohort would get."""

    n: int

    reason = Reason.ENOUGH_AT_DOSE

    def __post_init__(self) -> None:
        require_whole("n", self.n, 1)

    def stops(self, design: Design, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return (level > 0) & (tally.at(tally.n, level) >= self.n)


@dataclass(frozen=True)
class StopAtDose(StoppingRule):
    """Stop when ``n`` patients have been treated at ``level``, or at any one level where it is not given."""

    n: int
    level: int | None = None

    reason = Reason.ENOUGH_AT_DOSE

    def __post_init__(self) -> None:
        require_whole("n", self.n, 1)
        if self.level is not None:
            require_whole("level", self.level, 1)

    def check(self, design: Design) -> None:
        """Raise ValueError if the level does not exist."""
        if self.level is not None:
            require_level(self.level, design)

    def stops(self, design: Design, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        treated = tally.n.max(axis=1) if self.level is None else tally.n[:, self.level - 1]
        result: BoolArray = treated >= self.n
        return result


@dataclass(frozen=True)
class StopWhenStaying(StoppingRule):
    """Stop when ``n`` patients have been treated at the current level *and* the next cohort would stay there.

    This is BOIN's ``n.earlystop``; :class:`StopAtRecommended` also stops before a move.
    """

    n: int

    reason = Reason.STAYING_AT_DOSE

    def __post_init__(self) -> None:
        require_whole("n", self.n, 1)

    def stops(self, design: Design, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return (level == tally.level) & (tally.at(tally.n) >= self.n)


def require_level(level: int, design: Design) -> None:
    """Raise ValueError unless the design has the level."""
    if level > design.n_doses:
        raise ValueError(f"level must be one from 1 to {design.n_doses}, not {level}")


def _limit(name: str, value: float | None, design: Any, rule: Rule) -> float:
    """Return the rule's own value, else the design's target."""
    chosen = design.target if value is None else value
    if chosen is None:
        raise ValueError(
            f"{name} must be given for {type(rule).__name__}: {type(design).__name__} has no target of its own"
        )
    return float(chosen)
