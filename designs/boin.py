"""The Bayesian optimal interval design (BOIN).

Liu and Yuan (2015), *Journal of the Royal Statistical Society C* 64:507-523.  With y DLTs in n patients at the
current level, escalate if y / n <= lambda_e, de-escalate if y / n > lambda_d, otherwise stay, where

    lambda_e = log((1 - p1) / (1 - t)) / log(t (1 - p1) / (p1 (1 - t)))
    lambda_d = log((1 - t) / (1 - p2)) / log(p2 (1 - t) / (t (1 - p2)))

with target t, p1 = ``p_safe`` (0.6 t) the highest rate called sub-therapeutic and p2 = ``p_toxic`` (1.4 t) the lowest
called overly toxic.  A level with n >= 3 and P(p > t | Beta(1 + y, 1 + n - y)) > ``elimination_cutoff`` is eliminated
together with all above; the trial stops if the lowest is.  The MTD is the level whose isotonic estimate is nearest the
target.  Details follow the R package BOIN 2.7.2 (Yan et al. 2020, *Journal of Statistical Software* 94(13)).

With ``pending=Weighted()`` it is TITE-BOIN, which goes on while patients are pending: :mod:`designs.follow_up`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray
from designs.beta_binomial import tail_at
from designs.boin_boundaries import Boundaries, BoundaryTable, boundary_table, interval_boundary
from designs.checks import require_flag, require_probability, require_whole
from designs.decision import Decision
from designs.design import Design
from designs.follow_up import (
    FollowUpLimits,
    ess_limits_of_rates,
    ess_sentences,
    imputation_sentences,
    propose_by_follow_up,
)
from designs.isotonic import isotonic_rates, nearest_to_target
from designs.pending import EnteredTally
from designs.policies import Weighted
from designs.rules import AcceleratedTitration, Rule, StopWhenStaying
from designs.tally import Tally
from designs.weights import weights_sentence
from designs.words import percent


@dataclass(frozen=True, kw_only=True)
class BOIN(Design):
    """The Bayesian optimal interval design.

    Parameters
    ----------
    target : float
        Target DLT probability.
    n_doses, max_n, cohort_size, start_level, rules
        As for :class:`Design`.
    p_safe : float, optional
        Highest DLT rate that is too low, so that it calls for escalation; by default 0.6 times the target.
    p_toxic : float, optional
        Lowest DLT rate that is too high, so that it calls for de-escalation; by default 1.4 times the target.
    elimination_cutoff : float
        Posterior probability of exceeding the target above which a level is eliminated.
    extra_safe : bool
        Stop already when the lowest level's posterior probability exceeds ``elimination_cutoff - offset``.
    offset : float
        By how much ``extra_safe`` lowers ``elimination_cutoff`` for the lowest level.
    stop_at_n : int, optional
        Stop when this many patients are at the current level *and* the decision is to stay there.
    titration : bool
        Accelerated titration: one patient per level from the start level up to the first DLT or the top level, then
        the cohort there is completed.
    bound_mtd : bool
        Only a level whose isotonic estimate is at most lambda_d may be the MTD.
    stay_at_one_of_three : bool
        One DLT among three patients does not lower the dose, whatever lambda_d: a change of the table as in 3+3, made
        by Zhao et al. (2024, *Clinical Cancer Research* 30:673).

    Examples
    --------
    >>> design = BOIN(target=0.3, n_doses=5, max_n=30)
    >>> round(design.lambda_e, 7), round(design.lambda_d, 7)
    (0.2364907, 0.3585195)
    >>> design.decide(Tally.parse(["1NNN", "1NNN 2NTT"], n_doses=5)).level
    array([2, 1])
    >>> design.select(Tally(n=[[3, 3, 15, 9, 0]], dlt=[[0, 0, 4, 4, 0]], level=[3]))
    array([3])
    """

    references = ("Liu and Yuan (2015), Journal of the Royal Statistical Society C 64:507-523",)
    weighs_pending: ClassVar[str] = "interval"
    estimates: ClassVar[tuple[str, ...]] = ("imputation", "ess")

    target: float
    p_safe: float | None = None
    p_toxic: float | None = None
    elimination_cutoff: float = 0.95
    extra_safe: bool = False
    offset: float = 0.05
    stop_at_n: int | None = None
    titration: bool = False
    bound_mtd: bool = False
    stay_at_one_of_three: bool = False

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        if self.p_safe is not None:
            require_probability("p_safe", self.p_safe)
        if self.p_toxic is not None:
            require_probability("p_toxic", self.p_toxic)
        if not self._p_safe < self.target:
            raise ValueError(f"p_safe must be below the target {self.target}, not {self._p_safe}")
        if not self.target < self._p_toxic < 1:
            raise ValueError(f"p_toxic must lie between the target {self.target} and 1, not {self._p_toxic}")
        require_probability("elimination_cutoff", self.elimination_cutoff)
        require_flag("extra_safe", self.extra_safe)
        require_flag("titration", self.titration)
        require_flag("bound_mtd", self.bound_mtd)
        require_flag("stay_at_one_of_three", self.stay_at_one_of_three)
        require_probability("offset", self.offset, closed=True)
        if self.stop_at_n is not None:
            require_whole("stop_at_n", self.stop_at_n, 1)
        super().__post_init__()

    @property
    def lambda_e(self) -> float:
        """Escalation boundary of the observed DLT rate."""
        return interval_boundary(self._p_safe, self.target)

    @property
    def lambda_d(self) -> float:
        """De-escalation boundary of the observed DLT rate."""
        return interval_boundary(self._p_toxic, self.target)

    def boundaries(self) -> Boundaries:
        """Return the decision table for n = 1..max_n, as the package's ``get.boundary``."""
        table = self._table(self.max_n)
        return Boundaries(np.arange(1, self.max_n + 1), table.escalate[1:], table.deescalate[1:], table.eliminate[1:])

    def own_rules(self) -> tuple[Rule, ...]:
        """See :meth:`Design.own_rules`."""
        titration = (AcceleratedTitration(),) if self.titration else ()
        return titration if self.stop_at_n is None else (*titration, StopWhenStaying(self.stop_at_n))

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        cutoff = self.elimination_cutoff
        safer = f"; the trial stops already at {percent(cutoff - self.offset)} there" if self.extra_safe else ""
        bound = f", of those estimated at {self.lambda_d:.4f} or below," if self.bound_mtd else ""
        stays = " (but not with one DLT among three patients)" if self.stay_at_one_of_three else ""
        return (
            f"The Bayesian optimal interval design (BOIN) with target {percent(self.target)} goes one level up if the "
            f"DLT rate observed at the current level is at most {self.lambda_e:.4f}, one level down if it is above "
            f"{self.lambda_d:.4f}{stays}, and else stays. These boundaries follow from {percent(self._p_safe)} as the "
            f"highest rate called too low and {percent(self._p_toxic)} as the lowest called too high. A level with at "
            "least 3 patients is eliminated together with all above once the posterior probability that its DLT "
            f"probability exceeds the target is more than {percent(cutoff)} (prior Beta(1, 1)); the trial stops "
            f"without a dose if the lowest level is eliminated{safer}. The MTD is the level tried and not "
            f"eliminated{bound} whose isotonic estimate is nearest the target."
        )

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        if isinstance(tally, EnteredTally):
            return propose_by_follow_up(self, tally)
        n, dlt = tally.current_n, tally.current_dlt
        table = self._table(tally.largest_n)
        up = (dlt <= table.escalate[n]) & (tally.level < self.n_doses)
        down = (dlt >= table.deescalate[n]) & (tally.level > 1)
        return self.move_to(tally, tally.level + up - down)

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        estimated = (
            imputation_sentences(self.target)
            if policy.estimate == "imputation"
            else ess_sentences("takes the place of the patients in the DLT rate")
        )
        return f"{estimated} {weights_sentence(policy.weights)}"

    def complete_steps(self, max_n: int) -> npt.NDArray[np.int8]:
        """Return the step (+1, 0, -1) by [n, y] where nobody is pending, for n and y up to ``max_n`` at least."""
        table = self._table(max_n)
        y = np.arange(len(table.escalate))
        up, down = y <= table.escalate[:, None], y >= table.deescalate[:, None]
        return up.astype(np.int8) - down.astype(np.int8)

    def complete_exclusions(self, max_n: int) -> BoolArray:
        """Return by [n, y] where a level is eliminated, for n and y up to ``max_n`` at least."""
        eliminate = self._table(max_n).eliminate
        return np.arange(len(eliminate)) >= eliminate[:, None]

    def rate_limits(self) -> tuple[float, float]:
        """Return the DLT rates at or below which the design escalates, and above which it de-escalates."""
        return self.lambda_e, self.lambda_d

    def ess_limits(self, max_n: int) -> FollowUpLimits:
        """Return by y = 0..max_n the limits on the effective sample size; see :mod:`designs.follow_up`."""
        return ess_limits_of_rates(self.rate_limits(), max_n)

    def ceiling(self, tally: Tally) -> IntArray:
        """See :meth:`Design.ceiling`: levels below the lowest eliminated one."""
        table = self._table(tally.largest_n)
        eliminated = tally.dlt >= table.eliminate[tally.n]
        if self.extra_safe:
            eliminated[:, 0] |= tally.dlt[:, 0] >= table.stop_extra_safe[tally.n[:, 0]]
        return np.where(eliminated.any(axis=1), np.argmax(eliminated, axis=1), self.n_doses)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the isotonic estimate nearest the target, as the package's ``select.mtd``."""
        n, dlt = tally.n, tally.dlt
        above = tail_at(float(self.target), n, dlt, self.max_n)
        eliminated = (n >= 3) & (above > self.elimination_cutoff)
        if self.extra_safe:
            eliminated[:, 0] |= (n[:, 0] >= 3) & (above[:, 0] > self.elimination_cutoff - self.offset)
        candidate = (n > 0) & ~np.logical_or.accumulate(eliminated, axis=1)
        estimate = isotonic_rates(n, dlt, candidate)
        if self.bound_mtd:
            estimate = np.where(estimate <= self.lambda_d, estimate, np.nan)
        return nearest_to_target(estimate, self.target)

    @property
    def _p_safe(self) -> float:
        return 0.6 * self.target if self.p_safe is None else self.p_safe

    @property
    def _p_toxic(self) -> float:
        return 1.4 * self.target if self.p_toxic is None else self.p_toxic

    def _table(self, max_n: int) -> BoundaryTable:
        return boundary_table(
            *(self.target, self._p_safe, self._p_toxic, self.elimination_cutoff, self.offset),
            self.stay_at_one_of_three,
            max(max_n, self.max_n),
        )
