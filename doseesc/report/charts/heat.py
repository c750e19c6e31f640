"""A heat map: a percentage for each pair of two values, in shades from light to dark, with the number in each field."""

from __future__ import annotations

import math
from collections.abc import Sequence

from doseesc.report.charts.palette import dose_colour, ink_for
from doseesc.report.charts.svg import BOLD, SIZE, escaped, fitting, picture, rectangle, tag, width_of, words

_TOP, _ROW, _SHADES = 40.0, 26.0, 50


def heat_map(
    across: tuple[str, Sequence[str]],
    down: tuple[str, Sequence[str]],
    values: Sequence[Sequence[float]],
    *,
    width: float,
    alt: str,
    framed: tuple[int, int] | None = None,
) -> str:
    """Draw a heat map.

    Parameters
    ----------
    across, down : tuple of (str, sequence of str)
        The name of each side, and its values.
    values : sequence of sequence of float
        A probability for each field, row by row; nan leaves one empty.
    width : float
    alt : str
    framed : tuple of int, optional
        Row and column of a field with a frame.
    """
    (name, columns), (side, rows) = across, down
    left = min(max([width_of(each, 11) for each in rows] + [width_of(side, 11)]) + 10, width / 3)
    cell = (width - left) / len(columns)
    known = [each for row in values for each in row if not math.isnan(each)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    inside = [
        words(left, 13, fitting(name, width - left, BOLD), kind="strong"),
        words(0, _TOP - 8, fitting(side, left - 6, 11), kind="small strong"),
    ]
    for place, each in enumerate(columns):
        inside.append(words(left + (place + 0.5) * cell, _TOP - 8, fitting(each, cell, 11), "middle", "small soft"))
    frame = ""
    for row, (label, line) in enumerate(zip(rows, values, strict=True)):
        y = _TOP + row * _ROW
        inside.append(words(left - 8, y + _ROW / 2 + 4, fitting(label, left - 8, 11), "end", "small soft"))
        for column, value in enumerate(line):
            x = left + column * cell
            if math.isnan(value):
                continue
            shade = dose_colour(1 + round((_SHADES - 1) * (value - low) / ((high - low) or 1.0)), _SHADES)
            tip = f"{side} {label}, {name} {columns[column]}: {100 * value:.1f} %"
            inside.append(rectangle(x, y, cell - 2, _ROW - 2, {"fill": shade}, tip))
            if cell >= width_of("99.9", SIZE):
                ink = {"style": f"fill:{ink_for(shade)}", "x": x + cell / 2 - 1, "y": y + _ROW / 2 + 3}
                inside.append(tag("text", {**ink, "text-anchor": "middle"}, escaped(f"{100 * value:.1f}")))
            if framed == (row, column):
                frame = rectangle(x, y, cell - 2, _ROW - 2, {"class": "right"})
    return picture(width, _TOP + _ROW * len(rows) + 4, [*inside, frame], alt, "heat")
