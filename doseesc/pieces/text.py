"""Values as text, for whoever is to work with them elsewhere: designs, studies, truths, arrays, and names of functions.

A text says what a value is made of, and nothing of how it lies in memory: a class by its name and its fields, an array
by its numbers to the last bit.  So another process, of another Python, reads the same value, and where a class is
missing there, its name is told.

>>> from designs import BOIN
>>> design = BOIN(target=0.25, n_doses=3, max_n=18)
>>> value_of(text_of(design)) == design
True
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial, reduce
from importlib import import_module
from inspect import isfunction
from pathlib import PurePath
from typing import Any

import numpy as np

_KEY = "?"
"""Marks what is no plain list or dictionary; where a dictionary has this key itself, it is written as pairs."""


class NoText(TypeError):
    """A value that has no text; the message says what it is."""


def text_of(value: object) -> str:
    """Return a value as text.

    Plain values, NumPy arrays and numbers, functions and classes by their names, ``functools.partial``, enumerations,
    named tuples, data classes by the fields of their constructors, pydantic models, and whatever has ``to_piece()``,
    which returns a value of these, and a class method ``from_piece()``, which takes it.

    Parameters
    ----------
    value : object

    Raises
    ------
    NoText
        If it is, or holds, something else, or something that others cannot import.
    """
    return json.dumps(_written(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def value_of(text: str) -> Any:
    """Return the value that :func:`text_of` has written.

    Raises
    ------
    ImportError, AttributeError
        If a class or function of it is missing here.
    ValueError
        If a value is not possible.
    """
    return _read(json.loads(text))


def _written(value: Any) -> Any:
    """Return a value as JSON has it."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {_KEY: "float", "value": repr(value)}
    if kind is list:
        return [_written(each) for each in value]
    if kind is dict:
        if all(type(key) is str for key in value) and _KEY not in value:
            return {key: _written(each) for key, each in value.items()}
        return {_KEY: "dict", "value": [[_written(key), _written(each)] for key, each in value.items()]}
    for name, (belongs, parts, _) in _KINDS.items():
        if belongs(value):
            return {_KEY: name, **parts(value)}
    raise NoText(f"{kind.__module__}.{kind.__qualname__} has no text: {str(value)[:80]}")


def _read(given: Any) -> Any:
    if isinstance(given, list):
        return [_read(each) for each in given]
    if not isinstance(given, dict):
        return given
    if _KEY not in given:
        return {key: _read(each) for key, each in given.items()}
    if given[_KEY] == "float":
        return float(given["value"])
    if given[_KEY] == "dict":
        return {_read(key): _read(each) for key, each in given["value"]}
    return _KINDS[given[_KEY]][2](given)


def _name(thing: Any) -> str:
    """Return the name under which others import a class or function.

    Raises
    ------
    NoText
        If there is none, as of what was written in a notebook or within a function.
    """
    name = f"{thing.__module__}:{thing.__qualname__}"
    if thing.__module__ == "__main__" or "<" in thing.__qualname__ or _named(name) is not thing:
        raise NoText(f"{thing.__qualname__} of {thing.__module__} cannot be imported by others; put it into a module")
    return name


def _named(name: str) -> Any:
    module, _, inner = name.partition(":")
    return reduce(getattr, inner.split("."), import_module(module))


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: _written(getattr(value, each.name)) for each in fields(value) if each.init}


def _array(value: Any) -> dict[str, Any]:
    if value.dtype.hasobject or value.dtype.fields is not None:  # whose names the type's text does not hold
        raise NoText(f"an array of {value.dtype} has no text")
    plain = np.ascontiguousarray(value)
    return {"type": plain.dtype.str, "shape": list(value.shape), "bytes": b64encode(plain.tobytes()).decode()}


def _array_read(given: dict[str, Any]) -> Any:
    return np.frombuffer(bytearray(b64decode(given["bytes"])), given["type"]).reshape(given["shape"])


def _dumped(value: Any) -> dict[str, Any]:
    return {"class": _name(type(value)), "value": value.model_dump(mode="json", by_alias=True)}


def _partial_written(value: partial[Any]) -> dict[str, Any]:
    return {"function": _written(value.func), "given": _written(list(value.args)), "named": _written(value.keywords)}


_KINDS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], dict[str, Any]], Callable[[dict[str, Any]], Any]]] = {
    "own": (
        lambda value: hasattr(value, "to_piece") and not isinstance(value, type),
        lambda value: {"class": _name(type(value)), "value": _written(value.to_piece())},
        lambda given: _named(given["class"]).from_piece(_read(given["value"])),
    ),
    "enum": (
        lambda value: isinstance(value, Enum),
        lambda value: {"class": _name(type(value)), "value": value.name},
        lambda given: _named(given["class"])[given["value"]],
    ),
    "named": (
        lambda value: isinstance(value, tuple) and hasattr(value, "_fields"),
        lambda value: {"class": _name(type(value)), "value": [_written(each) for each in value]},
        lambda given: _named(given["class"])(*_read(given["value"])),
    ),
    "tuple": (
        lambda value: type(value) is tuple,
        lambda value: {"value": [_written(each) for each in value]},
        lambda given: tuple(_read(given["value"])),
    ),
    "set": (
        lambda value: type(value) in (set, frozenset),
        lambda value: {"frozen": type(value) is frozenset, "value": sorted((_written(e) for e in value), key=repr)},
        lambda given: (frozenset if given["frozen"] else set)(_read(given["value"])),
    ),
    "array": (lambda value: type(value) is np.ndarray, _array, _array_read),
    "number": (
        lambda value: isinstance(value, np.generic),
        lambda value: _array(np.asarray(value)),
        lambda given: _array_read(given)[()],
    ),
    "path": (
        lambda value: isinstance(value, PurePath),
        lambda value: {"class": _name(type(value)), "value": str(value)},
        lambda given: _named(given["class"])(given["value"]),
    ),
    "bytes": (
        lambda value: type(value) is bytes,
        lambda value: {"value": b64encode(value).decode()},
        lambda given: b64decode(given["value"]),
    ),
    "partial": (
        lambda value: type(value) is partial,
        _partial_written,
        lambda given: partial(_read(given["function"]), *_read(given["given"]), **_read(given["named"])),
    ),
    "by name": (
        lambda value: isfunction(value) or isinstance(value, type),
        lambda value: {"value": _name(value)},
        lambda given: _named(given["value"]),
    ),
    "fields": (
        is_dataclass,
        lambda value: {"class": _name(type(value)), "value": _fields(value)},
        lambda given: _named(given["class"])(**{name: _read(each) for name, each in given["value"].items()}),
    ),
    "model": (
        lambda value: hasattr(value, "model_dump"),
        _dumped,
        lambda given: _named(given["class"]).model_validate(given["value"]),
    ),
}
"""What is neither plain, a list, nor a dictionary: how it is known, what is written of it, and how that is read."""
