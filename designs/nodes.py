"""Nodes of a parameter for numerical integration, and where a distribution on them reaches a probability."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import sici

from designs.arrays import FloatArray

CURVATURE = 1.0 / 3.0
"""How fast nodes thin out towards the tails of a prior, where a posterior is never narrow."""


class Axis(NamedTuple):
    """Nodes ``sinh(c t) / c`` with t equidistant, for the trapezoidal rule over the whole line.

    ``log_weight`` is the logarithm of their distance, up to a constant; ``step`` is the distance in t.
    """

    nodes: FloatArray
    log_weight: FloatArray
    step: float

    def share_below(self, limit: Any, nodes: Any = None) -> FloatArray:
        """Return by how much each node counts in an integral that ends at ``limit``.

        Stenger's sinc rule: a node counts by the integral of its cardinal function up to the limit (Stenger 1993,
        *Numerical Methods Based on Sinc and Analytic Functions*, section 4.5).  It converges as fast as the
        trapezoidal rule over the whole line does at half the step.

        Parameters
        ----------
        limit : array
            Ends of the integrals.
        nodes : array, optional
            Nodes to weigh, broadcast against ``limit``; by default all nodes of the axis.
        """
        position = np.arcsinh(CURVATURE * (self.nodes if nodes is None else nodes))
        distance = (np.arcsinh(CURVATURE * limit) - position) / (CURVATURE * self.step)
        return 0.5 + sici(np.pi * distance)[0] / np.pi


def thinned_axis(reach: float, step: float) -> Axis:
    """Lay nodes from -reach to reach, at most ``step`` apart in the middle and further towards the ends.

    Examples
    --------
    >>> thinned_axis(reach=8.5, step=2.0).nodes.round(2)
    array([-8.5 , -4.4 , -1.87,  0.  ,  1.87,  4.4 ,  8.5 ])
    """
    end = np.arcsinh(CURVATURE * reach) / CURVATURE
    half = int(np.ceil(end / step))
    t = np.linspace(-end, end, 2 * half + 1)
    return Axis(np.sinh(CURVATURE * t) / CURVATURE, np.log(np.cosh(CURVATURE * t)), float(end / half))


def axis_nodes(reach: float, step: float) -> int:
    """Return how many nodes :func:`thinned_axis` lays.

    Examples
    --------
    >>> axis_nodes(reach=8.5, step=2.0)
    7
    """
    return 2 * int(np.ceil(np.arcsinh(CURVATURE * reach) / CURVATURE / step)) + 1


_NEIGHBOURS = np.arange(-2, 4)
# Row m: coefficient of u**m, m = 0..5, in the polynomial through values at the neighbours.
_INTERPOLATION = np.linalg.inv(np.vander(_NEIGHBOURS, increasing=True).astype(np.float64))


def position_of(weight: FloatArray, below: FloatArray, probability: float) -> FloatArray:
    """Return where (S,), counted in nodes, the distribution function reaches ``probability``."""
    rows = np.arange(len(weight))
    bracket = np.clip(np.argmax(below >= probability, axis=1) - 1, 2, weight.shape[1] - 4)
    near = weight[rows[:, None], bracket[:, None] + _NEIGHBOURS]
    first = (near[:, 3] - near[:, 1]) / 2
    third = (near[:, 4] - 2 * near[:, 3] + 2 * near[:, 1] - near[:, 0]) / 2
    lacking = probability - (below[rows, bracket] - first / 12 + 11 * third / 720)
    density = _INTERPOLATION @ near.T
    integral = density / np.arange(1, 7)[:, None]
    beyond: FloatArray = np.full(len(weight), 0.5)
    for _ in range(5):  # Newton's steps, kept near the bracket
        reached, slope = integral[5], density[5]
        for power in range(4, -1, -1):
            reached = reached * beyond + integral[power]
            slope = slope * beyond + density[power]
        beyond = np.clip(beyond + (lacking - beyond * reached) / np.maximum(slope, 1e-300), -0.5, 1.5)
    return bracket + beyond
