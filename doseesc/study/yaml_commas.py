"""Commas and colons that YAML reads otherwise than the writer meant, within brackets: ``0,25`` and ``{name:x}``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ruamel.yaml.events import Event, ScalarEvent


def is_empty(event: Event) -> bool:
    """Tell whether a value is not there at all."""
    return isinstance(event, ScalarEvent) and event.value == "" and bool(event.implicit[0])


def number_parted(before: Event, key: str) -> str | None:
    """Return the number, with its comma, that a value and the key after it are: ``{low: 0,25}`` has a key 25."""
    if key.isdigit() and isinstance(before, ScalarEvent) and re.fullmatch(r"[-+]?[0-9]+", before.value):
        return f"{before.value},{key}"
    return None


def unparted_key(key: str) -> tuple[str, str] | None:
    """Return key and value of ``name:x``, whose colon has no blank after it."""
    parts = re.fullmatch(r"([A-Za-z_]\w*):(\S.*)", key)
    return (parts[1], parts[2]) if parts else None


def with_decimal_commas(items: list[Any], written: Sequence[Event]) -> list[Any]:
    """Return ``[0,02, 0,05]`` as the two texts that were meant, where the blanks leave no doubt."""
    pairs = len(items) // 2
    if (
        pairs < 2
        or len(items) % 2
        or not all(isinstance(each, ScalarEvent) and each.value.isdigit() for each in written)
    ):
        return items
    gaps = [after.start_mark.index - before.end_mark.index for before, after in pairwise(written)]
    texts = [str(getattr(each, "value", "")) for each in written]
    if any(gap != 1 for gap in gaps[::2]) or any(gap < 2 for gap in gaps[1::2]) or "0" not in texts[::2]:
        return items
    return [f"{whole},{rest}" for whole, rest in zip(texts[::2], texts[1::2], strict=True)]
