"""Borrowing from earlier studies: the robust prior against adaptive integration, and in two steps against one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.integrate import dblquad
from scipy.special import expit
from scipy.stats import multivariate_normal

from doseesc.inference import (
    BivariateNormal,
    Heterogeneity,
    Hierarchy,
    NormalMixture,
    RobustPrior,
    ToxicityData,
    hierarchy_posterior,
    robust_prior,
)
from doseesc.validation.comparing import Comparison, Differences

_WEAK = BivariateNormal(mean=(np.log(0.5), 0.0), sd=(2.0, 1.0))
_TRIAL = ToxicityData.from_outcomes("1NNN 2NNT 2NNN", amounts=[2, 8, 16])


def _data(study: str, amounts: Sequence[float], n: Sequence[int], dlt: Sequence[int]) -> ToxicityData:
    return ToxicityData(study=(study,) * len(n), amount=tuple(amounts), n=tuple(n), dlt=tuple(dlt))


def _studies() -> list[tuple[ToxicityData, ToxicityData, float]]:
    """Return history, trial and reference amount; agents A and B are those of Neuenschwander et al. (2016)."""
    agent_b = _data("B", [33.3, 50, 100, 200, 400, 800, 1120], [3, 3, 4, 9, 15, 20, 17], [0, 0, 0, 0, 0, 2, 4])
    return [
        (_data("MEXVT", [2, 4, 8, 12, 16], [3, 3, 6, 6, 6], [0] * 5), _TRIAL, 16),
        (_data("A", [3, 4.5, 6, 8], [3, 3, 6, 3], [0, 0, 0, 2]), _data("now", [3, 6], [3, 3], [0, 1]), 6),
        (agent_b, _data("now", [200, 800], [3, 6], [0, 3]), 1120),
    ]


def _integral(law: BivariateNormal, power: int) -> float:
    """Integrate the likelihood of the trial, times p at 8 to a power, under a normal prior."""
    normal = multivariate_normal(law.mean, law.covariance)
    log_dose = np.log(np.array(_TRIAL.amount) / 16)
    n, dlt = np.array(_TRIAL.n), np.array(_TRIAL.dlt)

    def integrand(slope: float, intercept: float) -> float:
        p = expit(intercept + np.exp(slope) * log_dose)
        at_8 = expit(intercept + np.exp(slope) * np.log(0.5))
        return float(normal.pdf([intercept, slope]) * np.prod(p**dlt * (1 - p) ** (n - dlt)) * at_8**power)

    (low, high), (least, most) = ((mean - 7 * sd, mean + 7 * sd) for mean, sd in zip(law.mean, law.sd, strict=True))
    return float(dblquad(integrand, low, high, least, most, epsabs=1e-9, epsrel=1e-5)[0])


def weights_after() -> Comparison:
    """Compare the weight of the weak prior after the trial, and the mean at 8, with the ratio of evidences."""
    seen = Differences()
    predicted = BivariateNormal(mean=(-2.5, 0.3), sd=(0.8, 0.4), correlation=0.5)
    laws = (predicted, _WEAK)
    evidence = np.array([_integral(law, 0) for law in laws])
    at_8 = np.array([_integral(law, 1) for law in laws]) / evidence
    for weight in (0.3, 0.8):
        prior = RobustPrior(reference=16, predicted=NormalMixture((1.0,), (predicted,)), weak=_WEAK, weight=weight)
        fit = prior.fit(_TRIAL, [8], [0.25])
        before = prior.component_weights
        share = np.array(before) * evidence
        expected = share / share.sum()
        seen.relative(f"evidences, {weight} before", np.exp(fit.log_evidence), evidence, within=1e-6)
        seen.close(f"weights, {weight} before", fit.weights(before), expected, within=1e-6)
        seen.close(f"mean at 8, {weight} before", fit.posterior(before).mean[0], expected @ at_8, within=1e-6)
    return seen.result


def in_two_steps() -> Comparison:
    """Compare a prior made of the history, then updated by the trial, with all studies analysed at once."""
    seen = Differences()
    for history, trial, reference in _studies():
        how = Hierarchy(reference=reference, mean=_WEAK, heterogeneity=Heterogeneity.named("substantial"), weak=_WEAK)
        amounts = trial.amount
        prior = robust_prior(history, how, 0.6)
        fit = prior.fit(trial, amounts, [0.25])
        (name,) = trial.studies
        for weight in (1.0, 0.6):
            where = f"{history.studies[0]}, weight {weight}"
            at_once = hierarchy_posterior(history + trial, how, {history.studies[0]: 1.0, name: weight})
            mass, before = at_once.study_mass(name), prior.with_weight(weight).component_weights
            found = fit.posterior(before)
            mean, sd = at_once.dlt_mean_sd(mass, amounts)
            seen.close(f"{where}, means", found.mean, mean, within=0.004)
            seen.close(f"{where}, standard deviations", found.sd, sd, within=0.004)
            above = [at_once.probability_above(mass, amount, [0.25])[0] for amount in amounts]
            seen.close(f"{where}, above 0.25", found.above[:, 0], above, within=0.006)
            exchangeable = 1 - fit.weights(before)[-1]
            seen.close(f"{where}, weight after", exchangeable, at_once.exchangeable[1], within=0.005)
    return seen.result
