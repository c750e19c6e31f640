"""Improvement and death by day: what a Phase 2 plan takes for true, and what one simulated trial would estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.phase2 import TrialPlan
from doseesc.phase2.analyses import aalen_johansen
from doseesc.phase2.patients import draw_arm
from doseesc.report.figures.style import add_caption, design_style, legend_below, panels, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHES = ("-", "--", "-.", ":")


def course_figure(plan: TrialPlan, *, seed: int = 1, caption: str = "") -> Figure:
    """Draw cumulative incidences per arm: smooth lines are the truth, steps the Aalen-Johansen estimates of one trial.

    Parameters
    ----------
    plan : TrialPlan
    seed : int
        The trial drawn is the first of :func:`doseesc.phase2.simulate_power` with this seed.
    caption : str
        Written below, such as the words of :func:`doseesc.study.assumed_words`.
    """
    from matplotlib.lines import Line2D

    figure, (left, right) = panels(2, columns=2, height=2.5)
    handles = []
    for place, (arm, law) in enumerate(zip(plan.arms, plan.laws(), strict=True)):
        days = np.arange(law.course.horizon + 1)
        colour = design_style(place)[0]
        style: dict[str, Any] = {"color": colour, "linestyle": _DASHES[place % len(_DASHES)], "linewidth": 1.6}
        one = aalen_johansen(draw_arm(law, seed=seed, block=0, arm=place, trials=1).day_counts)
        for axes, truth, seen in ((left, law.course.improved, one.improved), (right, law.course.died, one.died)):
            axes.plot(days, 100 * np.append(0.0, truth), **style)
            axes.step(days, 100 * np.append(0.0, seen[0]), where="post", color=colour, linewidth=0.7, alpha=0.7)
        handles.append(Line2D([], [], label=arm.name, **style))
    handles.append(Line2D([], [], color="0.4", linewidth=0.7, label="thin: one simulated trial"))
    for axes, name in ((left, "improved"), (right, "died")):
        axes.set_xlim(0, plan.course.horizon)
        axes.set_ylim(0, 100)
        axes.set_xticks(range(0, plan.course.horizon + 1, 7))
        axes.set_xlabel("day", fontsize=7.5)
        title(axes, name)
    left.set_ylabel("patients, %", fontsize=7.5)
    legend_below(figure, handles, len(handles))
    add_caption(figure, caption)
    return figure
