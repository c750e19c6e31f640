"""Posterior expectations on a fixed grid of model parameters, for many tallies in one matrix product.

A model is a grid: for every node the logarithm of its prior weight (prior density times quadrature weight) and, for
every dose, the logarithms of the DLT probability and of its complement.  The likelihood of S tallies at G nodes is
then ``dlt @ log_dlt + (n - dlt) @ log_no_dlt``, one product of an (S, 2J) by a (2J, G) matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs.tally import Tally

FloatArray = npt.NDArray[np.float64]

_ROWS = 4096  # tallies per block: the block of weights stays in the processor's cache


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
        table = np.concatenate([self.log_dlt, self.log_no_dlt])
        columns = np.column_stack([np.ones(len(self.log_weight)), functions])
        result = np.empty((tally.size, functions.shape[1]))
        for start in range(0, tally.size, _ROWS):
            rows = slice(start, start + _ROWS)
            counts = np.concatenate([tally.dlt[rows], tally.n[rows] - tally.dlt[rows]], axis=1).astype(np.float64)
            weight = counts @ table
            weight += self.log_weight
            weight -= weight.max(axis=1, keepdims=True)
            np.exp(weight, out=weight)
            sums = weight @ columns
            result[rows] = sums[:, 1:] / sums[:, :1]
        return result
