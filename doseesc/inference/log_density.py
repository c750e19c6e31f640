"""The log posterior density of a built-in model with its gradient, written by hand: sampled without compiling anything.

A model is a curve, whose logits at the doses are linear in a few numbers (:class:`Curve`), and what was observed above
a background floor.  Parameters are unconstrained, as NUTS wants them: shares and floors are their logits, and densities
contain the Jacobian.  Tests hold density and gradient against PyMC's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from typing import Protocol

import numpy as np
from scipy.special import betaln, expit

from designs.arrays import FloatArray
from designs.floor import require_floor
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_dose import doses_of_interest


class Curve(Protocol):
    """A dose-toxicity curve of D unconstrained parameters x, with their prior; logits of p are linear in B numbers."""

    @property
    def size(self) -> int:
        """Number of parameters D."""
        ...

    def log_prior(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Return the log prior density at x (D,), and its gradient (D,)."""
        ...

    def basis(self, x: FloatArray) -> FloatArray:
        """Return the numbers (..., B) at x (..., D)."""
        ...

    def with_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return them (B,) and their derivatives (B, D) at one x (D,)."""
        ...

    def named(self, x: FloatArray) -> dict[str, FloatArray]:
        """Return what is reported of x (..., D), by the names that it has in PyMC."""
        ...

    def draw(self, random: np.random.Generator, count: int) -> FloatArray:
        """Return draws (count, D) from the prior."""
        ...


@dataclass(frozen=True, eq=False)
class LogDensity:
    """A curve, and what was observed of it.

    Attributes
    ----------
    curve : Curve
    weights : callable
        From M amounts to W (M, B) such that the logits of p there are ``W @ basis``.
    doses : tuple of float
        Amounts of interest.
    data : ToxicityData
    floor, floor_prior
        See :func:`doseesc.inference.observing.observe_dlts`.
    """

    curve: Curve
    weights: Callable[[Sequence[float]], FloatArray]
    doses: tuple[float, ...]
    data: ToxicityData
    floor: float
    floor_prior: tuple[float, float] | None

    @property
    def size(self) -> int:
        """Number of parameters: those of the curve, then that of the floor where it has a prior."""
        return self.curve.size + (self.floor_prior is not None)

    def function(self) -> Callable[[FloatArray], tuple[float, FloatArray]]:
        """Return the function from x (D,) to the log posterior density, up to the evidence, and its gradient (D,)."""
        curve, prior = self.curve, self.floor_prior
        at_rows = self.weights(self.data.amount)
        counts = [(float(n), float(dlt)) for n, dlt in zip(self.data.n, self.data.dlt, strict=True)]
        constant = sum(lgamma(n + 1) - lgamma(dlt + 1) - lgamma(n - dlt + 1) for n, dlt in counts)
        if prior is not None:
            constant -= float(betaln(*prior))
        size, known = curve.size, self.floor

        def density(x: FloatArray) -> tuple[float, FloatArray]:
            at = x[:size]
            value, gradient = curve.log_prior(at)
            basis, slope = curve.with_slope(at)
            share = known if prior is None else _expit(float(x[-1]))
            by_odds, by_share = [], 0.0
            # A few rows: Python's numbers are quicker here than arrays.
            for odds, (n, dlt) in zip((at_rows @ basis).tolist(), counts, strict=True):
                log_likelihood, slope_of_odds, slope_of_share = _of_row(odds, n, dlt, share)
                value += log_likelihood
                by_odds.append(slope_of_odds)
                by_share += slope_of_share
            gradient = gradient + (np.array(by_odds) @ at_rows) @ slope
            if prior is None:
                return value + constant, gradient
            value += prior[0] * _log_expit(float(x[-1])) + prior[1] * _log_expit(-float(x[-1])) + constant
            more = prior[0] - (prior[0] + prior[1]) * share + by_share * share * (1 - share)
            return value, np.append(gradient, more)

        return density

    def draw_prior(self, random: np.random.Generator, count: int) -> FloatArray:
        """Return draws (count, D) from the prior."""
        drawn = self.curve.draw(random, count)
        if self.floor_prior is None:
            return drawn
        return np.column_stack([drawn, draw_logits_of_beta(random, *self.floor_prior, count)])

    def named(self, x: FloatArray) -> dict[str, FloatArray]:
        """Return what is reported of x (..., D): parameters, the floor where it has a prior, and ``p`` at the doses."""
        floor = {} if self.floor_prior is None else {"floor": expit(x[..., -1])}
        return {**self.curve.named(x[..., : self.curve.size]), **floor, "p": self._p(x, self.doses)}

    def seen(self, x: FloatArray) -> FloatArray:
        """Return the probability (..., R) of what is observed as a DLT, for each row of the data, at x (..., D)."""
        floor = self.floor if self.floor_prior is None else expit(x[..., -1:])
        return floor + (1 - floor) * self._p(x, self.data.amount)

    def _p(self, x: FloatArray, amounts: Sequence[float]) -> FloatArray:
        return expit(self.curve.basis(x[..., : self.curve.size]) @ self.weights(amounts).T)


def _of_row(odds: float, n: float, dlt: float, share: float) -> tuple[float, float, float]:
    """Return the log-likelihood of a row, up to a constant, and its derivatives by the odds and by the floor."""
    log_p, log_none = _log_expit(odds), _log_expit(-odds)
    p, none = exp(log_p), exp(log_none)
    if not share:
        return dlt * log_p + (n - dlt) * log_none, dlt - n * p, 0.0
    seen = share + (1 - share) * p
    log_rest = log1p(-share)
    by_odds = dlt * (1 - share) * p * none / seen - (n - dlt) * p
    return dlt * log(seen) + (n - dlt) * (log_rest + log_none), by_odds, dlt * none / seen - (n - dlt) / (1 - share)


def _log_expit(odds: float) -> float:
    return -log1p(exp(-odds)) if odds > 0 else odds - log1p(exp(odds))


def _expit(odds: float) -> float:
    """Return a share that is neither 0 nor 1."""
    return min(exp(_log_expit(odds)), 1 - 1e-16) or 1e-300


def log_density(
    curve: Curve,
    weights: Callable[[Sequence[float]], FloatArray],
    data: ToxicityData,
    *,
    levels: Sequence[float],
    further: Sequence[float],
    floor: float,
    floor_prior: tuple[float, float] | None,
) -> LogDensity:
    """Return the density of a curve and of data, with the doses of interest.

    Raises
    ------
    ValueError
        If floor or floor_prior are none, or both are given.
    """
    return LogDensity(
        curve, weights, doses_of_interest(levels, further), data, floor, require_floor(floor, floor_prior)
    )


def draw_logits_of_beta(random: np.random.Generator, first: float, second: float, count: int) -> FloatArray:
    """Return logits of draws from a beta distribution, as differences of logarithms of gamma draws.

    Small parameters do not underflow: log Gamma(a) is log Gamma(a + 1) + log(U) / a.
    """
    logs = [
        np.log(random.standard_gamma(shape + 1, count)) + np.log1p(-random.random(count)) / shape
        for shape in (first, second)
    ]
    return logs[0] - logs[1]
