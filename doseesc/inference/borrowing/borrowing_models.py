"""Models in PyMC that borrow: the robust MAP prior, and exchangeability-nonexchangeability (EXNEX) between strata.

Both have their mixtures integrated out: no discrete parameter is sampled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_amounts
from doseesc.inference.borrowing.borrowing import RobustPrior
from doseesc.inference.borrowing.hierarchy import Hierarchy, chances_of
from doseesc.inference.borrowing.normal_mixture import BivariateNormal, NormalMixture
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_dose import doses_of_interest
from doseesc.inference.observing import coordinates, observe_dlts

if TYPE_CHECKING:
    import pymc as pm


_NO_CHANCE = 1e-300  # in place of 0, whose logarithm has no gradient


def robust_map(
    data: ToxicityData,
    prior: RobustPrior,
    *,
    levels: Sequence[float],
    further: Sequence[float] = (),
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> pm.Model:
    """Return the two-parameter logistic model of one trial under a robust MAP prior.

    log_alpha has the mixture's marginal law; log_beta that which is left given log_alpha, a mixture of normal laws
    whose weights depend on log_alpha.  So both are scalar parameters.  ``from_history``, of mean the posterior weight
    of the MAP prior, is the probability that the parameters at hand come from it.

    Parameters
    ----------
    data : ToxicityData
        The trial's own.
    prior : RobustPrior
        See :func:`doseesc.inference.borrowing.robust_prior`.
    levels : sequence of float
        Dose amounts of the levels, increasing.
    further : sequence of float
        Further amounts at which ``p`` is wanted.
    floor, floor_prior
        See :func:`doseesc.inference.observing.observe_dlts`.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    import pymc as pm

    doses = doses_of_interest(require_amounts("levels", levels), further)
    with pm.Model(coords=coordinates(data, doses)) as model:
        log_alpha, log_beta = _normal_mixture(prior.mixture)
        if 0 < prior.weight < 1:
            map_weights = [prior.weight * each for each in prior.predicted.weights]
            log_map = _log_densities(log_alpha, log_beta, prior.predicted.components) + np.log(map_weights)
            log_weak = _log_densities(log_alpha, log_beta, [prior.weak])[0] + np.log1p(-prior.weight)
            pm.Deterministic("from_history", pm.math.sigmoid(pm.math.logsumexp(log_map) - log_weak))
        slope = pm.math.exp(log_beta)
        log_dose, log_row = (np.log(np.array(amounts) / prior.reference) for amounts in (doses, data.amount))
        pm.Deterministic("p", pm.math.sigmoid(log_alpha + slope * log_dose), dims="dose")
        observe_dlts(data, pm.math.sigmoid(log_alpha + slope * log_row), floor, floor_prior)
    return model


