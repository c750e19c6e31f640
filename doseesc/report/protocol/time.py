"""Time in a protocol: how patients arrive, how long the trial takes, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from doseesc.report.figures import calendar_figure, duration_figure
from doseesc.report.protocol.open_points import open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import time_table
from doseesc.report.words import (
    DesignTime,
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


_DURATIONS = 6  # columns of the table of time that say how long; the others say what is waited for


def time_blocks(results: Results, name: str) -> Iterator[Block]:
    """Yield start and end; ``name`` is the trial's design.  How long it takes only where accrual is known."""
    study, calendar, table = results.study, results.study.calendar, time_table(results)
    yield section("4.4")
    yield from paragraphs(
        "Phase 1 begins with the first dose of the first patient and ends when the outcome of the last patient treated "
        "is known.",
        open_point("the start and the end of the whole trial, with all follow-up"),
    )
    if calendar is None or table is None:
        return
    times = {each.design: each for each in design_times(results)}
    own = times.pop(name)
    assumed = (study.calendar_for(name) or calendar).describe(float(study.dlt_window_days))
    yield from paragraphs(
        f"{assumed} These are assumptions of the simulation, and no plan.",
        f"{from_when(results)} Phase 1 with {name} takes {range_words(own.median, own.low, own.high)}, median and 5 to "
        f"95 % of trials{_over(own, len(study.truths))}. For {duration_words(own.suspended)} of that a patient who has "
        f"come cannot be {_given(own)}, since outcomes are waited for{_lost(own.turned_away)}{_backfilled(own)}.",
        _others([f"{range_words(each.median, each.low, each.high)} with {design}" for design, each in times.items()]),
        " ".join(calendar_words(results)),
    )
    rows = [(row[0], *row[2:]) for row in table.rows if row[1].text == name]
    columns = (table.columns[0], *table.columns[2:])
    how_to_read = table.how_to_read.replace("in small print", "in brackets")
    captions = f"{table.caption}, {name}", f"What trials wait for, {name}"
    for caption, part in zip(captions, (slice(1, _DURATIONS), slice(_DURATIONS, None)), strict=True):
        heads, cells = (columns[0], *columns[part]), [(row[0], *row[part]) for row in rows]
        yield from captioned(replace(table, rows=cells, columns=heads, caption=caption, how_to_read="", heads=1))
    yield Block("note", how_to_read)
    yield Block("figure", table.caption, draw=partial(duration_figure, results))
    yield Block("note", durations_legend(results))
    scenario = typical_scenario(results)
    yield Block(
        "figure",
        f"A trial with {name} on the calendar, of median duration, in scenario {scenario}",
        draw=partial(_example, results, name, scenario),
    )
    yield Block("note", calendar_legend(results))


def _example(results: Results, name: str, scenario: str) -> Figure | None:
    return calendar_figure(timed_trials(results, [name], scenario), results.study.dose_labels)


def _over(own: DesignTime, scenarios: int) -> str:
    if scenarios == 1:
        return ""
    medians = span_words(own.shortest[1], own.longest[1])
    return (
        f", over {scenarios} scenarios counted equally, with medians of {medians} from {own.shortest[0]} to "
        f"{own.longest[0]}"
    )


def _lost(patients: float) -> str:
    return f"; {patients:.1f} patients are turned away" if patients > 0 else ""


def _given(own: DesignTime) -> str:
    return "given the current dose" if own.backfilled > 0 else "treated"


def _backfilled(own: DesignTime) -> str:
    return f"; {own.backfilled:.1f} patients are given a lower dose meanwhile" if own.backfilled > 0 else ""


def _others(rest: list[str]) -> str:
    return f"It would take {', '.join(rest)}." if rest else ""
