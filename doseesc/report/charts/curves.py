"""Curves over one number: dose-toxicity curves, posteriors with their bands, power."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from doseesc.report.charts.placing import Box, clear_place
from doseesc.report.charts.svg import (
    BOLD,
    SIZE,
    fitting,
    line,
    marker,
    picture,
    spread,
    tag,
    ticks,
    tips,
    width_of,
    words,
)

_TOP, _FOOT, _LEFT = 24.0, 34.0, 30.0


@dataclass(frozen=True)
class Curve:
    """A curve of percentages.

    Attributes
    ----------
    name : str
        Written at its end.
    across, values : sequence of float
        The values as probabilities.
    low, high : sequence of float
        A band around it; empty for none.
    look : str
        Classes, such as ``"c0"``.
    """

    name: str
    across: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    look: str = "c0"


@dataclass(frozen=True)
class Point:
    """A dot on the chart, with what stands beside it and what is said where the pointer rests.

    ``kind`` is "dot", "star" (the right one), "seen" (observed) or "open" (derived); ``low`` and ``high`` an interval.
    """

    across: float
    value: float
    label: str = ""
    tip: str = ""
    kind: str = "dot"
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Frame:
    """Axes of a chart of curves.

    Attributes
    ----------
    across : tuple of (float, str)
        Marks of the axis below, with their words.
    name : str
        Of that axis, with its unit; empty for none.
    logarithmic : bool
    level : float or None
        A probability at which a line lies across.
    level_name : str
    planned : float or None
        Where a line stands upright.
    planned_name : str
    band : tuple of float, or None
        Probabilities between which the ground is shaded.
    up : str
        Name of the other axis, with its unit; empty where the title says it.
    """

    across: tuple[tuple[float, str], ...]
    name: str = ""
    logarithmic: bool = False
    level: float | None = None
    level_name: str = ""
    planned: float | None = None
    planned_name: str = ""
    band: tuple[float, float] | None = None
    up: str = ""


def curve_plot(
    title: str,
    curves: Sequence[Curve],
    points: Sequence[Point],
    frame: Frame,
    *,
    width: float,
    height: float,
    alt: str,
) -> str:
    """Draw curves of percentages from 0 to 100 with dots on them."""
    right = max((width_of(each.name, 11) for each in curves if each.name), default=0.0) + 10
    plot = _Plot(frame, width - right, height, [x for each in curves for x in each.across] + [p.across for p in points])
    foot = plot.bottom
    inside = [words(0, 13, fitting(title, width, BOLD), kind="strong")] if title else []
    inside += [words(0, 11, fitting(frame.up, width, SIZE), kind="soft")] if frame.up and not title else []
    if frame.band is not None:
        low, high = plot.y(frame.band[0]), plot.y(frame.band[1])
        inside.append(
            tag("rect", {"x": _LEFT, "y": high, "width": plot.right - _LEFT, "height": low - high, "class": "band"})
        )
    for tick in ticks(100, 5 if height > 150 else 3):
        y = plot.y(tick / 100)
        inside += [line(_LEFT, y, plot.right, y, "grid"), words(_LEFT - 5, y + 4, f"{tick:g}", "end", "small soft")]
    inside += plot.marks()
    taken = [_around(plot.x(each.across), plot.y(each.value)) for each in points]
    if frame.level is not None:
        y = plot.y(frame.level)
        size = width_of(frame.level_name, 11)
        starts = [(x, y + down) for down in (-4, 13) for x in (_LEFT + 4, plot.right - size - 4)]
        place = starts[clear_place([_written(*each, size) for each in starts], taken, plot.box)]
        inside += [line(_LEFT, y, plot.right, y, "limit"), words(*place, frame.level_name, "", "small soft")]
        taken.append(_written(*place, size))
    if frame.planned is not None:
        x = plot.x(frame.planned)
        size = width_of(frame.planned_name, 11)
        starts = [(start, _TOP + 10 + 13 * row) for row in range(4) for start in (x + 4, x - 4 - size)]
        place = starts[clear_place([_written(*each, size) for each in starts], taken, plot.box)]
        inside += [line(x, _TOP, x, foot, "planned"), words(*place, frame.planned_name, "", "small")]
        taken.append(_written(*place, size))
    for each in curves:
        inside += _drawn(each, plot)
    ends = [plot.y(each.values[-1]) for each in curves if each.name]
    for y, each in zip(_apart(ends), [each for each in curves if each.name], strict=True):
        inside.append(words(plot.right + 6, y + 4, each.name, "", f"small {each.look.replace('c', 't', 1)}"))
    inside += [part for each in points for part in _dotted(each, plot)]
    inside += [_label(each, plot, taken) for each in points if each.label]
    return picture(width, height, inside, alt, "curves")


class _Plot:
    """Where on the picture a number lies."""

    def __init__(self, frame: Frame, right: float, height: float, shown: Sequence[float]) -> None:
        self.frame, self.right, self.bottom = frame, right, height - _FOOT + (0 if frame.name else 14)
        whole = [*shown, *(each for each, _ in frame.across)]
        self._low, self._high = self._scaled(min(whole)), self._scaled(max(whole))

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.frame.logarithmic else value

    def x(self, value: float) -> float:
        inner = 8.0
        share = (self._scaled(value) - self._low) / ((self._high - self._low) or 1.0)
        return _LEFT + inner + (self.right - _LEFT - 2 * inner) * share

    def y(self, probability: float) -> float:
        return self.bottom - (self.bottom - _TOP) * probability

    @property
    def box(self) -> Box:
        """Where labels may lie."""
        return Box(_LEFT, _TOP - 10, self.right, self.bottom)

    def marks(self) -> list[str]:
        parts, end = [], -math.inf
        for value, text in self.frame.across:
            x, half = self.x(value), width_of(text, 11) / 2
            x = max(x, half)
            if x - half > end + 4:
                parts.append(words(x, self.bottom + 14, text, "middle", "small soft"))
                end = x + half
        if self.frame.name:
            text = fitting(self.frame.name, self.right, SIZE)
            parts.append(words(self.right, self.bottom + 30, text, "end", "soft"))
        return parts


def _drawn(curve: Curve, plot: _Plot) -> list[str]:
    def path(values: Sequence[float], across: Sequence[float]) -> str:
        return "L".join(f"{plot.x(x):.1f} {plot.y(value):.1f}" for x, value in zip(across, values, strict=True))

    parts = []
    if len(curve.low):
        around = f"M{path(curve.high, curve.across)}L{path(list(curve.low)[::-1], list(curve.across)[::-1])}Z"
        parts.append(tag("path", {"d": around, "class": f"around {curve.look}"}))
    tip = curve.name
    parts.append(tag("path", {"d": f"M{path(curve.values, curve.across)}", "class": f"curve {curve.look}"}, *tips(tip)))
    return parts


def _dotted(point: Point, plot: _Plot) -> list[str]:
    x, y = plot.x(point.across), plot.y(point.value)
    parts = []
    if not math.isnan(point.low):
        parts.append(line(x, plot.y(point.low), x, plot.y(point.high), "whisker"))
    there = {"transform": f"translate({x:.1f} {y:.1f})"}
    if point.kind == "dot":
        parts.append(marker(x, y, 0, point.tip))
    else:
        parts.append(tag("path", {"d": _SHAPES[point.kind], **there, "class": point.kind}, *tips(point.tip)))
    return parts


def _label(point: Point, plot: _Plot, taken: list[Box]) -> str:
    """Draw a point's label where it covers no other, and take that place."""
    x, y, size = plot.x(point.across), plot.y(point.value), width_of(point.label, 11)
    rows = (14, -6, 27, -19, 4, 40, -32) if point.kind == "seen" else (-6, 14, -19, 27, 4, -32, 40)
    starts = [(start, y + down) for down in rows for start in (x + 8, x - 8 - size)]
    boxes = [_written(*each, size) for each in starts]
    chosen = clear_place(boxes, taken, plot.box)
    taken.append(boxes[chosen])
    return words(*starts[chosen], point.label, "", "small halo")


def _around(x: float, y: float) -> Box:
    return Box(x - 6, y - 6, x + 6, y + 6)


def _written(x: float, y: float, size: float) -> Box:
    """Return what small letters that begin at ``x`` on the line ``y`` cover."""
    return Box(x, y - 9, x + size, y + 3)


_SHAPES = {
    "star": "M0.0 -7.5L1.8 -2.5L7.1 -2.3L2.9 1.0L4.4 6.1L0.0 3.1L-4.4 6.1L-2.9 1.0L-7.1 -2.3L-1.8 -2.5Z",
    "seen": "M-4-4L4 4M4-4L-4 4",
    "open": "M0-5L5 0L0 5L-5 0Z",
}


def _apart(places: Sequence[float]) -> list[float]:
    return spread(places, [14.0] * len(places), _TOP - 8, 1e6)
