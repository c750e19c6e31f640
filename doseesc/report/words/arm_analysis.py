"""The analysis of the Phase 2 arms summed up over the scenarios, and what it assumes in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from doseesc.results import ArmFigures
from doseesc.wording import percent_words

if TYPE_CHECKING:
    from doseesc.results import Results
    from doseesc.study import Study


@dataclass(frozen=True)
class ArmKnowledge:
    """One arm of a design over all scenarios: a trial under one of them, each as likely, that opens Phase 2.

    Attributes
    ----------
    arm, design : str
    coverage, rmse : float
    false_alarm, missed : float
        NaN where the arm is never safe, or never unsafe.
    worst_coverage, worst_scenario : float, str
        The smallest coverage in one scenario, and which.
    lowest_bias, highest_bias : float
        The smallest and the largest bias in one scenario.
    """

    arm: str
    design: str
    coverage: float
    rmse: float
    false_alarm: float
    missed: float
    worst_coverage: float
    worst_scenario: str
    lowest_bias: float
    highest_bias: float


def best_figures(results: Results) -> list[ArmFigures]:
    """Return the exact figures where there are any, else the simulated ones."""
    exact = {(each.scenario, each.design) for each in results.arm_analysis if each.method == "exact"}
    return [
        each for each in results.arm_analysis if each.method == "exact" or (each.scenario, each.design) not in exact
    ]


def arm_knowledge(results: Results) -> list[ArmKnowledge]:
    """Summarise the analysis over the scenarios, by arm and design; designs that never open Phase 2 are left out."""
    groups: dict[tuple[str, str], list[ArmFigures]] = {
        (arm.name, design): [] for arm in results.study.phase2_arms for design in results.study.names
    }
    for each in best_figures(results):
        if each.probability[0] > 0:
            groups[each.arm, each.design].append(each)
    return [_summarise(arm, design, found) for (arm, design), found in groups.items() if found]


def _summarise(arm: str, design: str, figures: list[ArmFigures]) -> ArmKnowledge:
    opens = np.array([each.probability[0] for each in figures])
    unsafe = opens * np.array([each.unsafe[0] for each in figures])

    def mean(values: list[float], weight: FloatArray) -> float:
        met = ~np.isnan(values)
        return float(weight[met] @ np.array(values)[met] / weight[met].sum()) if met.any() else float("nan")

    coverage = [float(each.coverage[0]) for each in figures]
    bias = [float(each.bias[0]) for each in figures]
    return ArmKnowledge(
        arm=arm,
        design=design,
        coverage=mean(coverage, opens),
        rmse=float(np.sqrt(mean([float(each.rmse[0]) ** 2 for each in figures], opens))),
        false_alarm=mean([float(each.false_alarm[0]) for each in figures], opens - unsafe),
        missed=mean([float(each.missed[0]) for each in figures], unsafe),
        worst_coverage=min(coverage),
        worst_scenario=figures[int(np.argmin(coverage))].scenario,
        lowest_bias=min(bias),
        highest_bias=max(bias),
    )


def model_words(study: Study) -> str:
    """Say what the analysis is, and what of it is assumed."""
    given = study.arm_analysis
    model = given.model(study.doses.amounts)
    means = [f"{value:.3g}" for value in model.mean]
    words = (
        f"posterior given the final tally, for every design: logit P(DLT) = a + exp(b) log(dose / {model.reference:g}),"
        f" prior a ~ N({means[0]}, sd {model.sd[0]:g}), b ~ N({means[1]}, sd {model.sd[1]:g})"
    )
    if model.correlation:
        words += f", correlation {model.correlation:g}"
    whole = set(given.assumed) >= {"prior_mean", "prior_sd", "prior_correlation", "reference"}
    words += " (assumed by this project)" if whole else " (as the scenario file gives it)"
    if model.floor:
        words += f"; a background of {percent_words(model.floor)} is taken for known"
    elif study.observation:
        words += "; every DLT counted is taken for the drug's, but the truth is the drug's own"
    return words


def rule_words(study: Study) -> str:
    """Say what makes an arm unsafe, and when the analysis calls it so."""
    limit = percent_words(study.unsafe_above)
    return (
        f"Unsafe: the true P(DLT) is above {limit}; called so where the posterior probability of that is above "
        f"{percent_words(study.arm_analysis.unsafe_confidence)}."
    )
