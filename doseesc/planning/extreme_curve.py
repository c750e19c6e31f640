"""The monotone curve of DLT probabilities at which a design's figure is largest or smallest.

The figure is a polynomial (:mod:`doseesc.engines.polynomial`), the curves form a convex polytope: blocks of
neighbouring doses, within each of which probabilities rise between two limits.  The extreme is sought by sequential
quadratic programming (SLSQP) with the exact gradient under the linear constraints, from the best of the polytope's
corners and of many random curves.  That finds local optima: that none better exists is not proved.
"""

from __future__ import annotations

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


def extreme_curve(
    figure: Polynomial,
    blocks: Sequence[Block],
    *,
    sign: int,
    starts: int,
    seed: int,
    begin: Sequence[FloatArray] = (),
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

    Returns
    -------
    array, shape (J,)
    """
    lowest = np.concatenate([np.full(block.size, block.lowest) for block in blocks])
    highest = np.concatenate([np.full(block.size, block.highest) for block in blocks])
    tried = np.concatenate([_corners(blocks), _random_curves(blocks, np.random.default_rng(seed))])
    best = np.argsort(np.round(-sign * figure(tried), _DECIMALS), kind="stable")[:starts]
    begun = [*tried[best], *(_inside(np.asarray(curve, float), lowest, highest) for curve in begin)]
    ended = [_inside(_climb(figure, sign, start, lowest, highest), lowest, highest) for start in begun]
    # Of equally good curves the first: a corner rather than where a climb across a plateau happened to end.
    candidates = np.array([*begun, *ended])
    return np.asarray(candidates[int(np.argmax(np.round(sign * figure(candidates), _DECIMALS)))])


def _climb(figure: Polynomial, sign: int, start: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """Return the local optimum near a curve."""
    from scipy.optimize import Bounds, LinearConstraint, minimize

    def downhill(curve: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = figure.value_and_gradient(_inside(curve, lowest, highest))
        return -sign * value, -sign * gradient

    rises = np.diff(np.eye(len(start)), axis=0)
    result = minimize(
        downhill,
        start,
        args=(),
        method="SLSQP",
        jac=True,
        bounds=Bounds(lowest, highest),
        constraints=[LinearConstraint(rises, 0.0, np.inf)] if len(rises) else [],
        options={"maxiter": 200, "ftol": 1e-13},
    )
    return np.asarray(result.x)


def _inside(curve: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """Undo what rounding did to the constraints."""
    return np.maximum.accumulate(np.clip(curve, lowest, highest))


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
