"""Patients still under observation, and the tally of everybody entered.

At a decision some patients may be inside their DLT window: treated, without a DLT so far, not yet followed to its end.
A :class:`Pending` holds them beside the :class:`Tally` of those whose outcome is known (followed to the end of the
window, or with a DLT, which ends a patient's assessment at once).  What a design does about them is its policy,
:mod:`designs.policies`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray
from designs.checks import require_matrix, require_positive, require_whole
from designs.pending_outcomes import patients_read
from designs.tally import Tally, unchecked


@dataclass(frozen=True, eq=False)
class Pending:
    """The patients under observation in S trials, each in one of P places.

    Parameters
    ----------
    level : array of int, shape (S, P)
        Dose level of the patient in each place, from 1; 0 where the place is empty.
    days : array of float, shape (S, P)
        Days followed since the first dose, from 0 to below ``window_days``; of no account in empty places.
    window_days : float
        The DLT window.
    dlt_days : array of float, shape (S, Q), optional
        Days from first dose to each DLT known so far, at any level; NaN in places without one.  Only adaptive weights
        ask for it.
    last_cohort : array of int, shape (S,), optional
        How many of the pending patients belong to the last cohort; by default all those at the trial's current level.
        Only rules about the last cohort (coherence) ask for it.
    n_doses : int, optional
        Number of dose levels J of :attr:`count`; by default the highest level given.

    Raises
    ------
    ValueError
        If shapes disagree or a number is out of range; the message begins with the parameter's name.

    Examples
    --------
    >>> pending = Pending(level=[[2, 2, 0]], days=[[7.0, 1.5, 0.0]], window_days=14, n_doses=3)
    >>> pending.count, pending.total
    (array([[0, 2, 0]]), array([2]))
    """

    level: IntArray
    days: FloatArray
    window_days: float
    dlt_days: FloatArray | None = None
    last_cohort: IntArray | None = None
    n_doses: int | None = None

    def __post_init__(self) -> None:
        require_positive("window_days", self.window_days)
        level = require_matrix("level", self.level, "whole numbers").astype(np.int64)
        days = require_matrix("days", self.days, "numbers")
        if days.shape != level.shape:
            raise ValueError(f"days must have the shape of level, {level.shape}, not {days.shape}")
        if self.n_doses is not None:
            require_whole("n_doses", self.n_doses, 1)
        highest = int(level.max(initial=0)) if self.n_doses is None else self.n_doses
        if (level < 0).any() or (level > highest).any():
            raise ValueError(f"level must lie between 0 and {highest}, not {self.level!r}")
        taken = level > 0
        if not ((days[taken] >= 0) & (days[taken] < self.window_days)).all():
            raise ValueError(
                f"days must lie from 0 to below the window of {self.window_days:g} days for a pending patient, "
                f"not {self.days!r}; a patient followed to its end is known"
            )
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "days", np.where(taken, days, 0.0))
        object.__setattr__(self, "window_days", float(self.window_days))
        object.__setattr__(self, "n_doses", max(highest, 1))
        object.__setattr__(self, "dlt_days", self._checked_dlt_days())
        if self.last_cohort is not None:
            last = np.asarray(self.last_cohort)
            if last.shape != level.shape[:1] or not np.issubdtype(last.dtype, np.integer):
                raise ValueError(f"last_cohort must be whole numbers of shape {level.shape[:1]}, not {last!r}")
            if (last < 0).any() or (last > taken.sum(axis=1)).any():
                raise ValueError("last_cohort must lie between 0 and the number of pending patients")
            object.__setattr__(self, "last_cohort", last)

    def _checked_dlt_days(self) -> FloatArray | None:
        if self.dlt_days is None:
            return None
        dlt_days = require_matrix("dlt_days", self.dlt_days, "numbers", nan=True)
        if len(dlt_days) != self.size:
            raise ValueError(f"dlt_days must have {self.size} rows, as level has, not {len(dlt_days)}")
        given = dlt_days[~np.isnan(dlt_days)]
        if not ((given >= 0) & (given <= self.window_days)).all():
            raise ValueError(f"dlt_days must lie from 0 to the window of {self.window_days:g} days")
        return dlt_days

    @classmethod
    def trusted(
        cls,
        level: IntArray,
        days: FloatArray,
        window_days: float,
        n_doses: int,
        dlt_days: FloatArray | None = None,
        last_cohort: IntArray | None = None,
    ) -> Pending:
        """Skip the checks, for engines that make millions."""
        values = {
            "level": level,
            "days": days,
            "window_days": window_days,
            "dlt_days": dlt_days,
            "last_cohort": last_cohort,
            "n_doses": n_doses,
        }
        return unchecked(cls, values)

    @classmethod
    def parse(cls, outcomes: str | Iterable[str], n_doses: int, window_days: float) -> tuple[Tally, Pending]:
        """Read outcome strings in which patients may be pending, such as ``"1NNN 2NP7P"``.

        Parameters
        ----------
        outcomes : str or iterable of str
            One trial, or several; as for :meth:`designs.Tally.parse`, and ``P`` for a patient pending of whom no
            follow-up is known (which counts as none), ``P7`` after 7 days.
        n_doses : int
        window_days : float
            The DLT window.

        Returns
        -------
        Tally, Pending
            The patients whose outcome is known, and those who are pending beside them.

        Raises
        ------
        ValueError
            If a string cannot be read, or a patient pending has been followed for the whole window.

        Examples
        --------
        >>> known, pending = Pending.parse("1NNN 2NP7P", n_doses=3, window_days=14)
        >>> known.n, pending.level, pending.days
        (array([[3, 1, 0]]), array([[2, 2]]), array([[7., 0.]]))
        """
        known, level, days, last = patients_read(outcomes, n_doses, window_days)
        return known, cls(level=level, days=days, window_days=window_days, last_cohort=last, n_doses=n_doses)

    @property
    def size(self) -> int:
        """Number of trials S."""
        return self.level.shape[0]

    @cached_property
    def count(self) -> IntArray:
        """Patients pending at each level, shape (S, J)."""
        return self.sum_at(np.ones(self.level.shape)).astype(np.int64)

    @cached_property
    def total(self) -> IntArray:
        """Patients pending in all, shape (S,)."""
        return (self.level > 0).sum(axis=1, dtype=np.int64)

    @cached_property
    def share_followed(self) -> FloatArray:
        """Share of the window that each patient has been followed, shape (S, P); 0 in empty places."""
        return np.where(self.level > 0, self.days / self.window_days, 0.0)

    def sum_at(self, values: FloatArray) -> FloatArray:
        """Add up a number of each place (S, P) over the patients at each level, shape (S, J)."""
        doses = int(self.n_doses or 1)
        row, place = np.nonzero(self.level)
        cell = row * doses + self.level[row, place] - 1
        sums = np.bincount(cell, weights=values[row, place], minlength=self.size * doses)
        return sums.reshape(self.size, doses).astype(np.float64)

    def followed_at(self, level: IntArray) -> FloatArray:
        """Return the days of the shortest follow-up among those pending at ``level`` (S,); infinite where none is."""
        there = (self.level == level[:, None]) & (self.level > 0)
        result: FloatArray = np.where(there, self.days, np.inf).min(axis=1, initial=np.inf)
        return result

    def take(self, index: npt.NDArray[Any]) -> Pending:
        """Return the trials at ``index`` (integers or a mask)."""
        return Pending.trusted(
            self.level[index],
            self.days[index],
            self.window_days,
            int(self.n_doses or 1),
            None if self.dlt_days is None else self.dlt_days[index],
            None if self.last_cohort is None else self.last_cohort[index],
        )

    def beside(self, tally: Tally) -> Pending:
        """Return the pending patients with the number of doses of the tally that they stand beside.

        Raises
        ------
        ValueError
            If the two cannot belong together.
        """
        if self.size != tally.size:
            raise ValueError(f"pending must have {tally.size} rows, as the tally has, not {self.size}")
        if self.level.max(initial=0) > tally.n_doses:
            raise ValueError(f"level must lie between 0 and {tally.n_doses}, the tally's doses, not {self.level!r}")
        return self if self.n_doses == tally.n_doses else replace(self, n_doses=tally.n_doses)

    def in_last_cohort(self, tally: Tally) -> IntArray:
        """Return how many of the pending patients belong to the last cohort, shape (S,)."""
        there = tally.at(self.count)
        return there if self.last_cohort is None else np.minimum(self.last_cohort, there)

    def entered(self, tally: Tally, weight: FloatArray | None = None) -> EnteredTally:
        """Return the tally of everybody entered, these patients without a DLT so far among them.

        Parameters
        ----------
        tally : Tally
            The patients whose outcome is known.
        weight : array, shape (S, P), optional
            How much the follow-up of each patient counts to a design that weighs it; by default as the share of the
            window, see :func:`designs.weights.follow_up_weights`.

        Examples
        --------
        >>> known = Tally(n=[[3, 1, 0]], dlt=[[0, 1, 0]], level=[2])
        >>> entered = Pending(level=[[2, 2]], days=[[7.0, 1.5]], window_days=14).entered(known)
        >>> entered.n, entered.dlt
        (array([[3, 3, 0]]), array([[0, 1, 0]]))
        """
        pending = self.beside(tally)
        return EnteredTally.of(tally, pending, pending.share_followed if weight is None else weight)


class EnteredTally(Tally):
    """The tally of everybody entered: pending patients are among ``n``, without a DLT so far.

    To rules it is a tally like any other, so that eliminations and caps count everybody entered.  A design that weighs
    pending patients reads the rest.

    Attributes
    ----------
    known : Tally
        Of the patients whose outcome is known.
    pending : Pending
        The others.
    weight : array, shape (S, P)
        How much the follow-up of each of them counts, from 0 to 1; 0 in empty places.
    """

    known: Tally
    pending: Pending
    weight: FloatArray

    @classmethod
    def of(cls, known: Tally, pending: Pending, weight: FloatArray) -> EnteredTally:
        """Put known and pending patients together."""
        memory: Mapping[str, IntArray] = known.memory
        if "last_n" in memory:
            memory = {**memory, "last_n": memory["last_n"] + pending.in_last_cohort(known)}
        values = {
            "n": known.n + pending.count,
            "dlt": known.dlt,
            "level": known.level,
            "memory": memory,
            "known": known,
            "pending": pending,
            "weight": weight,
        }
        return unchecked(cls, values)

    def take(self, index: npt.NDArray[Any]) -> EnteredTally:
        """Return the tallies at ``index`` (integers or a mask)."""
        return EnteredTally.of(self.known.take(index), self.pending.take(index), self.weight[index])

    def taken_as_known(self) -> Tally:
        """Return the same patients as if nobody were pending: everybody followed to the end, no further DLT."""
        return Tally(self.n, self.dlt, self.level, self.memory)
