"""How a table is set in Word: its page, its font size and its columns, so that no word of a head or a cell is broken.

Words are measured in DejaVu Sans, which matplotlib brings.  It is wider than Arial, Helvetica and Liberation Sans, of
which most machines have one, and it is what a machine without them takes: what holds its words holds theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from doseesc.report.tables import PageTable

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

PAPER = 21.0, 29.7
"""A4, in cm."""
MARGIN = 2.0
"""In cm, at every side."""

_POINTS_PER_CM = 72 / 2.54
_PADDING = 11.5  # of a cell, left and right together, in points
_WIDEST = 44.0  # font sizes: longer texts are broken even where there is room
_HEAD_LINES = 3  # that a heading may take where there is room
_SIZES = (9.0, 8.0, 7.5, 7.0)
_SMALLEST = 6.5
_MEASURED = 1000  # units of a font size


@dataclass(frozen=True)
class Layout:
    """How a table is set: whether on a landscape page, in which font size, and the widths of its columns in points."""

    landscape: bool
    size: float
    widths: tuple[float, ...]


def table_layout(table: PageTable) -> Layout:
    """Choose the page, the font and the columns of a table, so that no word has to be broken if that can be had."""
    columns = [[head, *(str(row[place]) for row in table.rows)] for place, head in enumerate(table.columns)]
    bold = [place < table.heads for place in range(len(columns))]
    words = [_widest_word(column, heads) for column, heads in zip(columns, bold, strict=True)]
    texts = [
        max(min(max((text_width(text, heads) for text in column[1:]), default=0.0), _WIDEST), _head_width(column[0]))
        for column, heads in zip(columns, bold, strict=True)
    ]
    portrait, landscape = ((side - 2 * MARGIN) * _POINTS_PER_CM for side in PAPER)
    choices = [(False, size) for size in _SIZES] + [(True, size) for size in _SIZES]
    for turned, size in choices:
        least = [size * word + _PADDING for word in words]
        room = (landscape if turned else portrait) - sum(least)
        if room >= 0:
            wanted = [size * text + _PADDING for text in texts]
            return Layout(turned, size, _shared(least, wanted, sum(least) + room))
    least = [_SMALLEST * word + _PADDING for word in words]
    return Layout(True, _SMALLEST, tuple(landscape * have / sum(least) for have in least))


def _shared(least: Sequence[float], wanted: Sequence[float], whole: float) -> tuple[float, ...]:
    """Give columns the widths they want or, where there is no room for that, the narrowest ones the most of it.

    Examples
    --------
    >>> _shared([10.0, 30.0, 10.0], [100.0, 100.0, 20.0], 100.0)
    (40.0, 40.0, 20.0)
    """
    ends = [(have, max(have, want)) for have, want in zip(least, wanted, strict=True)]
    if sum(want for _, want in ends) <= whole:
        return tuple(want for _, want in ends)
    low, high = 0.0, whole
    for _ in range(60):
        middle = (low + high) / 2
        if sum(min(max(middle, have), want) for have, want in ends) <= whole:
            low = middle
        else:
            high = middle
    return tuple(round(min(max(low, have), want), 6) for have, want in ends)


def text_width(text: str, bold: bool = False) -> float:
    """Return the width of a text in font sizes.

    Examples
    --------
    >>> round(text_width("patients"), 2), round(text_width("patients", bold=True), 2)
    (4.08, 4.67)
    """
    return sum(_letter(each, bold) for each in text)


def _widest_word(column: Sequence[str], bold: bool) -> float:
    """Return the width of the longest word of a column, whose first text is the head, in bold."""
    head, *cells = column
    return max(
        max(text_width(word, bold=True) for word in head.split(" ")),
        max((text_width(word, bold) for text in cells for word in text.split(" ")), default=0.0),
    )


def _head_width(head: str) -> float:
    """Return the least width at which a head takes no more than a few lines."""
    words = [text_width(word, bold=True) for word in head.split(" ")]
    space = text_width(" ", bold=True)
    width = max(words)
    while _lines(words, space, width) > _HEAD_LINES:
        width *= 1.05
    return width


def _lines(words: Sequence[float], space: float, width: float) -> int:
    lines, used = 1, -space
    for word in words:
        if used + space + word > width and used > 0:
            lines, used = lines + 1, -space
        used += space + word
    return lines


@cache
def _letter(letter: str, bold: bool) -> float:
    """Return the advance of a letter in font sizes."""
    from matplotlib.ft2font import LoadFlags

    glyph = _font(bold).load_char(ord(letter), LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / _MEASURED


@cache
def _font(bold: bool) -> FT2Font:
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    font = FT2Font(f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf")
    font.set_size(_MEASURED, 72)
    return font
