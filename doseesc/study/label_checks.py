"""Dose labels that would mislead: doubled ones, no numbers, and numbers that speak against the amounts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from doseesc.errors import Problem, show

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\.?(inf(inity)?|nan)", flags=re.IGNORECASE)
_PATH = ("doses", "labels")


def label_problems(labels: Sequence[str], amounts: Sequence[float], unit: str) -> list[Problem]:
    """Return what is wrong with the labels of doses.

    Labels that are numbers are either levels, whole and rising, such as -1, 1, 2, or amounts, in whatever unit.

    Examples
    --------
    >>> [problem.message for problem in label_problems(("8", "16", "2"), (2, 8, 16), "mg")]
    ['is "8", which is the amount of level 2']
    >>> label_problems(("-1", "1", "2"), (2, 8, 16), "mg"), label_problems(("low", "8 mg", "x"), (2, 8, 16), "mg")
    ([], [])
    """
    folded = [label.casefold() for label in labels]
    problems = [
        Problem(
            (*_PATH, place),
            f"is {show(labels[place])} a second time"
            if labels[place] in labels[:place]
            else f"is {show(labels[place])}, which differs from an earlier label by its case alone",
            "give each dose its own label",
        )
        for place in range(len(labels))
        if folded[place] in folded[:place]
    ]
    numbers = [_number(label, unit) for label in labels]
    return problems or _number_problems(labels, numbers, amounts)


def _number_problems(labels: Sequence[str], numbers: Sequence[float | None], amounts: Sequence[float]) -> list[Problem]:
    given = [(place, number) for place, number in enumerate(numbers) if number is not None]
    for place, number in given:
        if not math.isfinite(number):
            return [_problem(place, f"is {show(labels[place])}, no number of a dose", "write a name or an amount")]
    rising = all(before < after for (_, before), (_, after) in pairwise(given))
    if rising and len(given) == len(labels) and all(number.is_integer() for _, number in given):
        counted = [int(number) for _, number in given]
        if counted == list(range(1, len(labels) + 1)) or counted[0] < 1:
            return []  # levels
    for place, number in given:
        if number < 0:
            return [_problem(place, f"is {show(labels[place])}, no amount of a drug", "write a name or an amount")]
    level_of = {amount: level for level, amount in enumerate(amounts, start=1)}
    others = [(place, level_of[number]) for place, number in given if level_of.get(number, place + 1) != place + 1]
    # One of several rising numbers may be another level's amount by chance, in another unit.
    if others and not (rising and len(others) == 1 and len(given) == len(labels)):
        place, level = others[0]
        message = f"is {show(labels[place])}, which is the amount of level {level}"
        return [_problem(place, message, "write labels and amounts in the same order, or names for labels")]
    if not rising:
        place = next(later for (_, a), (later, b) in pairwise(given) if b <= a)
        message = f"is {show(labels[place])}, not above the number before it, while amounts rise"
        return [_problem(place, message, "write labels and amounts in the same order, or names for labels")]
    return []


def _number(label: str, unit: str) -> float | None:
    """Return the number that a label is, with or without the unit; None where it is none."""
    text = label.removesuffix(unit).strip() if unit else label
    found = _NUMBER.fullmatch(text)
    return None if found is None else float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _problem(place: int, message: str, remedy: str) -> Problem:
    return Problem((*_PATH, place), message, remedy)
