"""The state of a trial as a design sees it: patients and DLTs per dose level.

A :class:`Tally` is a *batch*: S trial states side by side, so that a design decides all of them in one call.
Dose levels count from 1; level 0 means that nobody has been treated yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray
from designs.checks import require_whole
from designs.outcomes import parse_cohorts

T = TypeVar("T")

MEMORY: Mapping[str, Callable[[IntArray, BoolArray, IntArray, IntArray], IntArray]] = {
    "last_n": lambda old, moved, n, dlt: n,
    "last_dlt": lambda old, moved, n, dlt: dlt,
    "cohorts": lambda old, moved, n, dlt: old + 1,
    "cohorts_in_a_row": lambda old, moved, n, dlt: np.where(moved, 1, old + 1),
}
"""What a trial can remember beyond (n, dlt, level), and how one more cohort changes it.

``last_n`` and ``last_dlt`` are the patients and DLTs of the last cohort, ``cohorts`` the number of cohorts so
far, ``cohorts_in_a_row`` how many of them, up to now, were at the current level without a break.  Each is an
update ``(old value, level changed?, patients, DLTs of the new cohort) -> new value`` and starts at 0.
"""


@dataclass(frozen=True, eq=False)
class Tally:
    """S trial states of J dose levels.

    Parameters
    ----------
    n : array of int, shape (S, J)
        Patients treated at each level.
    dlt : array of int, shape (S, J)
        Patients with a dose-limiting toxicity at each level.
    level : array of int, shape (S,)
        The level of the last cohort, from 1; 0 where nobody has been treated yet.
    memory : mapping of str to array of int, shape (S,)
        What a design or rule needs beyond the tally; the names are those of :data:`MEMORY`.

    Raises
    ------
    ValueError
        If shapes disagree, a count is negative, there are more DLTs than patients, or a level is outside 0..J.

    Examples
    --------
    >>> tally = Tally(n=[[3, 3, 0]], dlt=[[0, 1, 0]], level=[2])
    >>> tally.size, tally.n_doses, int(tally.total_n[0])
    (1, 3, 6)
    >>> Tally.parse("1NNN 2NNT", n_doses=3).dlt
    array([[0, 1, 0]])
    """

    n: IntArray
    dlt: IntArray
    level: IntArray
    memory: Mapping[str, IntArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("n", "dlt", "level"):
            object.__setattr__(self, name, _integers(name, getattr(self, name)))
        if self.n.ndim != 2 or self.n.shape[1] < 1:
            raise ValueError(f"n must have shape (tallies, doses), not {self.n.shape}")
        if self.dlt.shape != self.n.shape:
            raise ValueError(f"dlt must have the shape of n, {self.n.shape}, not {self.dlt.shape}")
        if self.level.shape != self.n.shape[:1]:
            raise ValueError(f"level must have shape {self.n.shape[:1]}, not {self.level.shape}")
        if (self.dlt < 0).any() or (self.dlt > self.n).any():
            raise ValueError("dlt must lie between 0 and n at every dose")
        if (self.level < 0).any() or (self.level > self.n_doses).any():
            raise ValueError(f"level must lie between 0 and {self.n_doses}")
        if not isinstance(self.memory, Mapping):
            raise ValueError(f"memory must map names to arrays, not {self.memory!r}")
        memory = {name: _integers(f"memory {name}", values) for name, values in self.memory.items()}
        for name, values in memory.items():
            if name not in MEMORY:
                raise ValueError(f"memory has no field {name!r}; known are {', '.join(MEMORY)}")
            if values.shape != self.level.shape:
                raise ValueError(f"memory {name} must have shape {self.level.shape}, not {values.shape}")
        object.__setattr__(self, "memory", memory)

    @classmethod
    def _trusted(cls, n: IntArray, dlt: IntArray, level: IntArray, memory: Mapping[str, IntArray]) -> Tally:
        """Skip the checks, for states made from checked ones (the engines make millions)."""
        return unchecked(cls, {"n": n, "dlt": dlt, "level": level, "memory": memory})

    @classmethod
    def empty(cls, n_doses: int, size: int = 1) -> Tally:
        """Return ``size`` trials of ``n_doses`` levels in which nobody has been treated, with every memory.

        Raises
        ------
        ValueError
            If a number is not whole, or too small.
        """
        require_whole("n_doses", n_doses, 1)
        require_whole("size", size, 0)
        zeros = np.zeros((size, n_doses), dtype=np.int64)
        memory = {name: np.zeros(size, dtype=np.int64) for name in MEMORY}
        return cls._trusted(zeros, zeros.copy(), np.zeros(size, dtype=np.int64), memory)

    @classmethod
    def parse(cls, outcomes: str | Iterable[str], n_doses: int) -> Tally:
        """Read outcome strings such as ``"1NNN 2NNT"``: per cohort the level, then N or T for each patient.

        Parameters
        ----------
        outcomes : str or iterable of str
            One trial, or several (one row each).  Cohorts may be separated by spaces, or not at all.
        n_doses : int
            Number of dose levels.

        Raises
        ------
        ValueError
            If a string is not of this form, or names a level outside 1..n_doses.
        """
        texts = [outcomes] if isinstance(outcomes, str) else outcomes
        if not isinstance(texts, Iterable):
            raise ValueError(f"outcomes must be text such as '1NNN 2NNT', or a list of texts, not {outcomes!r}")
        tallies = [cls.empty(n_doses)]
        for text in texts:
            tally = cls.empty(n_doses)
            for level, n, dlt in parse_cohorts(text, n_doses):
                tally = tally.after(np.array([level]), np.array([n]), np.array([dlt]))
            tallies.append(tally)
        return cls.concatenate(tallies).take(np.arange(1, len(tallies)))

    @classmethod
    def concatenate(cls, tallies: Iterable[Tally]) -> Tally:
        """Put batches under one another; keeps the memory that all of them have."""
        parts = list(tallies)
        shared = [name for name in parts[0].memory if all(name in part.memory for part in parts)]
        return cls._trusted(
            np.concatenate([part.n for part in parts]),
            np.concatenate([part.dlt for part in parts]),
            np.concatenate([part.level for part in parts]),
            {name: np.concatenate([part.memory[name] for part in parts]) for name in shared},
        )

    @property
    def size(self) -> int:
        """Number of trial states S."""
        return self.n.shape[0]

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return self.n.shape[1]

    @cached_property
    def total_n(self) -> IntArray:
        """Patients treated in all, shape (S,)."""
        return self.n.sum(axis=1, dtype=np.int64)

    @cached_property
    def total_dlt(self) -> IntArray:
        """DLTs in all, shape (S,)."""
        return self.dlt.sum(axis=1, dtype=np.int64)

    @cached_property
    def current_n(self) -> IntArray:
        """Patients at the current level, shape (S,); 0 where nobody has been treated."""
        return self.at(self.n)

    @cached_property
    def current_dlt(self) -> IntArray:
        """DLTs at the current level, shape (S,); 0 where nobody has been treated."""
        return self.at(self.dlt)

    @cached_property
    def largest_n(self) -> int:
        """The largest number of patients at any level of any tally."""
        return int(self.n.max(initial=0))

    def at(self, counts: IntArray, level: IntArray | None = None) -> IntArray:
        """Take from ``counts`` (S, J) the entry at each tally's ``level`` (by default the current one).

        Level 0 reads as 0.
        """
        chosen = self.level if level is None else level
        values = counts[np.arange(self.size), np.maximum(chosen, 1) - 1]
        return np.where(chosen > 0, values, 0)

    def recall(self, name: str) -> IntArray:
        """Return a memory field, shape (S,).

        Raises
        ------
        ValueError
            If the tally was made without it.
        """
        if name not in self.memory:
            raise ValueError(
                f"memory {name!r} is needed by the design but this tally has none; "
                "give Tally(..., memory={...}) or make the tally with Tally.parse or .after"
            )
        return self.memory[name]

    def take(self, index: npt.NDArray[Any]) -> Tally:
        """Return the tallies at ``index`` (integers or a mask)."""
        if index.dtype == np.bool_:
            index = np.flatnonzero(index)  # once, not for each array
        memory = {name: values[index] for name, values in self.memory.items()}
        return Tally._trusted(self.n[index], self.dlt[index], self.level[index], memory)

    def after(self, level: IntArray, n: IntArray, dlt: IntArray) -> Tally:
        """Return the tallies after one more cohort: ``n`` patients with ``dlt`` DLTs at ``level``, each (S,)."""
        return self._with_cohort(self.n.copy(), self.dlt.copy(), level, n, dlt, self.level, self.memory)

    def outcomes(self, level: IntArray, size: int) -> Tally:
        """Return the tallies after each outcome of one more cohort of ``size`` patients at ``level`` (S,).

        First all tallies after 0 DLTs, then all after 1, and so on: (size + 1) S rows.
        """
        times = size + 1
        memory = {name: np.tile(values, times) for name, values in self.memory.items()}
        dlt = np.repeat(np.arange(times), self.size)
        stacked = np.concatenate([self.n] * times), np.concatenate([self.dlt] * times)
        new_level, old_level = np.concatenate([level] * times), np.concatenate([self.level] * times)
        return self._with_cohort(*stacked, new_level, np.full(len(dlt), size), dlt, old_level, memory)

    @classmethod
    def _with_cohort(
        cls,
        all_n: IntArray,
        all_dlt: IntArray,
        level: IntArray,
        n: IntArray,
        dlt: IntArray,
        old_level: IntArray,
        memory: Mapping[str, IntArray],
    ) -> Tally:
        """Add a cohort to counts that nobody else holds."""
        rows, column = np.arange(len(level)), level - 1
        all_n[rows, column] += n.astype(all_n.dtype)
        all_dlt[rows, column] += dlt.astype(all_dlt.dtype)
        moved = level != old_level
        updated = {name: MEMORY[name](old, moved, n, dlt) for name, old in memory.items()}
        return Tally._trusted(all_n, all_dlt, level, updated)


def unchecked(kind: type[T], values: Mapping[str, object]) -> T:
    """Return a frozen object with these values, without its own checks: they are known to be right."""
    made = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _integers(name: str, values: Any) -> IntArray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must have rows of the same length, not {values!r}") from None
    if array.size == 0:
        array = array.astype(np.int64)
    if not np.issubdtype(array.dtype, np.integer):
        whole = np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all() and (array % 1 == 0).all()
        if not whole:
            raise ValueError(f"{name} must hold whole numbers, not {values!r}")
        array = array.astype(np.int64)
    if np.issubdtype(array.dtype, np.unsignedinteger):
        array = array.astype(np.int64)
    if (array < 0).any():
        raise ValueError(f"{name} must not be negative, not {values!r}")
    return array
