"""From tail probabilities to quantiles, for posteriors that have no simpler way."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import expit, ndtri

from designs.arrays import FloatArray, IntArray
from designs.design import Design
from designs.tally import Tally

LOGITS = np.sinh(np.linspace(-5.3, 4.5, 321))
"""Logits of DLT probabilities between which quantiles are interpolated; close enough for straight lines."""

_LEAST = 1e-9  # tail probabilities nearer 0 or 1 are not told apart
# Row m: coefficient of u**m, m = 0..3, in the polynomial through values at -1, 0, 1 and 2.
_CUBIC = np.linalg.inv(np.vander([-1.0, 0.0, 1.0, 2.0], increasing=True))


def where_tail_is(tails: FloatArray, places: FloatArray, tail: float, *, cubic: bool = False) -> FloatArray:
    """Return the places (S,) at which falling tail probabilities (S, L) take a value.

    On the probit scale a tail probability is nearly straight in the place of its limit.

    Parameters
    ----------
    tails : array, shape (S, L)
    places : array, shape (L,)
        Where they are given, such as logits of limits; equidistant if ``cubic``.
    tail : float
        The value.
    cubic : bool
        Whether cubics lead from place to place, for few places, or straight lines.

    Examples
    --------
    >>> where_tail_is(np.array([[0.975, 0.5, 0.025]]), np.array([0.0, 1.0, 2.0]), 0.25).round(3)
    array([1.344])
    """
    score = ndtri(np.clip(np.minimum.accumulate(tails, axis=1), _LEAST, 1 - _LEAST))
    wanted = float(ndtri(tail))
    edge = 2 if cubic else 1
    after = np.clip((score > wanted).sum(axis=1), edge, len(places) - edge)
    near = np.take_along_axis(score, after[:, None] + np.arange(-edge, edge), axis=1)
    if not cubic:
        left, right = near.T
        part = np.clip((left - wanted) / np.maximum(left - right, 1e-300), 0.0, 1.0)
        return places[after - 1] + part * (places[after] - places[after - 1])
    near = near - wanted
    c0, c1, c2, c3 = _CUBIC @ near.T
    part = np.clip(near[:, 1] / np.maximum(near[:, 1] - near[:, 2], 1e-300), 0.0, 1.0)
    for _ in range(4):  # Newton's steps, kept between the neighbours
        value, slope = ((c3 * part + c2) * part + c1) * part + c0, (3 * c3 * part + 2 * c2) * part + c1
        part = np.clip(part - value / np.minimum(slope, -1e-300), 0.0, 1.0)
    return places[after - 1] + part * (places[1] - places[0])


class TailsDesign(Design):
    """A design whose model gives tail probabilities of the DLT probability at a level."""

    @abstractmethod
    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """Return P(DLT probability at ``level`` > limits | data), shape (S, L)."""

    def probability_above(self, tally: Tally, level: int, above: float) -> FloatArray:
        """See :meth:`Design.probability_above`; from the model."""
        self.check_question(level, above)
        return np.clip(self.tails(tally, level, np.array([above]))[:, 0], 0.0, 1.0)

    def credible_interval(
        self, tally: Tally, level: IntArray | int, credibility: float = 0.9
    ) -> tuple[FloatArray, FloatArray]:
        """See :meth:`Design.credible_interval`; from the model, each end to about 1e-4."""
        at = np.broadcast_to(level, (tally.size,))
        ends = np.empty((2, tally.size))
        for one in np.unique(at):
            rows = np.flatnonzero(at == one)
            above = self.tails(tally.take(rows), int(one), expit(LOGITS))
            for end, tail in zip(ends, ((1 + credibility) / 2, (1 - credibility) / 2), strict=True):
                end[rows] = expit(where_tail_is(above, LOGITS, tail))
        return ends[0], ends[1]
