"""What is wrong in a scenario file, and how it is said: file, line, field, the value met, what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from doseesc.other_names import ours
from doseesc.wording import in_a_row, nearest, shorten

FieldPath = tuple[str | int, ...]

_LINES = 3  # named of those on which a mistake is made again

_LIKE_NUMBER = re.compile(r"[-+.]*[0-9]|[-+]?\.(inf|nan)|true$|false$", flags=re.IGNORECASE)
_PERCENTAGE = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*(?:%|per ?cent|pct)\s*")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    path : tuple
        Keys and indices that lead to the field; empty for the whole file.
    message : str
        The value met and why it is wrong; continues the field's name ("has 4 values for 3 doses").
    remedy : str
        What to write instead.
    line : int or None
        Line in the file, from 1, where known.
    meant : str
        The key beside this one that was certainly meant, so that it is not also said to be missing.
    slip : str
        What kind of slip it is, where one often runs through many values: they are then told as one.
    instead : object
        The value that was probably meant, where it is known.
    """

    path: FieldPath
    message: str
    remedy: str = ""
    line: int | None = None
    meant: str = ""
    slip: str = ""
    instead: Any = None


class NotFinite(ValueError):
    """A figure would rest on a number that is not finite."""


class CannotCompute(ValueError):
    """What was asked for cannot be computed, or not yet; the text says what, and why."""


class ScenarioError(ValueError):
    """A scenario file that cannot be used; ``problems`` holds everything found, the text says it all.

    Parameters
    ----------
    name : str
        The file as the user named it.
    problems : iterable of Problem
        At least one.
    data : object
        The file's content, which gives the items of lists their names.
    """

    def __init__(self, name: str, problems: Iterable[Problem], data: Any = None) -> None:
        self.name = name
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        super().__init__("\n\n".join(_text(name, problem, data) for problem in self.problems))


def _text(name: str, problem: Problem, data: Any) -> str:
    where = name if problem.line is None else f"{name}:{problem.line}"
    field = field_name(problem.path, data)
    lines = [f"{where}  {field}" if field else where, f"  {problem.message}"]
    return "\n".join([*lines, f"  {problem.remedy}"] if problem.remedy else lines)


def told_once(problems: Iterable[Problem], most: int = 20) -> list[Problem]:
    """Return problems of a file of rows with the same mistake on many lines as one, which names the lines.

    Parameters
    ----------
    problems : iterable of Problem
        Each with its line.
    most : int
        Different mistakes told; a last problem says how many there are besides.

    Examples
    --------
    >>> told_once([Problem(("dlt",), "is n", "write no", line) for line in range(2, 12)])[0].message
    'is n; the same on lines 3, 4, 5 and 6 more'
    """
    alike: dict[tuple[FieldPath, str, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.path, problem.message, problem.remedy), []).append(problem)
    told = [
        replace(first, message=first.message + _also_on([each.line for each in others]))
        for first, *others in alike.values()
    ]
    if len(told) > most:
        more = len(told) - most
        message = f"has {more} more mistake{'s' if more > 1 else ''} from here on"
        told[most:] = [Problem((), message, "mend those above first", told[most].line)]
    return told


def _also_on(lines: Sequence[int | None]) -> str:
    """Say on which lines a mistake is made again, as text to be added."""
    if not lines:
        return ""
    named = [str(line) for line in (lines if len(lines) <= _LINES + 1 else lines[:_LINES])]
    rest = [f"{len(lines) - len(named)} more"] if len(named) < len(lines) else []
    return f"; the same on line{'s' if len(lines) > 1 else ''} {in_a_row([*named, *rest])}"


def field_name(path: FieldPath, data: Any) -> str:
    """Return a field's name as users know it: items of a list by their own name, else counted from 1.

    Examples
    --------
    >>> field_name(("designs", 0, "skeleton", 2), {"designs": [{"name": "CRM", "skeleton": [0.1, 0.2, 0.15]}]})
    'designs.CRM.skeleton[3]'
    """
    text = ""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(step, int):
            own = data.get("name") if isinstance(data, dict) else None
            named = isinstance(own, str) and own.strip() != ""
            text += f".{shorten(str(own))}" if named else f"[{step + 1}]"
        else:
            text += f".{shorten(step)}" if text else shorten(step)
    return text


def show(value: Any) -> str:
    """Return a value as YAML would write it, in one short line.

    Examples
    --------
    >>> show([0.05, True, None, "a: b"]), show({"low": 1})
    ('[0.05, true, empty, "a: b"]', '{low: 1}')
    """
    return shorten(_yaml(value))


def _yaml(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        plain = value and all(char.isalnum() or char in "_-+. /" for char in value) and not _LIKE_NUMBER.match(value)
        return value if plain else '"' + shorten(value) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in list(value.items())[:20]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(item) for item in value[:20]) + "]"
    return str(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return f".{value}".replace(".-", "-.")
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def percentage(value: Any) -> float | None:
    """Return the probability that a percentage stands for, with or without its sign; None where it cannot be one.

    Examples
    --------
    >>> percentage(25), percentage("2.5 %"), percentage("25 percent"), percentage(0.3)
    (0.25, 0.025, 0.25, None)
    """
    number = math.nan
    if isinstance(value, str):
        found = _PERCENTAGE.fullmatch(value)
        number = float(found[1].replace(",", ".")) if found else number
    elif isinstance(value, int | float) and value >= 2:  # what is just above 1 is rather a slip
        number = float(value)
    return float(f"{number / 100:.12g}") if 0 <= number <= 100 else None


def as_probability(value: Any) -> str:
    """Return what to write for a percentage that stands where a probability is meant; "" where it cannot be one.

    Examples
    --------
    >>> as_probability(25), as_probability("2.5 %"), as_probability(0.3)
    ('for 25 % write  0.25', 'for 2.5 % write  0.025', '')
    """
    share = percentage(value)
    return "" if share is None else f"for {float(f'{share * 100:.12g}'):g} % write  {_number(share)}"


def suggestion(word: str, known: Iterable[str], what: str = "known are") -> str:
    """Return what to write where a known word is meant, by other programs' names or nearly so, else the known words.

    Examples
    --------
    >>> suggestion("targt", ["target", "doses"]), suggestion("x", ["low", "high"], "the doses are")
    ('did you mean  target?', 'the doses are  low, high')
    >>> suggestion("ncohort", ["max_n", "target"])
    'did you mean  max_n?  It counts patients: cohorts times cohort_size'
    """
    words = list(known)
    translated = ours(word, words)
    if translated:
        return f"did you mean  {translated[0]}?" + (f"  {translated[1]}" if translated[1] else "")
    close = nearest(word, words)
    if close:
        return f"did you mean  {close}?"
    return f"{what}  {', '.join(words)}" if words else ""


def word_meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that :func:`suggestion` proposes; None where it lists them all."""
    words = list(known)
    translated = ours(word, words)
    return translated[0] if translated else nearest(word, words)
