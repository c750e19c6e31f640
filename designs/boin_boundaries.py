"""The boundaries of BOIN: the rates at which it moves, and the numbers of DLTs that they come to in whole patients.

The rates are those of Liu and Yuan (2015), the numbers those of the R package BOIN; see :mod:`designs.boin`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.beta_binomial import fewest_above

_WHOLE = 1e-12  # a product nearer to a whole number than this is that number


class Boundaries(NamedTuple):
    """BOIN's decision table: one entry for each number of patients ``n`` = 1..max_n at a level.

    A boundary that cannot be reached (no elimination) is n + 1.
    """

    n: IntArray
    escalate_if_le: IntArray
    deescalate_if_ge: IntArray
    eliminate_if_ge: IntArray


def interval_boundary(alternative: float, target: float) -> float:
    """Return the rate at which ``alternative`` and ``target`` are equally likely, whatever n.

    Liu and Yuan (2015), equation (2), with equal prior weights.

    Examples
    --------
    >>> round(interval_boundary(0.18, 0.3), 7)
    0.2364907
    """
    odds = alternative * (1 - target) / (target * (1 - alternative))
    return float(np.log((1 - target) / (1 - alternative)) / np.log(odds))


class BoundaryTable(NamedTuple):
    """Boundaries indexed by n = 0..max_n; nobody treated: no boundary is reached."""

    escalate: IntArray
    deescalate: IntArray
    eliminate: IntArray
    stop_extra_safe: IntArray


@lru_cache(maxsize=256)
def boundary_table(
    target: float, p_safe: float, p_toxic: float, cutoff: float, offset: float, one_of_three: bool, max_n: int
) -> BoundaryTable:
    """Return the boundaries for n = 0..``max_n`` patients at a level; the arrays are shared, and cannot be written to.

    Parameters
    ----------
    target, p_safe, p_toxic : float
        The DLT rates from which lambda_e and lambda_d follow.
    cutoff, offset : float
        A level is eliminated beyond ``cutoff``, the lowest with extra safety beyond ``cutoff`` less ``offset``.
    one_of_three : bool
        Whether one DLT in three patients means to stay, whatever lambda_d says.
    max_n : int
    """
    lambda_e, lambda_d = interval_boundary(p_safe, target), interval_boundary(p_toxic, target)
    n = np.arange(max_n + 1)
    eliminate = np.where(n >= 3, fewest_above(target, cutoff, n), n + 1)
    # The package asks for extra safety only where elimination is possible at all with that many patients.
    extra = np.where(eliminate <= n, fewest_above(target, cutoff - offset, n), n + 1)
    highest, lowest = np.multiply.outer(np.array([lambda_e, lambda_d]), n)
    escalate, deescalate = whole_boundaries(highest, lowest)
    if one_of_three:
        deescalate[n == 3] = np.maximum(deescalate[n == 3], 2)
    table = BoundaryTable(escalate, np.minimum(deescalate, eliminate), eliminate, extra)
    for column in table:
        column.setflags(write=False)
    return table


def whole_boundaries(highest: FloatArray, lowest: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the largest y that is at most ``highest`` and the least that exceeds ``lowest``, entry by entry.

    A product that is whole but for rounding is whole: a rate on the lower boundary escalates, one on the upper stays.

    Examples
    --------
    >>> whole_boundaries(np.array([0.6, 3 - 1e-15]), np.array([1.2, 3 + 1e-15]))
    (array([0, 3]), array([2, 4]))
    """
    whole = np.abs(lowest - np.round(lowest)) < _WHOLE
    least = np.where(whole, np.round(lowest) + 1, np.ceil(lowest)).astype(np.int64)
    return np.floor(highest + _WHOLE).astype(np.int64), least
