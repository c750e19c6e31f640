"""The modified toxicity probability interval design (mTPI).

Ji, Liu, Li and Bekele (2010), *Clinical Trials* 7:653-663.  With y DLTs in n patients at the current level and the
posterior Beta(alpha + y, beta + n - y) of its DLT probability p, the unit probability mass (UPM) of an interval is its
posterior probability divided by its width.  With target t the largest of

    UPM(0, t - epsilon1),  UPM(t - epsilon1, t + epsilon2),  UPM(t + epsilon2, 1)

says: escalate, stay, de-escalate.  Exclusion of toxic levels and selection of the MTD: :mod:`designs.interval`.  As in
the authors' program the MTD is estimated with the prior Beta(0.005, 0.005), whatever the prior of the decisions.

Variants: that program excludes whatever n; the R package escalation excludes from n = 2, stops at the lowest level
whatever n (so after one DLT in one patient, for low targets), and estimates the MTD with Beta(1, 1) from all levels.
Here a level is excluded from n = 3, as in BOIN, unless ``exclusion_min_n`` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.equivalence_interval import EquivalenceIntervalDesign
from designs.interval import index_of_greatest, posterior_cdf
from designs.words import listed


@dataclass(frozen=True, kw_only=True)
class MTPI(EquivalenceIntervalDesign):
    """The modified toxicity probability interval design.

    Parameters
    ----------
    target, n_doses, max_n, cohort_size, start_level, rules
        As for :class:`designs.design.Design`.
    alpha, beta, exclusion_certainty, exclusion_min_n, mtd_alpha, mtd_beta, mtd_fit
        As for :class:`designs.interval.IntervalDesign`: priors, exclusion of levels, selection of the MTD.
    epsilon1 : float
        How far the equivalence interval, [target - epsilon1, target + epsilon2], reaches below the target.
    epsilon2 : float
        How far the equivalence interval reaches above the target.

    Examples
    --------
    >>> MTPI(target=0.3, n_doses=5, max_n=30).decision_table()[6]
    'EESSUUU'
    """

    references = ("Ji, Liu, Li and Bekele (2010), Clinical Trials 7:653-663",)
    weighs_pending: ClassVar[str] = "interval"

    def _how(self) -> str:
        return (
            f"The modified toxicity probability interval design (mTPI) with the equivalence interval "
            f"{self._interval_words()} and prior "
            f"Beta({listed((self.alpha, self.beta))}): one level up, stay, or one level down as the posterior "
            f"probability "
            "per width is greatest below, in, or above the interval."
        )

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`."""
        lower, upper = (float(edge) for edge in self.interval)
        below = posterior_cdf(n, y, self.alpha, self.beta, lower)
        up_to = posterior_cdf(n, y, self.alpha, self.beta, upper)
        masses = [below / lower, (up_to - below) / (upper - lower), (1 - up_to) / (1 - upper)]
        return (1 - index_of_greatest(masses)).astype(np.int8)
