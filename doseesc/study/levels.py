"""Dose levels as a file names them: by label, by amount with or without its unit, or by number from 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Self

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from doseesc.errors import FieldPath, Problem, show, word_meant
from doseesc.wording import amount_words, plain_number


def _level(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        message = f"is {show(value)}, not a dose label or a level from 1"
        raise PydanticCustomError("level", "{message}", {"message": message})
    return str(value) if isinstance(value, float) else value


_SHORT = 16  # characters of an amount that may stand for a dose's name

Level = Annotated[int | str, BeforeValidator(_level)]
"""A dose level as a file gives it."""


class DoseLabels(tuple[str, ...]):
    """The labels of a study's doses, lowest first, which know the amounts that they stand for.

    Attributes
    ----------
    amounts : tuple of float
        Empty where they are not known.
    unit : str
    """

    amounts: tuple[float, ...]
    unit: str

    def __new__(cls, labels: Iterable[str], amounts: Iterable[float] = (), unit: str = "") -> Self:
        """Return the labels; ``amounts`` in their order, or none."""
        made = super().__new__(cls, labels)
        made.amounts, made.unit = tuple(amounts), unit
        return made

    def level(self, text: str) -> int | None:
        """Return the level, from 1, of a label or an amount, with or without its unit; None where it is neither.

        Examples
        --------
        >>> doses = DoseLabels(["low", "high"], [10, 40], "mg")
        >>> [doses.level(text) for text in ("high", "40 mg", "40", "40.0mg", "20 mg")]
        [2, 2, 2, 2, None]
        """
        if text in self:
            return self.index(text) + 1
        amount = text.strip()
        if self.unit and amount.endswith(self.unit):
            amount = amount.removesuffix(self.unit).rstrip().removesuffix("x").rstrip()
        try:
            return self.amounts.index(float(amount)) + 1
        except ValueError:
            return None

    @property
    def listed(self) -> str:
        """The doses as they may be written, with their amounts where labels do not say them."""
        if not self.amounts or len(self.amounts) != len(self):
            return ", ".join(self)
        amounts = [amount_words(each, self.unit) for each in self.amounts]
        pairs = zip(self, amounts, strict=True)
        return ", ".join(label if label == amount else f"{label} ({amount})" for label, amount in pairs)


def amount_labels(amounts: Sequence[float], unit: str) -> tuple[str, ...]:
    """Return what doses without labels are called: their amounts with their unit, which is left out where it is long.

    Amounts without a unit might be taken for levels: these doses are called by their levels.

    Examples
    --------
    >>> [amount_labels([2, 8], unit) for unit in ("mg", "1e8 particles per day", "")]
    [('2 mg', '8 mg'), ('2', '8'), ('1', '2')]
    """
    if not unit:
        return tuple(str(level) for level in range(1, len(amounts) + 1))
    labels = tuple(amount_words(amount, unit) for amount in amounts)
    return labels if max(map(len, labels), default=0) <= _SHORT else tuple(map(plain_number, amounts))


def resolve_level(value: int | str, labels: Sequence[str], path: FieldPath) -> int | Problem:
    """Return the level, from 1, that a label, an amount or a number means, or what is wrong with it.

    A whole number counts levels, as long as there are so many; where doses are labelled by numbers and the two readings
    differ, it is refused.  Amounts are known to :class:`DoseLabels`.

    Examples
    --------
    >>> resolve_level("medium", ("low", "medium", "high"), ()), resolve_level(3, ("low", "medium", "high"), ())
    (2, 3)
    >>> doses = DoseLabels(("low", "medium", "high"), (10, 20, 40), "mg")
    >>> resolve_level("20 mg", doses, ()), resolve_level(40, doses, ()), resolve_level(2, doses, ())
    (2, 3, 2)
    >>> resolve_level(2, ("2", "8", "16"), ()).message
    'is 2, which is both level 2 (labelled 8) and the label of level 1'
    """
    doses = labels if isinstance(labels, DoseLabels) else DoseLabels(labels)
    if isinstance(value, str):
        level = doses.level(value)
        return level or Problem(path, f"is {show(value)}, which is no dose", dose_meant(value, doses))
    label = doses.index(str(value)) + 1 if str(value) in doses else None
    if 1 <= value <= len(doses) and label in (None, value):
        return value
    if label is None:
        remedy = f"write one of the doses  {doses.listed}"
        wrong = Problem(path, f"is {show(value)}, but levels go from 1 to {len(doses)}", remedy)
        return doses.level(str(value)) or wrong
    if 1 <= value <= len(doses):
        return Problem(
            path,
            f"is {value}, which is both level {value} (labelled {doses[value - 1]}) and the label of level {label}",
            f'write the label in quotes:  "{value}"  or  "{doses[value - 1]}"',
        )
    return label


def dose_meant(word: str, doses: DoseLabels, known: Sequence[str] | None = None) -> str:
    """Return the question for the nearest dose, of those ``known``, or the list of all."""
    near = word_meant(word, doses if known is None else known)
    return f"did you mean  {near}?" if near else f"the doses are  {doses.listed}"


def level_of(dose: int | str, labels: Sequence[str]) -> int:
    """Return the level, from 1, of a dose given by its label, amount or level.

    Raises
    ------
    ValueError
        If there is no such dose.
    """
    level = resolve_level(dose, labels, ())
    if isinstance(level, Problem):
        raise ValueError(f"dose {level.message}; {level.remedy}")
    return level
