"""A trial's record: its cohorts in order, and the tallies that a design met on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from designs import Design, Tally
from designs.outcomes import parse_cohorts


class Cohort(NamedTuple):
    """Patients treated together: their level, how many, and how many had a DLT."""

    level: int
    n: int
    dlt: int

    def __str__(self) -> str:
        return f"{self.level}{'N' * (self.n - self.dlt)}{'T' * self.dlt}"


def read_outcomes(outcomes: str, n_doses: int) -> tuple[Cohort, ...]:
    """Read an outcome string such as ``"1NNN 2NNT"``.

    Raises
    ------
    ValueError
        If it cannot be read, or names a level that is none.

    Examples
    --------
    >>> read_outcomes("1NNN 2NTT", n_doses=3)
    (Cohort(level=1, n=3, dlt=0), Cohort(level=2, n=3, dlt=2))
    """
    return tuple(Cohort(*cohort) for cohort in parse_cohorts(outcomes, n_doses))


def history(cohorts: Sequence[Cohort], n_doses: int) -> Tally:
    """Return the tallies before the first cohort, after it, after the second and so on: one row more than cohorts.

    Examples
    --------
    >>> history(read_outcomes("1NNN 2NNT", 3), 3).n
    array([[0, 0, 0],
           [3, 0, 0],
           [3, 3, 0]])
    """
    tallies = [Tally.empty(n_doses)]
    for level, n, dlt in cohorts:
        tallies.append(tallies[-1].after(np.array([level]), np.array([n]), np.array([dlt])))
    return Tally.concatenate(tallies)


def grouped(outcomes: Iterable[tuple[int, bool]], design: Design) -> tuple[Cohort, ...]:
    """Group patients, given in order by (level, DLT?), into cohorts.

    A cohort is consecutive patients at one level: as many as the design asked for where it asked for that level, else
    up to its cohort size.

    Examples
    --------
    >>> from designs import BOIN
    >>> design = BOIN(target=0.25, n_doses=3, max_n=18)
    >>> [str(cohort) for cohort in grouped([(1, False)] * 4 + [(2, True)], design)]
    ['1NNN', '1N', '2T']
    """
    tally = Tally.empty(design.n_doses)
    cohorts = []
    for level, run in groupby(outcomes, key=lambda patient: patient[0]):
        dlts = [dlt for _, dlt in run]
        while dlts:
            decision = design.decide(tally)
            size = int(decision.cohort_size[0]) if decision.level[0] == level else design.cohort_size
            cohort = Cohort(level, len(dlts[:size]), sum(dlts[:size]))
            cohorts.append(cohort)
            tally = tally.after(*(np.array([count]) for count in cohort))
            dlts = dlts[size:]
    return tuple(cohorts)
