"""Each engine against the other, for every design that comes with doseesc."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from designs import Design, design_class, design_names
from doseesc.engines import METRICS, benchmark_selection, enumerate_paths, simulate, simulate_calendar
from doseesc.truth import Accrual
from doseesc.validation import conformance
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden_items, reference
from doseesc.validation.simulations import compare_with_exact

TRUTH = (0.1, 0.25, 0.45)


def built_in_designs() -> Iterator[tuple[str, Design]]:
    """Yield every design that comes with doseesc, by name, with the parameters that it needs."""
    given = reference("minimal_designs.json")
    for name in design_names():
        kind = design_class(name)
        if kind.__module__.startswith("designs."):
            yield name, kind(**given.get(name, given["usual"]))


def exact_against_simulation() -> Comparison:
    """Compare simulated with exact characteristics of every design."""
    return _all(lambda design: conformance.exact_against_simulation(design, TRUTH, trials=1000))


def probabilities_sum_to_one() -> Comparison:
    """Sum the exact probabilities of every design's ends."""
    return _all(lambda design: conformance.probabilities_sum_to_one(design, TRUTH))


def conformance_of_designs() -> Comparison:
    """Check admissibility, batches, descriptions and names of every design."""
    seen = Differences()
    for name, design in built_in_designs():
        for check in (
            conformance.admissibility,
            conformance.batches_are_singles,
            conformance.described,
        ):
            seen.include(f"{name}, {check.__name__}", check(design))
        seen.include(f"{name}, registered", conformance.registered(design, name))
    return seen.result


def _all(check: Callable[[Design], Comparison]) -> Comparison:
    seen = Differences()
    for name, design in built_in_designs():
        seen.include(name, check(design))
    return seen.result


def merged_against_every_path() -> Comparison:
    """Compare the walk that merges equal tallies with the one that follows every path, for trials of nine patients."""
    seen = Differences()
    for name in ("3+3", "BOIN", "CRM", "Keyboard", "i3+3"):
        design = dict(built_in_designs())[name]
        short = dataclasses.replace(design, max_n=9)
        merged, apart = enumerate_paths(short), enumerate_paths(short, merge=False)
        seen.equal(f"{name}, paths", merged.n_paths, apart.n_paths)
        one, other = (paths.characteristics(TRUTH, target=0.25) for paths in (merged, apart))
        for metric in METRICS:
            seen.close(f"{name}, {metric}", getattr(one, metric), getattr(other, metric), within=1e-12)
    return seen.result


def same_seed() -> Comparison:
    """Simulate twice from one seed, and from another."""
    seen = Differences()
    design = dict(built_in_designs())["BOIN"]
    one, again, other = (simulate(design, TRUTH, n_trials=2000, seed=seed) for seed in (1, 1, 2))
    for metric in METRICS:
        seen.equal(metric, getattr(one, metric), getattr(again, metric))
    seen.holds("another seed gives other trials", bool((one.selected != other.selected).any()))
    return seen.result


def calendar_without_waiting() -> Comparison:
    """Compare trials on the calendar that wait for all outcomes with exact characteristics.

    Not those of 3+3, which on the calendar leaves a dose with the second DLT and does not treat the rest of a cohort.
    """
    seen, trials = Differences(), 2000
    accrual = Accrual(per_month=2)
    for name in ("BOIN", "CRM", "Keyboard"):
        design = dict(built_in_designs())[name]
        exact = enumerate_paths(design).characteristics(TRUTH)
        ours = simulate_calendar(design, TRUTH, window_days=28, accrual=accrual, n_trials=trials, seed=3)
        metrics = ("selected", "patients", "dlts", "total_patients")
        compare_with_exact(seen, f"{name}, ", ours, exact, metrics=metrics, trials=trials, max_n=design.max_n)
    return seen.result


def optimal_benchmark() -> Comparison:
    """Compare the nonparametric optimal benchmark with another program's runs, printed to three places."""
    seen, printed = Differences(), 0.0005
    for item in golden_items("optimal_benchmark.json"):
        share = benchmark_selection(np.array(item["truth"]), item["n"], item["target"], margin=1.0)
        expected = np.array(item["selected"])
        error = np.sqrt((expected + printed) * (1 - expected) / item["runs"])
        seen.equal("none", share[0], 0)
        seen.errors(item["id"], share[1:], expected, error, slack=printed)
    return seen.result
