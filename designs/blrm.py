"""The two-parameter Bayesian logistic regression model (BLRM) with overdose control.

Neuenschwander, Branson and Gsponer (2008), *Statistics in Medicine* 27:2420-2439:

    logit p = log_alpha + exp(log_beta) log(dose / reference)

with a bivariate normal prior on (log_alpha, log_beta).  Cut points divide DLT probabilities into four intervals:
under-dosing, target, excessive and unacceptable.  Unless given they follow from the target: those of the paper for a
target of 25 to 30 %, else moved with it by a rule of this project (:func:`designs.target_cut_points`).  The next level
is

``"target_probability"`` (default)
    the one most probably in the target interval,
``"loss"``
    the one of least expected loss, one loss per interval,
``"nearest_mean"``
    the one whose posterior mean is nearest the target,

among the levels that are safe: those whose probability of a DLT probability above ``overdose_above`` is at most
``feasibility_bound`` (escalation with overdose control, after Babb, Rogatko and Zacks 1998).  The trial stops where
no level is.  Ties go to the lower level.  The MTD is the level that would be recommended next.

Patients in their DLT window may count by their follow-up, ``pending=Weighted(...)``: in the TITE-BLRM a pending patient
contributes 1 - w p to the likelihood, w being the weight of the follow-up (:mod:`designs.weights`; Cheung and Chappell
2000, *Biometrics* 56:1177-1182, for the CRM; that the same is done with a BLRM is from memory).

The prior's spread is given as standard deviations.  The default prior is a usual weakly informative one: at the
reference dose the median DLT probability is 1/3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.checks import (
    AMOUNT_RANGE,
    require_amounts,
    require_numbers,
    require_positive,
    require_probability,
    require_within,
)
from designs.floor import require_floor, require_floored_grid, with_floor
from designs.grid import GridModel, grid_patients
from designs.interval_choice import (
    Choice,
    ChoosingDesign,
    between,
    choose,
    goal_words,
    interval_score,
    nearest_score,
    overdose_words,
)
from designs.logistic_grid import (
    LogisticPrior,
    level_shares_above,
    logistic_grid,
    require_logistic_grid,
    require_prior,
    shares_above,
)
from designs.partly_followed import likelihood_words
from designs.pending import Pending
from designs.policies import Weighted
from designs.rules import NoSkipping, Rule
from designs.tails import TailsDesign
from designs.tally import Tally
from designs.words import floor_sentence, listed, percent

SELECTIONS = ("target_probability", "loss", "nearest_mean")


class BlrmPosterior(NamedTuple):
    """Posterior of the BLRM for S tallies.

    ``dlt_probability`` and ``dlt_sd`` (S, J) are mean and standard deviation of the DLT probabilities,
    ``interval_probability`` (S, J, 4) those of under-dosing, target, excessive and unacceptable toxicity, and
    ``overdose_probability`` (S, J) what overdose control looks at.
    """

    dlt_probability: FloatArray
    dlt_sd: FloatArray
    interval_probability: FloatArray
    overdose_probability: FloatArray


@dataclass(frozen=True, kw_only=True)
class BLRM(ChoosingDesign, TailsDesign):
    """The two-parameter Bayesian logistic regression model.

    Parameters
    ----------
    target : float
        Target DLT probability; the intervals follow from it unless they are given.
    doses : sequence of float, length J
        Dose amounts, positive and strictly increasing.
    max_n : int
        Most patients.
    reference : float, optional
        Amount at which the logit DLT probability is log_alpha; by default the highest dose.
    prior_mean : pair of float
        Prior means of (log_alpha, log_beta).
    prior_sd : pair of float
        Prior standard deviations of (log_alpha, log_beta).
    prior_correlation : float
        Prior correlation of log_alpha and log_beta.
    intervals : three increasing probabilities, optional
        Where the target, the excessive and the unacceptable interval begin; the target lies in the second.  By default
        0.20, 0.35 and 0.60 for a target of 0.25 to 0.30, and for others these moved with the target,
        :func:`designs.target_cut_points`.
    selection : {"target_probability", "loss", "nearest_mean"}
        The best of the safe levels: the one most probably in the target interval, the one of least expected loss, or
        the one whose posterior mean is nearest the target.
    loss : four numbers
        Loss of a DLT probability in each interval, for ``selection="loss"``.
    overdose_above : float, optional
        DLT probability above which a level is an overdose; by default where the excessive interval begins.
    feasibility_bound : float, optional
        Largest probability of an overdose; None means no overdose control.
    floor : float
        Probability of a DLT-like event without the drug; intervals and estimates are then the drug's own.
    floor_prior : pair of float, optional
        Parameters of a beta prior of the floor, where it is not known.
    cohort_size, start_level, rules
        As for :class:`Design`; by default no level is skipped on the way up.

    Examples
    --------
    The trial of Neuenschwander et al., five patients at 5 mg:

    >>> design = BLRM(target=0.3, doses=(1, 2.5, 5, 10, 15, 20, 25, 30), reference=250, max_n=30, rules=(),
    ...               prior_mean=(2.15, 0.52), prior_sd=(0.84, 0.80), prior_correlation=0.134 / (0.84 * 0.80))
    >>> tally = Tally.parse("1NNN 2NNNN 3NNNNN 4NNNN 7TT", n_doses=8)
    >>> design.posterior(tally).dlt_probability.round(3)
    array([[0.012, 0.029, 0.061, 0.127, 0.192, 0.253, 0.309, 0.36 ]])
    >>> decision = design.decide(tally)
    >>> int(decision.level[0]), decision.reason[0].name
    (6, 'DEESCALATE')
    """

    weighs_pending = "likelihood"
    references = ("Neuenschwander, Branson and Gsponer (2008), Statistics in Medicine 27:2420-2439",)

    target: float
    doses: tuple[float, ...]
    n_doses: int = field(init=False)
    reference: float | None = None
    prior_mean: tuple[float, float] = (-0.6931471805599453, 0.0)
    prior_sd: tuple[float, float] = (2.0, 1.0)
    prior_correlation: float = 0.0
    intervals: tuple[float, float, float] | None = None
    selection: str = "target_probability"
    loss: tuple[float, float, float, float] = (1.0, 0.0, 1.0, 2.0)
    overdose_above: float | None = None
    feasibility_bound: float | None = 0.25
    floor: float = 0.0
    floor_prior: tuple[float, float] | None = None
    rules: tuple[Rule, ...] = (NoSkipping(),)

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        object.__setattr__(self, "doses", require_amounts("doses", self.doses))
        object.__setattr__(self, "n_doses", len(self.doses))
        if self.reference is not None:
            require_positive("reference", self.reference)
            require_within("reference", self.reference, *AMOUNT_RANGE)
        object.__setattr__(self, "prior_mean", require_numbers("prior_mean", self.prior_mean, 2))
        object.__setattr__(self, "prior_sd", require_numbers("prior_sd", self.prior_sd, 2))
        require_prior(self.prior_mean, self.prior_sd, self.prior_correlation)
        self._check_choice(SELECTIONS)
        object.__setattr__(self, "floor_prior", require_floor(self.floor, self.floor_prior))
        super().__post_init__()
        nodes = require_logistic_grid(self._prior, self.max_n)
        require_floored_grid(nodes, self.n_doses, self.floor_prior, self.max_n)

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        low, high, worst = (percent(edge) for edge in self.cut_points)
        goal = goal_words((low, high, worst), listed(self.loss) if self.selection == "loss" else None)
        if self.selection == "nearest_mean":
            goal = f"with the posterior mean nearest the target {percent(self.target)}"
        bound = self.feasibility_bound
        control = overdose_words(percent(self.overdose_limit), None if bound is None else percent(bound))
        return (
            "The Bayesian logistic regression model (BLRM), logit p = log_alpha + exp(log_beta) log(dose / "
            f"{self.doses[-1] if self.reference is None else self.reference:g}), with a bivariate normal prior of "
            f"means {listed(self.prior_mean)}, standard deviations {listed(self.prior_sd)} and correlation "
            f"{self.prior_correlation:.3g}. The target DLT probability is {percent(self.target)}; below {low} is "
            f"under-dosing, from {high} on excessive and from {worst} on unacceptable. The next cohort gets the level "
            f"whose DLT probability is {goal}. {control} The MTD is the level that would be recommended "
            f"next.{floor_sentence(self.floor, self.floor_prior)}"
        )

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return likelihood_words(policy.weights)

    def posterior(self, tally: Tally, pending: Pending | None = None) -> BlrmPosterior:
        """Return posterior means, standard deviations and interval probabilities, by quadrature on a grid.

        Patients pending count as :meth:`Design.seen` says.
        """
        tally = self.seen(tally, pending)
        grid = self._grid(tally)
        curve = np.exp(grid.log_dlt).T
        shares = [self._shares(tally, above) for above in (*self.cut_points, self.overdose_limit)]
        expected = grid.expect(tally, np.column_stack([curve, curve**2, *shares]))
        mean, square, first, second, third, overdose = np.split(expected, 6, axis=1)
        return BlrmPosterior(
            mean,
            np.sqrt(np.maximum(square - mean**2, 0.0)),
            between(first, second, third),
            np.clip(overdose, 0.0, 1.0),
        )

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`."""
        return self._judge(tally).best_safe

    def probability_above(self, tally: Tally, level: int, above: float) -> FloatArray:
        """Return P(DLT probability at ``level`` > ``above`` | data), shape (S,), from the model."""
        self.check_question(level, above)
        share = self._shares(tally, above)[:, level - 1 : level]
        return np.clip(self._grid(tally).expect(tally, share)[:, 0], 0.0, 1.0)

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """See :meth:`TailsDesign.tails`."""
        prior, patients = self._prior, self._patients(tally)
        model = logistic_grid(prior, patients)
        return self._grid(tally).expect(tally, level_shares_above(prior, model, level, limits))

    def _judge(self, tally: Tally) -> Choice:
        functions = [self._shares(tally, self.overdose_limit)]
        if self.selection == "nearest_mean":
            functions.append(np.exp(self._grid(tally).log_dlt).T)
        else:
            functions += [self._shares(tally, above) for above in self.cut_points]
        expected = self._grid(tally).expect(tally, np.column_stack(functions))
        overdose, *rest = np.split(expected, len(functions), axis=1)
        if self.selection == "nearest_mean":
            score = nearest_score(rest[0], self.target)
        else:
            score = interval_score(between(*rest), self.loss if self.selection == "loss" else None)
        return choose(score, overdose, self.feasibility_bound)

    def _grid(self, tally: Tally) -> GridModel:
        patients = self._patients(tally)
        return with_floor(logistic_grid(self._prior, patients).grid, float(self.floor), self.floor_prior, patients)

    def _shares(self, tally: Tally, above: float) -> FloatArray:
        return shares_above(self._prior, self._patients(tally), float(above))

    @property
    def _prior(self) -> LogisticPrior:
        reference = self.doses[-1] if self.reference is None else float(self.reference)
        mean, sd = self.prior_mean, self.prior_sd
        return LogisticPrior(self.doses, reference, mean, sd, float(self.prior_correlation))

    def _patients(self, tally: Tally) -> int:
        return grid_patients(self.max_n, tally)
