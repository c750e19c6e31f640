"""Lines made for 100 columns, laid out for the terminal at hand: texts folded again, tables narrowed or stacked.

Rows of the same widths are one table, wherever they stand, so that all of it keeps the same columns.  A table that is
too wide loses the air between its columns first; where that is not enough its columns are parted into several tables
below one another, each with the first column.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from doseesc.report.terminal.lines import WIDTH, Cell, Folded, Row, line, spanned

_GAPS = (3, 2, 1)  # blanks between columns, the first that fits


def fitted(lines: Iterable[RenderableType], width: int) -> Iterator[RenderableType]:
    """Yield lines that are at most ``width`` columns wide.

    Parameters
    ----------
    lines : iterable
        As the functions of this folder make them; what is no text is left as it is.
    width : int
        Columns of the terminal.
    """
    given = list(lines)
    tables = _tables(given, width)
    for key, group in groupby(given, key=_kind):
        members = list(group)
        if isinstance(key, tuple):
            rows = [each for each in members if isinstance(each, Row)]
            for place, columns in enumerate(tables[key]):
                if place:
                    yield Text()
                yield from (_laid(row, columns) for row in rows)
        elif key is not None:
            first = members[0]
            yield from first.whole.folded(min(width, WIDTH)) if isinstance(first, Folded) else members
        else:
            for each in members:
                yield from _folded(each, width) if isinstance(each, Text) else [each]


def _kind(each: RenderableType) -> object:
    """Return what lines have in common that are laid out together."""
    if isinstance(each, Row):
        return each.widths
    return id(each.whole) if isinstance(each, Folded) else None


def _tables(lines: Sequence[RenderableType], width: int) -> dict[tuple[int, ...], list[dict[int, int]]]:
    """Return for every table its parts: the columns shown in each, with their widths."""
    found: dict[tuple[int, ...], list[dict[int, int]]] = {}
    rows = [each for each in lines if isinstance(each, Row)]
    for key in dict.fromkeys(row.widths for row in rows):
        own = [row for row in rows if row.widths == key]
        fits = all(cell_len(row.plain) <= width for row in own)
        found[key] = [dict(enumerate(key))] if fits else _parts(own, width)
    return found


def _parts(rows: Sequence[Row], width: int) -> list[dict[int, int]]:
    """Narrow a table, or part it."""
    need, left = _needs(rows)
    added = max((cell_len(row.plain) - cell_len(row.laid) for row in rows), default=0)
    for gap in _GAPS:
        columns = _with_gaps(need, left, gap)
        longest = max(_length(row, columns) for row in rows)
        if longest <= width:
            return [columns]
    gap = 2
    head = {0: need[0]}
    parts: list[dict[int, int]] = []
    current = dict(head)
    for place in range(1, len(need)):
        room = need[place] + gap
        if len(current) > 1 and sum(current.values()) + room + added > width:
            parts.append(current)
            current = dict(head)
        current[place] = room
    return [*parts, current]


def _needs(rows: Sequence[Row]) -> tuple[list[int], list[bool]]:
    """Return how wide each column must be, and whether its texts lean to the left."""
    count = len(rows[0].widths)
    need, left = [0] * count, [False] * count
    wide: list[tuple[int, int, int]] = []
    for row in rows:
        start = 0
        for cell, span, room in zip(row.cells, row.taken, spanned(row.widths, row.taken), strict=True):
            size = min(cell_len(cell.text), room)
            if span == 1:
                need[start] = max(need[start], size)
                left[start] = left[start] or cell.left
            else:
                wide.append((start, span, size))
            start += span
    for start, span, size in wide:  # what spans columns may widen the last of them
        lacking = size - sum(need[start : start + span]) - (span - 1)
        need[start + span - 1] += max(lacking, 0)
    return need, left


def _with_gaps(need: Sequence[int], left: Sequence[bool], gap: int) -> dict[int, int]:
    """Return column widths with blanks before columns that lean to the right, and after those that lean to the left."""
    columns = {}
    for place, size in enumerate(need):
        follows = place + 1 < len(need)
        leans = left[place] and follows and (left[place + 1] or need[place + 1] == 0)
        before = gap if place and not left[place] and size else 0
        columns[place] = size + before + (gap if leans else 0)
    return columns


def _length(row: Row, columns: dict[int, int]) -> int:
    return cell_len(_laid(row, columns).plain)


def _laid(row: Row, columns: dict[int, int]) -> Text:
    """Lay a row out in other widths, only some of its columns perhaps."""
    if tuple(columns.values()) == row.widths:
        return row
    cells: list[Cell] = []
    widths: list[int] = []
    start = 0
    for cell, span in zip(row.cells, row.taken, strict=True):
        own = [columns[place] for place in range(start, start + span) if place in columns]
        if own:
            cells.append(cell)
            widths.append(sum(own))
        start += span
    again: Text = line(cells, widths)
    for style in row.styles_of_whole():
        again.stylize(style)
    if max(columns) == len(row.widths) - 1:
        again.append_text(row.added())
    return again


def _folded(text: Text, width: int) -> Iterable[Text]:
    """Fold a line that was made by hand, if it is too long."""
    if cell_len(text.plain) <= width or "\n" in text.plain:
        return [text]
    indent = len(text.plain) - len(text.plain.lstrip())
    style = str(text.style) or next((str(span.style) for span in text.spans), "")
    parts = textwrap.wrap(text.plain, width, subsequent_indent=" " * (indent + 2), break_long_words=False)
    return [Text(part, style) for part in parts]
