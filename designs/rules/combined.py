"""Stopping rules joined by "and" and "or", under a label: crmPack's ``StoppingAll`` and ``StoppingAny``.

A trial stops where any of its stopping rules holds, so :class:`AnyOf` matters inside :class:`AllOf` and for its label.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.checks import shown
from designs.decision import Reason
from designs.rules.base import HoldingRule, Rule, RuledDesign, StoppingRule
from designs.tally import Tally


@dataclass(frozen=True)
class _Combination(StoppingRule):
    rules: tuple[Rule, ...] = field(
        metadata={"example": [{"type": "StopAtRecommended", "n": 9}, {"type": "StopWhenRepeated", "cohorts": 3}]}
    )
    label: str = ""

    reason = Reason.RULES_MET
    because = "Stop: the combined stopping rule is met."

    def __post_init__(self) -> None:
        if not isinstance(self.rules, list | tuple) or not self.rules:
            raise ValueError(f"rules must be a list of stopping rules, not {shown(self.rules)}")
        object.__setattr__(self, "rules", tuple(self.rules))
        if not isinstance(self.label, str):
            raise ValueError(f"label must be a text, not {shown(self.label)}")

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """See :attr:`Rule.needed_memory`."""
        return tuple(name for rule in self.rules for name in rule.needed_memory)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if one of the rules cannot go with ``design``."""
        for rule in self.rules:
            rule.check(design)

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return self._join([_met(rule, design, tally, level) for rule in self.rules])

    @abstractmethod
    def _join(self, met: list[BoolArray]) -> BoolArray:
        """Join the answers of the rules."""

    def _described(self, design: RuledDesign, how: str) -> str:
        parts = " ".join(f"({number}) {rule.describe(design)}" for number, rule in enumerate(self.rules, 1))
        label = f"{self.label}: the" if self.label else "The"
        return f"{label} trial stops where {how} of these hold: {parts}"


@dataclass(frozen=True)
class AllOf(_Combination):
    """Stop where all of several rules hold.

    Parameters
    ----------
    rules : sequence of StoppingRule or MinimumPatients
        A rule of safety among them makes the whole one of safety: it is not held back, and selects no dose.
    label : str
        What the protocol calls it.

    Examples
    --------
    >>> from designs import BOIN, MinimumPatients, StopAtRecommended, Tally
    >>> enough = AllOf((MinimumPatients(12), StopAtRecommended(6)), label="enough")
    >>> design = BOIN(target=0.3, n_doses=3, max_n=30, rules=(enough,))
    >>> design.decide(Tally.parse(["1NNT 1NNT", "1NNT 1NNT 1NNT 1NNT"], n_doses=3)).level
    array([1, 0])
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for rule in self.rules:
            if not isinstance(rule, StoppingRule | HoldingRule):
                raise ValueError(f"rules must hold stopping rules or MinimumPatients, not {shown(rule)}")
        if not any(isinstance(rule, StoppingRule) for rule in self.rules):
            raise ValueError("rules must hold at least one stopping rule")

    @property
    def selects_none(self) -> bool:
        """See :attr:`StoppingRule.selects_none`."""
        return any(isinstance(rule, StoppingRule) and rule.selects_none for rule in self.rules)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return self._described(design, "all")

    def _join(self, met: list[BoolArray]) -> BoolArray:
        return np.logical_and.reduce(met)


@dataclass(frozen=True)
class AnyOf(_Combination):
    """Stop where any of several rules holds.

    Parameters
    ----------
    rules : sequence of StoppingRule
        All rules of safety, or none: whether a dose may be selected must not be in doubt.
    label : str
        What the protocol calls it.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for rule in self.rules:
            if not isinstance(rule, StoppingRule):
                raise ValueError(f"rules must hold stopping rules, not {shown(rule)}")
        if len({isinstance(rule, StoppingRule) and rule.selects_none for rule in self.rules}) > 1:
            raise ValueError("rules must all be of safety, or none; list those of safety beside AnyOf")

    @property
    def selects_none(self) -> bool:
        """See :attr:`StoppingRule.selects_none`."""
        first = self.rules[0]
        return isinstance(first, StoppingRule) and first.selects_none

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return self._described(design, "any")

    def _join(self, met: list[BoolArray]) -> BoolArray:
        return np.logical_or.reduce(met)


def _met(rule: Rule, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
    if isinstance(rule, HoldingRule):
        return ~rule.holds(design, tally)
    assert isinstance(rule, StoppingRule)  # by the constructors
    return rule.stops(design, tally, level)
