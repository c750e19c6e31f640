"""When events happen within a time of observation: laws of the time of a DLT and of death.

A law is over (0, horizon], given that the event happens there:

uniform
    F(t) = t / h
Weibull, truncated
    F(t) = (1 - exp(-(t/scale)^shape)) / (1 - exp(-(h/scale)^shape))
early
    a stated share of the events within the first days, evenly, the rest evenly over the remaining days
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit

from designs.arrays import FloatArray
from designs.checks import require_number, require_within

MORTALITY_HORIZON = 28.0
"""Days of the mortality from which the probability of death in a shorter window follows."""

WEIBULL_SHAPES = 0.1, 50.0
WEIBULL_SCALES = 0.01, 1e5
"""Shapes and scales, in days, of Weibull laws; the powers of others are no numbers."""

LEAST_DAYS = 1e-6
"""Of a stretch of time in which events come."""


@dataclass(frozen=True, kw_only=True)
class UniformTimes:
    """Times spread evenly."""

    def cdf(self, t: Any, horizon: float) -> FloatArray:
        """Return P(time <= t), for 0 <= t."""
        return np.minimum(np.asarray(t, dtype=np.float64) / horizon, 1.0)

    def quantile(self, share: Any, horizon: float) -> FloatArray:
        """Return the time before which a share of the events happens."""
        return np.asarray(share, dtype=np.float64) * horizon

    def density(self, t: Any, horizon: float) -> FloatArray:
        """Return the density at 0 < t < horizon."""
        return np.full(np.shape(t), 1.0 / horizon)

    def breaks(self, horizon: float) -> tuple[float, ...]:
        """Return where the density jumps."""
        return ()


@dataclass(frozen=True, kw_only=True)
class WeibullTimes:
    """Weibull times, truncated at the horizon.

    Parameters
    ----------
    shape, scale : float
        Of the Weibull before truncation; ``scale`` in days.
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        require_within("shape", self.shape, *WEIBULL_SHAPES)
        require_within("scale", self.scale, *WEIBULL_SCALES)

    def cdf(self, t: Any, horizon: float) -> FloatArray:
        """Return P(time <= t), for 0 <= t.

        Examples
        --------
        >>> DEATH_TIMES.cdf([7, 10, 14, 18], 28).round(2)
        array([0.31, 0.47, 0.65, 0.79])
        """
        return np.minimum(self._whole(t) / self._whole(horizon), 1.0)

    def quantile(self, share: Any, horizon: float) -> FloatArray:
        """Return the time before which a share of the events happens."""
        survived = -np.log1p(-np.asarray(share, dtype=np.float64) * self._whole(horizon))
        return np.minimum(self.scale * survived ** (1 / self.shape), horizon)

    def density(self, t: Any, horizon: float) -> FloatArray:
        """Return the density at 0 < t < horizon."""
        ratio = np.asarray(t, dtype=np.float64) / self.scale
        hazard = self.shape / self.scale * ratio ** (self.shape - 1)
        return hazard * np.exp(-(ratio**self.shape)) / self._whole(horizon)

    def breaks(self, horizon: float) -> tuple[float, ...]:
        """Return where the density jumps."""
        return ()

    def _whole(self, t: Any) -> FloatArray:
        return -np.expm1(-((np.asarray(t, dtype=np.float64) / self.scale) ** self.shape))


@dataclass(frozen=True, kw_only=True)
class EarlyTimes:
    """A stated share of the events in the first days, the rest later.

    Parameters
    ----------
    within : float
        Days.
    share : float
        Share of the events in these days.
    """

    within: float
    share: float

    def __post_init__(self) -> None:
        require_within("within", self.within, LEAST_DAYS, WEIBULL_SCALES[1])
        if not 0 < require_number("share", self.share) <= 1:
            raise ValueError(f"share must be above 0 and at most 1, not {self.share}")

    def cdf(self, t: Any, horizon: float) -> FloatArray:
        """Return P(time <= t), for 0 <= t."""
        if self.within >= horizon:
            return np.minimum(np.asarray(t, dtype=np.float64) / horizon, 1.0)
        return np.interp(t, [0.0, self.within, horizon], [0.0, self.share, 1.0])

    def quantile(self, share: Any, horizon: float) -> FloatArray:
        """Return the time before which a share of the events happens."""
        if self.within >= horizon or self.share == 1:
            return np.asarray(share, dtype=np.float64) * min(self.within, horizon)
        return np.interp(share, [0.0, self.share, 1.0], [0.0, self.within, horizon])

    def density(self, t: Any, horizon: float) -> FloatArray:
        """Return the density at 0 < t < horizon."""
        if self.within >= horizon:
            return np.full(np.shape(t), 1.0 / horizon)
        late = (1 - self.share) / (horizon - self.within)
        return np.where(np.asarray(t) < self.within, self.share / self.within, late)

    def breaks(self, horizon: float) -> tuple[float, ...]:
        """Return where the density jumps."""
        return (self.within,) if self.within < horizon else ()


EventTimes = UniformTimes | WeibullTimes | EarlyTimes

EVEN_TIMES = UniformTimes()
"""The law of the time of a DLT where nothing is known of it."""

DEATH_TIMES = WeibullTimes(shape=1.4, scale=15.5)
"""Deaths in ARDS, truncated at 28 days: a joint fit to the ACTT-1 ventilated and high-flow strata (65 of 96 deaths to
day 29 come by day 15) and to the times to death of Wang et al. 2020; the project's own."""


def death_in_window(mortality: float, window: float) -> float:
    """Return the probability of death in the first ``window`` days from the 28-day mortality.

    Raises
    ------
    ValueError
        If the window is longer than 28 days: nothing is said about later deaths.

    Examples
    --------
    >>> [round(death_in_window(0.30, window), 3) for window in (1, 7, 14, 28)]
    [0.007, 0.094, 0.194, 0.3]
    """
    if window > MORTALITY_HORIZON:
        raise ValueError(
            f"window is {window:g} days, beyond the {MORTALITY_HORIZON:g} days of the mortality, "
            "which says nothing about later deaths"
        )
    return float(mortality * DEATH_TIMES.cdf(window, MORTALITY_HORIZON))


def quadrature(end: float, breaks: tuple[float, ...] = ()) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights for integrals over (0, end) whose integrand may jump at ``breaks``.

    The tanh-sinh rule on each piece (Takahasi and Mori 1974), to which a density such as t^0.4 at 0 does no harm.

    Examples
    --------
    >>> t, weight = quadrature(2.0)
    >>> float(np.round(weight @ t**0.4, 12)), round(2.0**1.4 / 1.4, 12)
    (1.885011301104, 1.885011301104)
    """
    step = np.arange(-4.2, 4.2001, 0.05)
    share = expit(np.pi * np.sinh(step))
    weight = 0.05 * np.pi * np.cosh(step) * share * expit(-np.pi * np.sinh(step))
    ends = [0.0, *(each for each in sorted(breaks) if 0 < each < end), end]
    pieces = list(pairwise(ends))
    nodes = np.concatenate([low + (high - low) * share for low, high in pieces])
    return nodes, np.concatenate([(high - low) * weight for low, high in pieces])
