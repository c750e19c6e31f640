"""How well Phase 1 knows the DLT probabilities of the Phase 2 arms, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.tables.characteristics import figure
from doseesc.report.tables.table import PageTable, Value
from doseesc.report.words import model_words, rule_words
from doseesc.results import ArmFigures, Cell
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
    found: dict[tuple[str, str, str], dict[str, ArmFigures]] = {}
    for each in results.arm_analysis:
        found.setdefault((each.scenario, each.design, each.arm), {})[each.method] = each
    cells = {key: Cell(by.get("monte_carlo", by.get("calendar")), by.get("exact")) for key, by in found.items()}
    rows = [
        (*map(Value, key), *(figure(cell, metric, scale=100, place=0) for metric in _PAGE_FIGURES))
        for key, cell in cells.items()
    ]
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
