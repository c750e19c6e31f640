"""Studies that differ: the two-parameter logistic model with a normal distribution of its parameters over studies.

    logit p_s(dose) = log_alpha_s + exp(log_beta_s) log(dose / reference)
    (log_alpha_s, log_beta_s) ~ N(mu, diag(tau_alpha², tau_beta²))    with probability q_s: exchangeable
                              ~ N(weak mean, weak covariance)         otherwise
    mu ~ N(mean, covariance),   tau_alpha, tau_beta ~ see :mod:`doseesc.inference.borrowing.heterogeneity`

With every q_s = 1 this is the random-effects meta-analysis whose prediction for a new study is the
meta-analytic-predictive (MAP) prior of Neuenschwander, Capkun-Niggli, Branson and Spiegelhalter (2010), *Clinical
Trials* 7:5-18.  With q_s below 1 it is the exchangeability-nonexchangeability (EXNEX) model of Neuenschwander,
Wandel, Roychoudhury and Bailey (2016), *Pharmaceutical Statistics* 15:123-134.

Everything here is by quadrature and gives the same answer each time: one grid of (log_alpha, log_beta) serves the
parameters of every study, of a new study and their mean; for a pair (tau_alpha, tau_beta) going from one to the other
is a product with one matrix per axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_expit

from designs.arrays import FloatArray
from designs.checks import AMOUNT_RANGE, require_probability, require_within
from doseesc.finite import finite_numbers
from doseesc.inference.borrowing.heterogeneity import Heterogeneity
from doseesc.inference.borrowing.normal_mixture import BivariateNormal
from doseesc.inference.borrowing.parameter_grid import ParameterGrid, laid_grid
from doseesc.inference.data import ToxicityData
from doseesc.inference.prior_bounds import BLRM_SDS, MOST_MEANS
from doseesc.pieces import one_blas_thread

_LARGEST_CORRELATION = 1 - 1e-6  # of log_alpha and log_beta
_RESOLVED = 0.8  # tau in units of the nodes' distance from which sums over nodes are as good as integrals


@dataclass(frozen=True, kw_only=True)
class Hierarchy:
    """How studies relate.

    Parameters
    ----------
    reference : float
        Dose amount at which logit p is log_alpha.
    mean : BivariateNormal
        Prior of mu, the mean of (log_alpha, log_beta) over studies.
    heterogeneity : Heterogeneity
        Priors of tau_alpha and tau_beta.
    weak : BivariateNormal
        Prior of the parameters of a study that is not exchangeable with the others.
    """

    reference: float
    mean: BivariateNormal
    heterogeneity: Heterogeneity
    weak: BivariateNormal

    def __post_init__(self) -> None:
        require_within("reference", self.reference, *AMOUNT_RANGE)
        for name, law in (("mean", self.mean), ("weak", self.weak)):
            for mean, sd, most in zip(law.mean, law.sd, MOST_MEANS, strict=True):
                require_within(f"{name}.mean", mean, -most, most)
                require_within(f"{name}.sd", sd, *BLRM_SDS)
            require_within(f"{name}.correlation", law.correlation, -_LARGEST_CORRELATION, _LARGEST_CORRELATION)


@dataclass(frozen=True, eq=False)
class HierarchyPosterior:
    """Posterior of the hierarchical model.

    Parameters
    ----------
    hierarchy : Hierarchy
    grid : ParameterGrid
    studies : tuple of str
        Names of the S studies.
    mass : array, shape (S, A, B)
        Posterior probabilities of the nodes as the parameters of each study.
    exchangeable : array, shape (S,)
        Posterior probability that each study is exchangeable with the others.
    new_study : array, shape (A, B)
        Probabilities of the nodes as the parameters of a new, exchangeable study: the MAP prior.
    tau : array, shape (2,)
        Posterior means of tau_alpha and tau_beta.
    log_evidence : float
        Logarithm of the marginal likelihood, without binomial coefficients.
    """

    hierarchy: Hierarchy
    grid: ParameterGrid
    studies: tuple[str, ...]
    mass: FloatArray
    exchangeable: FloatArray
    new_study: FloatArray
    tau: FloatArray
    log_evidence: float

    def study_mass(self, study: str) -> FloatArray:
        """Return the posterior probabilities (A, B) of the nodes as the parameters of a study."""
        return self.mass[self.studies.index(study)]

    def dlt_mean_sd(self, mass: FloatArray, amounts: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation (D,) of the DLT probabilities at amounts, for probabilities of nodes."""
        mean, sd = np.empty((2, len(amounts)))
        for place, amount in enumerate(amounts):
            p = np.exp(log_expit(self.grid.logit_p(amount, self.hierarchy.reference)))
            mean[place] = (mass * p).sum()
            sd[place] = np.sqrt((mass * (p - mean[place]) ** 2).sum())
        return mean, sd

    def probability_above(self, mass: FloatArray, amount: float, limits: Sequence[float]) -> FloatArray:
        """Return P(DLT probability at an amount > limits), shape (L,), for probabilities of nodes."""
        grid = self.grid
        slope = np.exp(grid.log_beta) * np.log(amount / self.hierarchy.reference)
        above = np.empty(len(limits))
        for place, limit in enumerate(limits):
            ends = (np.log(limit) - np.log1p(-limit) - slope - grid.centre) / grid.scale
            above[place] = (mass * (1 - grid.axis.share_below(ends[None, :], grid.axis.nodes[:, None]))).sum()
        return np.clip(above, 0.0, 1.0)


