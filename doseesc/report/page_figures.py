"""The report's figures: drawn in several processes, each as SVG for the page and as PNG for slides."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from doseesc.report.characteristics_figures import (
    distribution_figure,
    efficiency_figure,
    safety_figure,
    selection_figure,
)
from doseesc.report.dose_figures import arms_figure, table_figure, truth_figure
from doseesc.report.figure_style import figure_bytes
from doseesc.report.observation_figure import observation_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.results import Results
    from doseesc.saved import SavedRun

_COHORTS = 3


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
class _Plan:
    name: str
    draw: Callable[[], Figure | None]
    caption: str
    alt: str
    how_to_read: str


def page_figures(saved: SavedRun, typical: str) -> dict[str, PageFigure]:
    """Draw all figures that the results allow, by name.

    Parameters
    ----------
    saved : SavedRun
    typical : str
        The scenario whose probabilities the trees of pathways show.
    """
    from joblib import Parallel, delayed

    plans = _plans(saved, typical)
    workers = max(1, min(4, os.cpu_count() or 1, len(plans)))
    drawn = Parallel(n_jobs=workers)(delayed(_drawn)(plan.draw) for plan in plans)
    return {
        plan.name: PageFigure(plan.name, plan.caption, plan.alt, plan.how_to_read, *files)
        for plan, files in zip(plans, drawn, strict=True)
        if files is not None
    }


def _drawn(draw: Callable[[], Figure | None]) -> tuple[bytes, bytes] | None:
    figure = draw()
    return None if figure is None else (figure_bytes(figure, "svg"), figure_bytes(figure, "png"))


def _plans(saved: SavedRun, typical: str) -> list[_Plan]:
    results, study = saved.results, saved.results.study
    scenarios, designs = ", ".join(study.truths), ", ".join(study.designs)
    simulated = any(cell.simulated is not None for cell in results.cells.values())
    errors = " Lines at the ends reach two Monte Carlo standard errors either way." if simulated else ""
    plans = [
        _Plan(
            "truths",
            partial(truth_figure, results),
            "What is assumed to be true: DLT probability by dose",
            f"One panel for each of the scenarios {scenarios}: true DLT probability over the dose, the target as a "
            f"dashed "
            "line in a grey band, the true MTD as a star. The numbers are in the table of assumed truths.",
            "Dots are the doses, light to dark; the star is the true MTD. Where a diamond is drawn, an arm of Phase 2 "
            "would get a dose that no Phase 1 patient got.",
        ),
        _Plan(
            "selection",
            partial(selection_figure, results),
            "Which dose is selected as the MTD",
            f"One panel for each of the scenarios {scenarios}: bars of the probability that {designs} select each "
            f"dose or "
            "none. The numbers are in the table of selection.",
            "The grey column holds the true MTD (★): the higher the bars there the better; bars to its right are "
            f"overdoses. Diamonds: the optimal benchmark.{errors}",
        ),
        _Plan(
            "safety",
            partial(safety_figure, results),
            "Patients treated, and those treated above the true MTD",
            f"Bars of expected patients for {designs} in the scenarios {scenarios}, the part above the true MTD in "
            f"black. "
            "The numbers are in the table of patients and DLTs.",
            f"The shorter the black part the safer. ★ is the true MTD; where it is none, every dose is too "
            f"much.{errors}",
        ),
        _Plan(
            "distribution",
            partial(distribution_figure, results),
            "How patients and DLTs vary from trial to trial",
            f"Lines from the 5 to the 95 % quantile, with median and mean, of patients and of DLTs per trial for "
            f"{designs} "
            "in each scenario. The numbers are in the table of patients and DLTs.",
            "Nine trials in ten lie on the line; the marker is the median, the stroke the mean.",
        ),
        _Plan(
            "efficiency",
            partial(efficiency_figure, results),
            "Correct selection relative to the optimal benchmark",
            f"Points for {designs} in every scenario that has a true MTD. The numbers are in the table of selection.",
            "At 100 % (the line) a design does as well as if every patient's response to every dose were known. More "
            "is "
            f"possible where a design leans towards the right dose.{errors}",
        ),
        _Plan(
            "arms",
            partial(arms_figure, results),
            "The doses that Phase 2 gets",
            f"Stacked bars for each scenario and design: how often each active arm gets which dose. {scenarios}; "
            f"{designs}. The numbers are in the table of what Phase 1 hands to Phase 2.",
            "Numbers are doses; hatched ones were not tested in Phase 1; white: no MTD, so no Phase 2.",
        ),
    ]
    plans.append(
        _Plan(
            "observation",
            partial(observation_figure, saved.document),
            "The price of events that the drug did not cause",
            f"Points for {designs} by observation model: mean correct selection and mean probability that no dose is "
            "selected. The numbers are in the table below.",
            "Means over all scenarios. The first row is the drug alone; what others lose against it is the price of "
            "counting events that the drug did not cause.",
        )
    )
    for place, name in enumerate(study.designs, start=1):
        plans.append(
            _Plan(
                f"decisions_{place}",
                partial(_decisions, results, name),
                f"{name}: decision table",
                f"Heat-map of the decisions of {name} by patients and DLTs at the current dose, with one letter each.",
                "Find the column of patients treated at the current dose and the row of DLTs among them: the letter "
                "says "
                "what follows.",
            )
        )
        plans.append(
            _Plan(
                f"pathways_{place}",
                partial(_pathways, results, name, typical),
                f"{name}: every path of the first cohorts",
                f"Tree of the decisions of {name} over the first cohorts, by the DLTs of each, with their "
                f"probabilities "
                f"in scenario {typical}.",
                "Follow the DLTs of each cohort from left to right; the box is the dose of the next cohort.",
            )
        )
    return plans


def _decisions(results: Results, design: str) -> Figure | None:
    from doseesc.letter_table import LetterTable, letters
    from doseesc.trial import trial_of

    trial = trial_of(results.study, design)
    cells = letters(trial.design)
    return None if cells is None else table_figure(LetterTable(trial, cells))


def _pathways(results: Results, design: str, typical: str) -> Figure | None:
    from doseesc.pathways import pathways
    from doseesc.report.pathways_figure import pathways_figure

    study = results.study
    truths = {typical: study.truths[typical]}
    for cohorts in range(_COHORTS, 0, -1):
        try:
            return pathways_figure(pathways(study.designs[design], cohorts), truths, study.dose_labels)
        except ValueError:
            continue  # too many rows to be read: look one cohort less ahead
    return None
