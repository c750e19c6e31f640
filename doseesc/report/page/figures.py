"""The report's figures for slides: drawn in two processes, each as SVG and as PNG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from doseesc.pieces import begin
from doseesc.planning import Phase2Answers, PowerCurves, answer, power_curves
from doseesc.report.figures import figure_bytes
from doseesc.report.page.figure_plans import Plan, calendar_plans, designs_on_calendar, figure_plans, phase2_plans
from doseesc.runs import TimedTrial, timed_trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.results import Results, SavedRun

# What the second process does before it draws, in figures that the first one draws meanwhile.
_SECOND_PROCESS = 4
_PHASE_2 = 8

CURVE_TRIALS = 2000
"""Simulated trials of each point of a curve of power."""


@dataclass(frozen=True)
class PageFigure:
    """A figure as files."""

    svg: bytes
    png: bytes


@dataclass(frozen=True)
class Drawn:
    """All figures by name, and what was simulated for some of them.

    Attributes
    ----------
    figures : dict of str to PageFigure
    phase2 : tuple of (Phase2Answers, PowerCurves), or None
    timed : list of TimedTrial
        Trials on the calendar; empty where the study has none.
    """

    figures: dict[str, PageFigure]
    phase2: tuple[Phase2Answers, PowerCurves] | None
    timed: list[TimedTrial]


def page_figures(saved: SavedRun, typical: str) -> Drawn:
    """Draw all figures that the results allow, half of the work in a second process.

    Parameters
    ----------
    saved : SavedRun
    typical : str
        The scenario whose probabilities the trees of pathways show.
    """
    results = saved.results
    plans = figure_plans(saved, typical)
    head_start = _PHASE_2 if results.study.phase2 else _SECOND_PROCESS
    here = min(len(plans), (len(plans) + head_start + 1) // 2)
    elsewhere = begin(partial(_elsewhere, results, plans[here:]))
    timed = timed_trials(results, designs_on_calendar(results), typical) if results.times else []
    own = [*plans[:here], *calendar_plans(results, timed)]
    drawn = _named(own, [_drawn(plan.draw) for plan in own])
    phase2, more = elsewhere()
    return Drawn(drawn | more, phase2, timed)


def _elsewhere(
    results: Results, plans: list[Plan]
) -> tuple[tuple[Phase2Answers, PowerCurves] | None, dict[str, PageFigure]]:
    if results.study.phase2 is None:
        return None, _named(plans, [_drawn(plan.draw) for plan in plans])
    answers, curves = phase2_on_page(results)
    every = [*plans, *phase2_plans(answers, curves)]
    return (answers, curves), _named(every, [_drawn(plan.draw) for plan in every])


def _drawn(draw: Callable[[], Figure | None]) -> tuple[bytes, bytes] | None:
    figure = draw()
    return None if figure is None else (figure_bytes(figure, "svg"), figure_bytes(figure, "png"))


def phase2_on_page(results: Results) -> tuple[Phase2Answers, PowerCurves]:
    """Simulate the Phase 2 trial that the study describes."""
    answers = answer(results.study, assurance=True, phase1=results, totals=False, seed=results.seed)
    return answers, power_curves(answers.plan, trials=CURVE_TRIALS, seed=results.seed)


def _named(plans: list[Plan], drawn: list[tuple[bytes, bytes] | None]) -> dict[str, PageFigure]:
    return {plan.name: PageFigure(*files) for plan, files in zip(plans, drawn, strict=True) if files is not None}
