"""Designs under many random truths, as a sentence, a chart and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.app.told import Told, series_of
from doseesc.report.charts import Range, RangeRow, range_plot
from doseesc.report.page import pair
from doseesc.report.tables import PageTable, Value, number
from doseesc.report.words import ensemble_answer

if TYPE_CHECKING:
    from doseesc.planning import EnsembleResults
    from doseesc.report.page import Chart

_SHOWN = {"correct_selection": "right, % of trials", "overdose_selection": "above the MTD, % of trials"}
_METRICS = ("correct_selection", "overdose_selection", "patients_above_mtd", "total_patients")


def ensemble_told(ensemble: EnsembleResults) -> Told:
    """Return the answer."""
    count, how = len(ensemble.truths), ensemble.random.type.replace("_", " ")
    drawn = f"{count:,} random curves, {how}, seed {ensemble.random.seed}."
    exact = all(each.method == "exact" for each in ensemble.figures.values())
    words = [
        f"{drawn} {'All figures are exact.' if exact else 'Figures are exact but for designs said to be simulated.'}"
    ]
    answer = ensemble_answer(ensemble)
    return Told(answer, [*words, *ensemble.notes], [_chart(ensemble)], [_table(ensemble)])


def _groups(ensemble: EnsembleResults) -> list[tuple[int | None, str]]:
    """Return the groups of curves that are told of: all, and by true MTD where there are several."""
    labels = ("none", *ensemble.study.dose_labels)
    own = [int(level) for level in np.unique(ensemble.true_mtd)]
    by_mtd = [(level, f"true MTD {labels[level]}") for level in own] if len(own) > 1 else []
    return [(None, "all curves"), *by_mtd]


def _chart(ensemble: EnsembleResults) -> Chart:
    names = list(ensemble.figures)
    series = series_of(names, sorted(names, key=lambda name: -ensemble.mean(name)))
    rows = []
    for mtd, group in _groups(ensemble):
        for each in series:
            if each.colour is None:
                continue
            ranges = []
            for metric in _SHOWN:
                spread = [100 * ensemble.quantile(each.name, metric, q, mtd) for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
                low, lower, middle, upper, high = spread
                ranges.append(Range(low, high, middle, 100 * ensemble.mean(each.name, metric, mtd), lower, upper))
            rows.append(RangeRow(group, each.name, each.place, each.colour, tuple(ranges)))
    how = (
        "From curve to curve: lines from the 5 to the 95 % quantile, thick between the quartiles; the dot is the "
        "median, the stroke the mean."
    )
    title = "How designs fare from curve to curve"
    measures = tuple((words, 100.0) for words in _SHOWN.values())
    return pair("ensemble", title, how, lambda width: range_plot(rows, measures, width=width, alt=title))


def _table(ensemble: EnsembleResults) -> PageTable:
    rows = []
    for mtd, group in _groups(ensemble):
        count = len(ensemble.truths) if mtd is None else int((ensemble.true_mtd == mtd).sum())
        for design in ensemble.figures:
            correct = [ensemble.quantile(design, "correct_selection", q, mtd) for q in (0.05, 0.95)]
            over = ensemble.quantile(design, "overdose_selection", 0.95, mtd)
            mean = {metric: ensemble.mean(design, metric, mtd) for metric in _METRICS}
            rows.append(
                (
                    Value(group, f"{count:,} curves"),
                    Value(design, "" if ensemble.figures[design].method == "exact" else "simulated"),
                    *(number(value, scale=100) for value in (mean["correct_selection"], *correct)),
                    *(number(value, scale=100) for value in (mean["overdose_selection"], over)),
                    number(mean["patients_above_mtd"], 2),
                    number(mean["total_patients"]),
                )
            )
    how = (
        "Right: trials that select the true MTD, or none where no dose is safe enough. Means over the curves, and the "
        "values that 5 % and 95 % of the curves do not exceed."
    )
    columns = (
        *("curves", "design", "right, mean, %", "right, 5 % of curves, %", "right, 95 % of curves, %"),
        *("above the MTD, mean, %", "above the MTD, 95 % of curves, %", "patients above it", "patients"),
    )
    return PageTable("ensemble", "Designs under random truths", how, columns, rows, heads=2)
