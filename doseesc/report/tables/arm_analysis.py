"""How well Phase 1 knows the DLT probabilities of the Phase 2 arms, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.report.tables.table import PageTable, Value
from doseesc.report.words import best_figures, model_words, rule_words
from doseesc.results import ArmFigures
from doseesc.wording import percent_words

if TYPE_CHECKING:
    from doseesc.results import Results


_PAGE_FIGURES = (
    *("probability", "dlt_probability", "estimate", "bias", "rmse"),
    *("coverage", "width", "false_alarm", "missed"),
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
    words = model_words(results.study)
    return PageTable(
        "arm-analysis",
        "What the data of Phase 1 say of the DLT probability in the arms",
        f"{words[0].upper()}{words[1:]}. {rule_words(results.study)} All given that Phase 2 opens. False alarm: "
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
