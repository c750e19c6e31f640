"""What becomes of patients by day 28: improvement, death, or neither.

Without drug a share of patients improves by the horizon and another dies, at truncated Weibull times seen on whole
days, so that F1 and F2 are cumulative incidences on days 1 to D.  The drug acts on the subdistribution of improvement
by a hazard ratio (sHR; Fine and Gray 1999) and on mortality by a relative risk (RR):

    F1_drug(t) = 1 - (1 - F1(t))^sHR        F2_drug(t) = RR F2(t)        F1_drug(D) + F2_drug(D) <= 1

Improvement and death exclude one another: a patient who improves (two points on the ordinal scale, or live discharge)
lives to the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_positive, require_probability, require_whole
from doseesc.truth import DEATH_TIMES, WeibullTimes

IMPROVEMENT_TIMES = WeibullTimes(shape=3.5, scale=17.0)
"""Times of improvement, truncated at 28 days: a fit to the proportions improved by days 7, 14 and 28 of Wang et al.
2020; the project's own."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Course:
    """Cumulative incidences of an arm.

    Attributes
    ----------
    improved, died : array, shape (D,)
        Probability of having improved or died by days 1 to D.
    """

    improved: FloatArray
    died: FloatArray

    @property
    def horizon(self) -> int:
        """Days D of observation."""
        return len(self.improved)


@dataclass(frozen=True, kw_only=True)
class ControlCourse:
    """What becomes of patients without the drug.

    Parameters
    ----------
    improved, died : float
        Probability of improving and of dying by the horizon.
    improvement_times, death_times : WeibullTimes
        When, given that it happens by the horizon.
    horizon : int
        Days.

    Examples
    --------
    >>> control = ControlCourse()
    >>> drug = control.with_drug(shr=2.0, mortality_rr=0.6)
    >>> float(drug.improved[-1].round(3)), float(drug.died[-1].round(3))
    (0.75, 0.18)
    """

    improved: float = 0.5
    died: float = 0.3
    improvement_times: WeibullTimes = IMPROVEMENT_TIMES
    death_times: WeibullTimes = DEATH_TIMES
    horizon: int = 28

    def __post_init__(self) -> None:
        require_probability("improved", self.improved, closed=True)
        require_probability("died", self.died, closed=True)
        require_whole("horizon", self.horizon, 1)
        if self.improved + self.died > 1 + _ROUNDING:
            raise ValueError(f"improved and died must not exceed 1 together, not {self.improved:g} and {self.died:g}")

    def with_drug(self, *, shr: float = 1.0, mortality_rr: float = 1.0) -> Course:
        """Return the course under the drug.

        Raises
        ------
        ValueError
            If more patients would improve and die than there are.
        """
        require_positive("shr", shr)
        require_positive("mortality_rr", mortality_rr)
        days = np.arange(1, self.horizon + 1)
        improved = self.improved * self.improvement_times.cdf(days, self.horizon)
        died = mortality_rr * self.died * self.death_times.cdf(days, self.horizon)
        improved = 1 - (1 - improved) ** shr
        if improved[-1] + died[-1] > 1 + _ROUNDING:
            raise ValueError(
                f"mortality_rr must leave room for those who improve, not {mortality_rr:g}: with shr {shr:g}, "
                f"{improved[-1]:.3g} of patients improve and {died[-1]:.3g} die"
            )
        return Course(improved, died)
