"""The one-parameter models of the CRM: in words, and on a grid of the parameter b with its prior and the curves there.

The formulas are in :mod:`designs.crm`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_expit, logit

from designs.arrays import FloatArray
from designs.checks import require_positive, require_within
from designs.grid import GridModel, require_grid
from designs.nodes import Axis, axis_nodes, thinned_axis

_PRIOR_SDS = 1e-6, 1e6  # a prior narrower than that is a number, one wider knows nothing of any number
_LARGEST_INTERCEPT = 100.0


class Quadrature(NamedTuple):
    """The likelihood and the prior of a CRM on G nodes of its parameter.

    ``parameter`` (G,) are the nodes, ``log_weight`` (G,) the logarithms of the prior's weights, and ``log_dlt`` and
    ``log_no_dlt`` (J, G) those of the probabilities that a patient has a DLT, by the drug or by a known floor, and of
    having none.  ``share`` (G,) says by how much a node counts towards a tail probability; 0 where none is asked for.
    """

    parameter: FloatArray
    log_weight: FloatArray
    log_dlt: FloatArray
    log_no_dlt: FloatArray
    share: FloatArray


def model_words(model: str, intercept: float) -> str:
    """Name a one-parameter model with its formula.

    Examples
    --------
    >>> model_words("empiric", 3.0)
    'empiric model p = s^exp(b)'
    """
    if model == "empiric":
        return "empiric model p = s^exp(b)"
    return f"logistic model logit p = {intercept:g} + exp(b) x, x = logit(s) - {intercept:g},"


def log_dlt_at(parameter: FloatArray, skeleton: tuple[float, ...], model: str, intercept: float) -> FloatArray:
    """Return the logarithms of the DLT probabilities (J, G) at parameter values (G,)."""
    scale = _scale(parameter)
    if model == "empiric":
        return np.log(skeleton)[:, None] * scale
    log_p: FloatArray = log_expit(intercept + (logit(skeleton) - intercept)[:, None] * scale)
    return log_p


def _scale(parameter: FloatArray) -> FloatArray:
    """Return exp(parameter), kept finite and above 0 where the curve has long been flat (very wide priors)."""
    result: FloatArray = np.exp(np.clip(parameter, -600.0, 600.0))
    return result


@lru_cache(maxsize=64)
def crm_grid(
    skeleton: tuple[float, ...], model: str, intercept: float, prior_sd: float, patients: int, step: float
) -> tuple[Axis, GridModel]:
    """Lay nodes close enough for the narrowest posterior of ``patients``.

    Raises
    ------
    ValueError
        If the grid would be too large.
    """
    require_crm_grid(skeleton, model, intercept, prior_sd, patients, step)
    axis = thinned_axis(*_reach_and_step(skeleton, model, intercept, prior_sd, patients, step))
    nodes = axis.nodes
    log_weight = -0.5 * (nodes / prior_sd) ** 2 + axis.log_weight
    log_dlt = log_dlt_at(nodes, skeleton, model, intercept)
    if model == "empiric":
        log_no_dlt = np.log(-np.expm1(log_dlt))
    else:
        log_no_dlt = log_expit(-intercept - (logit(skeleton) - intercept)[:, None] * _scale(nodes))
    return axis, GridModel(log_weight, log_dlt, log_no_dlt)


def require_model(intercept: float, prior_sd: float) -> None:
    """Raise ValueError unless the numbers of a one-parameter model leave its posterior digits."""
    require_positive("prior_sd", prior_sd)
    require_within("prior_sd", prior_sd, *_PRIOR_SDS)
    require_intercept(intercept)


def require_crm_grid(
    skeleton: tuple[float, ...], model: str, intercept: float, prior_sd: float, patients: int, step: float
) -> int:
    """Return the nodes of a grid; raise ValueError where it would take too much memory."""
    nodes = axis_nodes(*_reach_and_step(skeleton, model, intercept, prior_sd, patients, step))
    require_grid("max_n", nodes, len(skeleton), 2, "give a smaller one, or fewer levels")
    return nodes


def require_intercept(intercept: float) -> None:
    """Raise ValueError unless the intercept of the logistic model leaves its curve digits."""
    require_within("intercept", intercept, -_LARGEST_INTERCEPT, _LARGEST_INTERCEPT)


def _reach_and_step(
    skeleton: tuple[float, ...], model: str, intercept: float, prior_sd: float, patients: int, step: float
) -> tuple[float, float]:
    """Return how far nodes reach, and how close they lie in the middle."""
    information = 1.0 / prior_sd**2 + patients * _largest_information(model, intercept)
    # With next to no patients it is the prior's and the likelihood's smoothness, not their width, that sets the step.
    close = step * min(0.4, 1.0 / np.sqrt(information))
    # A narrow prior holds the posterior near 0: the log likelihood's slope there, times the prior's variance, is by
    # how much data can move it.
    lowest = np.log(skeleton[0]) if model == "empiric" else logit(skeleton[0]) - intercept
    moved = patients * prior_sd**2 * max(abs(float(lowest)), abs(intercept) + 1.0)
    return max(min(10.0, 8.5 * prior_sd + moved), 8.5 * prior_sd), close


@lru_cache(maxsize=64)
def _largest_information(model: str, intercept: float) -> float:
    """Return the largest Fisher information about the parameter that one patient can carry."""
    p = np.linspace(1e-4, 1 - 1e-4, 9999)
    if model == "empiric":
        return float((p * np.log(p) ** 2 / (1 - p)).max())
    reachable = p[p < expit(intercept)]
    return float((reachable * (1 - reachable) * (logit(reachable) - intercept) ** 2).max())
