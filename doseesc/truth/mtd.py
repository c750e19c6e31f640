"""The true MTD of a DLT curve: which level is right to select, and which levels are where several are as near.

Doses may be equally near the target: a plateau (10, 10 and 10 %), or one dose on either side of it (20 and 30 % at a
target of 25 %).  ``ties`` says which of them is the true MTD:

``"highest_below"`` (default)
    the highest of those at or below the target (by the rule of that name: the target plus margin); where all are above
    it, the lowest of them.  So of two on either side the lower, of a plateau below the target its highest dose, of one
    above its lowest;
``"highest"``, ``"lowest"``
    the highest or the lowest of them;
``"any"``
    each of them: whichever is selected, the selection is correct, and too high are only doses above all of them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray
from designs.checks import require_choice

MtdRule = Literal["nearest", "highest_below"]
Ties = Literal["highest_below", "highest", "lowest", "any"]

MTD_RULES: tuple[MtdRule, ...] = ("nearest", "highest_below")
TIES: tuple[Ties, ...] = ("highest_below", "highest", "lowest", "any")

SAME = 1e-12
"""Distances from the target that differ by less are ties: 0.25 - 0.20 against 0.30 - 0.25."""


def true_mtd(
    p: npt.ArrayLike,
    target: float,
    rule: MtdRule = "nearest",
    margin: float = 0.1,
    ties: Ties = "highest_below",
) -> IntArray:
    """Return the true MTD's level, 0 = none, of one curve (J,) or of many (..., J).

    Parameters
    ----------
    p : array, shape (..., J)
        True DLT probabilities.
    target : float
        Target DLT probability.
    rule : {"nearest", "highest_below"}
        ``"nearest"``: the dose nearest the target; none where even the lowest dose exceeds ``target + margin``.
        ``"highest_below"``: the highest dose not above ``target + margin``.
    margin : float
        See ``rule``.
    ties : {"highest_below", "highest", "lowest", "any"}
        Which of several doses it is, see the module's text; with ``"any"`` the highest of them is returned, above which
        a selection is too high.

    Raises
    ------
    ValueError
        If ``rule`` or ``ties`` is another.

    Examples
    --------
    >>> true_mtd([[0.10, 0.25, 0.45], [0.45, 0.60, 0.75], [0.05, 0.20, 0.20]], 0.25)
    array([2, 0, 3])
    >>> true_mtd([0.05, 0.20, 0.20], 0.25, ties="lowest")
    array(2)
    """
    return highest_right(right_levels(p, target, rule, margin, ties))


def right_levels(
    p: npt.ArrayLike,
    target: float,
    rule: MtdRule = "nearest",
    margin: float = 0.1,
    ties: Ties = "highest_below",
) -> BoolArray:
    """Return which levels are right to select, shape (..., J + 1), of one curve (J,) or of many; level 0 is "none".

    One level is right, but with ``ties="any"`` each of those that are equally near.  Parameters and errors are those of
    :func:`true_mtd`.

    Examples
    --------
    >>> right_levels([0.05, 0.20, 0.20], 0.25, ties="any").nonzero()[0]
    array([2, 3])
    """
    require_choice("ties", ties, TIES)
    curves = np.asarray(p, dtype=np.float64)
    tied = tied_levels(curves, target, rule, margin)
    none = ~tied.any(axis=-1, keepdims=True)
    limit = target if rule == "nearest" else target + margin
    return np.concatenate([none, _one_of(tied, curves <= limit + SAME, ties)], axis=-1)


def tied_levels(p: npt.ArrayLike, target: float, rule: MtdRule = "nearest", margin: float = 0.1) -> BoolArray:
    """Return which levels are equally good candidates for the true MTD, shape (..., J); none where no dose is right.

    By rule ``"highest_below"`` these are the doses of the same DLT probability as the highest that is tolerable.

    Examples
    --------
    >>> tied_levels([0.05, 0.20, 0.30], 0.25)
    array([False,  True,  True])
    """
    require_choice("rule", rule, MTD_RULES)
    curves = np.asarray(p, dtype=np.float64)
    if rule == "nearest":
        distance = np.abs(curves - target)
        tied = distance <= distance.min(axis=-1, keepdims=True) + SAME
        return np.asarray(tied & (curves[..., :1] <= target + margin + SAME))
    tolerable = curves <= target + margin + SAME
    highest = curves.shape[-1] - 1 - np.argmax(tolerable[..., ::-1], axis=-1)
    chosen = np.take_along_axis(curves, highest[..., None], axis=-1)
    return np.asarray((np.abs(curves - chosen) <= SAME) & tolerable)


def highest_right(right: BoolArray) -> IntArray:
    """Return the highest level marked as right to select, shape (...,), from marks (..., J + 1).

    Examples
    --------
    >>> highest_right(np.array([[True, False, False], [False, True, True]]))
    array([0, 2])
    """
    return np.asarray((right * np.arange(right.shape[-1])).max(axis=-1))


def _one_of(tied: BoolArray, below: BoolArray, ties: Ties) -> BoolArray:
    """Return which of the tied levels (..., J) count, given which are at or below the target."""
    if ties == "any":
        return tied
    n_doses = tied.shape[-1]
    levels = np.arange(1, n_doses + 1)
    lowest = n_doses + 1 - (tied * levels[::-1]).max(axis=-1)
    highest = (tied * levels).max(axis=-1)
    highest_below = (tied & below) * levels
    level = {
        "highest": highest,
        "lowest": lowest,
        "highest_below": np.where(highest_below.any(axis=-1), highest_below.max(axis=-1), lowest),
    }[ties]
    return np.asarray(tied & (levels == level[..., None]))
