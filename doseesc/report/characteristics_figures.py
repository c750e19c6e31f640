"""Figures of operating characteristics: what designs select, whom they treat, and how near they come to the benchmark.

Where a figure was simulated, a line through the end of its bar reaches two Monte Carlo standard errors either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.report.figure_style import (
    TRUE_MTD,
    WIDTH,
    design_style,
    legend_below,
    new_figure,
    panels,
    plain,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.results import Results

_ERROR: Mapping[str, Any] = MappingProxyType({"ecolor": "black", "elinewidth": 0.9, "capsize": 0, "fmt": "none"})


def selection_figure(results: Results) -> Figure:
    """Draw the probability of selecting each level, by design and scenario, with the benchmark."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    study = results.study
    names = list(study.designs)
    levels = np.arange(study.n_doses + 1)
    width = 0.8 / len(names)
    figure, all_axes = panels(len(study.truths), columns=3 if study.n_doses <= 4 else 2, height=1.75)
    for axes, scenario in zip(all_axes, study.truths, strict=True):
        mtd = int(results.cells[scenario, names[0]].best.true_mtd)
        axes.axvspan(mtd - 0.5, mtd + 0.5, color="0.9", zorder=0)
        for place, name in enumerate(names):
            colour, hatch, _ = design_style(place)
            cell = results.cells[scenario, name]
            at = levels + (place - (len(names) - 1) / 2) * width
            axes.bar(at, 100 * cell.best.selected, width, color=colour, hatch=hatch, edgecolor="white", linewidth=0.3)
            _error_bars(axes, at, cell.simulated, "selected", 100)
        if scenario in results.benchmark:
            axes.plot(
                levels[1:],
                100 * results.benchmark[scenario],
                "D",
                color="black",
                ms=3.2,
                mfc="white",
                zorder=4,
                clip_on=False,
            )
        labels = ["none", *study.dose_labels]
        axes.set_xticks(
            levels, [f"{TRUE_MTD} {label}" if level == mtd else label for level, label in enumerate(labels)]
        )
        axes.set_ylim(0, 102)
        title(axes, scenario, _description(results, scenario))
    for axes in all_axes[:: 3 if study.n_doses <= 4 else 2]:
        axes.set_ylabel("selected, % of trials", fontsize=7.5)
    handles = [*_design_handles(names), Patch(facecolor="0.9", label=f"{TRUE_MTD} true MTD (none: no dose is right)")]
    if results.benchmark:
        handles.append(Line2D([], [], marker="D", color="black", mfc="white", ms=4, ls="", label="benchmark"))
    legend_below(figure, handles, len(handles))
    return figure


def safety_figure(results: Results) -> Figure:
    """Draw the expected patients of every design and scenario, those above the true MTD marked."""
    from matplotlib.patches import Patch

    study = results.study
    names = list(study.designs)
    figure, axes, rows = _rows_figure(results, 0.16)
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
    legend_below(figure, [*_design_handles(names, alpha=0.45), marked], len(names) + 1)
    return figure


def efficiency_figure(results: Results) -> Figure | None:
    """Draw correct selection relative to the benchmark's; None where nothing was compared with it."""
    from matplotlib.lines import Line2D

    study = results.study
    names = list(study.designs)
    there = [each for each in study.truths if any(results.efficiency(each, name) is not None for name in names)]
    if not there:
        return None
    height = max(0.34, 0.1 * len(names)) * len(there) + 1.1
    figure = new_figure(WIDTH, height)
    axes = figure.add_subplot()
    plain(axes)
    figure.subplots_adjust(left=0.18, right=0.97, top=0.97, bottom=0.85 / height)
    axes.axvline(100, color="black", lw=0.9)
    largest = 100.0
    for place, name in enumerate(names):
        colour, _, marker = design_style(place)
        for row, scenario in enumerate(there):
            efficiency = results.efficiency(scenario, name)
            if efficiency is None:
                continue
            y = -row + ((len(names) - 1) / 2 - place) * min(0.2, 0.8 / len(names))
            cell = results.cells[scenario, name]
            axes.plot(100 * efficiency, y, marker, color=colour, ms=5.5, mec="black", mew=0.5)
            if cell.simulated is not None:
                mtd = int(cell.best.true_mtd)
                error = 200 * float(cell.simulated.mcse.correct_selection) / results.benchmark[scenario][mtd - 1]
                axes.errorbar(100 * efficiency, y, xerr=error, zorder=1, **_ERROR)
            largest = max(largest, 100 * efficiency)
    axes.set_yticks(-np.arange(len(there)), [_row_label(results, each) for each in there])
    axes.set_xlim(0, 1.05 * largest)
    axes.set_ylim(-len(there) + 0.5, 0.5)
    axes.grid(axis="x", color="0.9", lw=0.6)
    axes.set_xlabel("correct selection, % of the benchmark's", fontsize=8)
    handles = [
        Line2D([], [], marker=design_style(k)[2], color=design_style(k)[0], mec="black", mew=0.5, ls="", label=name)
        for k, name in enumerate(names)
    ]
    legend_below(figure, handles, len(names))
    return figure


