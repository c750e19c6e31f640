"""Ranges in rows: the quantiles of what varies from trial to trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from doseesc.report.charts.svg import BOLD, fitting, line, picture, tag, ticks, tips, width_of, words

_ROW, _GROUP, _HEAD = 20.0, 20.0, 36.0


@dataclass(frozen=True)
class Range:
    """The quantiles of one measure in one row: ends, a thick part within them (NaN for none), middle and mean."""

    low: float
    high: float
    middle: float
    mean: float
    inner_low: float = math.nan
    inner_high: float = math.nan


@dataclass(frozen=True)
class RangeRow:
    """A design in a scenario.

    Attributes
    ----------
    group, name : str
    place : int
        The design's place in the study.
    colour : int or None
        In the palette.
    ranges : tuple of Range
        By measure.
    """

    group: str
    name: str
    place: int
    colour: int | None
    ranges: tuple[Range, ...]


def range_plot(rows: Sequence[RangeRow], measures: Sequence[tuple[str, float]], *, width: float, alt: str) -> str:
    """Draw lines from the 5 to the 95 % quantile, the median as a dot and the mean as a stroke.

    Parameters
    ----------
    rows : sequence of RangeRow
    measures : sequence of (str, float)
        Names with units, and ends of the axes, which begin at 0.
    width : float
        Pixels.
    alt : str
        What is to be seen.
    """
    left = min(max(width_of(row.name) for row in rows) + 18, 0.3 * width)
    gap = 24.0
    size = (width - left - gap * (len(measures) - 1) - 12) / len(measures)
    starts = [left + k * (size + gap) for k in range(len(measures))]
    body, y, group = [], _HEAD, ""
    for row in rows:
        if row.group != group:
            y += _GROUP
            body.append(words(0, y - 6, fitting(row.group, width, BOLD), kind="strong"))
            group = row.group
        parts = [words(10, y + 14, fitting(row.name, left - 14), kind=f"t{0 if row.colour is None else row.colour}")]
        for start, (name, top), each in zip(starts, measures, row.ranges, strict=True):
            parts += _drawn(each, start, size, top, y + _ROW / 2, row.colour, f"{row.name}, {row.group}: {name}")
        body.append(tag("g", {"data-design": row.place}, *parts))
        y += _ROW
    grid = []
    for start, (name, top) in zip(starts, measures, strict=True):
        grid.append(words(start, 13, fitting(name, size + gap - 4, BOLD), kind="strong"))
        for tick in ticks(top, max(2, min(6, int(size / 40) + 1))):
            x = start + size * tick / top
            grid += [line(x, _HEAD - 6, x, y, "grid"), words(x, _HEAD - 9, f"{tick:g}", "middle", "small soft")]
    return picture(width, y + 4, [*grid, *body], alt, "ranges")


def _drawn(each: Range, start: float, size: float, top: float, y: float, colour: int | None, what: str) -> list[str]:
    def x(value: float) -> float:
        return start + size * min(value / top, 1.0)

    look = f"c{0 if colour is None else colour}"
    tip = f"{what}, median {each.middle:.3g}, mean {each.mean:.3g}, 5 to 95 %: {each.low:.3g} to {each.high:.3g}"
    parts = [line(x(each.low), y, x(each.high), y, f"span {look}")]
    if not math.isnan(each.inner_low):
        parts.append(line(x(each.inner_low), y, x(each.inner_high), y, f"inner {look}"))
    parts.append(tag("circle", {"cx": x(each.middle), "cy": float(y), "r": 5, "class": f"mark {look}"}, *tips(tip)))
    parts.append(line(x(each.mean), y - 6, x(each.mean), y + 6, "mean"))
    return parts
