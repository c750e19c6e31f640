"""What only the sponsor can say: marked alike wherever it stands, and listed once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doseesc.report.protocol.text_blocks import Block
from doseesc.report.tables import PageTable, Value

PLACEHOLDER = re.compile(r"\[To be completed by the sponsor(?:: [^\[\]]*)?\]")
"""How such a place is written, in a sentence, a paragraph of its own or a cell."""


def open_point(what: str) -> str:
    """Return the mark of something to be completed.

    Examples
    --------
    >>> open_point("the route")
    '[To be completed by the sponsor: the route]'
    """
    return f"[To be completed by the sponsor: {what}]"


def open_paragraph(what: str) -> Block:
    """Return a paragraph that is to be completed."""
    return Block("paragraph", open_point(what))


def open_points(block: Block) -> list[str]:
    """Return what is to be completed in a block, in the order in which it stands there.

    Examples
    --------
    >>> open_points(Block("paragraph", "The route is " + open_point("the route") + "."))
    ['the route']
    """
    texts = [block.text]
    if block.table is not None:
        texts += [str(cell) for row in block.table.rows for cell in row]
    return [found[1:-1].partition(": ")[2] for text in texts for found in PLACEHOLDER.findall(text)]


def open_table(points: Sequence[tuple[str, str]]) -> PageTable:
    """Return the list of what is to be completed.

    Parameters
    ----------
    points : sequence of (str, str)
        The section, and what is to be completed in it.
    """
    rows = [(Value(str(place)), Value(section), Value(what)) for place, (section, what) in enumerate(points, start=1)]
    return PageTable("open", "Points to be completed by the sponsor", "", ("no.", "section", "what"), rows)
