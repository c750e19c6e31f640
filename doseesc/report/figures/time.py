"""Figures of time: the distribution of how long trials take, and example trials on the calendar, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.report.charts import DLT_COLOUR, dose_colour
from doseesc.report.figures.characteristics import marker_handles, rows_figure
from doseesc.report.figures.style import MANY, WIDTH, design_style, legend_below, new_figure, plain
from doseesc.report.words import duration_words
from doseesc.truth import DAYS_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.engines import CalendarTrial
    from doseesc.results import Results
    from doseesc.runs import TimedTrial

_REPLACED = "/////"
_ENDINGS = (("P", "died"), ("o", "lost to follow-up"))
_ENDING: dict[str, Any] = {"ms": 4.5, "mew": 0.8, "mfc": "white", "mec": "black"}
_WAITING = "0.88"
_BACKFILLED: Any = MappingProxyType({"ms": 3.6, "color": "white", "mec": "black", "mew": 0.7, "clip_on": False})
_ROW = 0.085  # inches per patient
_LEFT, _FOOT, _HEAD, _BETWEEN = 0.62, 0.85, 0.3, 0.42  # inches


def duration_figure(results: Results) -> Figure | None:
    """Draw 5, 25, 50, 75 and 95 % quantiles and the mean of the duration; None where the study has no calendar."""
    from matplotlib.lines import Line2D

    if not results.times:
        return None
    names = list(results.study.names)
    figure, (axes,), rows = rows_figure(results, list(results.study.truths), 0.79)
    for place, name in enumerate(names):
        colour, _, marker = design_style(place)
        for y, scenario in zip(rows[:, place], results.study.truths, strict=True):
            found = results.times[scenario, name]
            low, lower, middle, upper, high = np.asarray(found.duration_quantiles) / DAYS_PER_MONTH
            axes.plot([low, high], [y, y], "-", color=colour, lw=1.2, solid_capstyle="butt")
            axes.plot([lower, upper], [y, y], "-", color=colour, lw=4, solid_capstyle="butt", alpha=0.6)
            axes.plot(middle, y, marker, color=colour, ms=4.5, mec="black", mew=0.5)
            axes.plot(found.duration_days / DAYS_PER_MONTH, y, "|", color="black", ms=6)
    axes.set_xlim(left=0)
    axes.set_xlabel("months that a trial takes", fontsize=8)
    handles = marker_handles(names, lw=3) if len(names) <= MANY else []
    handles.append(Line2D([], [], marker="|", color="black", ls="", label="mean"))
    legend_below(figure, handles, len(handles))
    return figure


def calendar_figure(trials: Sequence[TimedTrial], labels: Sequence[str]) -> Figure | None:
    """Draw trials on the calendar, one panel each: patients as bars by dose, DLTs, deaths, decisions, waiting shaded.

    Parameters
    ----------
    trials : sequence of TimedTrial
        From :func:`doseesc.runs.timed_trials`.
    labels : sequence of str
        Names of the dose levels.
    """
    if not trials:
        return None
    heights = [_ROW * (each.trial.size + 1.6) for each in trials]
    whole = sum(heights) + _BETWEEN * (len(trials) - 1) + _HEAD + _FOOT
    figure = new_figure(WIDTH, whole)
    longest = max(each.trial.duration_days for each in trials) / DAYS_PER_MONTH
    top = whole - _HEAD
    for each, height in zip(trials, heights, strict=True):
        box = (_LEFT / WIDTH, (top - height) / whole, 1 - (_LEFT + 0.12) / WIDTH, height / whole)
        axes = figure.add_axes(box)
        _panel(axes, each, labels)
        axes.set_xlim(-0.012 * longest, 1.015 * longest)
        top -= height + _BETWEEN
    axes.set_xlabel("months since the first patient's first dose", fontsize=8)
    legend_below(figure, _handles(labels, [each.trial for each in trials]), 8)
    return figure


def _panel(axes: Axes, timed: TimedTrial, labels: Sequence[str]) -> None:
    trial = timed.trial
    plain(axes)
    for start, end in trial.suspensions:
        axes.axvspan(start / DAYS_PER_MONTH, end / DAYS_PER_MONTH, color=_WAITING, lw=0, zorder=0)
    rows = np.arange(trial.size)
    for level in range(1, len(labels) + 1):
        at = np.flatnonzero(trial.level == level)
        days = (trial.assessed[at] - trial.entered[at]) / DAYS_PER_MONTH
        shade = dose_colour(level, len(labels))
        bars = axes.barh(rows[at], days, 0.72, left=trial.entered[at] / DAYS_PER_MONTH, color=shade, ec="0.25", lw=0.4)
        for bar, replaced in zip(bars, trial.replaced[at], strict=True):
            if replaced:
                bar.set(facecolor="white", edgecolor=shade, hatch=_REPLACED)
    backfilled = np.flatnonzero(trial.backfilled)
    axes.plot(trial.entered[backfilled] / DAYS_PER_MONTH, rows[backfilled], ">", **_BACKFILLED)
    waited = np.flatnonzero(trial.days_waited > 0)
    axes.hlines(
        rows[waited], trial.arrived[waited] / DAYS_PER_MONTH, trial.entered[waited] / DAYS_PER_MONTH, "0.45", lw=0.7
    )
    toxic = np.flatnonzero(trial.has_dlt)
    dlts: dict[str, Any] = {"ms": 5, "mew": 1.4, "color": DLT_COLOUR, "clip_on": False}
    axes.plot(trial.assessed[toxic] / DAYS_PER_MONTH, rows[toxic], "x", **dlts)
    for ended, (mark, _) in zip((trial.died, trial.lost), _ENDINGS, strict=True):
        at = np.flatnonzero(ended)
        axes.plot(trial.assessed[at] / DAYS_PER_MONTH, rows[at], mark, clip_on=False, **_ENDING)
    for day, up in _moves(trial):
        mark = {1: "^", -1: "v", 0: "s"}[up]
        axes.plot(day / DAYS_PER_MONTH, -1.25, mark, ms=3.6, color="black", mec="black", clip_on=False)
    axes.set_ylim(trial.size - 0.3, -1.9)  # the first patient at the top, decisions above
    step = 5 if trial.size > 6 else 1
    places = np.arange(step - 1, trial.size, step)
    axes.set_yticks(places, [str(place + 1) for place in places])
    axes.set_ylabel("patient", fontsize=7.5)
    axes.grid(axis="x", color="0.9", lw=0.6)
    found = f"MTD {labels[trial.selected - 1]}" if trial.selected else "no MTD"
    words = f"{timed.design}: {found} after {duration_words(trial.duration_days)}"
    axes.set_title(words, fontsize=8, loc="left", fontweight="bold")


def _moves(trial: CalendarTrial) -> list[tuple[float, int]]:
    """Return the days on which the escalation's dose was raised or lowered, and the end of enrolment as 0."""
    moves = []
    escalated = ~trial.backfilled
    levels, days = trial.level[escalated].tolist(), trial.entered[escalated].tolist()
    for before, after, day in zip(levels[:-1], levels[1:], days[1:], strict=True):
        if after != before:
            moves.append((day, 1 if after > before else -1))
    stops = [each.day for each in trial.decisions if each.level == 0]
    return [*moves, *((day, 0) for day in stops)]


