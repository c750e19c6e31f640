"""What must hold for every design, ours and others': the checks behind :class:`doseesc.testing.DesignTests`."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from designs import Design, Tally, UnknownName, design_class, design_names
from doseesc.engines import METRICS, enumerate_paths, simulate
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.simulations import compare_with_exact

TRIALS = 2000
_SINGLES = 40


def exact_against_simulation(design: Design, truth: Sequence[float], *, trials: int = TRIALS) -> Comparison:
    """Compare simulated with exact characteristics under true DLT probabilities, in exact standard errors."""
    seen = Differences()
    exact = enumerate_paths(design).characteristics(truth)
    simulated = simulate(design, truth, n_trials=trials, seed=5)
    compare_with_exact(seen, "", simulated, exact, metrics=METRICS, trials=trials, max_n=design.max_n)
    return seen.result


def probabilities_sum_to_one(design: Design, truth: Sequence[float]) -> Comparison:
    """Sum the probabilities of all ends, of selections, and of numbers of patients."""
    seen = Differences()
    exact = enumerate_paths(design).characteristics(truth)
    for name, shares in (
        ("selections", exact.selected),
        ("patients", exact.patients_distribution),
        ("reasons", list(exact.reasons.values())),
    ):
        seen.close(name, np.sum(shares), 1.0, within=1e-9)
        seen.holds(f"{name} are not negative", np.asarray(shares) >= 0)
    return seen.result


def reached(design: Design, most: int = 400) -> Tally:
    """Return tallies that trials of a design reach, an even choice of so many, from nobody to the ends."""
    frontier, kept = Tally.empty(design.n_doses), list[Tally]()
    while frontier.size:
        kept.append(frontier)
        decision = design.decide(frontier)
        going = (decision.level > 0) & (decision.cohort_size > 0)
        rest, level, size = frontier.take(going), decision.level[going], decision.cohort_size[going]
        if not rest.size:
            break
        # None, one or all of a cohort: enough to come everywhere without following every path.
        after = [
            rest.after(level, size, np.minimum(dlts, size)) for dlts in (np.zeros_like(size), np.ones_like(size), size)
        ]
        frontier = _spread(Tally.concatenate(after), most)
    return _spread(Tally.concatenate(kept), most)


def _spread(tally: Tally, most: int) -> Tally:
    if tally.size <= most:
        return tally
    return tally.take(np.unique(np.linspace(0, tally.size - 1, most).astype(np.int64)))


def admissibility(design: Design) -> Comparison:
    """Check levels, cohorts and selections where trials come to: in range, within max_n, no excluded level given."""
    seen, tally = Differences(), reached(design)
    decision, chosen = design.decide(tally), design.select(tally)
    level, size, ceiling = decision.level, decision.cohort_size, design.ceiling(tally)
    seen.holds("levels lie in 0 to J", (level >= 0) & (level <= design.n_doses))
    seen.holds("selections lie in 0 to J", (chosen >= 0) & (chosen <= design.n_doses))
    seen.holds("a cohort where there is a level, none where there is not", (level > 0) == (size > 0))
    seen.holds("no more than max_n patients", tally.total_n + size <= np.maximum(design.max_n, tally.total_n))
    if ceiling is not None:
        seen.holds("no level above the highest that is not excluded", level <= ceiling)
        seen.holds("no selection above it", chosen <= ceiling)
    first = design.decide(Tally.empty(design.n_doses)).level[0]
    seen.equal("the first cohort is at the start level", first, design.start_level)
    return seen.result


def order_of_rules(design: Design) -> Comparison:
    """Decide with the rules in any order, up to 24 of them."""
    seen, tally = Differences(), reached(design)
    decision, chosen = design.decide(tally), design.select(tally)
    for rules in itertools.islice(itertools.permutations(design.rules), 24):
        other = dataclasses.replace(design, rules=rules)
        again = other.decide(tally)
        where = ", ".join(type(rule).__name__ for rule in rules) or "no rules"
        seen.equal(f"{where}: levels", again.level, decision.level)
        seen.equal(f"{where}: cohorts", again.cohort_size, decision.cohort_size)
        seen.equal(f"{where}: selections", other.select(tally), chosen)
    return seen.result


def batches_are_singles(design: Design) -> Comparison:
    """Decide tallies side by side and one at a time."""
    seen, tally = Differences(), reached(design)
    decision, chosen = design.decide(tally), design.select(tally)
    for row in np.unique(np.linspace(0, tally.size - 1, _SINGLES).astype(np.int64)):
        single = tally.take(np.array([row]))
        alone = design.decide(single)
        for name, one, all_ in (
            ("level", alone.level, decision.level),
            ("cohort", alone.cohort_size, decision.cohort_size),
            ("reason", alone.reason_code, decision.reason_code),
            ("selection", design.select(single), chosen),
        ):
            seen.equal(f"{name} of tally {row}", one[0], all_[row])
    return seen.result


def described(design: Design) -> Comparison:
    """Check that design and rules say in words what they are."""
    seen = Differences()
    texts: list[tuple[str, Any]] = [("the design", design.describe())]
    texts += [(type(rule).__name__, rule.describe(design)) for rule in design.all_rules()]
    for name, text in texts:
        seen.holds(f"{name} is described", isinstance(text, str) and len(text.split()) > 2)
    return seen.result


def registered(design: Design, name: str) -> Comparison:
    """Check that the design's class is found by its name, in any case, as scenario files write it."""
    seen = Differences()
    for written in (name, name.lower(), name.upper()):
        try:
            found = design_class(written)
        except UnknownName as error:
            seen.holds(str(error), False)
        else:
            seen.holds(f"{written} is {type(design).__name__}", found is type(design))
    seen.holds(f"{name} is among the names of designs", name in design_names())
    return seen.result
