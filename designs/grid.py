"""Posterior expectations on a fixed grid of model parameters, for many tallies in one matrix product.

A model is a grid: for every node the logarithm of its prior weight (prior density times quadrature weight) and, for
every dose, the logarithms of the DLT probability and of its complement.  The likelihood of S tallies at G nodes is
then ``dlt @ log_dlt + (n - dlt) @ log_no_dlt``, one product of an (S, 2J) by a (2J, G) matrix.

Patients pending in a tally of everybody entered add the logarithms of 1 - w F, w being the weight of their follow-up
(:mod:`designs.partly_followed`); nothing else in a model need know of them.

So a new model is a function that fills the grid.  The one-hit model, p = 1 - exp(-exp(b) dose) with b ~ N(m, 1):

>>> from designs.nodes import thinned_axis
>>> def one_hit(doses, prior_mean):
...     axis = thinned_axis(reach=8.5, step=0.1)
...     hits = np.outer(doses, np.exp(prior_mean + axis.nodes))
...     log_weight = axis.log_weight - axis.nodes**2 / 2
...     return GridModel(log_weight, log_dlt=np.log(-np.expm1(-hits)), log_no_dlt=-hits)
>>> model = one_hit(doses=[1, 2, 4], prior_mean=-2.0)
>>> model.expect(Tally.parse("1NNN 2NNN 3NTT", n_doses=3), np.exp(model.log_dlt).T).round(3)
array([[0.121, 0.224, 0.386]])

Its nodes lie by :func:`designs.nodes.thinned_axis`; a model of two parameters takes the product of two axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from designs.arrays import FloatArray, IntArray
from designs.entered import known_part
from designs.nodes import CURVATURE, Axis, position_of
from designs.partly_followed import PartlyFollowed
from designs.tally import Tally

MOST_BYTES = 2**28
"""Bytes that a model's grid and what is expected over it may take, about."""

_ROWS = 4096  # tallies per block: the block of weights stays in the processor's cache
_BLOCK = 2**19  # weights per block on large grids, for the same reason
_MOST_WEIGHTS = 2**23  # weights per block on very large ones
_TILE = 256  # nodes, and tallies, per block where likelihoods are put together from shared factors
_SHARED_FROM = 512  # nodes, and tallies, from which sharing pays
_EXP_PER_PRODUCT = 8  # how much longer an exponential takes than a product
_SHARED_PATIENTS = 300  # beyond, an unscaled likelihood might underflow


def require_grid(
    name: str, nodes: float, n_doses: int, functions: int, remedy: str, most_bytes: int = MOST_BYTES
) -> None:
    """Raise ValueError, before anything is made, where a grid would take too much memory.

    Parameters
    ----------
    name : str
        The parameter that makes it large.
    nodes : float
        Its nodes.
    n_doses : int
    functions : int
        Functions whose expectations are asked for at once, for each dose.
    remedy : str
        What to do, such as "give a smaller one".
    most_bytes : int
        What it may take, about.
    """
    needed = 8.0 * nodes * (n_doses * (2 + 2 * functions) + 4)
    if not needed <= most_bytes:
        raise ValueError(
            f"{name} needs a grid of {nodes:,.0f} nodes and {needed / 2**30:,.1f} GiB here, more than "
            f"{most_bytes / 2**30:.2g} GiB; {remedy}"
        )


def grid_patients(max_n: int, tally: Tally) -> int:
    """Return for how many patients a grid must be fine enough: ``max_n``, or more where a tally has more.

    A tally beyond ``max_n`` is a question asked outside a trial; numbers are then rounded up, so that few different
    grids are ever made.
    """
    patients = int(tally.total_n.max(initial=0))
    return max_n if patients <= max_n else 2 ** int(np.ceil(np.log2(patients)))


