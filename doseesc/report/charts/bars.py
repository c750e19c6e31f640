"""Bars of parts that make up a whole: which dose is selected, how weightings fall to designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doseesc.report.charts.svg import BOLD, fitting, picture, rectangle, tag, width_of, words

_BAR, _BETWEEN, _TITLE = 20.0, 4.0, 20.0
_LEAST = 1.5  # pixels that are drawn


@dataclass(frozen=True)
class Segment:
    """A part of a bar.

    Attributes
    ----------
    share : float
        Of the whole, 0 to 1.
    name : str
        Written into it where there is room.
    fill, ink : str
        Colours, as style sheets write them; ``fill`` may be a variable.
    marked : bool
        Framed: the right one.
    hatched : bool
    tip : str
        Said of it; by default its name and share.
    """

    share: float
    name: str
    fill: str
    ink: str
    marked: bool = False
    hatched: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar with its name; ``place`` is that of the design it stands for, None where it stands for none."""

    name: str
    segments: tuple[Segment, ...]
    place: int | None = None


def stacked_bars(title: str, bars: Sequence[Bar], *, width: float, alt: str) -> str:
    """Draw bars of one length, one below the other, each part with its name and percentage where there is room.

    Parameters
    ----------
    title : str
        Above the bars; empty for none.
    bars : sequence of Bar
    width : float
        Pixels.
    alt : str
        What is to be seen.
    """
    y = _TITLE if title else 2.0
    left = min(max(width_of(bar.name) for bar in bars) + 8, 0.36 * width) if any(bar.name for bar in bars) else 0.0
    inside = [words(0, 13, fitting(title, width, BOLD), kind="strong")] if title else []
    for bar in bars:
        parts = [words(0, y + 14, fitting(bar.name, left - 4))] if bar.name else []
        at = left
        frames = []
        for each in bar.segments:
            size = (width - left - 2) * each.share
            if size >= _LEAST:
                parts += _segment(each, at, y, size)
                if each.marked:
                    frames.append(rectangle(at + 1, y + 1, size - 2, _BAR - 2, {"class": "right"}))
            at += size
        inside.append(tag("g", {"data-design": bar.place}, *parts, *frames))
        y += _BAR + _BETWEEN
    return picture(width, y, inside, alt, "bars")


def _segment(each: Segment, x: float, y: float, size: float) -> list[str]:
    percent = f"{100 * each.share:.0f}"
    tip = each.tip or f"{each.name}: {100 * each.share:.1f} %"
    parts = [rectangle(x, y, size, _BAR, {"class": "part", "style": f"fill:{each.fill}"}, tip)]
    if each.hatched:
        parts.append(rectangle(x, y, size, _BAR, {"class": "hatch", "fill": "url(#hatch)"}))
    for text in (f"{each.name} {percent} %", f"{each.name} {percent}", percent):
        if width_of(text, 11) + 6 <= size:
            label = words(x + size / 2, y + 14, text, "middle", "small")
            parts.append(label.replace("<text", f'<text style="fill:{each.ink}"', 1))
            break
    return parts
