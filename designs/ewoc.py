"""Escalation with overdose control (EWOC).

Babb, Rogatko and Zacks (1998), *Statistics in Medicine* 17:1103-1120.  A logistic model in the dose, written in the
DLT probability ``rho`` at the dose ``minimum`` and the MTD ``gamma``, the dose whose DLT probability is the target:

    logit p(x) = logit(rho) + (logit(target) - logit(rho)) (x - minimum) / (gamma - minimum)

with independent priors, beta distributions stretched over [0, target] for rho and [minimum, maximum] for gamma;
uniform in the paper.  A level is allowed where P(its dose > gamma | data) is at most the feasibility bound, and the
next cohort gets the highest allowed level.  The MTD is that level too, which is the choice of least expected loss
where an overdose costs (1 - bound) and an underdose (bound) per unit of dose.

The bound may rise during the trial, by ``bound_step`` with every cohort from number ``bound_starts`` on, up to
``bound_limit``, whatever the outcomes.  By default cohort 3 is the first that is dosed under a raised bound.  Cohort 2,
``bound_starts=2``, is the schedule of R's ``ewoc`` 0.3.0 (``alpha_strategy = "increasing"``: its ``feasibility`` adds
the rate before every dose it finds, the first of which is the second patient's).  That the bound be raised during the
trial is ascribed to Chu, Lin and Shih (2009, *Journal of Statistical Planning and Inference* 139:1146-1163) from
memory; their schedule was not looked up.  A bound that rises whatever the outcomes can call for a higher dose right
after a DLT (Wheeler 2018, *Statistical Papers* 59:801-811), which is what the default rule ``CoherentEscalation`` is
there for.

Patients in their DLT window may count by their follow-up, ``pending=Weighted(...)``: in the TITE-EWOC a pending patient
contributes 1 - w p to the likelihood, w being the weight of the follow-up (:mod:`designs.weights`; Mauguen, Le Deley
and Zohar 2011, *Statistics in Medicine* 30:1584-1594, cited from memory).

The paper's ``minimum`` is the lowest dose, any dose up to ``maximum`` being available.  With given levels that has two
consequences, which the defaults avoid.  DLTs at ``minimum`` itself tell nothing about gamma, and it is always allowed;
by default ``minimum`` is 0, so that the trial ends where even the lowest dose is not allowed.  And the highest would
never be allowed if gamma could not lie well beyond it; by default ``maximum`` is so far above the last dose but one
that, were the MTD only known to lie above that one, the highest dose would just be allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from designs.arrays import FloatArray, IntArray
from designs.checks import (
    AMOUNT_RANGE,
    require_amounts,
    require_number,
    require_numbers,
    require_probability,
    require_whole,
    require_within,
)
from designs.decision import Decision, Reason
from designs.ewoc_grid import PANEL_NODES, TAIL_PANEL_NODES, EwocGrid, ewoc_grid, require_ewoc_grid, shares_above
from designs.grid import grid_patients
from designs.partly_followed import likelihood_words
from designs.pending import Pending
from designs.policies import Weighted
from designs.rules import CoherentEscalation, NoSkipping, Rule
from designs.tails import TailsDesign
from designs.tally import Tally
from designs.words import listed, percent

_SHAPES = 0.05, 100.0  # of the beta priors


class EwocPosterior(NamedTuple):
    """Posterior of EWOC for S tallies.

    ``dlt_probability`` (S, J) are posterior means, ``overdose_probability`` (S, J) the probabilities that the MTD lies
    below each dose, ``mtd`` (S,) its posterior mean, and ``lowest_dlt_probability`` (S,) that of rho.
    """

    dlt_probability: FloatArray
    overdose_probability: FloatArray
    mtd: FloatArray
    lowest_dlt_probability: FloatArray


@dataclass(frozen=True, kw_only=True)
class EWOC(TailsDesign):
    """Escalation with overdose control.

    Parameters
    ----------
    target : float
        Target DLT probability.
    doses : sequence of float, length J
        Dose amounts, positive and strictly increasing.
    max_n : int
        Most patients.
    feasibility_bound : float
        Largest probability that a level exceeds the MTD, when the first cohort's data are in.
    bound_step : float
        How much the feasibility bound rises with each further cohort.
    bound_limit : float
        Up to where the feasibility bound rises.
    bound_starts : int
        Number, from 2 on, of the first cohort that is dosed under a raised bound.
    minimum : float, optional
        Lowest amount that the MTD may have; by default 0, so that the trial can end at the lowest dose.
    maximum : float, optional
        Highest amount that the MTD may have; by default so far beyond the last dose but one that the highest can be
        allowed.
    prior_rho : pair of float
        Shape parameters of the beta prior of rho / target, rho being the DLT probability at ``minimum``.
    prior_mtd : pair of float
        Shape parameters of the beta prior of the MTD within its range.
    cohort_size, start_level, rules
        As for :class:`Design`; by default no level is skipped on the way up, and there is no escalation after a cohort
        whose DLT rate is at or above the target.

    Examples
    --------
    >>> design = EWOC(target=0.33, doses=(10, 20, 30, 40), max_n=30)
    >>> tally = Tally.parse("1NNN 2NNN", n_doses=4)
    >>> design.posterior(tally).overdose_probability.round(3)
    array([[0.008, 0.062, 0.192, 0.367]])
    >>> int(design.decide(tally).level[0])
    3
    """

    weighs_pending = "likelihood"
    references = ("Babb, Rogatko and Zacks (1998), Statistics in Medicine 17:1103-1120",)

    target: float
    doses: tuple[float, ...]
    n_doses: int = field(init=False)
    feasibility_bound: float = 0.25
    bound_step: float = 0.0
    bound_limit: float = 0.5
    bound_starts: int = 3
    minimum: float | None = None
    maximum: float | None = None
    prior_rho: tuple[float, float] = (1.0, 1.0)
    prior_mtd: tuple[float, float] = (1.0, 1.0)
    rules: tuple[Rule, ...] = (NoSkipping(), CoherentEscalation())

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        object.__setattr__(self, "doses", require_amounts("doses", self.doses))
        object.__setattr__(self, "n_doses", len(self.doses))
        require_probability("feasibility_bound", self.feasibility_bound)
        require_probability("bound_step", self.bound_step, closed=True)
        require_probability("bound_limit", self.bound_limit)
        if self.bound_step > 0 and self.bound_limit < self.feasibility_bound:
            raise ValueError(f"bound_limit must be at least the bound {self.feasibility_bound}, not {self.bound_limit}")
        require_whole("bound_starts", self.bound_starts, 2)
        if self.minimum is not None and not require_number("minimum", self.minimum) <= self.doses[0]:
            raise ValueError(f"minimum must be at most the lowest dose {self.doses[0]:g}, not {self.minimum}")
        if self.maximum is not None and not require_number("maximum", self.maximum) >= self.doses[-1]:
            raise ValueError(f"maximum must be at least the highest dose {self.doses[-1]:g}, not {self.maximum}")
        if not self._range[0] < self._range[1]:
            raise ValueError(f"maximum must exceed the minimum {self._range[0]:g}, not {self._range[1]:g}")
        for name in ("minimum", "maximum"):
            if getattr(self, name) is not None:
                require_within(name, getattr(self, name), 0.0, AMOUNT_RANGE[1])
        for name in ("prior_rho", "prior_mtd"):
            object.__setattr__(self, name, require_numbers(name, getattr(self, name), 2))
            if min(getattr(self, name)) <= 0:
                raise ValueError(f"{name} must be positive, not {list(getattr(self, name))}")
            for shape in getattr(self, name):
                require_within(name, shape, *_SHAPES)
        super().__post_init__()
        require_ewoc_grid(self.n_doses, self.prior_rho, self.max_n)

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        low, high = self._range
        rises = (
            f", rising by {percent(self.bound_step)} with every cohort from number {self.bound_starts} on up to "
            f"{percent(self.bound_limit)}"
            if self.bound_step > 0
            else ""
        )
        return (
            "Escalation with overdose control (EWOC): a logistic model in the dose, written in the MTD, which lies "
            f"between {low:g} and {high:g} (beta prior {listed(self.prior_mtd)}), and the DLT probability at {low:g}, "
            f"which lies below the target {percent(self.target)} (beta prior {listed(self.prior_rho)}). The next "
            "cohort gets the highest level that exceeds the MTD with posterior probability of at most "
            f"{percent(self.feasibility_bound)}{rises}; the trial stops without a dose where there is none. The MTD is "
            "chosen in the same way."
        )

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return likelihood_words(policy.weights)

    def posterior(self, tally: Tally, pending: Pending | None = None) -> EwocPosterior:
        """Return posterior means and the probabilities that each dose exceeds the MTD, by quadrature on a grid.

        Patients pending count as :meth:`Design.seen` says.
        """
        tally = self.seen(tally, pending)
        model = self._model(tally)
        functions = [np.exp(model.grid.log_dlt).T, model.exceeds_mtd, model.gamma, self.target * expit(model.u)]
        expected = model.grid.expect(tally, np.column_stack(functions))
        curve, overdose = expected[:, : self.n_doses], expected[:, self.n_doses : -2]
        return EwocPosterior(curve, np.clip(overdose, 0.0, 1.0), expected[:, -2], expected[:, -1])

    def bound(self, tally: Tally) -> FloatArray:
        """Return the feasibility bound (S,) for the cohort after each tally, by its number of full cohorts."""
        next_cohort = tally.total_n // self.cohort_size + 1
        risen = self.feasibility_bound + self.bound_step * np.maximum(next_cohort - self.bound_starts + 1, 0)
        return np.minimum(risen, max(self.bound_limit, self.feasibility_bound))

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        return self.propose_with_ceiling(tally)[0]

    def ceiling(self, tally: Tally) -> IntArray:
        """See :meth:`Design.ceiling`: the highest allowed level."""
        model = self._model(tally)
        overdose = model.grid.expect(tally, model.exceeds_mtd)
        # A probability that is exactly the bound in theory must not fail by rounding.
        allowed = overdose <= self.bound(tally)[:, None] + 1e-12
        return np.logical_and.accumulate(allowed, axis=1).sum(axis=1)

    def propose_with_ceiling(self, tally: Tally) -> tuple[Decision, IntArray | None]:
        """See :meth:`Design.propose_with_ceiling`."""
        highest = self.ceiling(tally)
        # Where no level is allowed, the ceiling stops the trial.
        decision = self.move_to(tally, np.maximum(highest, 1))
        held_back = (highest == tally.level) & (highest < self.n_doses)
        reason = np.where(held_back, np.int8(Reason.TOO_TOXIC_ABOVE), decision.reason_code)
        return Decision(decision.level, decision.cohort_size, reason), highest

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the highest allowed level."""
        return self.ceiling(tally)

    def mtd_cv(self, tally: Tally) -> FloatArray:
        """Return the posterior coefficient of variation of the MTD, shape (S,)."""
        model = self._model(tally)
        mean, square = model.grid.expect(tally, np.column_stack([model.gamma, model.gamma**2])).T
        return np.sqrt(np.maximum(square - mean**2, 0.0)) / mean

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """See :meth:`TailsDesign.tails`.

        The prior keeps the DLT probability at ``minimum`` below the target.  Good to 1e-6 at the target and from
        about 0.01 away from it, to 1e-4 in between.  An end of an interval that lies at the target is good to about
        0.001: an MTD at the dose itself makes its DLT probability the target whatever rho is, so that the density is
        not bounded there.
        """
        model = self._model(tally, TAIL_PANEL_NODES)
        share = shares_above(model, self.doses[level - 1], self._range[0], self.target, limits)
        return model.grid.expect(tally, share)

    @property
    def _range(self) -> tuple[float, float]:
        before = self.doses[-2] if self.n_doses > 1 else 0.0
        beyond = before + (self.doses[-1] - before) / self.feasibility_bound
        low = 0.0 if self.minimum is None else float(self.minimum)
        return low, beyond if self.maximum is None else float(self.maximum)

    def _model(self, tally: Tally, panel_nodes: int = PANEL_NODES) -> EwocGrid:
        patients = grid_patients(self.max_n, tally)
        target, rho, mtd = float(self.target), self.prior_rho, self.prior_mtd
        return ewoc_grid(self.doses, self._range, target, rho, mtd, patients, panel_nodes)
