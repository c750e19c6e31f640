"""From pydantic's errors to problems in the user's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from doseesc.errors import FieldPath, Problem, as_probability, percentage, show, suggestion, word_meant
from doseesc.other_names import ours
from doseesc.study.keys_elsewhere import home_of, models_in
from doseesc.values_meant import flag_meant, number_meant, numbers_meant
from doseesc.wording import shorten


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
        return _unknown_key(base + path, str(location[-1]), known, model if not base else None)
    if kind == "union_tag_not_found":
        tags = [str(tag) for each in models_in(info.annotation if info else None) for tag in _type_tags(each)]
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
        return _wrong_type(kind, details["input"], base + path, info, example)
    if kind in _LIMIT:
        share = percentage(details["input"]) if _at_most_one(context) else None
        remedy = as_probability(details["input"]) if share is not None else example
        problem = Problem(base + path, _LIMIT[kind](shown, context), remedy)
        return problem if share is None else replace(problem, slip="percent", instead=share)
    if "field" in context:  # what a constructor refused, see doseesc.study.values.made
        path = (*path, context["field"])
        key, info, _ = _field(model, (*location, context["field"]))
        example = _example(key, info)
    return Problem(base + path, details["msg"], str(context.get("remedy", "")) or example)


def _unknown_key(path: FieldPath, key: str, known: list[str], model: type[BaseModel] | None) -> Problem:
    """Say what is meant by a key that is none here; ``model`` is that of the whole file, where this is one of it."""
    likely, translated = word_meant(key, known), ours(key, known)
    home = home_of(model, key) if model is not None and (likely is None or len(path) == 1) else ""
    if home and translated is None:
        return Problem(path, "is not a key here", _place_of(home), meant=home)
    return Problem(
        path, "is not a key here", suggestion(key, known, "the keys are"), meant=translated[0] if translated else ""
    )


def _place_of(home: str) -> str:
    if home == "designs":
        return "it belongs to a design: write it in an entry of  designs"
    return f"it belongs to the section  {home}:  write it there, indented"


def _wrong_type(kind: str, value: Any, path: FieldPath, info: FieldInfo | None, example: str) -> Problem:
    """Say what a value of the wrong kind is and, where that can be told, what it was meant to be."""
    message = f"is {show(value)}, not {_WRONG_TYPE[kind]}"
    problem = Problem(path, message, example)
    name = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
    share = percentage(value) if kind == "float_type" else None
    if kind == "string_type":
        remedy = "put it in quotes" if isinstance(value, int | float) else "write one line of text"
        return replace(problem, remedy=remedy)
    if share is not None and isinstance(value, str):
        if not _allowed(share, info):
            return problem
        return replace(problem, remedy=as_probability(value), slip="percent", instead=share)
    if kind in _NUMBERS:
        several, number = numbers_meant(value), number_meant(value)
        if several is not None and number is None:
            return replace(problem, remedy=f"part the numbers by commas:  {', '.join(show(each) for each in several)}")
        if number is not None and (isinstance(number[0], int) or kind == "float_type"):
            mark = "; a comment begins with  #" if number[1] == "comment" else ""
            remedy = f"write  {name}{show(number[0])}{mark}"
            return replace(problem, remedy=remedy, slip=number[1], instead=number[0])
    if kind == "bool_type" and (flag := flag_meant(value)) is not None:
        return replace(problem, remedy=f"write  {name}{show(flag)}")
    if kind in _LISTS:
        numbers = numbers_meant(value)
        if numbers is not None:
            return replace(problem, remedy=f"write  {name}{show(numbers)}")
        if isinstance(value, dict) and value and info and models_in(info.annotation):
            first = shorten(str(next(iter(value))), 40)
            return replace(problem, remedy=f"write a list of named items, each as  - {{name: {first}, ...}}")
    if kind in _NUMBERS and not example and isinstance(value, float):
        return replace(problem, remedy=f"write  {name}{value:.0f}")
    if kind in _MAPPINGS and isinstance(value, list | str) and info:
        return replace(problem, remedy=_as_section(value, path, info) or example)
    return problem


def _allowed(share: float, info: FieldInfo | None) -> bool:
    """Return whether a key's open limits allow a probability, so that what is proposed is not refused in its turn."""
    limits = info.metadata if info else []
    return all(share < getattr(each, "lt", 2) and share > getattr(each, "gt", -1) for each in limits)


def _as_section(value: Any, path: FieldPath, info: FieldInfo) -> str:
    """Return how a value would stand in the section it was given for."""
    for model in models_in(info.annotation):
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if isinstance(value, str) and {"name", "type"} <= set(fields) and isinstance(path[-1], int):
            return f"write  - {{name: {shorten(value, 40)}, type: {shorten(value, 40)}}}"
        for key, field in fields.items():
            choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            listed = get_origin(field.annotation) is tuple and field.is_required()
            if isinstance(value, list) and listed and isinstance(path[-1], str):
                return f"write  {path[-1]}: {{{key}: {show(value)}}}"
            if isinstance(value, str) and choices and isinstance(path[-1], str):
                near = word_meant(value, [str(each) for each in choices]) or choices[0]
                return f"write for example  {path[-1]}: {{{key}: {near}}}"
    return ""


def _example(key: str, info: FieldInfo | None) -> str:
    return f"write for example  {key}: {show(info.examples[0])}" if info and info.examples else ""


_NUMBERS = ("float_type", "int_type", "int_from_float", "int_parsing_size")
_LISTS = ("tuple_type", "list_type")
_MAPPINGS = ("model_type", "model_attributes_type", "dict_attributes_type", "dict_type")
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
            key, info, known, models = step, fields[step], list(fields), models_in(fields[step].annotation)
        elif tagged:
            models = tagged
        else:
            return step, None, list(fields)
    return key, info, known


def _type_tags(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("type")
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


def _is_consequence(details: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Tell whether a list is only called too short because its items are wrong, or a default needs what is wrong."""
    if details["type"] == "default_factory_not_called":
        return True
    location = details["loc"]
    inside = [each for each in errors if each["loc"][: len(location)] == location and len(each["loc"]) > len(location)]
    return details["type"] == "too_short" and bool(inside)
