"""The best possible design in the terminal: its worth, that of the study's designs, and its smallest table."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from doseesc.planning import Differences, OptimalDesign, PolicyCell, PolicyTable
from doseesc.report.terminal.lines import Cell, cut, ends, line, wrapped
from doseesc.report.words import (
    advantage_words,
    caution_words,
    difference_words,
    held_out_words,
    nearest_words,
    question_words,
    table_words,
    worth_words,
)
from doseesc.study import BareTrial
from doseesc.wording import in_a_row, percent, percent_words, plain_words

_NAME = 26
_WIDTHS = (_NAME, 12, 14, 14, 12)
_CELL_WIDTHS = (16, 10, 7, 10, 8, 45)
_MARKS = {
    "patients so far": "N",
    "patients at the level above": "a",
    "DLTs at the level above": "A",
    "patients at the level below": "b",
    "DLTs at the level below": "B",
    "the counts at all levels": "*",
}
_SHOWN = 24


def optimal_lines(
    optimum: OptimalDesign, table: PolicyTable, differences: dict[str, Differences], *, whole_table: bool = False
) -> list[Text]:
    """Return the lines of the answer.

    Parameters
    ----------
    optimum : OptimalDesign
    table : PolicyTable
    differences : dict of str to Differences
        By design.
    whole_table : bool
        Whether the table is shown to its end.
    """
    study = optimum.study
    about = (
        () if isinstance(study, BareTrial) else (study.study.registry_id, study.study.short_title or study.study.title)
    )
    title = " · ".join(plain_words(part) for part in about if part)
    head = f"{title}: the best possible design" if title else "The best possible design"
    how = f"{optimum.n_states:,} states · {optimum.elapsed:.1f} s"
    lines = [*ends(head, f"target {percent_words(study.target)} · {how}", "bold"), Text()]
    lines += [*wrapped(nearest_words(optimum), "bold"), Text()]
    lines += wrapped(question_words(optimum.utility, optimum.prior.words, optimum.policy.rules))
    lines += [Text(), line(["", "worth", "of attainable", "held out", "n above"], _WIDTHS)]
    for name, worth in {"": optimum.best, **optimum.rivals}.items():
        share = "" if not name else "–" if np.isnan(optimum.share(name)) else f"{100 * optimum.share(name):.0f} %"
        value, held_out = (worth_words(each, optimum.utility) for each in (worth.value, worth.held_out_mean))
        figures = [value, share, held_out, f"{worth.above_mtd:.2f}"]
        row = line([Cell(cut(plain_words(name), _NAME - 2) if name else "optimum", left=True), *figures], _WIDTHS)
        if not name:
            row.stylize("bold")
        lines.append(row)
    lines.append(Text())
    lines += wrapped(held_out_words(optimum))
    if optimum.rivals:
        gains = in_a_row([advantage_words(optimum, name) for name in optimum.rivals])
        lines += wrapped(f"There the optimum gains {gains} (± standard error).")
    for words in caution_words(optimum):
        lines += wrapped(words)
    for name, reason in optimum.left_out.items():
        lines += wrapped(f"{plain_words(name)} is not compared: {plain_words(reason)}")
    lines += [Text(), *wrapped(table_words(table))]
    lines += _table(optimum, table, whole_table)
    for name, differing in differences.items():
        first, *examples = difference_words(study, name, differing)
        lines += [Text(), *wrapped(first)]
        lines += [each for words in examples for each in wrapped(f"  {words}")]
    return lines


def _table(optimum: OptimalDesign, table: PolicyTable, whole: bool) -> list[Text]:
    names = ("patients", "DLTs", "trials %", "also")
    head: list[Cell | str] = [Cell("dose", left=True), *names, Cell("  next", left=True)]
    lines = [Text(), line(head, _CELL_WIDTHS)]
    shown = table.cells if whole else sorted(table.cells, key=lambda cell: -cell.chance)[:_SHOWN]
    lines += [_row(optimum, cell) for cell in sorted(shown, key=lambda cell: cell[:3])]
    if len(shown) < len(table.cells):
        rest = sum(cell.chance for cell in table.cells) - sum(cell.chance for cell in shown)
        rarer = f"{len(table.cells) - len(shown)} rarer rows, {rest:.2f} decisions a trial in all"
        lines += wrapped(f"and {rarer}; --whole-table shows them")
    legend = (
        "next: the dose of the next cohort; where it depends on more than the row, the commonest first with its share"
    )
    needed = {need for cell in shown for need in cell.needs}
    marks = [f"{mark} {need}" for need, mark in _MARKS.items() if need in needed]
    return lines + wrapped(f"{legend}{'; also: what it depends on, ' if marks else ''}{', '.join(marks)}", "dim")


def _row(optimum: OptimalDesign, cell: PolicyCell) -> Text:
    labels = optimum.study.dose_labels

    def goes(level: int) -> str:
        return plain_words(labels[level - 1]) if level else "stop"

    moves = [goes(move) for move in cell.moves]
    if len(moves) > 1:
        moves = [f"{move} {_rounded(share)} %" for move, share in zip(moves, cell.shares, strict=True)]
    dose = Cell(cut(plain_words(labels[cell.level - 1]), 14), left=True)
    also = "".join(_MARKS[need] for need in cell.needs)
    told = Cell("  " + cut(", ".join(moves), _CELL_WIDTHS[-1] - 2), left=True)
    return line([dose, str(cell.n), str(cell.dlt), percent(cell.chance), also, told], _CELL_WIDTHS)


def _rounded(share: float) -> str:
    """Return a share in whole percent, never a 0 or 100 that is none."""
    return "<1" if 0 < share < 0.005 else ">99" if 0.995 <= share < 1 else f"{100 * share:.0f}"
