"""The charts of a sweep: the front of what can be had, a heat map of two axes, and curves along each axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from doseesc.report.charts import Curve, Frame, Point, Spot, curve_plot, front_plot, heat_map
from doseesc.report.page.look import Chart, pair
from doseesc.report.words import axis_value, cell_words
from doseesc.results import best_cell

if TYPE_CHECKING:
    from doseesc.results import SweepResults

_MOST_SPOTS, _MOST_FIELDS, _COLOURS = 2_000, 24, 8
RIGHT, ABOVE = "correct_selection", "overdose_selection"


def sweep_charts(results: SweepResults, summary: pd.DataFrame) -> list[Chart]:
    """Return all charts that a sweep allows.

    Parameters
    ----------
    results : SweepResults
    summary : DataFrame
        As :meth:`doseesc.results.SweepResults.summary` gives it.
    """
    best = best_cell(summary)
    maps = heat_of(results, summary, best)
    return [_front(results, summary), *([] if maps is None else [maps]), *_curves(results, summary)]


def _front(results: SweepResults, summary: pd.DataFrame) -> Chart:
    names = list(dict.fromkeys(summary["design"]))
    shown = summary
    if len(summary) > _MOST_SPOTS:  # all of the front, and as many others as can be told apart
        shown = pd.concat(
            [summary[summary["pareto"]], summary[~summary["pareto"]].iloc[:: len(summary) // _MOST_SPOTS]]
        )
    spots = [
        Spot(
            float(row[RIGHT]),
            float(row[ABOVE]),
            names.index(row["design"]) if names.index(row["design"]) < _COLOURS else None,
            f"{cell_words(results, row)}: right {100 * row[RIGHT]:.1f} %, above {100 * row[ABOVE]:.1f} %",
            bool(row["pareto"]),
        )
        for _, row in shown.iterrows()
    ]
    count = int(summary["pareto"].sum())
    many = "1 cell is" if count == 1 else f"{count} cells are"
    title = f"{many} beaten by no other"
    how = (
        "Every cell by how often it selects the true MTD and how often a dose above it, over the scenarios; those on "
        "the line are not beaten in both by any other, the small grey ones are."
    )
    alt = f"{title}, of {len(summary)}"
    return pair(
        "front",
        title,
        how,
        lambda width: front_plot(
            spots,
            good="Selects the true MTD, %",
            bad="selects a dose above it, %",
            names=names[:_COLOURS],
            width=width,
            alt=alt,
        ),
    )


def heat_of(results: SweepResults, summary: pd.DataFrame, best: Any) -> Chart | None:
    """Return the heat map of the two axes of most values, all others as in the best cell; None with one axis."""
    own = [name for name in results.varied if pd.notna(best[name])]
    sizes = {name: summary.loc[summary["design"] == best["design"], name].nunique() for name in own}
    chosen = sorted((name for name in own if 1 < sizes[name] <= _MOST_FIELDS), key=lambda name: -sizes[name])[:2]
    if len(chosen) < 2:
        return None
    down, across = sorted(chosen, key=own.index)
    cells = results.beside(summary, best, chosen)
    table = cells.pivot_table(index=down, columns=across, values=RIGHT, dropna=False, observed=False)
    short = results.facts.short
    rows, columns = list(table.index), list(table.columns)
    values = table.to_numpy(dtype=np.float64).tolist()
    framed = rows.index(best[down]), columns.index(best[across])
    others = [f"{short[name]} {axis_value(best[name])}" for name in own if name not in chosen]
    held = f", {', '.join(others)}" if others else ""
    title = f"{best['design']}: right selection by {short[down]} and {short[across]}"
    return pair(
        "heat",
        title,
        f"% of trials that select the true MTD, over the scenarios{held}; the best cell is framed.",
        lambda width: heat_map(
            (short[across], [axis_value(each) for each in columns]),
            (short[down], [axis_value(each) for each in rows]),
            values,
            width=width,
            alt=title,
            framed=framed,
        ),
    )


def _curves(results: SweepResults, summary: pd.DataFrame) -> list[Chart]:
    """Return, for each axis of numbers, a curve for each design: the other axes as in the design's best cell."""
    designs = list(dict.fromkeys(map(str, summary["design"])))
    charts = []
    for name in results.varied:
        curves = results.along(summary, name) if summary[name].dtype.kind in "fi" else {}
        if curves:
            charts.append(_along(results, name, {designs.index(each): cells for each, cells in curves.items()}))
    return charts


def _along(results: SweepResults, name: str, curves: dict[int, pd.DataFrame]) -> Chart:
    """Draw cells along an axis, by the places of their designs in the palette."""
    short = results.facts.short[name]
    values = sorted({float(each) for cells in curves.values() for each in cells[name]})
    title = f"Right selection and overdosing by {short}"
    drawn, points = [], []
    for place, cells in list(curves.items())[:_COLOURS]:
        design = str(cells["design"].iloc[0])
        across = [float(each) for each in cells[name]]
        drawn.append(Curve(design, across, cells[RIGHT].tolist(), look=f"c{place % _COLOURS}"))
        points += [
            Point(x, value, tip=f"{design}, {short} {x:g}: above {100 * value:.1f} %", kind="open")
            for x, value in zip(across, cells[ABOVE], strict=True)
        ]
    frame = Frame(tuple((each, f"{each:g}") for each in values), short, up="% of trials")
    how = (
        "Lines: % of trials that select the true MTD; diamonds: a dose above it. Other axes as in a design's best cell."
    )
    return pair(
        f"by-{results.axes.index(name) + 1}",
        title,
        how,
        lambda width: curve_plot("", drawn, points, frame, width=width, height=240.0, alt=title),
    )
