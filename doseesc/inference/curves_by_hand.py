"""The curves of the built-in models with their priors, derivatives and draws.

See :class:`doseesc.inference.log_density.Curve`.  Their formulas are those of :mod:`doseesc.inference.models`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import exp, log

import numpy as np
from scipy.special import betaln, expit, log_expit

from designs.arrays import FloatArray
from doseesc.inference.log_density import draw_logits_of_beta

_LOG_ROOT = 0.5 * float(np.log(2 * np.pi))
_FINITE = 600.0  # exp of more or less is no number to go on with


@dataclass(frozen=True, eq=False)
class PowerCurve:
    """The empiric CRM: log p = log s exp(b) at the levels, whose logits are the basis."""

    log_skeleton: FloatArray
    prior_sd: float
    size: int = 1

    def log_prior(self, x: FloatArray) -> tuple[float, FloatArray]:
        """See :class:`Curve`."""
        return _normal(x, self.prior_sd)

    def basis(self, x: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        log_p = self.log_skeleton * np.exp(np.clip(x, -_FINITE, _FINITE))
        return log_p - np.log(-np.expm1(log_p))

    def with_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See :class:`Curve`."""
        log_p = self.log_skeleton * _finite_exp(x[0])
        none = -np.expm1(log_p)
        return log_p - np.log(none), (log_p / none)[:, None]

    def named(self, x: FloatArray) -> dict[str, FloatArray]:
        """See :class:`Curve`."""
        return {"b": x[..., 0]}

    def draw(self, random: np.random.Generator, count: int) -> FloatArray:
        """See :class:`Curve`."""
        return random.normal(0.0, self.prior_sd, (count, 1))


@dataclass(frozen=True, eq=False)
class LogisticCurve:
    """The logistic CRM: logit p = intercept + exp(b) (logit s - intercept) at the levels, which is the basis."""

    scaled: FloatArray  # logit s - intercept
    intercept: float
    prior_sd: float
    size: int = 1

    def log_prior(self, x: FloatArray) -> tuple[float, FloatArray]:
        """See :class:`Curve`."""
        return _normal(x, self.prior_sd)

    def basis(self, x: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        return self.intercept + self.scaled * np.exp(np.clip(x, -_FINITE, _FINITE))

    def with_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See :class:`Curve`."""
        above = self.scaled * _finite_exp(x[0])
        return self.intercept + above, above[:, None]

    def named(self, x: FloatArray) -> dict[str, FloatArray]:
        """See :class:`Curve`."""
        return {"b": x[..., 0]}

    def draw(self, random: np.random.Generator, count: int) -> FloatArray:
        """See :class:`Curve`."""
        return random.normal(0.0, self.prior_sd, (count, 1))


@dataclass(frozen=True, eq=False)
class LineCurve:
    """The two-parameter logistic model: the basis is (log_alpha, slope), with a prior that is a mixture of normal laws.

    Attributes
    ----------
    weights : array, shape (K,)
        Positive, of sum 1.
    means : array, shape (K, 2)
        Of (log_alpha, log_beta).
    covariances : array, shape (K, 2, 2)
    last_is_weak : bool
        Whether the last component is what remains of a weak prior beside history: ``from_history`` is reported.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    last_is_weak: bool = False
    size: int = 2

    def log_prior(self, x: FloatArray) -> tuple[float, FloatArray]:
        """See :class:`Curve`."""
        away, log_parts = self._parts(x)
        highest = log_parts.max()
        shares = np.exp(log_parts - highest)
        total = shares.sum()
        slopes = np.einsum("kij,kj->ki", self._precisions, away)
        return float(highest + np.log(total)), -(shares / total) @ slopes

    def basis(self, x: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        return np.stack([x[..., 0], np.exp(np.clip(x[..., 1], -_FINITE, _FINITE))], axis=-1)

    def with_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See :class:`Curve`."""
        slope = _finite_exp(x[1])
        return np.array([x[0], slope]), np.array([[1.0, 0.0], [0.0, slope]])

    def named(self, x: FloatArray) -> dict[str, FloatArray]:
        """See :class:`Curve`."""
        found = {"log_alpha": x[..., 0], "log_beta": x[..., 1]}
        if self.last_is_weak:
            _, log_parts = self._parts(x)
            found["from_history"] = expit(np.logaddexp.reduce(log_parts[..., :-1], axis=-1) - log_parts[..., -1])
        return found

    def draw(self, random: np.random.Generator, count: int) -> FloatArray:
        """See :class:`Curve`."""
        which = random.choice(len(self.weights), size=count, p=self.weights)
        roots = np.linalg.cholesky(self.covariances)[which]
        return self.means[which] + np.einsum("nij,nj->ni", roots, random.standard_normal((count, 2)))

    @cached_property
    def _precisions(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self.covariances), dtype=np.float64)

    @cached_property
    def _constants(self) -> FloatArray:
        constants: FloatArray = np.log(self.weights) - 2 * _LOG_ROOT - np.linalg.slogdet(self.covariances)[1] / 2
        return constants

    def _parts(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return how far x (..., 2) is from each mean (..., K, 2), and the log density (..., K) of each component."""
        away = x[..., None, :] - self.means
        return away, self._constants - 0.5 * np.einsum("...ki,kij,...kj->...k", away, self._precisions, away)


@dataclass(frozen=True, eq=False)
class MonotoneCurve:
    """The monotone model: x are logits of shares of what is left above the level below; the basis are logits of p.

    Attributes
    ----------
    first, second : array, shape (J,)
        Parameters of the shares' beta priors.
    """

    first: FloatArray
    second: FloatArray

    @property
    def size(self) -> int:
        """See :class:`Curve`."""
        return len(self.first)

    def log_prior(self, x: FloatArray) -> tuple[float, FloatArray]:
        """See :class:`Curve`; with the Jacobian of the logits."""
        value = float(self.first @ log_expit(x) + self.second @ log_expit(-x)) - self._constant
        return value, self.first - (self.first + self.second) * expit(x)

    def basis(self, x: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        log_above = self._log_above(x)
        return np.log(-np.expm1(log_above)) - log_above

    def with_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See :class:`Curve`."""
        log_above = self._log_above(x)
        p = -np.expm1(log_above)
        return np.log(p) - log_above, self._below * expit(x) / p[:, None]

    def named(self, x: FloatArray) -> dict[str, FloatArray]:
        """See :class:`Curve`."""
        return {"share": expit(x)}

    def draw(self, random: np.random.Generator, count: int) -> FloatArray:
        """See :class:`Curve`."""
        pairs = zip(self.first, self.second, strict=True)
        return np.column_stack([draw_logits_of_beta(random, *pair, count) for pair in pairs])

    @cached_property
    def _below(self) -> FloatArray:
        return np.tri(self.size)

    @cached_property
    def _constant(self) -> float:
        return float(betaln(self.first, self.second).sum())

    def _log_above(self, x: FloatArray) -> FloatArray:
        """Return log(1 - p), kept so far below 0 that p has a logarithm."""
        return np.minimum(np.cumsum(log_expit(-x), axis=-1), -np.exp(-_FINITE))


def _normal(x: FloatArray, sd: float) -> tuple[float, FloatArray]:
    return -0.5 * (float(x[0]) / sd) ** 2 - log(sd) - _LOG_ROOT, x / -(sd**2)


def _finite_exp(x: float) -> float:
    return exp(min(max(x, -_FINITE), _FINITE))
