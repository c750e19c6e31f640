"""The models of :mod:`doseesc.inference.models` as log densities that need no compiling.

The functions take the same arguments as their namesakes and refuse the same; see :mod:`doseesc.inference.log_density`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from designs.checks import require_amounts
from doseesc.inference.curves_by_hand import LineCurve, LogisticCurve, MonotoneCurve, PowerCurve
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_density import LogDensity, log_density
from doseesc.inference.log_dose import line_weights, log_dose_weights
from doseesc.inference.models import (
    CONCENTRATION,
    CRM_PRIOR_SD,
    LOGISTIC_PRIOR_MEAN,
    LOGISTIC_PRIOR_SD,
    guesses_of,
    line_prior,
    positive,
    reference_amount,
    scaled_logits,
    share_prior,
)


def crm_power(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    skeleton: Sequence[float],
    further: Sequence[float] = (),
    prior_sd: float = CRM_PRIOR_SD,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> LogDensity:
    """Return the density of :func:`doseesc.inference.crm_power`."""
    curve = PowerCurve(np.log(guesses_of(skeleton, levels)), positive("prior_sd", prior_sd))
    at = partial(log_dose_weights, levels)
    return log_density(curve, at, data, levels=levels, further=further, floor=floor, floor_prior=floor_prior)


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
) -> LogDensity:
    """Return the density of :func:`doseesc.inference.crm_logistic`."""
    scaled = scaled_logits(skeleton, levels, intercept)
    curve = LogisticCurve(scaled, float(intercept), positive("prior_sd", prior_sd))
    at = partial(log_dose_weights, levels)
    return log_density(curve, at, data, levels=levels, further=further, floor=floor, floor_prior=floor_prior)


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
) -> LogDensity:
    """Return the density of :func:`doseesc.inference.two_parameter_logistic`."""
    require_amounts("levels", levels)
    mean, sd = line_prior(prior_mean, prior_sd, prior_correlation)
    both = prior_correlation * sd[0] * sd[1]
    curve = LineCurve(np.ones(1), np.array([mean]), np.array([[[sd[0] ** 2, both], [both, sd[1] ** 2]]]))
    at = partial(line_weights, reference_amount(reference, levels))
    return log_density(curve, at, data, levels=levels, further=further, floor=floor, floor_prior=floor_prior)


def monotone(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    prior_mean: Sequence[float],
    further: Sequence[float] = (),
    concentration: float = CONCENTRATION,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> LogDensity:
    """Return the density of :func:`doseesc.inference.monotone`."""
    curve = MonotoneCurve(*share_prior(prior_mean, levels, concentration))
    at = partial(log_dose_weights, levels)
    return log_density(curve, at, data, levels=levels, further=further, floor=floor, floor_prior=floor_prior)
