"""When DLTs come in patients: the same patients at any dose, and a law that depends on the DLT probability.

A patient's latent uniform number U says whether there is a DLT, where U < p, and when: at the share U/p of a law given
that there is one (:mod:`doseesc.truth.event_times`).  One law depends on p itself (Yuan et al. 2018):

late Weibull
    of all DLTs a share f comes in the second half of the horizon h.  P(T <= h) = p and P(T <= h/2) = (1 - f) p give
    shape = log2(log(1-p) / log(1-(1-f)p))  and  rate = -log(1-p) / h^shape, and
    T = (-log(1-U)/rate)^(1/shape) = h (log(1-U) / log(1-p))^(1/shape)
    falls within the horizon exactly where U < p.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_probability
from doseesc.truth.event_times import EarlyTimes, EventTimes, WeibullTimes
from doseesc.wording import percent_words


@dataclass(frozen=True, kw_only=True)
class LateWeibull:
    """Weibull times of which a stated share falls into the second half of the horizon; they depend on p.

    Parameters
    ----------
    late_share : float
        Share f of the DLTs that come in the second half; 0.5 is nearly even, and more is later.

    References
    ----------
    Yuan, Lin, Li, Nie and Warren 2018, Clinical Cancer Research 24:4921, doi 10.1158/1078-0432.CCR-18-0246.
    """

    late_share: float

    def __post_init__(self) -> None:
        require_probability("late_share", self.late_share)

    def shape(self, probability: Any) -> FloatArray:
        """Return the shape of the Weibull for each DLT probability.

        Examples
        --------
        >>> LateWeibull(late_share=0.5).shape([1e-9, 0.3, 0.9]).round(3)
        array([1.   , 1.134, 1.945])
        """
        p = _never_certain(probability)
        return np.log2(np.log1p(-p) / np.log1p(-(1 - self.late_share) * p))

    def days(self, latent: Any, probability: Any, horizon: float) -> FloatArray:
        """Return the time of each DLT, infinite where ``latent`` is not below ``probability``; shapes are broadcast."""
        u, given = np.broadcast_arrays(np.asarray(latent, dtype=np.float64), np.asarray(probability, dtype=np.float64))
        p = _never_certain(given)
        ratio = np.log1p(-np.minimum(u, p)) / np.log1p(-p)
        return np.where(u < given, horizon * ratio ** (1 / self.shape(p)), np.inf)


def _never_certain(probability: Any) -> FloatArray:
    # A Weibull leaves nobody without an event only at infinity, and has no shape where nobody has one.
    return np.clip(np.asarray(probability, dtype=np.float64), 1e-300, 1 - 1e-9)


DltTimes = EventTimes | LateWeibull
"""Laws of the time of a DLT: one and the same for all DLT probabilities, or one that depends on it."""


def days_to_dlt(times: DltTimes, latent: Any, probability: Any, horizon: float) -> FloatArray:
    """Return the days from first dose to the DLT, infinite where there is none.

    A patient has a DLT exactly where the latent number is below the probability, and then has it sooner at a dose
    that is more toxic, in the order of the latent numbers.  For a time independent of who has a DLT, give
    ``fresh * probability`` with a fresh uniform number in place of ``latent``.

    Parameters
    ----------
    times : DltTimes
        The law.
    latent, probability : array
        Uniform numbers in [0, 1), and DLT probabilities; broadcast.
    horizon : float
        Days to which the probabilities refer.

    Examples
    --------
    >>> from doseesc.truth import EVEN_TIMES
    >>> days_to_dlt(EVEN_TIMES, [0.1, 0.4], [[0.2], [0.5]], 28)
    array([[14. ,  inf],
           [ 5.6, 22.4]])
    """
    if isinstance(times, LateWeibull):
        return times.days(latent, probability, horizon)
    u, p = np.broadcast_arrays(np.asarray(latent, dtype=np.float64), np.asarray(probability, dtype=np.float64))
    share = np.divide(u, p, out=np.zeros(u.shape), where=u < p)
    return np.where(u < p, times.quantile(share, horizon), np.inf)


def times_words(times: DltTimes, horizon: float) -> str:
    """Return in one sentence when the drug's DLTs come within the days that their probabilities refer to.

    Examples
    --------
    >>> times_words(EarlyTimes(within=1, share=0.6), 14)
    "Of the drug's DLTs 60 % come in the first 1 day, the others evenly to 14 days."
    >>> times_words(LateWeibull(late_share=0.5), 28)
    "The drug's DLTs come at times of a Weibull law, 50 % of them in the second half of 28 days."
    """
    within = _days(horizon)
    if isinstance(times, EarlyTimes):
        first = f"{percent_words(times.share)} come in the first {_days(times.within)}"
        return f"Of the drug's DLTs {first}, the others evenly to {within}."
    if isinstance(times, WeibullTimes):
        law = f"a Weibull law of shape {times.shape:g} and scale {times.scale:g} days"
        return f"The drug's DLTs come at times of {law}, truncated at {within}."
    if isinstance(times, LateWeibull):
        late = f"{percent_words(times.late_share)} of them in the second half of {within}"
        return f"The drug's DLTs come at times of a Weibull law, {late}."
    return f"The drug's DLTs come evenly over {within}."


def _days(number: float) -> str:
    return f"{number:g} day{'' if number == 1 else 's'}"
