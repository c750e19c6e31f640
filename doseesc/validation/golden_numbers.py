"""Published and golden numbers, each with its source beside it, for the tests and for ``doseesc validate`` alike."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

FOLDER = files("doseesc.validation") / "data"

Item = dict[str, Any]
"""One call of another program, or one printed example: its arguments, and what came of it."""


def reference(name: str) -> Any:
    """Return what a JSON or YAML file of reference numbers holds, the caller's own to change.

    Examples
    --------
    >>> reference("published.yaml")["boin_mtd"]["mtd"]
    3
    """
    return deepcopy(_parsed(name))


@cache  # a large YAML file takes a third of a second, and is asked for by many comparisons
def _parsed(name: str) -> Any:
    text = (FOLDER / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        return json.loads(text)
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def golden(name: str, part: str) -> list[Item]:
    """Return the items of one part of a file of golden numbers.

    Examples
    --------
    >>> len(golden("boin.json", "get_boundary"))
    36
    """
    items: list[Item] = reference(name)[part]["items"]
    return items


def source_of(name: str, part: str) -> str:
    """Return where the numbers of one part of a file come from: a paper and its table, or a package and its version.

    Examples
    --------
    >>> source_of("dfcrm.json", "getprior")
    'dfcrm 0.2.2.1 (R 4.2.2): getprior(halfwidth, target, nu, nlevel, model, intcpt)'
    """
    return " ".join(str(_parsed(name)[part]["source"]).split())


def golden_items(name: str) -> list[Item]:
    """Return the items of a file of golden numbers that has one part only."""
    items: list[Item] = reference(name)["items"]
    return items
