"""Numbers and names as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_LONGEST = 70  # characters of a value that are shown


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Return one printable line of at most ``longest`` characters."""
    line = "".join(char if char.isprintable() else " " for char in text[: longest + 1])
    return line if len(line) <= longest else line[: longest - 4] + " ..."


def plain_words(text: str) -> str:
    """Return a user's text as one printable line."""
    return shorten(" ".join(text.split()), 200)


def percent(value: float) -> str:
    """Return a probability as percent, without its sign, with one decimal."""
    return f"{100 * value:.1f}"


def percent_words(value: float) -> str:
    """Return a probability as people write it.

    Examples
    --------
    >>> percent_words(0.25), percent_words(0.005), percent_words(0.161)
    ('25 %', '0.5 %', '16.1 %')
    """
    return f"{100 * value:.3g} %"


def plain_number(value: float) -> str:
    """Return a number as people write it, all its digits kept.

    Examples
    --------
    >>> plain_number(8.0), plain_number(0.12), plain_number(1234567.0)
    ('8', '0.12', '1234567')
    """
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def amount_words(amount: float, unit: str) -> str:
    """Return an amount with its unit.

    Examples
    --------
    >>> amount_words(2.5, "mg"), amount_words(8.0, "1e8 particles per day"), amount_words(40.0, "")
    ('2.5 mg', '8 x 1e8 particles per day', '40')
    """
    times = " x " if unit[:1].isdigit() else " "
    return plain_number(amount) + (times + unit if unit else "")


def levels_named(text: str, names: Sequence[str]) -> str:
    """Return a sentence about dose levels with the doses' names in place of "level 2" and "levels 2 and 3".

    Parameters
    ----------
    text : str
        As designs and rules speak, which know nothing of names.
    names : sequence of str
        Of the levels, lowest first; levels beyond them stay.

    Examples
    --------
    >>> levels_named("stops at level 1, from levels 2 and 3 on, but not at level 9", ["low", "medium", "40 mg"])
    'stops at low, from medium and 40 mg on, but not at level 9'
    """

    def named(match: re.Match[str]) -> str:
        levels = [int(each) for each in re.findall(r"[0-9]+", match[0])]
        if not all(1 <= level <= len(names) for level in levels):
            return match[0]
        return re.sub(r"[0-9]+", lambda each: names[int(each[0]) - 1], match[0].partition(" ")[2])

    return re.sub(r"\blevels? [0-9]+(?:(?:, | and | to )[0-9]+)*\b", named, text)


def in_a_row(names: Sequence[str]) -> str:
    """Write names one after the other, the last two with "and" between them.

    Examples
    --------
    >>> in_a_row(["3+3"]), in_a_row(["3+3", "CRM", "BOIN"])
    ('3+3', '3+3, CRM and BOIN')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return the name that is meant: itself, or the only one that differs from it by case alone; else None.

    Examples
    --------
    >>> meant("boin", ["CRM", "BOIN"]), meant("Boin", ["boin", "BOIN"])
    ('BOIN', None)
    """
    names = list(known)
    if name in names:
        return name
    alike = [each for each in names if each.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def nearest(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """Return the known name that looks most like another, whatever its case; None where none is near.

    ``least`` is the similarity asked for, by :func:`difflib.get_close_matches`.

    Examples
    --------
    >>> nearest("targt", ["target", "doses"]), nearest("x", ["low", "high"])
    ('target', None)
    """
    by_folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=least)
    return by_folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest name is meant, with a space after it; "" where none is near.

    Examples
    --------
    >>> did_you_mean("BION", ["CRM", "BOIN"])
    'did you mean BOIN? '
    """
    close = nearest(name, known)
    return f"did you mean {close}? " if close else ""


def has_control_characters(text: str, *, lines: bool = False) -> bool:
    r"""Return whether a text holds what a terminal or an editor obeys instead of showing it.

    These are control characters, line and paragraph separators, half characters, and marks that turn the direction of
    what follows.  With ``lines`` line ends and tabs are allowed.

    Examples
    --------
    >>> [has_control_characters(text) for text in ("2 × 10⁸", "a\x1b[2J", "two\nlines", "\u202eback")]
    [False, True, True, True]
    >>> has_control_characters("two\r\nlines", lines=True)
    False
    """
    if lines:
        text = text.replace("\r\n", "\n").replace("\n", "").replace("\t", "")
    return any(_obeyed(char) for char in text)


def printable(text: str) -> str:
    r"""Return a text of one or more lines without what a terminal would obey.

    Examples
    --------
    >>> printable("a\x1b[2J\nb")
    'a [2J\nb'
    """
    return "".join(" " if _obeyed(char) and char != "\n" else char for char in text)


def _obeyed(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _TURNING


_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
