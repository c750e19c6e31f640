"""The phases of a decision in which rules, and not the design, have the word.

Rules of one phase commute, so their order in a file cannot change the design:

=============  =====================================================================  ==================================
phase          what its rules do                                                      several rules are combined by
=============  =====================================================================  ==================================
admissibility  exclude levels as too toxic                                            the lowest ceiling
proposal       take the place of the design's proposal (a fixed path)                 the lowest level
limits         bound the next level (no skipping, coherence)                          all; if they contradict, the lower
stopping       end the trial; some hold back others, some offer a level to try first  any; the smallest reason is given
cohort size    size of a full cohort, and how much of it may begin                    the smallest
selection      say which levels may be the MTD                                        all
=============  =====================================================================  ==================================

The ceiling of admissibility has the last word on the level: it is applied after the limits.

Every function takes the rules of a design in any order and combines their answers so that the order is of no account.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.decision import Decision, Reason, waits_for_outcomes
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
from designs.rules.base import RuledDesign
from designs.tally import Tally

R = TypeVar("R", bound=Rule)


def redirected(design: RuledDesign, rules: tuple[Rule, ...], tally: Tally, proposal: Decision) -> Decision:
    """Replace the proposal where a rule proposes instead; of several rules the lowest level, then smallest cohort."""
    proposing = _of(rules, ProposalRule)
    if not proposing:
        return proposal
    offers = [rule.redirect(design, tally) for rule in proposing]
    none = design.n_doses + 1
    rank = [np.where(offer.level > 0, offer.level, none) * (design.max_n + 1) + offer.cohort_size for offer in offers]
    first = np.argmin(rank, axis=0)
    level, cohort, reason = (
        np.choose(first, [getattr(offer, name) for offer in offers]) for name in ("level", "cohort_size", "reason_code")
    )
    given = level > 0
    return Decision(
        np.where(given, level, proposal.level),
        np.where(given, cohort, proposal.cohort_size),
        np.where(given, np.minimum(reason, proposal.reason_code), proposal.reason_code),
    )


def limited(
    design: RuledDesign, rules: tuple[Rule, ...], tally: Tally, proposal: Decision, own_ceiling: IntArray | None
) -> Decision:
    """Bound the proposal by the rules of limits, then by the ceiling: the design's own and those of the rules."""
    level, reason = proposal.level, proposal.reason_code
    bounds = [(rule.reason, *rule.bounds(design, tally)) for rule in _of(rules, LimitRule)]
    bounded = level
    if bounds:
        lowest = np.maximum.reduce([low for _, low, _ in bounds])
        highest = np.minimum.reduce([high for _, _, high in bounds])
        # Where limits contradict one another, the one that keeps the dose down wins.
        bounded = np.where(level > 0, np.minimum(np.maximum(level, lowest), highest), 0)
        for code, low, high in sorted(bounds, key=lambda bound: -bound[0]):
            binding = ((bounded < level) & (high == bounded)) | ((bounded > level) & (low == bounded))
            reason = np.where(binding, np.int8(code), reason)
    ceiling = highest_admissible(design, rules, tally, own_ceiling)
    if ceiling is None:
        return Decision(bounded, proposal.cohort_size, reason)
    capped = np.minimum(bounded, ceiling)
    lowered = np.where(capped < tally.level, Reason.DEESCALATE, Reason.TOO_TOXIC_ABOVE)
    why = np.where(capped == 0, Reason.NO_SAFE_DOSE, lowered).astype(np.int8)
    return Decision(capped, proposal.cohort_size, np.where(capped < bounded, why, reason))


def highest_admissible(
    design: RuledDesign, rules: tuple[Rule, ...], tally: Tally, own_ceiling: IntArray | None
) -> IntArray | None:
    """Return the lowest ceiling (S,), 0 = no level, of the design's own and its rules'; None where there is none."""
    ceilings = [] if own_ceiling is None else [own_ceiling]
    ceilings += [rule.ceiling(design, tally) for rule in _of(rules, AdmissibilityRule)]
    return np.minimum.reduce(ceilings) if ceilings else None


