"""Tail probabilities of a smooth curve on a grid of lines.

The nodes of a grid lie on straight lines, equidistant in t along each.  A DLT probability is tabulated at the nodes;
where it crosses a limit on a line is found on the polynomial through the eight nodes around (degree 7, on the logit
scale), and the integral up to there by Stenger's sinc rule, as :meth:`designs.nodes.Axis.share_below` has it.  With a
curve that is monotone along the lines the crossings move smoothly from line to line, and the tail probability is as
accurate as the trapezoidal rule is for means.
"""

from __future__ import annotations

import numpy as np
from scipy.special import sici

from designs.arrays import FloatArray, IntArray

_NEIGHBOURS = np.arange(-3, 5)
# Row m: coefficient of u**m, m = 0..7, in the polynomial through values at the neighbours.
_INTERPOLATION = np.linalg.inv(np.vander(_NEIGHBOURS, increasing=True).astype(np.float64))
LEAST_NODES = len(_NEIGHBOURS)


def shares_above(values: FloatArray, limit: float, line: IntArray, place: FloatArray) -> FloatArray:
    """Return by how much each node counts in an integral over where ``values`` exceed ``limit``.

    Parameters
    ----------
    values : array, shape (lines, nodes)
        A function along each line, at equidistant nodes.
    limit : float
    line, place : array, shape (G,)
        The nodes wanted: their line, and their place on it counted in nodes.

    Returns
    -------
    array, shape (G,)

    Examples
    --------
    A straight line that crosses 0 half-way between two nodes:

    >>> t = np.arange(-5.5, 6.0)
    >>> shares_above(t[None], 0.0, np.zeros(12, dtype=np.int64), np.arange(12.0)).round(2)[3:9]
    array([ 0.  , -0.01,  0.06,  0.94,  1.01,  1.  ])
    """
    above = values > limit
    share = above[:, 0].astype(np.float64)[line]
    changes = above[:, 1:] != above[:, :-1]
    lines = np.flatnonzero(changes.any(axis=1))
    while len(lines):
        before = np.argmax(changes[lines], axis=1)
        changes[lines, before] = False
        rises = np.zeros(len(values))
        rises[lines] = np.where(above[lines, before], -1.0, 1.0)
        crossing = np.zeros(len(values))
        crossing[lines] = crossings(values, lines, before, np.full(len(lines), limit))
        crosses = rises[line] != 0
        distance = crossing[line[crosses]] - place[crosses]
        share[crosses] += rises[line[crosses]] * (0.5 - sici(np.pi * distance)[0] / np.pi)
        lines = lines[changes[lines].any(axis=1)]
    return share


def crossings(values: FloatArray, lines: IntArray, before: IntArray, limits: FloatArray) -> FloatArray:
    """Return where (N,), counted in nodes, lines cross limits between the nodes ``before`` and ``before + 1``."""
    first, polynomial = _polynomials(values, lines, before)
    polynomial[0] -= limits
    low = (before - first).astype(np.float64)
    high = low + 1.0
    # A limit may be a node's value but for rounding: then the crossing is that end, whatever the sign there.
    rises = _evaluate(polynomial, high) > _evaluate(polynomial, low)
    for _ in range(24):
        middle = (low + high) / 2
        before_it = (_evaluate(polynomial, middle) <= 0) == rises
        low, high = np.where(before_it, middle, low), np.where(before_it, high, middle)
    root = (low + high) / 2
    slope = _evaluate(polynomial[1:] * np.arange(1, len(polynomial))[:, None], root)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = _evaluate(polynomial, root) / slope
    close = np.abs(step) < 1e-3  # Newton's last step, where the curve is not flat
    return first.astype(np.float64) + np.where(close, root - np.where(close, step, 0.0), root)


def interpolated(values: FloatArray, place: FloatArray) -> FloatArray:
    """Return one line's values (nodes,) at places (N,) counted in nodes."""
    before = np.clip(np.floor(place).astype(np.int64), 0, len(values) - 2)
    first, polynomial = _polynomials(values[None], np.zeros(len(place), dtype=np.int64), before)
    return _evaluate(polynomial, place - first)


def _polynomials(values: FloatArray, lines: IntArray, before: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the polynomials (8, N) in the distance from the nodes ``first`` (N,)."""
    first = np.clip(before, -_NEIGHBOURS[0], values.shape[1] - 1 - _NEIGHBOURS[-1])
    near = values[lines[:, None], first[:, None] + _NEIGHBOURS]
    return first, _INTERPOLATION @ near.T


def _evaluate(polynomial: FloatArray, u: FloatArray) -> FloatArray:
    result = polynomial[-1]
    for coefficients in polynomial[-2::-1]:
        result = result * u + coefficients
    return result
