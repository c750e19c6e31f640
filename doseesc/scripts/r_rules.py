"""Rules of designs as lines of R, by the phase in which they have the word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from designs import Design, Rule
from designs.rules import (
    AcceleratedTitration,
    AllOf,
    AnyOf,
    CoherentDeescalation,
    CoherentEscalation,
    CohortSizeByDLTs,
    CohortSizeByLevel,
    FollowPath,
    GlobalCoherence,
    HardSafety,
    MaximumIncrement,
    MinimumAtMTD,
    MinimumPatients,
    NoSkipping,
    SelectTried,
    SentinelAtNewDose,
    StopAtDose,
    StopAtRecommended,
    StoppingRule,
    StopTooToxic,
    StopWhenPrecise,
    StopWhenRepeated,
    StopWhenStaying,
    TryRescueDose,
)
from designs.rules.base import own_or_target
from doseesc.scripts.r_values import comment_lines, r_value


class Inexpressible(ValueError):
    """Something that the script cannot express.

    Parameters
    ----------
    message : str
        What it is and why; continues the field's name.
    path : tuple
        Of the field within the design's entry.
    remedy : str
        What to do instead.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = (), remedy: str = "") -> None:
        self.path, self.remedy = path, remedy or "leave it out, or compare by a script of your own"
        super().__init__(message)


@dataclass(frozen=True)
class RuleCode:
    """A rule in R: what it does in words, a line each, and its code."""

    words: list[str]
    code: Any


@dataclass(frozen=True)
class RulesCode:
    """All rules of a design in R, by phase.

    Attributes
    ----------
    limits, exclusions, safety, stops, holds, sizes, selection, leads, rescues, parts : list of RuleCode
    tails : bool
        Whether a rule asks for the posterior of the design's own model.
    """

    limits: list[RuleCode] = field(default_factory=list)
    exclusions: list[RuleCode] = field(default_factory=list)
    safety: list[RuleCode] = field(default_factory=list)
    stops: list[RuleCode] = field(default_factory=list)
    holds: list[RuleCode] = field(default_factory=list)
    sizes: list[RuleCode] = field(default_factory=list)
    selection: list[RuleCode] = field(default_factory=list)
    leads: list[RuleCode] = field(default_factory=list)
    rescues: list[RuleCode] = field(default_factory=list)
    parts: list[RuleCode] = field(default_factory=list)
    tails: bool = False


def rules_code(design: Design, model_based: bool) -> RulesCode:
    """Return the rules of a design, its own among them, in R.

    Parameters
    ----------
    design : Design
    model_based : bool
        Whether posterior probabilities are those of the design's model.

    Raises
    ------
    Inexpressible
        If there is a rule that the script cannot express; its path leads to the rule.
    """
    found = RulesCode(tails=any(_asks_model(rule) for rule in design.rules) and model_based)
    for rule in design.own_rules():
        _add(found, rule, design, model_based)
    for place, rule in enumerate(design.rules):
        try:
            _add(found, rule, design, model_based)
        except Inexpressible as error:
            raise Inexpressible(str(error), ("rules", place), error.remedy) from None
    if len(found.leads) > 1:
        raise Inexpressible("lead in several ways, of which the script knows one", ("rules",))
    if len(found.rescues) > 1:
        raise Inexpressible("offer several levels before the trial is stopped; the script knows one", ("rules",))
    if found.parts and found.sizes:
        raise Inexpressible("hold SentinelAtNewDose and set the size of cohorts, too; the script knows one", ("rules",))
    for place, size in enumerate(found.sizes[1:], 1):
        found.sizes[place] = replace(size, code=f"min(size, {size.code})")
    return found


def _add(phases: RulesCode, rule: Rule, design: Design, model_based: bool) -> None:
    """Put a rule where its phase is."""
    words = comment_lines(rule.describe(design))
    kind = type(rule)
    if isinstance(rule, StoppingRule):
        code = RuleCode(words, _condition(rule, design, model_based))
        (phases.safety if rule.selects_none else phases.stops).append(code)
    elif isinstance(rule, MinimumPatients):
        phases.holds.append(RuleCode(words, f"sum(trial$n) < {rule.n}"))
    elif kind in _LIMITS:
        phases.limits.append(RuleCode(words, _LIMITS[kind](rule, design)))
    elif isinstance(rule, HardSafety):
        above = own_or_target("above", rule.above, design, rule)
        tail = _own_tail("trial$n", "trial$y", above, rule.a, rule.b)
        phases.exclusions.append(RuleCode(words, f"(trial$n >= {rule.min_n} & {tail} > {r_value(rule.confidence)})"))
    elif isinstance(rule, CohortSizeByLevel):
        phases.sizes.append(RuleCode(words, f"{r_value(rule.sizes)}[level]"))
    elif isinstance(rule, CohortSizeByDLTs):
        from_dlts, sizes = zip(*rule.sizes, strict=True)
        code_of_size = f"{r_value(sizes)}[findInterval(sum(trial$y), {r_value(from_dlts)})]"
        phases.sizes.append(RuleCode(words, code_of_size))
    elif isinstance(rule, SelectTried):
        phases.selection.append(RuleCode(words, "trial$n > 0"))
    elif isinstance(rule, MinimumAtMTD):
        phases.selection.append(RuleCode(words, f"trial$n >= {rule.n}"))
    elif isinstance(rule, AcceleratedTitration):
        ladder = [int(level) for level in rule.rungs(design)]
        phases.leads.append(RuleCode(words, {"ladder": ladder, "completes": rule.completes}))
    elif isinstance(rule, FollowPath):
        phases.leads.append(RuleCode(words, {"path": rule.steps(design)}))
    elif isinstance(rule, TryRescueDose) and not design.fixed_cohorts:
        phases.rescues.append(RuleCode(words, {"level": rule.level, "n": rule.n}))
    elif isinstance(rule, SentinelAtNewDose):
        limit = "if (trial$n[trial$level] < cohort_size) highest <- min(highest, trial$level)"
        phases.limits.append(RuleCode(words, [limit]))
        phases.parts.append(RuleCode(words, rule.k))
    else:
        raise _unknown(rule)


