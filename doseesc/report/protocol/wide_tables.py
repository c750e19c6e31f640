"""Tables that are too wide for a portrait page, in parts that fit one."""

from __future__ import annotations

from dataclasses import replace

from doseesc.report.protocol.word_layout import table_layout
from doseesc.report.tables import PageTable

_MOST_PARTS = 3


def in_portrait(table: PageTable) -> list[PageTable]:
    """Return a table's columns in as few parts as fit a portrait page, each with the columns that name its rows.

    What is read below the table belongs to the last.  A table that no few parts make narrow enough stays whole, for a
    landscape page.
    """
    if not table_layout(table).landscape:
        return [table]
    for parts in range(2, _MOST_PARTS + 1):
        found = _parts(table, parts)
        if not any(table_layout(each).landscape for each in found):
            return found
    return [table]


def _parts(table: PageTable, parts: int) -> list[PageTable]:
    heads, size = range(table.heads), -(-(len(table.columns) - table.heads) // parts)
    found = []
    for place in range(parts):
        first = table.heads + place * size
        kept = [*heads, *range(first, min(first + size, len(table.columns)))]
        found.append(
            replace(
                table,
                name=table.name if place == 0 else f"{table.name} {place + 1}",
                caption=f"{table.caption} ({place + 1} of {parts})",
                how_to_read=table.how_to_read if place == parts - 1 else "",
                columns=tuple(table.columns[column] for column in kept),
                rows=[tuple(row[column] for column in kept) for row in table.rows],
            )
        )
    return found
