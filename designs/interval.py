"""What interval designs share: the decision depends only on the patients and DLTs at the current level.

Such a design is a table over (n, y): escalate, stay or de-escalate, and whether the level is excluded.  A level with
n >= ``exclusion_min_n`` and P(p > target | Beta(alpha + y, beta + n - y)) > ``exclusion_certainty`` is excluded
together with all above; the trial stops if the lowest is.  The table is made once and looked up for whole batches.

The MTD is the level, not excluded, whose isotonic estimate is nearest the target.  Estimates are posterior means under
Beta(``mtd_alpha``, ``mtd_beta``), weighted by the inverse of the posterior variance.  Of equally near levels the
highest is taken if their estimates are below the target, the lowest if above; of one below and one above, the one
below.  ``mtd_fit`` says which levels the isotonic fit covers:

``"admissible"`` (default)
    those treated and not excluded, as in the program that accompanied mTPI, and in BOIN;
``"tested"``
    all treated, excluded ones too;
``"all"``
    untreated ones too, at their prior mean, so that one of them may be selected (the default of the R package
    escalation).

With ``pending=Weighted()`` some of these designs go on while patients are pending, see :mod:`designs.follow_up`:
Keyboard, mTPI and mTPI-2 (Lin and Yuan 2020) and CCD, whose two rates are compared in the same way.  i3+3 takes whole
patients from its counts, and TPI's intervals are as wide as a posterior deviation; for neither is there a rule for
parts of patients.

Quantities closer than rounding errors are ties, and ties go to the lower dose; a probability equal to the cut-off does
not exclude.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.beta_binomial import TABULATED
from designs.checks import (
    require_beta_parameter,
    require_choice,
    require_probability,
    require_whole,
)
from designs.decision import Decision
from designs.design import Design
from designs.follow_up import FollowUpLimits, ess_limits_of_steps, ess_sentences, propose_by_follow_up
from designs.isotonic import isotonic_rates, nearest_to_target
from designs.pending import EnteredTally
from designs.policies import Weighted
from designs.tally import Tally
from designs.weights import weights_sentence
from designs.words import listed, percent

MTD_FITS = ("admissible", "tested", "all")

MASS_TIE = 1e-10
"""Relative difference below which posterior masses (per width) are the same."""

CERTAINTY_TIE = 1e-12
"""Difference below which a posterior probability is at its cut-off."""

_ROWS = 8  # of a table, made at a time: some designs hold a number per entry and interval


class DecisionTable(NamedTuple):
    """Rows n = 0..max_n, columns y = 0..max_n; entries with y > n mean nothing."""

    step: npt.NDArray[np.int8]
    excluded: BoolArray


@dataclass(frozen=True, kw_only=True)
class IntervalDesign(Design):
    """A design by a table of (patients, DLTs) at the current level.

    Parameters
    ----------
    target : float
        Target DLT probability.
    n_doses, max_n, cohort_size, start_level, rules
        As for :class:`Design`.
    alpha : float
        First parameter of the prior Beta(alpha, beta) of a level's DLT probability: its DLTs, in effect.
    beta : float
        Second parameter of that prior: its patients without a DLT, in effect.
    exclusion_certainty : float, optional
        Posterior probability of exceeding the target above which a level is excluded; None: never.
    exclusion_min_n : int
        Fewest patients at a level for it to be excluded.
    mtd_alpha : float
        First parameter of the beta prior of the estimates from which the MTD is selected; 0 together with ``mtd_beta``
        means observed rates, weighted by patients.
    mtd_beta : float
        Second parameter of the beta prior of the estimates from which the MTD is selected.
    mtd_fit : {"admissible", "tested", "all"}
        Levels that the isotonic fit covers: those treated and not excluded, all treated, or untreated ones too, at
        their prior mean.
    """

    estimates: ClassVar[tuple[str, ...]] = ("ess",)

    target: float
    alpha: float = 1.0
    beta: float = 1.0
    exclusion_certainty: float | None = 0.95
    exclusion_min_n: int = 3
    mtd_alpha: float = 0.005
    mtd_beta: float = 0.005
    mtd_fit: str = "admissible"

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        require_beta_parameter("alpha", self.alpha)
        require_beta_parameter("beta", self.beta)
        if self.exclusion_certainty is not None:
            require_probability("exclusion_certainty", self.exclusion_certainty)
        require_whole("exclusion_min_n", self.exclusion_min_n, 1)
        require_choice("mtd_fit", self.mtd_fit, MTD_FITS)
        no_prior = self.mtd_alpha == 0 and self.mtd_beta == 0
        if not no_prior:
            require_beta_parameter("mtd_alpha", self.mtd_alpha)
            require_beta_parameter("mtd_beta", self.mtd_beta)
        elif self.mtd_fit == "all":
            raise ValueError("mtd_fit must not be 'all' without a prior (mtd_alpha, mtd_beta) for untreated levels")
        super().__post_init__()

    @abstractmethod
    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """Return +1 (escalate), 0 (stay) or -1 (de-escalate) for y DLTs in n patients.

        ``n`` and ``y`` are arrays whose shapes go together, ``y`` of the shape of the answer.  A design that weighs
        pending patients is asked for n that are not whole, too.
        """

    def exclusions(self, n: IntArray, y: IntArray) -> BoolArray:
        """Return where a level is excluded, for ``n`` and ``y`` as in :meth:`steps`."""
        if self.exclusion_certainty is None:
            return np.zeros(y.shape, dtype=np.bool_)
        above = 1.0 - posterior_cdf(n, y, *self.exclusion_prior(), float(self.target))
        return (n >= self.exclusion_min_n) & (above > self.exclusion_certainty + CERTAINTY_TIE)

    def exclusion_prior(self) -> tuple[float, float]:
        """Return the parameters of the beta prior that exclusion uses."""
        return self.alpha, self.beta

    def describe(self) -> str:
        """See :meth:`Design.describe`; a design says by :meth:`_how` what is its own."""
        certainty = self.exclusion_certainty
        excluded = (
            f"A level with at least {self.exclusion_min_n} patients is excluded together with all above once the "
            f"posterior probability that its DLT probability exceeds the target is more than {percent(certainty)} "
            f"(prior Beta({listed(self.exclusion_prior())})); the trial stops without a dose if the lowest is "
            f"excluded. "
            if certainty is not None
            else ""
        )
        prior = (
            "observed rates"
            if self.mtd_alpha == 0
            else f"posterior means under Beta({listed((self.mtd_alpha, self.mtd_beta))})"
        )
        fitted = {
            "admissible": "the levels treated and not excluded",
            "tested": "all levels treated",
            "all": "all levels, treated or not",
        }[self.mtd_fit]
        return (
            f"{self._how()} {excluded}The MTD is the level, not excluded, whose isotonic estimate, from {prior} at "
            f"{fitted}, is nearest the target {percent(self.target)}."
        )

    def _how(self) -> str:
        return super().describe()

    def decision_table(self) -> tuple[str, ...]:
        """Return the decisions as letters: entry n has one for each number of DLTs 0..n; entry 0 is empty.

        E escalate, S stay, D de-escalate, U de-escalate and exclude the level and all above.  At the lowest level D
        means stay and U stop; at the highest E means stay.
        """
        return letters(self._table(self.max_n))

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        if isinstance(tally, EnteredTally):
            return propose_by_follow_up(self, tally)
        n, dlt = tally.current_n, tally.current_dlt
        step = self._table(tally.largest_n).step[n, dlt] if self._tabulated(tally) else self.steps(n, dlt)
        return self.move_to(tally, np.clip(tally.level + step, 1, self.n_doses))

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return f"{ess_sentences('takes the place of the patients in the posterior')} {weights_sentence(policy.weights)}"

    def complete_steps(self, max_n: int) -> npt.NDArray[np.int8]:
        """Return the step (+1, 0, -1) by [n, y] where nobody is pending, for n and y up to ``max_n`` at least."""
        return self._table(max_n).step

    def complete_exclusions(self, max_n: int) -> BoolArray:
        """Return by [n, y] where a level is excluded, for n and y up to ``max_n`` at least."""
        return self._table(max_n).excluded

    def rate_limits(self) -> tuple[float, float]:
        """Return two DLT rates that say up and down; only a design that compares rates has them."""
        raise ValueError(f"{type(self).__name__} does not compare the DLT rate with two limits")

    def ess_limits(self, max_n: int) -> FollowUpLimits:
        """Return by y = 0..max_n the limits on the effective sample size; see :mod:`designs.follow_up`."""
        return ess_limits_of_steps(self.steps, max_n)

    def ceiling(self, tally: Tally) -> IntArray:
        """See :meth:`Design.ceiling`: levels below the lowest excluded one."""
        excluded = self._excluded(tally)
        return np.where(excluded.any(axis=1), np.argmax(excluded, axis=1), self.n_doses)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the isotonic estimate nearest the target."""
        tested = tally.n > 0
        excluded = np.logical_or.accumulate(self._excluded(tally), axis=1)
        fitted = {"admissible": tested & ~excluded, "tested": tested, "all": np.ones_like(tested)}[self.mtd_fit]
        estimate = isotonic_rates(tally.n, tally.dlt, fitted, self.mtd_alpha, self.mtd_beta)
        return nearest_to_target(np.where(excluded, np.nan, estimate), self.target)

    def _excluded(self, tally: Tally) -> BoolArray:
        if self._tabulated(tally):
            return self._table(tally.largest_n).excluded[tally.n, tally.dlt]
        return self.exclusions(tally.n, tally.dlt)

    def _tabulated(self, tally: Tally) -> bool:
        """Tell whether there is a table; in large trials decisions are made as they are asked for."""
        return max(self.max_n, tally.largest_n) <= TABULATED

    def _table(self, max_n: int) -> DecisionTable:
        return _make_table(self, max(max_n, self.max_n))


