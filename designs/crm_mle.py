"""The continual reassessment method by maximum likelihood, with a two-stage start (CRM-MLE).

O'Quigley and Shen (1996), *Biometrics* 52:673-684.  The models are those of :mod:`designs.crm` without a prior.  The
maximum of the likelihood exists once there are a DLT and a patient without; so cohorts follow an initial sequence of
levels up to the first DLT, and the model from then on, as in dfcrm.  While all patients have had a DLT the parameter
is at its lower limit, which is the lowest level; a trial without any DLT ends with the parameter at its upper limit,
which is the highest level, tried or not.

Patients in their DLT window may count by their follow-up, ``pending=Weighted(...)``: a pending patient contributes
1 - w F to the likelihood, w being the weight of the follow-up (Cheung and Chappell 2000, *Biometrics* 56:1177-1182).
While nobody has had a DLT the initial sequence goes on to another level ``minimum_days`` after the last patient was
entered.  It is dfcrm's two-stage ``titesim`` with ``method="mle"``, whose stand-in while all patients entered have had
a DLT, a prior standard deviation of 500, names the lowest level too.  With DLTs and little follow-up of the others the
maximum can lie at the lower limit.

In the slope ``exp(b)`` the log likelihood is concave, so its derivative has one zero at most; Newton's method in b
finds it for all tallies at once, falling back on bisection where it would leave the bracket.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit, logit

from designs.arrays import FloatArray, IntArray
from designs.checks import (
    increasing_probabilities,
    require_choice,
    require_number,
    require_probability,
    require_whole,
    shown,
)
from designs.crm_grid import model_words, require_intercept
from designs.decision import Decision, Reason
from designs.design import Design
from designs.entered import entered_too_soon, known_part
from designs.partly_followed import PartlyFollowed, likelihood_words
from designs.pending import Pending
from designs.policies import Weighted
from designs.rules import NoSkipping, Rule
from designs.rules.paths import waits_words
from designs.skeleton import MODELS
from designs.tally import Tally
from designs.words import listed, percent

LIMIT = 10.0
"""The parameter is looked for from -LIMIT to LIMIT, as in dfcrm."""

_CLOSE = 1e-12
_MOST_STEPS = 100  # bisection alone needs half as many


@dataclass(frozen=True, kw_only=True)
class CRMMLE(Design):
    """The CRM by maximum likelihood.

    Parameters
    ----------
    target : float
        Target DLT probability.
    skeleton : sequence of float, length J
        Initial guesses of the DLT probabilities, strictly increasing.
    max_n : int
        Most patients.
    initial_levels : sequence of int, optional
        Level of each cohort until the first DLT, the last one being kept where the sequence ends; by default one
        cohort at each level upwards from ``start_level``.  It must begin with ``start_level``.
    minimum_days : float, optional
        Days since the last patient was entered before the initial sequence goes on to another level, where patients
        pending count by their follow-up; by default the DLT window.
    model : {"empiric", "logistic"}
        Dose-toxicity model.
    intercept : float
        Fixed intercept of the logistic model.
    cohort_size, start_level, rules
        As for :class:`Design`; by default no level is skipped on the way up.  The position in the initial sequence
        follows from the number of patients.

    Examples
    --------
    >>> design = CRMMLE(target=0.25, skeleton=(0.05, 0.12, 0.25, 0.40, 0.55), max_n=20, cohort_size=1, model="logistic")
    >>> design.estimate(Tally.parse("3N 3T 1N 2N", n_doses=5)).round(3)
    array([-0.099])
    >>> design.decide(Tally.parse(["1N", "1N 2N", "1N 2N 3T"], n_doses=5)).level
    array([2, 3, 2])
    """

    weighs_pending = "likelihood"
    references = ("O'Quigley and Shen (1996), Biometrics 52:673-684",)

    target: float
    skeleton: tuple[float, ...] = field(metadata={"example": [0.1, 0.25, 0.4]})
    n_doses: int = field(init=False)
    initial_levels: tuple[int, ...] | None = None
    minimum_days: float | None = None
    model: str = "empiric"
    intercept: float = 3.0
    rules: tuple[Rule, ...] = (NoSkipping(),)

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        object.__setattr__(self, "skeleton", increasing_probabilities("skeleton", self.skeleton))
        object.__setattr__(self, "n_doses", len(self.skeleton))
        require_choice("model", self.model, MODELS)
        require_intercept(self.intercept)
        if self.model == "logistic" and logit(self.skeleton[-1]) >= self.intercept:
            raise ValueError(
                f"intercept must exceed logit(skeleton) at every dose, {logit(self.skeleton[-1]):.3g}, "
                f"not {self.intercept}"
            )
        if self.initial_levels is not None:
            self._check_initial_levels()
        if self.minimum_days is not None and require_number("minimum_days", self.minimum_days) < 0:
            raise ValueError(f"minimum_days must not be negative, not {self.minimum_days}")
        super().__post_init__()

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        first = (
            f"levels {listed(range(self.start_level, self.n_doses + 1))}"
            if self.initial_levels is None
            else f"levels {listed(self.initial_levels)}"
        )
        return (
            "The continual reassessment method by maximum likelihood (CRM-MLE) with the "
            f"{model_words(self.model, self.intercept)} and the skeleton s = {listed(self.skeleton)}. Until the first "
            f"DLT "
            f"the cohorts follow {first}; from then on the next cohort gets the level whose estimated DLT probability "
            f"is "
            f"nearest the target {percent(self.target)}, which is also how the MTD is chosen."
            + ("" if self.minimum_days is None else f" The initial sequence {waits_words(self.minimum_days)}.")
        )

    def weighing_words(self, policy: Weighted) -> str:
        """See :meth:`Design.weighing_words`."""
        return likelihood_words(policy.weights)

    def own_follow_up_marks(self) -> tuple[float, ...]:
        """See :meth:`Design.own_follow_up_marks`."""
        return () if self.minimum_days is None else (self.minimum_days,)

    def estimate(self, tally: Tally, pending: Pending | None = None) -> FloatArray:
        """Return the maximum likelihood estimate of the parameter, shape (S,), within -10 to 10.

        Patients pending count as :meth:`Design.seen` says.
        """
        tally = self.seen(tally, pending)
        no_dlt, all_dlt = tally.total_dlt == 0, tally.total_dlt == tally.total_n
        fixed = no_dlt | all_dlt
        b = np.where(no_dlt, LIMIT, np.where(all_dlt, -LIMIT, 0.0))
        low, high = np.full(tally.size, -LIMIT), np.full(tally.size, LIMIT)
        known, partly = known_part(tally), PartlyFollowed.of(tally)
        for _ in range(_MOST_STEPS):
            slope, curvature = self._derivatives(b, known, partly)
            low, high = np.where(slope > 0, b, low), np.where(slope < 0, b, high)
            newton = b - slope / np.where(curvature < 0, curvature, -np.inf)
            inside = (newton > low) & (newton < high) & (curvature < 0)
            moved = np.where(inside, newton, (low + high) / 2)
            moved = np.where(fixed | (slope == 0), b, moved)
            change = np.abs(moved - b).max(initial=0.0)
            b = moved
            if change < _CLOSE:
                break
        return b

    def curve(self, parameter: FloatArray) -> FloatArray:
        """Return the DLT probabilities (S, J) at parameter values (S,)."""
        scale = np.exp(parameter)[:, None]
        if self.model == "empiric":
            return np.exp(np.log(self.skeleton) * scale)
        return expit(self.intercept + (logit(self.skeleton) - self.intercept) * scale)

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        initial = np.array(self._sequence)
        position = np.minimum(tally.total_n // self.cohort_size, len(initial) - 1)
        first_stage = tally.total_dlt == 0
        decision = self.move_to(tally, np.where(first_stage, initial[position], self.pick(tally)))
        reason = np.where(first_stage, np.int8(Reason.FIXED_PATH), decision.reason_code)
        waits = first_stage & (decision.level != tally.level) & entered_too_soon(tally, self.minimum_days)
        level = np.where(waits, tally.level, decision.level)
        return Decision(level, decision.cohort_size, np.where(waits, np.int8(Reason.FOLLOW_UP_TOO_SHORT), reason))

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the level whose estimate is nearest the target."""
        curve = self.curve(self.estimate(tally))
        level = np.argmin(np.abs(curve - self.target), axis=1) + 1
        level = np.where((curve >= self.target).all(axis=1), 1, level)
        return np.where((curve <= self.target).all(axis=1), self.n_doses, level)

    @property
    def _sequence(self) -> tuple[int, ...]:
        return tuple(range(self.start_level, self.n_doses + 1)) if self.initial_levels is None else self.initial_levels

    def _check_initial_levels(self) -> None:
        given = self.initial_levels
        if not isinstance(given, tuple | list | np.ndarray) or len(given) == 0:
            raise ValueError(f"initial_levels must be a list of levels, not {shown(given)}")
        for level in given:
            require_whole("initial_levels", level, 1)
        levels = tuple(int(level) for level in given)
        if max(levels) > self.n_doses:
            raise ValueError(f"initial_levels must be levels from 1 to {self.n_doses}, not {shown(list(levels))}")
        if levels[0] != self.start_level:
            raise ValueError(
                f"initial_levels must begin with the start level {self.start_level}, not {shown(list(levels))}"
            )
        object.__setattr__(self, "initial_levels", levels)

    def _derivatives(self, b: FloatArray, known: Tally, partly: PartlyFollowed | None) -> tuple[FloatArray, FloatArray]:
        """Return the first two derivatives of the log likelihood with respect to b, each (S,)."""
        terms = _empiric_terms if self.model == "empiric" else _logistic_terms
        scale = np.log(self.skeleton) if self.model == "empiric" else logit(self.skeleton) - self.intercept
        moved = scale * np.exp(b)[:, None]
        first, second = terms(moved, self.intercept, known.dlt, known.n - known.dlt, 1.0)
        total = first.sum(axis=1), second.sum(axis=1)
        if partly is None:
            return total
        there = np.take_along_axis(moved, partly.column, axis=1)
        first, second = terms(there, self.intercept, 0, 1, partly.weight)
        return total[0] + first.sum(axis=1), total[1] + second.sum(axis=1)


def _empiric_terms(
    log_p: FloatArray, intercept: float, dlt: IntArray | int, no_dlt: IntArray | int, weight: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of dlt log p + no_dlt log(1 - weight p)."""
    odds = weight * np.exp(log_p) / (1 - weight - weight * np.expm1(log_p))
    first = log_p * (dlt - no_dlt * odds)
    return first, first - no_dlt * log_p**2 * odds * (1 + odds)


def _logistic_terms(
    x: FloatArray, intercept: float, dlt: IntArray | int, no_dlt: IntArray | int, weight: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of the same in the logistic model, logit p = intercept + x.

    1 - weight p is (1 + (1 - weight) exp(logit p)) / (1 + exp(logit p)).
    """
    p = expit(intercept + x)
    with np.errstate(divide="ignore"):
        unseen = expit(intercept + x + np.log1p(-weight))
    first = x * (dlt * (1 - p) + no_dlt * (unseen - p))
    curvature = no_dlt * (unseen * (1 - unseen) - p * (1 - p)) - dlt * p * (1 - p)
    return first, first + x**2 * curvature
