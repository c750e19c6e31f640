"""Deaths and adverse reactions: differences of proportions, their intervals, and large-sample tests.

chi-square          Pearson's, without continuity correction; z is its signed root
Fisher              exact, given all events: hypergeometric
Newcombe            Wilson's limits of both proportions combined (Newcombe 1998, Stat Med 17:873, method 10)
Miettinen-Nurminen  limits at which the score test rejects, variance at the restricted maximum of the likelihood,
                    times N/(N-1) (Miettinen and Nurminen 1985, Stat Med 4:213)
Clopper-Pearson     exact limits of one proportion, by beta quantiles
Cochran-Armitage    trend over the arms' scores, binomial variance

All are for many trials at once, in arrays; SciPy and statsmodels, with which tests compare, take one table at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from designs.arrays import FloatArray
from designs.checks import require_probability
from doseesc.phase2.analyses.log_rank import ScoreTest

_STEPS = 50  # halvings of the interval (-1, 1): beyond the last bit that matters


class Interval(NamedTuple):
    """Lower and upper limits, per trial."""

    lower: FloatArray
    upper: FloatArray


def chi_square_z(x1: Any, n1: Any, x0: Any, n0: Any) -> FloatArray:
    """Return the signed root of Pearson's chi-square, positive where the first proportion is larger.

    It is 0 where nobody or everybody has the event.

    Raises
    ------
    ValueError
        If an arm is empty, or has more events than patients; likewise in the functions below.

    Examples
    --------
    >>> chi_square_z([10, 0], 50, [20, 0], 50).round(4)
    array([-2.1822,  0.    ])
    """
    x1, n1, x0, n0 = checked(x1, n1, x0, n0)
    pooled = (x1 + x0) / (n1 + n0)
    return ScoreTest(x1 / n1 - x0 / n0, pooled * (1 - pooled) * (1 / n1 + 1 / n0)).z


def fisher_p(x1: Any, n1: Any, x0: Any, n0: Any, *, more: bool) -> FloatArray:
    """Return the one-sided p-value of Fisher's exact test: of more, or of fewer, events in the first arm.

    Examples
    --------
    >>> fisher_p([1, 5], 10, [8, 5], 10, more=False).round(5)
    array([0.00274, 0.67186])
    """
    from scipy.stats import hypergeom

    x1, n1, x0, n0 = checked(x1, n1, x0, n0)
    law = hypergeom(n1 + n0, x1 + x0, n1)
    return np.asarray(law.sf(x1 - 1) if more else law.cdf(x1), dtype=np.float64)


def newcombe(x1: Any, n1: Any, x0: Any, n0: Any, *, level: float = 0.95) -> Interval:
    """Return Newcombe's limits of the risk difference.

    Examples
    --------
    >>> [float(each.round(4)) for each in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    x1, n1, x0, n0 = checked(x1, n1, x0, n0)
    z = _normal(level)
    low1, high1 = _wilson(x1, n1, z)
    low0, high0 = _wilson(x0, n0, z)
    p1, p0 = x1 / n1, x0 / n0
    return Interval(
        p1 - p0 - np.sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2),
        p1 - p0 + np.sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2),
    )


def miettinen_nurminen(x1: Any, n1: Any, x0: Any, n0: Any, *, level: float = 0.95) -> Interval:
    """Return Miettinen and Nurminen's limits of the risk difference."""
    given = np.stack(np.broadcast_arrays(*checked(x1, n1, x0, n0)), axis=-1)
    z = _normal(level)
    # Trials share tables: each is computed once.
    tables, where = np.unique(given.reshape(-1, 4), axis=0, return_inverse=True)
    columns = tuple(tables.T)
    difference = columns[0] / columns[1] - columns[2] / columns[3]
    # Both limits at once, a row each.
    inside = np.stack([difference, difference])
    outside = np.broadcast_to([[-1.0], [1.0]], inside.shape)
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        accepted = np.abs(difference - middle) <= z * np.sqrt(_restricted_variance(middle, columns))
        inside, outside = np.where(accepted, middle, inside), np.where(accepted, outside, middle)
    limits = ((inside + outside) / 2)[:, where.ravel()].reshape(2, *given.shape[:-1])
    return Interval(*limits)


