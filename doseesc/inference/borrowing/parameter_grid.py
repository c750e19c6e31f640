"""One grid of (log_alpha, log_beta) for the parameters of every study, of a new one and of their mean.

How far it reaches and how fine it is follow from the priors and from the largest study; its size, and the time that it
takes, are reckoned before anything is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import log_expit

from designs.arrays import FloatArray
from designs.logistic_grid import LogisticPrior, logistic_steps
from designs.nodes import CURVATURE, Axis, axis_nodes, thinned_axis
from doseesc.inference.borrowing.heterogeneity import Heterogeneity
from doseesc.inference.borrowing.normal_mixture import MOST_COMPONENTS, BivariateNormal
from doseesc.inference.data import ToxicityData

_REACH = 6.5  # standard deviations of a new study's parameters covered
_WIDEST_TAU = 0.999  # share of the prior of tau within which they are reckoned
_STEP = 0.45  # node distance at most, in standard deviations of a law given the other parameter
_OUTER = 3.0  # standard deviations from its mean up to which the nodes must be so close
_PER_STUDY = 8  # arrays as large as the grid, for each study
_PER_GRID = 20 + 4 * MOST_COMPONENTS  # and besides
_STEEPEST = 600.0  # log_beta, whose slope can be multiplied by the logarithm of any dose
_MOST_PRODUCTS = 2e11  # about half a minute
_MOST_BYTES = 2**29


class ParameterGrid(NamedTuple):
    """Nodes of log_alpha (A,) and log_beta (B,) with the weights of the trapezoidal rule.

    ``axis`` is that of log_alpha, its nodes in units of ``scale`` from ``centre``.
    """

    log_alpha: FloatArray
    log_beta: FloatArray
    weight_alpha: FloatArray
    weight_beta: FloatArray
    axis: Axis
    centre: float
    scale: float

    @property
    def weight(self) -> FloatArray:
        """Weights of the nodes, shape (A, B)."""
        return np.outer(self.weight_alpha, self.weight_beta)

    def logit_p(self, amount: float, reference: float) -> FloatArray:
        """Return the logit of the DLT probability at an amount, shape (A, B)."""
        return np.add.outer(self.log_alpha, np.exp(self.log_beta) * np.log(amount / reference))

    def likelihood(self, data: ToxicityData, reference: float) -> tuple[FloatArray, float]:
        """Return the likelihood (A, B) of one study, its largest value set to 1, and the logarithm of that value."""
        log_likelihood = np.zeros((len(self.log_alpha), len(self.log_beta)))
        for amount, n, dlt in zip(data.amount, data.n, data.dlt, strict=True):
            logit_p = self.logit_p(amount, reference)
            log_likelihood += dlt * log_expit(logit_p) + (n - dlt) * log_expit(-logit_p)
        top = float(log_likelihood.max())
        return np.exp(log_likelihood - top), top

    def mass(self, law: BivariateNormal) -> FloatArray:
        """Return the probabilities (A, B) that a normal law gives to the nodes, of sum 1."""
        points = np.stack(np.meshgrid(self.log_alpha, self.log_beta, indexing="ij"), axis=-1)
        mass = np.exp(law.log_density(points)) * self.weight
        return mass / mass.sum()


def laid_grid(
    data: ToxicityData, reference: float, mean: BivariateNormal, weak: BivariateNormal, heterogeneity: Heterogeneity
) -> ParameterGrid:
    """Lay nodes that cover mu, a new study and one that is like no other, and resolve the largest study's likelihood.

    Raises
    ------
    ValueError
        If it would take too much memory or time.
    """
    patients = max([0, *(data.of_study(study).patients for study in data.studies)])
    doses = tuple(sorted({*data.amount, reference}))
    steps = logistic_steps(LogisticPrior(doses, reference, mean.mean, mean.sd, 0.0), patients)
    reaches = [_reach(place, mean, weak, heterogeneity) for place in (0, 1)]
    finest = [min(step, *(_law_step(place, law, mean) for law in (mean, weak))) for place, step in enumerate(steps)]
    _require_small([axis_nodes(*each) for each in zip(reaches, finest, strict=True)], data, heterogeneity, patients)
    steepest = mean.mean[1] + mean.sd[1] * reaches[1]
    if steepest > _STEEPEST:
        raise ValueError(
            f"borrow lets log_beta reach {steepest:,.0f}, more than {_STEEPEST:,.0f}, where curves are no curves; give "
            "the heterogeneity of log_beta, or mean and weak, smaller standard deviations"
        )
    sides = []
    for centre, scale, reach, step in zip(mean.mean, mean.sd, reaches, finest, strict=True):
        axis = thinned_axis(reach, step)
        sides.append((centre + scale * axis.nodes, scale * axis.step * np.exp(axis.log_weight), axis))
    (log_alpha, weight_alpha, axis), (log_beta, weight_beta, _) = sides
    return ParameterGrid(log_alpha, log_beta, weight_alpha, weight_beta, axis, mean.mean[0], mean.sd[0])


def _reach(place: int, mean: BivariateNormal, weak: BivariateNormal, heterogeneity: Heterogeneity) -> float:
    """Return how far an axis must reach from the mean's mean, in its standard deviations."""
    nodes, weights = heterogeneity.priors[place].quadrature()
    widest = nodes[np.searchsorted(np.cumsum(weights), _WIDEST_TAU).clip(max=len(nodes) - 1)]
    of_weak = abs(weak.mean[place] - mean.mean[place]) + _REACH * weak.sd[place]
    return float(max(_REACH * np.hypot(mean.sd[place], widest), of_weak) / mean.sd[place])


def _law_step(place: int, law: BivariateNormal, mean: BivariateNormal) -> float:
    """Return how far apart, in the mean's standard deviations, middle nodes may lie for a law to be resolved.

    Nodes thin out towards the ends, so those of a law away from the middle must be the closer.
    """
    scale = mean.sd[place]
    away = (abs(law.mean[place] - mean.mean[place]) + _OUTER * law.sd[place]) / scale
    given_other = law.sd[place] * np.sqrt(1 - law.correlation**2)
    return float(_STEP * given_other / scale / np.hypot(1.0, CURVATURE * away))


def _require_small(nodes: Sequence[int], data: ToxicityData, heterogeneity: Heterogeneity, patients: int) -> None:
    alpha, beta = map(float, nodes)
    studies, taus = len(data.studies), [len(prior.quadrature()[0]) for prior in heterogeneity.priors]
    needed = 8 * (alpha * beta * (_PER_STUDY * studies + _PER_GRID) + 5 * alpha**2 + (taus[1] + 5) * beta**2)
    products = 2 * (studies + 1) * alpha * beta * (alpha + beta) * taus[0] * taus[1]
    if needed > _MOST_BYTES or products > _MOST_PRODUCTS:
        raise ValueError(
            f"borrow needs a grid of {alpha:,.0f} by {beta:,.0f} nodes for {studies} studies of up to {patients:,} "
            f"patients, {needed / 2**30:,.2g} GiB and {products:.0e} products here; at most "
            f"{_MOST_BYTES / 2**30:.2g} GiB and {_MOST_PRODUCTS:.0e} products are made: in mean, weak and "
            "heterogeneity give standard deviations that are less different, or smaller ones, or studies with fewer "
            "patients"
        )