def exnex(
    data: ToxicityData,
    hierarchy: Hierarchy,
    *,
    levels: Sequence[float],
    further: Sequence[float] = (),
    exchangeable: float | Mapping[str, float] = 1.0,
) -> pm.Model:
    """Return the model of :mod:`doseesc.inference.borrowing.hierarchy`: strata that are exchangeable, each perhaps not.

    ``p`` has the dims study and dose.  Every stratum has its parameters twice, as one of the exchangeable and by
    itself; its likelihood is the mixture of both.  ``exchangeable``, of mean the posterior probability of
    exchangeability, is the share of the first, and decides with the help of ``mixing``, which is uniform whatever the
    data, from which of them a draw of ``p`` is taken.  Where every stratum is exchangeable for certain this is the
    meta-analytic-combined model, whose answer for a trial is that of the MAP prior from the other studies.

    Neuenschwander, Wandel, Roychoudhury and Bailey (2016), *Pharmaceutical Statistics* 15:123-134.

    Parameters
    ----------
    data : ToxicityData
        Rows of all strata; their names are those of the studies.
    hierarchy : Hierarchy
    levels : sequence of float
        Dose amounts at which ``p`` is wanted, increasing.
    further : sequence of float
        Further such amounts.
    exchangeable : float or mapping of study to float
        Prior probability that a stratum is exchangeable with the others, of all or of each.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    import pymc as pm

    chances = np.array(chances_of(data, exchangeable))
    doses = doses_of_interest(require_amounts("levels", levels), further)
    coords = {**coordinates(data, doses), "parameter": ["log_alpha", "log_beta"]}
    log_dose, log_row = (np.log(np.array(amounts) / hierarchy.reference) for amounts in (doses, data.amount))
    with pm.Model(coords=coords) as model:
        pm.Data("amount", np.array(data.amount), dims="observation")
        pm.Data("n", np.array(data.n, dtype=np.int64), dims="observation")
        pm.Data("dlt_seen", np.array(data.dlt, dtype=np.int64), dims="observation")
        ways = [(chances, _shared, "together"), (1 - chances, _own, "alone")]
        found = [
            (np.log(np.maximum(chance, _NO_CHANCE)), way(hierarchy, name)) for chance, way, name in ways if chance.any()
        ]
        parts = [log_chance + _log_likelihood(model, theta, data, log_row) for log_chance, theta in found]
        curves = [_curves(theta, log_dose) for _, theta in found]
        pm.Potential("seen", pm.math.logsumexp(pm.math.stack(parts), axis=0).sum())
        if len(found) == 1:
            pm.Deterministic("p", curves[0], dims=("study", "dose"))
            return model
        share = pm.Deterministic("exchangeable", pm.math.sigmoid(parts[0] - parts[1]), dims="study")
        mixing = pm.Uniform("mixing", 0.0, 1.0, dims="study")
        drawn = pm.math.where((mixing < share)[:, None], *curves)
        pm.Deterministic("p", drawn, dims=("study", "dose"))
    return model


def _normal_mixture(mixture: NormalMixture) -> tuple[Any, Any]:
    """Add log_alpha and log_beta to the model at hand."""
    import pymc as pm

    weights = np.array(mixture.weights)
    means, sds = (np.array([getattr(law, name) for law in mixture.components]) for name in ("mean", "sd"))
    correlations = np.array([law.correlation for law in mixture.components])
    rest = sds[:, 1] * np.sqrt(1 - correlations**2)
    if len(weights) == 1:
        log_alpha = pm.Normal("log_alpha", means[0, 0], sds[0, 0])
        z = (log_alpha - means[0, 0]) / sds[0, 0]
        return log_alpha, pm.Normal("log_beta", means[0, 1] + correlations[0] * sds[0, 1] * z, rest[0])
    log_alpha = pm.NormalMixture("log_alpha", weights, means[:, 0], sds[:, 0])
    z = (log_alpha - means[:, 0]) / sds[:, 0]
    log_share = np.log(weights / sds[:, 0]) - z**2 / 2
    share = pm.math.softmax(log_share)
    return log_alpha, pm.NormalMixture("log_beta", share, means[:, 1] + correlations * sds[:, 1] * z, rest)


def _log_densities(log_alpha: Any, log_beta: Any, laws: Sequence[BivariateNormal]) -> Any:
    """Return the logarithms (K,) of densities at the parameters, up to a constant that all share."""
    means, sds = (np.array([getattr(law, name) for law in laws]) for name in ("mean", "sd"))
    correlations = np.array([law.correlation for law in laws])
    rest = 1 - correlations**2
    a, b = (log_alpha - means[:, 0]) / sds[:, 0], (log_beta - means[:, 1]) / sds[:, 1]
    return -(a**2 - 2 * correlations * a * b + b**2) / (2 * rest) - np.log(sds.prod(axis=1) * np.sqrt(rest))


def _shared(hierarchy: Hierarchy, name: str) -> Any:
    """Return parameters (study, parameter) that are normal about a common mean."""
    import pymc as pm

    mean = hierarchy.mean
    common = pm.Normal("common", 0.0, 1.0, dims="parameter")
    mu = pm.Deterministic("mu", np.array(mean.mean) + np.linalg.cholesky(mean.covariance) @ common, dims="parameter")
    taus = [
        hierarchy.heterogeneity.log_alpha.variable("tau_alpha"),
        hierarchy.heterogeneity.log_beta.variable("tau_beta"),
    ]
    return mu + pm.math.stack(taus) * pm.Normal(name, 0.0, 1.0, dims=("study", "parameter"))


def _own(hierarchy: Hierarchy, name: str) -> Any:
    """Return parameters (study, parameter) that each have the weak prior."""
    import pymc as pm

    root = np.linalg.cholesky(hierarchy.weak.covariance)
    z = pm.Normal(name, 0.0, 1.0, dims=("study", "parameter"))
    return np.array(hierarchy.weak.mean) + pm.math.dot(z, root.T)


def _log_likelihood(model: pm.Model, theta: Any, data: ToxicityData, log_row: FloatArray) -> Any:
    """Return the log-likelihood of each study (study,), without binomial coefficients."""
    import pymc as pm
    import pytensor.tensor as pt

    logit_p = theta[data.study_index, 0] + pt.exp(theta[data.study_index, 1]) * log_row
    by_row = -model["dlt_seen"] * pt.softplus(-logit_p) - (model["n"] - model["dlt_seen"]) * pt.softplus(logit_p)
    belongs = data.study_index[None, :] == np.arange(len(data.studies))[:, None]
    return pm.math.dot(belongs.astype(np.float64), by_row)


def _curves(theta: Any, log_dose: FloatArray) -> Any:
    """Return DLT probabilities (study, dose)."""
    import pymc as pm

    return pm.math.sigmoid(theta[:, :1] + pm.math.exp(theta[:, 1:]) * log_dose)
