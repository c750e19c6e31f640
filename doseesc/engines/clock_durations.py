"""The distribution of durations, kept in little memory whatever the number of trials, and free of their order.

A duration falls into a bin of relative width 2^-13 (0.012 %), and a bin keeps how many it has had and their sum, in
whole ticks of 2^-20 days, about a twelfth of a second.  Sums of whole numbers do not depend on their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designs.arrays import FloatArray, IntArray

_TICKS = 2.0**20
_SHIFT = 52 - 13  # of the bits of a floating-point number, those that tell bins apart are left


@dataclass(frozen=True, eq=False)
class Durations:
    """How long trials lasted.

    Attributes
    ----------
    bin, count, ticks : array of int, shape (B,)
        Bins that have had a duration, in order; how many; their sum.
    """

    bin: IntArray
    count: IntArray
    ticks: IntArray

    @classmethod
    def of(cls, days: FloatArray) -> Durations:
        """Sort durations above 0 into bins.

        Examples
        --------
        >>> Durations.of(np.array([196.0, 196.0, 250.0])).quantiles([0.5, 0.95])
        array([196., 250.])
        """
        ticks = np.sort(np.rint(days * _TICKS))
        bins = (ticks / _TICKS).view(np.int64) >> _SHIFT
        first = np.flatnonzero(np.diff(bins, prepend=-1))
        sums = np.add.reduceat(ticks, first).astype(np.int64) if len(first) else np.empty(0, dtype=np.int64)
        return cls(bins[first], np.diff(first, append=len(bins)), sums)

    @classmethod
    def merged(cls, parts: Sequence[Durations]) -> Durations:
        """Put several together."""
        if len(parts) == 1:
            return parts[0]
        bins, row = np.unique(np.concatenate([part.bin for part in parts]), return_inverse=True)
        count, ticks = np.zeros(len(bins), dtype=np.int64), np.zeros(len(bins), dtype=np.int64)
        np.add.at(count, row, np.concatenate([part.count for part in parts]))
        np.add.at(ticks, row, np.concatenate([part.ticks for part in parts]))
        return cls(bins, count, ticks)

    def quantiles(self, levels: Sequence[float] | FloatArray) -> FloatArray:
        """Return the days by which these shares of the trials have ended, to the width of a bin."""
        reached = np.cumsum(self.count)
        rank = np.ceil(np.asarray(levels) * reached[-1] - 1e-9)
        at = np.searchsorted(reached, np.clip(rank, 1, reached[-1]))
        return self.ticks[at] / self.count[at] / _TICKS

    def quantile_errors(self, levels: Sequence[float] | FloatArray) -> FloatArray:
        """Return the Monte Carlo standard errors of quantiles, from those of the shares."""
        share = np.asarray(levels)
        error = np.sqrt(share * (1 - share) / self.count.sum())
        low, high = np.maximum(share - error, 0.0), np.minimum(share + error, 1.0)
        result: FloatArray = (self.quantiles(high) - self.quantiles(low)) / 2
        return result
