"""The operating characteristics in a protocol: what is assumed, all designs in brief, and the trial's in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from doseesc.report.figures import selection_figure
from doseesc.report.protocol.escalation import counting
from doseesc.report.protocol.observation import enrolment_blocks
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import (
    PageTable,
    phase2_table,
    safety_table,
    selection_table,
    summary_table,
    truth_table,
)
from doseesc.results import Cell

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.results import Results


def characteristics_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield how many patients Phase 1 has and what that buys: the operating characteristics."""
    name, study = trial.name, results.study
    yield Block("minor", "Phase 1: operating characteristics")
    evaluable = "In these tables patients are the evaluable ones, and DLTs those that count."
    yield from paragraphs(
        f"Phase 1 treats at most {counting(results, trial.design.max_n)}. The number is not derived from the power of "
        f"a test: it is judged by what the design does under {len(study.truths)} scenarios.",
        _error_sentence(results),
        evaluable if study.observation else "",
    )
    brief = _exact_where_possible(results)
    # Section 3.1 says which doses are tied.
    yield from captioned(truth_table(results, ties=False))
    yield from captioned(summary_table(results))
    yield Block("figure", "Which dose is selected as the MTD", draw=partial(selection_figure, results))
    yield Block("note", "The marked column holds the true MTD; what is selected to its right is an overdose.")
    tables = [*_of(name, selection_table(brief, ties=False), safety_table(brief))]
    handed = phase2_table(results)
    if handed is not None:
        tables += _of(name, handed)
    for table in tables:
        yield from captioned(table)
    yield from enrolment_blocks(results, name)


def _error_sentence(results: Results) -> str:
    """Say how exact figures are that are given without an error of their own."""
    if all(cell.exact is not None for cell in results.cells.values()):
        return "The figures are exact, computed from every course that a trial can take."
    most = 50 / results.n_trials**0.5
    return (
        f"Where figures are simulated, percentages without an error of their own have a Monte Carlo standard error of "
        f"at most {most:.2g} points."
    )


def _exact_where_possible(results: Results) -> Results:
    """Leave out what was simulated besides being computed exactly: a protocol prints each figure once."""
    cells = {key: Cell(None, cell.exact) if cell.exact is not None else cell for key, cell in results.cells.items()}
    return replace(results, cells=cells)


def _of(name: str, *tables: PageTable) -> Iterator[PageTable]:
    """Keep the rows of one design, without its column."""
    for table in tables:
        rows = [(row[0], *row[2:]) for row in table.rows if row[1].text == name]
        columns = (table.columns[0], *table.columns[2:])
        how_to_read = table.how_to_read.replace("in small print", "in brackets")
        yield PageTable(table.name, f"{table.caption}, {name}", how_to_read, columns, rows)
