"""The truth of a scenario: DLT curves, and the DLT probability of a dose between the levels.

Curves give the DLT probability p at dose amount d > 0:

logistic in log dose
    logit p = intercept + slope log(d / reference)
Emax
    p = p0 + (pmax - p0) d^h / (d^h + d50^h)
power of a skeleton
    p_j = skeleton_j ^ exp(beta), at the dose levels only
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from designs.arrays import FloatArray

DoseStatus = Literal["tested", "between levels", "below lowest", "above highest"]


class DoseProbability(NamedTuple):
    """True DLT probability of a dose amount, where the amount lies on the ladder, and how it was obtained."""

    probability: float
    status: DoseStatus
    method: str


def logistic_curve(amount: npt.ArrayLike, *, intercept: float, slope: float, reference: float = 1.0) -> FloatArray:
    """Return expit(intercept + slope log(amount / reference)).

    Examples
    --------
    >>> logistic_curve([2, 8, 32], intercept=0.0, slope=1.0, reference=8.0).round(3)
    array([0.2, 0.5, 0.8])
    """
    log_ratio = np.log(np.asarray(amount, dtype=np.float64)) - np.log(reference)
    return np.asarray(expit(intercept + slope * log_ratio))


def emax_curve(amount: npt.ArrayLike, *, d50: float, pmax: float, p0: float = 0.0, hill: float = 1.0) -> FloatArray:
    """Return p0 + (pmax - p0) d^hill / (d^hill + d50^hill).

    Examples
    --------
    >>> emax_curve([2, 8, 24], d50=8, pmax=0.4).round(3)
    array([0.08, 0.2 , 0.3 ])
    """
    log_ratio = np.log(np.asarray(amount, dtype=np.float64)) - np.log(d50)
    # The fraction is a logistic function of log dose, which cannot overflow as d^hill can.
    return np.asarray(p0 + (pmax - p0) * expit(hill * log_ratio))


def power_curve(skeleton: npt.ArrayLike, *, beta: float) -> FloatArray:
    """Return skeleton ^ exp(beta): a positive beta makes every dose safer.

    Examples
    --------
    >>> power_curve([0.0, 0.25, 1.0], beta=float(np.log(0.5)))
    array([0. , 0.5, 1. ])
    """
    return np.asarray(np.asarray(skeleton, dtype=np.float64) ** np.exp(beta))


def dlt_probability_at(amount: float, amounts: npt.ArrayLike, p: npt.ArrayLike) -> DoseProbability:
    """Return the DLT probability of any dose amount, given those of the dose levels.

    Between two levels the logit of p is linear in log dose; beyond the ladder it goes on with the slope of the two
    nearest levels.  Where one of these has p = 0 or 1, whose logit is infinite, p itself is linear in log dose, cut
    at 0 and 1.  The method is named in the answer.

    Parameters
    ----------
    amount : float
        The dose amount, positive.
    amounts, p : array, shape (J,)
        Amounts (increasing) and DLT probabilities of the levels.

    Examples
    --------
    >>> dlt_probability_at(4, [2, 8, 16], [0.10, 0.25, 0.45])
    DoseProbability(probability=0.161..., status='between levels', method='logit-linear in log dose')
    >>> dlt_probability_at(0.5, [2, 8, 16], [0.10, 0.25, 0.45]).status
    'below lowest'
    """
    ladder, curve = np.asarray(amounts, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not (amount > 0 and np.isfinite(amount)):
        raise ValueError(f"amount must be positive, not {amount}")
    same = np.isclose(ladder, amount, rtol=1e-9, atol=0.0)
    if same.any():
        return DoseProbability(float(curve[np.argmax(same)]), "tested", "dose level")
    status = dose_status(amount, ladder)
    if len(ladder) == 1:
        return DoseProbability(float(curve[0]), status, "the only level's value")
    upper = int(np.clip(np.searchsorted(ladder, amount), 1, len(ladder) - 1))
    ends, (low, high) = np.log(ladder[upper - 1 : upper + 1]), curve[upper - 1 : upper + 1]
    along = (np.log(amount) - ends[0]) / (ends[1] - ends[0])
    if 0 < low < 1 and 0 < high < 1:
        probability, method = expit(logit(low) + along * (logit(high) - logit(low))), "logit-linear in log dose"
    else:
        probability, method = np.clip(low + along * (high - low), 0.0, 1.0), "linear in log dose"
    if status != "between levels":
        method += f", extrapolated from the two {'lowest' if status == 'below lowest' else 'highest'} levels"
    return DoseProbability(float(probability), status, method)


def dose_status(amount: float, amounts: npt.ArrayLike) -> DoseStatus:
    """Return where a dose amount lies on the ladder of dose levels.

    Examples
    --------
    >>> [dose_status(amount, [2, 8, 16]) for amount in (0.5, 2, 4, 32)]
    ['below lowest', 'tested', 'between levels', 'above highest']
    """
    ladder = np.asarray(amounts, dtype=np.float64)
    if np.isclose(ladder, amount, rtol=1e-9, atol=0.0).any():
        return "tested"
    if amount < ladder[0]:
        return "below lowest"
    return "above highest" if amount > ladder[-1] else "between levels"
