"""Where in the scenario file a key belongs that stands in the wrong place."""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from typing import Any, get_args

from pydantic import BaseModel

from designs import Design
from doseesc.other_names import ours


def home_of(model: type[BaseModel] | None, key: str) -> str:
    """Return the key of the section that knows a key, "" where none does; ``designs`` for designs' own parameters.

    Parameters
    ----------
    model : type
        That of the whole file, or None.
    key : str
        As written.
    """
    if model is None:
        return ""
    sections = _sections(model)
    exact = [path for path, known in sections if key in known]
    shared = {field.name for field in fields(Design) if field.init}  # which every entry of designs may have
    if (key in shared and "" not in exact) or (not exact and key in _parameters_of_designs()):
        return "designs"
    translated = [path for path, known in sections if path and ours(key, known)]
    return next((path for path in [*exact, *translated] if path), "")


def _sections(model: type[BaseModel]) -> list[tuple[str, list[str]]]:
    """Return every section by its first path, breadth first, with its keys."""
    found: list[tuple[str, list[str]]] = []
    seen: set[type[BaseModel]] = set()
    waiting = deque([("", model)])
    while waiting:
        path, each = waiting.popleft()
        if each in seen:
            continue
        seen.add(each)
        keys = {field.alias or name: field for name, field in each.model_fields.items()}
        found.append((path, list(keys)))
        for key, field in keys.items():
            waiting += [(f"{path}.{key}" if path else key, inner) for inner in models_in(field.annotation)]
    return found


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the sections that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def _parameters_of_designs() -> set[str]:
    return {field.name for design in _kinds_of(Design) for field in fields(design) if field.init}


def _kinds_of(kind: type[Any]) -> set[type[Any]]:
    """Return a class and all that are kinds of it, as far as they are loaded."""
    return {kind}.union(*(_kinds_of(each) for each in kind.__subclasses__()))
