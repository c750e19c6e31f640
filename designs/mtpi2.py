"""The second modified toxicity probability interval design (mTPI-2).

Guo, Wang, Yang, Lynn and Ji (2017), *Contemporary Clinical Trials* 58:23-33.  In mTPI the long intervals below and
above the equivalence interval [t - epsilon1, t + epsilon2] are at a disadvantage; here they are divided into intervals
as wide as it, narrower ones at 0 and 1.  Of all of them the one with the largest unit probability mass, its posterior
probability under Beta(alpha + y, beta + n - y) divided by its width, says: escalate if it lies below the equivalence
interval, stay if it is the equivalence interval, de-escalate if it lies above.  These are the decisions of the keyboard
design with scaled end keys (:mod:`designs.keyboard`).

Exclusion of toxic levels and selection of the MTD: :mod:`designs.interval`, as for :mod:`designs.mtpi`.  Where two
intervals tie, the R package escalation escalates if it can; here the higher interval wins, which means the lower dose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.equivalence_interval import EquivalenceIntervalDesign
from designs.keyboard import steps_to_target_key
from designs.words import listed


@dataclass(frozen=True, kw_only=True)
class MTPI2(EquivalenceIntervalDesign):
    """The second modified toxicity probability interval design.

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
    >>> MTPI2(target=0.3, n_doses=5, max_n=30).decision_table()[9]
    'EEESDUUUUU'
    """

    references = ("Guo, Wang, Yang, Lynn and Ji (2017), Contemporary Clinical Trials 58:23-33",)
    weighs_pending: ClassVar[str] = "interval"

    def _how(self) -> str:
        return (
            f"The second modified toxicity probability interval design (mTPI-2) with the equivalence interval "
            f"{self._interval_words()} and "
            f"prior Beta({listed((self.alpha, self.beta))}): the unit interval is divided into intervals as wide as "
            f"it; one "
            "level up, stay, or one level down as the one with the greatest posterior probability per width lies below "
            "it, is it, or lies above it."
        )

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`."""
        return steps_to_target_key(n, y, self.alpha, self.beta, self.interval, scaled=True)
