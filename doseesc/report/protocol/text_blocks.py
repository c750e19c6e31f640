"""A text as a list of blocks, written as Markdown; :mod:`doseesc.report.protocol.word` writes it as a Word document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from doseesc.report.protocol.wide_tables import in_portrait
from doseesc.report.tables import PageTable, Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_MARKS = MappingProxyType({"title": "# ", "heading": "## ", "subheading": "### ", "minor": "#### ", "bullet": "- "})


@dataclass(frozen=True)
class Block:
    """A piece of the protocol.

    Attributes
    ----------
    kind : {"title", "heading", "subheading", "minor", "paragraph", "bullet", "table", "figure", "note"}
        A note says how to read the table or the figure before it.
    text : str
        For a table or a figure its caption.
    table : PageTable or None
    draw : callable or None
        Draws the figure.
    number : int
        Of a table or a figure; 0 before :func:`numbered` has given one.
    """

    kind: str
    text: str
    table: PageTable | None = None
    draw: Callable[[], Figure | None] | None = None
    number: int = 0


def paragraphs(*texts: str) -> Iterator[Block]:
    """Yield a paragraph for each text that is not empty."""
    yield from (Block("paragraph", text) for text in texts if text)


def captioned(table: PageTable) -> Iterator[Block]:
    """Yield a table under its caption, in parts where it is too wide for a page, and how to read it."""
    rows = [tuple(map(_unbroken, row)) for row in table.rows]
    yield from (Block("table", part.caption, part) for part in in_portrait(replace(table, rows=rows)))
    if table.how_to_read:
        yield Block("note", table.how_to_read)


def _unbroken(cell: Value) -> Value:
    """Keep on one line a number with the mark of the true MTD before it or the sign of its error."""
    text, small = (
        part.replace("★ ", "★\N{NO-BREAK SPACE}").replace("± ", "±\N{NO-BREAK SPACE}")
        for part in (cell.text, cell.small)
    )
    return replace(cell, text=text, small=small)


def numbered(blocks: Iterable[Block]) -> Iterator[Block]:
    """Give tables numbers in their captions, from 1, and figures theirs."""
    counts = {"table": 0, "figure": 0}
    for block in blocks:
        if block.kind not in counts:
            yield block
        else:
            counts[block.kind] += 1
            number = counts[block.kind]
            yield replace(block, text=f"{block.kind.capitalize()} {number}. {block.text}", number=number)


def markdown(blocks: Sequence[Block]) -> str:
    """Return the blocks as Markdown."""
    lines: list[str] = []
    before = ""
    for block in blocks:
        if block.kind != "bullet" or before != "bullet":
            lines.append("")
        if block.table is not None:
            lines += [f"*{_plain(block.text)}*", "", *_markdown_table(block.table)]
        elif block.kind == "figure":
            lines.append(f"*{_plain(block.text)}* (drawn in the Word document)")
        else:
            lines.append(_MARKS.get(block.kind, "") + _plain(block.text))
        before = block.kind
    return "\n".join(lines).strip() + "\n"


def _markdown_table(table: PageTable) -> list[str]:
    rows = [[_plain(each) for each in table.columns], ["---"] * len(table.columns)]
    rows += [[_plain(str(cell)) for cell in row] for row in table.rows]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _plain(text: str) -> str:
    """Keep characters that Markdown would read as its own."""
    return re.sub(r"([\\|*_<>`\[\]#])", r"\\\1", text)
