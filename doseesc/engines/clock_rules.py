"""The rules around a design, as numbers for compiled code; and which rules are known there.

They are asked in the phases of :mod:`designs.phases`: the proposal of the design is bounded, cut off at what is
admissible, and the trial may stop.  A decision is one number: the next level, to wait, or minus the code of the reason
why the trial stops.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from designs import (
    CoherentEscalation,
    Design,
    GlobalCoherence,
    MinimumAtMTD,
    NoSkipping,
    Reason,
    SelectTried,
    StopAtRecommended,
    StopTooToxic,
    StopWhenStaying,
    Weighted,
)
from designs.arrays import IntArray
from designs.rules import Rule
from doseesc.engines.clock_arrays import COHORT_FIRST, LEVEL, NOW, PATIENTS, Setting, Trials
from doseesc.engines.clock_numba import compiled_inner

WAITS, UNSURE = 0, -1
"""Decisions other than a level and a stop: to wait; and too near a limit to tell: the design itself is to be asked."""

NO_SAFE_DOSE, TOO_TOXIC = -int(Reason.NO_SAFE_DOSE), -int(Reason.LEVEL_TOO_TOXIC)
_ENOUGH, _STAYING = -int(Reason.ENOUGH_AT_DOSE), -int(Reason.STAYING_AT_DOSE)

# The parameters that are known here, by class.  What is not among them may change decisions in ways unheard of.
_POLICY = {
    *("weights", "estimate", "suspend_above", "minimum_followed", "minimum_known"),
    *("suspend_first", "hold_at_lowest", "hold_sure_at_lowest"),
}
_RULES: dict[type[Rule], set[str]] = {
    NoSkipping: {"reference", "down"},
    CoherentEscalation: {"target"},
    GlobalCoherence: {"target"},
    StopTooToxic: {"level", "above", "confidence", "by"},
    StopAtRecommended: {"n"},
    StopWhenStaying: {"n"},
    SelectTried: set(),
    MinimumAtMTD: {"n"},
}

_SETTING = {
    *("probability", "window", "pieces", "policy", "marks", "gaps", "gaps_by_dose", "each_is_a_look", "max_n"),
    "max_days",
}

R = TypeVar("R", bound=Rule)


class Rules(NamedTuple):
    """Bounds and stops.

    Attributes
    ----------
    up_from_current, up_from_highest, one_down : bool
        Whether a step up is of one level at most, from the current one or the highest tried, and a step down.
    last_rate, level_rate : float
        DLT rates of the last cohort from which, and of the current level above which, there is no step up.
    enough, enough_staying : int
        Patients at the next level, and at the current one if it is the next, from which on the trial ends.
    """

    up_from_current: bool
    up_from_highest: bool
    one_down: bool
    last_rate: float
    level_rate: float
    enough: int
    enough_staying: int


def knows_rules(design: Design) -> bool:
    """Say whether all rules of a design that weighs follow-up, and its policy, are known here, one of a kind."""
    rules = design.all_rules()
    return (
        made_of(design.pending, Weighted, _POLICY)
        and all(any(made_of(rule, kind, known) for kind, known in _RULES.items()) for rule in rules)
        and len({type(rule) for rule in rules}) == len(rules)
    )


def knows_setting(setting: Setting) -> bool:
    """Say whether nothing goes on in trials but what is known here: other parts of a setting say so by being true."""
    return not any(np.any(value) for name, value in setting._asdict().items() if name not in _SETTING)


def made_of(thing: object, kind: type, known: set[str]) -> bool:
    """Say whether a dataclass is of this very class, and has no parameter but those known."""
    return type(thing) is kind and is_dataclass(kind) and {field.name for field in fields(kind)} == known


def rule_of(design: Design, kind: type[R]) -> R | None:
    """Return the one rule of a class; None where there is none."""
    return next((rule for rule in design.all_rules() if isinstance(rule, kind)), None)


def rules_of(design: Design) -> Rules:
    """Return the rules of a design whose :func:`knows_rules`; its safety rule is for the caller."""
    skipping = rule_of(design, NoSkipping)
    last, whole = rule_of(design, CoherentEscalation), rule_of(design, GlobalCoherence)
    recommended, staying = rule_of(design, StopAtRecommended), rule_of(design, StopWhenStaying)
    never = int(design.max_n) + 1
    return Rules(
        up_from_current=skipping is not None and skipping.reference == "current",
        up_from_highest=skipping is not None and skipping.reference == "highest_tried",
        one_down=skipping is not None and bool(skipping.down),
        last_rate=_rate(design, last),
        level_rate=_rate(design, whole),
        enough=never if recommended is None else int(recommended.n),
        enough_staying=never if staying is None else int(staying.n),
    )


def _rate(design: Design, rule: CoherentEscalation | GlobalCoherence | None) -> float:
    if rule is None:
        return np.inf
    return float(rule.target if rule.target is not None else design.target or 0)


@compiled_inner
def bounded(x: Trials, rules: Rules, s: int, level: int, dlt: IntArray, later: bool) -> int:
    """Return the level within the rules' bounds, given the DLTs by level (J,).

    With ``later``, once everybody entered is followed to the end.
    """
    counts, highest = x.counts[s], x.n.shape[1]
    current = counts[LEVEL]
    if rules.up_from_current:
        highest = min(highest, current + 1)
    if rules.up_from_highest:
        tried = x.n.shape[1]
        while x.n[s, tried - 1] == 0:
            tried -= 1
        highest = min(highest, tried + 1)
    if rules.last_rate < np.inf:
        dlts = 0
        for i in range(counts[COHORT_FIRST], counts[PATIENTS]):
            dlts += x.has_dlt[s, i] and (later or x.assessed[s, i] <= x.days[s, NOW])
        if dlts / max(counts[PATIENTS] - counts[COHORT_FIRST], 1) >= rules.last_rate:
            highest = min(highest, current)
    if rules.level_rate < np.inf and dlt[current - 1] / max(x.n[s, current - 1], 1) > rules.level_rate:
        highest = min(highest, current)
    return min(max(level, current - 1 if rules.one_down else 1), highest)


@compiled_inner
def stopped(x: Trials, rules: Rules, s: int, level: int) -> int:
    """Return the decision to treat at ``level``, or to stop as there are enough patients."""
    if x.n[s, level - 1] >= rules.enough:
        return _ENOUGH
    if level == x.counts[s, LEVEL] and x.n[s, level - 1] >= rules.enough_staying:
        return _STAYING
    return level
