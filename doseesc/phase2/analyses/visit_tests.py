"""Comparing a secondary outcome at a visit: analysis of covariance among survivors, and ranks with death as worst.

The first conditions on survival, which the drug may change: it is biased, and here to be seen beside the second.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray

Counts = npt.NDArray[np.floating[Any]]

_FEW = 100  # patients of an arm, up to which single precision counts exactly


class Covariance(NamedTuple):
    """Adjusted difference, its t statistic and degrees of freedom, per trial; t is 0 where nothing can be compared."""

    difference: FloatArray
    t: FloatArray
    freedom: FloatArray

    def p_greater(self, sign: float = 1.0) -> FloatArray:
        """Return the one-sided p-value of a positive difference, or with ``sign`` -1 of a negative one."""
        from scipy.special import stdtr

        return np.where(self.freedom > 0, stdtr(np.maximum(self.freedom, 1), -sign * self.t), 0.5)


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

    Raises
    ------
    ValueError
        If an arm is empty.
    """
    return ancova_of(ArmSums.of(treated, treated_base), ArmSums.of(control, control_base))


def ancova_of(treated: ArmSums, control: ArmSums) -> Covariance:
    """Do the same from what was summed, so that several arms can share a control's sums."""
    sxx, sxy, syy = (treated[place] + control[place] for place in (3, 4, 5))
    n1, n0 = treated.n, control.n
    freedom = n1 + n0 - 3
    possible = (n1 > 0) & (n0 > 0) & (freedom > 0)
    slope = np.where(sxx > 0, sxy / np.where(sxx > 0, sxx, 1.0), 0.0)
    apart = treated.x - control.x
    difference = treated.y - control.y - slope * apart
    residual = np.maximum(syy - slope * sxy, 0.0) / np.maximum(freedom, 1)
    spread = 1 / np.maximum(n1, 1) + 1 / np.maximum(n0, 1) + np.where(sxx > 0, apart**2 / np.where(sxx > 0, sxx, 1), 0)
    error = np.sqrt(residual * spread)
    possible &= error > 0
    t = np.where(possible, difference / np.where(possible, error, 1.0), 0.0)
    return Covariance(np.where((n1 > 0) & (n0 > 0), difference, np.nan), t, np.where(possible, freedom, 0.0))


def rank_z(treated: IntArray, control: IntArray) -> FloatArray:
    """Return the standardised Mann-Whitney statistic, ties counted, positive where treated values are higher.

    Parameters
    ----------
    treated, control : array of int, shape (n, T) and (m, T)
        Places of the values in order, from 0; -1 is left out.  Give the dead the lowest places to count them as worst.

    Returns
    -------
    array, shape (T,)
        0 where nothing can be compared.

    Raises
    ------
    ValueError
        If an arm is empty.

    Examples
    --------
    >>> rank_z(np.array([[3], [4], [4]]), np.array([[1], [3], [-1]])).round(3)
    array([1.521])
    """
    width = int(max(treated.max(initial=0), control.max(initial=0))) + 1
    counts = places_counted(control, width)
    return rank_z_of(places_counted(treated, width), counts, below(counts))


def below(counts: Counts) -> Counts:
    """Return how many patients have a place below each, and half of those who share it, shape (T, width)."""
    return np.asarray(np.cumsum(counts, axis=1) - counts / 2)


def rank_z_of(one: Counts, other: Counts, below_other: Counts) -> FloatArray:
    """Do the same as :func:`rank_z` from the patients at each place, so that arms can share a control's counts."""
    n1, n0 = (each.sum(axis=1, dtype=np.float64) for each in (one, other))
    total = n1 + n0
    u = np.einsum("tw,tw->t", one, below_other).astype(np.float64)
    both = one + other
    tied = np.einsum("tw,tw->t", both * both, both).astype(np.float64) - total
    variance = n1 * n0 / 12 * (total + 1 - tied / np.maximum(total * (total - 1), 1))
    possible = variance > 1e-9
    return np.where(possible, (u - n1 * n0 / 2) / np.sqrt(np.where(possible, variance, 1.0)), 0.0)


def places_counted(place: IntArray, width: int) -> Counts:
    """Return how many patients of each trial have each place below ``width``, shape (T, width).

    Raises
    ------
    ValueError
        If the arm is empty.
    """
    if not len(place):
        raise ValueError("treated and control must have patients: an arm is empty")
    trials = place.shape[1]
    flat = (place + 1 + np.arange(trials) * (width + 1)).ravel()
    counts = np.bincount(flat, minlength=trials * (width + 1)).reshape(trials, width + 1)
    # Twice as fast, and still exact: cubes of numbers in two arms stay below 2**24.
    return counts[:, 1:].astype(np.float32 if len(place) <= _FEW else np.float64)


class ArmSums(NamedTuple):
    """Number, means, and sums of squares about them, of the patients who have a value."""

    n: FloatArray
    x: FloatArray
    y: FloatArray
    sxx: FloatArray
    sxy: FloatArray
    syy: FloatArray

    @classmethod
    def of(cls, value: FloatArray, base: FloatArray) -> ArmSums:
        """Sum over the patients of an arm, which must not be empty."""
        if not len(value):
            raise ValueError("treated and control must have patients: an arm is empty")
        known = ~np.isnan(value) & ~np.isnan(base)
        n = known.sum(axis=0).astype(np.float64)
        by = np.maximum(n, 1)
        x, y = (np.where(known, each, 0.0).sum(axis=0) / by for each in (base, value))
        dx, dy = np.where(known, base - x, 0.0), np.where(known, value - y, 0.0)
        products = (np.einsum("nt,nt->t", one, other) for one, other in ((dx, dx), (dx, dy), (dy, dy)))
        return cls(n, x, y, *products)
