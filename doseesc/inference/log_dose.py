"""From the curve at the dose levels to the curve at any amount: the logit of p is linear in log dose.

The same rule as :func:`doseesc.truth.dlt_probability_at` gives the Phase 2 arms; as a matrix, so that a model
can apply it to unknown curves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designs.arrays import FloatArray

_SAME = 1e-9  # relative; a quarter of 8 is the dose 2 whatever the last bit says


def log_dose_weights(levels: Sequence[float], amounts: Sequence[float]) -> FloatArray:
    """Return W (A, J) with logit p(amounts) = W @ logit p(levels).

    Between two levels by linear interpolation on log dose, beyond the ladder with the slope of the two nearest levels;
    with a single level its value everywhere.

    Parameters
    ----------
    levels : sequence of float, length J
        Amounts of the dose levels, increasing.
    amounts : sequence of float, length A
        Any amounts, positive.

    Examples
    --------
    >>> log_dose_weights([2, 8, 32], [1, 4, 32])
    array([[ 1.5, -0.5,  0. ],
           [ 0.5,  0.5,  0. ],
           [ 0. ,  0. ,  1. ]])
    """
    ladder = np.asarray(levels, dtype=np.float64)
    weights = np.zeros((len(amounts), len(ladder)))
    for row, amount in enumerate(amounts):
        same = np.isclose(ladder, amount, rtol=_SAME, atol=0.0)
        if same.any() or len(ladder) == 1:
            weights[row, int(np.argmax(same))] = 1.0
            continue
        upper = int(np.clip(np.searchsorted(ladder, amount), 1, len(ladder) - 1))
        low, high = np.log(ladder[upper - 1 : upper + 1])
        along = (np.log(amount) - low) / (high - low)
        weights[row, upper - 1 : upper + 1] = 1 - along, along
    return weights


def line_weights(reference: float, amounts: Sequence[float]) -> FloatArray:
    """Return W (A, 2) with log_alpha + slope log(amount / reference) = W @ (log_alpha, slope)."""
    return np.column_stack([np.ones(len(amounts)), np.log(np.asarray(amounts) / reference)])


def doses_of_interest(levels: Sequence[float], further: Sequence[float] = ()) -> tuple[float, ...]:
    """Return the levels and, after them, the further amounts that are no levels, each once.

    Examples
    --------
    >>> doses_of_interest([2, 8, 16], [4, 16, 4])
    (2.0, 8.0, 16.0, 4.0)
    """
    doses = [float(level) for level in levels]
    for amount in further:
        if not np.isclose(doses, amount, rtol=_SAME, atol=0.0).any():
            doses.append(float(amount))
    return tuple(doses)