def stopped(
    design: RuledDesign,
    rules: tuple[Rule, ...],
    tally: Tally,
    decision: Decision,
    ceiling: Callable[[], IntArray | None],
) -> Decision:
    """End the trial where a stopping rule holds; the smallest reason is given.

    ``ceiling`` gives the highest admissible level, asked for only where a level is to be rescued.
    """
    stopping = _of(rules, StoppingRule)
    if not stopping:
        return decision
    level, reason = decision.level, decision.reason_code
    # While the trial waits, where the next cohort goes is not known, and only safety may end the trial.
    may_stop = tally.level > 0
    may_end = may_stop & ~waits_for_outcomes(reason)
    for hold in _of(rules, HoldingRule):
        may_end = may_end & ~hold.holds(design, tally)
    unsafe = np.zeros(tally.size, dtype=np.bool_)
    for rule in stopping:
        safety = rule.selects_none
        stops = (may_stop if safety else may_end) & rule.stops(design, tally, decision.level)
        first = stops & ((level > 0) | (reason > rule.reason))
        reason = np.where(first, np.int8(rule.reason), reason)
        level = np.where(stops, 0, level)
        if safety:
            unsafe |= stops
    rescuing = _of(rules, RescueRule)
    cohort = decision.cohort_size
    if rescuing and unsafe.any():
        offers = [rule.rescue(design, tally) for rule in rescuing]
        offer = np.minimum.reduce([np.where(each > 0, each, design.n_doses + 1) for each in offers])
        highest = ceiling()
        allowed = offer <= (design.n_doses if highest is None else highest)
        rescued = unsafe & (decision.level > 0) & allowed
        level = np.where(rescued, offer, level)
        reason = np.where(rescued, np.int8(Reason.RESCUE), reason)
        cohort = np.where(rescued, design.cohort_size, cohort)
    return Decision(level, cohort, reason)


def full_cohort(design: RuledDesign, rules: tuple[Rule, ...], tally: Tally, level: IntArray) -> IntArray:
    """Return the size (S,) of a full cohort at ``level``; of several rules' sizes the smallest."""
    sizes = [rule.full_size(design, tally, level) for rule in _of(rules, CohortSizeRule)]
    return np.minimum.reduce(sizes) if sizes else np.full(tally.size, design.cohort_size)


def sized(design: RuledDesign, rules: tuple[Rule, ...], tally: Tally, decision: Decision) -> IntArray:
    """Return the patients (S,) in the next cohort: what the rules allow, and never more than the design asks for.

    A design asks for fewer than a full cohort where it titrates or completes a group.
    """
    cohort = decision.cohort_size
    if _of(rules, CohortSizeRule):
        full = full_cohort(design, rules, tally, decision.level)
        cohort = np.where(cohort == design.cohort_size, full, np.minimum(cohort, full))
    parting = _of(rules, PartialCohortRule)
    if parting:
        cohort = np.minimum.reduce([rule.part(design, tally, decision.level, cohort) for rule in parting])
    return cohort


def selected(design: RuledDesign, rules: tuple[Rule, ...], tally: Tally, level: IntArray) -> IntArray:
    """Return the highest level (S,) at or below ``level`` that all rules allow; 0 where none or a safety rule holds."""
    for rule in _of(rules, AdmissibilityRule):
        level = np.minimum(level, rule.ceiling(design, tally))
    selectable = [rule.selectable(design, tally) for rule in _of(rules, SelectionRule)]
    if selectable:
        at_or_below = np.arange(1, design.n_doses + 1) <= level[:, None]
        level = highest_level(np.logical_and.reduce([at_or_below, *selectable]))
    none = [rule.stops(design, tally, level) for rule in _of(rules, StoppingRule) if rule.selects_none]
    return np.where(np.logical_or.reduce(none), 0, level) if none else level


def highest_level(mask: BoolArray) -> IntArray:
    """Return the highest level (S,) whose column of ``mask`` (S, J) is True; 0 where none is.

    Examples
    --------
    >>> highest_level(np.array([[True, True, False], [False, False, False]]))
    array([2, 0])
    """
    levels = np.arange(1, mask.shape[1] + 1)
    result: IntArray = (mask * levels).max(axis=1)
    return result


def _of(rules: tuple[Rule, ...], phase: Callable[..., R]) -> list[R]:
    kind = cast("type[R]", phase)  # mypy takes an abstract class for a callable, not for a type
    return [rule for rule in rules if isinstance(rule, kind)]
