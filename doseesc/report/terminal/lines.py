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

WIDTH = 100
"""Columns that tables are made for."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text, its style, and whether it leans to the left."""

    text: str
    style: str = ""
    left: bool = False


def line(cells: Sequence[Cell | str], widths: Sequence[int]) -> Text:
    """Return one line; cells that are too long are cut with an ellipsis, and trailing blanks are dropped.

    Examples
    --------
    >>> line([Cell("CRM", left=True), "36.2", "7.1"], [6, 7, 7]).plain
    'CRM      36.2    7.1'
    """
    whole = Text()
    for each, width in zip(cells, widths, strict=True):
        cell = each if isinstance(each, Cell) else Cell(each)
        text = cut(cell.text, width)
        gap = " " * (width - cell_len(text))
        whole.append(text + gap if cell.left else gap + text, cell.style or None)
    whole.rstrip()
    return whole


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
    return [Text(each, style) for each in textwrap.wrap(text, width, subsequent_indent=" " * indent)]


def ends(left: str, right: str, style: str = "") -> list[Text]:
    """Return one line with text at both ends; two lines where they do not fit on one.

    Examples
    --------
    >>> [len(each.plain) for each in ends("title", "target")]
    [100]
    """
    gap = WIDTH - cell_len(left) - cell_len(right)
    return [Text(each, style) for each in (left + (" " * gap if gap >= 2 else "\n") + right).split("\n") if each]
