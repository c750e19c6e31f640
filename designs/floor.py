"""A known background under the drug's DLTs.

Where a share ``f`` of the patients would have a DLT-like event without any drug, a trial observes at a dose whose DLT
probability by the drug is p

    p_observed = 1 - (1 - f)(1 - p)

A model-based design can put this floor into its likelihood: the model stays one of p, and so do the target and every
probability it reports.  ``f`` is a number, or has a beta prior; the likelihood is a polynomial in f of degree n, the
number of patients, so that n/2 + 1 nodes of Gauss and Jacobi integrate it exactly.  A design without a model can have
its target set on the excess: :func:`target_above_floor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_beta_parameter, require_number, require_numbers
from designs.grid import GridModel, require_grid
from designs.tally import Tally


def target_above_floor(target: float, floor: float) -> float:
    """Return the DLT probability observed where that of the drug alone is ``target``.

    Examples
    --------
    >>> round(target_above_floor(0.25, 0.05), 4)
    0.2875
    """
    return 1 - (1 - target) * (1 - floor)


def require_floor(floor: object, floor_prior: object) -> tuple[float, float] | None:
    """Raise ValueError unless the floor is in [0, 1) and its prior, if any, two positive numbers; return the prior."""
    if not 0 <= require_number("floor", floor) < 1:
        raise ValueError(f"floor must be at least 0 and below 1, not {floor}")
    if floor_prior is None:
        return None
    if floor != 0:
        raise ValueError("floor_prior must not be given together with a known floor")
    first, second = require_numbers("floor_prior", floor_prior, 2)
    if not (first > 0 and second > 0):
        raise ValueError(f"floor_prior must hold two positive numbers, those of a beta prior, not [{first}, {second}]")
    for parameter in (first, second):
        require_beta_parameter("floor_prior", parameter)
    return first, second


@dataclass(frozen=True, eq=False)
class FlooredGrid(GridModel):
    """A dose-toxicity model of the drug's own DLTs, with a likelihood of what is observed above a floor.

    ``log_weight``, ``log_dlt`` and ``log_no_dlt`` are the drug's; ``parts`` hold what is observed, one for each
    node of the floor's prior, the node's weight included.
    """

    parts: tuple[GridModel, ...]

    def expect(self, tally: Tally, functions: FloatArray) -> FloatArray:
        """See :meth:`GridModel.expect`."""
        if len(self.parts) == 1:
            return self.parts[0].expect(tally, functions)
        result = np.empty((tally.size, functions.shape[1]))
        for rows, weight in self._log_weights(tally):
            weight -= weight.max(axis=1, keepdims=True)
            np.exp(weight, out=weight)
            result[rows] = weight @ functions / weight.sum(axis=1, keepdims=True)
        return result

    def _log_weights(self, tally: Tally) -> Iterator[tuple[slice, FloatArray]]:
        """Yield the weights of :meth:`GridModel._log_weights`, the floor integrated out."""
        for blocks in zip(*(part._log_weights(tally) for part in self.parts), strict=True):
            rows = blocks[0][0]
            if len(blocks) == 1:
                yield blocks[0]
                continue
            # One number per tally brings all nodes into range; a node lost to underflow has no weight anyway.
            top = np.maximum.reduce([weight.max(axis=1, keepdims=True) for _, weight in blocks])
            total = np.zeros_like(blocks[0][1])
            for _, weight in blocks:
                total += np.exp(weight - top)
            with np.errstate(divide="ignore"):
                yield rows, np.log(total) + top


@lru_cache(maxsize=64)
def with_floor(grid: GridModel, floor: float, floor_prior: tuple[float, float] | None, patients: int) -> GridModel:
    """Put a floor under a model; the model itself where there is none.

    Parameters
    ----------
    grid : GridModel
        The drug's own DLTs.
    floor : float
        Known floor.
    floor_prior : pair of float, optional
        Parameters of a beta prior of the floor, instead.
    patients : int
        Most patients of any tally.

    Raises
    ------
    ValueError
        If a prior of the floor would make the grid too large.
    """
    if floor_prior is None:
        return FlooredGrid(grid.log_weight, grid.log_dlt, grid.log_no_dlt, (_above(grid, floor),)) if floor else grid
    require_floored_grid(len(grid.log_weight), len(grid.log_dlt), floor_prior, patients)
    nodes, weight = beta_nodes(*floor_prior, _floor_nodes(patients))
    parts = tuple(
        _above(grid, float(node), float(np.log(share)))
        for node, share in zip(nodes, weight, strict=True)
        if node > 0 and share > 0
    )
    return FlooredGrid(grid.log_weight, grid.log_dlt, grid.log_no_dlt, parts)


def require_floored_grid(nodes: float, n_doses: int, floor_prior: tuple[float, float] | None, patients: int) -> None:
    """Raise ValueError where a prior of the floor would make a grid of so many nodes too large."""
    if floor_prior is not None:
        remedy = "give a smaller max_n, or a known floor"
        require_grid("floor_prior", float(nodes) * _floor_nodes(patients), n_doses, 0, remedy)


def _floor_nodes(patients: int) -> int:
    return patients // 2 + 1


def beta_nodes(first: float, second: float, count: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights that integrate polynomials of degree 2 count - 1 over a beta distribution.

    From the recurrence of the Jacobi polynomials (Golub and Welsch 1969), which a sharp prior does not overflow.
    """
    from scipy.linalg import eigh_tridiagonal  # slow to import, and asked for by a prior of the floor alone

    n = np.arange(1.0, count)
    alpha, beta = second - 1, first - 1
    twice = 2 * n + alpha + beta
    middle = (beta - alpha) / (alpha + beta + 2) * np.ones(count)
    middle[1:] = (beta - alpha) * (beta + alpha) / (twice * (twice + 2))
    # The general form of the first is 0/0 where alpha + beta = -1.
    ratio = np.where(n == 1, 1.0, (n + alpha + beta) / np.where(n == 1, 1.0, twice - 1))
    beside = np.sqrt(4 * n * (n + alpha) * (n + beta) * ratio / (twice**2 * (twice + 1)))
    nodes, vectors = eigh_tridiagonal(middle, beside)
    return (1 + nodes) / 2, vectors[0] ** 2


def _above(grid: GridModel, floor: float, log_share: float = 0.0) -> GridModel:
    log_dlt = np.logaddexp(np.log(floor), np.log1p(-floor) + grid.log_dlt)
    return GridModel(grid.log_weight + log_share, log_dlt, np.log1p(-floor) + grid.log_no_dlt)
