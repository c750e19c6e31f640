"""Correct selection against the largest number of patients, as a chart and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from doseesc.report.charts import Curve, Frame, curve_plot
from doseesc.report.page import Chart, look_of, pair
from doseesc.report.tables import PageTable, Value, number

if TYPE_CHECKING:
    from doseesc.results import Results


def sizes_shown(sizes: Sequence[int], runs: Sequence[Results]) -> tuple[Chart, PageTable]:
    """Return how often designs are right, by the most patients that the trial may have.

    Parameters
    ----------
    sizes : sequence of int, length K
    runs : sequence of Results, length K
        Of the same study with these numbers.
    """
    look = look_of(runs[0])
    standings = [each.verdict.standing for each in runs]
    right = {
        each.name: [float(one.mean(one.correct)[one.designs.index(each.name)]) for one in standings]
        for each in look.series
    }
    high = {
        each.name: [float(one.mean(one.overdose)[one.designs.index(each.name)]) for one in standings]
        for each in look.series
    }
    curves = [Curve(each.name, sizes, right[each.name], look=f"c{each.colour}") for each in look.shown]
    frame = Frame(tuple((float(size), str(size)) for size in sizes), "most patients")
    best = max(look.shown, key=lambda each: right[each.name][-1]).name
    title = (
        f"{best} is right in {100 * right[best][0]:.0f} % of trials with at most {sizes[0]} patients, in "
        f"{100 * right[best][-1]:.0f} % with {sizes[-1]}"
    )
    how = (
        "Trials that select the right dose, or rightly none, in %, over the scenarios as the study weighs them; exact. "
        "Designs with a number of patients of their own in the file keep it."
    )
    chart = pair(
        "sizes", title, how, lambda width: curve_plot("", curves, [], frame, width=width, height=260, alt=title)
    )
    rows = [
        (Value(name), Value(str(size), "", size), number(right[name][k], scale=100), number(high[name][k], scale=100))
        for name in right
        for k, size in enumerate(sizes)
    ]
    columns = ("design", "most patients", "right, %", "too high, %")
    return chart, PageTable("sizes", "Correct selection and overdosing by size", how, columns, rows, heads=2)
