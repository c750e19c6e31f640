"""A sweep as a figure: every cell by right selection and overdosing, and right selection along each axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.figures.style import design_style, large_figure, legend_below, plain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.results import SweepResults

_MOST_AXES, _MOST_TICKS = 3, 8


def sweep_figure(results: SweepResults) -> Figure:
    """Draw a sweep: its cells and their Pareto front, and a panel for each of the first axes of numbers."""
    summary = results.summary()
    along = [name for name in results.varied if summary[name].dtype.kind in "fi"][:_MOST_AXES]
    panels = 1 + len(along)
    figure = large_figure(3.4 * panels + 0.6, 3.6)
    axes = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
    designs = list(dict.fromkeys(summary["design"]))
    _front(axes[0], summary, designs)
    for panel, name in zip(axes[1:], along, strict=True):
        _along(panel, results, summary, name, designs)
    handles, _ = axes[0].get_legend_handles_labels()
    legend_below(figure, handles, min(len(designs), 4))
    figure.suptitle(results.facts.title, fontsize=10, fontweight="bold")
    return figure


def _front(axes: Axes, summary: pd.DataFrame, designs: list[str]) -> None:
    for place, design in enumerate(designs):
        colour, _, mark = design_style(place)
        own = summary[summary["design"] == design]
        axes.scatter(
            100 * own["overdose_selection"],
            100 * own["correct_selection"],
            s=14,
            color=colour,
            marker=mark,
            label=design,
        )
    front = summary[summary["pareto"]].sort_values("overdose_selection")
    axes.plot(100 * front["overdose_selection"], 100 * front["correct_selection"], color="0.4", linewidth=1, zorder=0)
    axes.set_xlabel("selects a dose above the true MTD, %", fontsize=8)
    axes.set_ylabel("selects the true MTD, %", fontsize=8)
    plain(axes)


def _along(axes: Axes, results: SweepResults, summary: pd.DataFrame, name: str, designs: list[str]) -> None:
    for design, cells in results.along(summary, name).items():
        colour, _, mark = design_style(designs.index(design))
        across = cells[name].astype(float)
        axes.errorbar(
            across,
            100 * cells["correct_selection"],
            yerr=200 * cells["mcse"],
            color=colour,
            marker=mark,
            markersize=4,
            linewidth=1.2,
        )
    values = sorted(set(summary[name].dropna().astype(float)))
    axes.set_xticks(values if len(values) <= _MOST_TICKS else values[:: -(-len(values) // _MOST_TICKS)])
    axes.set_xlabel(results.facts.short[name], fontsize=8)
    plain(axes)
