"""Trials under several truths at once, which part only where a patient's outcome differs.

The same patients come to a trial under every truth.  Until one of them has an outcome under some truths that he has not
under others, the trial is one and the same, and is played once, for a set of truths.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray

MOST_TRUTHS = 10
"""Truths in a set: what is known of every set is tabulated."""


class Parted(NamedTuple):
    """Trials that go on apart.

    The trials ``narrowed`` (B,) go on under the ``sets`` (B,) of truths only; for the others there are copies, those of
    the trials ``copied`` (C,) under ``copy_sets`` (C,).
    """

    narrowed: IntArray
    sets: IntArray
    copied: IntArray
    copy_sets: IntArray

    def among(self, places: IntArray) -> Parted:
        """Return the same of trials that are at places among others."""
        return self._replace(narrowed=places[self.narrowed], copied=places[self.copied])


def with_copies(array: npt.NDArray[Any], copied: IntArray) -> npt.NDArray[Any]:
    """Return an array (..., N) of trials with copies of some at its end; the next time there is room for them.

    The array must be one of its own, or one that was returned from here.
    """
    count, total = array.shape[-1], array.shape[-1] + len(copied)
    whole = array.base
    if whole is None or whole.shape[:-1] != array.shape[:-1] or whole.shape[-1] < total:
        whole = np.empty((*array.shape[:-1], total + total // 2), dtype=array.dtype)
        whole[..., :count] = array
    whole[..., count:total] = array.take(copied, axis=-1)
    return whole[..., :total]


def first_of_each(marks: BoolArray) -> Iterator[tuple[int, IntArray]]:
    """Yield for each row of few, (R, N), the columns in which it is the first that is marked.

    Far quicker than ``argmax`` along so short an axis.
    """
    left = np.ones(marks.shape[1], dtype=np.bool_)
    for row, marked in enumerate(marks):
        first = left & marked
        yield row, np.flatnonzero(first)
        left &= ~first


class TruthSets:
    """Sets of at most :data:`MOST_TRUTHS` truths, (K, J): number ``s`` holds truth k where bit k of s is set.

    Parameters
    ----------
    truths : array, shape (K, J)
    """

    def __init__(self, truths: FloatArray) -> None:
        assert len(truths) <= MOST_TRUTHS, "tables would be large"
        self.size, self._doses = truths.shape
        bit = np.arange(self.size)[:, None]
        members = (np.arange(2**self.size) >> bit & 1).astype(np.bool_)[:, :, None]
        chance = np.where(members, truths[:, None], np.inf)
        lowest = chance.min(axis=0)
        self._at_lowest = ((members & (chance == lowest)) << bit[:, :, None]).sum(axis=0).ravel()
        self._lowest = lowest.ravel()
        self._highest = np.where(members, truths[:, None], -np.inf).max(axis=0).ravel()
        self._mixed = self._lowest < self._highest
        self._chances = np.unique(truths)
        rank = np.searchsorted(self._chances, truths)
        above = rank[:, :, None] >= np.arange(len(self._chances) + 1)
        self._above = (above << bit[:, :, None]).sum(axis=0).ravel()

    @property
    def everything(self) -> int:
        """The set of all truths."""
        return int(2**self.size - 1)

    def mixed(self, sets: IntArray, level: IntArray) -> IntArray:
        """Return the places where truths of the sets say more than one DLT probability at levels, from 1."""
        return np.flatnonzero(self._mixed.take(self._key(sets, level)))

    def lowest(self, sets: IntArray, level: IntArray) -> FloatArray:
        """Return the lowest DLT probability at levels, from 1, that truths of the sets say."""
        return self._lowest.take(self._key(sets, level))

    def highest(self, sets: IntArray, level: IntArray) -> FloatArray:
        """Return the highest one."""
        return self._highest.take(self._key(sets, level))

    def members(self, sets: IntArray) -> list[IntArray]:
        """Return for each truth the places of the sets that hold it."""
        return [np.flatnonzero(sets >> truth & 1) for truth in range(self.size)]

    def parted(
        self, sets: IntArray, level: IntArray, latent: FloatArray, by_day: BoolArray, by_any: BoolArray
    ) -> Parted:
        """Part the sets of trials in each of which a patient's outcome differs.

        Parameters
        ----------
        sets, level : array, shape (B,)
        latent : array, shape (B,)
            There is a DLT under the truths whose DLT probability is above.
        by_day, by_any : array, shape (B,)
            Whether the day of a DLT, or anything, depends on the DLT probability itself.
        """
        above = np.searchsorted(self._chances, latent, side="right")
        with_dlt = self._above.take((level - 1) * (len(self._chances) + 1) + above) & sets
        without = sets & ~with_dlt
        some, others = np.flatnonzero(with_dlt), np.flatnonzero(without)
        trial = np.concatenate([some, others])
        parts = np.concatenate([with_dlt[some], without[others]])
        more, more_parts = [trial], [parts]
        which = np.flatnonzero(np.concatenate([by_day[some], by_any[others]]))
        while len(which):  # truths of one DLT probability at a time go on by themselves, the lowest first
            key = self._key(parts[which], level[trial[which]])
            mixed = np.flatnonzero(self._mixed.take(key))
            which, apart = which[mixed], self._at_lowest.take(key[mixed])
            more.append(trial[which])
            more_parts.append(apart)
            parts[which] ^= apart
        trial, parts = np.concatenate(more), np.concatenate(more_parts)
        first = np.empty(len(sets), dtype=np.int64)
        first[trial[::-1]] = np.arange(len(trial))[::-1]
        copies = np.ones(len(trial), dtype=np.bool_)
        copies[first] = False
        return Parted(np.arange(len(sets)), parts[first], trial[copies], parts[copies])

    def _key(self, sets: IntArray, level: IntArray) -> IntArray:
        """Return where the sets at levels, from 1, are in the tables."""
        key: IntArray = sets * self._doses
        key += level
        key -= 1
        return key
