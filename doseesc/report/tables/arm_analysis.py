"""The analysis of the Phase 2 arms: how well Phase 1 knows their DLT probabilities, for the terminal and the report."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from designs.arrays import FloatArray
from doseesc.report.tables.characteristics import PageTable, Value
from doseesc.report.terminal.lines import WIDTH, Cell, fit, line
from doseesc.results.arm_figures import ArmFigures
from doseesc.results.arms import unsafe_limit
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.results.results import Results
    from doseesc.study.study import Study


_LONGEST = 14  # columns of a name
_PAGE_FIGURES = (
    *("probability", "dlt_probability", "estimate", "bias", "rmse"),
    *("coverage", "width", "false_alarm", "missed"),
)


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
        (arm.name, design): [] for arm in results.study.phase2_arms for design in results.study.designs
    }
    for each in best_figures(results):
        if each.probability[0] > 0:
            groups[each.arm, each.design].append(each)
    return [_summarise(arm, design, found) for (arm, design), found in groups.items() if found]


def _summarise(arm: str, design: str, found: list[ArmFigures]) -> ArmKnowledge:
    opens = np.array([each.probability[0] for each in found])
    unsafe = opens * np.array([each.unsafe[0] for each in found])

    def mean(values: list[float], weight: FloatArray) -> float:
        met = ~np.isnan(values)
        return float(weight[met] @ np.array(values)[met] / weight[met].sum()) if met.any() else float("nan")

    coverage = [float(each.coverage[0]) for each in found]
    bias = [float(each.bias[0]) for each in found]
    return ArmKnowledge(
        arm=arm,
        design=design,
        coverage=mean(coverage, opens),
        rmse=float(np.sqrt(mean([float(each.rmse[0]) ** 2 for each in found], opens))),
        false_alarm=mean([float(each.false_alarm[0]) for each in found], opens - unsafe),
        missed=mean([float(each.missed[0]) for each in found], unsafe),
        worst_coverage=min(coverage),
        worst_scenario=found[int(np.argmin(coverage))].scenario,
        lowest_bias=min(bias),
        highest_bias=max(bias),
    )


def arm_analysis_lines(results: Results) -> list[Text]:
    """Return the lines about the analysis of the arms; none for a study without active arms."""
    found = arm_knowledge(results)
    if not found:
        return []
    study = results.study
    names = [min(max(len(plain_words(word)) for word in words), _LONGEST) + 2 for words in _names(results)]
    widths = [names[0] + 2, names[1], 7, 19, 18, 9, 10, 8]
    interval = f"{percent_words(study.arm_analysis.credibility)} interval"
    count = len(study.truths)
    scenarios = "the one scenario" if count == 1 else f"all {count} scenarios"
    title = f"What the data of Phase 1 say of P(DLT) in its arms, {scenarios}"
    over = line(["", "", interval + " covers", "mean less truth,", "RMSE,", "called unsafe, %"], _over(widths))
    under = line(["", "", "%", "lowest", "points", "points", "if safe", "if not"], widths)
    lines = [Text(title, "bold"), over, under]
    before = None
    for each in found:
        name = "" if each.arm == before else fit(plain_words(each.arm), _LONGEST)
        before = each.arm
        cells: list[Cell | str] = [
            Cell(f"  {name}", left=True),
            Cell(fit(plain_words(each.design), _LONGEST), left=True),
            percent(each.coverage),
            f"{percent(each.worst_coverage)} in {fit(plain_words(each.worst_scenario), 10)}",
            f"{100 * each.lowest_bias:+.1f} to {100 * each.highest_bias:+.1f}",
            percent(each.rmse),
            _percent_or_dash(each.false_alarm),
            _percent_or_dash(each.missed, complement=True),
        ]
        lines.append(line(cells, widths))
    return lines + [Text(each, "dim") for each in textwrap.wrap(_legend(study), WIDTH)]


def _names(results: Results) -> tuple[list[str], list[str]]:
    study = results.study
    return [arm.name for arm in study.phase2_arms if not arm.control], list(study.designs)


def _over(widths: list[int]) -> list[int]:
    return [*widths[:2], widths[2] + widths[3], *widths[4:6], widths[6] + widths[7]]


def _percent_or_dash(value: float, complement: bool = False) -> str:
    if np.isnan(value):
        return "-"
    return percent(1 - value if complement else value)


def _legend(study: Study) -> str:
    return (
        f"{_model_words(study)}. {_rule_words(study)} Mean less truth: posterior mean minus true P(DLT), expected, "
        "from the lowest to the highest scenario. If safe, if not: of the arms that are, and of those that are not. "
        "All of trials that open Phase 2, the scenarios taken for equally likely."
    )


def _model_words(study: Study) -> str:
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


def _rule_words(study: Study) -> str:
    limit = percent_words(unsafe_limit(study))
    return (
        f"Unsafe: the true P(DLT) is above {limit}; called so where the posterior probability of that is above "
        f"{percent_words(study.arm_analysis.unsafe_confidence)}."
    )


def arm_analysis_table(results: Results) -> PageTable | None:
    """Return how well the analysis knows each arm in each scenario; None for a study without active arms."""
    if not results.arm_analysis:
        return None
    simulated = {
        (each.scenario, each.design, each.arm): each for each in results.arm_analysis if each.method == "monte_carlo"
    }
    rows = []
    for each in best_figures(results):
        beside = simulated.get((each.scenario, each.design, each.arm))
        figures = [_page_figure(each, beside, metric) for metric in _PAGE_FIGURES]
        rows.append((Value(each.scenario), Value(each.design), Value(each.arm), *figures))
    interval = f"{percent_words(results.study.arm_analysis.credibility)} interval"
    words = _model_words(results.study)
    return PageTable(
        "arm-analysis",
        "What the data of Phase 1 say of the DLT probability in the arms",
        f"{words[0].upper()}{words[1:]}. {_rule_words(results.study)} All given that Phase 2 opens. False alarm: "
        "how often an arm that is not unsafe is called unsafe; missed: how often one that is unsafe is not called so; "
        "a dash where there is none.",
        (
            "scenario",
            "design",
            "arm",
            "Phase 2 opens, %",
            "true P(DLT), %",
            "posterior mean, %",
            "bias, points",
            "RMSE, points",
            f"{interval} covers, %",
            "its width, points",
            "false alarm, %",
            "missed, %",
        ),
        rows,
        3,
    )


def _page_figure(each: ArmFigures, beside: ArmFigures | None, metric: str) -> Value:
    """Return a figure over all MTDs, in percent; a simulated one in small print where there is one."""
    value = 100 * float(getattr(each, metric)[0])
    if np.isnan(value):
        return Value("–")
    small = ""
    if beside is not None:
        error = 100 * float(getattr(beside.mcse, metric)[0])
        again = "" if beside is each else f"{100 * float(getattr(beside, metric)[0]):.1f} "
        small = "" if np.isnan(error) else f"{again}± {error:.1f}"
    return Value(f"{value:.1f}", small, value)