@dataclass(frozen=True, eq=False)
class GridModel:
    """A dose-toxicity model on G nodes.

    Parameters
    ----------
    log_weight : array, shape (G,)
        Logarithm of the prior weight of each node; need not be normalised.
    log_dlt, log_no_dlt : array, shape (J, G)
        Logarithms of the DLT probability and of one minus it.
    """

    log_weight: FloatArray
    log_dlt: FloatArray
    log_no_dlt: FloatArray

    @cached_property
    def _no_dlt(self) -> FloatArray:
        return np.exp(self.log_no_dlt)

    def expect(self, tally: Tally, functions: FloatArray) -> FloatArray:
        """Return posterior expectations.

        Parameters
        ----------
        tally : Tally
            S tallies of J doses.
        functions : array, shape (G, F)
            F functions of the parameters, by their values at the nodes.

        Returns
        -------
        array, shape (S, F)
        """
        columns = np.column_stack([np.ones(len(self.log_weight)), functions])
        factors = self._shared_factors(tally)
        if factors is not None:
            sums = self._sums_by_factors(tally, factors, columns)
            return sums[:, 1:] / sums[:, :1]
        result = np.empty((tally.size, functions.shape[1]))
        for rows, weight in self._log_weights(tally):
            weight -= weight.max(axis=1, keepdims=True)
            np.exp(weight, out=weight)
            sums = weight @ columns
            result[rows] = sums[:, 1:] / sums[:, :1]
        return result

    def log_evidence(self, tally: Tally) -> FloatArray:
        """Return the logarithm of the marginal likelihood of the data, shape (S,)."""
        result = np.empty(tally.size)
        for rows, weight in self._log_weights(tally):
            result[rows] = logsumexp(weight, axis=1)
        return result - logsumexp(self.log_weight)

    def quantiles(self, tally: Tally, axis: Axis, probabilities: FloatArray) -> FloatArray:
        """Return posterior quantiles (S, Q) of the one parameter whose nodes are those of ``axis``.

        The trapezoidal sums with their end corrections (Euler and Maclaurin) give the distribution function at the
        nodes, the integral of the interpolating polynomial of degree 5 gives it in between.

        Examples
        --------
        A normal prior and no data:

        >>> from designs.nodes import thinned_axis
        >>> axis = thinned_axis(reach=8.5, step=0.2)
        >>> prior = GridModel(axis.log_weight - axis.nodes**2 / 2, *np.zeros((2, 1, len(axis.nodes))))
        >>> prior.quantiles(Tally.empty(1), axis, np.array([0.05, 0.975])).round(5)
        array([[-1.64485,  1.95996]])
        """
        result = np.empty((tally.size, len(probabilities)))
        for rows, log_weight in self._log_weights(tally):
            weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
            weight /= weight.sum(axis=1, keepdims=True)
            below = np.cumsum(weight, axis=1) - weight / 2
            for column, probability in enumerate(probabilities):
                result[rows, column] = position_of(weight, below, float(probability))
        t = (result - (len(axis.nodes) - 1) / 2) * axis.step
        return np.sinh(CURVATURE * t) / CURVATURE

    def _log_weights(self, tally: Tally) -> Iterator[tuple[slice, FloatArray]]:
        """Yield blocks of rows with the logarithms of prior weight times likelihood at every node."""
        table = np.concatenate([self.log_dlt, self.log_no_dlt])
        known, partly = known_part(tally), PartlyFollowed.of(tally)
        step = min(_ROWS, max(64, _BLOCK // len(self.log_weight)), max(1, _MOST_WEIGHTS // len(self.log_weight)))
        for start in range(0, tally.size, step):
            rows = slice(start, start + step)
            weight = _counts(known.n[rows], known.dlt[rows]) @ table
            weight += self.log_weight
            if partly is not None:
                partly.add_logs(weight, rows, self._no_dlt)
            yield rows, weight

    def _shared_factors(self, tally: Tally) -> list[_Factor] | None:
        """Split the likelihood into factors of neighbouring doses, if many tallies share few distinct ones.

        Then exponentials, most of the work on a large grid, are taken of the distinct factors alone.
        """
        if len(self.log_weight) < _SHARED_FROM or tally.size < _SHARED_FROM:
            return None
        if tally.total_n.max() > _SHARED_PATIENTS:
            return None
        tally = known_part(tally)
        nothing = np.zeros(tally.size, dtype=np.int64)
        factors = [_Factor.of(tally, 0, 0, nothing)]
        for j in range(1, tally.n_doses):
            longer = _Factor.of(tally, factors[-1].first, j, factors[-1].row)
            if len(longer.n) * _EXP_PER_PRODUCT < tally.size:
                factors[-1] = longer
            else:
                factors.append(_Factor.of(tally, j, j, nothing))
        return factors if sum(len(factor.n) for factor in factors) < tally.size / 2 else None

    def _sums_by_factors(self, tally: Tally, factors: list[_Factor], columns: FloatArray) -> FloatArray:
        """Return the sums over nodes of prior weight times likelihood times each column."""
        partly = PartlyFollowed.of(tally)
        prior = np.exp(self.log_weight - self.log_weight.max())
        sums = np.zeros((tally.size, columns.shape[1]))
        for start in range(0, len(prior), _TILE):
            nodes = slice(start, start + _TILE)
            weighted = prior[nodes, None] * columns[nodes]
            tables = []
            for factor in factors:
                doses = slice(factor.first, factor.last + 1)
                table = np.concatenate([self.log_dlt[doses, nodes], self.log_no_dlt[doses, nodes]])
                tables.append(np.exp(_counts(factor.n, factor.dlt) @ table))
            for first in range(0, tally.size, _TILE):
                rows = slice(first, first + _TILE)
                weight = tables[0].take(factors[0].row[rows], axis=0)
                for table, factor in zip(tables[1:], factors[1:], strict=True):
                    weight *= table.take(factor.row[rows], axis=0)
                if partly is not None:
                    partly.multiply(weight, rows, self._no_dlt[:, nodes])
                sums[rows] += weight @ weighted
        return sums


class _Factor(NamedTuple):
    """The distinct counts (U, D) of doses first..last among S tallies, and which each tally has, ``row`` (S,)."""

    first: int
    last: int
    n: IntArray
    dlt: IntArray
    row: IntArray

    @classmethod
    def of(cls, tally: Tally, first: int, last: int, row: IntArray) -> _Factor:
        """Find the distinct counts, ``row`` telling those of the doses before ``last`` apart."""
        n, dlt = tally.n[:, last].astype(np.int64), tally.dlt[:, last].astype(np.int64)
        key = (row * (int(n.max()) + 1) + n) * (int(dlt.max()) + 1) + dlt
        _, chosen, row = np.unique(key, return_index=True, return_inverse=True)
        doses = slice(first, last + 1)
        return cls(first, last, tally.n[chosen, doses], tally.dlt[chosen, doses], row)


def _counts(n: IntArray, dlt: IntArray) -> FloatArray:
    return np.concatenate([dlt, n - dlt], axis=1).astype(np.float64)
