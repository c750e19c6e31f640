"""The cumulative cohort design (CCD).

Ivanova, Flournoy and Chung (2007), *Journal of Statistical Planning and Inference* 137:2316-2327.  With y DLTs in n
patients at the current level and target t, escalate if y / n <= t - delta, de-escalate if y / n >= t + delta,
otherwise stay.  The authors recommend delta = 0.09 for targets of 0.10 to 0.25, 0.10 for 0.30 and 0.35, 0.12 for 0.40
and 0.13 for 0.45 and 0.50.  The MTD is the level whose isotonic estimate, from observed rates, is nearest the target.
Comparisons are exact: 3 of 15 is at the boundary of 0.3 - 0.1.

The design knows no exclusion of toxic levels, hence never stops early.  Comparisons of designs usually add it with
``exclusion_certainty=0.95``; a protocol should (:mod:`designs.interval`).

Variant: the programs of Lin and Yin de-escalate only where y / n is above t + delta; here, as in the paper, at it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.checks import require_number, shown
from designs.follow_up import FollowUpLimits, ess_limits_of_rates, ess_sentences
from designs.interval import IntervalDesign
from designs.policies import Weighted
from designs.rational import least_at_or_above, most_at_or_below, rational
from designs.weights import weights_sentence
from designs.words import percent


@dataclass(frozen=True, kw_only=True)
class CCD(IntervalDesign):
    """The cumulative cohort design.

    Parameters
    ----------
    target, n_doses, max_n, cohort_size, start_level, rules
        As for :class:`designs.design.Design`.
    alpha, beta, exclusion_certainty, exclusion_min_n, mtd_alpha, mtd_beta, mtd_fit
        As for :class:`designs.interval.IntervalDesign`: exclusion of levels (by default none), selection of the MTD.
    delta : float, optional
        Half the width of the interval in which the level is kept; by default the authors' choice for the target.

    Examples
    --------
    >>> CCD(target=0.3, n_doses=5, max_n=30).decision_table()[6]
    'EESDDDD'
    """

    references = ("Ivanova, Flournoy and Chung (2007), Journal of Statistical Planning and Inference 137:2316-2327",)
    weighs_pending: ClassVar[str] = "interval"

    exclusion_certainty: float | None = None
    mtd_alpha: float = 0.0
    mtd_beta: float = 0.0
    delta: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < require_number("delta", self.half_width) < min(self.target, 1 - self.target):
            default = " (the default for this target; give a smaller one)" if self.delta is None else ""
            raise ValueError(
                f"delta must be above 0 and below both the target {self.target} and what it leaves to 1, "
                f"not {shown(self.half_width)}{default}"
            )

    @property
    def half_width(self) -> float:
        """``delta``, or the authors' choice for the target."""
        if self.delta is not None:
            return self.delta
        return next((delta for below, delta in ((0.3, 0.09), (0.4, 0.1), (0.45, 0.12)) if self.target < below), 0.13)

    def _how(self) -> str:
        low, high = self.target - self.half_width, self.target + self.half_width
        return (
            f"The cumulative cohort design (CCD): one level up if the DLT rate observed at the current level is at "
            f"most "
            f"{percent(low)}, one level down if it is at least {percent(high)}, else stay."
        )

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return f"{ess_sentences('takes the place of the patients in the DLT rate')} {weights_sentence(policy.weights)}"

    def rate_limits(self) -> tuple[float, float]:
        """Return the DLT rates at or below which the design escalates, and at or above which it de-escalates."""
        target, delta = rational(self.target), rational(self.half_width)
        return float(target - delta), float(target + delta)

    def ess_limits(self, max_n: int) -> FollowUpLimits:
        """See :meth:`IntervalDesign.ess_limits`."""
        return ess_limits_of_rates(self.rate_limits(), max_n)

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`."""
        target, delta, most = rational(self.target), rational(self.half_width), int(n.max(initial=0))
        up = y <= most_at_or_below(target - delta, most)[n]
        down = y >= least_at_or_above(target + delta, most)[n]
        return up.astype(np.int8) - down.astype(np.int8)
