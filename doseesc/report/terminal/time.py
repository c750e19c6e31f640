"""How long Phase 1 takes, as ``doseesc run`` prints it: the answer, then each design.  Made for 80 columns."""

from __future__ import annotations

import textwrap
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.lines import Cell, cut, line
from doseesc.report.words import (
    DesignTime,
    backfill_in_words,
    calendar_words,
    counted_patients,
    design_times,
    duration_words,
    from_when,
    pace_words,
    range_words,
    span_words,
    time_answer,
)
from doseesc.truth import DAYS_PER_MONTH, times_words
from doseesc.wording import percent, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results

_WIDTH = 80
_LONGEST = 20
_DURATION = 26
_MEDIAN = "median (5 to 95 %)"
_NUMBERS = MappingProxyType({"mean": 7, "5 %": 6, "25 %": 6, "50 %": 6, "75 %": 6, "95 %": 6, "waits": 8, "a month": 9})


def time_lines(results: Results) -> list[Text]:
    """Return the lines; none where the study says nothing about accrual."""
    times = design_times(results)
    calendar = results.study.calendar
    if not times or calendar is None:
        return []
    found = [Text("How long it takes", "bold"), *_wrapped(time_answer(times, len(results.study.truths)), "bold")]
    shown, left_over = _columns(times)
    found += [*_table(times, shown), *(_table(times, left_over, "") if left_over else []), *_distribution(times)]
    waiting = "waiting: mean time for which a patient who has come cannot be treated"
    shown |= left_over
    meanings = [f"{from_when(results)}. By scenario: medians. {waiting[0].upper()}{waiting[1:]}"]
    if "lost" in shown:
        meanings.append("lost: patients turned away meanwhile")
    if "backfilled" in shown:
        meanings.append(f"backfilled: {counted_patients(results)} given a lower dose meanwhile")
    if "pending" in shown:
        meanings.append("pending: patients in their DLT window at a decision")
    if "changed" in shown:
        meanings.append("changed: % of decisions that their outcomes would have changed")
    meanings.append("waits: times at which a patient who had come could not be treated · a month: patients treated")
    text = " · ".join(meanings)
    said = [f"{text}.", pace_words(results), *calendar_words(results), calendar.accrual.describe()]
    if calendar.dlt_times is not None and results.study.own_model is None:
        said.append(times_words(calendar.dlt_times, float(results.study.dlt_window_days)))
    said += calendar.restrictions
    said += [] if calendar.backfill is None else [backfill_in_words(results, calendar.backfill)]
    return found + [each for words in said for each in _wrapped(words, "dim")]


def _table(times: list[DesignTime], columns: dict[str, int], first: str = _MEDIAN) -> list[Text]:
    """Return a line for each design with these columns, after the duration unless ``first`` is empty."""
    names = _name_width(times)
    durations = [_DURATION] if first else []
    widths = [names, *durations, *columns.values()]
    rows = [line(["", *([first] if first else []), *columns], widths)]
    for each in times:
        cells = {
            "by scenario": span_words(each.shortest[1], each.longest[1]),
            "waiting": duration_words(each.suspended),
            "lost": f"{each.turned_away:.1f}",
            "backfilled": f"{each.backfilled:.1f}",
            "pending": f"{each.pending:.1f}",
            "changed": percent(each.changed),
        }
        name = Cell("  " + cut(plain_words(each.design), names - 3), left=True)
        duration = [range_words(each.median, each.low, each.high)] if first else []
        rows.append(line([name, *duration, *(cells[column] for column in columns)], widths))
    return rows


def _distribution(times: list[DesignTime]) -> list[Text]:
    """Return mean and quantiles of the duration, how often the trial waited, and the pace, design by design."""
    months = max(each.high for each in times) >= 3 * DAYS_PER_MONTH
    unit, digits = (DAYS_PER_MONTH, 1) if months else (1.0, 0)
    names = _name_width(times)
    widths = [max(names, 9), *_NUMBERS.values()]
    rows = [line([Cell("  months" if months else "  days", left=True), *_NUMBERS], widths)]
    for each in times:
        days = (each.mean, each.low, each.lower, each.median, each.upper, each.high)
        numbers = [f"{value / unit:.{digits}f}" for value in days]
        name = Cell("  " + cut(plain_words(each.design), names - 3), left=True)
        rows.append(line([name, *numbers, f"{each.suspensions:.1f}", f"{each.per_month:.2f}"], widths))
    return rows


def _columns(times: list[DesignTime]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the columns that have something to say, with their widths: those beside the duration, and the others.

    The range by scenario is left out where there is no room beside it.
    """
    columns = {"by scenario": 21, "waiting": 12}
    if any(each.turned_away > 0 for each in times):
        columns["lost"] = 6
    backfilled = any(each.backfilled > 0 for each in times)
    if backfilled:
        columns["backfilled"] = 11
    decisions = {"pending": 8 if backfilled else 9, "changed": 9} if any(each.pending >= 0.05 for each in times) else {}
    without_range = {name: width for name, width in columns.items() if name != "by scenario"}
    room = _WIDTH - _name_width(times) - _DURATION
    for beside in (columns | decisions, without_range | decisions):
        if sum(beside.values()) <= room:
            return beside, {}
    return without_range, decisions


def _name_width(times: list[DesignTime]) -> int:
    return 3 + min(max(len(plain_words(each.design)) for each in times), _LONGEST)


def _wrapped(text: str, style: str) -> list[Text]:
    return [Text(each, style) for each in textwrap.wrap(text, _WIDTH)]
