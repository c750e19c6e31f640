"""Isotonic regression over doses, for many tallies at once.

The weighted least-squares fit that does not decrease with dose has the closed min-max form (Barlow, Bartholomew,
Bremner and Brunk 1972, *Statistical Inference under Order Restrictions*, section 1.2):
``fit_k = max over a <= k of min over b >= k of the weighted mean of doses a..b``.  Pool-adjacent-violators finds
the same numbers one sequence at a time; the min-max form has no branches, so a whole batch goes through NumPy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray


def isotonic_fit(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Fit a sequence that does not decrease with dose to each row.

    Parameters
    ----------
    values : array, shape (S, J)
        One observed value per dose.
    weights : array, shape (S, J)
        Weights, at least 0; a dose with weight 0 takes no part and its fit is NaN.

    Returns
    -------
    array, shape (S, J)

    Examples
    --------
    >>> isotonic_fit(np.array([[0.1, 0.4, 0.2]]), np.array([[1.0, 1.0, 1.0]]))
    array([[0.1, 0.3, 0.3]])
    """
    rows, n_doses = values.shape
    zero = np.zeros((rows, 1))
    mass = np.concatenate([zero, np.cumsum(weights, axis=1)], axis=1)
    moment = np.concatenate([zero, np.cumsum(weights * np.where(weights > 0, values, 0.0), axis=1)], axis=1)
    fit = np.full((rows, n_doses), -np.inf)
    for first in range(n_doses):
        lowest = np.full(rows, np.inf)
        for last in range(n_doses - 1, first - 1, -1):
            block = mass[:, last + 1] - mass[:, first]
            with np.errstate(divide="ignore", invalid="ignore"):
                mean = (moment[:, last + 1] - moment[:, first]) / block
            lowest = np.fmin(lowest, mean)
            fit[:, last] = np.fmax(fit[:, last], lowest)
    fit[weights <= 0] = np.nan
    return fit


def isotonic_rates(
    n: IntArray, dlt: IntArray, candidate: BoolArray, alpha: float = 0.05, beta: float = 0.05
) -> FloatArray:
    """Return isotonic DLT rates (S, J) of the candidate levels, NaN elsewhere.

    Rates are posterior means (alpha + y) / (alpha + beta + n), weighted by the inverse of the posterior variance;
    with alpha = beta = 0 they are observed rates, weighted by n.  The k-th candidate is raised by k times 1e-10, so
    that of equal estimates the highest level is nearest a target above them and the lowest nearest a target below.
    The default prior is that of BOIN's ``select.mtd``.

    Examples
    --------
    >>> isotonic_rates(np.array([[3, 6, 0]]), np.array([[1, 1, 0]]), np.array([[True, True, False]]), 0, 0).round(4)
    array([[0.2222, 0.2222,    nan]])
    """
    patients, y = n.astype(np.float64), dlt.astype(np.float64)  # narrow integers would overflow in the cube below
    if alpha == 0 and beta == 0:
        rate, weight = y / np.maximum(patients, 1), patients
    else:
        a, b = alpha + y, beta + patients - y
        rate, weight = a / (a + b), (a + b) ** 2 * (a + b + 1) / (a * b)
    return isotonic_fit(rate, np.where(candidate, weight, 0.0)) + 1e-10 * np.cumsum(candidate, axis=1)


def nearest_to_target(estimates: FloatArray, target: float) -> npt.NDArray[np.int64]:
    """Return the level, from 1, whose estimate is nearest the target; ties go to the lower dose.

    NaN marks a dose that cannot be chosen; 0 where none can.

    Examples
    --------
    >>> nearest_to_target(np.array([[0.1, 0.3, np.nan], [np.nan, np.nan, np.nan]]), 0.25)
    array([2, 0])
    """
    distance = np.abs(estimates - target)
    distance[np.isnan(distance)] = np.inf
    level = np.argmin(distance, axis=1) + 1
    level[np.isinf(distance.min(axis=1))] = 0
    return level.astype(np.int64)
