r"""A mixed model for repeated measures (MMRM) of two arms, fitted in closed form for many trials at once.

Visits have a mean per arm, a slope on baseline each, and an unstructured covariance common to both arms.  Where values,
once missing, stay missing (death, loss), the likelihood factors into regressions of each visit on the visits before it,

    y_j = a_j + c_j arm + b_j baseline + sum_{k<j} B_jk y_k + error,

each over the patients seen at visit j, whose least squares are the maximum of the whole likelihood (Anderson 1957,
JASA 52:200; Little and Rubin, Statistical Analysis with Missing Data, chapter 7).  The arms' difference at visit j,
with g_j = (0, 1, 0, d_1 .. d_{j-1}) in the order of that regression's coefficients theta_j, is

    d_j = g_j' theta_j        Var d_J = sum_j M_Jj^2 s_j^2 g_j' (X_j'X_j)^-1 g_j        M = (I - B)^-1

where s_j^2 divides the residual sum of squares by n_j - 3, so that for complete data estimate and standard error are
those of the restricted likelihood, and of the analysis of covariance at the visit.  The t statistic has n_J - 3 degrees
of freedom.  The model speaks of the dead as if they had lived on like those alive with the same history.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from doseesc.phase2.visit_tests import Covariance

FloatArray = npt.NDArray[np.float64]

_FIXED = 3  # intercept, arm, baseline
_RIDGE = 1e-11  # relative; keeps visits that repeat one another from stopping a whole block


def mmrm(treated: FloatArray, treated_base: FloatArray, control: FloatArray, control_base: FloatArray) -> Covariance:
    """Compare two arms at every visit.

    Parameters
    ----------
    treated, control : array, shape (V, n, T) and (V, m, T)
        Values at V visits in order, not a number where there is none.
    treated_base, control_base : array, shape (n, T) and (m, T)

    Returns
    -------
    Covariance
        Arrays (V, T); t is 0 from the visit on at which too few patients are seen to go on.

    Raises
    ------
    ValueError
        If an arm is empty, or a value follows a missing one.
    """
    if not (treated.shape[1] and control.shape[1]):
        raise ValueError("treated and control must have patients: an arm is empty")
    value = np.ascontiguousarray(np.concatenate([treated, control], axis=1).transpose(0, 2, 1))  # (V, T, N)
    base = np.concatenate([treated_base, control_base]).T
    arm = np.broadcast_to(np.repeat([1.0, 0.0], [treated.shape[1], control.shape[1]]), base.shape)
    known = ~np.isnan(value) & ~np.isnan(base)
    if (known[1:] & ~known[:-1]).any():
        raise ValueError("treated and control must not have a value after a missing one")
    design = np.zeros((len(base), _FIXED + len(value), base.shape[1]))
    design[:, 0], design[:, 1], design[:, 2] = 1.0, arm, _standardised(base, ~np.isnan(base))[0]
    difference = np.zeros((len(value), value.shape[1]))
    own_variance, mixing = np.zeros_like(difference), np.zeros((*difference.shape, len(value)))
    possible = np.ones(value.shape[1], dtype=np.bool_)
    found = []
    for visit, (y, seen) in enumerate(zip(value, known, strict=True)):
        y, scale = _standardised(y, seen)
        n, n1 = seen.sum(axis=1), (seen & (arm > 0)).sum(axis=1)
        possible &= (n1 > 0) & (n1 < n) & (n > _FIXED + visit)
        before = design[:, : _FIXED + visit]
        np.multiply(before, seen[:, None], out=before)  # who is not seen now is not seen again
        contrast = np.zeros((len(n), _FIXED + visit))
        contrast[:, 1], contrast[:, _FIXED:] = 1.0, difference[:visit].T
        theta, spread, residual = _regression(before, y, contrast, possible)
        difference[visit] = (theta * contrast).sum(axis=1)
        own_variance[visit] = spread * residual / np.maximum(n - _FIXED, 1)
        mixing[visit, :, visit] = 1.0
        mixing[visit] += np.einsum("tk,ktj->tj", theta[:, _FIXED:], mixing[:visit])
        variance = np.einsum("tj,jt->t", mixing[visit] ** 2, own_variance)
        found.append(_result(difference[visit], variance, scale, n - _FIXED, possible))
        design[:, _FIXED + visit] = y
    return Covariance(*(np.stack(each) for each in zip(*found, strict=True)))


def _standardised(value: FloatArray, seen: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return values with mean 0 and mean square 1 in each trial, 0 where missing, and what they were divided by."""
    n = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    centred = np.where(seen, value, 0.0)
    centred = np.where(seen, centred - centred.sum(axis=1, keepdims=True) / n, 0.0)
    scale = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    scale = np.where(scale > 0, scale, 1.0)
    return centred / scale, scale[:, 0]


def _regression(
    design: FloatArray, y: FloatArray, contrast: FloatArray, possible: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return coefficients (T, p) from a design (T, p, N), contrast' (X'X)^-1 contrast, and residual sum of squares."""
    square = design @ design.transpose(0, 2, 1)
    size = square.shape[-1]
    square = square + _RIDGE * np.maximum(square[:, :1, :1], 1.0) * np.eye(size)
    square = np.where(possible[:, None, None], square, np.eye(size))
    cross = (design @ y[..., None])[..., 0]
    solved = np.linalg.solve(square, np.stack([cross, contrast], axis=-1))
    theta = np.where(possible[:, None], solved[..., 0], 0.0)
    residual = np.maximum((y**2).sum(axis=1) - (theta * cross).sum(axis=1), 0.0)
    return theta, (solved[..., 1] * contrast).sum(axis=1), residual


def _result(
    difference: FloatArray, variance: FloatArray, scale: FloatArray, freedom: Any, possible: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    usable = possible & (variance > 0)
    t = np.where(usable, difference / np.sqrt(np.where(usable, variance, 1.0)), 0.0)
    return np.where(possible, difference * scale, np.nan), t, np.where(usable, freedom, 0.0)
