"""What borrowing does: patients borrowed, the weight of the history against conflicting data, and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln

from designs.arrays import FloatArray
from designs.checks import require_choice, require_whole
from doseesc.inference.borrowing.borrowing import RobustPrior
from doseesc.inference.borrowing.effective_sample_size import moment_size
from doseesc.inference.borrowing.mixture_fit import Observed, TallyFits, fit_tallies, posterior_weights
from doseesc.inference.data import NOBODY, ToxicityData

if TYPE_CHECKING:
    import pandas as pd


DEFINITIONS = ("predictive", "moments")
PATIENTS = 30
"""About as many as a Phase 1 trial has."""

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def sample_sizes(
    prior: RobustPrior,
    data: ToxicityData,
    amounts: Sequence[float],
    *,
    definition: str = "predictive",
    patients: int = PATIENTS,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Return effective sample sizes by dose.

    Parameters
    ----------
    prior : RobustPrior
    data : ToxicityData
        The trial's own.
    amounts : sequence of float, length D
    definition : {"predictive", "moments"}
        See :mod:`doseesc.inference.borrowing.effective_sample_size`.
    patients : int
        N of the definition ``"predictive"``.
    floor, floor_prior
        Background of DLT-like events; see :mod:`designs.floor`.

    Returns
    -------
    DataFrame
        One row per dose: those of the priors ``weak``, ``map`` and ``robust``; what is ``borrowed``, robust less weak;
        and what of it is left once the trial's data are in, ``borrowed_after``: that of the posterior, less that of the
        posterior without borrowing.

    Raises
    ------
    ValueError
        If there is no such definition, or ``patients`` is no whole number of at least 1.
    """
    import pandas as pd

    require_choice("definition", definition, DEFINITIONS)
    require_whole("patients", patients, 1)
    further = patients if definition == "predictive" else 0
    rows = []
    for amount in amounts:
        before, after = (_Further.of(prior, each, amount, further, floor, floor_prior) for each in (NOBODY, data))
        weak, predicted, robust = (before.size(prior.with_weight(weight)) for weight in (0, 1, prior.weight))
        left = after.size(prior) - after.size(prior.with_weight(0))
        rows.append((float(amount), weak, predicted, robust, robust - weak, left))
    return pd.DataFrame(rows, columns=["amount", "weak", "map", "robust", "borrowed", "borrowed_after"])


def conflict_table(
    prior: RobustPrior,
    amount: float,
    n: int,
    data: ToxicityData = NOBODY,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Return how the weight of the history moves as more and more of ``n`` patients at a dose have a DLT.

    Parameters
    ----------
    prior : RobustPrior
    amount : float
        Dose of the further patients.
    n : int
        Their number.
    data : ToxicityData
        What the trial has observed already.
    floor, floor_prior
        Background of DLT-like events; see :mod:`designs.floor`.

    Returns
    -------
    DataFrame
        One row per number of DLTs, ``dlt``: its ``probability`` beforehand, the ``weight`` of the MAP prior after it,
        and the posterior means of the DLT probability at the dose, ``mean``, and with the plain MAP and the weak prior
        alone, ``mean_map`` and ``mean_weak``.

    Raises
    ------
    ValueError
        If ``n`` is no whole number of at least 1.
    """
    import pandas as pd

    require_whole("n", n, 1)
    found = _Further.of(prior, data, amount, n, floor, floor_prior)
    columns = {"dlt": np.arange(n + 1), "probability": found.probability(prior), "weight": found.weight(prior)}
    for name, weight in (("mean", prior.weight), ("mean_map", 1.0), ("mean_weak", 0.0)):
        columns[name] = found.after.moments(prior.with_weight(weight).component_weights)[0]
    return pd.DataFrame(columns)


def weight_sensitivity(
    prior: RobustPrior,
    data: ToxicityData,
    amounts: Sequence[float],
    target: float,
    *,
    weights: Sequence[float] = WEIGHTS,
    credibility: float = 0.9,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Return the posterior at every dose for several weights of the history.

    Parameters
    ----------
    prior : RobustPrior
        Its own weight plays no part.
    data : ToxicityData
        The trial's own.
    amounts : sequence of float, length D
    target : float
    weights : sequence of float, length W
    credibility : float
        Probability of the intervals.
    floor, floor_prior
        Background of DLT-like events; see :mod:`designs.floor`.

    Returns
    -------
    DataFrame
        W x D rows: ``weight`` before and ``weight_after`` the data, ``amount``, and of the DLT probability there the
        ``mean``, the ends of the interval ``lower`` and ``upper``, and the probability ``above_target``.
    """
    import pandas as pd

    fit = prior.fit(data, amounts, [target], floor, floor_prior)
    frames = []
    for weight in weights:
        before = prior.with_weight(weight).component_weights
        found = fit.posterior(before)
        lower, upper = (fit.quantile(before, (1 + sign * credibility) / 2) for sign in (-1, 1))
        columns = {"amount": fit.amounts, "mean": found.mean, "lower": lower, "upper": upper}
        frame = pd.DataFrame({**columns, "above_target": found.above[:, 0]})
        frame.insert(0, "weight_after", 1 - fit.weights(before)[-1])
        frame.insert(0, "weight", float(weight))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


class _Further(NamedTuple):
    """A trial ``now``, and ``after`` n further patients at a dose of whom 0, 1, ..., n have a DLT."""

    now: TallyFits
    after: TallyFits

    @classmethod
    def of(
        cls,
        prior: RobustPrior,
        data: ToxicityData,
        amount: float,
        n: int,
        floor: float,
        floor_prior: tuple[float, float] | None,
    ) -> _Further:
        now = Observed.of(data, [amount])
        given = {"reference": prior.reference, "amount": amount, "floor": floor}
        fits = (
            fit_tallies(prior.components, each, floor_prior=floor_prior, **given)
            for each in (now, now.and_at(amount, n))
        )
        return cls(*fits)

    def probability(self, prior: RobustPrior) -> FloatArray:
        """Return the probabilities (n + 1,) of the numbers of DLTs."""
        n = len(self.after.mean) - 1
        dlt = np.arange(n + 1)
        ways = gammaln(n + 1) - gammaln(dlt + 1) - gammaln(n - dlt + 1)
        before = prior.component_weights
        return np.exp(ways + self.after.log_marginal(before) - self.now.log_marginal(before))

    def weight(self, prior: RobustPrior) -> FloatArray:
        """Return the weights (n + 1,) of the MAP prior."""
        return 1 - posterior_weights(prior.component_weights, self.after.log_evidence)[:, -1]

    def size(self, prior: RobustPrior) -> float:
        """Return the effective sample size, on average over the further patients, less their number."""
        sizes = moment_size(*self.after.moments(prior.component_weights))
        return float(self.probability(prior) @ sizes) - (len(sizes) - 1)
