"""How long the trial lasts: staggered enrolment, and the last patient's follow-up.

Patients arrive as a Poisson process with a rate of ``per_month``, which is reached linearly over ``ramp_up_months``.
The expected number by month t is  L(t) = rate t^2 / (2 ramp)  up to the ramp's end and  rate (t - ramp/2)  after it,
and the N-th patient arrives where L reaches a Gamma(N) variable: the distribution of the duration is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import gammaincinv

from designs.checks import require_positive, require_probability, require_whole

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, kw_only=True)
class Accrual:
    """How fast patients are enrolled.

    Parameters
    ----------
    per_month : float
        Patients, over all arms and sites.
    ramp_up_months : float
        Until that rate is reached.
    basis : str
        Where the rate comes from, told wherever a duration is.

    Examples
    --------
    >>> accrual = Accrual(per_month=6)
    >>> [round(accrual.duration(150, follow_up_days=28, quantile=share), 1) for share in (0.05, 0.5, 0.95)]
    [22.7, 25.9, 29.4]
    """

    per_month: float
    ramp_up_months: float = 0.0
    basis: str = ""

    def __post_init__(self) -> None:
        require_positive("per_month", self.per_month)
        if not (math.isfinite(self.ramp_up_months) and self.ramp_up_months >= 0):
            raise ValueError(f"ramp_up_months must be at least 0, not {self.ramp_up_months}")

    @property
    def rate_words(self) -> str:
        """The rate and its basis.

        Examples
        --------
        >>> Accrual(per_month=6, basis="three sites, two patients each").rate_words
        '6 patients a month (three sites, two patients each)'
        """
        return f"{self.per_month:g} patients a month ({self.basis or 'basis not given'})"

    def enrolment(self, patients: int, quantile: float = 0.5) -> float:
        """Return the months by which the last of so many patients is enrolled, with probability ``quantile``."""
        require_whole("patients", patients, 1)
        require_probability("quantile", quantile)
        arrivals = float(gammaincinv(patients, quantile))
        before_full = self.per_month * self.ramp_up_months / 2
        if arrivals < before_full:
            return math.sqrt(2 * self.ramp_up_months * arrivals / self.per_month)
        return arrivals / self.per_month + self.ramp_up_months / 2

    def duration(self, patients: int, *, follow_up_days: int, quantile: float = 0.5) -> float:
        """Return the months from the opening to a day of the last patient, with probability ``quantile``."""
        require_whole("follow_up_days", follow_up_days, 0)
        return self.enrolment(patients, quantile) + follow_up_days / DAYS_PER_MONTH
