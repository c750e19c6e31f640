"""Figures of operating characteristics in rows: whom designs treat, and how near they come to the benchmark.

Where a figure was simulated, a line through the end of its bar reaches two Monte Carlo standard errors either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.report.figures.style import MANY, TRUE_MTD, WIDTH, design_style, legend_below, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.results import Results

ERROR: Mapping[str, Any] = MappingProxyType({"ecolor": "black", "elinewidth": 0.9, "capsize": 0, "fmt": "none"})


def safety_figure(results: Results) -> Figure:
    """Draw the expected patients of every design and scenario, those above the true MTD marked."""
    from matplotlib.patches import Patch

    study = results.study
    names = list(study.designs)
    figure, axes, rows = _rows_figure(results)
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
    from matplotlib.lines import Line2D

    study = results.study
    names = list(study.designs)
    there = [each for each in study.truths if any(results.efficiency(each, name) is not None for name in names)]
    if not there:
        return None
    rows = _row_places(results, len(there))
    height = _rows_height(rows)
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((0.18, 0.8 / height, 0.79, 1 - 0.95 / height))
    plain(axes)
    axes.axvline(100, color="black", lw=0.9)
    largest = 100.0
    for place, name in enumerate(names):
        colour, _, marker = design_style(place)
        for y, scenario in zip(rows[:, place], there, strict=True):
            efficiency = results.efficiency(scenario, name)
            if efficiency is None:
                continue
            cell = results.cells[scenario, name]
            axes.plot(100 * efficiency, y, marker, color=colour, ms=5.5, mec="black", mew=0.5)
            if cell.simulated is not None:
                mtd = int(cell.best.true_mtd)
                error = 200 * float(cell.simulated.mcse.correct_selection) / results.benchmark[scenario][mtd - 1]
                axes.errorbar(100 * efficiency, y, xerr=error, zorder=1, **ERROR)
            largest = max(largest, 100 * efficiency)
    _label_rows(axes, results, there, rows)
    axes.set_xlim(0, 1.05 * largest)
    axes.grid(axis="x", color="0.9", lw=0.6)
    axes.set_xlabel("correct selection, % of the benchmark's", fontsize=8)
    handles = [
        Line2D([], [], marker=design_style(k)[2], color=design_style(k)[0], mec="black", mew=0.5, ls="", label=name)
        for k, name in enumerate(names)
    ]
    if len(names) <= MANY:
        legend_below(figure, handles, len(names))
    return figure


def distribution_figure(results: Results) -> Figure:
    """Draw 5, 50 and 95 % quantiles and the mean of patients and DLTs per trial."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    study = results.study
    names = list(study.designs)
    rows = _row_places(results)
    height = _rows_height(rows)
    figure = new_figure(WIDTH, height)
    axes: list[Axes] = []
    for column, what in enumerate(("patients", "dlts")):
        one = figure.add_axes((0.18 + 0.41 * column, 0.8 / height, 0.385, 1 - 0.95 / height))
        plain(one)
        axes.append(one)
        for place, name in enumerate(names):
            colour, _, marker = design_style(place)
            for y, scenario in zip(rows[:, place], study.truths, strict=True):
                best = results.cells[scenario, name].best
                low, middle, high = best.quantiles("patients" if column == 0 else "dlts")
                one.plot([low, high], [y, y], "-", color=colour, lw=3, solid_capstyle="butt", alpha=0.6)
                one.plot(middle, y, marker, color=colour, ms=4.5, mec="black", mew=0.5)
                one.plot(float(best.total_patients if column == 0 else best.total_dlts), y, "|", color="black", ms=6)
        _label_rows(one, results, list(study.truths), rows, names=not column)
        one.set_xlim(left=-0.3)
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
        one.grid(axis="x", color="0.9", lw=0.6)
        one.set_xlabel("patients per trial" if what == "patients" else "DLTs per trial", fontsize=8)
    handles: list[Any] = [
        Line2D([], [], marker=design_style(k)[2], color=design_style(k)[0], lw=3, mec="black", mew=0.5, label=name)
        for k, name in enumerate(names)
        if len(names) <= MANY
    ]
    handles.append(Line2D([], [], marker="|", color="black", ls="", label="mean"))
    legend_below(figure, handles, len(handles))
    return figure


def _error_bars_across(axes: Axes, at: Any, figures: list[Any], metric: str, shade: str) -> None:
    there = [(y, each) for y, each in zip(at, figures, strict=True) if each is not None]
    if there:
        values = [float(getattr(each, metric)) for _, each in there]
        errors = [2 * float(getattr(each.mcse, metric)) for _, each in there]
        axes.errorbar(values, [y for y, _ in there], xerr=errors, **{**ERROR, "ecolor": shade})


def _row_places(results: Results, scenarios: int | None = None) -> Any:
    """Return the height of each scenario's and design's row, shape (scenarios, designs), the first at the top."""
    count, designs = len(results.study.truths) if scenarios is None else scenarios, len(results.study.designs)
    gap = 0.8 if designs <= MANY else 2.2
    return -(np.arange(count)[:, None] * (designs + gap) + np.arange(designs))


def _rows_height(rows: Any) -> float:
    """Return the height of a figure with these rows, in inches."""
    return 0.16 * float(rows.max() - rows.min() + 1.8) + 1.0


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


def _rows_figure(results: Results) -> tuple[Figure, Axes, Any]:
    from matplotlib.ticker import MaxNLocator

    rows = _row_places(results)
    height = _rows_height(rows)
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((0.18, 0.8 / height, 0.8, 1 - 0.95 / height))
    plain(axes)
    _label_rows(axes, results, list(results.study.truths), rows)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", color="0.9", lw=0.6)
    return figure, axes, rows


def _row_label(results: Results, scenario: str) -> str:
    """Name a scenario with its true MTD."""
    mtd = int(results.cells[scenario, next(iter(results.study.designs))].best.true_mtd)
    return f"{scenario}  {TRUE_MTD} {(['none', *results.study.dose_labels])[max(mtd, 0)]}"


def design_handles(names: list[str], alpha: float = 1.0) -> list[Any]:
    """Return the legend's entries for designs."""
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=design_style(k)[0], hatch=design_style(k)[1], edgecolor="white", alpha=alpha, label=name)
        for k, name in enumerate(names)
    ]
