"""``report.html`` of a sweep: the best cell, the front, the axes, and every cell in a table, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from doseesc.report.page.style import colour_variables
from doseesc.report.page.sweep_charts import sweep_charts
from doseesc.report.page.template import template
from doseesc.report.tables import PageTable, Value, number
from doseesc.report.words import axis_value, sweep_verdict
from doseesc.results import REPORT_FILE

if TYPE_CHECKING:
    from doseesc.results import SweepResults

_MOST_ROWS = 1_000


def sweep_files(results: SweepResults) -> dict[str, bytes]:
    """Return the page of a sweep and its figure as files: ``report.html``, and the figure for slides as SVG and PNG."""
    from doseesc.report.figures import figure_bytes, sweep_figure

    figure = sweep_figure(results)
    drawn = {f"figures/sweep.{kind}": figure_bytes(figure, kind) for kind in ("svg", "png")}
    return {REPORT_FILE: sweep_page(results).encode(), **drawn}


def sweep_page(results: SweepResults) -> str:
    """Return the page."""
    summary = results.summary()
    facts = results.facts
    return template("sweep.html.j2").render(
        facts=facts,
        title=facts.title,
        verdict=sweep_verdict(results, summary),
        charts=sweep_charts(results, summary),
        table=_table(results, summary),
        axes=[(name, facts.short[name], _values(results, name)) for name in results.axes],
        digest=results.digest,
        colours=colour_variables(),
        n_cells=len(summary),
    )


def _values(results: SweepResults, name: str) -> str:
    values = [axis_value(each) for each in results.frame[name].dropna().unique()]
    return ", ".join(values if len(values) <= 12 else [*values[:5], "…", values[-1]])


def _table(results: SweepResults, summary: pd.DataFrame) -> PageTable:
    ordered = summary.sort_values("score", ascending=False, kind="stable")
    shown = ordered.head(_MOST_ROWS)
    axes = list(results.varied)
    timed = "duration_days" in summary
    columns = ["design", *(results.facts.short[name] for name in axes), "right, %", "± error", "above, %", "patients"]
    columns += ["treated above", *(["mean months"] if timed else []), "on the front"]
    rows = []
    for _, row in shown.iterrows():
        cells = [Value(str(row["design"]))]
        cells += [
            Value(axis_value(row[name]), "", float(row[name]) if isinstance(row[name], int | float) else None)
            for name in axes
        ]
        cells += [number(row["correct_selection"], 1, 100), number(row["mcse"], 2, 100)]
        cells += [number(row["overdose_selection"], 1, 100), number(row["total_patients"])]
        cells.append(number(row["patients_above_mtd"], 2))
        if timed:
            cells.append(number(row["duration_days"], 1, 12 / 365.25))
        cells.append(Value("yes" if row["pareto"] else ""))
        rows.append(tuple(cells))
    many = f"the best {_MOST_ROWS:,} of {len(ordered):,} cells" if len(ordered) > _MOST_ROWS else "all cells"
    how = "The best first; means over the scenarios as comparison: weighs them, and over replicates."
    return PageTable("cells", many[0].upper() + many[1:], how, tuple(columns), rows)
