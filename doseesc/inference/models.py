"""Dose-toxicity models in PyMC.

Each function returns a ``pm.Model``.  Its deterministic ``p``, with dim ``dose``, is the drug's own DLT probability
at the doses of interest: the levels, then further amounts such as those of the Phase 2 arms.  What is observed lies
above a background floor, known or with a beta prior (:func:`doseesc.inference.observing.observe_dlts`).  The data may
be counts or single patients, which is the same likelihood but for a constant.  All rows share one curve whatever their
study: this is complete pooling; see :mod:`doseesc.inference.borrowing.borrowing` for less.

An amount that is no level, such as a quarter of the MTD, gets its p from the formula in the two-parameter logistic
model, which is a function of the amount.  The CRM and the monotone model know the levels only: between these logit p is
linear in log dose, beyond the ladder it goes on with the slope of the two nearest levels, as
:func:`doseesc.truth.dlt_probability_at` has it.

Every ``prior_sd`` is a standard deviation, never a variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit

from designs.arrays import FloatArray
from designs.checks import increasing_probabilities, require_amounts, require_number, require_numbers
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_dose import doses_of_interest, log_dose_weights
from doseesc.inference.observing import POSSIBLE, coordinates, observe_dlts

if TYPE_CHECKING:
    import pymc as pm

CRM_PRIOR_SD = 1.34**0.5
"""The classical prior *variance* of the CRM's parameter is 1.34."""

LOGISTIC_PRIOR_MEAN = (float(np.log(0.5)), 0.0)
LOGISTIC_PRIOR_SD = (2.0, 1.0)

CONCENTRATION = 4.0


def crm_power(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    skeleton: Sequence[float],
    further: Sequence[float] = (),
    prior_sd: float = CRM_PRIOR_SD,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> pm.Model:
    """Return the empiric CRM: p = s ^ exp(b), b ~ N(0, prior_sd²).

    O'Quigley, Pepe and Fisher (1990), *Biometrics* 46:33-48; see :mod:`designs.crm`.

    Parameters
    ----------
    data : ToxicityData
    levels : sequence of float, length J
        Dose amounts of the levels, increasing.
    skeleton : sequence of float, length J
        Prior guesses of their DLT probabilities, increasing.
    further : sequence of float
        Further amounts at which ``p`` is wanted.
    prior_sd : float
        Prior standard deviation of ``b``.
    floor, floor_prior
        See :func:`doseesc.inference.observing.observe_dlts`.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    import pymc as pm

    guesses = guesses_of(skeleton, levels)
    with pm.Model(coords=coordinates(data, doses_of_interest(levels, further))) as model:
        b = pm.Normal("b", 0.0, positive("prior_sd", prior_sd))
        log_p = np.log(guesses) * pm.math.exp(b)
        _curve_at_levels(data, levels, further, log_p - pm.math.log1mexp(log_p), floor, floor_prior)
    return model


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
) -> pm.Model:
    """Return the one-parameter logistic CRM: logit p = intercept + exp(b) (logit s - intercept), b ~ N(0, prior_sd²).

    Parameters
    ----------
    data, levels, skeleton, further, prior_sd, floor, floor_prior
        See :func:`crm_power`.
    intercept : float
        Fixed intercept, above the logit of every skeleton value.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    import pymc as pm

    scaled = scaled_logits(skeleton, levels, intercept)
    with pm.Model(coords=coordinates(data, doses_of_interest(levels, further))) as model:
        b = pm.Normal("b", 0.0, positive("prior_sd", prior_sd))
        logit_p = intercept + pm.math.exp(b) * scaled
        _curve_at_levels(data, levels, further, logit_p, floor, floor_prior)
    return model


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
) -> pm.Model:
    """Return the two-parameter logistic model: logit p = log_alpha + exp(log_beta) log(dose / reference).

    (log_alpha, log_beta) has a bivariate normal prior; the second is written given the first, so that both are scalar
    parameters.  Neuenschwander, Branson and Gsponer (2008), *Statistics in Medicine* 27:2420-2439.

    Parameters
    ----------
    data, levels, further, floor, floor_prior
        See :func:`crm_power`.
    reference : float, optional
        Amount at which logit p is log_alpha; by default the highest level.
    prior_mean, prior_sd : pair of float
        Means and standard deviations of (log_alpha, log_beta); the defaults are those of :class:`designs.BLRM`.
    prior_correlation : float
        Their correlation.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    import pymc as pm

    doses = doses_of_interest(require_amounts("levels", levels), further)
    unit = reference_amount(reference, levels)
    mean, sd = line_prior(prior_mean, prior_sd, prior_correlation)
    with pm.Model(coords=coordinates(data, doses)) as model:
        log_alpha = pm.Normal("log_alpha", mean[0], sd[0])
        given = mean[1] + prior_correlation * sd[1] / sd[0] * (log_alpha - mean[0])
        log_beta = pm.Normal("log_beta", given, sd[1] * np.sqrt(1 - prior_correlation**2))
        slope = pm.math.exp(log_beta)
        pm.Deterministic("p", pm.math.sigmoid(log_alpha + slope * np.log(np.array(doses) / unit)), dims="dose")
        at_rows = pm.math.sigmoid(log_alpha + slope * np.log(np.array(data.amount) / unit))
        observe_dlts(data, at_rows, floor, floor_prior)
    return model


def monotone(
    data: ToxicityData,
    *,
    levels: Sequence[float],
    prior_mean: Sequence[float],
    further: Sequence[float] = (),
    concentration: float = CONCENTRATION,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> pm.Model:
    """Return a model that knows of the curve only that it increases: its increments have a Dirichlet prior.

    The increments p_1, p_2 - p_1, ..., 1 - p_J are Dirichlet with parameters ``concentration`` times the increments of
    ``prior_mean``: the prior of a curve that is a distribution function drawn from a Dirichlet process, seen at the
    levels.  Gelfand and Kuo (1991), *Biometrika* 78:657-666, use it for bioassay, after Ramsey (1972), *Biometrics*
    28:841-858.  Chosen over ordered logits because it says plainly what it knows: p_j alone is
    Beta(concentration prior_mean_j, concentration (1 - prior_mean_j)), which weighs as much as ``concentration``
    patients.  It is sampled as independent shares v_j of what is left above the level below,
    p_j = p_(j-1) + (1 - p_(j-1)) v_j, which are beta distributed.

    Parameters
    ----------
    data, levels, further, floor, floor_prior
        See :func:`crm_power`.
    prior_mean : sequence of float, length J
        Prior means of the DLT probabilities at the levels, increasing.
    concentration : float
        Patients that the prior is worth at each level.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    import pymc as pm
    import pytensor.tensor as pt

    alpha, beta = share_prior(prior_mean, levels, concentration)
    coords = {**coordinates(data, doses_of_interest(levels, further)), "level": np.arange(1, len(alpha) + 1)}
    with pm.Model(coords=coords) as model:
        share = pm.Beta("share", alpha, beta, dims="level")
        log_above = pm.math.dot(np.tri(len(alpha)), pt.log1p(-pm.math.clip(share, *POSSIBLE)))
        _curve_at_levels(data, levels, further, pm.math.log1mexp(log_above) - log_above, floor, floor_prior)
    return model


