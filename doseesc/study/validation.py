"""From pydantic's errors to problems in the user's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from doseesc.errors import FieldPath, Problem, as_probability, show, suggestion


def problems_of(
    error: ValidationError, data: Any, model: type[BaseModel] | None = None, base: FieldPath = ()
) -> list[Problem]:
    """Return a pydantic error as problems.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    data : object
        What it was given.
    model : type, optional
        The model, whose fields give examples and the known keys.
    base : tuple
        Where ``data`` stands in the file.
    """
    found = error.errors(include_url=False)
    return [_problem(details, data, model, base) for details in found if not _is_consequence(details, found)]


def _problem(details: ErrorDetails, data: Any, model: type[BaseModel] | None, base: FieldPath) -> Problem:
    location, kind = details["loc"], details["type"]
    path = _path_in(data, location, keep_last=kind == "missing")
    key, info, known = _field(model, location)
    shown, context = show(details["input"]), details.get("ctx", {})
    example = _example(key, info)
    if kind == "missing":
        return Problem(base + path, "is missing", example)
    if kind == "extra_forbidden":
        return Problem(base + path, "is not a key here", suggestion(str(location[-1]), known, "the keys are"))
    if kind == "union_tag_not_found":
        tags = [str(tag) for each in _models_in(info.annotation if info else None) for tag in _type_tags(each)]
        return Problem((*base, *path, "type"), "is missing", f"write  type:  with one of {', '.join(tags)}")
    if kind == "union_tag_invalid":
        tags = re.findall(r"'([^']*)'", str(context["expected_tags"]))
        return Problem(
            (*base, *path, "type"),
            f"is {show(context['tag'])}, not one of {', '.join(tags)}",
            suggestion(str(context["tag"]), tags, "write one of"),
        )
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(context["expected"]))
        return Problem(
            base + path,
            f"is {shown}, not one of {', '.join(words)}",
            suggestion(str(details["input"]), words, "write one of"),
        )
    if kind in ("too_short", "too_long") and isinstance(details["input"], str):
        kind = f"string_{kind}"
    if kind in _WRONG_TYPE:
        remedy = example
        if kind == "string_type":
            scalar = isinstance(details["input"], int | float)
            remedy = "put it in quotes" if scalar else "write one line of text"
        elif kind == "float_type" and isinstance(details["input"], str):
            remedy = as_probability(details["input"]) or example
        return Problem(base + path, f"is {shown}, not {_WRONG_TYPE[kind]}", remedy)
    if kind in _LIMIT:
        meant = as_probability(details["input"]) if _at_most_one(context) else ""
        return Problem(base + path, _LIMIT[kind](shown, context), meant or example)
    if "field" in context:  # what a constructor refused, see doseesc.study.values.made
        path = (*path, context["field"])
        key, info, _ = _field(model, (*location, context["field"]))
        example = _example(key, info)
    return Problem(base + path, details["msg"], str(context.get("remedy", "")) or example)


def _example(key: str, info: FieldInfo | None) -> str:
    return f"write for example  {key}: {show(info.examples[0])}" if info and info.examples else ""


_WRONG_TYPE = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a usable whole number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a set of  key: value",
    "model_type": "a set of  key: value",
    "model_attributes_type": "a set of  key: value",
    "dict_attributes_type": "a set of  key: value",
}

_LIMIT: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "greater_than": lambda shown, limit: f"is {shown}; it must be greater than {limit['gt']:g}",
    "greater_than_equal": lambda shown, limit: f"is {shown}; it must be at least {limit['ge']:g}",
    "less_than": lambda shown, limit: f"is {shown}; it must be less than {limit['lt']:g}",
    "less_than_equal": lambda shown, limit: f"is {shown}; it must be at most {limit['le']:g}",
    "too_short": lambda _, limit: (
        "is an empty list" if not limit["actual_length"] else f"has fewer than {limit['min_length']} values"
    ),
    "too_long": lambda _, limit: f"has more than {limit['max_length']} values",
    "string_too_short": lambda *_: "is empty",
    "string_too_long": lambda shown, limit: f"is longer than {limit['max_length']} characters: {shown}",
}


def _at_most_one(context: dict[str, Any]) -> bool:
    """Tell whether a limit that is not kept is that of a probability."""
    return context.get("le", context.get("lt")) == 1


def _path_in(data: Any, location: tuple[int | str, ...], keep_last: bool) -> FieldPath:
    """Drop from a pydantic location what is no key in the data: the names of a union's members."""
    path: FieldPath = ()
    for place, step in enumerate(location):
        in_mapping = isinstance(data, dict) and step in data
        if in_mapping or (isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)):
            data = data[step]
            path = (*path, step)
        elif keep_last and place == len(location) - 1:
            path = (*path, step)
    return path


def _field(model: type[BaseModel] | None, location: tuple[int | str, ...]) -> tuple[str, FieldInfo | None, list[str]]:
    """Return key and description of the model's field at a location, and the keys known beside it."""
    models = [model] if model else []
    key, info = "", None
    known: list[str] = []
    for step in location:
        fields = {field.alias or name: field for each in models for name, field in each.model_fields.items()}
        tagged = [each for each in models if step in _type_tags(each)]
        if isinstance(step, int):
            continue
        if not models:
            break
        if step in fields:
            key, info, known, models = step, fields[step], list(fields), _models_in(fields[step].annotation)
        elif tagged:
            models = tagged
        else:
            return step, None, list(fields)
    return key, info, known


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _type_tags(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("type")
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


def _is_consequence(details: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Tell whether a list is only called too short because its items are wrong."""
    location = details["loc"]
    inside = [each for each in errors if each["loc"][: len(location)] == location and len(each["loc"]) > len(location)]
    return details["type"] == "too_short" and bool(inside)
