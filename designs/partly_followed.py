"""The likelihood of patients followed for a part of their window.

A pending patient without a DLT so far whose follow-up has weight w (:mod:`designs.weights`) contributes the factor

    1 - w F,

F being the DLT probability of the dose (Cheung and Chappell 2000, *Biometrics* 56:1177-1182); a DLT contributes F, and
a patient followed to the end of the window, with w = 1, contributes 1 - F.  The factor is taken as (1 - w) + w (1 - F):
a sum of two numbers that are not negative, which loses no digits where F is near 1 as 1 - w F would.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.pending import EnteredTally
from designs.tally import Tally
from designs.weights import weights_sentence

_BELOW_ONE = 1 - 2.0**-53
_TOGETHER = 16  # factors, each at least 2**-53, whose product is far from underflow


class PartlyFollowed(NamedTuple):
    """Pending patients of S tallies whose weight is not 0, moved to the first of K places.

    ``column`` (S, K) is the dose level less one, ``weight`` (S, K) is 0 where there is no further patient.
    """

    column: IntArray
    weight: FloatArray

    @classmethod
    def of(cls, tally: Tally) -> PartlyFollowed | None:
        """Return those of a tally of everybody entered, None where no weight is above 0."""
        if not isinstance(tally, EnteredTally):
            return None
        most = int((tally.weight > 0).sum(axis=1).max(initial=0))
        if most == 0:
            return None
        # Of the greatest weight first, so that the places patients are given in make no difference to the last digit.
        order = np.lexsort((tally.pending.level, -tally.weight))[:, :most]
        level, weight = (np.take_along_axis(each, order, axis=1) for each in (tally.pending.level, tally.weight))
        return cls(np.maximum(level - 1, 0), np.minimum(weight, _BELOW_ONE))

    def multiply(self, likelihood: FloatArray, rows: slice, no_dlt: FloatArray, places: slice = slice(None)) -> None:
        """Multiply the likelihood (R, G) of the tallies in ``rows`` at G nodes by the factors of these patients.

        Parameters
        ----------
        likelihood : array, shape (R, G)
            Changed in place.
        rows : slice
            The R tallies.
        no_dlt : array, shape (J, G)
            One minus the DLT probability at each node.
        places : slice
            Which patients of each tally; by default all.
        """
        for column, weight in zip(self.column[rows, places].T, self.weight[rows, places].T, strict=True):
            there = np.flatnonzero(weight)
            whole = len(there) == len(weight)
            share = (weight if whole else weight[there])[:, None]
            factor = no_dlt.take(column if whole else column[there], axis=0)
            factor *= share
            factor += 1 - share
            if whole:
                likelihood *= factor
            else:
                likelihood[there] *= factor

    def add_logs(self, log_likelihood: FloatArray, rows: slice, no_dlt: FloatArray) -> None:
        """Add the logarithms of the same factors, in place; one logarithm is taken of several factors' product."""
        for first in range(0, self.weight.shape[1], _TOGETHER):
            product = np.ones_like(log_likelihood)
            self.multiply(product, rows, no_dlt, slice(first, first + _TOGETHER))
            log_likelihood += np.log(product, out=product)


def likelihood_words(weights: str | tuple[float, ...]) -> str:
    """Say how a pending patient counts.

    Examples
    --------
    >>> likelihood_words("linear").split(". ")[1]
    'Follow-up counts by the share of the window.'
    """
    return (
        "A patient in the DLT window without a DLT so far counts in the likelihood by 1 - w p, where p is the DLT "
        f"probability and w the weight of the follow-up. {weights_sentence(weights)}"
    )
