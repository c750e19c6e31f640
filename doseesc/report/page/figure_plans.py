"""Which figures the report saves, and how each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from doseesc.conduct import DecisionTable, decision_letters, trial_of
from doseesc.engines import pathways
from doseesc.report.figures import (
    arms_figure,
    assurance_figure,
    calendar_figure,
    distribution_figure,
    duration_figure,
    efficiency_figure,
    observation_figure,
    pathways_figure,
    posterior_figure,
    power_figure,
    safety_figure,
    selection_figure,
    table_figure,
    truth_figure,
)
from doseesc.report.page.design_charts import as_counted
from doseesc.report.words import design_times, recommendation, true_mtd_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.planning import Phase2Answers, PowerCurves
    from doseesc.results import Results, SavedRun
    from doseesc.runs import TimedTrial
    from doseesc.study import Study

_COHORTS = 3
_PANELS = 4


@dataclass(frozen=True)
class Plan:
    """A figure to be drawn.

    Attributes
    ----------
    name : str
        Of its files.
    draw : function
        Of no argument; returns None where the results do not hold the figure.
    """

    name: str
    draw: Callable[[], Figure | None]


def figure_plans(saved: SavedRun, typical: str) -> list[Plan]:
    """Return the figures of a run, but those of Phase 2 and of the calendar.

    Parameters
    ----------
    saved : SavedRun
    typical : str
        The scenario whose probabilities the trees of pathways show.
    """
    results, study = saved.results, saved.results.study
    plans = [
        Plan("truths", partial(truth_figure, results)),
        Plan("selection", partial(selection_figure, results)),
        Plan("safety", partial(safety_figure, results)),
        Plan("distribution", partial(distribution_figure, results)),
        Plan("efficiency", partial(efficiency_figure, results)),
        Plan("arms", partial(arms_figure, results)),
        Plan("observation", partial(observation_figure, results)),
    ]
    if results.times:
        plans.append(Plan("durations", partial(duration_figure, results)))
    if saved.fit is not None:
        plans.append(Plan("posterior", partial(posterior_figure, saved.fit)))
    for place, name in enumerate(study.designs, start=1):
        plans.append(Plan(f"decisions_{place}", partial(_decisions, results, name)))
        plans.append(Plan(f"pathways_{place}", partial(_pathways, results, name, typical)))
    return plans


def designs_on_calendar(results: Results) -> list[str]:
    """Return the designs drawn on the calendar: the recommended one, the quickest, the slowest, and then in order."""
    times = sorted(design_times(results), key=lambda each: each.median)
    first = [recommendation(results).design, times[0].design, times[-1].design]
    return list(dict.fromkeys([*first, *results.study.designs]))[:_PANELS]


def calendar_plans(results: Results, trials: Sequence[TimedTrial]) -> list[Plan]:
    """Return the figure of trials on the calendar; nothing where there are none."""
    return [Plan("calendar", partial(calendar_figure, trials, results.study.dose_labels))] if trials else []


def phase2_plans(answers: Phase2Answers, curves: PowerCurves) -> list[Plan]:
    """Return the figures of the Phase 2 trial."""
    study = answers.study
    assurance = partial(assurance_figure, answers.programme, study.dose_labels, true_mtds=_true_mtds(study))
    return [Plan("power", partial(power_figure, curves)), Plan("assurance", assurance)]


def _true_mtds(study: Study) -> dict[str, str]:
    return {scenario: true_mtd_words(study, truth) for scenario, truth in study.truths.items()}


def _decisions(results: Results, design: str) -> Figure | None:
    trial = trial_of(results.study, design)
    cells = decision_letters(trial.design)
    return None if cells is None else table_figure(DecisionTable(trial, cells))


def _pathways(results: Results, design: str, typical: str) -> Figure | None:
    study = results.study
    truths = {typical: as_counted(results, study.truths[typical])}
    for cohorts in range(_COHORTS, 0, -1):
        try:
            return pathways_figure(pathways(study.designs[design], cohorts), truths, study.dose_labels)
        except ValueError:
            continue  # too many rows to be read: look one cohort less ahead
    return None
