"""Few points that stand for a grid: for what is averaged over a model's posterior without need of a spline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from designs.arrays import FloatArray, IntArray
from doseesc.inference.quadrature import GridPosterior

_NEGLIGIBLE = 1e-12
_MOST_POINTS = 12_000
_PARTS = 5  # of a cell


def weighed_points(weight: FloatArray, most: int) -> tuple[IntArray, FloatArray]:
    """Return places in a flattened grid, and their weights, which sum to that of the grid.

    All nodes of any weight where they are at most ``most``; else as many by systematic sampling, of equal weight, which
    is good to about one over their number.

    Examples
    --------
    >>> weighed_points(np.array([[0.25, 0.0], [0.25, 0.5]]), most=10)
    (array([0, 2, 3]), array([0.25, 0.25, 0.5 ]))
    >>> weighed_points(np.array([[0.25, 0.0], [0.25, 0.5]]), most=2)
    (array([0, 3]), array([0.5, 0.5]))
    """
    flat = weight.ravel()
    total = float(flat.sum())
    place = np.flatnonzero(flat > _NEGLIGIBLE * flat.max())
    if len(place) <= most:
        kept = flat[place]
        return place, kept * (total / kept.sum())
    until = np.cumsum(flat)
    place = np.searchsorted(until, (np.arange(most) + 0.5) * (until[-1] / most))
    return place, np.full(most, total / most)


def bin_shares(posterior: GridPosterior, edges: FloatArray) -> FloatArray:
    """Return the probabilities (A, E - 1) that p at each dose of interest lies between E edges, as drawn."""
    ends, share = _spread(posterior, posterior.doses, np.array([-0.5, 0.5]))
    ends = np.sort(ends.reshape(len(ends), -1, 2), axis=2)
    low, width = ends[..., :1], np.maximum(np.diff(ends, axis=2), _NEGLIGIBLE)
    # Each node's weight lies evenly between the values of p at the ends of its cell.
    below = np.clip((edges - low) / width, 0.0, 1.0)
    return np.diff(np.einsum("ape,p->ae", below, share.reshape(-1, 2).sum(axis=1)), axis=1)


def curve_band(
    posterior: GridPosterior, amounts: Sequence[float], credibility: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, lower and upper end (M,) of the central interval of the DLT probability at M amounts.

    Good to about 0.003, which is enough to be drawn; :meth:`GridPosterior.quantile` is exact and takes longer.

    Parameters
    ----------
    posterior : GridPosterior
    amounts : sequence of float, length M
    credibility : float
        Probability of the intervals.
    """
    tail = (1 - credibility) / 2
    mean, ends = [], []
    curves, share = _spread(posterior, amounts, (np.arange(_PARTS) + 0.5) / _PARTS - 0.5)
    for p in curves:
        order = np.argsort(p)
        middle = np.cumsum(share[order]) - share[order] / 2
        mean.append(p @ share)
        ends.append(np.interp([tail, 1 - tail], middle, p[order]))
    low, high = np.array(ends).T
    return np.array(mean), low, high


def _spread(posterior: GridPosterior, amounts: Sequence[float], within: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return DLT probabilities (M, P) at amounts and their weights (P,), each node standing for places in its cell.

    Without that a dose whose probability hangs on the moving parameter alone would have as many values as nodes.
    ``within`` are the places, as shares of the cell from its middle; those of a node follow one another.
    """
    place, share = weighed_points(posterior.weight, _MOST_POINTS)
    row, node = np.unravel_index(place, posterior.weight.shape)
    step = posterior.nodes[1] - posterior.nodes[0]
    z = (posterior.nodes[node][:, None] + step * within).ravel()
    values = posterior.basis(z, np.repeat(row, len(within)))
    return expit(posterior.prior.weights(amounts) @ values), np.repeat(share / (share.sum() * len(within)), len(within))
