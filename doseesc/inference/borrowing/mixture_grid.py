"""The two-parameter logistic model under a mixture of normal priors, on the grids that other models of an analysis use.

All components share one grid, which is fine enough for the narrowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.grid import require_grid
from doseesc.finite import finite_numbers
from doseesc.inference.borrowing.borrowing import RobustPrior
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_dose import doses_of_interest, line_weights
from doseesc.inference.prior_bounds import MOST_BYTES
from doseesc.inference.quadrature import GridPosterior, GridPrior

_REACH = 7.5  # standard deviations of each component covered
_FINE = 0.15  # node distance in the narrowest posterior's standard deviations
_ROWS_APART = 0.1  # standard deviations of the narrowest component


@finite_numbers()
def robust_map_grid(
    data: ToxicityData,
    prior: RobustPrior,
    *,
    levels: Sequence[float],
    further: Sequence[float] = (),
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> GridPosterior:
    """Return the posterior of :func:`doseesc.inference.borrowing.robust_map`.

    The arguments are the same.  Rows are values of log_beta; along them moves log_alpha.

    Raises
    ------
    ValueError
        If the grid would take too much memory.
    """
    laws = prior.mixture.components
    given_beta = min(law.sd[0] * np.sqrt(1 - law.correlation**2) for law in laws)
    narrowest = given_beta / np.sqrt(1 + data.patients * given_beta**2 / 4)
    doses = doses_of_interest(levels, further)
    sides = [
        ([(law.mean[0], law.sd[0]) for law in laws], _FINE * narrowest),
        ([(law.mean[1], law.sd[1]) for law in laws], _ROWS_APART * min(law.sd[1] for law in laws)),
    ]
    nodes = float(np.prod([_nodes(*side) for side in sides]))
    remedy = "let weak and what the studies predict differ less in their standard deviations"
    require_grid("borrow", nodes, len(doses), 1, remedy, MOST_BYTES)
    log_alpha, log_beta = (np.linspace(*_ends(laws), int(_nodes(laws, step))) for laws, step in sides)
    slope = np.exp(log_beta)

    def basis(z: FloatArray, row: IntArray) -> FloatArray:
        return np.stack([z, slope[row]])

    log_prior = prior.mixture.log_density(np.stack(np.meshgrid(log_alpha, log_beta), axis=-1))
    lines = partial(line_weights, prior.reference)
    laid = GridPrior(lines, basis, log_alpha, log_prior, floor, floor_prior)
    return laid.given(data, doses)


def _ends(laws: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(mean - _REACH * sd for mean, sd in laws), max(mean + _REACH * sd for mean, sd in laws)


def _nodes(laws: Sequence[tuple[float, float]], step: float) -> float:
    low, high = _ends(laws)
    return float(2 + np.ceil((high - low) / step))
