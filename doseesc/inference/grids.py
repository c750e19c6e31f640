"""The models of :mod:`doseesc.inference.models` on the grids of :mod:`doseesc.inference.quadrature`.

The functions take the same arguments as their namesakes and return the posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.special import logit

from designs.arrays import FloatArray, IntArray
from designs.checks import require_within
from designs.floor import beta_nodes
from designs.grid import require_grid
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_dose import doses_of_interest, line_weights, log_dose_weights
from doseesc.inference.models import CONCENTRATION, CRM_PRIOR_SD, LOGISTIC_PRIOR_MEAN, LOGISTIC_PRIOR_SD
from doseesc.inference.prior_bounds import (
    BLRM_SDS,
    CONCENTRATIONS,
    CRM_SDS,
    MOST_BYTES,
    MOST_INTERCEPT,
    MOST_MEANS,
)
from doseesc.inference.quadrature import GridPosterior, GridPrior

_REACH = 8.5  # prior standard deviations covered
_CRM_NODES = 4001
_FINE = 0.15  # node distance along rows, in the narrowest posterior's standard deviations
_ROWS_APART = 0.1  # prior standard deviations, for up to so many patients:
_FEW = 200
_LOST = 1e-7  # prior probability beyond the ends of a share's axis
_LEAST_RATIOS = 36  # nodes of each ratio of neighbouring levels, and at least
_RATIOS_A_ROOT = 4  # times the root of the patients: closer than the posterior is wide
_SURE = 1e-16  # a ratio nearer to 0 or 1 has no finite logit
_CRM_APART = 0.02  # at most, of a prior of any width
_USUAL_SD = 2.0  # of log_beta, up to which rows are as far apart as they usually are


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
    require_within("prior_sd", prior_sd, *CRM_SDS)
    log_skeleton = np.log(np.asarray(skeleton))

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        log_p = np.multiply.outer(log_skeleton, _scale(z))
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
    require_within("prior_sd", prior_sd, *CRM_SDS)
    require_within("intercept", intercept, -MOST_INTERCEPT, MOST_INTERCEPT)
    scaled = logit(np.asarray(skeleton)) - intercept

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        return intercept + np.multiply.outer(scaled, _scale(z))

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
    for mean, sd, most in zip(prior_mean, prior_sd, MOST_MEANS, strict=True):
        require_within("prior_mean", mean, -most, most)
        require_within("prior_sd", sd, *BLRM_SDS)
    residual_sd = prior_sd[0] * np.sqrt(1 - prior_correlation**2)
    narrowest = 1 / np.sqrt(1 + data.patients * residual_sd**2 / 4)
    z_alpha = np.linspace(-_REACH, _REACH, 1 + 2 * int(np.ceil(_REACH / (_FINE * narrowest))))
    # In a prior twice as wide the posterior's part of it is half as wide.
    apart = _ROWS_APART / np.sqrt(max(1.0, data.patients / _FEW)) / max(1.0, prior_sd[1] / _USUAL_SD)
    z_beta = np.linspace(-_REACH, _REACH, 1 + 2 * int(np.ceil(_REACH / apart)))
    doses = len(doses_of_interest(levels, further))
    require_grid("prior_sd", len(z_alpha) * len(z_beta), doses, 1, "give smaller ones, or fewer patients", MOST_BYTES)
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
    and beta distributed.  Along the rows moves the logit of the highest; rows are Gauss and Jacobi's nodes of the
    ratios, of which the likelihood is a polynomial.

    Means at the levels are exact to all printed digits, probabilities and quantiles to about 1e-5, with a prior worth
    one patient to 5e-4; at amounts below the lowest level, where the extrapolated curve jumps, to about 3e-3.

    Raises
    ------
    ValueError
        If there are more than three parameters.
    """
    parameters = len(levels) + (floor_prior is not None)
    if parameters > 3:
        raise ValueError(f"quadrature is for at most three parameters, not {parameters}")
    require_within("concentration", concentration, *CONCENTRATIONS)
    means = np.append(np.asarray(prior_mean, dtype=np.float64), 1.0)
    below, gap = concentration * means[:-1], concentration * np.diff(means)
    fine = _FINE * 2 / np.sqrt(max(4.0, data.patients))
    step = _share_step(below[-1], gap[-1], fine, 0.3)
    each = max(_LEAST_RATIOS, int(np.ceil(_RATIOS_A_ROOT * np.sqrt(data.patients))))
    nodes = each ** (len(levels) - 1) * _share_nodes(below[-1], gap[-1], step)
    doses = len(doses_of_interest(levels, further))
    require_grid("concentration", nodes, doses, 1, "give a larger one, or fewer patients", MOST_BYTES)
    shares = [beta_nodes(*pair, each) for pair in zip(below[:-1], gap[:-1], strict=True)]
    ratios = [side.ravel() for side in np.meshgrid(*(logit(np.clip(ratio, _SURE, 1 - _SURE)) for ratio, _ in shares))]
    rows = np.ones(each ** len(ratios))
    for side in np.meshgrid(*(share for _, share in shares)):
        rows *= side.ravel()

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        log_p = -np.logaddexp(0.0, -z)
        logits = [z]
        for odds in reversed(ratios):
            log_p = log_p - np.logaddexp(0.0, -odds[row])
            logits.append(log_p - np.log(-np.expm1(log_p)))
        return np.stack(logits[::-1])

    along = _share_axis(below[-1], gap[-1], step)
    with np.errstate(divide="ignore"):
        log_prior = np.add.outer(np.log(rows), _log_share_density(along, below[-1], gap[-1]))
    at = partial(log_dose_weights, levels)
    laid = GridPrior(at, basis, along, log_prior, floor, floor_prior)
    return laid.given(data, doses_of_interest(levels, further))


