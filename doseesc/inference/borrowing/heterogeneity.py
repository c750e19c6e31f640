"""How much the parameters of studies differ: priors of the between-study standard deviations.

The parameters (log_alpha, log_beta) of a study are normal about their mean over studies with standard deviations
tau_alpha and tau_beta, independent of one another.  Each tau is log-normal, half-normal, or known; so they are in the R
package OncoBayes2 (``prior_tau_dist`` 1, 2 and 0).

Sizes have names, in factors of 2: the medians of tau_alpha are 0.125 small, 0.25 moderate, 0.5 substantial, 1 large and
2 very large; tau_beta has half of that; 95 % of each prior lie within a factor of 4 of the median.  "moderate" is the
choice of Neuenschwander, Roychoudhury and Schmidli (2016), *Statistics in Biopharmaceutical Research* 8:345-354.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import roots_hermitenorm

from designs.arrays import FloatArray
from designs.checks import require_within

FACTOR_4 = float(np.log(4) / 1.96)
"""Standard deviation of a logarithm of which 95 % lie within log 4 of its mean."""

TAUS = 1e-6, 20.0
"""Least and largest median, scale or value."""

LOG_SDS = 1e-6, 1.5
"""Least and largest standard deviation of a logarithm: beyond, the rule of quadrature has too few nodes."""

_NODES = 13
_HALF_NODES = 14  # of a rule for the whole line, of which half the nodes are positive, twice as many


@dataclass(frozen=True)
class LogNormal:
    """log tau is normal about the logarithm of ``median`` with standard deviation ``log_sd``.

    Examples
    --------
    >>> nodes, weights = LogNormal(median=0.25).quadrature()
    >>> mean = 0.25 * np.exp(FACTOR_4**2 / 2)
    >>> bool(np.isclose(weights @ nodes, mean))
    True
    """

    median: float
    log_sd: float = FACTOR_4

    def __post_init__(self) -> None:
        require_within("median", self.median, *TAUS)
        require_within("log_sd", self.log_sd, *LOG_SDS)

    def quadrature(self) -> tuple[FloatArray, FloatArray]:
        """Return nodes (T,) and weights (T,), of sum 1, of a rule for expectations: Gauss-Hermite in log tau."""
        nodes, weights = roots_hermitenorm(_NODES)
        return self.median * np.exp(self.log_sd * nodes), weights / weights.sum()

    def variable(self, name: str) -> Any:
        """Return tau as a variable of the PyMC model at hand."""
        import pymc as pm

        return pm.LogNormal(name, np.log(self.median), self.log_sd)


@dataclass(frozen=True)
class HalfNormal:
    """tau is the absolute value of a normal variable of mean 0 and standard deviation ``scale``.

    Examples
    --------
    >>> nodes, weights = HalfNormal(scale=0.5).quadrature()
    >>> bool(np.isclose(weights @ nodes**2, 0.25))
    True
    """

    scale: float

    def __post_init__(self) -> None:
        require_within("scale", self.scale, *TAUS)

    def quadrature(self) -> tuple[FloatArray, FloatArray]:
        """See :meth:`LogNormal.quadrature`; the positive half of Gauss-Hermite, as what tau does depends on tau²."""
        nodes, weights = roots_hermitenorm(2 * _HALF_NODES)
        return self.scale * nodes[_HALF_NODES:], 2 * weights[_HALF_NODES:] / weights.sum()

    def variable(self, name: str) -> Any:
        """See :meth:`LogNormal.variable`."""
        import pymc as pm

        return pm.HalfNormal(name, self.scale)


@dataclass(frozen=True)
class Known:
    """tau is known."""

    value: float

    def __post_init__(self) -> None:
        require_within("value", self.value, *TAUS)

    def quadrature(self) -> tuple[FloatArray, FloatArray]:
        """See :meth:`LogNormal.quadrature`."""
        return np.array([float(self.value)]), np.ones(1)

    def variable(self, name: str) -> float:
        """See :meth:`LogNormal.variable`."""
        return float(self.value)


@dataclass(frozen=True)
class Heterogeneity:
    """Priors of the between-study standard deviations of log_alpha and of log_beta.

    Examples
    --------
    >>> Heterogeneity.named("moderate").log_beta.median
    0.125
    """

    log_alpha: LogNormal | HalfNormal | Known
    log_beta: LogNormal | HalfNormal | Known

    @property
    def priors(self) -> tuple[LogNormal | HalfNormal | Known, LogNormal | HalfNormal | Known]:
        """The priors of tau_alpha and of tau_beta."""
        return self.log_alpha, self.log_beta

    @classmethod
    def named(cls, size: str) -> Heterogeneity:
        """Return the log-normal priors of a size: small, moderate, substantial, large or very_large.

        Raises
        ------
        ValueError
            If there is no such size.
        """
        if size not in SIZES:
            raise ValueError(f"heterogeneity must be one of {', '.join(SIZES)}, not {size!r}")
        return cls(LogNormal(SIZES[size]), LogNormal(SIZES[size] / 2))


SIZES = MappingProxyType({"small": 0.125, "moderate": 0.25, "substantial": 0.5, "large": 1.0, "very_large": 2.0})
"""Median of tau_alpha by name; that of tau_beta is half of it."""
