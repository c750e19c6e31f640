"""The models of :mod:`doseesc.inference.models` on the grids of :mod:`doseesc.inference.quadrature`.

The functions take the same arguments as their namesakes and return the posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.special import logit

from designs.arrays import FloatArray, IntArray
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_dose import doses_of_interest, line_weights, log_dose_weights
from doseesc.inference.models import CONCENTRATION, CRM_PRIOR_SD, LOGISTIC_PRIOR_MEAN, LOGISTIC_PRIOR_SD
from doseesc.inference.quadrature import GridPosterior, GridPrior

_REACH = 8.5  # prior standard deviations covered
_CRM_NODES = 4001
_FINE = 0.15  # node distance along rows, in the narrowest posterior's standard deviations
_ROWS_APART = 0.1  # prior standard deviations, for up to so many patients:
_FEW = 200
_LOST = 1e-7  # prior probability beyond the ends of a share's axis
_RATIOS_APART = 0.5  # on the logit scale


def crm_power(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    skeleton: Sequence[float],
    further: Sequence[float] = (),
    prior_sd: float = CRM_PRIOR_SD,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> GridPosterior:
    """Return the posterior of :func:`doseesc.inference.crm_power`.

    Examples
    --------
    >>> data = ToxicityData.from_outcomes("3N 5N 5T 3N 4N", amounts=[1, 2, 3, 4, 5])
    >>> crm_power(data, levels=[1, 2, 3, 4, 5], skeleton=[0.05, 0.12, 0.25, 0.40, 0.55]).mean().round(4)
    array([0.0307, 0.0652, 0.138 , 0.242 , 0.3727])
    """
    log_skeleton = np.log(np.asarray(skeleton))

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        log_p = np.multiply.outer(log_skeleton, np.exp(-z))
        return log_p - np.log(-np.expm1(log_p))

    at = partial(log_dose_weights, levels)
    laid = GridPrior(at, basis, *_normal_row(prior_sd), floor, floor_prior)
    return laid.given(data, doses_of_interest(levels, further))


def crm_logistic(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    skeleton: Sequence[float],
    further: Sequence[float] = (),
    intercept: float = 3.0,
    prior_sd: float = CRM_PRIOR_SD,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> GridPosterior:
    """Return the posterior of :func:`doseesc.inference.crm_logistic`."""
    scaled = logit(np.asarray(skeleton)) - intercept

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        return intercept + np.multiply.outer(scaled, np.exp(-z))

    at = partial(log_dose_weights, levels)
    laid = GridPrior(at, basis, *_normal_row(prior_sd), floor, floor_prior)
    return laid.given(data, doses_of_interest(levels, further))


def two_parameter_logistic(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    further: Sequence[float] = (),
    reference: float | None = None,
    prior_mean: tuple[float, float] = LOGISTIC_PRIOR_MEAN,
    prior_sd: tuple[float, float] = LOGISTIC_PRIOR_SD,
    prior_correlation: float = 0.0,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> GridPosterior:
    """Return the posterior of :func:`doseesc.inference.two_parameter_logistic`.

    Rows are values of log_beta; along them moves log_alpha.
    """
    unit = float(levels[-1] if reference is None else reference)
    residual_sd = prior_sd[0] * np.sqrt(1 - prior_correlation**2)
    narrowest = 1 / np.sqrt(1 + data.patients * residual_sd**2 / 4)
    z_alpha = np.linspace(-_REACH, _REACH, 1 + 2 * int(np.ceil(_REACH / (_FINE * narrowest))))
    apart = _ROWS_APART / np.sqrt(max(1.0, data.patients / _FEW))
    z_beta = np.linspace(-_REACH, _REACH, 1 + 2 * int(np.ceil(_REACH / apart)))
    slope = np.exp(prior_mean[1] + prior_sd[1] * z_beta)

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        log_alpha = prior_mean[0] + prior_correlation * prior_sd[0] * z_beta[row] + residual_sd * z
        return np.stack([log_alpha, slope[row]])

    log_prior = np.add.outer(-0.5 * z_beta**2, -0.5 * z_alpha**2)
    lines = partial(line_weights, unit)
    laid = GridPrior(lines, basis, z_alpha, log_prior, floor, floor_prior)
    return laid.given(data, doses_of_interest(levels, further))


def monotone(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    prior_mean: Sequence[float],
    further: Sequence[float] = (),
    concentration: float = CONCENTRATION,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> GridPosterior:
    """Return the posterior of :func:`doseesc.inference.monotone` for at most three levels.

    By the aggregation of Dirichlet increments the highest DLT probability and the ratios p_j / p_(j+1) are independent
    and beta distributed.  Rows are values of the logits of the ratios; along them moves that of the highest.

    Means are exact to all printed digits, probabilities and quantiles to about 1e-4; at amounts below the lowest level,
    where the extrapolated curve jumps, to about 1e-3.

    Raises
    ------
    ValueError
        If there are more than three parameters.
    """
    parameters = len(levels) + (floor_prior is not None)
    if parameters > 3:
        raise ValueError(f"quadrature is for at most three parameters, not {parameters}")
    means = np.append(np.asarray(prior_mean, dtype=np.float64), 1.0)
    below, gap = concentration * means[:-1], concentration * np.diff(means)
    mesh = np.meshgrid(*(_share_axis(*pair, _RATIOS_APART) for pair in zip(below[:-1], gap[:-1], strict=True)))
    ratios = [side.ravel() for side in mesh]
    log_rows = np.zeros(len(ratios[0]) if ratios else 1)
    for odds, a, b in zip(ratios, below, gap, strict=False):
        log_rows += _log_share_density(odds, a, b)

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        log_p = -np.logaddexp(0.0, -z)
        logits = [z]
        for odds in reversed(ratios):
            log_p = log_p - np.logaddexp(0.0, -odds[row])
            logits.append(log_p - np.log(-np.expm1(log_p)))
        return np.stack(logits[::-1])

    along = _share_axis(below[-1], gap[-1], _FINE * 2 / np.sqrt(max(4.0, data.patients)))
    log_prior = np.add.outer(log_rows, _log_share_density(along, below[-1], gap[-1]))
    at = partial(log_dose_weights, levels)
    laid = GridPrior(at, basis, along, log_prior, floor, floor_prior)
    return laid.given(data, doses_of_interest(levels, further))


def _normal_row(prior_sd: float) -> tuple[FloatArray, FloatArray]:
    """Return the nodes of -b, with which p increases, and their log prior (1, K)."""
    reach = _REACH * prior_sd
    nodes = np.linspace(-reach, reach, _CRM_NODES)
    return nodes, -0.5 * (nodes / prior_sd)[None, :] ** 2


def _share_axis(alpha: float, beta: float, step: float) -> FloatArray:
    """Return evenly spaced logits of a beta distributed share that cover all but a sliver of its prior."""
    # A tail of the logit's density falls as exp(alpha z), or exp(-beta z).
    low, high = np.log(_LOST) / alpha, -np.log(_LOST) / beta
    return np.linspace(low, high, 1 + int(np.ceil((high - low) / step)))


def _log_share_density(odds: FloatArray, alpha: float, beta: float) -> FloatArray:
    return -alpha * np.logaddexp(0.0, -odds) - beta * np.logaddexp(0.0, odds)
