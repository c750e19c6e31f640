"""Posterior tail probabilities of a beta-binomial model by (patients, DLTs): tabulated, or computed in large trials."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import betainc, betaincinv

from designs.arrays import FloatArray, IntArray

TABULATED = 500
"""Patients up to whom there are tables, whose size grows with the square; beyond, what is asked for is computed."""


def tail_at(threshold: float, n: IntArray, dlt: IntArray, max_n: int = 0, a: float = 1.0, b: float = 1.0) -> FloatArray:
    """Return P(p > threshold) after ``dlt`` DLTs in ``n`` patients under a Beta(a, b) prior, of the shape of ``n``.

    Parameters
    ----------
    threshold : float
    n, dlt : array of int
    max_n : int
        Most patients of the trial: one table serves all tallies of small ones.
    a, b : float

    Examples
    --------
    >>> tail_at(0.3, np.array([3, 600]), np.array([3, 200])).round(4)
    array([0.9919, 0.9629])
    """
    most = max(max_n, int(n.max(initial=0)))
    if most <= TABULATED:
        return tail_table(threshold, most, a, b)[n, dlt]
    return np.asarray(1.0 - betainc(a + dlt, b + n - dlt, threshold), dtype=np.float64)


def quantile_at(
    probability: float, n: IntArray, dlt: IntArray, max_n: int = 0, a: float = 1.0, b: float = 1.0
) -> FloatArray:
    """Return the posterior quantile of p after ``dlt`` DLTs in ``n`` patients; arguments as for :func:`tail_at`.

    Examples
    --------
    >>> quantile_at(0.95, np.array([3, 600]), np.array([0, 200])).round(4)
    array([0.5271, 0.3658])
    """
    most = max(max_n, int(n.max(initial=0)))
    if most <= TABULATED:
        return quantile_table(probability, most, a, b)[n, dlt]
    return np.asarray(betaincinv(a + dlt, b + n - dlt, probability), dtype=np.float64)


def fewest_above(threshold: float, certainty: float, n: IntArray) -> IntArray:
    """Return the fewest DLTs y <= n with P(p > threshold | Beta(1 + y, 1 + n - y)) > certainty; n + 1 where none does.

    Examples
    --------
    >>> fewest_above(0.3, 0.95, np.array([0, 3, 6, 2000]))
    array([  1,   3,   4, 634])
    """
    low, high = np.zeros_like(n), n + 1  # halved between: the first is looked at, the second is known to do
    while (low < high).any():
        middle = np.minimum((low + high) // 2, n)
        does = 1.0 - betainc(1 + middle, 1 + n - middle, threshold) > certainty
        open_ends = low < high
        low, high = np.where(open_ends & ~does, middle + 1, low), np.where(open_ends & does, middle, high)
    return low


@lru_cache(maxsize=256)
def tail_table(threshold: float, max_n: int, a: float = 1.0, b: float = 1.0) -> FloatArray:
    """Tabulate P(p > threshold) after y DLTs in n patients under a Beta(a, b) prior.

    Returns
    -------
    array, shape (max_n + 1, max_n + 1), read-only
        Row n, column y; entries with y > n are NaN.

    Examples
    --------
    >>> float(tail_table(0.3, 3)[3, 3].round(4))
    0.9919
    """
    n, y = np.meshgrid(np.arange(max_n + 1), np.arange(max_n + 1), indexing="ij")
    table = np.where(y <= n, 1.0 - betainc(a + y, b + np.maximum(n - y, 0), threshold), np.nan)
    table.setflags(write=False)
    return table


@lru_cache(maxsize=256)
def quantile_table(probability: float, max_n: int, a: float = 1.0, b: float = 1.0) -> FloatArray:
    """Tabulate the posterior quantile of p after y DLTs in n patients under a Beta(a, b) prior.

    Returns
    -------
    array, shape (max_n + 1, max_n + 1), read-only
        Row n, column y; entries with y > n are NaN.

    Examples
    --------
    >>> float(quantile_table(0.95, 3)[3, 0].round(4))
    0.5271
    """
    n, y = np.meshgrid(np.arange(max_n + 1), np.arange(max_n + 1), indexing="ij")
    table = np.where(y <= n, betaincinv(a + y, b + np.maximum(n - y, 0), probability), np.nan)
    table.setflags(write=False)
    return table
