"""Arrays and figures as the plain values that JSON knows, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from math import isfinite
from types import SimpleNamespace
from typing import Any

import numpy as np
from pydantic_core import to_jsonable_python

_PLAIN = json.JSONEncoder(ensure_ascii=False, allow_nan=False)  # made once: results hold tens of thousands of values


def plain_values(value: Any) -> Any:
    """Turn arrays, mappings, dataclasses and namespaces into what JSON knows; NaN and infinities into null."""
    return to_jsonable_python(value, fallback=_of_array, inf_nan_mode="null")


def _of_array(value: Any) -> Any:
    return vars(value) if isinstance(value, SimpleNamespace) else value.tolist()


def number_of(value: Any) -> Any:
    """Turn lists into arrays, and null, which stands for what is not defined, into NaN."""
    if isinstance(value, list):
        return np.array(value, dtype=np.float64)
    return float("nan") if value is None else value


def figures_of(row: Mapping[str, Any]) -> SimpleNamespace:
    """Return a row of plain values as figures under their names: arrays, numbers, and namespaces of such.

    Examples
    --------
    >>> figures_of({"selected": [0.25, 0.75], "mcse": {"selected": [0, None]}})
    namespace(selected=array([0.25, 0.75]), mcse=namespace(selected=array([ 0., nan])))
    """
    return SimpleNamespace(
        **{name: figures_of(each) if isinstance(each, Mapping) else number_of(each) for name, each in row.items()}
    )


def readable_json(value: Any, indent: str = "") -> str:
    """Write JSON with one line per key and lists of plain values on one line, so that people can read it too.

    Examples
    --------
    >>> print(readable_json({"selected": [0.25, 0.75], "exact": None}))
    {
      "selected": [0.25, 0.75],
      "exact": null
    }
    """
    inner = indent + "  "
    if isinstance(value, dict) and value:
        between = ",\n" + inner
        items = [f"{_single(key)}: {readable_json(item, inner)}" for key, item in value.items()]
        return f"{{\n{inner}{between.join(items)}\n{indent}}}"
    if isinstance(value, list):
        if any(isinstance(item, dict | list) for item in value):
            between = ",\n" + inner
            return f"[\n{inner}{between.join([readable_json(item, inner) for item in value])}\n{indent}]"
        return f"[{', '.join(map(_single, value))}]"
    return _single(value)


def _single(value: Any) -> str:
    """Write one plain value as the encoder does, which is made for larger ones."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    return repr(value) if kind is int or (kind is float and isfinite(value)) else _PLAIN.encode(value)
