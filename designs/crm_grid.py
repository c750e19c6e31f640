"""The one-parameter models of the CRM on a grid: nodes of the parameter b, their prior weights, and the curves there.

The formulas are in :mod:`designs.crm`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import expit, log_expit, logit

from designs.arrays import FloatArray
from designs.grid import Axis, GridModel, thinned_axis


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
    """Lay nodes close enough for the narrowest posterior of ``patients``."""
    information = 1.0 / prior_sd**2 + patients * _largest_information(model, intercept)
    # With next to no patients it is the prior's and the likelihood's smoothness, not their width, that sets the step.
    axis = thinned_axis(max(10.0, 8.5 * prior_sd), step * min(0.4, 1.0 / np.sqrt(information)))
    nodes = axis.nodes
    log_weight = -0.5 * (nodes / prior_sd) ** 2 + axis.log_weight
    log_dlt = log_dlt_at(nodes, skeleton, model, intercept)
    if model == "empiric":
        log_no_dlt = np.log(-np.expm1(log_dlt))
    else:
        log_no_dlt = log_expit(-intercept - (logit(skeleton) - intercept)[:, None] * _scale(nodes))
    return axis, GridModel(log_weight, log_dlt, log_no_dlt)


@lru_cache(maxsize=64)
def _largest_information(model: str, intercept: float) -> float:
    """Return the largest Fisher information about the parameter that one patient can carry."""
    p = np.linspace(1e-4, 1 - 1e-4, 9999)
    if model == "empiric":
        return float((p * np.log(p) ** 2 / (1 - p)).max())
    reachable = p[p < expit(intercept)]
    return float((reachable * (1 - reachable) * (logit(reachable) - intercept) ** 2).max())