def letters(table: DecisionTable) -> tuple[str, ...]:
    """Write a table with one letter per decision; see :meth:`IntervalDesign.decision_table`."""
    letter = np.where(table.excluded, "U", np.array(["S", "E", "D"])[table.step])
    return ("", *("".join(row[: n + 1]) for n, row in enumerate(letter) if n > 0))


def posterior_cdf(n: IntArray, y: IntArray, a: float, b: float, at: float | FloatArray) -> FloatArray:
    """Return P(p <= at | Beta(a + y, b + n - y))."""
    return np.asarray(betainc(a + y, b + n - y, at), dtype=np.float64)


def index_of_greatest(masses: list[FloatArray]) -> IntArray:
    """Return which of the masses, given from the lowest interval to the highest, is greatest; ties: the highest.

    The highest interval is the safe choice: it calls for the lower dose.

    Examples
    --------
    >>> index_of_greatest([np.array([0.2, 0.5]), np.array([0.4, 0.5]), np.array([0.4, 0.0])])
    array([2, 1])
    """
    stacked = np.stack(masses[::-1])
    return len(masses) - 1 - np.argmax(stacked >= stacked.max(axis=0) * (1 - MASS_TIE), axis=0)


@lru_cache(maxsize=256)
def _make_table(design: IntervalDesign, max_n: int) -> DecisionTable:
    steps, excluded = [], []
    for first in range(0, max_n + 1, _ROWS):
        n = np.arange(first, min(first + _ROWS, max_n + 1))[:, None]
        y = np.minimum(np.arange(max_n + 1), n)
        steps.append(design.steps(n, y).astype(np.int8))
        excluded.append(design.exclusions(n, y))
    table = DecisionTable(np.concatenate(steps), np.concatenate(excluded))
    for array in table:
        array.setflags(write=False)
    return table
