"""Evidence borrowed from historical studies by a robust meta-analytic-predictive prior.

The historical studies predict the parameters of the study in hand: this is the MAP prior, the prediction for a new
study in the hierarchical model of :mod:`doseesc.inference.borrowing.hierarchy`, written as a mixture of normal laws.
It is made robust by a weak component of its own:

    prior = weight * MAP + (1 - weight) * weak

Weight 0 borrows nothing: the prior is the weak one.  Weight 1 is the plain MAP prior.  In between the weight of the MAP
part falls by itself where the study's own data contradict the history.  Schmidli, Gsteiger, Roychoudhury, O'Hagan,
Spiegelhalter and Neuenschwander (2014), *Biometrics* 70:1023-1032.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from designs.checks import require_probability
from doseesc.inference.borrowing.hierarchy import Hierarchy, hierarchy_posterior
from doseesc.inference.borrowing.mixture_fit import MixtureFit, fit_components
from doseesc.inference.borrowing.normal_mixture import BivariateNormal, NormalMixture, nearest_mixture
from doseesc.inference.data import ToxicityData
from doseesc.pieces import one_blas_thread


@dataclass(frozen=True, kw_only=True)
class RobustPrior:
    """A robust MAP prior of (log_alpha, log_beta).

    Parameters
    ----------
    reference : float
        Dose amount at which logit p is log_alpha.
    predicted : NormalMixture
        The MAP prior.
    weak : BivariateNormal
        The weak component.
    weight : float
        Prior weight of the MAP prior, from 0, nothing borrowed, to 1.
    divergence : float
        Kullback-Leibler divergence of ``predicted`` from the prediction that it stands for, in nats.
    """

    reference: float
    predicted: NormalMixture
    weak: BivariateNormal
    weight: float
    divergence: float = 0.0

    def __post_init__(self) -> None:
        require_probability("weight", self.weight, closed=True)

    @property
    def components(self) -> tuple[BivariateNormal, ...]:
        """The components of the MAP prior and, last, the weak one."""
        return (*self.predicted.components, self.weak)

    @property
    def component_weights(self) -> tuple[float, ...]:
        """Their prior weights."""
        return self.predicted.mixed_with(self.weak, self.weight).weights

    @property
    def mixture(self) -> NormalMixture:
        """The prior, without components of weight 0."""
        used = [(w, law) for w, law in zip(self.component_weights, self.components, strict=True) if w > 0]
        return NormalMixture(tuple(w for w, _ in used), tuple(law for _, law in used))

    def with_weight(self, weight: float) -> RobustPrior:
        """Return the same with another weight of the MAP prior."""
        return replace(self, weight=weight)

    def fit(
        self,
        data: ToxicityData,
        amounts: Sequence[float],
        limits: Sequence[float] = (),
        floor: float = 0.0,
        floor_prior: tuple[float, float] | None = None,
    ) -> MixtureFit:
        """Return the posteriors under each of :attr:`components`; see :func:`fit_components`."""
        return fit_components(
            self.components,
            data,
            reference=self.reference,
            amounts=amounts,
            limits=limits,
            floor=floor,
            floor_prior=floor_prior,
        )


@one_blas_thread()
def robust_prior(history: ToxicityData, hierarchy: Hierarchy, weight: float, exchangeable: float = 1.0) -> RobustPrior:
    """Return the robust MAP prior from historical studies.

    Parameters
    ----------
    history : ToxicityData
        The historical studies, without the one in hand.
    hierarchy : Hierarchy
        How studies relate; ``hierarchy.weak`` is the weak component.
    weight : float
        Prior weight of the MAP prior.
    exchangeable : float
        Prior probability of each historical study that it is exchangeable with the others.  Given mu and the taus,
        studies are independent; so the prior of a study in hand that is exchangeable with probability ``weight`` is,
        given the others, this one, and the posterior that of the EXNEX model of all studies at once.

    Examples
    --------
    >>> from doseesc.inference.borrowing.heterogeneity import Heterogeneity
    >>> history = ToxicityData(study=["volunteers"] * 2, amount=[2, 4], n=[3, 3], dlt=[0, 0])
    >>> plain = BivariateNormal(mean=(-0.7, 0.0), sd=(2.0, 1.0))
    >>> moderate = Heterogeneity.named("moderate")
    >>> hierarchy = Hierarchy(reference=16, mean=plain, heterogeneity=moderate, weak=plain)
    >>> prior = robust_prior(history, hierarchy, weight=0.5)
    >>> trial = ToxicityData.from_outcomes("1NNN 2NNT", amounts=[2, 8, 16])
    >>> fit = prior.fit(trial, amounts=[2, 8, 16])
    >>> fit.posterior(prior.component_weights).mean.round(2)
    array([0.06, 0.21, 0.4 ])
    >>> fit.posterior(prior.with_weight(0).component_weights).mean.round(2)
    array([0.08, 0.23, 0.41])
    """
    found = hierarchy_posterior(history, hierarchy, exchangeable)
    grid = found.grid
    points = np.stack(np.meshgrid(grid.log_alpha, grid.log_beta, indexing="ij"), axis=-1).reshape(-1, 2)
    fitted = nearest_mixture(points, found.new_study.ravel(), grid.weight.ravel())
    return RobustPrior(
        reference=hierarchy.reference,
        predicted=fitted.mixture,
        weak=hierarchy.weak,
        weight=weight,
        divergence=fitted.divergence,
    )
