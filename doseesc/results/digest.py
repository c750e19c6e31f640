"""The hash by which results tell that nothing in them was changed after they were written.

It is no seal against somebody who writes a new one: what it shows is an accident, an edit by hand, a file half copied.
What results say must be possible besides; see :mod:`doseesc.results.consistency`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from doseesc.results.plain import plain_values

DIGEST = "sha256"
_LEFT_OUT = ("run", DIGEST)  # two runs of the same study differ in their time alone


def digest(document: Mapping[str, Any]) -> str:
    """Return the hash of a document's values, whatever their order of keys and however numbers are written.

    Examples
    --------
    >>> digest({"a": [1.0, 0.5], "b": None}) == digest({"b": None, "a": [1, 0.5], "run": {"finished": "now"}})
    True
    """
    plain = plain_values({name: value for name, value in document.items() if name not in _LEFT_OUT})
    text = json.dumps(_alike(plain), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_digest(document: Mapping[str, Any], what: str = "it") -> None:
    """Refuse a document that is not what was written.

    Raises
    ------
    ValueError
        If it has no hash, or that of other values.
    """
    if DIGEST not in document:
        raise ValueError(f"{what} lacks {DIGEST}, the hash of what it holds")
    if document[DIGEST] != digest(document):
        raise ValueError(f"{what} was changed after it was written: what it holds is not what its {DIGEST} is of")


def _alike(value: Any) -> Any:
    """Write whole numbers in one way: other programs write 1 for 1.0."""
    kind = type(value)
    if kind is dict:
        return {key: _alike(item) for key, item in value.items()}
    if kind is list:  # numbers at once: there are tens of thousands
        return [(int(item) if item.is_integer() else item) if type(item) is float else _alike(item) for item in value]
    return int(value) if kind is float and value.is_integer() else value
