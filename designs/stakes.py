"""What a trial is played for: weighted truths, and what selections, patients and DLTs are worth under each of them.

With K truths p_k of prior weight w_k, a trial that ends in a tally (n, y) and selects level d is worth

    E[u | n, y] = sum_k w_k L_k (g_kd - sum_j n_j c_kj - e sum_j y_j) / sum_k w_k L_k,
    L_k = prod_j p_kj^y_j (1 - p_kj)^(n_j - y_j),

g the gain of a selection, c the price of a patient at a level and e that of a DLT.  The sums without the division, the
*shares*, are what backward induction adds up: the share of a tally is the sum, over the outcomes of the next cohort, of
their numbers of orders times the shares of the tallies to which they lead, so that no posterior need ever be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designs.arrays import FloatArray, IntArray

SAME_VALUE = 1e-13
"""Values that differ by less, as a share of the tally's probability, are ties."""

_LOG_OF_NOTHING = -1e4  # its exponential is 0, and 0 times it is 0
_ONE = 1e-12
_BLOCK = 2**21  # entries of the (tallies x truths) matrix of likelihoods held at a time


@dataclass(frozen=True, eq=False)
class Stakes:
    """Weighted truths and what is gained and paid under each.

    Parameters
    ----------
    truths : array, shape (K, J)
        DLT probabilities.
    weight : array, shape (K,)
        Prior weights; scaled so that they add up to 1.
    gain : array, shape (K, J + 1)
        Utility of selecting each level, index 0 being "none".
    patient_price : array, shape (K, J)
        Price of each patient at each level.
    dlt_price : float
        Price of each DLT.

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite, a truth is no probability, or the weights are negative or all 0.

    Examples
    --------
    >>> stakes = Stakes(truths=[[0.1, 0.4], [0.3, 0.6]], weight=[1, 1], gain=[[0, 0, 1], [0, 1, 0]])
    >>> stakes.expected(np.array([[3, 0]]), np.array([[0, 0]])).round(3)
    array([[0.  , 0.32, 0.68]])
    """

    truths: FloatArray
    weight: FloatArray
    gain: FloatArray
    patient_price: FloatArray | None = None
    dlt_price: float = 0.0

    def __post_init__(self) -> None:
        for name in ("truths", "weight", "gain"):
            object.__setattr__(self, name, _finite(name, getattr(self, name)))
        if self.truths.ndim != 2 or 0 in self.truths.shape:
            raise ValueError(f"truths must have shape (truths, doses), not {self.truths.shape}")
        n_truths, n_doses = self.truths.shape
        prices = np.zeros((n_truths, n_doses)) if self.patient_price is None else self.patient_price
        object.__setattr__(self, "patient_price", _finite("patient_price", prices))
        object.__setattr__(self, "dlt_price", float(_finite("dlt_price", self.dlt_price)))
        shapes = {"weight": (n_truths,), "gain": (n_truths, n_doses + 1), "patient_price": (n_truths, n_doses)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, not {getattr(self, name).shape}")
        if ((self.truths < 0) | (self.truths > 1)).any():
            raise ValueError("truths must lie in [0, 1]")
        if (self.weight < 0).any() or not self.weight.sum() > 0:
            raise ValueError("weight must not be negative, nor 0 for all truths")
        total = self.weight.sum()
        if abs(total - 1) > _ONE:  # once scaled they stay as they are, to the last digit
            object.__setattr__(self, "weight", self.weight / total)

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return int(self.truths.shape[1])

    @property
    def free(self) -> bool:
        """Whether neither patients nor DLTs have a price."""
        return self.dlt_price == 0 and not self.prices.any()

    @property
    def prices(self) -> FloatArray:
        """Price of each patient at each level, shape (K, J)."""
        assert self.patient_price is not None  # by __post_init__
        return self.patient_price

    def shares(self, n: IntArray, dlt: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the share of each selection (S, J + 1) if trials ended in tallies (S, J), and their probability (S,).

        The probability is that of one order of outcomes, averaged over the truths.
        """
        size, columns = len(n), self.n_doses + 1
        shares, mass = np.empty((size, columns)), np.empty(size)
        step = max(1, _BLOCK // len(self.truths))
        for start in range(0, size, step):
            rows = slice(start, start + step)
            patients, toxic = n[rows].astype(np.float64), dlt[rows].astype(np.float64)
            likelihood = np.concatenate([toxic, patients - toxic], axis=1) @ self._log_probabilities
            np.exp(likelihood, out=likelihood)
            sums = likelihood @ self._weighted
            mass[rows] = sums[:, columns]
            shares[rows] = sums[:, :columns]
            if not self.free:
                paid = (patients * sums[:, columns + 1 :]).sum(axis=1) + self.dlt_price * toxic.sum(axis=1) * mass[rows]
                shares[rows] -= paid[:, None]
        return shares, mass

    def expected(self, n: IntArray, dlt: IntArray) -> FloatArray:
        """Return the posterior expected utility of each selection, shape (S, J + 1); 0 where no truth allows the data.

        Parameters
        ----------
        n, dlt : array of int, shape (S, J)
        """
        shares, mass = self.shares(n, dlt)
        return shares / np.where(mass > 0, mass, 1.0)[:, None]

    @cached_property
    def _log_probabilities(self) -> FloatArray:
        with np.errstate(divide="ignore"):
            logs = np.concatenate([np.log(self.truths).T, np.log1p(-self.truths).T])
        return np.maximum(logs, _LOG_OF_NOTHING)

    @cached_property
    def _weighted(self) -> FloatArray:
        columns = [self.gain, np.ones((len(self.truths), 1))]
        if not self.free:
            columns.append(self.prices)
        return self.weight[:, None] * np.concatenate(columns, axis=1)


def first_of_the_best(shares: FloatArray, mass: FloatArray) -> IntArray:
    """Return the first column (S,) whose share is the largest of its row (S, C), or a tie with it."""
    least = shares.max(axis=1) - SAME_VALUE * mass
    return np.argmax(shares >= least[:, None], axis=1)


def _finite(name: str, values: object) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    array.setflags(write=False)
    return array
