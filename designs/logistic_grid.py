"""The two-parameter logistic model on a grid.

    logit p = log_alpha + exp(log_beta) log(dose / reference)

with a bivariate normal prior on (log_alpha, log_beta).  The axes are log_beta, standardised, and what is left of
log_alpha given log_beta, standardised, so that the prior is two independent standard normals.  At a given log_beta
the DLT probability exceeds a limit where log_alpha exceeds a value: tail probabilities are the sinc rule along each
line of nodes (:meth:`designs.nodes.Axis.share_below`) and the trapezoidal rule across the lines.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_expit, logit

from designs.arrays import FloatArray
from designs.checks import require_number, require_within
from designs.grid import GridModel, require_grid
from designs.nodes import Axis, axis_nodes, thinned_axis

_REACH = 7.3  # prior standard deviations covered
_STEP_ALPHA = 0.55  # node distance in units of the narrowest posterior sd of log_alpha on a line
_STEP_BETA = 0.75  # node distance in units of the narrowest posterior sd of log_beta
_FUNCTIONS = 6  # per dose, whose expectations a design asks for at once
_LARGEST_MEANS = 100.0, 20.0  # of log_alpha and log_beta
_MANY = 500  # patients, whose number is then what makes a grid large
_SDS = 1e-6, 90.0
_LARGEST_CORRELATION = 1 - 1e-6
_WIDEST_STEP = 0.2  # in prior sds, where the prior is so narrow that data hardly matter


class LogisticPrior(NamedTuple):
    """The model's doses and its prior: means, sds and correlation of (log_alpha, log_beta)."""

    doses: tuple[float, ...]
    reference: float
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float

    @property
    def log_dose(self) -> FloatArray:
        """log(dose / reference), shape (J, 1)."""
        return np.log(np.array(self.doses) / self.reference)[:, None]

    @property
    def residual_sd(self) -> float:
        """Standard deviation of log_alpha given log_beta."""
        return float(self.sd[0] * np.sqrt(1 - self.correlation**2))

    def mean_log_alpha(self, z_beta: FloatArray) -> FloatArray:
        """Return the mean of log_alpha where log_beta is ``z_beta`` standard deviations from its mean."""
        return self.mean[0] + self.correlation * self.sd[0] * z_beta

    def slope(self, z_beta: FloatArray) -> FloatArray:
        """Return exp(log_beta) log(dose / reference), shape (J, G)."""
        return np.exp(self.mean[1] + self.sd[1] * z_beta) * self.log_dose


class LogisticGrid(NamedTuple):
    """The model on G nodes: coordinates of the nodes in prior sds, and the grid."""

    axis: Axis
    z_alpha: FloatArray
    z_beta: FloatArray
    grid: GridModel


@lru_cache(maxsize=32)
def logistic_grid(prior: LogisticPrior, patients: int) -> LogisticGrid:
    """Fill the grid, fine enough for the narrowest posterior of ``patients``.

    Tail probabilities are then good to about 1e-6, means to 1e-8.

    Raises
    ------
    ValueError
        If the grid would be too large.
    """
    require_logistic_grid(prior, patients)
    alpha, beta = (thinned_axis(_REACH, step) for step in logistic_steps(prior, patients))
    z_alpha, z_beta = (side.ravel() for side in np.meshgrid(alpha.nodes, beta.nodes, indexing="ij"))
    jacobian = np.add.outer(alpha.log_weight, beta.log_weight).ravel()
    inside = z_alpha**2 + z_beta**2 <= _REACH**2
    z_alpha, z_beta = z_alpha[inside], z_beta[inside]
    logit_p = prior.mean_log_alpha(z_beta) + prior.residual_sd * z_alpha + prior.slope(z_beta)
    log_weight = jacobian[inside] - 0.5 * (z_alpha**2 + z_beta**2)
    return LogisticGrid(alpha, z_alpha, z_beta, GridModel(log_weight, log_expit(logit_p), log_expit(-logit_p)))


