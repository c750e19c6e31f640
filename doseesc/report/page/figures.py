"""The report's figures: drawn in two processes, each as SVG for the page and as PNG for slides."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from doseesc.parallel import begin
from doseesc.planning import Phase2Answers, PowerCurves, answer, power_curves
from doseesc.report.figures import figure_bytes
from doseesc.report.page.figure_plans import Plan, figure_plans, phase2_plans

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
    """A figure of the page.

    Attributes
    ----------
    name : str
        Also the name of its files.
    caption, alt, how_to_read : str
    svg, png : bytes
    """

    name: str
    caption: str
    alt: str
    how_to_read: str
    svg: bytes
    png: bytes

    @property
    def uri(self) -> str:
        """The SVG as a data URI."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")

    @property
    def width(self) -> int:
        """Width in CSS pixels, from the SVG's own in points."""
        found = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', self.svg)
        return round(float(found.group(1)) * 96 / 72) if found else 710


@dataclass(frozen=True)
class Drawn:
    """All figures by name, and what was simulated of Phase 2 for some of them."""

    figures: dict[str, PageFigure]
    phase2: Phase2Answers | None


def page_figures(saved: SavedRun, typical: str) -> Drawn:
    """Draw all figures that the results allow, half of the work in a second process.

    Parameters
    ----------
    saved : SavedRun
    typical : str
        The scenario whose probabilities the trees of pathways show.
    """
    plans = figure_plans(saved, typical)
    head_start = _PHASE_2 if saved.results.study.phase2 else _SECOND_PROCESS
    here = min(len(plans), (len(plans) + head_start + 1) // 2)
    elsewhere = begin(partial(_elsewhere, saved.results, plans[here:]))
    drawn = [_drawn(plan.draw) for plan in plans[:here]]
    phase2, more, others = elsewhere()
    return Drawn(_named(plans, drawn + others) | more, phase2)


def _elsewhere(
    results: Results, plans: list[Plan]
) -> tuple[Phase2Answers | None, dict[str, PageFigure], list[tuple[bytes, bytes] | None]]:
    phase2, more = _phase2(results)
    return phase2, more, [_drawn(plan.draw) for plan in plans]


def _drawn(draw: Callable[[], Figure | None]) -> tuple[bytes, bytes] | None:
    figure = draw()
    return None if figure is None else (figure_bytes(figure, "svg"), figure_bytes(figure, "png"))


def _phase2(results: Results) -> tuple[Phase2Answers | None, dict[str, PageFigure]]:
    if results.study.phase2 is None:
        return None, {}
    answers, curves = phase2_on_page(results)
    plans = phase2_plans(answers, curves)
    return answers, _named(plans, [_drawn(plan.draw) for plan in plans])


def phase2_on_page(results: Results) -> tuple[Phase2Answers, PowerCurves]:
    """Simulate the Phase 2 trial that the study describes."""
    answers = answer(results.study, assurance=True, phase1=results, totals=False, seed=results.seed)
    return answers, power_curves(answers.plan, trials=CURVE_TRIALS, seed=results.seed)


def _named(plans: list[Plan], drawn: list[tuple[bytes, bytes] | None]) -> dict[str, PageFigure]:
    return {
        plan.name: PageFigure(plan.name, plan.caption, plan.alt, plan.how_to_read, *files)
        for plan, files in zip(plans, drawn, strict=True)
        if files is not None
    }
