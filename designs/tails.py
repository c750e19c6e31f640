"""Posterior intervals of a DLT probability from its tail probabilities, for models that have no simpler way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, ndtri

from designs.arrays import FloatArray, IntArray
from designs.tally import Tally

_LIMITS = np.sinh(np.linspace(-5.3, 4.5, 321))  # logits of DLT probabilities between which quantiles are interpolated
_LEAST = 1e-9  # tail probabilities nearer 0 or 1 are not told apart


def interval_from_tails(
    tally: Tally,
    level: IntArray | int,
    credibility: float,
    tails: Callable[[Tally, int, FloatArray], FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Return the equal-tailed interval of the DLT probability at ``level`` (S,), each end (S,), to about 1e-4.

    Parameters
    ----------
    tally : Tally
    level : array of int, shape (S,), or int
    credibility : float
        Probability of the interval.
    tails : callable
        Returns P(DLT probability at a level > limits) for some tallies, the level and limits (L,), as (S', L).
    """
    at = np.broadcast_to(level, (tally.size,))
    ends = np.empty((2, tally.size))
    for one in np.unique(at):
        rows = np.flatnonzero(at == one)
        above = tails(tally.take(rows), int(one), expit(_LIMITS))
        # On the probit scale a tail probability is nearly straight in the logit of its limit.
        score = ndtri(np.clip(np.minimum.accumulate(above, axis=1), _LEAST, 1 - _LEAST))
        for end, tail in zip(ends, ((1 + credibility) / 2, (1 - credibility) / 2), strict=True):
            wanted = ndtri(tail)
            after = np.clip((score > wanted).sum(axis=1), 1, len(_LIMITS) - 1)
            left, right = score[np.arange(len(rows)), after - 1], score[np.arange(len(rows)), after]
            part = np.clip((left - wanted) / np.maximum(left - right, 1e-300), 0.0, 1.0)
            end[rows] = expit(_LIMITS[after - 1] + part * (_LIMITS[after] - _LIMITS[after - 1]))
    return ends[0], ends[1]
