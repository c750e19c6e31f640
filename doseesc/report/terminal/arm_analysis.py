"""How well Phase 1 knows the DLT probabilities of the Phase 2 arms, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.report.words import arm_knowledge, model_words, rule_words
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results
    from doseesc.study import Study

_LONGEST = 14  # columns of a name
_OVER = (1, 1, 2, 1, 1, 2)  # columns that the upper heads span


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
    over = line(["", "", interval + " covers", "mean less truth,", "RMSE,", "called unsafe, %"], widths, _OVER)
    under = line(["", "", "%", "lowest", "points", "points", "if safe", "if not"], widths)
    lines = [Text(title, "bold"), over, under]
    before = None
    for each in found:
        name = "" if each.arm == before else cut(plain_words(each.arm), _LONGEST)
        before = each.arm
        cells: list[Cell | str] = [
            Cell(f"  {name}", left=True),
            Cell(cut(plain_words(each.design), _LONGEST), left=True),
            percent(each.coverage),
            f"{percent(each.worst_coverage)} in {cut(plain_words(each.worst_scenario), 10)}",
            f"{100 * each.lowest_bias:+.1f} to {100 * each.highest_bias:+.1f}",
            percent(each.rmse),
            _percent_or_dash(each.false_alarm),
            _percent_or_dash(each.missed, complement=True),
        ]
        lines.append(line(cells, widths))
    return lines + wrapped(_legend(study), "dim")


def _names(results: Results) -> tuple[list[str], list[str]]:
    study = results.study
    return [arm.name for arm in study.phase2_arms if not arm.control], list(study.names)


def _percent_or_dash(value: float, complement: bool = False) -> str:
    if np.isnan(value):
        return "-"
    return percent(1 - value if complement else value)


def _legend(study: Study) -> str:
    return (
        f"{model_words(study)}. {rule_words(study)} Mean less truth: posterior mean minus true P(DLT), expected, "
        "from the lowest to the highest scenario. If safe, if not: of the arms that are, and of those that are not. "
        "All of trials that open Phase 2, the scenarios taken for equally likely."
    )
