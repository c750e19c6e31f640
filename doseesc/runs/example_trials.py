"""Example trials told cohort by cohort: simulated trials of the run, chosen by stated quantiles.

They are trials of the simulation itself: its first block of patients is drawn again from the seed, so that trial 17
here is trial 17 there.  Of a scenario's trials, put in order of DLTs counted, then of patients, then of their number,
those at stated quantiles are told.  Where the study says how patients are observed, they are trials as its first
observation model shows them: with deaths, background events and patients replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs import Design, Reason
from doseesc.conduct import trial_of
from doseesc.engines import BLOCK, DecisionGraph, ObservedBlock, TrialBlock, play, play_observed
from doseesc.runs.cohort_story import CohortStory, Enrolled, PatientRow

if TYPE_CHECKING:
    from designs.arrays import FloatArray
    from doseesc.results import Results

_QUANTILES = (0.1, 0.5, 0.9)
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Step:
    """One cohort: ``dlts`` of ``patients`` at ``dose``, and what was decided then.

    ``story`` says what else happened, as for :class:`doseesc.runs.cohort_story.CohortStory`.
    """

    cohort: int
    dose: str
    patients: int
    dlts: int
    story: CohortStory
    decision: str
    reason: str


@dataclass(frozen=True)
class ExampleTrial:
    """A simulated trial.

    Attributes
    ----------
    scenario : str
    quantile : float
        Its place among the scenario's trials in order of DLTs.
    number : int
        The trial's number in the simulation, from 1.
    of : int
        Trials among which it was chosen.
    steps : tuple of Step
    outcome : str
        The MTD selected, in words.
    """

    scenario: str
    quantile: float
    number: int
    of: int
    steps: tuple[Step, ...]
    outcome: str


def example_trials(results: Results, design: str) -> list[ExampleTrial]:
    """Return up to five trials of a design.

    Three of the scenario whose true MTD lies nearest the middle of the doses, at the 10, 50 and 90 % quantile, and the
    median trials of the least and the most toxic scenario.
    """
    study = results.study
    mean = {scenario: float(truth.mean()) for scenario, truth in study.truths.items()}
    wanted = [(min(mean, key=mean.__getitem__), 0.5)]
    wanted += [(typical_scenario(results), quantile) for quantile in _QUANTILES]
    wanted += [(max(mean, key=mean.__getitem__), 0.5)]
    patients = max([study.max_n, *(each.max_n for each in study.designs.values())])
    block = TrialBlock.draw(results.seed, 0, patients, min(results.n_trials, BLOCK))
    observed = None
    if study.own_model is not None:
        observed = ObservedBlock(study.own_model, results.seed)
        observed.begin(block, 0)
    graph = DecisionGraph(study.designs[design])
    found = []
    for scenario, quantile in dict.fromkeys(wanted):
        truth = study.truths[scenario]
        end = play(graph, truth, block) if observed is None else play_observed(graph, truth, observed)[0]
        order = np.lexsort((np.arange(len(end)), graph.tally.total_n[end], graph.tally.total_dlt[end]))
        trial = int(order[min(int(quantile * len(end)), len(end) - 1)])
        row = PatientRow(block.latent[:, trial], observed, trial)
        steps, outcome = _told(results, design, study.designs[design], truth, row)
        found.append(ExampleTrial(scenario, quantile, trial + 1, len(end), steps, outcome))
    return found


def typical_scenario(results: Results) -> str:
    """Return the scenario whose true MTD lies nearest the middle of the doses."""
    study = results.study
    middle = (study.n_doses + 1) / 2
    return min(study.truths, key=lambda each: abs(study.true_mtd(study.truths[each]) - middle))


def _told(
    results: Results, name: str, design: Design, truth: FloatArray, row: PatientRow
) -> tuple[tuple[Step, ...], str]:
    doses = trial_of(results.study, name).doses
    tally = DecisionGraph(design).tally
    decision = design.decide(tally)
    steps: list[Step] = []
    while decision.level[0] > 0:
        level, size = int(decision.level[0]), int(decision.cohort_size[0])
        enrolled: list[Enrolled] = []
        for _ in range(size):
            enrolled += row.next_evaluable(float(truth[level - 1]))
        dlts = sum(each.counted for each in enrolled)
        tally = tally.after(decision.level, decision.cohort_size, np.array([dlts]))
        decision = design.decide(tally)
        after = int(decision.level[0])
        going = "stop" if after == 0 else f"{_VERBS[int(np.sign(after - level))]} {doses.name(after)}"
        reason = design.why(Reason(int(decision.reason_code[0])), tally, after).removeprefix("Stop: ")
        reason = reason[0].upper() + reason[1:]
        story = CohortStory.of(enrolled)
        steps.append(Step(len(steps) + 1, doses.name(level), size, dlts, story, going, reason))
    selected = int(design.select(tally)[0])
    if not selected:
        return tuple(steps), "no dose selected"
    n, dlt = int(tally.n[0, selected - 1]), int(tally.dlt[0, selected - 1])
    if selected == results.study.n_doses and dlt <= results.study.target * n + _ROUNDING:
        return tuple(
            steps
        ), f"highest dose tested: {doses.words(selected)}; no toxicity bounds it, so it is not called an MTD"
    untried = "" if n else ", at which nobody was treated"
    return tuple(steps), f"MTD: {doses.words(selected)}{untried}"


_VERBS = ("stay at", "escalate to", "de-escalate to")  # by the sign of the step, the last for -1
