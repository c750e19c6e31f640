"""What rules are: one class per phase of a decision, and the checks they share.

The phases, and how the answers of several rules of one phase are combined, are those of :mod:`designs.phases`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.checks import require_whole
from designs.decision import Decision, Reason
from designs.pending import EnteredTally
from designs.tally import Tally


class RuledDesign(Protocol):
    """What rules read of the design that they go around; every :class:`designs.Design` has it."""

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""

    @property
    def max_n(self) -> int:
        """Most patients the trial may treat."""

    @property
    def cohort_size(self) -> int:
        """Patients per cohort."""

    @property
    def start_level(self) -> int:
        """Level of the first cohort."""

    @property
    def target(self) -> float | None:
        """Target DLT probability, if the design has one."""

    @property
    def fixed_cohorts(self) -> bool:
        """Whether no rule may set another cohort size."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules around the design."""

    def own_rules(self) -> tuple[Rule, ...]:
        """Return rules that belong to the design itself."""

    def decide(self, tally: Tally) -> Decision:
        """Decide the next cohort of each tally."""

    def full_cohort(self, tally: Tally, level: IntArray) -> IntArray:
        """Return how many patients (S,) a full cohort at ``level`` (S,) has."""

    def probability_above(self, tally: Tally, level: int, above: float) -> FloatArray:
        """Return P(DLT probability at ``level`` > ``above`` | data), shape (S,)."""

    def credible_interval(
        self, tally: Tally, level: IntArray | int, credibility: float = 0.9
    ) -> tuple[FloatArray, FloatArray]:
        """Return the posterior interval of the DLT probability at ``level`` (S,)."""

    def mtd_cv(self, tally: Tally) -> FloatArray | None:
        """Return the posterior coefficient of variation (S,) of the MTD as an amount, if there is one."""


class Rule(ABC):  # noqa: B024 - its kinds have the abstract methods
    """A constraint or stopping rule; a frozen dataclass of its parameters.

    A class sets ``reason`` to the :class:`Reason` that decisions give, or to a sentence of its own; by default it is
    that of the kind of rule.
    """

    reason: ClassVar[Reason] = Reason.RULES_MET
    because: ClassVar[str] = ""
    """The sentence that is told instead of the reason's own; set by a ``reason`` that is a text."""
    memory: ClassVar[tuple[str, ...]] = ()
    references: ClassVar[tuple[str, ...]] = ()
    """Publications that the rule comes from, each as "Cheung (2005), Biometrika 92:863-873"."""

    def __init_subclass__(cls) -> None:
        """Take a text given as ``reason`` for the sentence of the kind of rule's own reason."""
        super().__init_subclass__()
        own: object = vars(cls).get("reason")
        if isinstance(own, str):
            cls.because = own
            del cls.reason

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """Memory (names of :data:`designs.tally.MEMORY`) that the rule needs."""
        return self.memory

    def check(self, design: RuledDesign) -> None:  # noqa: B027 - most rules fit every design
        """Raise ValueError if the rule cannot go with ``design``."""

    def waits(self, design: RuledDesign, entered: EnteredTally, level: IntArray) -> BoolArray:
        """Return where outcomes must be known before anybody is treated at ``level`` (S,), the level decided on.

        Asked only where patients are pending, under any policy but that of waiting for all of them.
        """
        return np.zeros(entered.size, dtype=np.bool_)

    def follow_up_marks(self) -> tuple[float, ...]:
        """Return the days of follow-up, short of the window, at which the rule may cease to wait for a patient."""
        return ()

    def describe(self, design: RuledDesign) -> str:
        """Say in one plain sentence, with its numbers, what the rule does to ``design``; by default its docstring."""
        own = type(self).__doc__ or ""
        generated = own.startswith(f"{type(self).__name__}(")  # by dataclass, where the class has none
        first = " ".join(own.strip().partition("\n\n")[0].split())
        return type(self).__name__ if generated or not first else first


@dataclass(frozen=True)
class PatientsRule(Rule):
    """A rule that asks for a number of patients, ``n``."""

    n: int = field(metadata={"example": 9})

    def __post_init__(self) -> None:
        require_whole("n", self.n, 1)

    def check_reachable(self, design: RuledDesign) -> None:
        """Raise ValueError if the trial never treats that many."""
        if self.n > design.max_n:
            raise ValueError(f"n must be at most max_n = {design.max_n} in {type(self).__name__}, not {self.n}")


class AdmissibilityRule(Rule):
    """Excludes a level and all above it as too toxic; such a level is neither given nor selected."""

    reason = Reason.TOO_TOXIC_ABOVE

    @abstractmethod
    def ceiling(self, design: RuledDesign, tally: Tally) -> IntArray:
        """Return the highest admissible level (S,); 0 = none."""


class ProposalRule(Rule):
    """Takes the place of the design's own proposal."""

    reason = Reason.FIXED_PATH

    @abstractmethod
    def redirect(self, design: RuledDesign, tally: Tally) -> Decision:
        """Return the level, size and reason of the next cohort; level 0 where the design itself proposes.

        Called for tallies in which nobody has been treated, too.
        """

    def waits(self, design: RuledDesign, entered: EnteredTally, level: IntArray) -> BoolArray:
        """See :meth:`Rule.waits`: a fixed path goes up only when every outcome is known."""
        climbs = (self.redirect(design, entered).level == level) & (level > entered.level)
        return climbs & (entered.pending.total > 0)


class LimitRule(Rule):
    """Bounds the next level."""

    reason = Reason.RULE_LIMITS

    @abstractmethod
    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """Return the lowest and the highest level allowed, each (S,)."""


class StoppingRule(Rule):
    """Ends the trial."""

    @property
    def selects_none(self) -> bool:
        """Whether this is a safety rule: no dose may be selected where it holds."""
        return False

    @abstractmethod
    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """Return where the trial ends (S,), ``level`` (S,) being the level that the next cohort would get."""


class HoldingRule(Rule):
    """Holds back the stopping rules, but not those of safety."""

    @abstractmethod
    def holds(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """Return where the trial must not be stopped yet (S,)."""


class RescueRule(Rule):
    """Offers a level to be tried where a safety rule would stop the trial."""

    reason = Reason.RESCUE

    @abstractmethod
    def rescue(self, design: RuledDesign, tally: Tally) -> IntArray:
        """Return the level to try (S,); 0 where there is none left."""


class CohortSizeRule(Rule):
    """Says how many patients a full cohort has."""

    reason = Reason.COMPLETE_COHORT

    @abstractmethod
    def full_size(self, design: RuledDesign, tally: Tally, level: IntArray) -> IntArray:
        """Return the size (S,) of a full cohort at ``level`` (S,)."""


class PartialCohortRule(Rule):
    """Lets only part of a full cohort begin."""

    reason = Reason.COMPLETE_COHORT

    @abstractmethod
    def part(self, design: RuledDesign, tally: Tally, level: IntArray, cohort: IntArray) -> IntArray:
        """Return how many of a ``cohort`` of so many (S,) may be treated next at ``level`` (S,)."""


class SelectionRule(Rule):
    """Restricts which levels may be named as the MTD."""

    reason = Reason.MTD_FOUND

    @abstractmethod
    def selectable(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """Return which levels may be selected, shape (S, J); the highest at or below the design's pick is taken."""


def require_level(level: int, design: RuledDesign) -> None:
    """Raise ValueError unless the design has the level."""
    if level > design.n_doses:
        raise ValueError(f"level must be one from 1 to {design.n_doses}, not {level}")


def own_or_target(name: str, value: float | None, design: RuledDesign, rule: Rule) -> float:
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
