"""Time in a protocol: how patients arrive, how long the trial takes, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from doseesc.report.figures import calendar_figure, duration_figure
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import time_table
from doseesc.report.words import (
    calendar_legend,
    calendar_words,
    design_times,
    duration_words,
    durations_legend,
    from_when,
    range_words,
    span_words,
)
from doseesc.runs import timed_trials, typical_scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.results import Results


def time_blocks(results: Results, name: str) -> Iterator[Block]:
    """Yield the section on time; ``name`` is the trial's design.  Nothing where nothing is said about accrual."""
    study, calendar, table = results.study, results.study.calendar, time_table(results)
    if calendar is None or table is None:
        return
    times = {each.design: each for each in design_times(results)}
    own = times.pop(name)
    yield Block("heading", "Time")
    yield from paragraphs(
        f"{calendar.describe(float(study.dlt_window_days))} These are assumptions of the simulation, and no plan.",
        f"{from_when(results)} Phase 1 with {name} takes {range_words(own.median, own.low, own.high)}, median and 5 to "
        f"95 % of trials, over {len(study.truths)} scenarios counted equally, with medians of "
        f"{span_words(own.shortest[1], own.longest[1])} from {own.shortest[0]} to {own.longest[0]}. For "
        f"{duration_words(own.suspended)} of that a patient who has come cannot be treated, since outcomes are waited "
        f"for{_lost(own.turned_away)}.",
        _others([f"{range_words(each.median, each.low, each.high)} with {design}" for design, each in times.items()]),
        " ".join(calendar_words(results)),
    )
    rows = [(row[0], *row[2:]) for row in table.rows if row[1].text == name]
    columns = (table.columns[0], *table.columns[2:])
    how_to_read = table.how_to_read.replace("in small print", "in brackets")
    caption = f"{table.caption}, {name}"
    yield from captioned(replace(table, rows=rows, columns=columns, caption=caption, how_to_read=how_to_read, heads=1))
    yield Block("figure", table.caption, draw=partial(duration_figure, results))
    yield Block("note", durations_legend(results))
    scenario = typical_scenario(results)
    yield Block(
        "figure",
        f"A trial with {name} on the calendar, of median duration, in scenario {scenario}",
        draw=partial(_example, results, name, scenario),
    )
    yield Block("note", calendar_legend(study.own_model is not None))


def _example(results: Results, name: str, scenario: str) -> Figure | None:
    return calendar_figure(timed_trials(results, [name], scenario), results.study.dose_labels)


def _lost(patients: float) -> str:
    return f"; {patients:.1f} patients are turned away" if patients > 0 else ""


def _others(rest: list[str]) -> str:
    return f"It would take {', '.join(rest)}." if rest else ""
