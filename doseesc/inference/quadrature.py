"""Posteriors of models of at most three parameters by quadrature: the same numbers as by NUTS, without its noise.

A model is laid on a grid of R rows by K nodes.  Along a row one parameter moves, evenly spaced; the rows stand for the
others, and a background floor with a prior is integrated out of the likelihood by Gauss and Jacobi, exactly.  Means are
trapezoidal sums.  The probability that a function of the parameters exceeds a limit is found row by row: where along
the row it crosses the limit, to the last digit, and the integral of the spline through the posterior up to there.
Quantiles invert that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.special import expit, log_expit, logit

from designs.arrays import FloatArray, IntArray
from designs.floor import beta_nodes, require_floor
from doseesc.inference.data import ToxicityData

Basis = Callable[[FloatArray, IntArray], FloatArray]
"""From the parameter that moves along the rows, and the rows' numbers, to B numbers of which logits are linear."""

_STEPS = 12  # of false position within a cell, at most
_CROSSED = 1e-14  # so near its limit a probability is at it
_NEGLIGIBLE = 1e-13  # rows of less weight are left out, and so are the ends of rows
_BESIDE = 4  # nodes that stay beyond the others, for the spline's ends
_LIMIT_ODDS = 40.0  # logits beyond are 0 or 1 in all digits


@dataclass(frozen=True, eq=False)
class GridPosterior:
    """A model on its grid, given data.

    Attributes
    ----------
    doses : tuple of float, length A
        Amounts of interest.
    at_doses : array, shape (A, B)
        Their logits of p are ``at_doses @ basis``.
    basis : callable
        ``basis(z, row)``, shape (B, ...), for nodes ``z`` of rows ``row``, both of shape (...).
    nodes : array, shape (K,)
        Of the parameter that moves along the rows, evenly spaced.
    weight : array, shape (R, K)
        Posterior density along each row times the row's quadrature weight; integrates to 1.
    prior : GridPrior
        The model before the data.
    """

    doses: tuple[float, ...]
    at_doses: FloatArray
    basis: Basis
    nodes: FloatArray
    weight: FloatArray
    prior: GridPrior

    @cached_property
    def curves(self) -> FloatArray:
        """DLT probabilities (A, R, K) at all nodes."""
        rows, z = np.meshgrid(np.arange(len(self.weight)), self.nodes, indexing="ij")
        return expit(np.tensordot(self.at_doses, self.basis(z, rows), axes=1))

    def mean(self) -> FloatArray:
        """Return the posterior mean of p at each dose (A,)."""
        return self._expect(self.curves)

    def sd(self) -> FloatArray:
        """Return the posterior standard deviation of p at each dose (A,)."""
        return np.sqrt(np.maximum(self._expect(self.curves**2) - self.mean() ** 2, 0.0))

    def above(self, limit: float) -> FloatArray:
        """Return P(p > limit | data) at each dose (A,)."""
        return np.array([self._dose_above(dose, limit) for dose in range(len(self.doses))])

    def quantile(self, probability: float) -> FloatArray:
        """Return the posterior quantile of p at each dose (A,)."""
        return np.array([self._dose_quantile(dose, probability) for dose in range(len(self.doses))])

    def midpoint_above(self, lower: int, upper: int, limit: float) -> float:
        """Return P((p_lower + p_upper)/2 > limit | data) for two doses, by their places in ``doses``."""

        def middle(z: FloatArray, row: IntArray) -> FloatArray:
            return self._p(lower, z, row) / 2 + self._p(upper, z, row) / 2

        return self._probability(middle, (self.curves[lower] + self.curves[upper]) / 2, limit)

    @cached_property
    def _step(self) -> float:
        return float(self.nodes[1] - self.nodes[0])

    @cached_property
    def _integral(self) -> CubicSpline:
        """The integral of each row from its beginning."""
        return CubicSpline(self.nodes, self.weight, axis=1).antiderivative()

    def _expect(self, functions: FloatArray) -> FloatArray:
        return np.tensordot(functions, self.weight, axes=2) * self._step

    def _p(self, dose: int, z: FloatArray, row: IntArray) -> FloatArray:
        return expit(np.tensordot(self.at_doses[dose], self.basis(z, row), axes=1))

    def _dose_above(self, dose: int, limit: float) -> float:
        return self._probability(lambda z, row: self._p(dose, z, row), self.curves[dose], limit)

    def _dose_quantile(self, dose: int, probability: float) -> float:
        def excess(odds: float) -> float:
            return self._dose_above(dose, float(expit(odds))) - (1 - probability)

        mean, sd = float(self.mean()[dose]), float(self.sd()[dose])
        low = _outwards(excess, float(logit(np.clip(mean, 1e-9, 0.999))), -1)
        high = _outwards(excess, float(logit(np.clip(mean + sd, 1e-6, 1 - 1e-6))), 1)
        return float(expit(brentq(excess, low, high, xtol=1e-6)))

    def _probability(
        self, function: Callable[[FloatArray, IntArray], FloatArray], values: FloatArray, limit: float
    ) -> float:
        """Return the probability that a function, whose values at the nodes are given, exceeds a limit."""
        above = values > limit
        row, cell = np.divmod(np.flatnonzero(above[:, 1:] != above[:, :-1]), above.shape[1] - 1)
        upwards = above[row, cell + 1]
        crossing = _roots(lambda z: function(z, row) - limit, self.nodes[cell], self.nodes[cell + 1])
        integral = self._integral
        whole = integral.c[-1, -1] + self._within(row=np.arange(len(above)), cell=-1, beyond=self._step)
        until = integral.c[-1, cell, row] + self._within(row, cell, crossing - self.nodes[cell])
        return float(whole[above[:, -1]].sum() + np.where(upwards, -until, until).sum())

    def _within(self, row: IntArray, cell: IntArray | int, beyond: FloatArray | float) -> FloatArray:
        """Return the integral from the beginning of a cell to ``beyond`` it."""
        coefficients = self._integral.c[:-1, cell, row]
        total = np.zeros(len(row))
        for coefficient in coefficients:
            total = (total + coefficient) * beyond
        return total


