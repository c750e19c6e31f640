"""Rules that contradict one another or their design: one demands what another forbids, or one can never act.

What is impossible in itself (a level that does not exist, more patients than the trial has) is refused when the design
is made; what is listed here can be run, but hardly is what its author meant.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from designs.arrays import IntArray
from designs.rules.base import Rule, RuledDesign, StoppingRule, counted, own_or_target
from designs.rules.cohorts import SentinelAtNewDose
from designs.rules.combined import AllOf, AnyOf
from designs.rules.increments import MaximumIncrement
from designs.rules.paths import FollowPath
from designs.rules.safety import HardSafety, StopTooToxic, TryRescueDose
from designs.rules.selection import MinimumAtMTD
from designs.rules.stopping import MinimumPatients, StopAtDose, StopAtRecommended, StopWhenRepeated, StopWhenStaying
from designs.rules.titration import AcceleratedTitration
from designs.tally import Tally


def rule_conflicts(design: RuledDesign) -> list[str]:
    """Return one sentence for each contradiction among the rules of a design.

    Examples
    --------
    >>> from designs import BOIN, MinimumAtMTD, StopAtRecommended
    >>> rule_conflicts(BOIN(target=0.3, n_doses=3, max_n=30, rules=(StopAtRecommended(6), MinimumAtMTD(9))))
    ['StopAtRecommended ends the trial at 6 patients, before the 9 that MinimumAtMTD asks for at the MTD']
    """
    rules = design.own_rules() + design.rules
    return [
        *_idle_stops(design, list(_flattened(rules))),
        *_against_minimum_patients(design, rules),
        *_against_minimum_at_mtd(rules),
        *_against_rescue(design, rules),
        *_against_sentinel(design, rules),
        *_blocked_increments(rules),
        *_against_path(design, rules),
    ]


def _idle_stops(design: RuledDesign, rules: list[Rule]) -> Iterator[str]:
    for rule in rules:
        name = type(rule).__name__
        if isinstance(rule, StopAtRecommended | StopAtDose | StopWhenStaying) and rule.n > design.max_n:
            yield f"{name} waits for {rule.n} patients, the trial has at most {design.max_n}"
        if isinstance(rule, StopWhenRepeated) and rule.cohorts * _smallest_cohort(design) > design.max_n:
            yield f"{name} waits for {rule.cohorts} cohorts, too many for {counted(design.max_n, 'patient')}"
        if isinstance(rule, HardSafety) and rule.min_n > design.max_n:
            yield f"{name} waits for {rule.min_n} patients at a level, the trial has at most {design.max_n}"
        if isinstance(rule, StopTooToxic):
            worst = _all_toxic(design, np.array([rule.level]))
            if not rule.stops(design, worst, worst.level)[0]:
                yield (
                    f"{name} cannot stop the trial even if all {design.max_n} patients at level {rule.level} have a DLT"
                )


def _against_minimum_patients(design: RuledDesign, rules: tuple[Rule, ...]) -> Iterator[str]:
    held = [rule for rule in rules if isinstance(rule, StoppingRule) and not rule.selects_none]
    for rule in rules:
        if isinstance(rule, MinimumPatients):
            if not held:
                yield f"MinimumPatients ({rule.n}) holds back nothing: no rule stops the trial except for safety"
            elif rule.n == design.max_n:
                names = ", ".join(type(each).__name__ for each in held)
                yield f"MinimumPatients holds back {names} until all {rule.n} patients have been treated"


def _against_minimum_at_mtd(rules: tuple[Rule, ...]) -> Iterator[str]:
    for minimum in rules:
        if isinstance(minimum, MinimumAtMTD):
            for rule in rules:
                if isinstance(rule, StopAtRecommended | StopAtDose | StopWhenStaying) and rule.n < minimum.n:
                    yield (
                        f"{type(rule).__name__} ends the trial at {counted(rule.n, 'patient')}, before the {minimum.n} "
                        "that MinimumAtMTD asks for at the MTD"
                    )


def _against_rescue(design: RuledDesign, rules: tuple[Rule, ...]) -> Iterator[str]:
    safety = [rule for rule in rules if isinstance(rule, StoppingRule) and rule.selects_none]
    for rescue in rules:
        if not isinstance(rescue, TryRescueDose):
            continue
        if not safety:
            yield f"TryRescueDose (level {rescue.level}) has nothing to come before: no rule stops the trial for safety"
        if rescue.level > design.start_level:
            yield f"TryRescueDose goes up to level {rescue.level} from the start at level {design.start_level}"
        for rule in _flattened(tuple(safety)):
            if isinstance(rule, StopTooToxic) and rule.level == rescue.level and _judges_own_data(rule, design):
                yield (
                    f"TryRescueDose demands {counted(rescue.n, 'patient')} at level {rescue.level} where StopTooToxic "
                    "forbids more on that level's own data"
                )


def _judges_own_data(rule: StopTooToxic, design: RuledDesign) -> bool:
    """Tell whether DLTs at other levels leave the rule's answer as it is."""
    if rule.by == "beta_binomial" or design.n_doses == 1:
        return True
    above = own_or_target("above", rule.above, design, rule)
    other = 1 if rule.level > 1 else 2
    nobody, elsewhere, there = design.probability_above(
        _all_toxic(design, np.array([0, other, rule.level])), rule.level, above
    )
    return bool(nobody == elsewhere < there)


