"""Parameters from a file against the fields of any dataclass: the built-in designs and rules, and third parties'."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import MISSING, Field, fields, replace
from functools import lru_cache
from typing import Any, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from designs import Weighted
from doseesc.errors import FieldPath, Problem, as_probability, show, suggestion
from doseesc.other_names import ours
from doseesc.study.levels import resolve_level
from doseesc.study.validation import problems_of
from doseesc.values_meant import with_whole_numbers

AMOUNTS = ("doses", "amounts")
"""Parameters of designs and rules that hold the dose amounts; taken from the study unless an entry sets them."""

_LARGEST = 2**63 - 1


def parameter_fields(cls: type[Any]) -> dict[str, Field[Any]]:
    """Return the dataclass fields that the constructor takes, by name."""
    return {field.name: field for field in fields(cls) if field.init}


def from_study(field: Field[Any]) -> bool:
    """Tell whether a parameter that designs share may be taken from the study.

    Not where its field says ``own``: rolling six treats one patient at a time, whatever the study's cohorts are.
    """
    return not field.metadata.get("own", False)


def parameter_adapter(cls: type[Any], name: str) -> TypeAdapter[Any] | None:
    """Return what checks a parameter by its annotation; None where the annotation is not of a kind YAML can give."""
    return _adapter(cast("Hashable", cls), name)


@lru_cache(maxsize=512)
def _adapter(cls: Any, name: str) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(get_type_hints(cls)[name])
    except (NameError, KeyError, PydanticUserError):
        return None  # the constructor, which checks its arguments, is then the only judge


def is_level(name: str) -> bool:
    """Tell whether a parameter is a dose level, which a file may give by its label."""
    return name == "level" or name.endswith("_level")


def is_levels(name: str) -> bool:
    """Tell whether a parameter is a list of dose levels, which a file may give by their labels."""
    return name in ("ladder", "path") or name.endswith("_levels")


def _in_pending(name: str, written: Any, own: Collection[str]) -> str:
    """Return the remedy where a design's entry holds a parameter of the policy that its ``pending`` names."""
    if "pending" not in own or name not in parameter_fields(Weighted):
        return ""
    return f"write  pending: {{type: Weighted, {name}: {show(written)}}}"


def read_parameters(
    cls: type[Any], given: Mapping[str, Any], labels: tuple[str, ...] | None, path: FieldPath, what: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Check parameters by the names and annotations of a dataclass.

    Parameters
    ----------
    cls : type
        The dataclass.
    given : mapping
        Parameters as written in the file.
    labels : tuple of str or None
        Dose labels; None where they are not known.
    path : tuple
        Where the parameters stand in the file.
    what : str
        What the user calls the dataclass.

    Returns
    -------
    values : dict
        Those that are right, converted to what the annotations ask for.
    problems : list of Problem
        What is wrong with the others.
    """
    own = parameter_fields(cls)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, written in given.items():
        place = (*path, name)
        if name not in own:
            remedy = _in_pending(name, written, own) or suggestion(name, own, "its parameters are") or "leave it out"
            translated = ours(name, own)
            certain = translated[0] if translated else ""
            problems.append(Problem(place, f"is not a parameter of {what}", remedy, meant=certain))
            continue
        raw = with_whole_numbers(written)
        value: Any = raw
        if is_level(name) and isinstance(raw, str | int | float) and not isinstance(raw, bool):
            if labels is None:
                continue
            value = resolve_level(str(raw) if isinstance(raw, float) else raw, labels, place)
        if is_levels(name) and isinstance(raw, list) and labels is not None:
            value = [
                resolve_level(each, labels, (*place, number)) if isinstance(each, str) else each
                for number, each in enumerate(raw)
            ]
            unknown = [each for each in value if isinstance(each, Problem)]
            problems += unknown
            if unknown:
                continue
        if isinstance(value, Problem):
            problems.append(value)
            continue
        wrong = _unusable_numbers(value, place)
        adapter = parameter_adapter(cls, name)
        try:
            # Strict JSON sees types as YAML does: a list may be a tuple, but no text and no true is a number.
            value = adapter.validate_json(json.dumps(value), strict=True) if adapter else value
        except ValidationError as error:
            for problem in problems_of(error, raw, None, place):
                if problem.path not in [each.path for each in wrong]:  # a union complains once for each member
                    wrong.append(with_default(_no_share(problem, own[name]), own[name]))
        problems += wrong
        if not wrong:
            values[name] = value
    return values, problems


def missing_parameters(cls: type[Any], present: Collection[str], path: FieldPath) -> list[Problem]:
    """Return a problem for every parameter without default that is not present."""
    return [
        Problem((*path, name), "is missing", _example(name))
        for name, field in parameter_fields(cls).items()
        if field.default is MISSING and field.default_factory is MISSING and name not in present
    ]


def refusal(error: ValueError, cls: type[Any], path: FieldPath) -> Problem:
    """Turn a constructor's ValueError, which begins with the argument's name, into a problem of that field."""
    word, _, rest = str(error).partition(" ")
    field = parameter_fields(cls).get(word)
    if field is None:
        return Problem(path, f"cannot be used: {error}", "change its parameters")
    choice = re.fullmatch(r"must be one of (.*), not '(.*)'", rest)
    remedy = suggestion(choice[2], choice[1].split(", "), "write one of") if choice else ""
    outside = re.fullmatch(r"must lie (?:between 0 and 1|in \[0, 1\]), not ([0-9.]+)", rest)
    if outside:
        remedy = as_probability(float(outside[1]))
    return with_default(Problem((*path, word), rest, remedy), field)


def _no_share(problem: Problem, field: Field[Any]) -> Problem:
    """Take back what to write for a percentage where a parameter is no probability, as its default above 1 shows."""
    default = field.default
    if problem.slip == "percent" and isinstance(default, int | float) and default > 1:
        return replace(problem, remedy="", slip="", instead=None)
    return problem


def with_default(problem: Problem, field: Field[Any]) -> Problem:
    """Add what to do, where nothing better is known: leave the parameter out."""
    if problem.remedy or field.default is MISSING:
        return problem
    if problem.message.startswith("must be given") or field.default == ():
        return replace(problem, remedy=f"write  {field.name}:  with its value")
    remedy = "write another value, or leave it out"
    if field.default is not None:
        remedy = f"leave it out for the default, {show(field.default)}"
    return replace(problem, remedy=remedy)


def _example(name: str) -> str:
    if name == "skeleton":
        return "write increasing probabilities, or for example  skeleton: {halfwidth: 0.05, prior_mtd: 2}"
    return f"write  {name}:  with its value"


def _unusable_numbers(value: Any, path: FieldPath) -> list[Problem]:
    problems = []
    for place, item in enumerate(value if isinstance(value, list) else [value]):
        where = (*path, place) if isinstance(value, list) else path
        if isinstance(item, float) and not math.isfinite(item):
            problems.append(Problem(where, f"is {show(item)}, not a finite number", "write a finite number"))
        if isinstance(item, int) and abs(item) > _LARGEST:
            problems.append(Problem(where, f"is {show(item)}, which is too large", "write a smaller number"))
    return problems
