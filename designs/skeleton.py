"""Prior DLT guesses for the CRM from indifference intervals.

Lee and Cheung (2009), *Clinical Trials* 6:227-238: choose the prior DLT probabilities so that, whichever dose is
the MTD, the model settles on a neighbour only if that neighbour's DLT probability lies within ``target`` ±
``halfwidth``.  Writing ``b`` for the model parameter at which level k and k + 1 are equally near the target, the
condition is ``p_k(b) = target - halfwidth`` and ``p_{k+1}(b) = target + halfwidth``; starting from the prior MTD,
whose guess is the target itself, the others follow one by one.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from designs.arrays import FloatArray
from designs.checks import require_number, require_probability, require_whole

REFERENCES = ("Lee and Cheung (2009), Clinical Trials 6:227-238",)

MODELS = ("empiric", "logistic")


def skeleton(
    *,
    target: float,
    halfwidth: float,
    prior_mtd: int,
    n_doses: int,
    model: str = "empiric",
    intercept: float = 3.0,
) -> FloatArray:
    """Return prior DLT probabilities whose indifference intervals have the given half-width.

    Parameters
    ----------
    target : float
        Target DLT probability, in (0, 1).
    halfwidth : float
        Half-width of the indifference interval around the target.
    prior_mtd : int
        Level, from 1, believed to be the MTD; its guess is the target.
    n_doses : int
        Number of dose levels J.
    model : {"empiric", "logistic"}
        The CRM's dose-toxicity model.
    intercept : float
        Fixed intercept of the logistic model.

    Returns
    -------
    array, shape (J,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> skeleton(target=0.25, halfwidth=0.05, prior_mtd=3, n_doses=5).round(5)
    array([0.08397, 0.15674, 0.25   , 0.3545 , 0.46034])
    """
    require_probability("target", target)
    if not 0 < require_number("halfwidth", halfwidth) < min(target, 1 - target):
        raise ValueError(f"halfwidth must lie between 0 and {min(target, 1 - target):g}, not {halfwidth}")
    require_whole("n_doses", n_doses, 1)
    require_whole("prior_mtd", prior_mtd, 1)
    if prior_mtd > n_doses:
        raise ValueError(f"prior_mtd must be a level from 1 to {n_doses}, not {prior_mtd}")
    require_number("intercept", intercept)
    low, high = target - halfwidth, target + halfwidth
    # With x the model's dose label, p(b) is a function of exp(b) x alone, so one step multiplies x by a ratio.
    if model == "empiric":
        label_low, label_high, label_target = np.log(low), np.log(high), np.log(target)
    elif model == "logistic":
        label_low, label_high, label_target = (logit(p) - intercept for p in (low, high, target))
        if not label_high < 0:
            raise ValueError(f"intercept must exceed logit(target + halfwidth) = {logit(high):.3g}, not {intercept}")
    else:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {model!r}")
    steps = np.arange(1, n_doses + 1) - prior_mtd
    labels = label_target * (label_high / label_low) ** steps
    return np.exp(labels) if model == "empiric" else expit(intercept + labels)
