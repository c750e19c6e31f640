"""Which rules had a say in a decision, and what each did to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from designs import Decision, Design, Reason, Tally, phases
from designs.registry import name_of_design
from designs.rules import (
    AdmissibilityRule,
    CohortSizeRule,
    HoldingRule,
    LimitRule,
    PartialCohortRule,
    ProposalRule,
    RescueRule,
    Rule,
    SelectionRule,
    StoppingRule,
)
from doseesc.named_doses import Doses


class RuleEffect(NamedTuple):
    """A rule that had a say.

    Attributes
    ----------
    rule : str
        Its name or label.
    effect : str
        What it did, such as "holds high back to medium".
    meaning : str
        What it does in general, in a sentence.
    """

    rule: str
    effect: str
    meaning: str


def rule_effects(design: Design, tally: Tally, doses: Doses) -> tuple[RuleEffect, ...]:
    """Return what the rules of a design, its own ones included, do to the decision on one tally.

    Examples
    --------
    >>> from designs import CRM, NoSkipping
    >>> design = CRM(target=0.25, skeleton=(0.05, 0.15, 0.25), max_n=18, cohort_size=3, rules=(NoSkipping(),))
    >>> effect = rule_effects(design, Tally.parse("1NNN", n_doses=3), Doses(("low", "medium", "high")))[0]
    >>> effect.rule, effect.effect
    ('NoSkipping', 'holds the next dose to medium; without it: high')
    """
    rules = design.all_rules()
    decision = design.decide(tally)
    found = list(_exclusions(design, rules, tally, doses))
    ended = decision.level[0] == 0 and decision.reason_code[0] in (Reason.MAX_N, *_course_codes(design, tally))
    if not ended:
        found += _on_level(design, rules, tally, doses)
        found += _on_size(design, rules, tally, decision)
    found += _on_stopping(design, rules, tally, decision, doses, ended)
    found += _on_selection(design, rules, tally, doses)
    return tuple(each._replace(meaning=doses.in_words(each.meaning)) for each in found)


def _course_codes(design: Design, tally: Tally) -> tuple[int, ...]:
    codes = design.finished(tally)
    return () if codes is None or codes[0] == 0 else (int(codes[0]),)


def _exclusions(design: Design, rules: tuple[Rule, ...], tally: Tally, doses: Doses) -> Iterator[RuleEffect]:
    if tally.level[0] == 0:
        return
    own = design.ceiling(tally)
    if own is not None and own[0] < design.n_doses:
        name = name_of_design(type(design))
        yield RuleEffect(name, _excluded(int(own[0]), doses), f"{name} excludes doses that are too toxic.")
    for rule in rules:
        if isinstance(rule, AdmissibilityRule):
            ceiling = int(rule.ceiling(design, tally)[0])
            if ceiling < design.n_doses:
                yield _effect(rule, design, _excluded(ceiling, doses))


def _excluded(ceiling: int, doses: Doses) -> str:
    lowest = doses.name(ceiling + 1)
    return f"excludes {lowest}" + (" and all above" if ceiling + 1 < len(doses.labels) else "")


def _on_level(design: Design, rules: tuple[Rule, ...], tally: Tally, doses: Doses) -> Iterator[RuleEffect]:
    for rule in rules:
        if isinstance(rule, ProposalRule):
            offer = int(rule.redirect(design, tally).level[0])
            if offer:
                yield _effect(rule, design, f"prescribes {doses.name(offer)}")
    if tally.level[0] == 0:
        return
    proposal = phases.redirected(design, rules, tally, design.propose_with_ceiling(tally)[0])
    level = int(proposal.level[0])
    for rule in rules:
        if isinstance(rule, LimitRule) and level > 0:
            low, high = (int(bound[0]) for bound in rule.bounds(design, tally))
            if not low <= level <= high:
                held = doses.name(high if level > high else low)
                yield _effect(rule, design, f"holds the next dose to {held}; without it: {doses.name(level)}")


def _on_size(design: Design, rules: tuple[Rule, ...], tally: Tally, decision: Decision) -> Iterator[RuleEffect]:
    if decision.level[0] == 0:
        return
    for rule in rules:
        if isinstance(rule, CohortSizeRule):
            size = int(rule.full_size(design, tally, decision.level)[0])
            if size != design.cohort_size:
                yield _effect(rule, design, f"sets cohorts of {size}")
        if isinstance(rule, PartialCohortRule):
            full = design.full_cohort(tally, decision.level)
            part = int(rule.part(design, tally, decision.level, full)[0])
            if part < full[0]:
                yield _effect(rule, design, f"lets only {part} of {int(full[0])} begin")


def _on_stopping(
    design: Design, rules: tuple[Rule, ...], tally: Tally, decision: Decision, doses: Doses, ended: bool
) -> Iterator[RuleEffect]:
    if tally.level[0] == 0:
        return
    level = design.next_level(tally)
    rescued = decision.reason_code[0] == Reason.RESCUE
    holding = [rule for rule in rules if isinstance(rule, HoldingRule) and rule.holds(design, tally)[0]]
    held_back = False
    for rule in rules:
        if not isinstance(rule, StoppingRule) or (ended and not rule.selects_none):
            continue
        if not rule.stops(design, tally, level)[0]:
            continue
        if rule.selects_none:
            what = "would stop the trial" if rescued else "stops the trial, and no dose may be the MTD"
        else:
            held_back |= bool(holding)
            what = "would stop the trial, but is held back" if holding else "stops the trial"
        yield _effect(rule, design, what)
    if held_back:
        for hold in holding:
            yield _effect(hold, design, "holds stopping rules back")
    if rescued:
        for rule in rules:
            if isinstance(rule, RescueRule) and rule.rescue(design, tally)[0] > 0:
                offer = doses.name(int(rule.rescue(design, tally)[0]))
                yield _effect(rule, design, f"has {offer} tried before stopping")


def _on_selection(design: Design, rules: tuple[Rule, ...], tally: Tally, doses: Doses) -> Iterator[RuleEffect]:
    if tally.level[0] == 0:
        return
    pick = int(design.pick(tally)[0])
    for rule in rules:
        if isinstance(rule, SelectionRule) and pick and not np.asarray(rule.selectable(design, tally))[0, pick - 1]:
            yield _effect(rule, design, f"does not allow {doses.name(pick)} as the MTD")


def _effect(rule: Rule, design: Design, effect: str) -> RuleEffect:
    label = getattr(rule, "label", "")
    return RuleEffect(label or type(rule).__name__, effect, rule.describe(design))