def distribution_figure(results: Results) -> Figure:
    """Draw 5, 50 and 95 % quantiles and the mean of patients and DLTs per trial."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    study = results.study
    names = list(study.designs)
    height = _rows_height(results, 0.16)
    figure = new_figure(WIDTH, height)
    rows = _row_places(results)
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
        one.set_yticks(rows.mean(axis=1), [_row_label(results, each) for each in study.truths] if not column else [])
        one.set_ylim(rows.min() - 0.9, rows.max() + 0.9)
        one.set_xlim(left=-0.3)
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
        one.grid(axis="x", color="0.9", lw=0.6)
        one.set_xlabel("patients per trial" if what == "patients" else "DLTs per trial", fontsize=8)
    handles: list[Any] = [
        Line2D([], [], marker=design_style(k)[2], color=design_style(k)[0], lw=3, mec="black", mew=0.5, label=name)
        for k, name in enumerate(names)
    ]
    handles.append(Line2D([], [], marker="|", color="black", ls="", label="mean"))
    legend_below(figure, handles, len(handles))
    return figure


def _error_bars(axes: Axes, at: Any, found: Any, metric: str, scale: float) -> None:
    if found is not None:
        values, errors = getattr(found, metric), getattr(found.mcse, metric)
        axes.errorbar(at, scale * np.asarray(values), yerr=2 * scale * np.asarray(errors), zorder=3, **_ERROR)


def _error_bars_across(axes: Axes, at: Any, found: list[Any], metric: str, shade: str) -> None:
    there = [(y, each) for y, each in zip(at, found, strict=True) if each is not None]
    if there:
        values = [float(getattr(each, metric)) for _, each in there]
        errors = [2 * float(getattr(each.mcse, metric)) for _, each in there]
        axes.errorbar(values, [y for y, _ in there], xerr=errors, **{**_ERROR, "ecolor": shade})


def _row_places(results: Results) -> Any:
    """Return the height of each scenario's and design's row, shape (scenarios, designs), the first at the top."""
    scenarios, designs = len(results.study.truths), len(results.study.designs)
    return -(np.arange(scenarios)[:, None] * (designs + 0.8) + np.arange(designs))


def _rows_height(results: Results, row: float) -> float:
    return row * (len(results.study.designs) + 0.8) * len(results.study.truths) + 1.0


def _rows_figure(results: Results, row: float) -> tuple[Figure, Axes, Any]:
    from matplotlib.ticker import MaxNLocator

    height = _rows_height(results, row)
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((0.18, 0.8 / height, 0.8, 1 - 0.95 / height))
    plain(axes)
    rows = _row_places(results)
    axes.set_yticks(rows.mean(axis=1), [_row_label(results, scenario) for scenario in results.study.truths])
    axes.set_ylim(rows.min() - 0.9, rows.max() + 0.9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", color="0.9", lw=0.6)
    return figure, axes, rows


def _row_label(results: Results, scenario: str) -> str:
    """Name a scenario with its true MTD."""
    mtd = int(results.cells[scenario, next(iter(results.study.designs))].best.true_mtd)
    return f"{scenario}  {TRUE_MTD} {(['none', *results.study.dose_labels])[max(mtd, 0)]}"


def _design_handles(names: list[str], alpha: float = 1.0) -> list[Any]:
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=design_style(k)[0], hatch=design_style(k)[1], edgecolor="white", alpha=alpha, label=name)
        for k, name in enumerate(names)
    ]


def _description(results: Results, scenario: str) -> str:
    return {each.name: each.description for each in results.study.scenarios}[scenario]
