"""Figures of operating characteristics in rows: whom designs treat, and how near they come to the benchmark.

Where a figure was simulated, a line through the end of its bar reaches two Monte Carlo standard errors either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.report.figures.style import MANY, TRUE_MTD, WIDTH, design_style, legend_below, new_figure, plain
from doseesc.report.words import true_mtd_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.results import Results

ERROR: Mapping[str, Any] = MappingProxyType({"ecolor": "black", "elinewidth": 0.9, "capsize": 0, "fmt": "none"})


def safety_figure(results: Results) -> Figure:
    """Draw the expected patients of every design and scenario, those above the true MTD marked."""
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    study = results.study
    names = list(study.designs)
    figure, (axes,), rows = rows_figure(results, list(study.truths), 0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for place, name in enumerate(names):
        colour, hatch, _ = design_style(place)
        at = rows[:, place]
        total = np.array([float(results.cells[each, name].best.total_patients) for each in study.truths])
        above = np.array([float(results.cells[each, name].best.patients_above_mtd) for each in study.truths])
        axes.barh(at, total, 0.8, color=colour, hatch=hatch, alpha=0.45, edgecolor="white", linewidth=0.3)
        axes.barh(at, above, 0.8, color="black", edgecolor=colour, linewidth=0.8)
        for metric, shade in (("total_patients", "black"), ("patients_above_mtd", "0.45")):
            _error_bars_across(axes, at, [results.cells[each, name].simulated for each in study.truths], metric, shade)
    axes.set_xlabel("expected patients per trial", fontsize=8)
    marked = Patch(facecolor="black", label="of them above the true MTD")
    legend_below(figure, [*(design_handles(names, alpha=0.45) if len(names) <= MANY else []), marked], len(names) + 1)
    return figure


def efficiency_figure(results: Results) -> Figure | None:
    """Draw correct selection relative to the benchmark's; None where nothing was compared with it."""
    study = results.study
    names = list(study.designs)
    there = [each for each in study.truths if any(results.efficiency(each, name) is not None for name in names)]
    if not there:
        return None
    figure, (axes,), rows = rows_figure(results, there, 0.79)
    axes.axvline(100, color="black", lw=0.9)
    largest = 100.0
    for place, name in enumerate(names):
        colour, _, marker = design_style(place)
        for y, scenario in zip(rows[:, place], there, strict=True):
            efficiency, best = results.efficiency(scenario, name), results.benchmark_correct(scenario)
            if efficiency is None or not best:
                continue
            cell = results.cells[scenario, name]
            axes.plot(100 * efficiency, y, marker, color=colour, ms=5.5, mec="black", mew=0.5)
            if cell.simulated is not None:
                error = 200 * float(cell.simulated.mcse.correct_selection) / best
                axes.errorbar(100 * efficiency, y, xerr=error, zorder=1, **ERROR)
            largest = max(largest, 100 * efficiency)
    axes.set_xlim(0, 1.05 * largest)
    axes.set_xlabel("correct selection, % of the benchmark's", fontsize=8)
    if len(names) <= MANY:
        legend_below(figure, marker_handles(names, ls=""), len(names))
    return figure


def distribution_figure(results: Results) -> Figure:
    """Draw 5, 50 and 95 % quantiles and the mean of patients and DLTs per trial."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    study = results.study
    names = list(study.designs)
    figure, both, rows = rows_figure(results, list(study.truths), 0.385, 2)
    for one, what in zip(both, ("patients", "dlts"), strict=True):
        for place, name in enumerate(names):
            colour, _, marker = design_style(place)
            for y, scenario in zip(rows[:, place], study.truths, strict=True):
                best = results.cells[scenario, name].best
                low, middle, high = best.quantiles(what)
                one.plot([low, high], [y, y], "-", color=colour, lw=3, solid_capstyle="butt", alpha=0.6)
                one.plot(middle, y, marker, color=colour, ms=4.5, mec="black", mew=0.5)
                one.plot(float(getattr(best, f"total_{what}")), y, "|", color="black", ms=6)
        one.set_xlim(left=-0.3)
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
        one.set_xlabel("patients per trial" if what == "patients" else "DLTs per trial", fontsize=8)
    handles = marker_handles(names, lw=3) if len(names) <= MANY else []
    handles.append(Line2D([], [], marker="|", color="black", ls="", label="mean"))
    legend_below(figure, handles, len(handles))
    return figure


def _error_bars_across(axes: Axes, at: Any, figures: list[Any], metric: str, shade: str) -> None:
    there = [(y, each) for y, each in zip(at, figures, strict=True) if each is not None]
    if there:
        values = [float(getattr(each, metric)) for _, each in there]
        errors = [2 * float(getattr(each.mcse, metric)) for _, each in there]
        axes.errorbar(values, [y for y, _ in there], xerr=errors, **{**ERROR, "ecolor": shade})


def _label_rows(axes: Axes, results: Results, scenarios: list[str], rows: Any, *, names: bool = True) -> None:
    """Name scenarios, each with its true MTD, and where they are many the designs."""
    many = rows.shape[1] > MANY
    axes.set_ylim(rows.min() - 0.9, rows.max() + (1.9 if many else 0.9))
    if many:
        ends = results.study.designs if names else [""] * rows.shape[1]
        axes.set_yticks(rows.ravel(), list(ends) * len(scenarios), fontsize=6.5)
        if names:
            for row, scenario in zip(rows[:, 0], scenarios, strict=True):
                words: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "fontsize": 7.5, "fontweight": "bold"}
                axes.text(0.005, row + 0.65, _row_label(results, scenario), **words)
    else:
        axes.set_yticks(rows.mean(axis=1), [_row_label(results, each) for each in scenarios] if names else [])


def rows_figure(
    results: Results, scenarios: list[str], width: float, columns: int = 1
) -> tuple[Figure, list[Axes], Any]:
    """Return a figure, its axes, and the heights (scenarios, designs) of the rows in them, the first at the top."""
    designs = len(results.study.designs)
    gap = 0.8 if designs <= MANY else 2.2
    rows = -(np.arange(len(scenarios))[:, None] * (designs + gap) + np.arange(designs))
    height = 0.16 * float(rows.max() - rows.min() + 1.8) + 1.0  # inches
    figure = new_figure(WIDTH, height)
    made: list[Axes] = []
    for column in range(columns):
        axes = figure.add_axes((0.18 + 0.41 * column, 0.8 / height, width, 1 - 0.95 / height))
        plain(axes)
        _label_rows(axes, results, scenarios, rows, names=not column)
        axes.grid(axis="x", color="0.9", lw=0.6)
        made.append(axes)
    return figure, made, rows


def _row_label(results: Results, scenario: str) -> str:
    """Name a scenario with its true MTD."""
    return f"{scenario}  {TRUE_MTD} {true_mtd_words(results.study, results.study.truths[scenario])}"


def design_handles(names: list[str], alpha: float = 1.0) -> list[Any]:
    """Return the legend's entries for designs."""
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=design_style(k)[0], hatch=design_style(k)[1], edgecolor="white", alpha=alpha, label=name)
        for k, name in enumerate(names)
    ]


def marker_handles(names: list[str], **look: Any) -> list[Any]:
    """Return the legend's entries for designs drawn as markers."""
    from matplotlib.lines import Line2D

    styles = [(name, design_style(place)) for place, name in enumerate(names)]
    return [
        Line2D([], [], marker=marker, color=colour, mec="black", mew=0.5, label=name, **look)
        for name, (colour, _, marker) in styles
    ]
