"""How many patients a law of the DLT probability is worth: its effective sample size (ESS), dose by dose.

``"moments"``
    a + b of the beta law with the same mean m and variance v: m (1 - m) / v - 1.  It says little of laws that are not
    nearly beta laws: it may put what a mixture of a narrow and a wide law is worth below the wide law alone.

``"predictive"`` (default)
    The same once N further patients have been treated at the dose, on average over what may be observed of them, less
    N.  For a beta law that is a + b again, whatever N.  That a size should not depend on N is the predictive
    consistency of Neuenschwander, Weber, Schmidli and O'Hagan (2020), *Biometrics* 76:578-587, which moments of a
    mixture fail; here N is the size of the trial, and the answer what the law is worth at its end.

``"elir"``
    Their own proposal, the expected local-information ratio, with i the curvature -d² log density / d logit² and
    p (1 - p) the information of one patient: E[ i / (p (1 - p)) ].  At the reference dose alone, where the logit is
    log_alpha: elsewhere it has tails like those of a log-normal law, and the expectation is infinite.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import roots_hermitenorm

from designs.arrays import FloatArray
from doseesc.inference.borrowing.normal_mixture import NormalMixture

_NODES = 200


def moment_size(mean: npt.ArrayLike, sd: npt.ArrayLike) -> FloatArray:
    """Return the ESS of laws of a probability from their means and standard deviations.

    Examples
    --------
    A beta law of parameters 2 and 6:

    >>> moment_size(0.25, np.sqrt(2 * 6 / (8**2 * 9)))
    array(8.)
    """
    m, s = np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    return np.asarray(m * (1 - m) / s**2 - 1)


def elir_size(prior: NormalMixture) -> float:
    """Return the ELIR effective sample size of the DLT probability at the reference dose.

    Examples
    --------
    A normal law of log_alpha with mean 0 and sd s is worth (2 + 2 exp(s² / 2)) / s² patients:

    >>> from doseesc.inference.borrowing.normal_mixture import BivariateNormal
    >>> prior = NormalMixture((1.0,), (BivariateNormal(mean=(0.0, 0.0), sd=(0.5, 1.0)),))
    >>> round(elir_size(prior), 3), round(float(2 + 2 * np.exp(0.125)) / 0.25, 3)
    (17.065, 17.065)
    """
    weights = np.array(prior.weights)[:, None]
    means = np.array([law.mean[0] for law in prior.components])[:, None]
    sds = np.array([law.sd[0] for law in prior.components])[:, None]
    nodes, shares = roots_hermitenorm(_NODES)
    points = (means + sds * nodes).ravel()
    mass = (weights * shares / shares.sum()).ravel()
    z = (points - means) / sds
    parts = weights * np.exp(-0.5 * z**2) / sds
    parts /= parts.sum(axis=0)
    slope = (parts * -z / sds).sum(axis=0)
    curvature = slope**2 - (parts * (z**2 - 1) / sds**2).sum(axis=0)
    return float(mass @ (curvature * (2 + 2 * np.cosh(points))))
