"""The report's tables of operating characteristics."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Reason
from doseesc.report.tables.table import PageTable, Value, number
from doseesc.report.words import (
    across_scenarios,
    attainable_words,
    benchmark_words,
    error_words,
    mtd_definition,
    ties_words,
    true_mtd_words,
    weights_words,
    worst_overdosing,
)
from doseesc.truth import DAYS_PER_MONTH

if TYPE_CHECKING:
    from doseesc.results import Cell, Results


_COMPARED = MappingProxyType(
    {
        "correct_selection": ("correct selection, points", 100.0),
        "overdose_selection": ("selection above the MTD, points", 100.0),
        "patients_above_mtd": ("patients above the MTD", 1.0),
        "total_patients": ("patients", 1.0),
        "duration_days": ("duration, months", 1 / DAYS_PER_MONTH),
    }
)


def figure(cell: Cell[Any], metric: str, *, scale: float = 1.0, digits: int = 1, place: int | None = None) -> Value:
    """Return a figure of a cell; simulated ones with their standard error, beside exact ones in small print."""

    def of(figures: Any, errors: bool = False) -> float:
        value: Any = getattr(figures.mcse if errors else figures, metric)
        return float(value if place is None else value[place])

    best = of(cell.best)
    if np.isnan(best):
        return Value("–")
    text = f"{scale * best:.{digits}f}"
    if cell.simulated is None or np.isnan(of(cell.simulated)):
        return Value(text, "", scale * best)
    error = f"{scale * of(cell.simulated, errors=True):.{max(digits, 1) if scale > 1 else digits + 1}f}"
    if cell.exact is None:
        return Value(text, f"± {error}", scale * best)
    return Value(text, f"{scale * of(cell.simulated):.{digits}f} ± {error}", scale * best)


def summary_table(results: Results) -> PageTable:
    """Return the designs over all scenarios."""
    best = results.attainable
    known = best is not None and best.value is not None
    rows = [
        (
            Value(each.design),
            number(each.correct, scale=100),
            *([_of_attainable(each.of_attainable)] if known else []),
            Value(f"{100 * each.worst_correct:.1f}", f"in {each.worst_scenario}", 100 * each.worst_correct),
            number(each.overdose, scale=100),
            _worst_overdosing(results, each.design),
            number(each.patients),
            number(each.patients_above),
        )
        for each in across_scenarios(results)
    ]
    return PageTable(
        "summary",
        "The designs over all scenarios",
        f"{_means(results)} Correct: the true MTD is selected, or no dose where none is "
        "right; more is better. Above: a dose above it; less is better; worst: in the scenario named. "
        + " ".join(filter(None, (attainable_words(results), _mean_errors(results)))),
        (
            "design",
            "correct selection, %",
            *(["of the attainable, %"] if known else []),
            "worst scenario, %",
            "selection above the MTD, %",
            "worst of these, %",
            "patients",
            "patients above the MTD",
        ),
        rows,
    )


def _of_attainable(share: float | None) -> Value:
    return Value("–") if share is None else Value(f"{100 * share:.0f}", "", 100 * share)


def _means(results: Results) -> str:
    weights = weights_words(results)
    return f"Means over all scenarios, {weights}." if weights else "Of the one scenario."


def _mean_errors(results: Results) -> str:
    """Say how exact percentages averaged over scenarios are."""
    if all(cell.exact is not None for cell in results.cells.values()):
        return "Exact values, without simulation error."
    return f"Percentages have a Monte Carlo standard error of at most {50 / results.n_trials**0.5:.2g} points."


def _worst_overdosing(results: Results, design: str) -> Value:
    scenario, share = worst_overdosing(results, design, "overdose_selection")
    return Value(f"{100 * share:.1f}", f"in {scenario}" if share else "", 100 * share)


def truth_table(results: Results, *, ties: bool = True) -> PageTable:
    """Return the scenarios with their true DLT probabilities, and, unless told elsewhere, which doses are tied."""
    study = results.study
    descriptions = {each.name: each.description for each in study.scenarios}
    tied = _sentence(ties_words(study)) if ties else ""
    rows = [
        (
            Value(name),
            Value(descriptions[name]),
            *(number(p, scale=100) for p in truth),
            Value(true_mtd_words(study, truth), "", study.true_mtd(truth)),
        )
        for name, truth in study.truths.items()
    ]
    heads = [f"{label}, true P(DLT) %" for label in study.dose_labels]
    return PageTable(
        "scenarios",
        "The assumed truths",
        f"What is taken to be true in each scenario. The true MTD is {mtd_definition(study)}.{tied}",
        ("scenario", "meaning", *heads, "true MTD"),
        rows,
        2,
    )


def _sentence(words: str) -> str:
    return f" {words[0].upper()}{words[1:]}." if words else ""


def selection_table(results: Results, *, ties: bool = True) -> PageTable:
    """Return the selection probabilities of every design and scenario, and, unless told elsewhere, the tied doses."""
    tied = _sentence(ties_words(results.study)) if ties else ""
    labels = ("none", *results.study.dose_labels)
    rows = []
    for (scenario, design), cell in results.cells.items():
        efficiency = results.efficiency(scenario, design)
        chosen = [figure(cell, "selected", scale=100, place=level) for level in range(len(labels))]
        for level in np.flatnonzero(cell.best.right):
            marked = chosen[level]
            chosen[level] = Value(f"★ {marked.text}", marked.small, marked.key)
        rows.append(
            (
                Value(scenario),
                Value(design),
                *chosen,
                figure(cell, "correct_selection", scale=100),
                figure(cell, "overdose_selection", scale=100),
                Value("none") if efficiency is None else number(efficiency, 0, 100),
            )
        )
    return PageTable(
        "selection",
        "Which dose is selected as the MTD, % of trials",
        f"★ marks the true MTD. {error_words(results)} Benchmark: correct selection relative to that of the "
        f"nonparametric optimal benchmark, {benchmark_words(results)}; none where no dose is right.{tied}",
        (
            "scenario",
            "design",
            *(f"{label}, %" for label in labels),
            "correct, %",
            "above the MTD, %",
            "of benchmark, %",
        ),
        rows,
        2,
    )


def safety_table(results: Results) -> PageTable:
    """Return patients and DLTs of every design and scenario."""
    rows = []
    for (scenario, design), cell in results.cells.items():
        best = cell.best
        above = float(best.patients_above_mtd) / max(float(best.total_patients), 1e-12)
        spans = [best.quantiles(what) for what in ("patients", "dlts")]
        rows.append(
            (
                Value(scenario),
                Value(design),
                figure(cell, "total_patients", digits=1),
                Value("–".join(str(int(each)) for each in spans[0]), "", float(spans[0][1])),
                *(figure(cell, "patients", place=level) for level in range(results.study.n_doses)),
                figure(cell, "patients_above_mtd", digits=2),
                number(above, 1, 100),
                figure(cell, "total_dlts", digits=2),
                Value("–".join(str(int(each)) for each in spans[1]), "", float(spans[1][1])),
                figure(cell, "stopped_early", scale=100),
            )
        )
    labels = results.study.dose_labels
    return PageTable(
        "safety",
        "Patients and DLTs per trial",
        f"Expected numbers, and the 5, 50 and 95 % quantiles over trials. {error_words(results)} Stopped early: before "
        "the largest number of patients, for whatever reason.",
        (
            "scenario",
            "design",
            "patients",
            "5–50–95 %",
            *(f"patients at {label}" for label in labels),
            "above the MTD",
            "above the MTD, % of patients",
            "DLTs",
            "DLTs, 5–50–95 %",
            "stopped early, %",
        ),
        rows,
        2,
    )


def reasons_table(results: Results) -> PageTable:
    """Return why trials end."""
    names = [
        each.name for each in Reason if any(cell.best.reasons.get(each.name, 0) for cell in results.cells.values())
    ]
    rows = [
        (
            Value(scenario),
            Value(design),
            *(number(float(cell.best.reasons.get(name, 0.0)), 1, 100) for name in names),
        )
        for (scenario, design), cell in results.cells.items()
    ]
    words = {
        name: name.lower().replace("_", " ").replace("mtd", "MTD").replace("max n", "maximum number") for name in names
    }
    heads = [f"{each}, %" for each in words.values()]
    meanings = "; ".join(
        f"{each}: {Reason[name].sentence.removeprefix('Stop: ').rstrip('.')}" for name, each in words.items()
    )
    return PageTable(
        "reasons",
        "Why trials end",
        f"Of all trials, by the reason for which they ended. {meanings}.",
        ("scenario", "design", *heads),
        rows,
        2,
    )


def differences_table(results: Results) -> PageTable | None:
    """Return the paired differences between designs; None where nothing was compared."""
    if not results.differences:
        return None
    pairs: dict[tuple[str, str, str], dict[str, Value]] = {}
    for each in (each for each in results.differences if each.metric in _COMPARED):
        scale = _COMPARED[each.metric][1]
        value = Value(f"{scale * each.difference:+.2f}", f"± {scale * each.mcse:.2f}", scale * each.difference)
        pairs.setdefault((each.scenario, each.design_a, each.design_b), {})[each.metric] = value
    nothing = Value("–")
    there = {each.metric for each in results.differences}
    compared = {metric: head for metric, (head, _) in _COMPARED.items() if metric in there}
    rows = [
        (Value(scenario), Value(f"{a} minus {b}"), *(found.get(metric, nothing) for metric in compared))
        for (scenario, a, b), found in pairs.items()
    ]
    return PageTable(
        "differences",
        "Designs compared on the same simulated patients",
        "Each row is the first design minus the second, ± one standard error of the paired difference; a difference of "
        "more than two standard errors is more than chance.",
        ("scenario", "designs", *compared.values()),
        rows,
        2,
    )