def _all_toxic(design: RuledDesign, level: IntArray) -> Tally:
    """Return trials of ``max_n`` patients at one level (0: of none), all with a DLT."""
    n = design.max_n * (level[:, None] == np.arange(1, design.n_doses + 1))
    return Tally(n=n, dlt=n, level=level)


def _against_sentinel(design: RuledDesign, rules: tuple[Rule, ...]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, SentinelAtNewDose):
            if any(isinstance(other, AcceleratedTitration) for other in (*design.own_rules(), *rules)):
                yield (
                    "SentinelAtNewDose completes the cohort before any escalation, "
                    "AcceleratedTitration escalates after one patient"
                )
            levels = np.arange(1, design.n_doses + 1)
            sizes = design.full_cohort(Tally.empty(design.n_doses, design.n_doses), levels)
            small = levels[sizes <= rule.k].tolist()
            if small:
                where = ", ".join(map(str, small))
                yield f"SentinelAtNewDose ({rule.k}) does nothing at level {where}, where a cohort is no larger"


def _blocked_increments(rules: tuple[Rule, ...]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, MaximumIncrement):
            stages = ["", *(f" once {counted(k, 'DLT')} seen" for k, _ in rule.after_dlts)]
            for when, factors, reachable in zip(stages, rule.factors(), rule.reachable(), strict=True):
                for level in range(1, len(rule.amounts)):
                    if reachable[level - 1] == level:
                        low, high = rule.amounts[level - 1 : level + 1]
                        yield (
                            f"MaximumIncrement ({factors[level - 1]:g} times){when} never lets the dose go from level "
                            f"{level} ({low:g}) to level {level + 1} ({high:g}), which is {high / low:.3g} times as "
                            f"much"
                        )


def _against_path(design: RuledDesign, rules: tuple[Rule, ...]) -> Iterator[str]:
    paths = [rule for rule in rules if isinstance(rule, FollowPath)]
    if len({rule.path for rule in paths}) > 1:
        yield "FollowPath is given more than once, with different paths"
    for rule in paths:
        tally = Tally.empty(design.n_doses)
        for number, (level, size) in enumerate(rule.steps(design), 1):
            decision = design.decide(tally)
            given = int(decision.level[0]), int(decision.cohort_size[0])
            if given != (level, size):
                what = f"treats {counted(given[1], 'patient')} at level {given[0]}" if given[0] else "stops"
                yield (
                    f"FollowPath demands {counted(size, 'patient')} at level {level} as cohort {number}, but the "
                    f"design {what} ({decision.reason[0].name})"
                )
                break
            tally = tally.after(np.array([level]), np.array([size]), np.array([0]))


def _smallest_cohort(design: RuledDesign) -> int:
    levels = np.arange(1, design.n_doses + 1)
    return int(design.full_cohort(Tally.empty(design.n_doses, design.n_doses), levels).min())


def _flattened(rules: tuple[Rule, ...]) -> Iterator[Rule]:
    for rule in rules:
        if isinstance(rule, AllOf | AnyOf):
            yield from _flattened(rule.rules)
        else:
            yield rule
