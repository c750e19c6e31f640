"""Predictive checks by quadrature: the law of the DLTs that a model expects of as many patients.

Given the curve and the floor, DLTs at a dose are binomial, and rows are independent of one another; the law of each
row, and of the sum over rows, is averaged over the model's grid, weighted by the prior or by the posterior.
"""

from __future__ import annotations

import numpy as np
from scipy.special import comb, expit

from designs.arrays import FloatArray
from doseesc.inference.data import ToxicityData
from doseesc.inference.grid_points import weighed_points
from doseesc.inference.predictive import PredictiveCheck, check_of_shares
from doseesc.inference.quadrature import GridPrior

_MOST_POINTS = 60_000  # of the grid, over all floors


def grid_predictive_checks(laid: GridPrior, data: ToxicityData) -> tuple[PredictiveCheck, ...]:
    """Compare the data with what prior and posterior expect.

    Parameters
    ----------
    laid : GridPrior
    data : ToxicityData
        What was observed; rows without patients are left out.

    Returns
    -------
    tuple of PredictiveCheck
        As :func:`doseesc.inference.predictive_checks` gives them from draws.
    """
    rows = [row for row, n in enumerate(data.n) if n]
    seen = [data.dlt[row] for row in rows]
    found = []
    # The likelihood and a replicate of the data are polynomials of the floor, each of the degree of the patients.
    floors, shares = laid.floors(2 * data.patients)
    likelihoods = laid.log_likelihoods(data, floors)
    for source in ("prior", "posterior"):
        log_weights = [
            np.log(share) + laid.log_prior + (likelihood if source == "posterior" else 0.0)
            for share, likelihood in zip(shares, likelihoods, strict=True)
        ]
        by_row, total = _expected(laid, data, rows, floors, log_weights)
        for row, law, dlt in zip(rows, by_row, seen, strict=True):
            found.append(check_of_shares(source, data.study[row], data.amount[row], dlt, law))
        found.append(check_of_shares(source, "all", None, sum(data.dlt), total))
    return tuple(found)


def _expected(
    laid: GridPrior, data: ToxicityData, rows: list[int], floors: FloatArray, log_weights: list[FloatArray]
) -> tuple[list[FloatArray], FloatArray]:
    """Return the law of the DLTs of each row (n + 1,), and of their sum over rows."""
    values, at_rows = laid.basis_at_nodes(), laid.weights([data.amount[row] for row in rows])
    highest = max(each.max() for each in log_weights)
    weights = [np.exp(each - highest) for each in log_weights]
    all_floors = sum(float(each.sum()) for each in weights)
    by_row = [np.zeros(data.n[row] + 1) for row in rows]
    total = np.zeros(data.patients + 1)
    for floor, weight in zip(floors.tolist(), weights, strict=True):
        place, share = weighed_points(weight / all_floors, _MOST_POINTS // len(floors))
        drug = expit(at_rows @ values.reshape(len(values), -1)[:, place])
        sums = np.ones((1, len(place)))
        for at, (row, p) in enumerate(zip(rows, floor + (1 - floor) * drug, strict=True)):
            n = data.n[row]
            dlt = np.arange(n + 1)[:, None]
            law = comb(n, dlt) * p**dlt * (1 - p) ** (n - dlt)
            by_row[at] += law @ share
            sums = _of_sum(sums, law)
        total += sums @ share
    return by_row, total


def _of_sum(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the laws (n + m + 1, P) of sums of two independent counts, of laws (n + 1, P) and (m + 1, P)."""
    found = np.zeros((len(first) + len(second) - 1, first.shape[1]))
    for count, share in enumerate(second):
        found[count : count + len(first)] += first * share
    return found
