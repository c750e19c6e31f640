"""Where the nodes of a model's grid lie: coordinates, the box that holds them, and the model at the nodes.

The mode of the prior and its curvature there, on the unconstrained scale, give coordinates in which the prior is about
a standard normal; each gets an axis of nodes ``z = sinh(t / 3) * 3`` with t equidistant, further apart in the tails.
The last coordinate moves one parameter alone: nodes lie on lines along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray
from designs.grid import GridModel
from designs.nodes import CURVATURE
from doseesc.inference.any_model.line_tails import LEAST_NODES
from doseesc.inference.any_model.model_function import ModelError, ModelFunction, Points
from doseesc.inference.any_model.nodes import ModelGrid
from doseesc.inference.any_model.normal_approximation import normal_approximation

_FIRST_DROP = 24.0  # natural logarithms by which the prior falls to the end of the grid, to begin with
_MOST_NODES = {1: 4_000, 2: 40_000, 3: 180_000}  # of the box, before those without weight are dropped
_WIDEST = 150.0  # sides of the box in t; Cauchy's tails take half of it
_COARSE = {1: 257, 2: 49, 3: 21}  # nodes per axis where the box is looked for


class TooManyNodes(Exception):
    """A finer grid would be too large."""


class Layout(NamedTuple):
    """Coordinates: unconstrained parameters = centre + scale z; the last coordinate moves the line's parameter alone.

    ``low`` and ``high`` (K,) are the ends of the box in t, ``drop`` the fall of the prior at which it ends, ``boxed``
    whether it has been seen to end there.
    """

    centre: FloatArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray
    drop: float
    boxed: bool = False

    def points(self, t: FloatArray) -> FloatArray:
        """Return the unconstrained parameters (G, K) at t (G, K)."""
        return self.centre + (np.sinh(CURVATURE * t) / CURVATURE) @ self.scale.T


def layouts(function: ModelFunction) -> list[Layout]:
    """Return ways to lay the lines: along the parameters in which the curve is most nearly monotone."""
    mode, covariance = normal_approximation(lambda points: function(points).log_prior, function.start)
    size = len(mode)
    found = []
    for k in _line_parameters(function, mode, covariance):
        order = [each for each in range(size) if each != k] + [k]
        scale = np.zeros_like(covariance)
        scale[order] = np.linalg.cholesky(covariance[np.ix_(order, order)])
        found.append(Layout(mode, scale, np.full(size, -3.0), np.full(size, 3.0), _FIRST_DROP))
    return found


def boxed(layout: Layout, function: ModelFunction) -> Layout:
    """Move the sides of the box out until the prior has fallen by the drop on all of them."""
    size = len(layout.centre)
    low, high = layout.low.copy(), layout.high.copy()
    for _ in range(200):
        axes = [np.linspace(low[k], high[k], _COARSE[size]) for k in range(size)]
        weight = _log_weight(layout, function(layout.points(_product(axes))), _product(axes))
        weight = weight.reshape([_COARSE[size]] * size)
        floor = weight.max() - layout.drop
        widened = False
        for k in range(size):
            first, last = np.take(weight, 0, axis=k).max(), np.take(weight, -1, axis=k).max()
            if first > floor:
                low[k] -= 0.5 + 0.1 * abs(low[k])
            if last > floor:
                high[k] += 0.5 + 0.1 * abs(high[k])
            widened |= bool(first > floor or last > floor)
        if (high - low).max() > _WIDEST:
            raise TooManyNodes
        if not widened:
            return layout._replace(low=low, high=high, boxed=True)
    raise ModelError("has an improper prior, or one with too heavy tails for a grid")


def filled(layout: Layout, function: ModelFunction, steps: FloatArray) -> ModelGrid:
    """Fill the grid with nodes at whole multiples of the steps."""
    axes = []
    for low, high, step in zip(layout.low, layout.high, steps, strict=True):
        first, last = int(np.floor(low / step)), int(np.ceil(high / step))
        lacking = max(LEAST_NODES - (last - first + 1), 0)
        axes.append(step * np.arange(first - lacking, last + lacking + 1))
    t = _product(axes)
    if len(t) > _MOST_NODES[len(steps)]:
        raise TooManyNodes
    found = function(layout.points(t))
    weight = _log_weight(layout, found, t)
    kept = np.flatnonzero(weight >= weight.max() - layout.drop)
    function.require_probabilities(found.probability[kept], found.parameters[kept])
    nodes = len(axes[-1])
    logits = np.clip(_logit(found), -1000.0, 1000.0).reshape(-1, len(t) // nodes, nodes)
    rises = np.diff(logits, axis=2)[:, np.isfinite(weight.reshape(-1, nodes)).all(axis=1)]
    monotone = bool(((rises >= 0).all(axis=(1, 2)) | (rises <= 0).all(axis=(1, 2))).all())
    model = GridModel(weight[kept] - weight.max(), found.log_dlt[:, kept], found.log_no_dlt[:, kept])
    parameters = found.parameters[kept]
    place = (kept % nodes).astype(np.float64)
    return ModelGrid(model, parameters, (), logits, kept // nodes, place, 0, 0.0, monotone)


def _line_parameters(function: ModelFunction, mode: FloatArray, covariance: FloatArray) -> list[int]:
    """Return the parameters in which the DLT probabilities are most nearly monotone, the others kept."""
    size = len(mode)
    sides = np.meshgrid(*[np.linspace(-3, 3, 7)] * size, indexing="ij")
    points = mode + np.column_stack([side.ravel() for side in sides]) @ np.linalg.cholesky(covariance).T
    scores = []
    for k in range(size):
        move = 0.01 * np.sqrt(covariance[k, k]) * np.eye(size)[k]
        rise = _logit(function(points + move)) - _logit(function(points - move))
        up, down = (rise > 0).mean(axis=1), (rise < 0).mean(axis=1)
        scores.append(float((np.abs(up - down) / np.maximum(up + down, 0.5)).min()))
    return [k for k in range(size) if scores[k] >= max(scores) - 0.01]


def _logit(points: Points) -> FloatArray:
    return points.log_dlt - points.log_no_dlt


def _product(axes: Sequence[FloatArray]) -> FloatArray:
    return np.column_stack([side.ravel() for side in np.meshgrid(*axes, indexing="ij")])


def _log_weight(layout: Layout, points: Points, t: FloatArray) -> FloatArray:
    return points.log_prior + np.log(np.cosh(CURVATURE * t)).sum(axis=1)
