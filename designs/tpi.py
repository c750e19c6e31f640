"""The toxicity probability interval design (TPI).

Ji, Li and Bekele (2007), *Clinical Trials* 4:235-244.  With y DLTs in n patients at the current level, the posterior
Beta(alpha + y, beta + n - y) of its DLT probability and s its standard deviation, the largest of the posterior
probabilities of

    (0, t - k2 s),  (t - k2 s, t + k1 s),  (t + k1 s, 1)

says: escalate, stay, de-escalate.  The prior of the decisions is Beta(0.005, 0.005).

Exclusion of toxic levels and selection of the MTD: :mod:`designs.interval`.  Exclusion has its own prior, Beta(1, 1),
which gives the published table; the R package escalation takes that of the decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.checks import require_beta_parameter, require_positive
from designs.interval import IntervalDesign, index_of_greatest, posterior_cdf
from designs.words import listed


@dataclass(frozen=True, kw_only=True)
class TPI(IntervalDesign):
    """The toxicity probability interval design.

    Parameters
    ----------
    target, n_doses, max_n, cohort_size, start_level, rules
        As for :class:`designs.design.Design`.
    alpha, beta, exclusion_certainty, exclusion_min_n, mtd_alpha, mtd_beta, mtd_fit
        As for :class:`designs.interval.IntervalDesign`: priors, exclusion of levels, selection of the MTD.
    k1 : float
        How far the equivalence interval reaches above the target, in posterior standard deviations.
    k2 : float
        How far the equivalence interval reaches below the target, in posterior standard deviations.
    exclusion_alpha : float
        First parameter of the beta prior by which levels are excluded.
    exclusion_beta : float
        Second parameter of the beta prior by which levels are excluded.

    Examples
    --------
    >>> TPI(target=0.3, n_doses=5, max_n=30).decision_table()[6]
    'ESSDUUU'
    """

    references = ("Ji, Li and Bekele (2007), Clinical Trials 4:235-244",)

    alpha: float = 0.005
    beta: float = 0.005
    k1: float = 1.0
    k2: float = 1.5
    exclusion_alpha: float = 1.0
    exclusion_beta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("k1", "k2"):
            require_positive(name, getattr(self, name))
        for name in ("exclusion_alpha", "exclusion_beta"):
            require_beta_parameter(name, getattr(self, name))

    def exclusion_prior(self) -> tuple[float, float]:
        """See :meth:`IntervalDesign.exclusion_prior`."""
        return self.exclusion_alpha, self.exclusion_beta

    def _how(self) -> str:
        return (
            f"The toxicity probability interval design (TPI) with prior Beta({listed((self.alpha, self.beta))}): one "
            f"level "
            f"up, stay, or one level down as the DLT probability most probably lies more than {self.k2:g} posterior "
            f"standard deviations below the target, between, or more than {self.k1:g} above."
        )

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`."""
        a, b = self.alpha + y, self.beta + n - y
        sd = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
        below = posterior_cdf(n, y, self.alpha, self.beta, np.maximum(self.target - self.k2 * sd, 0))
        up_to = posterior_cdf(n, y, self.alpha, self.beta, np.minimum(self.target + self.k1 * sd, 1))
        return (1 - index_of_greatest([below, up_to - below, 1 - up_to])).astype(np.int8)
