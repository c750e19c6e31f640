"""How many patients designs need, as a figure: correct selection, overdosing and duration by number of patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.planning import SampleSizes
from doseesc.report.figures.style import design_style, large_figure, legend_below, plain
from doseesc.truth import DAYS_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_TICKS = 8


def sizes_figure(needed: SampleSizes) -> Figure:
    """Draw the curves of an answer of :func:`doseesc.planning.sample_size`, a panel for each figure."""
    above = "selects a dose that is too toxic, %" if needed.over == "worst" else "selects a dose above the true MTD, %"
    panels = [
        ("correct", "selects the true MTD, %", 100.0, needed.correct),
        ("overdose", above, 100.0, needed.overdose),
    ]
    if any(not np.isnan(curve.duration_days).all() for curve in needed.curves.values()):
        panels.append(("duration_days", "mean duration, months", 1 / DAYS_PER_MONTH, None))
    figure = large_figure(3.6 * len(panels) + 0.4, 3.6)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, words, scale, goal) in zip(grid, panels, strict=True):
        _panel(axes, needed, name, scale)
        if goal is not None:
            axes.axhline(100 * goal, color="0.6", linewidth=0.8, linestyle="--", zorder=0)
        axes.set_ylabel(words, fontsize=8)
        axes.set_xlabel("patients at most", fontsize=8)
        axes.set_ylim(bottom=0)
        plain(axes)
    handles, _ = grid[0].get_legend_handles_labels()
    legend_below(figure, handles, min(len(needed.curves), 4))
    figure.suptitle(needed.study.study.short_title or needed.study.study.title, fontsize=10, fontweight="bold")
    return figure


def _panel(axes: Axes, needed: SampleSizes, name: str, scale: float) -> None:
    for place, (design, curve) in enumerate(needed.curves.items()):
        colour, _, mark = design_style(place)
        value = scale * getattr(curve, name)
        error = 200 * getattr(curve, f"{name}_se") if hasattr(curve, f"{name}_se") else np.zeros(len(value))
        axes.errorbar(
            needed.sizes,
            value,
            yerr=error if error.any() else None,
            color=colour,
            marker=mark,
            markersize=3.5,
            linewidth=1.2,
            label=design,
        )
        kept = needed.kept(design)
        if name == "correct" and kept is not None:
            axes.plot(
                [kept], [value[needed.sizes.index(kept)]], marker="o", markersize=9, fillstyle="none", color=colour
            )
    sizes = needed.sizes
    axes.set_xticks(sizes if len(sizes) <= _MOST_TICKS else sizes[:: -(-len(sizes) // _MOST_TICKS)])