def _curve_at_levels(
    data: ToxicityData,
    levels: Sequence[float],
    further: Sequence[float],
    logit_p: Any,
    floor: float,
    floor_prior: tuple[float, float] | None,
) -> None:
    """Add ``p`` at the doses of interest and what was observed, given the curve at the levels."""
    import pymc as pm

    at_doses = log_dose_weights(levels, doses_of_interest(levels, further))
    pm.Deterministic("p", pm.math.sigmoid(pm.math.dot(at_doses, logit_p)), dims="dose")
    at_rows = log_dose_weights(levels, data.amount)
    observe_dlts(data, pm.math.sigmoid(pm.math.dot(at_rows, logit_p)), floor, floor_prior)


def guesses_of(values: Sequence[float], levels: Sequence[float], name: str = "skeleton") -> FloatArray:
    """Return prior guesses (J,); raise ValueError unless they increase between 0 and 1, one for each level."""
    ladder = require_amounts("levels", levels)
    guesses = np.array(increasing_probabilities(name, values))
    if len(guesses) != len(ladder):
        raise ValueError(f"{name} must have one value for each of the {len(ladder)} levels, not {len(guesses)}")
    return guesses


def share_prior(
    prior_mean: Sequence[float], levels: Sequence[float], concentration: float
) -> tuple[FloatArray, FloatArray]:
    """Return the parameters (J,) of the beta laws of the monotone model's shares of what is left above the level below.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    above = 1 - guesses_of(prior_mean, levels, "prior_mean")
    left = np.concatenate([[1.0], above[:-1]])
    weight = positive("concentration", concentration)
    return weight * (left - above), weight * above


def scaled_logits(skeleton: Sequence[float], levels: Sequence[float], intercept: float) -> FloatArray:
    """Return logit(skeleton) - intercept (J,); raise ValueError unless all are below 0."""
    odds = logit(guesses_of(skeleton, levels))
    if odds[-1] >= require_number("intercept", intercept):
        raise ValueError(f"intercept must exceed logit(skeleton), {odds[-1]:.3g}, not {intercept}")
    return odds - intercept


def reference_amount(reference: float | None, levels: Sequence[float]) -> float:
    """Return the amount at which logit p is log_alpha; raise ValueError unless it is positive."""
    return float(levels[-1]) if reference is None else positive("reference", reference)


def line_prior(
    prior_mean: tuple[float, float], prior_sd: tuple[float, float], prior_correlation: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return means and standard deviations of (log_alpha, log_beta); raise ValueError unless there is such a prior."""
    mean, sd = require_numbers("prior_mean", prior_mean, 2), require_numbers("prior_sd", prior_sd, 2)
    if min(sd) <= 0:
        raise ValueError(f"prior_sd must be positive, not {list(sd)}")
    if not -1 < require_number("prior_correlation", prior_correlation) < 1:
        raise ValueError(f"prior_correlation must lie between -1 and 1, not {prior_correlation}")
    return mean, sd


def positive(name: str, value: float) -> float:
    """Return a number; raise ValueError unless it is above 0."""
    if require_number(name, value) <= 0:
        raise ValueError(f"{name} must be positive, not {value}")
    return float(value)
