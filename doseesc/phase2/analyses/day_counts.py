"""What trials see of improvement and death, as counts per day: all that analyses on whole days need.

A patient ends on one day in one way: improved, died, or censored.  Censored on the last day is observed to the end
with neither; censored before is lost to follow-up.  Vital status after improvement is taken as known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designs.arrays import IntArray

IMPROVED, DIED, CENSORED = range(3)


@dataclass(frozen=True)
class DayCounts:
    """Patients of one arm in many trials, by the way and day their observation ended.

    Attributes
    ----------
    improved, died, censored : array, shape (T, D)
        Numbers of patients, day 1 in column 0.
    """

    improved: IntArray
    died: IntArray
    censored: IntArray

    @classmethod
    def of(cls, kind: Any, day: Any, horizon: int = 28) -> DayCounts:
        """Count patients.

        Parameters
        ----------
        kind : array, shape (N,) or (N, T)
            0 improved, 1 died, 2 censored.
        day : array, same shape
            From 1 to ``horizon``.
        horizon : int
            Days D.

        Raises
        ------
        ValueError
            If a kind or a day is out of range.

        Examples
        --------
        >>> counts = DayCounts.of(kind=[0, 1, 2, 2], day=[3, 2, 4, 1], horizon=4)
        >>> counts.improved, counts.died, counts.censored
        (array([[0, 0, 1, 0]]), array([[0, 1, 0, 0]]), array([[1, 0, 0, 1]]))
        """
        kinds, days = np.atleast_1d(np.asarray(kind)), np.atleast_1d(np.asarray(day))
        if kinds.shape != days.shape:
            raise ValueError(f"day must have the shape {kinds.shape} of kind, not {days.shape}")
        if kinds.size and not (kinds.min() >= 0 and kinds.max() <= CENSORED):
            raise ValueError("kind must be 0 (improved), 1 (died) or 2 (censored)")
        if days.size and not (days.min() >= 1 and days.max() <= horizon):
            raise ValueError(f"day must lie in 1 to {horizon}")
        code = kinds.astype(np.int64) * horizon + days - 1
        return cls.of_codes(code.reshape(len(code), -1), horizon)

    @classmethod
    def of_codes(cls, code: IntArray, horizon: int) -> DayCounts:
        """Count patients (N, T) coded as  kind * horizon + day - 1."""
        trials = code.shape[1]
        width = 3 * horizon
        flat = (code + np.arange(trials, dtype=np.int32) * width).ravel()
        counts = np.bincount(flat, minlength=trials * width).reshape(trials, 3, horizon)
        return cls(counts[:, IMPROVED], counts[:, DIED], counts[:, CENSORED])

    @classmethod
    def of_strata(cls, code: IntArray, stratum: IntArray, strata: int, horizon: int) -> tuple[DayCounts, ...]:
        """Count patients (N, T), coded likewise, of each stratum from 0 to ``strata`` - 1."""
        trials = code.shape[1]
        width = 3 * horizon
        flat = (code + (stratum * trials + np.arange(trials)) * width).ravel()
        counts = np.bincount(flat, minlength=strata * trials * width).reshape(strata, trials, 3, horizon)
        return tuple(cls(each[:, IMPROVED], each[:, DIED], each[:, CENSORED]) for each in counts)

    def __add__(self, other: DayCounts) -> DayCounts:
        return DayCounts(self.improved + other.improved, self.died + other.died, self.censored + other.censored)

    @property
    def horizon(self) -> int:
        """Days D of observation."""
        return int(self.improved.shape[1])

    @property
    def n(self) -> IntArray:
        """Patients per trial, shape (T,)."""
        return (self.improved + self.died + self.censored).sum(axis=1)

    @property
    def deaths(self) -> IntArray:
        """Deaths per trial, shape (T,)."""
        return self.died.sum(axis=1)

    @property
    def improvements(self) -> IntArray:
        """Patients seen to improve, per trial, shape (T,)."""
        return self.improved.sum(axis=1)

    @property
    def known(self) -> IntArray:
        """Patients whose vital status at the end is known, per trial, shape (T,)."""
        return self.n - self.censored[:, :-1].sum(axis=1)


def check_arms(treated: DayCounts, control: DayCounts) -> None:
    """Refuse arms that cannot be compared.

    Raises
    ------
    ValueError
        If an arm is empty in some trial, or the arms differ in trials or days.
    """
    if treated.improved.shape != control.improved.shape:
        raise ValueError(
            f"control must have as many trials and days as treated, {treated.improved.shape}, "
            f"not {control.improved.shape}"
        )
    for name, arm in (("treated", treated), ("control", control)):
        empty = int((arm.n == 0).sum())
        if empty:
            raise ValueError(f"{name} must have patients; it is empty in {empty} of {len(arm.n)} trials")
