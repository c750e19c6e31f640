"""Which dose designs select: bars for a few designs, a heat-map for many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import BoolArray
from doseesc.report.charts import DLT_COLOUR
from doseesc.report.figures.characteristics import ERROR, design_handles
from doseesc.report.figures.style import MANY, TRUE_MTD, design_style, ink_on, legend_below, panels, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.results import Results

_FEW_LEVELS = 4
_ROW = 0.155  # inches
_DARKEST = 0.85  # of a cell: the text on it stays readable


def selection_figure(results: Results) -> Figure:
    """Draw the probability of selecting each level, by design and scenario, with the benchmark."""
    return _heat_maps(results) if len(results.study.designs) > MANY else _bars(results)


def _bars(results: Results) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    study = results.study
    names = list(study.designs)
    levels = np.arange(study.n_doses + 1)
    width = 0.8 / len(names)
    columns = 3 if study.n_doses <= _FEW_LEVELS else 2
    figure, all_axes = panels(len(study.truths), columns=columns, height=1.75)
    for axes, scenario in zip(all_axes, study.truths, strict=True):
        right = study.right_levels(study.truths[scenario])
        for level in np.flatnonzero(right):
            axes.axvspan(level - 0.5, level + 0.5, color="0.9", zorder=0)
        for place, name in enumerate(names):
            colour, hatch, _ = design_style(place)
            cell = results.cells[scenario, name]
            at = levels + (place - (len(names) - 1) / 2) * width
            axes.bar(at, 100 * cell.best.selected, width, color=colour, hatch=hatch, edgecolor="white", linewidth=0.3)
            if cell.simulated is not None:
                values, errors = 100 * cell.simulated.selected, 200 * cell.simulated.mcse.selected
                axes.errorbar(at, values, yerr=errors, zorder=3, **ERROR)
        benchmark = results.benchmark_met(scenario)
        if benchmark is not None:
            diamonds: dict[str, Any] = {"color": "black", "ms": 3.2, "mfc": "white", "zorder": 4, "clip_on": False}
            axes.plot(levels, 100 * benchmark, "D", **diamonds)
        axes.set_xticks(levels, _level_labels(results, right))
        axes.set_ylim(0, 102)
        title(axes, scenario, _description(results, scenario))
    for axes in all_axes[::columns]:
        axes.set_ylabel("selected, % of trials", fontsize=7.5)
    handles = [*design_handles(names), Patch(facecolor="0.9", label=f"{TRUE_MTD} true MTD (none: no dose is right)")]
    if results.benchmark:
        handles.append(Line2D([], [], marker="D", color="black", mfc="white", ms=4, ls="", label="benchmark"))
    legend_below(figure, handles, len(handles))
    return figure


def _heat_maps(results: Results) -> Figure:
    """Draw a panel per scenario with a row per design, the benchmark last."""
    study = results.study
    names = list(study.designs)
    labels = [*names, "benchmark"] if results.benchmark else names
    columns = 3 if study.n_doses <= _FEW_LEVELS + 1 else 2
    left = 0.2 + 0.065 * max(len(each) for each in labels)
    figure, all_axes = panels(
        len(study.truths), columns=columns, height=_ROW * len(labels) + 0.55, foot=0.1, left=left, between=0.24
    )
    for axes, scenario in zip(all_axes, study.truths, strict=True):
        shares = [results.cells[scenario, name].best.selected for name in names]
        benchmark = results.benchmark_met(scenario)
        if benchmark is not None:
            shares.append(benchmark)
        right = study.right_levels(study.truths[scenario])
        _heat_map(axes, np.array(shares), right)
        axes.set_xticks(range(study.n_doses + 1), _level_labels(results, right), fontsize=6.5)
        axes.set_yticks(range(len(labels)), labels, fontsize=6.5)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        title(axes, scenario, _description(results, scenario))
    return figure


def _heat_map(axes: Axes, shares: Any, right: BoolArray) -> None:
    from matplotlib.patches import Rectangle

    shades = 1 - _DARKEST * np.clip(shares, 0, 1)
    axes.imshow(shades, cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for (row, level), share in np.ndenumerate(shares):
        ink = ink_on(str(float(shades[row, level])))
        axes.text(level, row, f"{100 * share:.0f}", fontsize=6, ha="center", va="center", color=ink)
    for level in np.flatnonzero(right):
        frame = Rectangle((level - 0.5, -0.5), 1, len(shares), fill=False, edgecolor=DLT_COLOUR, lw=1.6, clip_on=False)
        axes.add_patch(frame)
    axes.tick_params(length=0)


def _level_labels(results: Results, right: BoolArray) -> list[str]:
    labels = ["none", *results.study.dose_labels]
    return [f"{TRUE_MTD} {label}" if right[level] else label for level, label in enumerate(labels)]


def _description(results: Results, scenario: str) -> str:
    return {each.name: each.description for each in results.study.scenarios}[scenario]
