"""Many points by two percentages, one to be large and one small, and the line of those that no other beats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from doseesc.report.charts.svg import fitting, line, marker, picture, tag, ticks, width_of, words

_TOP, _FOOT, _LEFT = 24.0, 40.0, 34.0


@dataclass(frozen=True)
class Spot:
    """A point.

    Attributes
    ----------
    good, bad : float
        Probabilities.
    colour : int or None
        The place of its colour in the palette; None is grey.
    tip : str
        Said where the pointer rests.
    on_front : bool
        No other point beats it.
    """

    good: float
    bad: float
    colour: int | None
    tip: str
    on_front: bool = False


def front_plot(spots: Sequence[Spot], *, good: str, bad: str, names: Sequence[str], width: float, alt: str) -> str:
    """Draw points, those on the front larger and joined by a line.

    Parameters
    ----------
    spots : sequence of Spot
    good, bad : str
        Names of the axes: up and across.
    names : sequence of str
        What the colours mean, from the first.
    width : float
    alt : str
    """
    height = min(0.72 * width, 380.0)
    side, foot = width - 8, height - _FOOT
    most, top = _end(spot.bad for spot in spots), _end(spot.good for spot in spots)
    low = min(_start(spot.good for spot in spots), top - 0.05)

    def at(spot: Spot) -> tuple[float, float]:
        return _LEFT + (side - _LEFT) * spot.bad / most, foot - (foot - _TOP) * (spot.good - low) / (top - low)

    inside = [words(0, 13, fitting(good, width, 12), kind="strong")]
    for tick in ticks(100 * (top - low), 5):
        y = foot - (foot - _TOP) * tick / 100 / (top - low)
        inside += [
            line(_LEFT, y, side, y, "grid"),
            words(_LEFT - 5, y + 4, f"{100 * low + tick:g}", "end", "small soft"),
        ]
    for tick in ticks(100 * most, 5):
        x = _LEFT + (side - _LEFT) * tick / 100 / most
        inside.append(words(x, foot + 14, f"{tick:g}", "middle", "small soft"))
    inside.append(words(side, foot + 30, fitting(bad, width, 12), "end", "soft"))
    front = sorted((spot for spot in spots if spot.on_front), key=lambda spot: spot.bad)
    if len(front) > 1:
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in map(at, front))
        inside.append(tag("path", {"d": f"M{path}", "class": "limit", "fill": "none"}))
    for spot in sorted(spots, key=lambda each: each.on_front):
        inside.append(marker(*at(spot), spot.colour if spot.on_front else None, spot.tip))
    start = _LEFT
    for place, name in enumerate(names):
        text = fitting(name, 140, 11)
        if start + width_of(text, 11) + 24 > side - width_of(bad) - 10:
            break
        inside += [marker(start + 6, foot + 26, place), words(start + 16, foot + 30, text, "", f"small t{place}")]
        start += width_of(text, 11) + 28
    return picture(width, height, inside, alt, "front")


def _end(values: Iterable[float]) -> float:
    """Return the next five percent above all."""
    return max(0.05, 0.05 * math.ceil(max(values) / 0.05 - 1e-9))


def _start(values: Iterable[float]) -> float:
    """Return the last five percent below all."""
    return max(0.0, 0.05 * math.floor(min(values) / 0.05 + 1e-9))
