"""How patients come: rate, ramp-up, months of a profile, the screening they pass, and the days on which they arrive.

The intensity of arrivals is a rate reached linearly over a ramp-up, or a rate for each month; patients come at it

poisson
    independently of one another: the expected number between two arrivals is exponential with mean 1;
uniform
    more evenly: that number is uniform on (0, 2);
fixed
    regularly: it is 1.

:mod:`doseesc.truth.arrivals` turns such numbers into days.  At a steady rate gaps are these numbers over the rate.
The N-th patient of a Poisson process arrives where the expected number reaches a Gamma(N) variable, so that the
distribution of the time of enrolment is exact: with a ramp-up, L(t) = rate t^2 / (2 ramp) up to its end and
rate (t - ramp/2) after it.

Where patients are screened, those enrolled are a random share of a Poisson process, which is one again, of the rate
screened x eligible x consenting.  Exclusion criteria are taken to be independent, so that a share
(1 - e_1) (1 - e_2) ...  is eligible, unless the share that all of them leave is given too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import gammaincinv

from designs.arrays import FloatArray
from designs.checks import require_choice, require_number, require_positive, require_probability, require_whole
from doseesc.truth.arrivals import day_gap, expected_by, profile_table, steady_table
from doseesc.wording import percent_words

DAYS_PER_MONTH = 365.25 / 12

_REGULARITY = {
    "poisson": "at random times",
    "fixed": "at equal intervals",
    "uniform": "at intervals between 0 and twice their mean",
}
_SUSPENDED = {
    "wait": "Who arrives while the design waits for outcomes waits too, and the next gap runs from that enrolment.",
    "turn_away": "Who arrives while the design waits for outcomes is lost to the trial.",
    "queue": "Who arrives while the design waits for outcomes waits in turn, and others go on arriving.",
}
_RATES = ("per_month", "profile", "screened_per_month")
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Accrual:
    """How fast patients are enrolled; the rate is ``per_month``, a ``profile``, or what screening leaves.

    Parameters
    ----------
    per_month : float, optional
        Patients, over all arms and sites.
    process : {"poisson", "fixed", "uniform"}
        How regularly they come: independently; at equal intervals; at intervals between 0 and twice the mean.
    ramp_up_months : float
        Until that rate is reached, linearly.
    arrivals_while_waiting : {"wait", "turn_away", "queue"}
        Who arrives while the design waits for outcomes: waits, and the next gap runs from that enrolment; is lost to
        the trial; or waits in turn while others arrive.
    profile : tuple of float, optional
        Patients a month, month by month from the opening; 0 is a hold, and the last value goes on.
    screened_per_month : float, optional
        Patients screened.
    eligible : float, optional
        Share of those screened who are eligible; by default what ``exclusions`` leave, or all.
    consenting : float, optional
        Share of those eligible who take part; by default all.
    exclusions : mapping of str to float, optional
        Share of those screened that each criterion excludes, taken to be independent unless ``eligible`` is given.
    basis : str
        Where the rate comes from, told wherever a duration is.

    Examples
    --------
    >>> accrual = Accrual(per_month=6)
    >>> [round(accrual.duration(150, follow_up_days=28, quantile=share), 1) for share in (0.05, 0.5, 0.95)]
    [22.7, 25.9, 29.4]
    >>> round(Accrual(screened_per_month=20, exclusions={"dialysis": 0.2, "ECMO": 0.1}, consenting=0.5).rate, 6)
    7.2
    """

    per_month: float | None = None
    process: str = "poisson"
    ramp_up_months: float = 0.0
    arrivals_while_waiting: str = "wait"
    profile: tuple[float, ...] | None = None
    screened_per_month: float | None = None
    eligible: float | None = None
    consenting: float | None = None
    exclusions: Mapping[str, float] | None = field(default=None, hash=False)
    basis: str = ""

    def __post_init__(self) -> None:
        given = [name for name in _RATES if getattr(self, name) is not None]
        if not given:
            raise ValueError(f"per_month must be given, or one of {', '.join(_RATES[1:])}")
        if len(given) > 1:
            raise ValueError(f"{given[1]} must not be given together with {given[0]}")
        if self.per_month is not None:
            require_positive("per_month", self.per_month)
        require_choice("process", self.process, tuple(_REGULARITY))
        require_choice("arrivals_while_waiting", self.arrivals_while_waiting, tuple(_SUSPENDED))
        if require_number("ramp_up_months", self.ramp_up_months) < 0:
            raise ValueError(f"ramp_up_months must be at least 0, not {self.ramp_up_months}")
        if self.profile is not None:
            self._check_profile()
        self._check_screening()

    def _check_profile(self) -> None:
        values = self.profile
        if not isinstance(values, tuple) or not values:
            raise ValueError(f"profile must be a list of patients a month, not {values!r}")
        if any(require_number("profile", each) < 0 for each in values):
            raise ValueError(f"profile must not hold negative numbers, as in {list(values)}")
        if values[-1] == 0:
            raise ValueError("profile must end above 0: its last value goes on, and nobody would come any more")
        if self.ramp_up_months:
            raise ValueError("ramp_up_months must not be given together with profile, which says each month's rate")

    def _check_screening(self) -> None:
        if self.screened_per_month is None:
            for name in ("eligible", "consenting", "exclusions"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} must be given together with screened_per_month")
            return
        require_positive("screened_per_month", self.screened_per_month)
        if self.process != "poisson":
            raise ValueError(
                f"process must be poisson with screened_per_month, not {self.process!r}: those whom screening leaves "
                "come at random"
            )
        for name in ("eligible", "consenting"):
            value = getattr(self, name)
            if value is not None and not 0 < require_number(name, value) <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1, not {value!r}")
        if self.exclusions is not None:
            self._check_exclusions(self.exclusions)

    def _check_exclusions(self, exclusions: Mapping[str, float]) -> None:
        if not isinstance(exclusions, Mapping) or not exclusions:
            raise ValueError(f"exclusions must give each criterion its share, not {exclusions!r}")
        for criterion, share in exclusions.items():
            if not 0 <= require_number("exclusions", share) < 1:
                raise ValueError(f"exclusions must lie in [0, 1), not {share!r} for {criterion!r}")
        if self.eligible is None:
            return
        most = 1 - max(exclusions.values())
        least = 1 - math.fsum(exclusions.values())
        if not least - _ROUNDING <= self.eligible <= most + _ROUNDING:
            raise ValueError(
                f"eligible must lie between {max(least, 0.0):.3g} and {most:.3g} with these exclusions, however they "
                f"overlap, not {self.eligible!r}"
            )

    @property
    def share_eligible(self) -> float:
        """Share of those screened who are eligible; 1 where nobody is screened."""
        if self.eligible is not None:
            return self.eligible
        return math.prod(1 - share for share in (self.exclusions or {}).values())

    @property
    def share_enrolled(self) -> float:
        """Share of those screened who are enrolled; 1 where nobody is screened."""
        return self.share_eligible * (1.0 if self.consenting is None else self.consenting)

    @property
    def rate(self) -> float:
        """Patients enrolled a month, after ramp-up and the months of the profile."""
        if self.profile is not None:
            return self.profile[-1]
        if self.screened_per_month is not None:
            return self.screened_per_month * self.share_enrolled
        assert self.per_month is not None
        return self.per_month

    @property
    def rate_words(self) -> str:
        """The rate and its basis.

        Examples
        --------
        >>> Accrual(per_month=6, basis="three sites, two patients each").rate_words
        '6 patients a month (three sites, two patients each)'
        >>> Accrual(screened_per_month=20, exclusions={"dialysis": 0.2, "ECMO": 0.1}, consenting=0.5).rate_words
        '7.2 patients a month (of 20 screened 72 % are eligible and 50 % of these take part; basis not given)'
        """
        told = [self.basis or "basis not given"]
        if self.screened_per_month is not None:
            taking_part = 1.0 if self.consenting is None else self.consenting
            told.insert(
                0,
                f"of {self.screened_per_month:g} screened {percent_words(self.share_eligible)} are eligible and "
                f"{percent_words(taking_part)} of these take part",
            )
        monthly = f"{self.rate:g} patients a month"
        if self.profile is not None and len(self.profile) > 1:
            monthly = f"{', '.join(f'{each:g}' for each in self.profile)} patients a month, month by month"
        return f"{monthly} ({'; '.join(told)})"

    def describe(self) -> str:
        """Return in two sentences how patients come, and what becomes of those who meet a suspension.

        Examples
        --------
        >>> Accrual(per_month=2, process="fixed", arrivals_while_waiting="turn_away", basis="two sites").describe()[:63]
        'Patients arrive at equal intervals, 2 patients a month (two sit'
        """
        ramp = f", reached over {self.ramp_up_months:g} months" if self.ramp_up_months else ""
        how = f"Patients arrive {_REGULARITY[self.process]}, {self.rate_words}{ramp}."
        return f"{how} {_SUSPENDED[self.arrivals_while_waiting]}"

    @property
    def steady(self) -> bool:
        """Whether the rate is the same from the opening on."""
        return len(self.table) == 1

    @property
    def table(self) -> FloatArray:
        """The intensity of arrivals by days since the opening, as pieces (K, 4); see :mod:`doseesc.truth.arrivals`."""
        if self.profile is not None:
            return profile_table([each / DAYS_PER_MONTH for each in self.profile], DAYS_PER_MONTH)
        return steady_table(self.rate / DAYS_PER_MONTH, self.ramp_up_months * DAYS_PER_MONTH)

    def numbers(self, uniforms: Any) -> FloatArray:
        """Return the expected numbers of patients between arrivals, of mean 1, from uniform numbers in [0, 1)."""
        given = np.asarray(uniforms, dtype=np.float64)
        if self.process == "poisson":
            return -np.log1p(-given)
        return 2 * given if self.process == "uniform" else np.ones_like(given)

    def gaps(self, uniforms: Any, after: Any = 0.0) -> FloatArray:
        """Return the days from days ``after`` the opening to the next arrival.

        Parameters
        ----------
        uniforms : array
            Uniform numbers in [0, 1), of any shape.
        after : array
            Days since the opening, for example of an enrolment; broadcast.  Any at a steady rate.

        Examples
        --------
        >>> Accrual(per_month=2, process="uniform").gaps([0.25, 0.5, 0.75]) / DAYS_PER_MONTH
        array([0.25, 0.5 , 0.75])
        """
        return day_gap(self.table, after, self.numbers(uniforms))

    def arrivals(self, uniforms: Any, first_gap: bool = False) -> FloatArray:
        """Return the days on which patients arrive who wait for nobody.

        Parameters
        ----------
        uniforms : array, shape (N, P)
            Uniform numbers in [0, 1): one per patient, in order of arrival.
        first_gap : bool
            Count days from the opening; by default from the first arrival.

        Returns
        -------
        array, shape (N, P)
            Days, increasing along rows.

        Examples
        --------
        >>> Accrual(profile=(0, 3), process="fixed").arrivals([[0.5] * 4], first_gap=True) / DAYS_PER_MONTH
        array([[1.33333333, 1.66666667, 2.        , 2.33333333]])
        """
        numbers = self.numbers(uniforms)
        table = self.table
        if first_gap or not self.steady:
            days = day_gap(table, 0.0, np.cumsum(numbers, axis=-1))
            return days if first_gap else days - days[..., :1]
        # Days of a steady rate begin anywhere: exact from the first patient, with no rounding by the gap before.
        numbers[..., :1] = 0.0
        return day_gap(table, 0.0, np.cumsum(numbers, axis=-1))

    def expected(self, days: Any) -> FloatArray:
        """Return the number of patients expected by days since the opening."""
        return expected_by(self.table, days)

    def enrolment(self, patients: int, quantile: float = 0.5) -> float:
        """Return the months by which the last of so many patients is enrolled, with probability ``quantile``.

        Raises
        ------
        ValueError
            For the uniform process, whose sums have no such formula.
        """
        require_whole("patients", patients, 1)
        require_probability("quantile", quantile)
        if self.process == "uniform":
            raise ValueError("process must be poisson or fixed for a duration by formula, not 'uniform': simulate it")
        arrivals = float(gammaincinv(patients, quantile)) if self.process == "poisson" else float(patients)
        return float(day_gap(self.table, 0.0, arrivals)) / DAYS_PER_MONTH

    def duration(self, patients: int, *, follow_up_days: int, quantile: float = 0.5) -> float:
        """Return the months from the opening to a day of the last patient, with probability ``quantile``."""
        require_whole("follow_up_days", follow_up_days, 0)
        return self.enrolment(patients, quantile) + follow_up_days / DAYS_PER_MONTH
