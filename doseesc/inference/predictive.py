"""Prior and posterior predictive checks, which ask whether the model would have expected data such as these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray, IntArray
from doseesc.inference.arviz_compat import Trace, group, quiet, with_groups
from doseesc.inference.data import ToxicityData

if TYPE_CHECKING:
    import pymc as pm


PRIOR_DRAWS = 2000
_ROUNDING = 1e-12
_UNCOMPILED = {"mode": "FAST_COMPILE"}  # drawing takes less time than compiling would


@dataclass(frozen=True)
class PredictiveCheck:
    """DLTs seen beside what the model expects of as many patients; by row of the data, and over all rows.

    Attributes
    ----------
    source : {"prior", "posterior"}
    study : str
        ``"all"`` for the sum over rows.
    amount : float or None
        None for the sum over rows.
    n, dlt : int
        Patients and DLTs seen.
    expected : float
        Mean DLTs of replicates.
    low, high : int
        Central 90 % of them.
    as_many : float
        Probability of at least as many DLTs as were seen, of equally many only half: near 0 or 1 the data surprise.
    """

    source: str
    study: str
    amount: float | None
    n: int
    dlt: int
    expected: float
    low: int
    high: int
    as_many: float


def with_predictive(model: pm.Model, trace: Trace, *, seed: int = 1) -> Trace:
    """Add prior and predictive draws, and the data, to a posterior.

    Parameters
    ----------
    model : pm.Model
    trace : InferenceData or DataTree
        With group ``posterior``.
    seed : int

    Returns
    -------
    InferenceData or DataTree
        With groups ``prior``, ``prior_predictive``, ``posterior_predictive``, ``observed_data`` and ``constant_data``
        besides.
    """
    import pymc as pm

    first, second = (int(state) for state in np.random.SeedSequence(seed).generate_state(2))
    with quiet():
        prior = pm.sample_prior_predictive(
            PRIOR_DRAWS, model=model, random_seed=first, compile_kwargs=dict(_UNCOMPILED)
        )
        posterior = pm.sample_posterior_predictive(
            trace, model=model, random_seed=second, progressbar=False, compile_kwargs=dict(_UNCOMPILED)
        )
    added = {name: group(prior, name) for name in ("prior", "prior_predictive", "observed_data", "constant_data")}
    return with_groups(trace, added | {"posterior_predictive": group(posterior, "posterior_predictive")})


def predictive_checks(trace: Trace, data: ToxicityData) -> tuple[PredictiveCheck, ...]:
    """Compare the data with replicates, drawn from the prior and from the posterior.

    Parameters
    ----------
    trace : InferenceData or DataTree
        As :func:`with_predictive` returns it.
    data : ToxicityData
        What was observed; rows without patients are left out.
    """
    found = []
    for source in ("prior", "posterior"):
        draws = group(trace, f"{source}_predictive")["dlt"].values
        replicates = draws.reshape(-1, draws.shape[-1])
        for row, (study, amount, n, dlt) in enumerate(zip(data.study, data.amount, data.n, data.dlt, strict=True)):
            if n:
                found.append(_check(source, study, amount, n, dlt, replicates[:, row]))
        found.append(_check(source, "all", None, data.patients, sum(data.dlt), replicates.sum(axis=1)))
    return tuple(found)


def _check(source: str, study: str, amount: float | None, n: int, dlt: int, replicates: IntArray) -> PredictiveCheck:
    shares = np.bincount(replicates, minlength=n + 1) / len(replicates)
    return check_of_shares(source, study, amount, dlt, shares)


def check_of_shares(source: str, study: str, amount: float | None, dlt: int, shares: FloatArray) -> PredictiveCheck:
    """Return the check of ``dlt`` DLTs seen, given the probabilities (n + 1,) of each number of them."""
    count = np.arange(len(shares))
    low, high = np.searchsorted(np.cumsum(shares), [0.05 - _ROUNDING, 0.95 - _ROUNDING])
    as_many = float(shares[dlt + 1 :].sum() + shares[dlt] / 2)
    expected = float(count @ shares)
    return PredictiveCheck(source, study, amount, len(shares) - 1, dlt, expected, int(low), int(high), as_many)
