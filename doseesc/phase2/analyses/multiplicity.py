"""Several active arms against one control: p-values adjusted so that some false claim is made with at most level alpha.

none            as they are: each comparison has its own level
bonferroni      K p
holm            step-down Bonferroni (Holm 1979)
hochberg        step-up (Hochberg 1988): for two arms, both win where both p <= alpha
dunnett         one step, by the joint normal law of the K statistics that share the control (Dunnett 1955)
fixed_sequence  in a stated order, each only after all before it have won

One-sided p-values go in and come out; an arm wins where its adjusted p is at most alpha.  Over endpoints,
``hierarchical`` tests an endpoint only where every arm has won on the endpoint before it, so that alpha holds for all
endpoints together; ``separate`` tests each endpoint at alpha by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from designs.arrays import BoolArray, FloatArray
from designs.checks import require_choice

METHODS = ("none", "bonferroni", "holm", "hochberg", "dunnett", "fixed_sequence")
ENDPOINT_ORDERS = ("hierarchical", "separate")

_REACH = 8.0  # standard deviations of the control's share over which it is integrated
_STEP = 0.7  # of that, in standard deviations of the narrowest normal curve among the integrands


def adjust(
    p: Any, method: str, *, order: Sequence[int] | None = None, allocation: Sequence[float] | None = None
) -> FloatArray:
    """Return adjusted p-values.

    Parameters
    ----------
    p : array, shape (..., K)
        One-sided p-values of K arms against the control.
    method : str
        One of :data:`METHODS`.
    order : sequence of int, optional
        For ``"fixed_sequence"``: the arms from first to last tested, from 0; by default as they come.
    allocation : sequence of float, optional
        For ``"dunnett"``: patients of each arm as a multiple of the control's; by default all 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> adjust([0.01, 0.02], "holm")
    array([0.02, 0.02])
    >>> adjust([0.03, 0.02], "fixed_sequence", order=[1, 0])
    array([0.03, 0.02])
    """
    require_choice("method", method, METHODS)
    given = np.asarray(p, dtype=np.float64)
    arms = given.shape[-1]
    if method == "none":
        return given.copy()
    if method == "bonferroni":
        return np.minimum(arms * given, 1.0)
    if method == "dunnett":
        return _dunnett(given, np.ones(arms) if allocation is None else np.asarray(allocation, dtype=np.float64))
    if method == "fixed_sequence":
        places = np.arange(arms) if order is None else np.asarray(order)
        if sorted(places.tolist()) != list(range(arms)):
            raise ValueError(f"order must name each of the {arms} arms once, not {list(places)}")
        adjusted = np.empty_like(given)
        adjusted[..., places] = np.maximum.accumulate(given[..., places], axis=-1)
        return adjusted
    ranked = np.argsort(given, axis=-1, kind="stable")
    sorted_p = np.take_along_axis(given, ranked, axis=-1) * np.arange(arms, 0, -1)
    if method == "holm":
        stepped = np.maximum.accumulate(sorted_p, axis=-1)
    else:
        stepped = np.minimum.accumulate(sorted_p[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.empty_like(given)
    np.put_along_axis(adjusted, ranked, np.minimum(stepped, 1.0), axis=-1)
    return adjusted


def winners(adjusted: Sequence[FloatArray], alpha: float, endpoints: str) -> list[BoolArray]:
    """Return where each arm wins on each endpoint.

    Parameters
    ----------
    adjusted : sequence of array, shape (..., K)
        Adjusted p-values of the endpoints, the first tested first.
    alpha : float
        One-sided level.
    endpoints : {"hierarchical", "separate"}
    """
    require_choice("endpoints", endpoints, ENDPOINT_ORDERS)
    found = []
    open_still: BoolArray = np.ones(adjusted[0].shape[:-1], dtype=np.bool_)
    for p in adjusted:
        won = (p <= alpha) & open_still[..., None]
        found.append(won)
        if endpoints == "hierarchical":
            open_still = np.asarray(won.all(axis=-1))
    return found


def _dunnett(p: FloatArray, allocation: FloatArray) -> FloatArray:
    """Return 1 - P(all K statistics stay below z) given each z; they share the control through one normal variable."""
    loading = np.sqrt(allocation / (1 + allocation))
    # The trapezoidal rule is as good as exact while its steps are short beside the curves, however large the arms.
    narrowest = 1 / np.sqrt(1 + allocation.sum())
    node = np.linspace(-_REACH, _REACH, 1 + 2 * int(np.ceil(_REACH / (_STEP * narrowest))))
    weight = np.exp(-(node**2) / 2)
    z = -ndtri(p)
    below = np.ones((*z.shape, len(node)))
    for each in loading:
        below = below * ndtr((z[..., None] - each * node) / np.sqrt(1 - each**2))
    chance = below @ (weight / weight.sum())
    return np.clip(1 - chance, p, 1.0)
