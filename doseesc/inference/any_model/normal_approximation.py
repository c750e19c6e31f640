"""The normal distribution that touches a prior at its mode, so that a grid can be laid out in its coordinates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from designs.arrays import FloatArray
from doseesc.inference.any_model.model_function import ModelError


def normal_approximation(log_prior: Callable[[FloatArray], FloatArray], start: FloatArray) -> tuple[FloatArray, ...]:
    """Return mode and covariance of the normal distribution that touches a density at its mode.

    Parameters
    ----------
    log_prior : callable
        Log density (G,) at points (G, K).
    start : array, shape (K,)
        Where the mode is looked for.

    Returns
    -------
    mode : array, shape (K,)
    covariance : array, shape (K, K)

    Raises
    ------
    ModelError
        If the density has no mode, or does not fall towards infinity.
    """

    def minus(x: FloatArray) -> float:
        value = -float(log_prior(x[None])[0])
        return value if np.isfinite(value) else 1e10

    if minus(start) >= 1e10:
        raise ModelError("has prior density 0 at its initial point; give one by initval")
    found = minimize(minus, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10, "maxiter": 4000})
    mode = np.asarray(found.x)
    if not np.isfinite(mode).all() or np.abs(mode).max() > 1e8:
        raise ModelError("has a prior without a mode on the unconstrained scale; a proper prior is needed")
    widths = np.array([_width(log_prior, mode, unit) for unit in np.eye(len(mode))])
    precision = _curvature(log_prior, mode, 0.2 * widths)
    values, vectors = np.linalg.eigh(precision * np.outer(widths, widths))
    # A direction without curvature, as at the peak of a kinked prior, gets the scale of its width.
    values = np.where(values > 1e-3, values, 1.0)
    covariance = (vectors / values) @ vectors.T * np.outer(widths, widths)
    return mode, covariance


def _width(log_prior: Callable[[FloatArray], FloatArray], mode: FloatArray, unit: FloatArray) -> float:
    """Return how far from the mode, along one parameter, the log density falls by one half."""
    reach = np.exp(np.linspace(-12.0, 18.0, 601))
    fall = log_prior(mode[None])[0] - 0.5
    both = [log_prior(mode + sign * reach[:, None] * unit) < fall for sign in (-1, 1)]
    ends = [reach[np.argmax(fallen)] for fallen in both if fallen.any()]
    if len(ends) < 2:
        raise ModelError("has an improper prior: on the unconstrained scale its density does not fall towards infinity")
    return float(min(ends))


def _curvature(log_prior: Callable[[FloatArray], FloatArray], mode: FloatArray, step: FloatArray) -> FloatArray:
    """Return minus the matrix of second derivatives at the mode, by central differences."""
    size = len(mode)
    units = np.diag(step)
    corners = [
        mode + a * units[i] + b * units[j] for i in range(size) for j in range(size) for a in (-1, 1) for b in (-1, 1)
    ]
    values = log_prior(np.array(corners)).reshape(size, size, 4)
    values = np.where(np.isfinite(values), values, values[np.isfinite(values)].min())
    second = values[..., 0] - values[..., 1] - values[..., 2] + values[..., 3]
    return -(second + second.T) / 2 / (4 * np.outer(step, step))
