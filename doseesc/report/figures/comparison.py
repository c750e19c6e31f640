"""What changed between two runs, as a picture: the difference of every design's main figures, scenario by scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.figures.style import design_style, legend_below, panels
from doseesc.runs import ChangedFigure, Comparison
from doseesc.truth import DAYS_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = {
    "correct_selection": ("correct selection,\npoints", 100.0),
    "overdose_selection": ("selection above the\nMTD, points", 100.0),
    "total_patients": ("patients", 1.0),
    "patients_above_mtd": ("patients above\nthe MTD", 1.0),
}
_TIME = {"duration_days": ("duration,\nmonths", 1 / DAYS_PER_MONTH)}
_EXACT = "second run minus first, exact"
_ROW = 0.2  # inches per scenario and design
_LEAST = 1.2


def comparison_figure(comparison: Comparison) -> Figure:
    """Draw the second run minus the first, with two standard errors to either side where it is simulated.

    Parameters
    ----------
    comparison : Comparison
        With at least one design and scenario that both runs have.

    Raises
    ------
    ValueError
        If both runs have no design and scenario in common.
    """
    from matplotlib.lines import Line2D

    scenarios = list(dict.fromkeys(each.scenario for each in comparison.figures))
    designs = list(dict.fromkeys(each.design for each in comparison.figures))
    if not scenarios:
        raise ValueError("the runs have no design and scenario in common")
    height = max(_LEAST, _ROW * len(scenarios) * (0.6 + 0.4 * len(designs)))
    timed = any(each.metric in _TIME for each in comparison.figures)
    shown = {**_SHOWN, **_TIME} if timed else _SHOWN
    figure, axes = panels(len(shown), columns=len(shown), height=height + 0.5, foot=0.85)
    for place, (metric, (words, scale)) in enumerate(shown.items()):
        own = [each for each in comparison.figures if each.metric == metric]
        _draw(axes[place], own, scenarios, designs, scale)
        axes[place].set_xlabel(words, fontsize=8, fontweight="bold")
    handles = []
    for place, name in enumerate(designs):
        colour, _, marker = design_style(place)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.2, label=name))
    legend_below(figure, handles, 6)
    words = "second run minus first, ± 2 standard errors" if any(each.mcse for each in comparison.figures) else _EXACT
    figure.text(0.5, 0.32 / figure.get_figheight(), words, fontsize=7.5, ha="center")
    return figure


def _draw(axes: Axes, figures: list[ChangedFigure], scenarios: list[str], designs: list[str], scale: float) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.axvline(0, color="0.4", linewidth=0.8)
    step = 0.7 / max(len(designs), 1)
    for each in figures:
        place = designs.index(each.design)
        colour, _, marker = design_style(place)
        y = scenarios.index(each.scenario) + (place - (len(designs) - 1) / 2) * step
        axes.errorbar(
            scale * each.difference,
            y,
            xerr=2 * scale * each.mcse or None,
            color=colour,
            marker=marker,
            markersize=3.5,
            linewidth=1.0,
        )
    for line in range(1, len(scenarios)):
        axes.axhline(line - 0.5, color="0.9", linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_yticks(range(len(scenarios)), scenarios)
    axes.set_ylim(len(scenarios) - 0.5, -0.5)
