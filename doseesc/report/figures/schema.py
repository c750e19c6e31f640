"""The course of a trial as a diagram: the doses of Phase 1, what its end may be, and the arms that follow."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from doseesc.report.charts import dose_colour
from doseesc.report.figures.style import ink_on, new_figure
from doseesc.results import fraction_words
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.conduct import Trial
    from doseesc.study import Study

_WIDTH = 6.7  # inches
_ROW = 0.3
_LETTERS = 34  # of a box's line
_MOST = 8  # doses or arms drawn; of more, the first and the last
_SHORT_UNIT = 8  # letters
_EDGE = "0.35"


def schema_figure(study: Study, trial: Trial) -> Figure:
    """Draw the phases of a study from left to right; nothing but Phase 1 where no arms follow."""
    doses = _some(_dose_names(study, trial))
    arms = _some([f"{arm.name}: {fraction_words(arm)}" for arm in study.phase2_arms])
    rows = max(len(doses), len(arms) + 1, 3)
    height = _ROW * rows + 0.75
    figure = new_figure(_WIDTH, height, dpi=150)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, _WIDTH), ylim=(0, height))
    axes.set_axis_off()
    middle = 0.2 + _ROW * rows / 2
    _head(axes, 0.1, height, "Phase 1: dose escalation", f"doses in {study.doses.unit}" if _long(study) else "")
    _stack(axes, 0.1, 2.15, middle, doses, [dose_colour(each, len(doses)) for each in range(len(doses), 0, -1)])
    size = trial.design.cohort_size
    cohort = "one patient" if size == 1 else f"cohorts of {size}"
    _head(axes, 2.6, height, f"after each {'patient' if size == 1 else 'cohort'}")
    decisions = [f"{cohort}, at most {trial.design.max_n}", "raise, keep or lower the dose,", "or end the trial"]
    _box(axes, 2.6, 1.75, middle, decisions)
    _arrow(axes, (2.25, middle), (2.6, middle))
    _head(axes, 5.0, height, "Phase 2" if arms else "End")
    top, bottom = middle + 0.5 * _ROW, 0.2 + 0.5 * _ROW
    ends = arms or ["the MTD is reported"]
    centre = max(top, bottom + 0.5 * _ROW * (len(ends) + 1) + 0.1)
    _stack(axes, 5.0, 1.65, centre, ends, ["white"] * len(ends))
    _arrow(axes, (4.35, middle), (5.0, centre), "an MTD")
    _box(axes, 5.0, 1.65, bottom, ["the programme ends"], dashed=True)
    _arrow(axes, (4.35, middle), (5.0, bottom), "none")
    return figure


def _long(study: Study) -> bool:
    """Whether the unit is too long to stand beside each dose."""
    return len(study.doses.unit) > _SHORT_UNIT


def _dose_names(study: Study, trial: Trial) -> list[str]:
    """Return the doses from the highest down, each with its unit where there is room."""
    levels = range(study.n_doses, 0, -1)
    if not _long(study):
        return [trial.doses.words(level) for level in levels]
    return [f"{trial.doses.name(level)}: {plain_number(study.doses.amounts[level - 1])}" for level in levels]


def _some(names: Sequence[str]) -> list[str]:
    """Return names as far as they can be drawn."""
    shown = [textwrap.shorten(each, _LETTERS, placeholder=" …") for each in names]
    return shown if len(shown) <= _MOST else [*shown[: _MOST - 2], "…", shown[-1]]


def _head(axes: Axes, left: float, height: float, words: str, below: str = "") -> None:
    axes.text(left, height - 0.17, words, fontsize=8.5, fontweight="bold", va="center")
    axes.text(left, height - 0.35, below, fontsize=7.5, va="center")


def _stack(
    axes: Axes, left: float, width: float, middle: float, names: Sequence[str], shades: Sequence[object]
) -> None:
    """Draw boxes one above the other about a height."""
    for place, (name, shade) in enumerate(zip(names, shades, strict=True)):
        _box(axes, left, width, middle + _ROW * ((len(names) - 1) / 2 - place), [name], shade)


def _box(
    axes: Axes,
    left: float,
    width: float,
    middle: float,
    lines: Sequence[str],
    shade: object = "white",
    dashed: bool = False,
) -> None:
    from matplotlib.patches import FancyBboxPatch

    height = 0.07 + 0.16 * len(lines)
    patch = FancyBboxPatch(
        (left, middle - height / 2),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=shade,
        edgecolor=_EDGE,
        linewidth=0.8,
        linestyle="--" if dashed else "-",
    )
    axes.add_patch(patch)
    axes.text(left + width / 2, middle, "\n".join(lines), fontsize=7.5, ha="center", va="center", color=ink_on(shade))


def _arrow(axes: Axes, start: tuple[float, float], goal: tuple[float, float], words: str = "") -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start, goal, arrowstyle="-|>", mutation_scale=9, color=_EDGE, linewidth=1.0, shrinkA=1, shrinkB=1
        )
    )
    if words:
        paper = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
        middle = (start[0] + goal[0]) / 2, (start[1] + goal[1]) / 2
        axes.text(*middle, words, fontsize=7, ha="center", va="center", bbox=paper)
