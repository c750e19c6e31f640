"""The continual reassessment method (CRM).

O'Quigley, Pepe and Fisher (1990), *Biometrics* 46:33-48; Cheung (2011), *Dose Finding by the Continual Reassessment
Method*.  One parameter ``b`` with prior N(0, ``prior_sd`` squared) moves the whole skeleton ``s`` up or down:

empiric
    p = s ** exp(b)
logistic
    logit p = intercept + exp(b) x, with x = logit(s) - intercept

The next level is the one whose estimate is nearest the target, ties to the lower; as in dfcrm, the top level where
all estimates are at or below the target, the lowest where all are at or above it.  The estimate is the curve at the
posterior mean of ``b`` (``"plug_in"``, as dfcrm and Cheung's book) or the posterior mean of the curve itself
(``"posterior_mean"``, as trialr and bcrm); the two can name different doses.

Patients in their DLT window may count by their follow-up, ``pending=Weighted(...)``: the TITE-CRM (Cheung and Chappell
2000, *Biometrics* 56:1177-1182).  The likelihood is then

    prod F^y (1 - F)^(1 - y) over the patients whose outcome is known, times prod (1 - w F) over those pending,

F being the curve at each patient's level and w the weight of the follow-up (:mod:`designs.weights`).  As in dfcrm's
``titesim`` every other part of the design stays what it is; coherence is a rule of its own.

Note that ``prior_sd`` is a standard deviation; dfcrm's ``scale`` is the same number, and the classical prior
*variance* is 1.34.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import logit

from designs.arrays import FloatArray, IntArray
from designs.checks import increasing_probabilities, require_choice, require_probability
from designs.crm_grid import Quadrature, crm_grid, log_dlt_at, model_words, require_crm_grid, require_model
from designs.decision import Decision
from designs.floor import FlooredGrid, require_floor, require_floored_grid, with_floor
from designs.grid import GridModel, grid_patients
from designs.nodes import Axis
from designs.partly_followed import likelihood_words
from designs.pending import Pending
from designs.policies import Weighted
from designs.rules import NoSkipping, Rule
from designs.skeleton import MODELS
from designs.tails import TailsDesign
from designs.tally import Tally
from designs.words import floor_sentence, listed, percent

_STEP = 0.6  # node distance in units of the narrowest posterior sd: means and variances to about 1e-12
_FINE_STEP = 0.35  # the same for tail probabilities, whose integrand ends abruptly: to about 1e-12 too


class Posterior(NamedTuple):
    """Posterior of the CRM for S tallies.

    ``mean`` and ``variance`` (S,) are those of the parameter; ``dlt_probability`` (S, J) is the estimated curve,
    plug-in or posterior mean as the design says.
    """

    mean: FloatArray
    variance: FloatArray
    dlt_probability: FloatArray


@dataclass(frozen=True, kw_only=True)
class CRM(TailsDesign):
    """The continual reassessment method.

    Parameters
    ----------
    target : float
        Target DLT probability.
    skeleton : sequence of float, length J
        Prior guesses of the DLT probabilities, strictly increasing.
    max_n : int
        Most patients.
    model : {"empiric", "logistic"}
        Dose-toxicity model.
    intercept : float
        Fixed intercept of the logistic model.
    prior_sd : float
        Standard deviation of the normal prior of the parameter.
    floor : float
        Probability of a DLT-like event without the drug; target, skeleton and estimates are then the drug's own.
    floor_prior : pair of float, optional
        Parameters of a beta prior of the floor, where it is not known.
    estimate : {"plug_in", "posterior_mean"}
        Curve at the posterior mean of the parameter, or posterior mean of the curve.
    selection : {"model", "next_level"}
        The MTD is the model's dose, unrestricted (as dfcrm), or the level that the next cohort would get, rules
        included (as escalation).
    cohort_size, start_level, rules
        As for :class:`Design`; by default no level is skipped on the way up.

    Examples
    --------
    Cheung (2011), page 21:

    >>> design = CRM(target=0.25, skeleton=(0.05, 0.12, 0.25, 0.40, 0.55), max_n=20, model="logistic", rules=())
    >>> tally = Tally.parse("3N 5N 5T 3N 4N", n_doses=5)
    >>> posterior = design.posterior(tally)
    >>> posterior.mean.round(4), posterior.dlt_probability.round(4)
    (array([0.2795]), array([[0.0077, 0.0265, 0.0817, 0.1819, 0.3314]]))
    >>> int(design.decide(tally).level[0])
    4

    TITE-CRM, page 124: four patients at level 3 without a DLT so far.

    >>> from designs import Weighted
    >>> design = CRM(target=0.25, skeleton=(0.05, 0.12, 0.25, 0.40, 0.55), max_n=20, pending=Weighted())
    >>> nobody_known = Tally(n=[[0, 0, 0, 0, 0]], dlt=[[0, 0, 0, 0, 0]], level=[3])
    >>> pending = Pending(level=[[3, 3, 3, 3]], days=[[73, 66, 35, 28]], window_days=126)
    >>> design.posterior(nobody_known, pending).mean.round(4)
    array([0.4908])
    >>> int(design.decide(nobody_known, pending).level[0])
    4
    """

    weighs_pending = "likelihood"
    references = (
        "O'Quigley, Pepe and Fisher (1990), Biometrics 46:33-48",
        "Cheung (2011), Dose Finding by the Continual Reassessment Method",
    )

    target: float
    skeleton: tuple[float, ...] = field(metadata={"example": [0.1, 0.25, 0.4]})
    n_doses: int = field(init=False)
    model: str = "empiric"
    intercept: float = 3.0
    prior_sd: float = 1.34**0.5
    floor: float = 0.0
    floor_prior: tuple[float, float] | None = None
    estimate: str = "plug_in"
    selection: str = "model"
    rules: tuple[Rule, ...] = (NoSkipping(),)

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        object.__setattr__(self, "skeleton", increasing_probabilities("skeleton", self.skeleton))
        object.__setattr__(self, "n_doses", len(self.skeleton))
        require_choice("model", self.model, MODELS)
        require_choice("estimate", self.estimate, ("plug_in", "posterior_mean"))
        require_choice("selection", self.selection, ("model", "next_level"))
        require_model(self.intercept, self.prior_sd)
        object.__setattr__(self, "floor_prior", require_floor(self.floor, self.floor_prior))
        if self.model == "logistic" and logit(self.skeleton[-1]) >= self.intercept:
            raise ValueError(
                f"intercept must exceed logit(skeleton) at every dose, {logit(self.skeleton[-1]):.3g}, "
                f"not {self.intercept}"
            )
        super().__post_init__()
        model = self.skeleton, self.model, float(self.intercept), float(self.prior_sd)
        nodes = require_crm_grid(*model, self.max_n, _FINE_STEP)
        require_floored_grid(nodes, self.n_doses, self.floor_prior, self.max_n)

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        curve = (
            "posterior mean of the curve" if self.estimate == "posterior_mean" else "curve at the posterior mean of b"
        )
        mtd = (
            "the level that the next cohort would get, rules included"
            if self.selection == "next_level"
            else "the level so estimated from all patients"
        )
        return (
            f"The continual reassessment method (CRM) with the {model_words(self.model, self.intercept)}. The skeleton "
            f"s, the prior guesses of the DLT probabilities, is {listed(self.skeleton)}; the prior of b is normal with "
            f"mean 0 and standard deviation {self.prior_sd:.4g}. The next cohort gets the level whose estimated DLT "
            f"probability ({curve}) is nearest the target {percent(self.target)}. The MTD is {mtd}."
            f"{floor_sentence(self.floor, self.floor_prior)}"
        )

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return likelihood_words(policy.weights)

    def posterior(self, tally: Tally, pending: Pending | None = None) -> Posterior:
        """Return the posterior of the parameter and the estimated curve.

        Patients pending count as :meth:`Design.seen` says: by their weights in the TITE-CRM, else not at all.

        By the trapezoidal rule on a grid over the whole line, which converges exponentially; dfcrm integrates on
        (-10, 10), which cuts off part of the prior where its standard deviation is 2 or more.
        """
        tally = self.seen(tally, pending)
        axis, grid = self._grid(tally, _STEP)
        functions = [axis.nodes, axis.nodes**2]
        if self.estimate == "posterior_mean":
            functions += list(np.exp(grid.log_dlt))
        moments = grid.expect(tally, np.column_stack(functions))
        mean = moments[:, 0]
        curve = self.curve(mean) if self.estimate == "plug_in" else moments[:, 2:]
        return Posterior(mean, moments[:, 1] - mean**2, curve)

    def curve(self, parameter: FloatArray) -> FloatArray:
        """Return the DLT probabilities (S, J) at parameter values (S,)."""
        return np.exp(log_dlt_at(parameter, self.skeleton, self.model, self.intercept).T)

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        return self.move_to(tally, self.model_dose(tally))

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`."""
        return self.model_dose(tally) if self.selection == "model" else self.next_level(tally)

    def model_dose(self, tally: Tally) -> IntArray:
        """Return the level (S,) that the model alone would give."""
        if self.estimate == "plug_in":
            axis, grid = self._grid(tally, _STEP)
            curve = self.curve(grid.expect(tally, axis.nodes[:, None])[:, 0])
        else:
            curve = self.posterior(tally).dlt_probability
        level = np.argmin(np.abs(curve - self.target), axis=1) + 1
        # Where estimates are so small that they tie, nearness cannot tell them apart.
        return np.where((curve <= self.target).all(axis=1), self.n_doses, level)

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """Return P(DLT probability at ``level`` > limits | data), shape (S, L), to the precision of the grid."""
        axis, grid = self._grid(tally, _FINE_STEP)
        return grid.expect(tally, self._shares_above(axis, level, limits))

    def credible_interval(
        self, tally: Tally, level: IntArray | int, credibility: float = 0.9
    ) -> tuple[FloatArray, FloatArray]:
        """Return the equal-tailed posterior interval of the DLT probability at ``level`` (S,), from the model."""
        axis, grid = self._grid(tally, _FINE_STEP)
        tail = (1 - credibility) / 2
        # The larger the parameter, the lower the whole curve.
        high, low = grid.quantiles(tally, axis, np.array([tail, 1 - tail])).T
        at = np.broadcast_to(level, (tally.size,)) - 1
        rows = np.arange(tally.size)
        return self.curve(low)[rows, at], self.curve(high)[rows, at]

    def log_evidence(self, tally: Tally) -> FloatArray:
        """Return the logarithm of the marginal likelihood of the data, shape (S,)."""
        _, grid = self._grid(tally, _STEP)
        return grid.log_evidence(tally)

    def quadrature(self, level: int | None = None, above: float | None = None) -> Quadrature:
        """Return the nodes that :meth:`posterior` sums over with up to ``max_n`` patients entered.

        For engines that decide by loops of their own: the posterior mean of the parameter, to about 1e-12, is the sum
        of ``parameter`` over the nodes with weights ``exp(log_weight)`` times the likelihood, by their sum.

        Parameters
        ----------
        level, above : int and float, optional
            With these the nodes are the closer ones of :meth:`tails`, and the sum of ``share`` in place of
            ``parameter`` is P(DLT probability at ``level`` > ``above`` | data), to about 1e-12.

        Raises
        ------
        ValueError
            If the floor has a prior: the likelihood is then no product over patients.

        Examples
        --------
        >>> design = CRM(target=0.25, skeleton=(0.05, 0.12, 0.25), max_n=20)
        >>> nodes = design.quadrature()
        >>> weight = np.exp(nodes.log_weight + nodes.log_dlt[0]) * (1 - 0.5 + 0.5 * np.exp(nodes.log_no_dlt[1]))
        >>> round(float(nodes.parameter @ weight / weight.sum()), 6)
        -1.246702
        """
        if self.floor_prior is not None:
            raise ValueError("floor_prior must be left out: its likelihood is no product over patients")
        tails = level is not None and above is not None
        axis, grid = self._grid(Tally.empty(self.n_doses), _FINE_STEP if tails else _STEP)
        observed = grid.parts[0] if isinstance(grid, FlooredGrid) else grid
        share = np.zeros(len(axis.nodes))
        if level is not None and above is not None:
            share = self._shares_above(axis, level, np.array([above]))[:, 0]
        return Quadrature(axis.nodes, observed.log_weight, observed.log_dlt, observed.log_no_dlt, share)

    def _shares_above(self, axis: Axis, level: int, limits: FloatArray) -> FloatArray:
        """Return by how much each node counts (G, L) towards P(DLT probability at ``level`` > limits)."""
        ratio = np.log(limits) / np.log(self.skeleton[level - 1])
        if self.model == "logistic":
            ratio = (logit(limits) - self.intercept) / (logit(self.skeleton[level - 1]) - self.intercept)
        # A logistic curve stays below expit(intercept).
        log_ratio = np.log(np.where(ratio > 0, ratio, 1.0))
        return np.where(ratio > 0, axis.share_below(log_ratio, axis.nodes[:, None]), 0.0)

    def _grid(self, tally: Tally, step: float) -> tuple[Axis, GridModel]:
        patients = grid_patients(self.max_n, tally)
        axis, grid = crm_grid(self.skeleton, self.model, float(self.intercept), float(self.prior_sd), patients, step)
        return axis, with_floor(grid, float(self.floor), self.floor_prior, patients)
