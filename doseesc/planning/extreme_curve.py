"""The monotone curve of DLT probabilities at which a design's figure is largest or smallest.

The figure is a polynomial (:mod:`doseesc.engines.polynomial`), the curves form a convex polytope: blocks of
neighbouring doses, within each of which probabilities rise between two limits; where wanted no rise from one dose to
the next is larger than a limit, too.  The extreme is sought by sequential
quadratic programming (SLSQP) with the exact gradient under the linear constraints, from the best of the polytope's
corners and of many random curves.  That finds local optima: that none better exists is not proved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines import Polynomial

_RANDOM_CURVES = 500  # looked at before the best are refined
_DECIMALS = 12  # beyond which two curves are equally good


@dataclass(frozen=True)
class Block:
    """Neighbouring doses with increasing probabilities between two limits."""

    size: int
    lowest: float
    highest: float


@dataclass(frozen=True)
class _Limits:
    """Limits of each dose, shape (J,), and the largest rise from one to the next."""

    lowest: FloatArray
    highest: FloatArray
    steepest: float


def extreme_curve(
    figure: Polynomial,
    blocks: Sequence[Block],
    *,
    sign: int,
    starts: int,
    seed: int,
    begin: Sequence[FloatArray] = (),
    steepest: float = math.inf,
) -> FloatArray:
    """Return the curve at which ``sign`` times the figure is largest, as far as found.

    Parameters
    ----------
    figure : Polynomial
    blocks : sequence of Block
        Together all J doses, lowest first; no block's limits may overlap those of the next.
    sign : {1, -1}
        1 for the largest figure, -1 for the smallest.
    starts : int
        Curves refined.
    seed : int
        Seed of the random curves.
    begin : sequence of array, shape (J,)
        Curves from which the search begins, too, each moved into the polytope.
    steepest : float
        Largest rise from one dose to the next; the blocks' limits must allow it.

    Returns
    -------
    array, shape (J,)
    """
    within = _limits(blocks, steepest)
    tried = np.concatenate([_corners(blocks), _random_curves(blocks, np.random.default_rng(seed))])
    if math.isfinite(steepest):
        tried = _inside(tried, within)
    best = np.argsort(np.round(-sign * figure(tried), _DECIMALS), kind="stable")[:starts]
    begun = [*tried[best], *(_inside(np.asarray(curve, float), within) for curve in begin)]
    ended = [_inside(_climb(figure, sign, start, within), within) for start in begun]
    # Of equally good curves the first: a corner rather than where a climb across a plateau happened to end.
    candidates = np.array([*begun, *ended])
    return np.asarray(candidates[int(np.argmax(np.round(sign * figure(candidates), _DECIMALS)))])


def _climb(figure: Polynomial, sign: int, start: FloatArray, within: _Limits) -> FloatArray:
    """Return the local optimum near a curve."""
    from scipy.optimize import Bounds, LinearConstraint, minimize

    def downhill(curve: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = figure.value_and_gradient(_inside(curve, within))
        return -sign * value, -sign * gradient

    rises = np.diff(np.eye(len(start)), axis=0)
    result = minimize(
        downhill,
        start,
        args=(),
        method="SLSQP",
        jac=True,
        bounds=Bounds(within.lowest, within.highest),
        constraints=[LinearConstraint(rises, 0.0, within.steepest)] if len(rises) else [],
        options={"maxiter": 200, "ftol": 1e-13},
    )
    return np.asarray(result.x)


def _limits(blocks: Sequence[Block], steepest: float) -> _Limits:
    """Return between which probabilities each dose may be, given those beside it."""
    lowest = np.concatenate([np.full(block.size, block.lowest) for block in blocks])
    highest = np.concatenate([np.full(block.size, block.highest) for block in blocks])
    for level in range(len(lowest) - 1, 0, -1):
        lowest[level - 1] = max(lowest[level - 1], lowest[level] - steepest)
    for level in range(1, len(highest)):
        highest[level] = min(highest[level], highest[level - 1] + steepest)
    return _Limits(lowest, np.maximum(lowest, highest), steepest)  # where both are the same they may differ by rounding


def _inside(curves: FloatArray, within: _Limits) -> FloatArray:
    """Move curves into the polytope, dose by dose from the lowest; what is in it but for rounding is hardly moved."""
    curves = np.clip(curves, within.lowest, within.highest)
    if not math.isfinite(within.steepest):
        return np.maximum.accumulate(curves, axis=-1)
    for level in range(1, curves.shape[-1]):
        before = curves[..., level - 1]
        least = np.maximum(before, within.lowest[level])
        curves[..., level] = np.maximum(np.minimum(curves[..., level], before + within.steepest), least)
    return curves


def _corners(blocks: Iterable[Block]) -> FloatArray:
    """Return the polytope's corners: in every block doses at its lower limit, then doses at its upper one."""
    sides = [
        [[block.lowest] * low + [block.highest] * (block.size - low) for low in range(block.size, -1, -1)]
        for block in blocks
    ]
    return np.array([[p for side in corner for p in side] for corner in product(*sides)])


def _random_curves(blocks: Iterable[Block], generator: np.random.Generator) -> FloatArray:
    parts = [
        np.sort(generator.uniform(block.lowest, block.highest, (_RANDOM_CURVES, block.size)), axis=1)
        for block in blocks
    ]
    return np.concatenate(parts, axis=1)