def require_logistic_grid(prior: LogisticPrior, patients: int) -> float:
    """Return about how many nodes :func:`logistic_grid` has; raise ValueError where it would take too much memory."""
    alpha, beta = (axis_nodes(_REACH, step) for step in logistic_steps(prior, patients))
    nodes = 0.8 * alpha * beta  # those in the circle that is in the rectangle
    name, other = ("max_n", "prior_sd") if patients > _MANY else ("prior_sd", "max_n")
    remedy = f"give a smaller {name}, or another {other}"
    require_grid(name, nodes, len(prior.doses), _FUNCTIONS, remedy)
    return nodes


def require_prior(mean: tuple[float, float], sd: tuple[float, float], correlation: float) -> None:
    """Raise ValueError unless the numbers of a prior leave its posterior digits."""
    for value, most in zip(mean, _LARGEST_MEANS, strict=True):
        require_within("prior_mean", value, -most, most)
    if min(sd) <= 0:
        raise ValueError(f"prior_sd must be positive, not {list(sd)}")
    for value in sd:
        require_within("prior_sd", value, *_SDS)
    if not -1 < require_number("prior_correlation", correlation) < 1:
        raise ValueError(f"prior_correlation must lie between -1 and 1, not {correlation}")
    require_within("prior_correlation", correlation, -_LARGEST_CORRELATION, _LARGEST_CORRELATION)


@lru_cache(maxsize=128)
def logistic_steps(prior: LogisticPrior, patients: int) -> tuple[float, float]:
    """Return how far apart, in prior sds, nodes of log_alpha given log_beta and of log_beta may lie."""
    narrowest = 1 / np.sqrt(1 + patients * prior.residual_sd**2 / 4)
    steps = _STEP_ALPHA * narrowest, _STEP_BETA * _narrowest_beta(prior, patients)
    return float(min(steps[0], _WIDEST_STEP)), float(min(steps[1], _WIDEST_STEP))


@lru_cache(maxsize=128)
def shares_above(prior: LogisticPrior, patients: int, above: float) -> FloatArray:
    """Return functions on the grid whose expectations are P(DLT probability > ``above``), shape (G, J)."""
    model = logistic_grid(prior, patients)
    limit = np.array([above])
    levels = range(1, len(prior.doses) + 1)
    shares = np.column_stack([level_shares_above(prior, model, level, limit) for level in levels])
    shares.setflags(write=False)
    return shares


def level_shares_above(prior: LogisticPrior, model: LogisticGrid, level: int, limits: FloatArray) -> FloatArray:
    """Return the same for one level and limits (L,), shape (G, L)."""
    rest = prior.slope(model.z_beta)[level - 1] + prior.mean_log_alpha(model.z_beta)
    ends = (logit(limits) - rest[:, None]) / prior.residual_sd
    return 1.0 - model.axis.share_below(ends, model.z_alpha[:, None])


def _narrowest_beta(prior: LogisticPrior, patients: int) -> float:
    """Return the least posterior sd of log_beta, in prior sds, by the information of patients at two doses.

    Looked for among plausible parameters and all pairs of doses with half of the patients each.
    """
    side = np.linspace(-3.0, 3.0, 25)
    z_alpha, z_beta = (values.ravel() for values in np.meshgrid(side, side))
    plausible = z_alpha**2 + z_beta**2 <= 9.0
    z_alpha, z_beta = z_alpha[plausible], z_beta[plausible]
    slope = prior.slope(z_beta)
    logit_p = prior.mean_log_alpha(z_beta) + prior.residual_sd * z_alpha + slope
    information = patients / 2 * expit(logit_p) * expit(-logit_p)
    by_alpha, by_beta = prior.residual_sd, prior.sd[1] * slope + prior.correlation * prior.sd[0]
    terms = [information * by_alpha**2, information * by_alpha * by_beta, information * by_beta**2]
    alpha, both, beta = (term[:, None] + term[None, :] for term in terms)
    variance = (1 + alpha) / ((1 + alpha) * (1 + beta) - both**2)
    return float(np.sqrt(variance.min()))
