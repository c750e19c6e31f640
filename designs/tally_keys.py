"""Tallies as whole numbers, equal for equal tallies only, and back: the form in which very many are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designs.arrays import IntArray
from designs.tally import Tally


@dataclass(frozen=True)
class TallyKeys:
    """Numbers tallies of up to ``max_n`` patients, with the level in use and memory where these matter.

    Parameters
    ----------
    n_doses, max_n : int
    by_level : bool
        Whether tallies that differ in the level in use alone have different numbers.
    memory : tuple of str
        Names of :data:`designs.tally.MEMORY` that count as well.

    Raises
    ------
    ValueError
        If the numbers would not fit 63 bits.

    Examples
    --------
    >>> keys = TallyKeys(n_doses=2, max_n=6)
    >>> key = keys.of(Tally(n=[[3, 3]], dlt=[[0, 1]], level=[2]))
    >>> keys.tally(key).n, keys.tally(key).dlt, keys.tally(key).level
    (array([[3, 3]]), array([[0, 1]]), array([2]))
    """

    n_doses: int
    max_n: int
    by_level: bool = True
    memory: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if float(self.radix) ** self.n_doses * self.context_radix >= 2.0**63:
            raise ValueError(f"n_doses is too large for {self.max_n} patients: tallies cannot be numbered")

    @property
    def radix(self) -> int:
        """Number of pairs of patients and DLTs at one level."""
        return (self.max_n + 1) * (self.max_n + 2) // 2

    @cached_property
    def place(self) -> IntArray:
        """What a pair's number counts at each level (J,), the context included."""
        return self.context_radix * self.radix ** np.arange(self.n_doses, dtype=np.int64)

    @property
    def context_radix(self) -> int:
        """Number of contexts of a tally: levels in use times values of the memory."""
        return (self.n_doses + 1) ** self.by_level * (self.max_n + 1) ** len(self.memory)

    def pair(self, n: IntArray, dlt: IntArray) -> IntArray:
        """Return the numbers of pairs of patients and DLTs, of any shape."""
        wide = n.astype(np.int64)
        return wide * (wide + 1) // 2 + dlt

    def counts_of(self, pair: IntArray) -> tuple[IntArray, IntArray]:
        """Return the patients and DLTs of pairs' numbers, of any shape."""
        n, dlt = self._counts
        return n[pair], dlt[pair]

    def of(self, tally: Tally) -> IntArray:
        """Return the numbers (S,) of tallies."""
        return self.pair(tally.n, tally.dlt) @ self.place + self.context(tally.level, tally.memory)

    def context(self, level: IntArray, memory: Mapping[str, IntArray]) -> IntArray:
        """Return the numbers of what counts besides patients and DLTs, of the shape of ``level``."""
        number = np.zeros(level.shape, dtype=np.int64)
        if self.by_level:
            number += level
        for name in self.memory:
            number = number * (self.max_n + 1) + memory[name]
        return number

    def tally(self, keys: IntArray) -> Tally:
        """Return the tallies of numbers (S,); without levels, the highest level given stands for that in use."""
        patients, dlt = self.counts_of(keys[:, None] // self.place % self.radix)
        rest = keys % self.context_radix
        memory = {}
        for name in reversed(self.memory):
            rest, memory[name] = np.divmod(rest, self.max_n + 1)
        highest = ((patients > 0) * np.arange(1, self.n_doses + 1)).max(axis=1)
        level = np.where(rest > 0, rest, highest) if self.by_level else highest
        return Tally._trusted(patients, dlt, level, {name: memory[name] for name in self.memory})

    @cached_property
    def _counts(self) -> tuple[IntArray, IntArray]:
        n = np.repeat(np.arange(self.max_n + 1), np.arange(1, self.max_n + 2))
        return n, np.arange(self.radix) - n * (n + 1) // 2
