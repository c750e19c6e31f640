"""Values as lines of a scenario file, short ones on one line."""

from __future__ import annotations

from typing import Any

from doseesc.errors import show

_LONGEST_LINE = 70  # columns of a line of an example


def block_lines(key: str, value: Any, indent: int) -> list[str]:
    """Return a key with its value on one line where that is short, else its parts below one another."""
    line = f"{'':{indent}}{key}: {on_one_line(value)}"
    if len(line) <= _LONGEST_LINE or not isinstance(value, dict | list | tuple):
        return [line]
    head = f"{'':{indent}}{key}:"
    if isinstance(value, dict):
        return [head, *(line for inner, item in value.items() for line in block_lines(inner, item, indent + 2))]
    return [head, *(line for item in value for line in item_lines(item, indent + 2))]


def item_lines(value: Any, indent: int) -> list[str]:
    """Return an item of a list, with a dash before it."""
    line = f"{'':{indent}}- {on_one_line(value)}"
    if len(line) <= _LONGEST_LINE or not isinstance(value, dict):
        return [line]
    lines = [line for key, item in value.items() for line in block_lines(key, item, indent + 2)]
    return [f"{'':{indent}}- {lines[0].lstrip()}", *lines[1:]]


def on_one_line(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {on_one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(on_one_line, value)) + "]"
    return show(value)
