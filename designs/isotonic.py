"""Isotonic regression over doses, for many tallies at once.

The weighted least-squares fit that does not decrease with dose has the closed min-max form (Barlow, Bartholomew,
Bremner and Brunk 1972, *Statistical Inference under Order Restrictions*, section 1.2):
``fit_k = max over a <= k of min over b >= k of the weighted mean of doses a..b``.  Pool-adjacent-violators finds
the same numbers one sequence at a time; the min-max form has no branches, so a whole batch goes through NumPy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


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
