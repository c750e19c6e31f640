"""Fisher's exact test of two proportions, for many tables at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from designs.arrays import FloatArray
from designs.checks import require_choice
from doseesc.phase2.analyses.proportions import checked

ALTERNATIVES = ("two-sided", "less", "greater")

_CELLS = 1_000_000  # of the tables taken at a time; bounds the memory
_SAME = 1e-7  # relative; tables that are equally likely but for rounding


def fisher_p(x1: Any, n1: Any, x0: Any, n0: Any, *, alternative: str = "two-sided") -> FloatArray:
    """Return the p-value of Fisher's exact test.

    Parameters
    ----------
    x1, n1, x0, n0 : array
        Events and patients of the first and the second arm.
    alternative : {"two-sided", "less", "greater"}
        ``"less"``: fewer events in the first arm.  Two-sided adds up the tables that are not likelier.

    Raises
    ------
    ValueError
        If an arm is empty, or has more events than patients.

    Examples
    --------
    >>> fisher_p([1, 5], 10, [8, 5], 10).round(5)
    array([0.00548, 1.     ])
    """
    require_choice("alternative", alternative, ALTERNATIVES)
    given = np.stack(np.broadcast_arrays(*checked(x1, n1, x0, n0)), axis=-1)
    tables, where = np.unique(given.reshape(-1, 4), axis=0, return_inverse=True)
    at_once = max(1, _CELLS // int(tables[:, 1].max(initial=1) + 1))
    parts = [_p_values(tables[start : start + at_once], alternative) for start in range(0, len(tables), at_once)]
    return np.concatenate([np.empty(0), *parts])[where.ravel()].reshape(given.shape[:-1])


def _p_values(tables: FloatArray, alternative: str) -> FloatArray:
    events, n_first, n_second = (each[:, None] for each in (tables[:, 0], tables[:, 1], tables[:, 3]))
    total = events + tables[:, 2:3]
    first = np.arange(tables[:, 1].max(initial=0.0) + 1)[None]
    possible = (first <= n_first) & (first <= total) & (total - first <= n_second)
    log_chance = np.where(possible, _log_choose(n_first, first) + _log_choose(n_second, total - first), -np.inf)
    chance = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
    if alternative == "two-sided":
        counted = chance <= np.take_along_axis(chance, events.astype(np.int64), axis=1) * (1 + _SAME)
    else:
        counted = first <= events if alternative == "less" else first >= events
    return np.asarray(np.minimum((chance * counted).sum(axis=1) / chance.sum(axis=1), 1.0), dtype=np.float64)


def _log_choose(n: FloatArray, k: FloatArray) -> FloatArray:
    inside = np.clip(k, 0, n)
    return gammaln(n + 1) - gammaln(inside + 1) - gammaln(n - inside + 1)
