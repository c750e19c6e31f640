"""The model of EWOC on a grid: the DLT probability at the lowest dose by the MTD, and what is asked of it.

The prior is that of :class:`designs.EWOC`; its module has the formulas.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_expit, logit, roots_jacobi

from designs.arrays import FloatArray
from designs.grid import GridModel, require_grid
from designs.nodes import Axis, axis_nodes, thinned_axis

PANEL_NODES = 14  # Gauss nodes for gamma between two neighbouring doses
TAIL_PANEL_NODES = 48  # the same for tail probabilities, which change fast beside a dose
_STEP = 0.5  # node distance of logit(rho / target) in units of its narrowest posterior sd
_TAIL = 20.0  # the prior of rho is covered up to a share of exp(-20)


class EwocGrid(NamedTuple):
    """The model on G nodes: u = logit(rho / target) on an axis, gamma by Gauss quadrature between the doses.

    Doses separate the panels of gamma, so that the probability of the MTD's being below a dose is a sum of panels,
    ``exceeds_mtd`` (G, J).
    """

    axis: Axis
    u: FloatArray
    gamma: FloatArray
    exceeds_mtd: FloatArray
    grid: GridModel


@lru_cache(maxsize=32)
def ewoc_grid(
    doses: tuple[float, ...],
    span: tuple[float, float],
    target: float,
    prior_rho: tuple[float, float],
    prior_mtd: tuple[float, float],
    patients: int,
    panel_nodes: int,
) -> EwocGrid:
    """Fill the grid, fine enough for the narrowest posterior of ``patients``.

    Raises
    ------
    ValueError
        If the grid would be too large.
    """
    require_ewoc_grid(len(doses), prior_rho, patients)
    axis = thinned_axis(*_reach_and_step(prior_rho, patients))
    gamma, log_density = _mtd_nodes(doses, span, prior_mtd, panel_nodes)
    log_rho = axis.log_weight + prior_rho[0] * log_expit(axis.nodes) + prior_rho[1] * log_expit(-axis.nodes)
    u, gamma_of = (side.ravel() for side in np.meshgrid(axis.nodes, gamma, indexing="ij"))
    log_weight = np.add.outer(log_rho, log_density).ravel()
    low = logit(target * expit(u))
    share = (np.array(doses)[:, None] - span[0]) / (gamma_of - span[0])
    logit_p = low + (logit(target) - low) * share
    exceeds = (gamma_of[:, None] < np.array(doses)).astype(np.float64)
    return EwocGrid(axis, u, gamma_of, exceeds, GridModel(log_weight, log_expit(logit_p), log_expit(-logit_p)))


def _reach_and_step(prior_rho: tuple[float, float], patients: int) -> tuple[float, float]:
    """Return how far nodes of u reach, and how close they lie in the middle."""
    information = 0.25 * min(1.0, min(prior_rho)) + 0.5 * patients
    return _TAIL / min(1.0, *prior_rho), float(_STEP / np.sqrt(information))


def require_ewoc_grid(n_doses: int, prior_rho: tuple[float, float], patients: int) -> None:
    """Raise ValueError where the grid for a trial of so many patients would be too large."""
    nodes = axis_nodes(*_reach_and_step(prior_rho, patients)) * (n_doses + 1) * TAIL_PANEL_NODES
    require_grid("max_n", nodes, n_doses, 2, "give a smaller one, or fewer doses")


def _mtd_nodes(
    doses: tuple[float, ...], span: tuple[float, float], shape: tuple[float, float], panel_nodes: int
) -> tuple[FloatArray, FloatArray]:
    """Return nodes of gamma and the logarithms of their weights under the beta prior.

    At the ends of the range, where the density of the prior may be infinite, it is part of the Gauss-Jacobi rule.
    """
    edges = sorted({*span, *(dose for dose in doses if span[0] < dose < span[1])})
    nodes, log_weights = [], []
    for left, right in pairwise(edges):
        at_right = shape[1] - 1 if right == span[1] else 0.0
        at_left = shape[0] - 1 if left == span[0] else 0.0
        x, weight = roots_jacobi(panel_nodes, at_right, at_left)
        half = (right - left) / 2 / (span[1] - span[0])
        position = (left - span[0]) / (span[1] - span[0]) + half * (1 + x)
        rest = (shape[0] - 1 - at_left) * np.log(position) + (shape[1] - 1 - at_right) * np.log1p(-position)
        nodes.append(span[0] + (span[1] - span[0]) * position)
        log_weights.append(np.log(weight) + (1 + at_right + at_left) * np.log(half) + rest)
    return np.concatenate(nodes), np.concatenate(log_weights)


def shares_above(model: EwocGrid, dose: float, minimum: float, target: float, limits: FloatArray) -> FloatArray:
    """Return functions on the grid whose expectations are P(DLT probability at ``dose`` > limits), shape (G, L).

    At a given MTD the DLT probability of a dose rises with rho below the MTD and falls above it.
    """
    share = ((dose - minimum) / (model.gamma - minimum))[:, None]
    # The logit of rho at which the DLT probability is the limit, unless it lies above that of the target.
    low = (logit(limits) - share * logit(target)) / (1 - share)
    reached = expit(low) < target
    ends = logit(np.where(reached, expit(low), target / 2) / target)
    below = model.axis.share_below(ends, model.u[:, None])
    return np.where(share < 1, np.where(reached, 1 - below, 0.0), np.where(reached, below, 1.0))
