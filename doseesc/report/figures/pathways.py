"""Dose-transition pathways as a figure: a tree that grows to the right, one column of boxes per cohort.

A box names the next dose; its arrow says whether that is higher or lower, and its shade how high, so that nothing rests
on colour alone.  The number on a line is the DLTs of the cohort, its width the probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import IntArray
from doseesc.engines import Pathways
from doseesc.report.charts import dose_colour
from doseesc.report.figures.style import ink_on, new_figure
from doseesc.report.words import branches, mtd_words, outcome_range, percents, start_words, weights_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ROW = 0.24  # inches per row
_MOST_ROWS = 200
_ARROWS = {-1: "↓ ", 0: "= ", 1: "↑ "}


@dataclass(frozen=True)
class _Box:
    """A decision, or several siblings of the same one, at its place in the figure."""

    nodes: IntArray
    parent: int  # index of the box before, -1 at the first
    depth: int
    row: float


def pathways_figure(
    paths: Pathways,
    truths: Mapping[str, Any] | None = None,
    labels: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the tree.

    Parameters
    ----------
    paths : Pathways
    truths : mapping of str to array, shape (J,)
        True DLT probabilities by the name of their scenario: a column of percentages each at the right; the widths of
        lines are those of the first.
    labels : sequence of str, length J
        Names of the dose levels; by default their numbers.
    title : str, optional

    Raises
    ------
    ValueError
        If the tree has too many rows to be read.
    """
    boxes = _lay_out(paths)
    rows = int(max(box.row for box in boxes)) + 1
    if rows > _MOST_ROWS:
        raise ValueError(f"n_cohorts must be smaller for a figure: {rows} rows cannot be read; write a table instead")
    truths = truths or {}
    names = labels or [str(level) for level in range(1, paths.design.n_doses + 1)]
    letters = max(len(name) for name in names)
    last = paths.n_cohorts
    column = max(1.4, 0.085 * letters + 0.95)
    ends = [_end_words(paths, int(box.nodes[0]), names) for box in boxes if not _drawn_as_box(paths, box)]
    ends_width = 0.06 * max([len(words) for words in ends], default=0) + 0.25
    figures_width = sum(_truth_width(name) for name in truths)
    width = max(column * (last + 1) + max(0.0, ends_width - 0.5 * column) + figures_width, 5.2)
    head = 0.75 if title else 0.4
    height = _ROW * rows + head + 0.5
    figure = new_figure(width, height, dpi=150)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    # One unit is an inch, from the upper left corner.
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()

    def x_of(depth: int) -> float:
        return column * (depth + 0.5)

    def y_of(row: float) -> float:
        return head + _ROW * (row + 0.5)

    weights = weights_of(paths, truths)
    half = 0.5 * min(column - 0.6, 0.078 * (letters + 2) + 0.14)
    if title:
        axes.text(0.12, 0.22, title, fontsize=11, fontweight="bold", va="center")
    for depth in range(last + 1):
        words = start_words(paths) if depth == 0 else f"after cohort {depth}"
        axes.text(x_of(depth), head - 0.12, words, fontsize=7.5, ha="center", va="center", color="0.3")
    for box in boxes[1:]:
        before = boxes[box.parent]
        chance = float(weights[0, box.nodes].sum()) if len(weights) else 0.1
        start = (x_of(before.depth) + half, y_of(before.row))
        drawn = _drawn_as_box(paths, box)
        goal = (x_of(box.depth) - (half if drawn else 0.5 * half), y_of(box.row))
        _line(axes, start, goal, 0.5 + 3.5 * chance**0.5)
        axes.text(
            goal[0] - 0.07,
            goal[1],
            outcome_range(paths, box.nodes),
            fontsize=7,
            ha="right",
            va="center",
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            zorder=3,
        )
    for box in boxes:
        node = int(box.nodes[0])
        place = x_of(box.depth), y_of(box.row)
        if _drawn_as_box(paths, box):
            _dose_box(axes, paths, node, place, half, names)
        else:
            left = place[0] - 0.5 * half
            axes.text(left + 0.05, place[1], _end_words(paths, node, names), fontsize=7.5, va="center")
    right = width - figures_width
    for k, name in enumerate(truths):
        right += _truth_width(name)
        axes.text(right - 0.12, head - 0.12, name, fontsize=7.5, ha="right", va="center", color="0.3")
        for box in boxes:
            if not len(paths.children(int(box.nodes[0]))):
                share = percents(weights[k : k + 1, box.nodes].sum(axis=1))
                axes.text(right - 0.12, y_of(box.row), share, fontsize=7.5, ha="right", va="center")
    note = "box: dose of the next cohort, ↑ higher, = same, ↓ lower    number on a line: DLTs of the cohort"
    width_note = f"width of a line: probability under {next(iter(truths))}    " if truths else ""
    stop_note = "■: the trial has stopped" if paths.stopped.any() else ""
    for place_below, words in ((0.32, note), (0.15, width_note + stop_note)):
        axes.text(0.12, height - place_below, words, fontsize=6.5, va="center", color="0.3")
    return figure


def _lay_out(paths: Pathways) -> list[_Box]:
    """Place ends on rows of their own, other boxes in the middle of theirs."""
    placed: list[_Box] = []

    def place(nodes: IntArray, parent: int, depth: int, next_row: int) -> int:
        index = len(placed)
        placed.append(_Box(nodes, parent, depth, next_row))
        row = next_row
        children = []
        for group in branches(paths, int(nodes[0])):
            children.append(len(placed))
            row = place(group, index, depth + 1, row)
        if not children:
            return next_row + 1
        middle = 0.5 * (placed[children[0]].row + placed[children[-1]].row)
        placed[index] = _Box(nodes, parent, depth, middle)
        return row

    place(np.array([0]), -1, 0, 0)
    return placed


def _drawn_as_box(paths: Pathways, box: _Box) -> bool:
    return not paths.stopped[box.nodes[0]]


def _end_words(paths: Pathways, node: int, labels: Sequence[str]) -> str:
    return f"■ {mtd_words(paths, node, labels)}"


def _truth_width(name: str) -> float:
    return max(0.55, 0.075 * len(name) + 0.2)


def _dose_box(
    axes: Axes, paths: Pathways, node: int, place: tuple[float, float], half: float, labels: Sequence[str]
) -> None:
    from matplotlib.patches import FancyBboxPatch

    level, current = int(paths.decision.level[node]), int(paths.tally.level[node])
    face = dose_colour(level, paths.design.n_doses)
    x, y = place
    patch = FancyBboxPatch(
        (x - half, y - 0.085),
        2 * half,
        0.17,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=face,
        edgecolor="0.2",
        linewidth=0.6,
        zorder=4,
    )
    axes.add_patch(patch)
    arrow = "" if current == 0 else _ARROWS[int(np.sign(level - current))]
    axes.text(x, y, f"{arrow}{labels[level - 1]}", fontsize=7.5, ha="center", va="center", color=ink_on(face), zorder=5)


def _line(axes: Axes, start: tuple[float, float], goal: tuple[float, float], width: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    bend = goal[0] - 0.3, goal[1]
    middle = 0.5 * (start[0] + bend[0])
    points = [start, (middle, start[1]), (middle, goal[1]), bend, goal]
    curve = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4, Path.LINETO])
    axes.add_patch(PathPatch(curve, facecolor="none", edgecolor="0.6", linewidth=width, zorder=1, capstyle="round"))
