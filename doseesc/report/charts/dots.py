"""Dots in rows: what several designs reach in each scenario, measures side by side, groups of rows under a heading.

Who is named and who has a number is settled in :mod:`doseesc.report.charts.dot_labels`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from doseesc.report.charts.dot_labels import NAME_LINE, NUMBER_LINE, key_rows, labels_for, name_labels, number_labels
from doseesc.report.charts.svg import BOLD, fitting, folded, line, marker, picture, tag, ticks, width_of, words

_ROW, _NAMES, _GROUP, _NOTE, _HEAD, _FOOT = 22.0, 15.0, 24.0, 17.0, 32.0, 4.0
_MEANING = 420  # where a chart is wider, rows say what they mean
_GAP = 26.0


@dataclass(frozen=True)
class Series:
    """A design in a chart.

    Attributes
    ----------
    name : str
    place : int
        Its place in the study.
    colour : int or None
        Its place in the palette; None: small and grey, one of many.
    front : bool
        Whether its dots lie above all others.
    """

    name: str
    place: int
    colour: int | None
    front: bool = False


@dataclass(frozen=True)
class DotRow:
    """A row.

    Attributes
    ----------
    name : str
    meaning : str
    values : tuple of tuple of float
        By measure and design; NaN where there is none.
    group : str
        A heading is written above where it changes.
    note : str
        Written below.
    """

    name: str
    meaning: str
    values: tuple[tuple[float, ...], ...]
    group: str = ""
    note: str = ""


@dataclass(frozen=True)
class Measure:
    """What a column of dots is on.

    Attributes
    ----------
    name : str
        With its unit.
    top : float
        The end of its axis, which begins at 0.
    share : float
        Of the width.
    mark : float or None
        Where a line is drawn across.
    digits : int
    short : str
        The name where there is little room.
    """

    name: str
    top: float = 100.0
    share: float = 1.0
    mark: float | None = None
    digits: int = 1
    short: str = ""


def dot_plot(
    rows: Sequence[DotRow], measures: Sequence[Measure], series: Sequence[Series], *, width: float, alt: str
) -> str:
    """Draw rows of dots; designs are named at the first dots of every group, or have numbers that a key below explains.

    Parameters
    ----------
    rows : sequence of DotRow
    measures : sequence of Measure
    series : sequence of Series
        In the order of the values.
    width : float
        Pixels.
    alt : str
        What is to be seen.
    """
    wide = width > _MEANING
    left = _label_width(rows, width, wide)
    columns = _columns(measures, left, width)
    labels = [labels_for(series, end + _GAP / 2 - (start - 8)) for start, end in columns]
    names_above = NAME_LINE * max(len(each.named) - 1 for each in labels)
    numbers_below = NUMBER_LINE * max(each.number_lines for each in labels)
    order = sorted(range(len(series)), key=lambda k: (series[k].front, series[k].colour is not None, k))
    heads: list[str] = []
    for measure, (start, end) in zip(measures, columns, strict=True):
        room = end - start + _GAP - 4
        name = measure.name if width_of(measure.name, BOLD) <= room else measure.short or measure.name
        heads.append(words(start, 13, fitting(name, room, BOLD), kind="strong"))
    body: list[str] = []
    top = y = _HEAD
    group = None
    for row in rows:
        first = group is None or row.group != group
        if first:
            y += (_GROUP if row.group else _NAMES) + names_above
            body.append(words(0, y - 5, fitting(row.group, left, BOLD), kind="strong") if row.group else "")
        group = row.group
        middle = y + _ROW / 2
        body.append(_labelled(row, middle, left, wide))
        for at, (measure, (start, end)) in enumerate(zip(measures, columns, strict=True)):
            places = [_place(row.values[at][k], measure, start, end) for k in range(len(series))]
            body.append(line(start, middle, end, middle, "rule"))
            if first:
                body.append(name_labels(series, labels[at], places, middle, start - 8, end + _GAP / 2))
            body.append(number_labels(series, labels[at], places, middle, start - 8, end + _GAP / 2))
            body += [_dot(series[k], places[k], middle, _tip(series[k], row, measure, at, k)) for k in order]
        y += _ROW + numbers_below
        if row.note:
            start = max(min(left + 6, width - width_of(row.note, BOLD)), 0.0) if wide else 0.0
            for part in folded(row.note, width - start, BOLD):
                body.append(words(start, y + 8, part, kind="note"))
                y += _NOTE
    grid = [_axis(measure, start, end, top, y) for measure, (start, end) in zip(measures, columns, strict=True)]
    key, y = key_rows(series, sorted({k for each in labels for k in each.numbered}), y, width)
    return picture(width, y + _FOOT, [*grid, *heads, *body, *key], alt, "dots")


def _label_width(rows: Sequence[DotRow], width: float, wide: bool) -> float:
    if wide:
        longest = max(width_of(f"{row.name}   {row.meaning}") for row in rows)
        return min(longest + 8, 0.34 * width)
    return min(max(max(width_of(row.name, BOLD), width_of(row.group, BOLD)) for row in rows) + 8, 0.34 * width)


def _columns(measures: Sequence[Measure], left: float, width: float) -> list[tuple[float, float]]:
    room = width - left - _GAP * len(measures) + _GAP / 2
    whole = sum(each.share for each in measures)
    found, at = [], left + 6
    for each in measures:
        size = room * each.share / whole
        found.append((at, at + size - 6))
        at += size + _GAP
    return found


def _labelled(row: DotRow, middle: float, left: float, wide: bool) -> str:
    name = words(0, middle + 4, fitting(row.name, left - 4, BOLD), kind="strong")
    if not wide or not row.meaning:
        return name
    start = width_of(row.name, BOLD) + 10
    return name + words(start, middle + 4, fitting(row.meaning, left - start - 6), kind="soft")


def _place(value: float, measure: Measure, start: float, end: float) -> float:
    return math.nan if math.isnan(value) else start + (end - start) * min(max(value / measure.top, 0.0), 1.0)


def _dot(each: Series, x: float, y: float, tip: str) -> str:
    return "" if math.isnan(x) else tag("g", {"data-design": each.place}, marker(x, y, each.colour, tip))


def _tip(each: Series, row: DotRow, measure: Measure, at: int, k: int) -> str:
    return f"{each.name}, {row.name}: {row.values[at][k]:.{measure.digits}f}, {measure.name}"


def _axis(measure: Measure, start: float, end: float, top: float, bottom: float) -> str:
    most = max(2, min(5, int((end - start) / 42) + 1))
    parts = []
    for tick in ticks(measure.top, most):
        x = start + (end - start) * tick / measure.top
        parts += [line(x, top - 3, x, bottom, "grid"), words(x, top - 6, f"{tick:g}", "middle", "small soft")]
    if measure.mark is not None:
        x = start + (end - start) * measure.mark / measure.top
        parts.append(line(x, top - 6, x, bottom, "limit"))
    return "".join(parts)
