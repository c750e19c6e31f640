"""Comparing a secondary outcome at a visit: analysis of covariance among survivors, and ranks with death as worst.

The first conditions on survival, which the drug may change: it is biased, and here to be seen beside the second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Covariance(NamedTuple):
    """Adjusted difference, its t statistic and degrees of freedom, per trial; t is 0 where nothing can be compared."""

    difference: FloatArray
    t: FloatArray
    freedom: FloatArray

    def p_greater(self) -> FloatArray:
        """Return the one-sided p-value of a positive difference."""
        from scipy.special import stdtr

        return np.where(self.freedom > 0, stdtr(np.maximum(self.freedom, 1), -self.t), 0.5)


def ancova(treated: FloatArray, treated_base: FloatArray, control: FloatArray, control_base: FloatArray) -> Covariance:
    """Compare two arms' values, adjusted for baseline, among the patients who have a value.

    Parameters
    ----------
    treated, treated_base : array, shape (n, T)
        Values, not a number where there is none, and those at baseline.
    control, control_base : array, shape (m, T)

    Returns
    -------
    Covariance
        The same for values and for changes from baseline.
    """
    arms = [_Arm.of(treated, treated_base), _Arm.of(control, control_base)]
    sxx, sxy, syy = (arms[0][place] + arms[1][place] for place in (3, 4, 5))
    n1, n0 = arms[0].n, arms[1].n
    freedom = n1 + n0 - 3
    possible = (n1 > 0) & (n0 > 0) & (freedom > 0)
    slope = np.where(sxx > 0, sxy / np.where(sxx > 0, sxx, 1.0), 0.0)
    apart = arms[0].x - arms[1].x
    difference = arms[0].y - arms[1].y - slope * apart
    residual = np.maximum(syy - slope * sxy, 0.0) / np.maximum(freedom, 1)
    spread = 1 / np.maximum(n1, 1) + 1 / np.maximum(n0, 1) + np.where(sxx > 0, apart**2 / np.where(sxx > 0, sxx, 1), 0)
    error = np.sqrt(residual * spread)
    possible &= error > 0
    t = np.where(possible, difference / np.where(possible, error, 1.0), 0.0)
    return Covariance(np.where((n1 > 0) & (n0 > 0), difference, np.nan), t, np.where(possible, freedom, 0.0))


def rank_z(treated: FloatArray, control: FloatArray) -> FloatArray:
    """Return the standardised Mann-Whitney statistic, ties counted, positive where treated values are higher.

    Parameters
    ----------
    treated, control : array, shape (n, T) and (m, T)
        Not a number: left out.  Give the dead the worst value, such as minus infinity, to count them as worst.
    """
    from scipy.stats import rankdata

    both = np.concatenate([treated, control])
    known = ~np.isnan(both)
    # Missing values rank behind all others and so leave their ranks alone.
    order = np.where(known, both, np.inf)
    if np.isposinf(both).any():
        raise ValueError("treated and control must not be infinitely good: give the best a number")
    rank = rankdata(order, axis=0)
    ties = rankdata(order, method="max", axis=0) - rankdata(order, method="min", axis=0) + 1
    n1, n0 = known[: len(treated)].sum(axis=0), known[len(treated) :].sum(axis=0)
    total = n1 + n0
    u = np.where(known, rank, 0.0)[: len(treated)].sum(axis=0) - n1 * (n1 + 1) / 2
    tied = np.where(known, ties.astype(np.float64) ** 2 - 1, 0.0).sum(axis=0)
    variance = n1 * n0 / 12 * (total + 1 - tied / np.maximum(total * (total - 1), 1))
    possible = variance > 1e-9
    return np.where(possible, (u - n1 * n0 / 2) / np.sqrt(np.where(possible, variance, 1.0)), 0.0)


class _Arm(NamedTuple):
    """Number, means, and sums of squares about them, of the patients who have a value."""

    n: FloatArray
    x: FloatArray
    y: FloatArray
    sxx: FloatArray
    sxy: FloatArray
    syy: FloatArray

    @classmethod
    def of(cls, value: FloatArray, base: FloatArray) -> _Arm:
        known = ~np.isnan(value) & ~np.isnan(base)
        n = known.sum(axis=0).astype(np.float64)
        by = np.maximum(n, 1)
        x, y = (np.where(known, each, 0.0).sum(axis=0) / by for each in (base, value))
        dx, dy = np.where(known, base - x, 0.0), np.where(known, value - y, 0.0)
        return cls(n, x, y, (dx * dx).sum(axis=0), (dx * dy).sum(axis=0), (dy * dy).sum(axis=0))
