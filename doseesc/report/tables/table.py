"""A table as data: what both the page and the protocol print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Value:
    """A table's cell: its words, a second line in small print, and what it is sorted by."""

    text: str
    small: str = ""
    key: float | None = None

    def __str__(self) -> str:
        return f"{self.text} ({self.small})" if self.small else self.text


@dataclass(frozen=True)
class PageTable:
    """A table.

    Attributes
    ----------
    name : str
        Short, for links.
    caption : str
    how_to_read : str
    columns : tuple of str
        Headings, with units.
    rows : sequence of tuple of Value
    heads : int
        How many columns at the left name the row.
    """

    name: str
    caption: str
    how_to_read: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]
    heads: int = 1


def number(value: float, digits: int = 1, scale: float = 1.0) -> Value:
    """Return a number as a cell."""
    if np.isnan(value):
        return Value("–")
    return Value(f"{scale * value:.{digits}f}", "", float(scale * value))
