"""Conditions on combinations of a sweep, in words: ``p_toxic above p_safe``, ``max_n at least 24``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doseesc.errors import show, suggestion

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "above": operator.gt,
    "below": operator.lt,
    "at least": operator.ge,
    "at most": operator.le,
    "is not": operator.ne,
    "is": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_SPLIT = re.compile(r"\s+(" + "|".join(map(re.escape, _COMPARED)) + r")\s+")
WORDS = "above, below, at least, at most, is, is not"


class NotUnderstood(ValueError):
    """A condition that says nothing; ``remedy`` says what to write instead."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class Condition:
    """Two sides, each an axis or a value, and how they are compared.

    Attributes
    ----------
    text : str
        As written.
    left, right : object
        Values; the names of axes where ``left_axis`` or ``right_axis`` says so.
    word : str
        The comparison.
    axes : frozenset of str
        The axes in it.
    """

    text: str
    left: Any
    right: Any
    word: str
    axes: frozenset[str]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether it holds where the axes have these values; also where one of them has none.

        Raises
        ------
        NotUnderstood
            If the two sides cannot be compared.
        """
        if not self.axes <= set(values):
            return True
        left, right = (values[side] if side in self.axes else side for side in (self.left, self.right))
        try:
            return bool(_COMPARED[self.word](left, right))
        except TypeError:
            message = f"{self.text!r} compares {show(left)} with {show(right)}"
            raise NotUnderstood(message, "compare numbers with numbers") from None


def condition_of(text: str, axes: Sequence[str], short: Mapping[str, str]) -> Condition:
    """Return the condition that a text says.

    Parameters
    ----------
    text : str
    axes : sequence of str
        Names of axes.
    short : mapping
        Their short names, which a condition may use.

    Raises
    ------
    NotUnderstood
        If it says none.

    Examples
    --------
    >>> condition_of("p_toxic above 0.3", ["designs.BOIN.p_toxic"], {"designs.BOIN.p_toxic": "p_toxic"}).holds(
    ...     {"designs.BOIN.p_toxic": 0.35})
    True
    """
    parts = _SPLIT.split(text.strip())
    if len(parts) != 3:
        raise NotUnderstood(f"is {show(text)}, no comparison", f"compare an axis by one of  {WORDS}")
    names = {**{short[name]: name for name in axes}, **{name: name for name in axes}}
    sides, found = [], []
    for part in (parts[0], parts[2]):
        if part in names:
            found.append(names[part])
            sides.append(names[part])
        else:
            sides.append(_value(part))
    if not found:
        raise NotUnderstood(f"is {show(text)}, which names no axis", suggestion(parts[0], names, "the axes are"))
    strange = [side for side in sides if isinstance(side, str) and side not in found]
    if strange and parts[1] not in ("is", "is not"):
        raise NotUnderstood(f"names {strange[0]!r}, which is no axis", suggestion(strange[0], names, "the axes are"))
    return Condition(text, sides[0], sides[1], parts[1], frozenset(found))


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