def _normal_row(prior_sd: float) -> tuple[FloatArray, FloatArray]:
    """Return the nodes of -b, with which p increases, and their log prior (1, K)."""
    reach = _REACH * prior_sd
    nodes = np.linspace(-reach, reach, max(_CRM_NODES, 1 + 2 * int(np.ceil(reach / _CRM_APART))))
    return nodes, -0.5 * (nodes / prior_sd)[None, :] ** 2


def _scale(z: FloatArray) -> FloatArray:
    """Return exp(-z), kept finite and above 0 where the curve has long been flat (very wide priors)."""
    return np.exp(np.clip(-z, -600.0, 600.0))


def _share_axis(alpha: float, beta: float, step: float) -> FloatArray:
    """Return evenly spaced logits of a beta distributed share that cover all but a sliver of its prior."""
    return np.linspace(*_share_ends(alpha, beta), int(_share_nodes(alpha, beta, step)))


def _share_nodes(alpha: float, beta: float, step: float) -> float:
    low, high = _share_ends(alpha, beta)
    return float(1 + np.ceil((high - low) / step))


def _share_ends(alpha: float, beta: float) -> tuple[float, float]:
    """Return where both tails of the logit's density are lost: they fall as exp(alpha z) and exp(-beta z).

    A sharp prior is about normal instead.
    """
    middle, reach = np.log(alpha / beta), 6.0 * np.sqrt(1 / alpha + 1 / beta)
    low, high = np.log(_LOST) / alpha, -np.log(_LOST) / beta
    return float(min(low, middle - reach)), float(max(high, middle + reach))


def _share_step(alpha: float, beta: float, usual: float, in_sds: float) -> float:
    """Return how far apart nodes may lie: as usual, but not too far for a sharp prior, in its standard deviations."""
    return float(min(usual, in_sds * np.sqrt(1 / alpha + 1 / beta)))


def _log_share_density(odds: FloatArray, alpha: float, beta: float) -> FloatArray:
    return -alpha * np.logaddexp(0.0, -odds) - beta * np.logaddexp(0.0, odds)
