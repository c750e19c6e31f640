"""What rules are: one class per phase of a decision, and the checks they share.

The phases, and how the answers of several rules of one phase are combined, are those of :mod:`designs.design`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from designs.arrays import BoolArray, IntArray
from designs.decision import Decision, Reason
from designs.tally import Tally

if TYPE_CHECKING:
    from designs.design import Design

    BoolArray = BoolArray


class Rule(ABC):
    """A constraint or stopping rule; a frozen dataclass of its parameters."""

    reason: ClassVar[Reason]
    memory: ClassVar[tuple[str, ...]] = ()

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """Memory (names of :data:`designs.tally.MEMORY`) that the rule needs."""
        return self.memory

    def check(self, design: Design) -> None:  # noqa: B027 - most rules fit every design
        """Raise ValueError if the rule cannot go with ``design``."""

    @abstractmethod
    def describe(self, design: Design) -> str:
        """Say in one plain sentence, with its numbers, what the rule does to ``design``."""


class AdmissibilityRule(Rule):
    """Excludes a level and all above it as too toxic; such a level is neither given nor selected."""

    reason = Reason.TOO_TOXIC_ABOVE

    @abstractmethod
    def ceiling(self, design: Design, tally: Tally) -> IntArray:
        """Return the highest admissible level (S,); 0 = none."""


class ProposalRule(Rule):
    """Takes the place of the design's own proposal."""

    @abstractmethod
    def redirect(self, design: Design, tally: Tally) -> Decision:
        """Return the level, size and reason of the next cohort; level 0 where the design itself proposes.

        Called for tallies in which nobody has been treated, too.
        """


class LimitRule(Rule):
    """Bounds the next level."""

    @abstractmethod
    def bounds(self, design: Design, tally: Tally) -> tuple[IntArray, IntArray]:
        """Return the lowest and the highest level allowed, each (S,)."""


class StoppingRule(Rule):
    """Ends the trial."""

    @property
    def selects_none(self) -> bool:
        """Whether this is a safety rule: no dose may be selected where it holds."""
        return False

    @abstractmethod
    def stops(self, design: Design, tally: Tally, level: IntArray) -> BoolArray:
        """Return where the trial ends (S,), ``level`` (S,) being the level that the next cohort would get."""


class HoldingRule(Rule):
    """Holds back the stopping rules, but not those of safety."""

    @abstractmethod
    def holds(self, design: Design, tally: Tally) -> BoolArray:
        """Return where the trial must not be stopped yet (S,)."""


class RescueRule(Rule):
    """Offers a level to be tried where a safety rule would stop the trial."""

    @abstractmethod
    def rescue(self, design: Design, tally: Tally) -> IntArray:
        """Return the level to try (S,); 0 where there is none left."""


class CohortSizeRule(Rule):
    """Says how many patients a full cohort has."""

    @abstractmethod
    def full_size(self, design: Design, tally: Tally, level: IntArray) -> IntArray:
        """Return the size (S,) of a full cohort at ``level`` (S,)."""


class PartialCohortRule(Rule):
    """Lets only part of a full cohort begin."""

    @abstractmethod
    def part(self, design: Design, tally: Tally, level: IntArray, cohort: IntArray) -> IntArray:
        """Return how many of a ``cohort`` of so many (S,) may be treated next at ``level`` (S,)."""


class SelectionRule(Rule):
    """Restricts which levels may be named as the MTD."""

    @abstractmethod
    def selectable(self, design: Design, tally: Tally) -> BoolArray:
        """Return which levels may be selected, shape (S, J); the highest at or below the design's pick is taken."""


def require_level(level: int, design: Design) -> None:
    """Raise ValueError unless the design has the level."""
    if level > design.n_doses:
        raise ValueError(f"level must be one from 1 to {design.n_doses}, not {level}")


def own_or_target(name: str, value: float | None, design: Design, rule: Rule) -> float:
    """Return a rule's own ``value``, else the design's target.

    Raises
    ------
    ValueError
        If there is neither; the message begins with ``name``.
    """
    chosen = design.target if value is None else value
    if chosen is None:
        raise ValueError(
            f"{name} must be given for {type(rule).__name__}: {type(design).__name__} has no target of its own"
        )
    return float(chosen)


def counted(number: int, singular: str) -> str:
    """Write a number with its noun, such as "1 patient" or "3 patients"."""
    return f"{number} {singular}" if number == 1 else f"{number} {singular}s"
