"""Which figures the report has: how each is drawn, what it is called, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from doseesc.conduct import DecisionTable, decision_letters, trial_of
from doseesc.engines import pathways
from doseesc.report.figures import (
    MANY,
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
from doseesc.report.words import (
    calendar_legend,
    design_times,
    durations_legend,
    recommendation,
)
from doseesc.runs import timed_trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from designs.arrays import FloatArray
    from doseesc.planning import Phase2Answers, PowerCurves
    from doseesc.results import Results, SavedRun
    from doseesc.study import Study

_COHORTS = 3
_PANELS = 4
_ERRORS = " Lines at the ends reach two Monte Carlo standard errors either way."


@dataclass(frozen=True)
class Plan:
    """A figure to be drawn.

    Attributes
    ----------
    name : str
        Also the name of its files.
    draw : function
        Of no argument; returns None where the results do not hold the figure.
    caption, alt, how_to_read : str
    """

    name: str
    draw: Callable[[], Figure | None]
    caption: str
    alt: str
    how_to_read: str


def figure_plans(saved: SavedRun, typical: str) -> list[Plan]:
    """Return the figures of a run.

    Parameters
    ----------
    saved : SavedRun
    typical : str
        The scenario whose probabilities the trees of pathways show.
    """
    results, study = saved.results, saved.results.study
    scenarios, designs = ", ".join(study.truths), ", ".join(study.designs)
    simulated = any(cell.simulated is not None for cell in results.cells.values())
    errors = _ERRORS if simulated else ""
    plans = [
        Plan(
            "truths",
            partial(truth_figure, results),
            "What is assumed to be true: DLT probability by dose",
            f"One panel for each of the scenarios {scenarios}: true DLT probability over the dose, the target as a "
            "dashed line in a grey band, the true MTD as a star. The numbers are in the table of assumed truths.",
            "Dots are the doses, light to dark; the star is the true MTD. Where a diamond is drawn, an arm of Phase 2 "
            "would get a dose that no Phase 1 patient got.",
        ),
        Plan(
            "selection",
            partial(selection_figure, results),
            "Which dose is selected as the MTD",
            f"One panel for each of the scenarios {scenarios}: the probability that {designs} select each dose or "
            "none. The numbers are in the table of selection.",
            selection_words(results),
        ),
        Plan(
            "safety",
            partial(safety_figure, results),
            "Patients treated, and those treated above the true MTD",
            f"Bars of expected patients for {designs} in the scenarios {scenarios}, the part above the true MTD in "
            "black. The numbers are in the table of patients and DLTs.",
            f"The shorter the black part the safer. ★ is the true MTD; where it is none, every dose is too "
            f"much.{errors}",
        ),
        Plan(
            "distribution",
            partial(distribution_figure, results),
            "How patients and DLTs vary from trial to trial",
            f"Lines from the 5 to the 95 % quantile, with median and mean, of patients and of DLTs per trial for "
            f"{designs} in each scenario. The numbers are in the table of patients and DLTs.",
            "Nine trials in ten lie on the line; the marker is the median, the stroke the mean.",
        ),
        Plan(
            "efficiency",
            partial(efficiency_figure, results),
            "Correct selection relative to the optimal benchmark",
            f"Points for {designs} in every scenario that has a true MTD. The numbers are in the table of selection.",
            "At 100 % (the line) a design does as well as if every patient's response to every dose were known. More "
            f"is possible where a design leans towards the right dose.{errors}",
        ),
        Plan(
            "arms",
            partial(arms_figure, results),
            "The doses that Phase 2 gets",
            f"Stacked bars for each scenario and design: how often each active arm gets which dose. {scenarios}; "
            f"{designs}. The numbers are in the table of what Phase 1 hands to Phase 2.",
            "Numbers are doses; hatched ones were not tested in Phase 1; white: no MTD, so no Phase 2. ★ is the true "
            "MTD.",
        ),
        Plan(
            "observation",
            partial(observation_figure, results),
            "The price of events that the drug did not cause",
            f"Points for {designs} by observation model: mean correct selection and mean probability that no dose is "
            "selected. The numbers are in the table below.",
            "Means over all scenarios. The first row is the drug alone; what others lose against it is the price of "
            "counting events that the drug did not cause. Simulated means carry lines of two Monte Carlo standard "
            "errors either way, at most.",
        ),
    ]
    if results.times:
        plans += _time_plans(results, typical)
    if saved.fit is not None:
        plans.append(
            Plan(
                "posterior",
                partial(posterior_figure, saved.fit),
                "The posterior DLT probability over the dose",
                "The posterior mean with its 90 % band over the dose, the doses and the arms of Phase 2 with 90 % "
                "intervals, the target as a dashed line. The numbers are in the table of the posterior.",
                "The band is wide where few patients were treated. Crosses are the rates observed, with DLTs and "
                "patients; diamonds are arms of Phase 2.",
            )
        )
    for place, name in enumerate(study.designs, start=1):
        plans += _design_plans(results, name, place, typical)
    return plans


def _time_plans(results: Results, typical: str) -> list[Plan]:
    designs = _on_the_picture(results)
    study = results.study
    observed = study.own_model is not None
    also = ", deaths and losses" if observed else ""
    return [
        Plan(
            "durations",
            partial(duration_figure, results),
            "How long trials take",
            f"Lines from the 5 to the 95 % quantile of the duration in months, thick from 25 to 75 %, with median and "
            f"mean, for {', '.join(study.designs)} in the scenarios {', '.join(study.truths)}. The numbers are in the "
            "table of time.",
            durations_legend(results),
        ),
        Plan(
            "calendar",
            partial(_calendar, results, designs, typical),
            f"A trial on the calendar, in scenario {typical}",
            f"One panel for each of {', '.join(designs)}: patients as bars in the order of their first doses, over "
            f"months, shaded by dose, with DLTs{also} and changes of dose, and waiting shaded. It shows one trial; the "
            "numbers over all of them are in the table of time.",
            f"The same patients would have come in every panel. {calendar_legend(observed)} The trial is the one in "
            f"which {designs[0]} takes a median time.",
        ),
    ]


def _on_the_picture(results: Results) -> list[str]:
    """Return the designs drawn on the calendar: the recommended one, the quickest, the slowest, and then in order."""
    times = sorted(design_times(results), key=lambda each: each.median)
    first = [recommendation(results).design, times[0].design, times[-1].design]
    return list(dict.fromkeys([*first, *results.study.designs]))[:_PANELS]


def _calendar(results: Results, designs: list[str], scenario: str) -> Figure | None:
    return calendar_figure(timed_trials(results, designs, scenario), results.study.dose_labels)


def phase2_plans(answers: Phase2Answers, curves: PowerCurves) -> list[Plan]:
    """Return the figures of the Phase 2 trial."""
    study, arms = answers.study, ", ".join(arm.name for arm in answers.plan.active)
    return [
        Plan(
            "power",
            partial(power_figure, curves),
            "Power of the Phase 2 trial",
            f"Two panels of curves for {arms} and for at least one of them: the chance of showing sooner improvement "
            "over the number of patients in the control arm, and over the hazard ratio at the highest dosage.",
            "The higher the better; the grey line is 80 %. Left: other numbers of patients, with the effect assumed. "
            "Right: other effects, with the patients planned; at a ratio of 1 the drug does nothing, so that the curve "
            f"is the type I error. Bands: 95 % Monte Carlo, {curves.by_size[0][1].tally.trials:,} trials each.",
        ),
        Plan(
            "assurance",
            partial(assurance_figure, answers.programme, study.dose_labels, true_mtds=_true_mtds(study)),
            "Assurance: how likely Phase 1 and Phase 2 together succeed",
            f"One panel per scenario, one bar per design ({', '.join(study.designs)}): the chance of success, "
            "split by the MTD that Phase 1 declares. The numbers are in the table of assurance.",
            "The higher the bar the likelier success; its parts are the MTDs declared, light to dark; the diamond "
            "counts only success with a dosage that is not too toxic. ★ is the true MTD. Lines reach two Monte Carlo "
            "standard errors either way.",
        ),
    ]


def _true_mtds(study: Study) -> dict[str, str]:
    labels = ("none", *study.dose_labels)
    return {scenario: labels[study.true_mtd(truth)] for scenario, truth in study.truths.items()}


def selection_words(results: Results) -> str:
    """Say how the figure of selection is read."""
    if len(results.study.designs) > MANY:
        return (
            "Each cell is the share of trials in %, darker for more; the frame and ★ mark the true MTD: the more in it "
            "the better, and whatever is to its right is an overdose. Standard errors are in the table of selection."
        )
    simulated = any(cell.simulated is not None for cell in results.cells.values())
    benchmark = " Diamonds: the optimal benchmark." if results.benchmark else ""
    return (
        "The grey column holds the true MTD (★): the higher the bars there the better; bars to its right are "
        f"overdoses.{benchmark}{_ERRORS if simulated else ''}"
    )


def _design_plans(results: Results, name: str, place: int, typical: str) -> list[Plan]:
    own = next(iter(results.study.observations), None)
    observed = "" if own is None else f", DLTs counted as with {own}"
    return [
        Plan(
            f"decisions_{place}",
            partial(_decisions, results, name),
            f"{name}: decision table",
            f"Heat-map of the decisions of {name} by patients and DLTs at the current dose, with one letter each.",
            "Find the column of patients treated at the current dose and the row of DLTs among them: the letter says "
            "what follows.",
        ),
        Plan(
            f"pathways_{place}",
            partial(_pathways, results, name, typical),
            f"{name}: every path of the first cohorts",
            f"Tree of the decisions of {name} over the first cohorts, by the DLTs of each, with their probabilities in "
            f"scenario {typical}.",
            "Follow the DLTs of each cohort from left to right; the box is the dose of the next cohort. At the right, "
            f"the probability of each path in {typical}{observed}.",
        ),
    ]


def _decisions(results: Results, design: str) -> Figure | None:
    trial = trial_of(results.study, design)
    cells = decision_letters(trial.design)
    return None if cells is None else table_figure(DecisionTable(trial, cells))


def _as_counted(results: Results, truth: FloatArray) -> FloatArray:
    """Return the probability that an evaluable patient is counted as a DLT, which is what a design meets."""
    own = next(iter(results.study.observations.values()), None)
    return truth if own is None else own.law(truth).observed_dlt


def _pathways(results: Results, design: str, typical: str) -> Figure | None:
    study = results.study
    truths = {typical: _as_counted(results, study.truths[typical])}
    for cohorts in range(_COHORTS, 0, -1):
        try:
            return pathways_figure(pathways(study.designs[design], cohorts), truths, study.dose_labels)
        except ValueError:
            continue  # too many rows to be read: look one cohort less ahead
    return None