def _handles(labels: Sequence[str], trials: Sequence[CalendarTrial]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=dose_colour(level, len(labels)), edgecolor="0.25", lw=0.4, label=label)
        for level, label in enumerate(labels, start=1)
    ]
    handles.append(Line2D([], [], marker="x", mew=1.4, color=DLT_COLOUR, ls="", ms=5, label="DLT"))
    for seen, (mark, words) in zip(("died", "lost"), _ENDINGS, strict=True):
        if any(getattr(trial, seen).any() for trial in trials):
            handles.append(Line2D([], [], marker=mark, ls="", label=words, **_ENDING))
    if any(trial.replaced.any() for trial in trials):
        handles.append(Patch(facecolor="white", edgecolor="0.4", hatch=_REPLACED, lw=0.4, label="replaced"))
    for move, words in (("^", "dose raised"), ("v", "lowered"), ("s", "stopped")):
        handles.append(Line2D([], [], marker=move, color="black", ls="", ms=4, label=words))
    backfilled = any(trial.backfilled.any() for trial in trials)
    if backfilled:
        look = {name: value for name, value in _BACKFILLED.items() if name != "clip_on"}
        handles.append(Line2D([], [], marker=">", ls="", label="backfilled", **look))
    if any(trial.suspensions for trial in trials):
        handles.append(Patch(facecolor=_WAITING, label="escalation waits" if backfilled else "somebody waits"))
    return handles
