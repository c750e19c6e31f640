"""Where a protocol meets the items of SPIRIT-DEFINE, found in the protocol itself, and what is left to the sponsor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from doseesc.report.protocol.open_points import PLACEHOLDER, open_points, open_table
from doseesc.report.protocol.sections import section, section_of
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.wording import in_a_row

_ITEMS = Path(__file__).with_name("define_items.json")
_OPEN = "to be completed by the sponsor"


def coverage_blocks(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the coverage of SPIRIT-DEFINE, and the list of what is to be completed.

    Parameters
    ----------
    blocks : sequence of Block
        The protocol before.
    """
    parts = list(_parts(blocks))
    yield section("12.5")
    yield from captioned(coverage_table(parts))
    yield section("12.6")
    points = [
        (f"{number} {minor}".strip() or "title", what) for number, minor, block in parts for what in open_points(block)
    ]
    yield from paragraphs("" if points else "Nothing is left to be completed.")
    if points:
        yield from captioned(open_table(points))


def define_items() -> list[dict[str, Any]]:
    """Return the items: ``item`` in our words, ``read``, ``where`` it is met, and ``none``, why it does not apply."""
    found: list[dict[str, Any]] = json.loads(_ITEMS.read_text(encoding="utf-8"))
    return found


def coverage_table(parts: Sequence[tuple[str, str, Block]]) -> PageTable:
    """Return where each item is met.

    Parameters
    ----------
    parts : sequence of (str, str, Block)
        Each block with the number of its section, and the minor heading it stands under, "" where there is none.
    """
    rows = [(Value(each["item"]), Value(each["read"] or "–"), Value(_met(each, parts))) for each in define_items()]
    return PageTable(
        "coverage",
        "Coverage of SPIRIT-DEFINE",
        "Items of SPIRIT-DEFINE (doi 10.1136/bmj-2023-076386) in our own words. Its numbers could not be read when "
        "this was written and are left out; given are those of items of the same matter that could be: of "
        "CONSORT-DEFINE (doi 10.1136/bmj-2023-076387) and of SPIRIT 2025 (doi 10.1136/bmj-2024-081477).",
        ("item", "numbers", "in this protocol"),
        rows,
    )


def _parts(blocks: Sequence[Block]) -> Iterator[tuple[str, str, Block]]:
    number = minor = ""
    for block in blocks:
        if block.kind in ("heading", "subheading"):
            number, minor = section_of(block.text), ""
        elif block.kind == "minor":
            minor = block.text
        else:
            yield number, minor, block


def _met(item: dict[str, Any], parts: Sequence[tuple[str, str, Block]]) -> str:
    if not item["where"]:
        return f"not applicable: {item['none']}"
    done: list[str] = []
    partly: list[str] = []
    left: list[str] = []
    for place in item["where"]:
        here = [block for number, minor, block in parts if place in (number, f"{number} {minor}")]
        if not here:
            continue  # not every design has such a part
        number = place.partition(" ")[0]
        name = number or "title"
        open_here = [block for block in here if open_points(block)]
        said = [block for block in here if PLACEHOLDER.sub("", block.text).strip(" .")]
        (left if not said else partly if open_here else done).append(name)
    words = [_sections(done), f"{_sections(partly)}, in part {_OPEN}" if partly else ""]
    words.append(f"{_OPEN} ({_sections(left)})" if left else "")
    return "; ".join(each for each in words if each)


def _sections(names: Sequence[str]) -> str:
    """Return sections in a row.

    Examples
    --------
    >>> _sections(["6.1", "6.3"]), _sections(["title"]), _sections([])
    ('sections 6.1 and 6.3', 'title', '')
    """
    names = list(dict.fromkeys(names))
    if not names:
        return ""
    if names == ["title"]:
        return "title"
    return f"section{'s' if len(names) > 1 else ''} {in_a_row(names)}"
