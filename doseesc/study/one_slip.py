"""One slip that runs through many values is told once; what only follows from another mistake is not told at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

from doseesc.errors import FieldPath, Problem, field_name, show
from doseesc.wording import in_a_row

_SAYS = {
    "percent": "holds percentages where probabilities are due",
    "decimal comma": "holds decimals with a comma",
    "unit": "holds numbers with their unit",
    "thousands": "holds numbers with marks between the thousands",
    "fraction": "holds fractions",
    "quotes": "holds numbers in quotes",
    "word": "holds numbers in words",
}
_LISTED = 5  # further places that a message names


def told_once(problems: Sequence[Problem], data: Any) -> list[Problem]:
    """Return problems with those left out that follow from others, and equal slips made one.

    Parameters
    ----------
    problems : sequence of Problem
        With their lines.
    data : object
        The file's content.
    """
    meant = {(*each.path[:-1], each.meant) for each in problems if each.meant}
    kept = [
        each for each in problems if each.path not in meant or not each.message.startswith(("is missing", "is emp"))
    ]
    single = [each for each in kept if each.slip not in _SAYS]
    for slip in _SAYS:
        same = [each for each in kept if each.slip == slip]
        if same:
            single.append(_told_for_all(_by_place(same, data), data))
    return single


def _by_place(problems: Sequence[Problem], data: Any) -> list[Problem]:
    """Make one of the problems of each list or mapping."""
    ordered = sorted(problems, key=lambda each: (each.line or 0, [str(step) for step in each.path[:-1]]))
    found = []
    for parent, group in groupby(ordered, key=lambda each: each.path[:-1]):
        members = list(group)
        whole = _at(data, parent)
        probabilities = isinstance(whole, list) or (isinstance(whole, dict) and "name" not in whole and len(parent) > 1)
        if len(members) == 1 or not probabilities:
            found += members
            continue
        fixed = _fixed(whole, members)
        message = f"{_SAYS[members[0].slip]}: {show(whole)}"
        found.append(replace(members[0], path=parent, message=message, remedy=f"write  {parent[-1]}: {show(fixed)}"))
    return found


def _fixed(whole: Any, members: Sequence[Problem]) -> Any:
    instead = {each.path[-1]: each.instead for each in members}
    if isinstance(whole, dict):
        fixed: Any = {key: instead.get(key, value) for key, value in whole.items()}
    else:
        fixed = [instead.get(place, value) for place, value in enumerate(whole)]
    values = list(fixed.values()) if isinstance(fixed, dict) else fixed
    numbers = all(isinstance(each, int | float) for each in values)
    if members[0].slip == "percent" and numbers and any(a > b for a, b in pairwise(values)):
        everything = {key: _hundredth(value) for key, value in _items(whole)}
        return everything if isinstance(whole, dict) else list(everything.values())
    return fixed


def _items(whole: Any) -> list[tuple[Any, Any]]:
    return list(whole.items()) if isinstance(whole, dict) else list(enumerate(whole))


def _hundredth(value: Any) -> Any:
    return float(f"{value / 100:.12g}") if isinstance(value, int | float) else value


def _told_for_all(problems: Sequence[Problem], data: Any) -> Problem:
    first, *others = problems
    if not others:
        return first
    places = [f"{field_name(each.path, data)} (line {each.line})" for each in others[:_LISTED]]
    more = len(others) - len(places)
    places += [f"{more} more"] if more else []
    verb = "is" if len(others) == 1 else "are"
    return replace(first, message=f"{first.message}; so {verb} {in_a_row(places)}")


def _at(data: Any, path: FieldPath) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data