def _roots(function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray) -> FloatArray:
    """Return where an array of functions, of differing sign at ``low`` and ``high``, are 0 (Illinois method)."""
    at_low, at_high = function(low), function(high)
    for _ in range(_STEPS):
        middle = np.where(
            at_high == at_low, low, (low * at_high - high * at_low) / np.where(at_high == at_low, 1.0, at_high - at_low)
        )
        value = function(middle)
        if not np.any(np.abs(value) > _CROSSED):
            break
        same = (value > 0) == (at_high > 0)
        # The end that stays counts for half from now on, lest it stays for ever.
        low, at_low, high, at_high = (
            np.where(same, low, middle),
            np.where(same, at_low / 2, value),
            np.where(same, middle, high),
            np.where(same, value, at_high / 2),
        )
    return middle


def _outwards(function: Callable[[float], float], start: float, sign: int) -> float:
    """Return a point from ``start`` on, downwards or upwards, at which a decreasing function has changed sign."""
    step = 1.0
    while sign * function(start) > 0 and abs(start) < _LIMIT_ODDS:
        start += sign * step
        step *= 2
    return start


@dataclass(frozen=True, eq=False)
class GridPrior:
    """A model on its grid before the data.

    Attributes
    ----------
    weights : callable
        From M amounts to W (M, B) such that the logits of p there are ``W @ basis``.
    basis, nodes
        See :class:`GridPosterior`.
    log_prior : array, shape (R, K)
        Logarithm of the prior density times the rows' quadrature weights, up to a constant.
    floor, floor_prior
        See :func:`doseesc.inference.observing.observe_dlts`.
    """

    weights: Callable[[Sequence[float]], FloatArray]
    basis: Basis
    nodes: FloatArray
    log_prior: FloatArray
    floor: float = 0.0
    floor_prior: tuple[float, float] | None = None

    def floors(self, patients: int) -> tuple[FloatArray, FloatArray]:
        """Return floors (F,) and shares (F,) over which polynomials of degree ``patients`` are averaged exactly."""
        prior = require_floor(self.floor, self.floor_prior)
        if prior is None:
            return np.array([float(self.floor)]), np.ones(1)
        return beta_nodes(*prior, patients // 2 + 1)

    def basis_at_nodes(self) -> FloatArray:
        """Return the numbers (B, R, K) of which logits are linear, at all nodes."""
        row, z = np.meshgrid(np.arange(len(self.log_prior)), self.nodes, indexing="ij")
        return self.basis(z, row)

    def log_likelihoods(self, data: ToxicityData, floors: FloatArray) -> list[FloatArray]:
        """Return the log-likelihood (R, K) of the data above each of F floors."""
        values, at_rows = self.basis_at_nodes(), self.weights(data.amount)
        found = []
        for floor in floors.tolist():
            total = np.zeros_like(self.log_prior)
            for place, n, dlt in zip(range(len(data.n)), data.n, data.dlt, strict=True):
                if n:
                    total += _log_likelihood(np.tensordot(at_rows[place], values, axes=1), n, dlt, floor)
            found.append(total)
        return found

    def given(self, data: ToxicityData, doses: Sequence[float]) -> GridPosterior:
        """Return the posterior, with A amounts of interest ``doses``."""
        floors, shares = self.floors(data.patients)
        with np.errstate(divide="ignore"):
            log_shares = np.log(shares)
        likelihoods = self.log_likelihoods(data, floors)
        parts = [log_share + each for log_share, each in zip(log_shares, likelihoods, strict=True)]
        log_weight = self.log_prior + np.logaddexp.reduce(parts)
        weight = np.exp(log_weight - log_weight.max())
        kept = np.flatnonzero(weight.sum(axis=1) > _NEGLIGIBLE * weight.sum())
        along = np.flatnonzero(weight.sum(axis=0) > _NEGLIGIBLE * weight.sum())
        among = slice(max(along[0] - _BESIDE, 0), along[-1] + 1 + _BESIDE)
        weight = weight[kept, among]
        weight /= weight.sum() * (self.nodes[1] - self.nodes[0])
        return GridPosterior(
            doses=tuple(float(dose) for dose in doses),
            at_doses=self.weights(doses),
            basis=lambda z, row: self.basis(z, kept[row]),
            nodes=self.nodes[among],
            weight=weight,
            prior=self,
        )


def _log_likelihood(odds: FloatArray, n: int, dlt: int, floor: float) -> FloatArray:
    log_dlt, log_none = log_expit(odds), log_expit(-odds)
    if floor > 0:
        log_dlt, log_none = np.logaddexp(np.log(floor), np.log1p(-floor) + log_dlt), np.log1p(-floor) + log_none
    result = np.zeros_like(odds)
    if dlt:
        result += dlt * log_dlt
    if n > dlt:
        result += (n - dlt) * log_none
    return result
