"""A sweep in the terminal: the best cell, those that no other beats, and the cells that do best."""

from __future__ import annotations

import pandas as pd
from rich.text import Text

from doseesc.report.terminal.lines import WIDTH, Cell, cut, ends, line, wrapped
from doseesc.report.words import axis_value, sweep_verdict
from doseesc.results import SweepResults
from doseesc.wording import percent, plain_words

_MOST = 12
_FIGURES = (
    ("correct_selection", "correct %", percent),
    ("overdose_selection", "above %", percent),
    ("total_patients", "n", lambda value: f"{value:.1f}"),
    ("patients_above_mtd", "n above", lambda value: f"{value:.2f}"),
    ("duration_days", "months", lambda value: f"{value / (365.25 / 12):.1f}"),
)


def sweep_lines(results: SweepResults) -> list[Text]:
    """Return the lines of a sweep."""
    summary = results.summary()
    counted = f"{len(summary):,} combinations · {len(results.facts.weights)} scenarios"
    lines = [*ends(plain_words(results.facts.title), counted, "bold"), Text()]
    lines += [*wrapped(sweep_verdict(results, summary), "bold"), Text()]
    ordered = summary.sort_values("score", ascending=False, kind="stable")
    front = ordered[ordered["pareto"]]
    lines += _table(results, front.head(_MOST), "No other cell is right as often and above as rarely")
    if len(front) > _MOST:
        lines.append(Text(f"and {len(front) - _MOST:,} more", "dim"))
    rest = ordered[~ordered["pareto"]].head(_MOST)
    if len(rest):
        lines += [Text(), *_table(results, rest, "The next best")]
    errors = summary["mcse"].max()
    simulated = f"; Monte Carlo error of correct at most {percent(errors)} points" if errors > 0 else "; all exact"
    legend = (
        "correct: % of trials that select the true MTD (no dose, where none is safe enough), over the scenarios as "
        "comparison: weighs them · above: % that select a dose above it · n above: patients treated above it"
        + (" · months: how long a trial lasts on average" if "duration_days" in summary else "")
    )
    lines += [Text(), *wrapped(legend + simulated, "dim")]
    for note in results.facts.notes:
        lines += wrapped(plain_words(note), "dim")
    return lines


def _table(results: SweepResults, rows: pd.DataFrame, title: str) -> list[Text]:
    shown = [figure for figure in _FIGURES if figure[0] in rows and rows[figure[0]].notna().any()]
    short = results.facts.short
    axes = [name for name in results.varied if rows[name].notna().any()]
    sizes = [min(max(len(short[name]), 6), 20) + 2 for name in axes]
    own = [10] * len(shown)
    name = max(10, min(22, WIDTH - sum(sizes) - sum(own)))
    widths = (name, *sizes, *own)
    head: list[Cell | str] = [Cell("design", left=True), *(short[each] for each in axes)]
    lines = [Text(title), line([*head, *(label for _, label, _ in shown)], widths, None)]
    for _, row in rows.iterrows():
        cells: list[Cell | str] = [Cell(cut(plain_words(str(row["design"])), name - 1), left=True)]
        cells += [axis_value(row[each]) for each in axes]
        cells += [write(float(row[figure])) if pd.notna(row[figure]) else "–" for figure, _, write in shown]
        lines.append(line(cells, widths))
    return lines
