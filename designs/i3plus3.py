"""The i3+3 design.

Liu, Wang and Ji (2020), *Journal of Biopharmaceutical Statistics* 30:294-304.  With y DLTs in n patients at the current
level and the equivalence interval EI = [target - epsilon1, target + epsilon2]:

* y / n below EI: escalate;
* y / n in EI, its ends included: stay;
* y / n above EI: stay if (y - 1) / n is below EI, so that one DLT fewer would have meant to escalate, else de-escalate.

Comparisons are exact: 5 of 20 lies in [0.25, 0.35].

Exclusion of toxic levels (from n = 3, prior Beta(1, 1)) and selection of the MTD: :mod:`designs.interval`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.equivalence_interval import EquivalenceIntervalDesign
from designs.rational import least_at_or_above, most_at_or_below


@dataclass(frozen=True, kw_only=True)
class I3Plus3(EquivalenceIntervalDesign):
    """The i3+3 design.

    Parameters
    ----------
    target, n_doses, max_n, cohort_size, start_level, rules
        As for :class:`designs.design.Design`.
    alpha, beta, exclusion_certainty, exclusion_min_n, mtd_alpha, mtd_beta, mtd_fit
        As for :class:`designs.interval.IntervalDesign`: prior, exclusion of levels, selection of the MTD.
    epsilon1 : float
        How far the equivalence interval, [target - epsilon1, target + epsilon2], reaches below the target.
    epsilon2 : float
        How far the equivalence interval reaches above the target.

    Examples
    --------
    >>> I3Plus3(target=0.3, n_doses=5, max_n=30).decision_table()[4]
    'ESDUU'
    """

    references = ("Liu, Wang and Ji (2020), Journal of Biopharmaceutical Statistics 30:294-304",)

    def _how(self) -> str:
        return (
            f"The i3+3 design with the equivalence interval {self._interval_words()}: one "
            "level up if the DLT rate observed at the current level is below it; stay if it is inside, or if it is "
            "above "
            "but one DLT fewer would put it below; else one level down."
        )

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`."""
        lower, upper = self.interval
        most = int(n.max(initial=0))
        first_inside, last_inside = least_at_or_above(lower, most)[n], most_at_or_below(upper, most)[n]
        up = y < first_inside
        down = (y > last_inside) & (y - 1 >= first_inside)
        return up.astype(np.int8) - down.astype(np.int8)
