"""Mixtures of bivariate normal laws, and the mixture nearest to a law that is known on a grid.

The expectation-maximisation algorithm finds, among mixtures of K components, the one of least Kullback-Leibler
divergence from the given law; the law's probabilities stand where a sample's weights usually do, so that nothing is
random.  Components are added, where too little probability lies, until the divergence is small enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from designs.arrays import FloatArray
from designs.checks import require_number, require_numbers

CLOSE_ENOUGH = 0.002
"""Kullback-Leibler divergence, in nats, at which no further component is added."""

MOST_COMPONENTS = 6

_STEPS = 2000
_SETTLED = 1e-7  # gain per step, in nats, at which the algorithm stops
_NEGLIGIBLE = 1e-9  # share of the probability that nodes may lose
_NARROWEST = 1e-6  # added to the variances of components, in variances of the law


@dataclass(frozen=True, kw_only=True)
class BivariateNormal:
    """A normal law of (log_alpha, log_beta).

    Parameters
    ----------
    mean, sd : pair of float
        Means and standard deviations.
    correlation : float
    """

    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", require_numbers("mean", self.mean, 2))
        object.__setattr__(self, "sd", require_numbers("sd", self.sd, 2))
        if min(self.sd) <= 0:
            raise ValueError(f"sd must be positive, not {list(self.sd)}")
        if not -1 < require_number("correlation", self.correlation) < 1:
            raise ValueError(f"correlation must lie between -1 and 1, not {self.correlation}")

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix, shape (2, 2)."""
        both = self.correlation * self.sd[0] * self.sd[1]
        return np.array([[self.sd[0] ** 2, both], [both, self.sd[1] ** 2]])

    def log_density(self, points: FloatArray) -> FloatArray:
        """Return the logarithm of the density at points (..., 2), shape (...)."""
        z = (points - np.array(self.mean)) / np.array(self.sd)
        rest = 1 - self.correlation**2
        square = (z[..., 0] ** 2 - 2 * self.correlation * z[..., 0] * z[..., 1] + z[..., 1] ** 2) / rest
        return -0.5 * square - np.log(2 * np.pi * self.sd[0] * self.sd[1]) - 0.5 * np.log(rest)


@dataclass(frozen=True)
class NormalMixture:
    """A mixture of K bivariate normal laws.

    Parameters
    ----------
    weights : sequence of float, length K
        At least 0, of sum 1.
    components : sequence of BivariateNormal, length K

    Examples
    --------
    >>> law = BivariateNormal(mean=(-1.0, 0.0), sd=(2.0, 1.0))
    >>> NormalMixture((1.0,), (law,)).mixed_with(law, 0.25).weights
    (0.25, 0.75)
    """

    weights: tuple[float, ...]
    components: tuple[BivariateNormal, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(float(weight) for weight in self.weights))
        object.__setattr__(self, "components", tuple(self.components))
        if len(self.weights) != len(self.components) or not self.weights:
            raise ValueError(
                f"weights must be one for each component, not {len(self.weights)} for {len(self.components)}"
            )
        if min(self.weights) < 0 or not np.isclose(sum(self.weights), 1):
            raise ValueError(f"weights must be at least 0 and of sum 1, not {list(self.weights)}")

    def mixed_with(self, other: BivariateNormal, weight: float) -> NormalMixture:
        """Return ``weight`` of this mixture and, as its last component, the rest of ``other``."""
        return NormalMixture((*(weight * each for each in self.weights), 1 - weight), (*self.components, other))

    def log_density(self, points: FloatArray) -> FloatArray:
        """Return the logarithm of the density at points (..., 2), shape (...)."""
        total = np.full(points.shape[:-1], -np.inf)
        for weight, law in zip(self.weights, self.components, strict=True):  # one at a time: points may be many
            if weight > 0:
                np.logaddexp(total, np.log(weight) + law.log_density(points), out=total)
        return total

    def draw(self, count: int, random: np.random.Generator) -> FloatArray:
        """Return random draws, shape (count, 2)."""
        which = random.choice(len(self.weights), size=count, p=self.weights)
        roots = np.array([np.linalg.cholesky(law.covariance) for law in self.components])
        means = np.array([law.mean for law in self.components])
        return means[which] + np.einsum("nij,nj->ni", roots[which], random.standard_normal((count, 2)))


@dataclass(frozen=True)
class FittedMixture:
    """A mixture and its Kullback-Leibler divergence, in nats, from the law it stands for."""

    mixture: NormalMixture
    divergence: float