def _unknown(rule: Rule) -> Inexpressible:
    return Inexpressible(f"is {type(rule).__name__}, a rule that the script cannot express")


def _condition(rule: Rule, design: Design, model_based: bool) -> str:
    """Return the condition on which a rule of stopping holds."""
    if isinstance(rule, AllOf | AnyOf):
        joint = " && " if isinstance(rule, AllOf) else " || "
        return joint.join(f"({_condition(each, design, model_based)})" for each in rule.rules)
    if isinstance(rule, MinimumPatients):
        return f"sum(trial$n) >= {rule.n}"
    if isinstance(rule, StopTooToxic):
        above = own_or_target("above", rule.above, design, rule)
        own = _own_tail(f"trial$n[{rule.level}]", f"trial$y[{rule.level}]", above)
        by_model = f"probability_above(trial, {rule.level}, {r_value(above)})"
        tail = by_model if model_based and _asks_model(rule) else own
        return f"{tail} >= {r_value(rule.confidence)}"
    if isinstance(rule, StopAtRecommended):
        return f"level > 0 && trial$n[level] >= {rule.n}"
    if isinstance(rule, StopAtDose):
        return f"max(trial$n) >= {rule.n}" if rule.level is None else f"trial$n[{rule.level}] >= {rule.n}"
    if isinstance(rule, StopWhenRepeated):
        return f"level == trial$level && trial$in_a_row >= {rule.cohorts}"
    if isinstance(rule, StopWhenPrecise):
        return _precise(rule, model_based)
    if isinstance(rule, StopWhenStaying):
        return f"level == trial$level && trial$n[level] >= {rule.n}"
    raise _unknown(rule)


def _precise(rule: StopWhenPrecise, model_based: bool) -> str:
    """Return the condition that the interval from the level's own data is narrow enough."""
    if rule.cv is not None or model_based:
        raise Inexpressible("is StopWhenPrecise by the design's model, which the script cannot express")
    ends = f"qbeta({r_value(((1 - rule.credibility) / 2, (1 + rule.credibility) / 2))}, "
    interval = f"{ends}1 + trial$y[level], 1 + trial$n[level] - trial$y[level])"
    if rule.width is not None:
        return f"level > 0 && diff({interval}) <= {r_value(rule.width)}"
    return f"level > 0 && diff({interval} * c({r_value(rule.ratio)}, 1)) <= 0"


def _asks_model(rule: Rule) -> bool:
    if isinstance(rule, AllOf | AnyOf):
        return any(_asks_model(each) for each in rule.rules)
    return isinstance(rule, StopTooToxic) and rule.by == "design"


def _own_tail(n: str, y: str, above: float, a: float = 1.0, b: float = 1.0) -> str:
    return f"pbeta({r_value(above)}, {r_value(a)} + {y}, {r_value(b)} + {n} - {y}, lower.tail = FALSE)"


def _no_skipping(rule: NoSkipping, design: Design) -> list[str]:
    reference = "trial$level" if rule.reference == "current" else "max(which(trial$n > 0))"
    down = ["lowest <- max(lowest, trial$level - 1)"] if rule.down else []
    return [f"highest <- min(highest, {reference} + 1)", *down]


def _coherent_up(rule: CoherentEscalation, design: Design) -> list[str]:
    target = own_or_target("target", rule.target, design, rule)
    return [f"if (trial$last_y / trial$last_n >= {r_value(target)}) highest <- min(highest, trial$level)"]


def _coherent_down(rule: CoherentDeescalation, design: Design) -> list[str]:
    target = own_or_target("target", rule.target, design, rule)
    return [f"if (trial$last_y / trial$last_n <= {r_value(target)}) lowest <- max(lowest, trial$level)"]


def _global_coherence(rule: GlobalCoherence, design: Design) -> list[str]:
    target = own_or_target("target", rule.target, design, rule)
    rate = "trial$y[trial$level] / trial$n[trial$level]"
    return [f"if ({rate} > {r_value(target)}) highest <- min(highest, trial$level)"]


def _increment(rule: MaximumIncrement, design: Design) -> list[str]:
    if rule.dlt_start is not None:
        raise Inexpressible("is MaximumIncrement with dlt_start, which the script cannot express")
    dlts = "trial$last_y" if rule.needed_memory else "sum(trial$y)"
    rows = ", ".join(r_value(row) for row in rule.factors())
    stage = f"findInterval({dlts}, {r_value([k for k, _ in rule.after_dlts])}) + 1" if rule.after_dlts else "1"
    return [
        f"amounts <- {r_value(rule.amounts)}",
        f"times <- rbind({rows})[{stage}, trial$level]  # by the amount in use, and by DLTs",
        "highest <- min(highest, max(which(amounts <= times * amounts[trial$level] * (1 + 1e-12))))",
    ]


_LIMITS: dict[type[Rule], Callable[[Any, Design], list[str]]] = {
    NoSkipping: _no_skipping,
    CoherentEscalation: _coherent_up,
    CoherentDeescalation: _coherent_down,
    GlobalCoherence: _global_coherence,
    MaximumIncrement: _increment,
}
