"""The continual reassessment method averaged over several skeletons (BMA-CRM).

Yin and Yuan (2009), *Journal of the American Statistical Association* 104:954-968.  Each skeleton is a CRM of its
own; its posterior model probability is its prior one times the marginal likelihood of the data.  DLT probabilities
are averaged over the skeletons by these, or taken from the most probable skeleton alone.  The next level, and the
MTD, is the one whose estimate is nearest the target, ties to the lower.  Patients pending may count by their follow-up,
``pending=Weighted(...)``, in the marginal likelihoods too; see :mod:`designs.crm`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from designs.arrays import FloatArray, IntArray
from designs.checks import increasing_probabilities, require_choice, require_numbers, require_within, shown
from designs.crm import CRM
from designs.crm_grid import model_words
from designs.decision import Decision
from designs.partly_followed import likelihood_words
from designs.pending import Pending
from designs.policies import Weighted
from designs.rules import NoSkipping, Rule
from designs.tails import TailsDesign
from designs.tally import Tally
from designs.words import listed, percent

_SHARES = 1e-9, 1e9  # of prior probability, up to a factor


class BmaPosterior(NamedTuple):
    """Posterior of the BMA-CRM for S tallies and K skeletons.

    ``model_probability`` (S, K) are the posterior model probabilities, ``dlt_probability`` (S, J) the estimated
    curve.
    """

    model_probability: FloatArray
    dlt_probability: FloatArray


@dataclass(frozen=True, kw_only=True)
class BMACRM(TailsDesign):
    """The CRM averaged over several skeletons.

    Parameters
    ----------
    target : float
        Target DLT probability.
    skeletons : sequence of K sequences of float, length J
        Skeletons, each strictly increasing.
    max_n : int
        Most patients.
    model_prior : sequence of float, length K, optional
        Prior probabilities of the skeletons, up to a factor; by default equal.
    averaging : {"average", "most_probable"}
        Average the skeletons' curves, or use the most probable one's.
    model : {"empiric", "logistic"}
        Model of every skeleton's curve.
    intercept : float
        Fixed intercept of the logistic model, the same for all skeletons.
    prior_sd : float
        Standard deviation of the normal prior of each skeleton's parameter.
    estimate : {"plug_in", "posterior_mean"}
        Each curve at the posterior mean of its parameter, or its posterior mean, as in the paper.
    cohort_size, start_level, rules
        As for :class:`Design`; the paper moves by one level at most.

    Examples
    --------
    >>> design = BMACRM(target=0.3, skeletons=[(0.1, 0.3, 0.5), (0.02, 0.1, 0.3)], max_n=30)
    >>> posterior = design.posterior(Tally.parse("1NNN 2NTT", n_doses=3))
    >>> posterior.model_probability.round(3), posterior.dlt_probability.round(3)
    (array([[0.6, 0.4]]), array([[0.205, 0.392, 0.581]]))
    """

    weighs_pending = "likelihood"
    references = ("Yin and Yuan (2009), Journal of the American Statistical Association 104:954-968",)

    target: float
    skeletons: tuple[tuple[float, ...], ...] = field(metadata={"example": [[0.1, 0.25, 0.4], [0.05, 0.1, 0.25]]})
    n_doses: int = field(init=False)
    cohort_size: int = 3
    model_prior: tuple[float, ...] | None = None
    averaging: str = "average"
    model: str = "empiric"
    intercept: float = 3.0
    prior_sd: float = 1.34**0.5
    estimate: str = "posterior_mean"
    rules: tuple[Rule, ...] = (NoSkipping(down=True),)

    def __post_init__(self) -> None:
        given = self.skeletons
        if not isinstance(given, tuple | list | np.ndarray) or len(given) == 0:
            raise ValueError(f"skeletons must be a list of skeletons, not {shown(given)}")
        object.__setattr__(self, "skeletons", tuple(increasing_probabilities("skeletons", one) for one in given))
        if len({len(one) for one in self.skeletons}) > 1:
            raise ValueError(f"skeletons must have one length, not {[len(one) for one in self.skeletons]}")
        object.__setattr__(self, "n_doses", len(self.skeletons[0]))
        if self.model_prior is not None:
            prior = require_numbers("model_prior", self.model_prior, len(self.skeletons))
            if min(prior) <= 0:
                raise ValueError(f"model_prior must be positive, not {list(prior)}")
            for share in prior:
                require_within("model_prior", share, *_SHARES)
            object.__setattr__(self, "model_prior", prior)
        require_choice("averaging", self.averaging, ("average", "most_probable"))
        super().__post_init__()
        _ = self._members  # checks the arguments they share

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        guesses = "; ".join(listed(one) for one in self.skeletons)
        prior = "equal" if self.model_prior is None else f"in proportion {listed(self.model_prior)}"
        use = "averaged by" if self.averaging == "average" else "taken from the skeleton with the greatest of"
        curve = (
            "posterior means of the curves" if self.estimate == "posterior_mean" else "curves at the posterior means"
        )
        return (
            f"The continual reassessment method averaged over {len(self.skeletons)} skeletons (BMA-CRM): {guesses}. "
            f"Each has the {model_words(self.model, self.intercept)} with a normal prior of b of standard deviation "
            f"{self.prior_sd:.4g}; their prior probabilities are {prior}. Estimates, {curve}, are {use} the posterior "
            "model probabilities. The next cohort gets the level whose estimate is nearest the target "
            f"{percent(self.target)}, which is also how the MTD is chosen."
        )

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return likelihood_words(policy.weights)

    def posterior(self, tally: Tally, pending: Pending | None = None) -> BmaPosterior:
        """Return the posterior model probabilities and the estimated curve.

        Patients pending count as :meth:`Design.seen` says.
        """
        tally = self.seen(tally, pending)
        probability = self._model_probability(tally)
        curves = np.stack([member.posterior(tally).dlt_probability for member in self._members], axis=1)
        return BmaPosterior(probability, np.einsum("sk,skj->sj", self._shares(probability), curves))

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        return self.move_to(tally, self.pick(tally))

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the level whose estimate is nearest the target."""
        curve = self.posterior(tally).dlt_probability
        level = np.argmin(np.abs(curve - self.target), axis=1) + 1
        # Where estimates are so small that they tie, nearness cannot tell them apart.
        return np.where((curve <= self.target).all(axis=1), self.n_doses, level)

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """See :meth:`TailsDesign.tails`; from the averaged model."""
        shares = self._shares(self._model_probability(tally))
        parts = [member.tails(tally, level, limits) for member in self._members]
        return np.einsum("sk,ksl->sl", shares, np.stack(parts))

    @cached_property
    def _members(self) -> tuple[CRM, ...]:
        return tuple(
            CRM(
                target=self.target,
                skeleton=one,
                max_n=self.max_n,
                cohort_size=self.cohort_size,
                model=self.model,
                intercept=self.intercept,
                prior_sd=self.prior_sd,
                estimate=self.estimate,
                rules=(),
            )
            for one in self.skeletons
        )

    def _model_probability(self, tally: Tally) -> FloatArray:
        evidence = np.stack([member.log_evidence(tally) for member in self._members], axis=1)
        prior = np.ones(len(self.skeletons)) if self.model_prior is None else np.array(self.model_prior)
        return softmax(evidence + np.log(prior), axis=1)

    def _shares(self, probability: FloatArray) -> FloatArray:
        """Return by how much each skeleton counts, shape (S, K)."""
        if self.averaging == "average":
            return probability
        chosen = np.argmax(probability, axis=1)
        return (np.arange(probability.shape[1]) == chosen[:, None]).astype(np.float64)
