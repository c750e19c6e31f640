"""Example trials told cohort by cohort: simulated trials of the run, chosen by stated quantiles.

They are trials of the simulation itself: its first block of patients is drawn again from the seed, so that trial 17
here is trial 17 there.  Of a scenario's trials, put in order of DLTs, then of patients, then of their number, those at
stated quantiles are told.  Every patient is evaluable, and only the drug causes DLTs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs import Design, Reason
from doseesc.graph import DecisionGraph
from doseesc.montecarlo import BLOCK, TrialBlock, play
from doseesc.trial import trial_of

if TYPE_CHECKING:
    from doseesc.results import Results
    from doseesc.truth import FloatArray

_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Step:
    """One cohort: ``dlts`` of ``patients`` at ``dose``, and what was decided then."""

    cohort: int
    dose: str
    patients: int
    dlts: int
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
    middle = (study.n_doses + 1) / 2
    typical = min(study.truths, key=lambda each: abs(study.true_mtd(study.truths[each]) - middle))
    wanted = [(min(mean, key=mean.__getitem__), 0.5)]
    wanted += [(typical, quantile) for quantile in _QUANTILES]
    wanted += [(max(mean, key=mean.__getitem__), 0.5)]
    patients = max([study.max_n, *(each.max_n for each in study.designs.values())])
    block = TrialBlock.draw(results.seed, 0, patients, min(results.n_trials, BLOCK))
    graph = DecisionGraph(study.designs[design])
    found = []
    for scenario, quantile in dict.fromkeys(wanted):
        truth = study.truths[scenario]
        end = play(graph, truth, block)
        order = np.lexsort((np.arange(len(end)), graph.tally.total_n[end], graph.tally.total_dlt[end]))
        trial = int(order[min(int(quantile * len(end)), len(end) - 1)])
        steps, outcome = _told(results, design, study.designs[design], truth, block.latent[:, trial])
        found.append(ExampleTrial(scenario, quantile, trial + 1, len(end), steps, outcome))
    return found


def _told(
    results: Results, name: str, design: Design, truth: FloatArray, latent: FloatArray
) -> tuple[tuple[Step, ...], str]:
    doses = trial_of(results.study, name).doses
    graph = DecisionGraph(design)
    tally = graph.tally
    decision = design.decide(tally)
    steps: list[Step] = []
    used = 0
    while decision.level[0] > 0:
        level, size = int(decision.level[0]), int(decision.cohort_size[0])
        dlts = int((latent[used : used + size] < truth[level - 1]).sum())
        used += size
        tally = tally.after(decision.level, decision.cohort_size, np.array([dlts]))
        decision = design.decide(tally)
        after = int(decision.level[0])
        going = "stop" if after == 0 else f"{_VERBS[int(np.sign(after - level))]} {doses.name(after)}"
        reason = Reason(int(decision.reason_code[0])).sentence.removeprefix("Stop: ")
        reason = reason[0].upper() + reason[1:]
        steps.append(Step(len(steps) + 1, doses.name(level), size, dlts, going, reason))
    selected = int(design.select(tally)[0])
    return tuple(steps), f"MTD: {doses.words(selected)}" if selected else "no dose selected"


_VERBS = ("stay at", "escalate to", "de-escalate to")  # by the sign of the step, the last for -1
