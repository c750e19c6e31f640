"""Fields of a scenario file by their dotted paths, as its errors write them: found, and changed in a copy.

>>> data = {"designs": [{"name": "BOIN", "type": "BOIN"}, {"name": "CRM 0.5", "skeleton": [0.1, 0.2]}], "max_n": 18}
>>> field_at("designs.CRM 0.5.skeleton[2]", data)
('designs', 1, 'skeleton', 1)
>>> with_values(data, {("designs", 0, "p_safe"): 0.1})["designs"][0]
{'name': 'BOIN', 'type': 'BOIN', 'p_safe': 0.1}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from doseesc.errors import FieldPath, suggestion

_COUNTED = re.compile(r"\[(\d{1,6})\]")


class NoSuchField(ValueError):
    """A path leads nowhere; ``remedy`` says what to write instead."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def field_at(text: str, data: Any) -> FieldPath:
    """Return where a field stands, which itself, and sections around it, may still be missing.

    Parameters
    ----------
    text : str
        Keys parted by dots; items of a list by their names, which may have dots in them, or counted from 1 in brackets.
    data : object
        What the file holds.

    Raises
    ------
    NoSuchField
        If an item of a list is not there, or the path goes on within a plain value.
    """
    path: FieldPath = ()
    rest, reached = text, "the study"
    while rest:
        counted = _COUNTED.match(rest)
        if counted:
            step: str | int = int(counted[1]) - 1
            if not isinstance(data, list) or not 0 <= int(step) < len(data):
                had = f"has {len(data)} items" if isinstance(data, list) else "is no list"
                raise NoSuchField(f"names item {counted[1]} of {reached}, which {had}")
            taken = counted.end()
        elif isinstance(data, list):
            names = [str(each["name"]) for each in data if isinstance(each, dict) and "name" in each]
            fitting = [each for each in names if rest.startswith(each) and rest[len(each) :][:1] in ("", ".", "[")]
            if not fitting:
                word = re.split(r"[.\[]", rest)[0]
                raise NoSuchField(f"names {word!r}, which is none of {reached}", suggestion(word, names, "there are"))
            name = max(fitting, key=len)
            step = next(at for at, each in enumerate(data) if isinstance(each, dict) and str(each.get("name")) == name)
            taken = len(name)
        elif data is None or isinstance(data, dict):
            word = re.split(r"[.\[]", rest)[0]
            if not word:
                raise NoSuchField("is no path of keys", "write for example  designs.BOIN.p_safe")
            step, taken = word, len(word)
        else:
            raise NoSuchField(f"goes on within {reached}, which is a single value")
        known = isinstance(data, list) or (isinstance(data, dict) and step in data)
        data = data[step] if known else None
        path = (*path, step)
        reached = text[: len(text) - len(rest) + taken]
        rest = rest[taken:].removeprefix(".")
    if not path:
        raise NoSuchField("is empty", "write for example  max_n")
    return path


def with_values(data: Any, changes: Mapping[FieldPath, Any]) -> Any:
    """Return a file's content with other values in some places; what is not changed is shared with ``data``."""
    for path, value in changes.items():
        data = _with_value(data, path, value)
    return data


def _with_value(data: Any, path: FieldPath, value: Any) -> Any:
    if not path:
        return value
    step, *further = path
    if isinstance(data, list):
        return [_with_value(each, tuple(further), value) if at == step else each for at, each in enumerate(data)]
    whole = data or {}
    return {**whole, step: _with_value(whole.get(step), tuple(further), value)}
