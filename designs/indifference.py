"""Indifference intervals: how far from the target a neighbour of the MTD may lie for the CRM to settle on it.

Cheung and Chappell (2002), *Biometrics* 58:671-674; Cheung (2011), *Dose Finding by the Continual Reassessment
Method*, chapter 4; dfcrm's ``crmsens``.  Levels k and k + 1 tie at the parameter value where their DLT probabilities
are equally far from the target, ``p_k(b) + p_{k+1}(b) = 2 target``.  The ties divide the parameter's values into one
interval per level, in which the model names that level; the DLT probabilities of its neighbours at the two ends are
its indifference interval.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from designs.arrays import FloatArray
from designs.checks import increasing_probabilities, require_choice, require_number, require_probability
from designs.skeleton import MODELS


class IndifferenceIntervals(NamedTuple):
    """Lower and upper ends for each level, shapes (J, 2).

    ``parameter``: where the model names the level, from -inf at the lowest and to inf at the highest.
    ``dlt_probability``: the neighbours' DLT probabilities at the ends; NaN where there is no neighbour.
    """

    parameter: FloatArray
    dlt_probability: FloatArray


def indifference_intervals(
    skeleton: npt.ArrayLike, target: float, model: str = "empiric", intercept: float = 3.0
) -> IndifferenceIntervals:
    """Return the indifference intervals of a CRM.

    Parameters
    ----------
    skeleton : sequence of float, length J
        Prior guesses of the DLT probabilities, strictly increasing.
    target : float
        Target DLT probability.
    model : {"empiric", "logistic"}
        The CRM's dose-toxicity model.
    intercept : float
        Fixed intercept of the logistic model.

    Returns
    -------
    IndifferenceIntervals

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> intervals = indifference_intervals([0.05, 0.10, 0.20, 0.35], target=0.2)
    >>> intervals.parameter.round(3)
    array([[  -inf, -0.484],
           [-0.484, -0.169],
           [-0.169,  0.228],
           [ 0.228,    inf]])
    >>> intervals.dlt_probability.round(3)
    array([[  nan, 0.242],
           [0.158, 0.257],
           [0.143, 0.268],
           [0.132,   nan]])
    """
    from scipy.optimize import brentq

    guesses = np.array(increasing_probabilities("skeleton", skeleton))
    require_probability("target", target)
    require_choice("model", model, MODELS)
    require_number("intercept", intercept)
    highest = max(float(logit(guesses[-1])), float(logit(target)))
    if model == "logistic" and highest >= intercept:
        raise ValueError(f"intercept must exceed the logit of skeleton and target, {highest:.3g}, not {intercept}")

    def curve(label: FloatArray, b: float) -> FloatArray:
        return np.exp(label * np.exp(b)) if model == "empiric" else expit(intercept + label * np.exp(b))

    labels = np.log(guesses) if model == "empiric" else logit(guesses) - intercept
    label_target = np.log(target) if model == "empiric" else logit(target) - intercept
    # Where each level alone is at the target; the tie of two neighbours lies between.
    at_target = np.log(label_target / labels)
    ties, lower, upper = [], [], []
    for k in range(len(guesses) - 1):
        pair = labels[k : k + 2]
        ends = at_target[k], at_target[k + 1]
        tie = brentq(lambda b, pair=pair: curve(pair, b).sum() - 2 * target, *ends, xtol=1e-14, rtol=1e-14)
        ties.append(tie)
        below, above = curve(pair, tie)
        lower.append(below)
        upper.append(above)
    parameter = np.column_stack([[-np.inf, *ties], [*ties, np.inf]])
    return IndifferenceIntervals(parameter, np.column_stack([[np.nan, *lower], [*upper, np.nan]]))
