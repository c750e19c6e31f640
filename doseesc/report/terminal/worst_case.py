"""Worst cases in the terminal: for each design the worst curves, and how it does under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from doseesc.planning import WorstCase, WorstCases, WorstTruth
from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.report.words import rise_words, steep_words, worst_answer, worst_toxic_answer
from doseesc.wording import percent, percent_words, plain_words

_NAME, _VALUE = 30, 14
_WORST = "  worst"


def worst_case_lines(cases: WorstCases, width: int = WIDTH) -> list[Text]:
    """Return the lines: how designs do at worst, which curves were searched, the table, and how it is read."""
    answer = [*wrapped(worst_answer(cases), "bold"), *wrapped(worst_toxic_answer(cases)), *wrapped(steep_words(cases))]
    within = f", the MTD within {100 * cases.band:.3g} points" if cases.band else ", the MTD at it"
    head = (
        f"Worst truths, true P(DLT) in % · target {percent_words(cases.study.target)} · other doses at least "
        f"{100 * cases.separation:.3g} points from it{within}{rise_words(cases)}"
    )
    legend = (
        f"correct %: chance of selecting the MTD · too toxic %: chance of selecting a dose with P(DLT) of "
        f"{percent_words(cases.bound)} or more"
    )
    how = "exact values; the curves are the worst found from many starts"
    table = _table(cases.found, cases.study.dose_labels, width)
    return [
        *answer,
        Text(),
        *wrapped(head, "dim"),
        Text(),
        *table,
        Text(),
        *wrapped(legend, "dim"),
        *wrapped(how, "dim"),
    ]


def _table(by_design: Mapping[str, Sequence[WorstCase]], labels: Sequence[str], width: int) -> list[Text]:
    room = min(12, max(8, (width - _NAME - _VALUE - len(_WORST)) // max(len(labels), 1)))
    widths = [_NAME, *(room for _ in labels), _VALUE]
    lines: list[Text] = []
    for design, cases in by_design.items():
        for case in cases:
            correct = case.figure == "correct_selection"
            name = Cell(cut(plain_words(design), _NAME), "bold", left=True)
            heads = [Cell(cut(plain_words(label), room - 1), "bold") for label in labels]
            lines.append(line([name, *heads, Cell("correct %" if correct else "too toxic %", "bold")], widths))
            lines += [_row(each, each is case.overall, labels, correct, widths) for each in case.by_level]
            lines.append(Text())
    return lines[:-1]


def _row(worst: WorstTruth, overall: bool, labels: Sequence[str], correct: bool, widths: Sequence[int]) -> Text:
    label = plain_words(labels[worst.level - 1]) if worst.level else ""
    name = f"MTD {label}" if correct else f"too toxic from {label}"
    if not worst.level:
        name = "no MTD, all too toxic"
    numbers = [percent(p) for p in (*worst.probabilities, worst.value)]
    text = line([Cell("  " + cut(name, widths[0] - 3), left=True), *numbers], widths)
    if overall:
        text.append(_WORST)
        text.stylize("bold")
    return text
