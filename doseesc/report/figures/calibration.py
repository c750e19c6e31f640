"""A calibration as a figure: the score over one, two or three parameters, the best candidate framed."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from doseesc.planning import Calibration
from doseesc.report.figures.style import large_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage


_MOST_PANELS = 12


def calibration_figure(calibration: Calibration, title: str | None = None) -> Figure:
    """Draw the score of every candidate.

    One parameter makes a line, two a heat-map, a third one heat-map for each of its values.

    Raises
    ------
    ValueError
        If more than three parameters vary, or the third takes too many values.
    """
    names = [name for name, values in calibration.grid.items() if len(values) > 1] or list(calibration.grid)[:1]
    if len(names) > 3:
        raise ValueError(f"grid must vary at most three parameters for a figure, not {', '.join(names)}")
    axes_values = [np.array(calibration.grid[name]) for name in names]
    score = 100 * calibration.score.reshape([len(values) for values in axes_values])
    best = np.unravel_index(calibration.best, score.shape)
    if len(names) == 1:
        figure = large_figure(5.6, 3.4)
        _line(figure.add_subplot(), names[0], axes_values[0], score, int(best[0]), calibration.objective.words)
    else:
        panels = axes_values[2] if len(names) == 3 else np.zeros(1)
        if len(panels) > _MOST_PANELS:
            raise ValueError(f"grid must give at most {_MOST_PANELS} values of {names[2]} for a figure")
        across = min(3, len(panels))
        down = -(-len(panels) // across)
        size = (across * (0.52 * len(axes_values[1]) + 0.9) + 0.9, down * (0.3 * len(axes_values[0]) + 0.9) + 0.4)
        figure = large_figure(max(size[0], 4.2), size[1])
        grid = figure.subplots(down, across, squeeze=False)
        limits = float(score.min()), float(max(score.max(), score.min() + 1e-9))
        for k, panel in enumerate(grid.flat):
            if k >= len(panels):
                panel.set_axis_off()
                continue
            table = score[:, :, k] if len(names) == 3 else score
            framed = (int(best[0]), int(best[1])) if len(names) == 2 or best[2] == k else None
            image = _heat_map(panel, names, axes_values, table, framed, limits)
            if len(names) == 3:
                panel.set_title(f"{names[2]} {panels[k]:g}", fontsize=8)
        bar = figure.colorbar(image, ax=grid, fraction=0.05, pad=0.02)
        bar.set_label(fill(calibration.objective.words, 34), fontsize=8)
        bar.ax.tick_params(labelsize=7)
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold")
    return figure


def _line(axes: Axes, name: str, values: FloatArray, score: FloatArray, best: int, words: str) -> None:
    axes.plot(values, score, color="0.3", marker="o", markersize=4, linewidth=1.2)
    axes.plot(values[best], score[best], marker="o", markersize=10, markerfacecolor="none", markeredgecolor="black")
    axes.annotate(
        f"{score[best]:.1f}", (values[best], score[best]), xytext=(0, 8), textcoords="offset points", ha="center"
    )
    axes.margins(y=0.2)
    axes.set_xlabel(name, fontsize=8)
    axes.set_ylabel(fill(words, 34), fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def _heat_map(
    axes: Axes,
    names: list[str],
    values: list[FloatArray],
    table: FloatArray,
    framed: tuple[int, int] | None,
    limits: tuple[float, float],
) -> AxesImage:
    from matplotlib.patches import Rectangle

    image = axes.imshow(table, cmap="cividis", vmin=limits[0], vmax=limits[1], origin="lower", aspect="auto")
    middle = 0.5 * (limits[0] + limits[1])
    for row, column in np.ndindex(*table.shape):
        ink = "white" if table[row, column] < middle else "black"
        axes.text(column, row, f"{table[row, column]:.1f}", ha="center", va="center", fontsize=6.5, color=ink)
    if framed is not None:
        corner = framed[1] - 0.5, framed[0] - 0.5
        for color, width in (("white", 3.5), ("black", 1.5)):
            axes.add_patch(
                Rectangle(corner, 1, 1, fill=False, edgecolor=color, linewidth=width, clip_on=False, zorder=3)
            )
    axes.set_yticks(range(len(values[0])), [f"{value:.3g}" for value in values[0]], fontsize=7)
    axes.set_xticks(range(len(values[1])), [f"{value:.3g}" for value in values[1]], fontsize=7)
    axes.set_ylabel(names[0], fontsize=8)
    axes.set_xlabel(names[1], fontsize=8)
    return image
