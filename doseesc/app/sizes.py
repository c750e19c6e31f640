"""Correct selection against the largest number of patients, as a chart and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.charts import Curve, Frame, curve_plot
from doseesc.report.page import Chart, look_of, pair
from doseesc.report.tables import PageTable, Value, number

if TYPE_CHECKING:
    from doseesc.planning import SampleSizes
    from doseesc.results import Results


def sizes_shown(needed: SampleSizes, results: Results) -> tuple[Chart, PageTable]:
    """Return how often designs are right, by the most patients that the trial may have.

    Parameters
    ----------
    needed : SampleSizes
        Of all designs.
    results : Results
        Of the same study, whose designs have the same colours.
    """
    look = look_of(results)
    sizes = needed.sizes
    right = {each.name: needed.curves[each.name].correct for each in look.series}
    curves = [Curve(each.name, sizes, right[each.name].tolist(), look=f"c{each.colour}") for each in look.shown]
    frame = Frame(tuple((float(size), str(size)) for size in sizes), "most patients")
    best = max(look.shown, key=lambda each: float(right[each.name][-1])).name
    title = (
        f"{best} is right in {100 * right[best][0]:.0f} % of trials with at most {sizes[0]} patients, in "
        f"{100 * right[best][-1]:.0f} % with {sizes[-1]}"
    )
    exact = all(set(curve.method) == {"exact"} for curve in needed.curves.values())
    how = (
        "Trials that select the right dose, or rightly none, in %, over the scenarios as the study weighs them; "
        f"{'exact' if exact else 'simulated where a design is too large to be enumerated'}. doseesc size does the same "
        "for any goal, and over random curves and the worst truths."
    )
    chart = pair(
        "sizes", title, how, lambda width: curve_plot("", curves, [], frame, width=width, height=260, alt=title)
    )
    rows = [
        (Value(name), Value(str(size), "", size), *(number(float(each[k]), scale=100) for each in figures))
        for name, curve in needed.curves.items()
        for figures in [(curve.correct, curve.overdose)]
        for k, size in enumerate(sizes)
    ]
    columns = ("design", "most patients", "right, %", "too high, %")
    return chart, PageTable("sizes", "Correct selection and overdosing by size", how, columns, rows, heads=2)
