"""Dose levels as a file names them: by label, or by number from 1."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from doseesc.errors import FieldPath, Problem, show, suggestion


def _level(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        message = f"is {show(value)}, not a dose label or a level from 1"
        raise PydanticCustomError("level", "{message}", {"message": message})
    return str(value) if isinstance(value, float) else value


Level = Annotated[int | str, BeforeValidator(_level)]
"""A dose level as a file gives it."""


def resolve_level(value: int | str, labels: tuple[str, ...], path: FieldPath) -> int | Problem:
    """Return the level, from 1, that a label or number means, or what is wrong with it.

    A number counts levels; where doses are labelled by numbers and the two readings differ, it is refused.

    Examples
    --------
    >>> resolve_level("medium", ("low", "medium", "high"), ()), resolve_level(3, ("low", "medium", "high"), ())
    (2, 3)
    >>> resolve_level(2, ("2", "8", "16"), ()).message
    'is 2, which is both level 2 (labelled 8) and the label of level 1'
    """
    label = labels.index(str(value)) + 1 if str(value) in labels else None
    if isinstance(value, str):
        if label is not None:
            return label
        return Problem(path, f"is {show(value)}, which is no dose", suggestion(value, labels, "the doses are"))
    if 1 <= value <= len(labels) and label in (None, value):
        return value
    if label is None:
        return Problem(
            path,
            f"is {show(value)}, but levels go from 1 to {len(labels)}",
            suggestion("", labels, "write one of the doses"),
        )
    if 1 <= value <= len(labels):
        return Problem(
            path,
            f"is {value}, which is both level {value} (labelled {labels[value - 1]}) and the label of level {label}",
            f'write the label in quotes:  "{value}"  or  "{labels[value - 1]}"',
        )
    return label


def level_of(dose: int | str, labels: tuple[str, ...]) -> int:
    """Return the level, from 1, of a dose given by its label or level.

    Raises
    ------
    ValueError
        If there is no such dose.
    """
    level = resolve_level(dose, labels, ())
    if isinstance(level, Problem):
        raise ValueError(f"dose {level.message}; {level.remedy}")
    return level
