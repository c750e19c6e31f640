"""An ensemble as a figure: how correct selection and overdosing are distributed over the random curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.planning import EnsembleResults
from doseesc.report.figures.style import large_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS = {
    "correct_selection": ("P(correct selection), %", "share of curves with at most that, %"),
    "overdose_selection": ("P(selecting a dose above the MTD), %", ""),
}
_DASHES = ("-", "--", "-.", ":")


def ensemble_figure(ensemble: EnsembleResults) -> Figure:
    """Draw, for each design, the share of curves on which a figure is at most so large."""
    figure = large_figure(7.6, 3.4)
    grid = figure.subplots(1, len(_PANELS), sharey=True)
    for panel, (metric, (across, up)) in zip(grid, _PANELS.items(), strict=True):
        for place, design in enumerate(ensemble.figures):
            value, share = ensemble.distribution(design, metric)
            dash = _DASHES[place % len(_DASHES)]
            panel.step(100 * value, 100 * share, where="post", linestyle=dash, linewidth=1.3, label=design)
        panel.axhline(95 if metric == "overdose_selection" else 5, color="0.7", linewidth=0.6, zorder=0)
        panel.set_xlim(0, 100)
        panel.set_ylim(0, 100)
        panel.set_xlabel(across, fontsize=8)
        panel.set_ylabel(up, fontsize=8)
        panel.tick_params(labelsize=7)
        panel.spines[["top", "right"]].set_visible(False)
    grid[0].legend(fontsize=7, frameon=False)
    figure.suptitle(f"{len(ensemble.truths):,} random truths", fontsize=10, fontweight="bold")
    return figure
