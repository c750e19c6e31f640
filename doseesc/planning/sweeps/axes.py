"""Axes of a sweep: a field of the study, and the values that it takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doseesc.errors import FieldPath, Problem, show
from doseesc.planning.sweeps.fields import NoSuchField, field_at

DESIGNS, SCENARIOS = "designs", "scenarios"
CHOICES = (DESIGNS, SCENARIOS)
"""Axes that choose among what the study has, instead of changing it."""

COLUMNS = ("design", "scenario", "method", "metric", "level", "value", "mcse")
"""Columns of the table of a sweep, after those of its axes; no axis may have one of these names."""

WITHOUT_EFFECT = (
    *("study", "comparison", "optimal", "analysis", "arm_analysis"),
    *("phase2_arms", "phase2_dose_rule", "phase2"),
)
"""Sections of a scenario file on which no figure of a sweep depends."""

_LONGEST = 120  # characters of a name
MOST_VALUES = 100_000
_EXAMPLE = "write for example  [0.9, 0.95]  or  {from: 18, to: 36, by: 3}"


@dataclass(frozen=True)
class Axis:
    """A field and its values.

    Attributes
    ----------
    name : str
        Its column in the table.
    field : tuple
        Where it stands in the study.
    values : tuple
        As YAML has them.
    lines : tuple of (int or None)
        Of each value in the sweep's file.
    """

    name: str
    field: FieldPath
    values: tuple[Any, ...]
    lines: tuple[int | None, ...]

    @property
    def design(self) -> int | None:
        """The place of the design that the field belongs to; None where it belongs to all."""
        place = self.field[1] if len(self.field) > 1 and self.field[0] == DESIGNS else None
        return place if isinstance(place, int) else None

    @property
    def column(self) -> list[Any]:
        """The values as a column of a table holds them: numbers, truth values, or texts."""
        kinds = {type(each) for each in self.values}
        if kinds in ({bool}, {int}):
            return list(self.values)
        if kinds <= {int, float}:
            return [float(each) for each in self.values]
        return [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in self.values]

    def words(self, place: int) -> str:
        """Return the axis at one of its values, in words."""
        return f"{self.name} {show(self.values[place])}"


def axis_of(
    name: str, given: Any, data: Any, lines: Mapping[FieldPath, int] | None = None
) -> tuple[Axis | None, list[Problem]]:
    """Return the axis of an entry under ``axes``, or what is wrong with it.

    Parameters
    ----------
    name : str
        The field's path, or with ``field:`` any name.
    given : object
        A list of values; ``{from:, to:, by:}``; or either as ``{field:, values:}`` and ``{field:, from:, to:, by:}``.
    data : object
        The study's file.
    lines : mapping, optional
        Lines of the sweep's file.
    """
    here: FieldPath = ("axes", name)
    field, rest = name, given
    if isinstance(given, Mapping) and "field" in given:
        field = given["field"]
        rest = {key: value for key, value in given.items() if key != "field"}
        if set(rest) == {"values"}:
            rest = rest["values"]
    values, wrong = _values(rest)
    if wrong is not None:
        return None, [Problem(here, wrong, _EXAMPLE)]
    if not name.isprintable() or len(name) > _LONGEST:
        return None, [Problem(here, "is no name of a column", f"write up to {_LONGEST} plain characters in one line")]
    if name in COLUMNS:
        remedy = f"write another name, and  field: {name}"
        return None, [Problem(here, f"has the name of a column of the table, which are {', '.join(COLUMNS)}", remedy)]
    if not isinstance(field, str):
        return None, [Problem((*here, "field"), f"is {show(field)}, not the path of a field", "write  field: max_n")]
    try:
        path = field_at(field, data)
    except NoSuchField as error:
        return None, [Problem(here, str(error), error.remedy)]
    if path[0] in WITHOUT_EFFECT:
        return None, [Problem(here, f"changes nothing: no figure of a sweep depends on {path[0]}", "leave it out")]
    if len(path) == 1 and path[0] in CHOICES:
        return None, [Problem(here, f"chooses among the {path[0]} of the study, and needs no other name")]
    known = lines or {}
    placed = ("axes", name, "values") if ("axes", name, "values") in known else here
    own = tuple(known.get((*placed, at), known.get(here)) for at in range(len(values)))
    return Axis(name, path, tuple(values), own), []


def _values(given: Any) -> tuple[list[Any], str | None]:
    """Return the values listed or ranged, or what is wrong with them."""
    if isinstance(given, Mapping):
        return _ranged(given)
    if isinstance(given, str) or not isinstance(given, Sequence):
        return [], f"is {show(given)}, not a list of values"
    values = list(given)
    if not values:
        return [], "is an empty list"
    if len(values) > MOST_VALUES:
        return [], f"has more than {MOST_VALUES:,} values"
    texts = [json.dumps(each, sort_keys=True, default=str) for each in values]
    if len(set(texts)) < len(texts):
        twice = next(value for at, value in enumerate(values) if texts.index(texts[at]) != at)
        return [], f"has the value {show(twice)} twice"
    return values, None


def _ranged(given: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    if set(given) != {"from", "to", "by"}:
        return [], f"has the keys {', '.join(map(str, given)) or 'none'}, not from, to and by"
    first, last, step = (given[key] for key in ("from", "to", "by"))
    numbers = [each for each in (first, last, step) if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) < 3 or not all(map(math.isfinite, numbers)):
        return [], f"is {show(dict(given))}: from, to and by are numbers"
    if step <= 0 or last < first:
        return [], f"is {show(dict(given))}: by must be above 0, and to at least from"
    if (last - first) / step >= MOST_VALUES:
        return [], f"has more than {MOST_VALUES:,} values"
    count = int((last - first) / step + 1e-9) + 1
    if all(isinstance(each, int) for each in numbers):
        return [first + at * step for at in range(count)], None
    return [round(first + at * step, 12) for at in range(count)], None


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return the last key of each path where no two are the same, else the whole, for people.

    Examples
    --------
    >>> short_names(["max_n", "designs.BOIN.p_safe", "designs.iBOIN.p_safe", "accrual.per_month"])
    {'max_n': 'max_n', 'designs.BOIN.p_safe': 'BOIN.p_safe', 'designs.iBOIN.p_safe': 'iBOIN.p_safe', \
'accrual.per_month': 'per_month'}
    """
    short = {name: name.rsplit(".", 1)[-1] for name in names}
    often = list(short.values())
    return {name: last if often.count(last) == 1 else name.removeprefix(f"{DESIGNS}.") for name, last in short.items()}
