"""Outcome strings: ``"1NNN 2NNT"`` is a cohort of three at level 1 without a DLT, then one at level 2 with one.

``P`` is a patient still under observation of whom no follow-up is known, ``P7`` one who has been followed for 7 days.
"""

from __future__ import annotations

import re

from designs.checks import shown

_ONE = r"[NT]|P(?:\d+(?:\.\d+)?)?"
_COHORT = re.compile(rf"\s*(\d+)\s*((?:(?:{_ONE})\s*)+)")
_EACH = re.compile(_ONE)
_MOST_DIGITS = 9  # of a level


def parse_patients(outcomes: str, n_doses: int) -> list[tuple[int, list[str]]]:
    """Read one outcome string as (level, outcomes of its patients) per cohort: ``"N"``, ``"T"``, ``"P"`` or ``"P7"``.

    Blanks may stand anywhere but within a number; after a number of days one must part cohorts.

    Raises
    ------
    ValueError
        If the string is not of this form, or names a level outside 1..n_doses.

    Examples
    --------
    >>> parse_patients("1NNN 2TP7P", n_doses=3)
    [(1, ['N', 'N', 'N']), (2, ['T', 'P7', 'P'])]
    """
    if not isinstance(outcomes, str):
        raise ValueError(f"outcomes must be text such as '1NNN 2NNT', not {shown(outcomes)}")
    text = outcomes.upper().rstrip()
    cohorts = []
    position = 0
    while position < len(text):
        match = _COHORT.match(text, position)
        if match is None:
            raise ValueError(
                f"outcomes cannot be read at {text[position : position + 8].strip()!r} in {shown(outcomes)}; write the "
                "level and N (no DLT) or T (DLT) for each patient, such as '1NNN 2NNT', and P for one who is pending, "
                "P7 after 7 days"
            )
        level = int(match[1][:_MOST_DIGITS])
        if not 1 <= level <= n_doses or len(match[1]) > _MOST_DIGITS:
            raise ValueError(f"outcomes name level {level} in {shown(outcomes)}; the levels are 1 to {n_doses}")
        cohorts.append((level, _EACH.findall(match[2])))
        position = match.end()
    return cohorts


def parse_cohorts(outcomes: str, n_doses: int) -> list[tuple[int, int, int]]:
    """Read one outcome string as (level, patients, DLTs) per cohort; every outcome must be known.

    Raises
    ------
    ValueError
        If the string is not of the form ``"1NNN 2NNT"``, names a level outside 1..n_doses, or holds a patient pending.

    Examples
    --------
    >>> parse_cohorts("1NNN 2NTT", n_doses=3)
    [(1, 3, 0), (2, 3, 2)]
    """
    cohorts = []
    for level, patients in parse_patients(outcomes, n_doses):
        pending = next((each for each in patients if each.startswith("P")), None)
        if pending is not None:
            raise ValueError(
                f"outcomes hold a patient pending, {pending}, in {shown(outcomes)}; here every outcome must be known, "
                "N or T (Pending.parse reads those who are pending, and next and replay understand them)"
            )
        cohorts.append((level, len(patients), patients.count("T")))
    return cohorts


def followed_days(outcome: str, window_days: float) -> float:
    """Return how many days a patient pending has been followed, 0 where that is not known.

    Raises
    ------
    ValueError
        If the window is over by then.

    Examples
    --------
    >>> followed_days("P7", window_days=14), followed_days("P", window_days=14)
    (7.0, 0.0)
    """
    days = float(outcome[1:] or 0)
    if days >= window_days:
        raise ValueError(
            f"outcomes hold a patient followed for {days:g} days, {outcome}, which is the whole window of "
            f"{window_days:g} days; write N or T for an outcome that is known, and part cohorts by a blank"
        )
    return days
