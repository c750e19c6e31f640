"""Worst cases as a figure: the worst curves of each design, each with the design's value under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from doseesc.planning import WorstCase, WorstCases
from doseesc.report.figures.style import large_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WORDS = {"correct_selection": "P(correct selection)", "too_toxic_selection": "P(too toxic dose selected)"}


def worst_case_figure(cases: WorstCases) -> Figure:
    """Draw the worst curves: one row per design, one column per figure, the worst of all in black."""
    found, study = cases.found, cases.study
    columns = max(len(each) for each in found.values())
    size = (3.9 * columns, 2.7 * len(found))
    figure = large_figure(*size)
    grid = figure.subplots(len(found), columns, squeeze=False, sharey=True)
    for row, (design, both) in zip(grid, found.items(), strict=True):
        for panel, case in zip(row, both, strict=True):
            _panel(panel, case, study.dose_labels, study.target)
            panel.set_title(f"{design}: {_WORDS[case.figure]}", fontsize=8)
        row[0].set_ylabel("true P(DLT), %", fontsize=8)
    return figure


def _panel(axes: Axes, case: WorstCase, labels: Sequence[str], target: float) -> None:
    levels = np.arange(1, len(labels) + 1)
    axes.axhline(100 * target, color="0.7", linewidth=0.6, zorder=0)
    for each in case.by_level:
        worst = each is case.overall
        what = "MTD" if case.figure == "correct_selection" else "from"
        name = f"{what} {labels[each.level - 1] if each.level else 'none'}: {100 * each.value:.1f} %"
        style = {"color": "black", "linewidth": 1.8, "zorder": 3.0} if worst else {"linewidth": 0.9}
        axes.plot(levels, 100 * each.probabilities, marker="o", markersize=3, label=name, **style)
    axes.set_xticks(levels, [str(label) for label in labels], fontsize=7)
    axes.set_ylim(-2, 100)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=6.5, frameon=False)
