"""Lines of aligned cells for the terminal: fixed widths, so that tables below one another line up, and no wrapping.

They are made by hand, a row at a time, and not by ``rich.table.Table``: heads span columns of other widths than the
rows below them, marks stand behind the last column, what is cut ends with a period, and lines end without blanks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

_TIED = "\N{NO-BREAK SPACE}"
WIDTH = 100
"""Columns that tables are made for."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text, its style, and whether it leans to the left."""

    text: str
    style: str = ""
    left: bool = False


class Row(Text):
    """A line of cells, laid out for :data:`WIDTH` columns; another width can lay it out again.

    Attributes
    ----------
    cells : tuple of Cell
    widths : tuple of int
        Of the table's columns: rows of the same widths are one table.
    taken : tuple of int
        How many columns each cell takes.
    laid : str
        The line as made, to which text may have been added.
    """

    cells: tuple[Cell, ...]
    widths: tuple[int, ...]
    taken: tuple[int, ...]
    laid: str

    def styles_of_whole(self) -> list[str]:
        """Return the styles given to the whole line after it was made."""
        whole = [span for span in self.spans if span.start == 0 and span.end >= len(self.laid) > 0]
        own = {cell.style for cell in self.cells}
        return [str(span.style) for span in whole if span.style not in own]

    def added(self) -> Text:
        """Return what was added behind the cells."""
        beyond = [span for span in self.spans if span.start >= len(self.laid)]
        return Text(self.plain[len(self.laid) :], str(beyond[0].style) if beyond else "")


class Folded(Text):
    """A line of a text that was folded for :data:`WIDTH` columns; ``whole`` is shared by all its lines."""

    whole: Paragraph


@dataclass(frozen=True, eq=False)
class Paragraph:
    """A text that may be folded again: with ``right`` it stands at the other end of its line."""

    text: str
    style: str = ""
    indent: int = 0
    right: str | None = None

    def folded(self, width: int) -> list[Text]:
        """Return its lines for a number of columns; a number stays with its percent sign."""
        if self.right is None:
            whole = self.text.replace(" %", _TIED + "%")
            lines = [
                each.replace(_TIED, " ") for each in textwrap.wrap(whole, width, subsequent_indent=" " * self.indent)
            ]
        else:
            gap = width - cell_len(self.text) - cell_len(self.right)
            lines = [self.text + " " * gap + self.right]
            if gap < 2:
                lines = [part for each in (self.text, self.right) if each for part in textwrap.wrap(each, width)]
        return [self._line(each) for each in lines]

    def _line(self, text: str) -> Text:
        line = Folded(text, self.style)
        line.whole = self
        return line


def line(cells: Sequence[Cell | str], widths: Sequence[int], spans: Sequence[int] | None = None) -> Text:
    """Return one line, a :class:`Row`; cells that are too long are cut, and trailing blanks are dropped.

    Parameters
    ----------
    cells : sequence of Cell or str
    widths : sequence of int
        Of the table's columns.
    spans : sequence of int, optional
        How many columns each cell takes; by default one.

    Examples
    --------
    >>> line([Cell("CRM", left=True), "36.2", "7.1"], [6, 7, 7]).plain
    'CRM      36.2    7.1'
    >>> line([Cell("", left=True), "both"], [6, 7, 7], spans=[1, 2]).plain
    '                both'
    """
    taken = tuple(spans) if spans is not None else (1,) * len(cells)
    whole = Row()
    own = tuple(each if isinstance(each, Cell) else Cell(each) for each in cells)
    for cell, width in zip(own, spanned(widths, taken), strict=True):
        text = cut(cell.text, width)
        gap = " " * (width - cell_len(text))
        whole.append(text + gap if cell.left else gap + text, cell.style or None)
    whole.rstrip()
    whole.cells, whole.widths, whole.taken, whole.laid = own, tuple(widths), taken, whole.plain
    return whole


def spanned(widths: Sequence[int], spans: Sequence[int]) -> list[int]:
    """Return the widths of cells that span columns."""
    found, start = [], 0
    for span in spans:
        found.append(sum(widths[start : start + span]))
        start += span
    return found


def cut(text: str, width: int) -> str:
    """Cut text to a number of columns.

    Examples
    --------
    >>> cut("medium", 4)
    'med.'
    """
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "."


def wrapped(text: str, style: str = "", indent: int = 0, width: int = WIDTH) -> list[Text]:
    """Return text in lines of at most ``width`` columns, all but the first indented."""
    return Paragraph(text, style, indent).folded(width)


def ends(left: str, right: str, style: str = "") -> list[Text]:
    """Return one line with text at both ends; two lines where they do not fit on one.

    Examples
    --------
    >>> [len(each.plain) for each in ends("title", "target")]
    [100]
    """
    return Paragraph(left, style, right=right).folded(WIDTH)