def nearest_mixture(
    points: FloatArray,
    mass: FloatArray,
    area: FloatArray,
    *,
    close_enough: float = CLOSE_ENOUGH,
    most_components: int = MOST_COMPONENTS,
) -> FittedMixture:
    """Return the mixture with the fewest components that is close enough to a law on a grid.

    Parameters
    ----------
    points : array, shape (G, 2)
        Nodes.
    mass : array, shape (G,)
        Their probabilities, of sum 1.
    area : array, shape (G,)
        Their quadrature weights, so that the law's density is ``mass / area``.
    close_enough : float
        Largest Kullback-Leibler divergence from the law, in nats.
    most_components : int
        Largest number of components; the last mixture tried is returned where none is close enough.
    """
    order = np.argsort(mass)
    kept = order[np.cumsum(mass[order]) > _NEGLIGIBLE]
    law = _Law.of(points[kept], mass[kept] / mass[kept].sum(), area[kept])
    weights, moments = np.ones(1), law.moments(law.mass[None, :])
    while True:
        weights, moments = _improved(law, weights, moments)
        density = _log_density(law, weights, moments)
        divergence = float(law.mass @ (law.log_density - density))
        if divergence <= close_enough or len(weights) >= most_components:
            return FittedMixture(law.mixture(weights, moments), divergence)
        lacking = np.maximum(law.mass - np.exp(density) * law.area, 0.0)
        share = float(np.clip(lacking.sum(), 0.01, 0.5))
        weights = np.append(weights * (1 - share), share)
        moments = np.concatenate([moments, law.moments(lacking[None, :])])


class _Law(NamedTuple):
    """The law in its own standard deviations: nodes by their features 1, x, y, x², xy, y² (6, G)."""

    centre: FloatArray
    scale: FloatArray
    features: FloatArray
    mass: FloatArray
    area: FloatArray
    log_density: FloatArray

    @classmethod
    def of(cls, points: FloatArray, mass: FloatArray, area: FloatArray) -> _Law:
        centre = mass @ points
        scale = np.sqrt(mass @ (points - centre) ** 2)
        x, y = ((points - centre) / scale).T
        area = area / scale.prod()
        return cls(centre, scale, np.stack([np.ones_like(x), x, y, x**2, x * y, y**2]), mass, area, np.log(mass / area))

    def moments(self, share: FloatArray) -> FloatArray:
        """Return means, variances and covariances (K, 5) of x and y under shares (K, G) of the nodes."""
        sums = share @ self.features.T
        x, y, xx, xy, yy = (sums[:, 1:] / sums[:, :1]).T
        return np.stack([x, y, xx - x**2 + _NARROWEST, xy - x * y, yy - y**2 + _NARROWEST], axis=1)

    def mixture(self, weights: FloatArray, moments: FloatArray) -> NormalMixture:
        """Return the mixture in the law's own units, its components by falling weight."""
        laws = []
        order = np.argsort(-weights, kind="stable")
        for x, y, xx, xy, yy in moments[order]:
            mean, sd = self.centre + self.scale * (x, y), self.scale * np.sqrt((xx, yy))
            correlation = float(xy / np.sqrt(xx * yy))
            laws.append(BivariateNormal(mean=tuple(mean.tolist()), sd=tuple(sd.tolist()), correlation=correlation))
        return NormalMixture(tuple(weights[order].tolist()), tuple(laws))


def _improved(law: _Law, weights: FloatArray, moments: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Take steps of expectation and maximisation until they gain nothing more."""
    before = -np.inf
    for _ in range(_STEPS):
        parts = _log_parts(law, weights, moments)
        top = parts.max(axis=0)
        share = np.exp(parts - top)
        total = share.sum(axis=0)
        reached = float(law.mass @ (np.log(total) + top))
        if reached - before < _SETTLED:
            break
        before = reached
        share *= law.mass / total
        weights, moments = share.sum(axis=1), law.moments(share)
    return weights / weights.sum(), moments


def _log_density(law: _Law, weights: FloatArray, moments: FloatArray) -> FloatArray:
    return logsumexp(_log_parts(law, weights, moments), axis=0)


def _log_parts(law: _Law, weights: FloatArray, moments: FloatArray) -> FloatArray:
    """Return the logarithms (K, G) of weight times density: for each component a quadratic in the features."""
    x, y, xx, xy, yy = moments.T
    determinant = xx * yy - xy**2
    a, b, c = yy / determinant, -xy / determinant, xx / determinant
    level = np.log(weights) - np.log(2 * np.pi) - 0.5 * np.log(determinant)
    level -= 0.5 * (a * x**2 + 2 * b * x * y + c * y**2)
    return np.stack([level, a * x + b * y, b * x + c * y, -0.5 * a, -b, -0.5 * c], axis=1) @ law.features
