"""Posterior tail probabilities of a beta-binomial model, looked up by (patients, DLTs)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import betainc, betaincinv

from designs.arrays import FloatArray


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
