"""Outcome strings in which patients may be pending, such as ``"1NNN 2NP7P"``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.checks import require_positive
from designs.outcomes import followed_days, parse_patients
from designs.tally import Tally


def patients_read(
    outcomes: str | Iterable[str], n_doses: int, window_days: float
) -> tuple[Tally, IntArray, FloatArray, IntArray]:
    """Return who is known, and of the pending patients the levels and days (S, P), and how many are of the last cohort.

    Parameters
    ----------
    outcomes : str or iterable of str
        One trial, or several; see :meth:`designs.Pending.parse`.
    n_doses : int
    window_days : float
        The DLT window.

    Raises
    ------
    ValueError
        If a string cannot be read, or a patient pending has been followed for the whole window.
    """
    require_positive("window_days", window_days)
    tallies, places, last = [Tally.empty(n_doses)], [], []
    for text in [outcomes] if isinstance(outcomes, str) else outcomes:
        tally, there = Tally.empty(n_doses), []
        count = 0
        for level, patients in parse_patients(text, n_doses):
            days = [followed_days(each, window_days) for each in patients if each.startswith("P")]
            count = len(days)
            there += [(level, each) for each in days]
            known = np.array([len(patients) - count])
            tally = tally.after(np.array([level]), known, np.array([patients.count("T")]))
        tallies.append(tally)
        places.append(there)
        last.append(count)
    table = np.zeros((len(places), max(map(len, places), default=0), 2))
    for row, there in enumerate(places):
        table[row, : len(there)] = np.array(there).reshape(-1, 2)
    known_tally = Tally.concatenate(tallies).take(np.arange(1, len(tallies)))
    return known_tally, table[..., 0].astype(np.int64), table[..., 1], np.array(last, dtype=np.int64)