@one_blas_thread()
@finite_numbers()
def hierarchy_posterior(
    data: ToxicityData, hierarchy: Hierarchy, exchangeable: float | Mapping[str, float] = 1.0
) -> HierarchyPosterior:
    """Return the posterior of the parameters of all studies, and of a new one.

    Parameters
    ----------
    data : ToxicityData
        Rows of all studies; without rows the result is the prior.
    hierarchy : Hierarchy
    exchangeable : float or mapping of study to float
        Prior probability that a study is exchangeable with the others, of all or of each.

    Raises
    ------
    ValueError
        If a study has no probability, or it is not in [0, 1], or the grid would be too large.

    Examples
    --------
    Two studies without a DLT predict a third:

    >>> from doseesc.inference.data import ToxicityData
    >>> data = ToxicityData(study=["A", "A", "B"], amount=[2, 4, 4], n=[3, 6, 6], dlt=[0, 0, 0])
    >>> plain = BivariateNormal(mean=(-0.7, 0.0), sd=(2.0, 1.0))
    >>> moderate = Heterogeneity.named("moderate")
    >>> hierarchy = Hierarchy(reference=4, mean=plain, heterogeneity=moderate, weak=plain)
    >>> found = hierarchy_posterior(data, hierarchy)
    >>> found.dlt_mean_sd(found.new_study, [2, 4])[0].round(3)
    array([0.027, 0.056])
    """
    chances = chances_of(data, exchangeable)
    grid = laid_grid(data, hierarchy.reference, hierarchy.mean, hierarchy.weak, hierarchy.heterogeneity)
    likelihood, top = _likelihoods(grid, data, hierarchy.reference)
    prior, weak = grid.mass(hierarchy.mean), grid.mass(hierarchy.weak)
    if_weak = np.array([(each * weak).sum() for each in likelihood])
    q = np.array(chances)[:, None, None]
    new = np.zeros_like(prior)
    as_exchangeable = np.zeros_like(likelihood)
    as_weak = np.zeros(len(chances))
    tau, evidence = np.zeros(2), 0.0
    alphas, betas = (each.quadrature() for each in hierarchy.heterogeneity.priors)
    along_beta = [_spread(grid.log_beta, grid.weight_beta, each) for each in betas[0]]
    for tau_alpha, share_alpha in zip(*alphas, strict=True):
        along_alpha = _spread(grid.log_alpha, grid.weight_alpha, tau_alpha)
        reached_alpha = along_alpha @ likelihood
        for tau_beta, share_beta, spread in zip(*betas, along_beta, strict=True):
            factor = q * (reached_alpha @ spread.T) + (1 - q) * if_weak[:, None, None]
            weight = share_alpha * share_beta * prior * factor.prod(axis=0)
            total = float(weight.sum())
            evidence += total
            tau += total * np.array([tau_alpha, tau_beta])
            new += along_alpha.T @ weight @ spread
            # Where a factor is 0 the study cannot be reached from there, whatever the others say.
            others = np.divide(weight, factor, out=np.zeros_like(factor), where=factor > 0)
            as_exchangeable += along_alpha.T @ others @ spread
            as_weak += others.sum(axis=(1, 2))
    as_exchangeable *= q * likelihood
    by_weak = (as_weak * (1 - q[:, 0, 0]))[:, None, None] * weak * likelihood
    mass = (as_exchangeable + by_weak) / evidence
    share = as_exchangeable.sum(axis=(1, 2)) / evidence
    found = float(np.log(evidence)) + top
    return HierarchyPosterior(hierarchy, grid, data.studies, mass, share, new / evidence, tau / evidence, found)


def chances_of(data: ToxicityData, exchangeable: float | Mapping[str, float]) -> list[float]:
    """Return each study's prior probability of exchangeability.

    Raises
    ------
    ValueError
        If a study has no probability, or it is not in [0, 1].
    """
    given = exchangeable if isinstance(exchangeable, Mapping) else dict.fromkeys(data.studies, exchangeable)
    missing = [study for study in data.studies if study not in given]
    if missing:
        raise ValueError(f"exchangeable must have a probability for every study; {missing[0]} has none")
    for study in data.studies:
        require_probability(f"exchangeable of {study}", given[study], closed=True)
    return [float(given[study]) for study in data.studies]


def _likelihoods(grid: ParameterGrid, data: ToxicityData, reference: float) -> tuple[FloatArray, float]:
    found = [grid.likelihood(data.of_study(study), reference) for study in data.studies]
    shape = (len(found), len(grid.log_alpha), len(grid.log_beta))
    return np.array([each for each, _ in found]).reshape(shape), sum(top for _, top in found)


def _spread(nodes: FloatArray, weight: FloatArray, tau: float) -> FloatArray:
    """Return K (G, G): row i holds the probabilities of the nodes under a normal law about node i.

    Where tau is less than about the distance of the nodes, the node and its neighbours share the probability so that
    mean and variance are those of the law.
    """
    distance = (nodes[None, :] - nodes[:, None]) / tau
    density = weight * np.exp(-0.5 * distance**2)
    spread = density / density.sum(axis=1, keepdims=True)
    before, after = np.diff(nodes, prepend=nodes[0] - 1)[1:-1], np.diff(nodes, append=nodes[-1] + 1)[1:-1]
    narrow = 1 + np.flatnonzero(tau < _RESOLVED * np.maximum(before, after))
    before, after = before[narrow - 1], after[narrow - 1]
    left, right = (tau**2 / (side * (before + after)) for side in (before, after))
    spread[narrow] = 0.0
    for shift, share in ((-1, left), (0, 1 - left - right), (1, right)):
        spread[narrow, narrow + shift] = share
    return spread