def clopper_pearson(x: Any, n: Any, *, level: float = 0.95) -> Interval:
    """Return the exact limits of a proportion.

    Examples
    --------
    >>> [float(each.round(4)) for each in clopper_pearson(0, 18)]
    [0.0, 0.1853]
    """
    x, n, *_ = checked(x, n, 0, 1)
    tail = (1 - level) / 2
    require_probability("level", level)
    lower = np.where(x > 0, betaincinv(np.maximum(x, 1), n - x + 1, tail), 0.0)
    upper = np.where(x < n, betaincinv(x + 1, np.maximum(n - x, 1), 1 - tail), 1.0)
    return Interval(lower, upper)


def cochran_armitage_z(x: Any, n: Any, scores: Any) -> FloatArray:
    """Return the standardised trend over arms, positive where proportions rise with the scores.

    Parameters
    ----------
    x, n : array, shape (..., A)
        Events and patients per arm.
    scores : array, shape (A,)
        Such as 0, 1, 2.

    Examples
    --------
    >>> cochran_armitage_z([[1, 3, 8]], [20, 20, 20], [0, 1, 2]).round(3)
    array([2.767])
    """
    events, patients, score = (np.asarray(each, dtype=np.float64) for each in (x, n, scores))
    if (patients <= 0).any():
        raise ValueError("n must be at least 1 in every arm")
    total = patients.sum(axis=-1)
    pooled = events.sum(axis=-1) / total
    trend = (score * (events - patients * pooled[..., None])).sum(axis=-1)
    spread = (patients * score**2).sum(axis=-1) - (patients * score).sum(axis=-1) ** 2 / total
    return ScoreTest(trend, pooled * (1 - pooled) * spread).z


def checked(x1: Any, n1: Any, x0: Any, n0: Any) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return events and patients as arrays.

    Raises
    ------
    ValueError
        If an arm is empty, or has more events than patients.
    """
    given = tuple(np.asarray(each, dtype=np.float64) for each in (x1, n1, x0, n0))
    for name, events, patients in (("1", given[0], given[1]), ("0", given[2], given[3])):
        if (patients < 1).any():
            raise ValueError(f"n{name} must be at least 1 in every trial: an arm is empty")
        if (events < 0).any() or (events > patients).any():
            raise ValueError(f"x{name} must lie in 0 to n{name}")
    return given[0], given[1], given[2], given[3]


def _normal(level: float) -> float:
    require_probability("level", level)
    return float(ndtri(0.5 + level / 2))


def _wilson(x: FloatArray, n: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    middle = (x + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(x * (n - x) / n + z**2 / 4)
    return middle - half, middle + half


def _restricted_variance(difference: FloatArray, table: tuple[FloatArray, ...]) -> FloatArray:
    """Return the variance of the risk difference at the most likely proportions that differ by ``difference``.

    The control's proportion is the root of a cubic equation that lies where both proportions are possible.
    """
    x1, n1, x0, n0 = table
    total = n1 + n0
    quadratic = ((n1 + 2 * n0) * difference - total - x1 - x0) / (3 * total)
    linear = ((n0 * difference - total - 2 * x0) * difference + x1 + x0) / (3 * total)
    constant = x0 * difference * (1 - difference) / (2 * total)
    shift = quadratic**3 - 1.5 * linear * quadratic + constant
    root = np.sign(shift) * np.sqrt(np.maximum(quadratic**2 - linear, 0.0))
    cube = np.where(root == 0, 1.0, root**3)
    angle = (np.pi + np.arccos(np.clip(np.where(root == 0, 0.0, shift / cube), -1.0, 1.0))) / 3
    p0 = np.clip(2 * root * np.cos(angle) - quadratic, np.maximum(0.0, -difference), np.minimum(1.0, 1 - difference))
    p1 = np.clip(p0 + difference, 0.0, 1.0)
    return (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * total / (total - 1)
