"""A figure of a design as what it is: a polynomial in the true DLT probabilities.

With v_s the figure's value in terminal tally s, where dose j has y_j patients with DLT and m_j without, it is

    f(p) = sum_s v_s c_s prod_j p_j^y_j (1 - p_j)^m_j,
    df / dp_j = sum_s v_s c_s (y_j / p_j - m_j / (1 - p_j)) prod_j p_j^y_j (1 - p_j)^m_j,

where at p_j = 0 and 1 the powers are lowered instead of divided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs import Tally
from designs.arrays import FloatArray

_BLOCK = 2**22  # entries of the (truths x terms) matrix held at a time
_EDGE = 1e-12  # nearer to 0 or 1 the quotients would lose digits


@dataclass(frozen=True)
class Polynomial:
    """The expectation of a quantity over the ends of a design's trials.

    Attributes
    ----------
    value : array, shape (T,)
        The quantity in each end where it is not zero.
    log_coefficient : array, shape (T,)
    dlt, no_dlt : array, shape (T, J)
        Powers of p and of 1 - p.
    """

    value: FloatArray
    log_coefficient: FloatArray
    dlt: FloatArray
    no_dlt: FloatArray

    @classmethod
    def of(cls, tally: Tally, log_coefficient: FloatArray, value: npt.ArrayLike) -> Polynomial:
        """Take a quantity's value in each of T ends, shape (T,); booleans make it a probability."""
        each = np.asarray(value, dtype=np.float64)
        met = np.flatnonzero(each)
        n, dlt = tally.n[met].astype(np.float64), tally.dlt[met].astype(np.float64)
        return cls(each[met], log_coefficient[met], dlt, n - dlt)

    def __call__(self, probabilities: npt.ArrayLike) -> FloatArray:
        """Return the expectation under each of K truths (K, J), or one (J,): shape (K,)."""
        truths = np.atleast_2d(np.asarray(probabilities, dtype=np.float64))
        step = max(1, _BLOCK // max(1, len(self.value)))
        blocks = [truths[start : start + step] for start in range(0, len(truths), step)]
        return np.concatenate([self._weights(block, self.dlt, self.no_dlt) @ self.value for block in blocks])

    def value_and_gradient(self, probabilities: npt.ArrayLike) -> tuple[float, FloatArray]:
        """Return the expectation under one truth (J,) and its derivatives with respect to it, shape (J,)."""
        truth = np.asarray(probabilities, dtype=np.float64)
        weight = self.value * self._weights(truth[None], self.dlt, self.no_dlt)[0]
        inside = (truth > _EDGE) & (truth < 1 - _EDGE)
        safe = np.where(inside, truth, 0.5)
        gradient = (weight @ self.dlt) / safe - (weight @ self.no_dlt) / (1 - safe)
        for j in np.flatnonzero(~inside):
            gradient[j] = self._derivative(truth, int(j))
        return float(weight.sum()), gradient

    def _derivative(self, truth: FloatArray, j: int) -> float:
        one = np.zeros(len(truth))
        one[j] = 1.0
        gain = self.dlt[:, j] * self._weights(truth[None], np.maximum(self.dlt - one, 0), self.no_dlt)[0]
        loss = self.no_dlt[:, j] * self._weights(truth[None], self.dlt, np.maximum(self.no_dlt - one, 0))[0]
        return float(self.value @ (gain - loss))

    def _weights(self, truths: FloatArray, dlt: FloatArray, no_dlt: FloatArray) -> FloatArray:
        return weights(truths, dlt, no_dlt, self.log_coefficient)


def weights(truths: FloatArray, dlt: FloatArray, no_dlt: FloatArray, log_coefficient: FloatArray) -> FloatArray:
    """Return c_s prod_j p_j^dlt (1 - p_j)^no_dlt for K truths (K, J) and T terms (T, J), shape (K, T).

    Examples
    --------
    >>> weights(np.array([[0.5], [0.0]]), np.array([[0.0], [2.0]]), np.array([[2.0], [0.0]]), np.zeros(2))
    array([[0.25, 0.25],
           [1.  , 0.  ]])
    """
    # A finite stand-in for log 0: times 0 it is 0, times anything else its exponential is 0.
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(truths), -1e300)
        log_q = np.maximum(np.log1p(-truths), -1e300)
    weight = log_p @ dlt.T
    weight += log_q @ no_dlt.T
    weight += log_coefficient
    return np.exp(weight, out=weight)
