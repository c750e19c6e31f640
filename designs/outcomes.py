"""Outcome strings: ``"1NNN 2NNT"`` is a cohort of three at level 1 without a DLT, then one at level 2 with one."""

from __future__ import annotations

import re

_COHORT = re.compile(r"(\d+)([NT]+)")


def parse_cohorts(outcomes: str, n_doses: int) -> list[tuple[int, int, int]]:
    """Read one outcome string as (level, patients, DLTs) per cohort.

    Raises
    ------
    ValueError
        If the string is not of the form ``"1NNN 2NNT"``, or names a level outside 1..n_doses.

    Examples
    --------
    >>> parse_cohorts("1NNN 2NTT", n_doses=3)
    [(1, 3, 0), (2, 3, 2)]
    """
    if not isinstance(outcomes, str):
        raise ValueError(f"outcomes must be text such as '1NNN 2NNT', not {outcomes!r}")
    text = "".join(outcomes.split()).upper()
    cohorts = []
    position = 0
    while position < len(text):
        match = _COHORT.match(text, position)
        if match is None:
            raise ValueError(
                f"outcomes cannot be read at {text[position : position + 8]!r} in {outcomes!r}; "
                "write the level and N (no DLT) or T (DLT) for each patient, such as '1NNN 2NNT'"
            )
        level, patients = int(match[1]), match[2]
        if not 1 <= level <= n_doses:
            raise ValueError(f"outcomes name level {level} in {outcomes!r}; the levels are 1 to {n_doses}")
        cohorts.append((level, len(patients), patients.count("T")))
        position = match.end()
    return cohorts
