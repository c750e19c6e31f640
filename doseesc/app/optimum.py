"""The best possible design and how near the study's designs come, as a sentence, a chart, tables and differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from doseesc.app.told import Told, series_of
from doseesc.report.charts import DotRow, Measure, Series, dot_plot
from doseesc.report.page import pair
from doseesc.report.tables import PageTable, Value, number
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
from doseesc.wording import in_a_row, percent

if TYPE_CHECKING:
    from doseesc.planning import Differences, OptimalDesign, PolicyCell, PolicyTable, Worth
    from doseesc.report.page import Chart

_OPTIMUM = "the optimum"


def optimum_told(optimum: OptimalDesign, table: PolicyTable, differences: Mapping[str, Differences]) -> Told:
    """Return the answer."""
    answer = nearest_words(optimum)
    words = [question_words(optimum.utility, optimum.prior.words, optimum.policy.rules), held_out_words(optimum)]
    if optimum.rivals:
        gains = in_a_row([advantage_words(optimum, name) for name in optimum.rivals])
        words.append(f"There the optimum gains {gains} (± standard error).")
    words += caution_words(optimum)
    words += [f"{name} is not compared: {why}" for name, why in optimum.left_out.items()]
    differing = {name: difference_words(optimum.study, name, each) for name, each in differences.items()}
    lists = [(f"Where {name} decides otherwise", said) for name, said in differing.items()]
    chart = _chart(optimum)
    tables = [_worth_table(optimum), _decisions_table(optimum, table)]
    return Told(answer, words, [] if chart is None else [chart], tables, lists=lists)


def _worths(optimum: OptimalDesign) -> dict[str, Worth]:
    return {_OPTIMUM: optimum.best, **optimum.rivals}


def _chart(optimum: OptimalDesign) -> Chart | None:
    """Return what designs are worth beside the best possible one; None where worth is no share of trials."""
    found = _worths(optimum)
    if not worth_words(0.0, optimum.utility).endswith("%") or not optimum.rivals:
        return None
    names = list(optimum.rivals)
    series = series_of(names, sorted(names, key=lambda name: -optimum.rivals[name].value))
    shown = [*series, Series(_OPTIMUM, len(series), None, True)]

    def row(name: str, values: dict[str, float]) -> DotRow:
        return DotRow(name, "", (tuple(100 * values[each.name] for each in shown),))

    rows = [
        row("its own truths", {name: each.value for name, each in found.items()}),
        row("held out", {name: each.held_out_mean for name, each in found.items()}),
    ]
    title = "How near the designs come to the best possible one"
    how = "Trials that are right, in %, under the truths that the optimum is made for, and under others held out."
    measures = (Measure("right, % of trials", 100.0),)
    return pair("optimum", title, how, lambda width: dot_plot(rows, measures, shown, width=width, alt=title))


def _worth_table(optimum: OptimalDesign) -> PageTable:
    rows = []
    for name, worth in _worths(optimum).items():
        share = 1.0 if name == _OPTIMUM else optimum.share(name)
        value, held_out = (worth_words(each, optimum.utility) for each in (worth.value, worth.held_out_mean))
        of = Value("–") if np.isnan(share) else number(share, 0, 100)
        rows.append(
            (
                Value(name),
                Value(value, "", worth.value),
                of,
                Value(held_out, "", worth.held_out_mean),
                number(worth.above_mtd, 2),
            )
        )
    how = "Worth: the expected utility under the truths that the optimum is made for; held out: under others."
    columns = ("design", "worth", "of the attainable, %", "held out", "patients above the MTD")
    return PageTable("optimum", "What designs are worth", how, columns, rows)


def _decisions_table(optimum: OptimalDesign, table: PolicyTable) -> PageTable:
    rows = [
        (
            Value(optimum.study.dose_labels[cell.level - 1]),
            Value(str(cell.n), "", cell.n),
            Value(str(cell.dlt), "", cell.dlt),
            number(cell.chance, 1, 100),
            Value(_moves(optimum, cell)),
            Value(in_a_row(list(cell.needs)) if cell.needs else "–"),
        )
        for cell in table.cells
    ]
    how = f"{table_words(table)} Where the next dose depends on more, the commonest comes first with its share."
    columns = ("dose", "patients there", "DLTs there", "decisions, per 100 trials", "next", "depends on")
    return PageTable("optimum_decisions", "What the best possible design decides", how, columns, rows, heads=3)


def _moves(optimum: OptimalDesign, cell: PolicyCell) -> str:
    labels = ("stop", *optimum.study.dose_labels)
    if len(cell.moves) == 1:
        return labels[cell.moves[0]]
    return ", ".join(f"{labels[move]} {percent(share)} %" for move, share in zip(cell.moves, cell.shares, strict=True))
