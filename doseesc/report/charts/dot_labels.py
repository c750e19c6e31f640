"""Labels of dots: names above the first row of a group, and numbers below every row for whom names have no room.

Numbers are the designs' places in the study, counted from 1; a key below the chart says whose they are.  Nothing is
told by hover alone, so that the chart can be read on paper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from doseesc.report.charts.svg import line, spread, tag, width_of, words

NAME_LINE, NUMBER_LINE, KEY_LINE = 12.0, 11.0, 15.0
"""Heights in pixels."""

_LINES = 2  # of names at most
_SMALL, _GAP, _BESIDE = 11, 5.0, 4.0
_MOVED = 3.0  # pixels from which on a line leads from label to dot


class Named(Protocol):
    """What is labelled."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def place(self) -> int:
        """Its place in the study."""

    @property
    def colour(self) -> int | None:
        """Its place in the palette, if it has one."""

    @property
    def front(self) -> bool:
        """Whether it comes first."""


@dataclass(frozen=True)
class Labels:
    """How the dots of one column are labelled.

    Attributes
    ----------
    named : tuple of tuple of int
        Who is named in each line of names, from below.
    numbered : tuple of int
        Who has a number.
    number_lines : int
    """

    named: tuple[tuple[int, ...], ...]
    numbered: tuple[int, ...]
    number_lines: int


def labels_for(series: Sequence[Named], room: float) -> Labels:
    """Return who is named and who is numbered where there is so much room, in pixels."""
    lines: list[list[int]] = [[] for _ in range(_LINES)]
    taken = [0.0] * _LINES
    coloured = [k for k, each in enumerate(series) if each.colour is not None]
    for k in sorted(coloured, key=lambda k: not series[k].front):
        size = width_of(series[k].name, _SMALL) + _GAP
        free = next((place for place in range(_LINES) if taken[place] + size <= room), None)
        if free is not None:
            lines[free].append(k)
            taken[free] += size
    named = {k for each in lines for k in each}
    numbered = tuple(k for k in range(len(series)) if k not in named)
    whole = sum(_number_width(series[k]) for k in numbered)
    return Labels(tuple(tuple(each) for each in lines if each), numbered, math.ceil(whole / room) if numbered else 0)


def name_labels(
    series: Sequence[Named], labels: Labels, places: Sequence[float], middle: float, low: float, high: float
) -> str:
    """Draw names above dots at ``places``, NaN for none, in the row with this middle; between ``low`` and ``high``."""
    parts = []
    for place, several in enumerate(labels.named):
        there = [k for k in several if not math.isnan(places[k])]
        y = middle - 10 - NAME_LINE * place
        sizes = [width_of(series[k].name, _SMALL) + _GAP for k in there]
        for k, x in zip(there, spread([places[k] for k in there], sizes, low, high), strict=True):
            lead = [line(x, y + 2, places[k], middle - 4, "lead")] if place or abs(x - places[k]) > sum(sizes) else []
            text = words(x, y, series[k].name, "middle", f"small halo t{series[k].colour}")
            parts.append(tag("g", {"data-design": series[k].place}, *lead, text))
    return "".join(reversed(parts))  # the upper line's leads lie below the lower line's names


def number_labels(
    series: Sequence[Named], labels: Labels, places: Sequence[float], middle: float, low: float, high: float
) -> str:
    """Draw numbers below dots as :func:`name_labels` does names."""
    there = sorted((k for k in labels.numbered if not math.isnan(places[k])), key=lambda k: places[k])
    parts = []
    for row in range(labels.number_lines):
        here = there[row :: labels.number_lines]
        y = middle + 17 + NUMBER_LINE * row
        sizes = [_number_width(series[k]) for k in here]
        for k, x in zip(here, spread([places[k] for k in here], sizes, low, high), strict=True):
            colour = "soft" if series[k].colour is None else f"t{series[k].colour}"
            lead = [line(x, y - 9, places[k], middle + 3, "lead")] if row or abs(x - places[k]) > _MOVED else []
            text = words(x, y, str(series[k].place + 1), "middle", f"small halo {colour}")
            parts.append(tag("g", {"data-design": series[k].place}, *lead, text))
    return "".join(reversed(parts))


def key_rows(series: Sequence[Named], numbered: Sequence[int], y: float, width: float) -> tuple[list[str], float]:
    """Draw whose the numbers are, from ``y`` on, and return where that ends."""
    parts, x = [], 0.0
    y += KEY_LINE if numbered else 0.0
    for k in numbered:
        text = f"{series[k].place + 1} {series[k].name}"
        size = width_of(text, _SMALL)
        if x and x + size > width:
            x, y = 0.0, y + KEY_LINE
        parts.append(tag("g", {"data-design": series[k].place}, words(x, y, text, kind="small soft")))
        x += size + 3 * _GAP
    return parts, y + (_BESIDE if numbered else 0.0)


def _number_width(each: Named) -> float:
    return width_of(str(each.place + 1), _SMALL) + _BESIDE
