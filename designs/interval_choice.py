"""The choice of a level from posterior probabilities: which is best, and which are safe.

What model-based designs with overdose control share; see :mod:`designs.blrm` for the rules.

Where the target, the excessive and the unacceptable interval begin follows from the target unless it is given,
:func:`target_cut_points`.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from designs.arrays import FloatArray, IntArray
from designs.checks import require_choice, require_numbers, require_probability, require_within
from designs.decision import Decision, Reason
from designs.design import Design
from designs.tally import Tally

PUBLISHED_CUT_POINTS = (0.20, 0.35, 0.60)
"""Where the intervals begin in Neuenschwander, Branson and Gsponer (2008)."""

PUBLISHED_TARGETS = (0.25, 0.30)
"""The targets, least and greatest, for which these intervals are taken as they stand."""

_PRECISION = 1e-6  # of the quadrature; smaller probabilities are not compared
_LARGEST_LOSS = 1e9


class Choice(NamedTuple):
    """Levels (S,): the best by the selection criterion, the best of the safe ones, the highest safe one; 0 = none."""

    best: IntArray
    best_safe: IntArray
    highest_safe: IntArray


def choose(score: FloatArray, overdose: FloatArray, bound: float | None) -> Choice:
    """Choose the level of the highest score (S, J) among those whose overdose probability (S, J) is within the bound.

    Safe are all levels up to the first that is not; all, where there is no bound.  Ties go to the lower level.
    """
    safe = np.ones(score.shape, dtype=np.bool_)
    if bound is not None:
        safe = np.logical_and.accumulate(overdose <= bound, axis=1)
    highest_safe = safe.sum(axis=1)
    best_safe = np.argmax(np.where(safe, score, -np.inf), axis=1) + 1
    return Choice(np.argmax(score, axis=1) + 1, np.minimum(best_safe, highest_safe), highest_safe)


def target_cut_points(target: float) -> tuple[float, float, float]:
    """Return where the target, the excessive and the unacceptable interval begin, for a target DLT probability.

    The publications and packages have the intervals given by hand and say nothing of a target; the intervals of
    Neuenschwander, Branson and Gsponer (2008), 20, 35 and 60 %, stand where the target is 25 to 30 %.  For any other
    target they are moved, which is a choice of this project: by as much as the target lies outside 25 to 30 %, on the
    scale of the model, the logit, so that the odds of every cut point keep their ratio to those of the target.  The
    target always lies within its interval.

    Parameters
    ----------
    target : float
        Between 0 and 1.

    Examples
    --------
    >>> target_cut_points(0.30)
    (0.2, 0.35, 0.6)
    >>> [round(cut, 3) for cut in target_cut_points(0.20)]
    [0.158, 0.288, 0.529]
    """
    require_probability("target", target)
    least, greatest = PUBLISHED_TARGETS
    if least <= target <= greatest:
        return PUBLISHED_CUT_POINTS
    moved = logit(target) - logit(least if target < least else greatest)
    low, high, worst = (float(cut) for cut in expit(logit(np.array(PUBLISHED_CUT_POINTS)) + moved))
    return low, high, worst


class ChoosingDesign(Design):
    """A design that gives the best of the levels that are safe."""

    target: float
    intervals: tuple[float, float, float] | None
    selection: str
    loss: tuple[float, float, float, float]
    overdose_above: float | None
    feasibility_bound: float | None

    @abstractmethod
    def _judge(self, tally: Tally) -> Choice:
        """Return the best level, the best of the safe ones, and the highest safe one."""

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        return self.propose_with_ceiling(tally)[0]

    def ceiling(self, tally: Tally) -> IntArray:
        """See :meth:`Design.ceiling`: the highest level that is safe."""
        return self._judge(tally).highest_safe

    def propose_with_ceiling(self, tally: Tally) -> tuple[Decision, IntArray | None]:
        """See :meth:`Design.propose_with_ceiling`; where no level is safe, the ceiling stops the trial."""
        choice = self._judge(tally)
        decision = self.move_to(tally, np.maximum(choice.best_safe, 1))
        held_back = (choice.best > choice.best_safe) & (choice.best_safe >= tally.level)
        reason = np.where(held_back, np.int8(Reason.TOO_TOXIC_ABOVE), decision.reason_code)
        return Decision(decision.level, decision.cohort_size, reason), choice.highest_safe

    @property
    def cut_points(self) -> tuple[float, float, float]:
        """Where the target, the excessive and the unacceptable interval begin: as given, else by the target."""
        return target_cut_points(self.target) if self.intervals is None else self.intervals

    @property
    def overdose_limit(self) -> float:
        """DLT probability above which a level is an overdose: as given, else where the excessive interval begins."""
        return self.cut_points[1] if self.overdose_above is None else self.overdose_above

    def _check_choice(self, selections: tuple[str, ...]) -> None:
        """Check how levels are judged, and take lists for tuples."""
        if self.intervals is not None:
            low, high, worst = cuts = require_numbers("intervals", self.intervals, 3)
            if not 0 < low < high < worst < 1:
                raise ValueError(f"intervals must begin at three increasing probabilities, not {list(cuts)}")
            if not low <= self.target <= high:
                raise ValueError(
                    f"intervals must have the target {self.target:g} in the second one, from the first number to the "
                    f"second, not {list(cuts)}"
                )
            object.__setattr__(self, "intervals", cuts)
        require_choice("selection", self.selection, selections)
        object.__setattr__(self, "loss", require_numbers("loss", self.loss, 4))
        for loss in self.loss:
            require_within("loss", loss, -_LARGEST_LOSS, _LARGEST_LOSS)
        for name in ("overdose_above", "feasibility_bound"):
            if getattr(self, name) is not None:
                require_probability(name, getattr(self, name))
        if self.overdose_above is not None and self.overdose_above < self.target:
            raise ValueError(
                f"overdose_above must be at least the target {self.target:g}, which is no overdose, "
                f"not {self.overdose_above}"
            )


def nearest_score(curve: FloatArray, target: float) -> FloatArray:
    """Return how good each level is (S, J), where the estimate nearest the target is best."""
    return -np.abs(curve - target)


def interval_score(probability: FloatArray, loss: tuple[float, ...] | None) -> FloatArray:
    """Return how good each level is (S, J) from its interval probabilities (S, J, 4).

    By the expected loss, or where there is none by the probability of the second interval, the target's.
    """
    if loss is not None:
        return -(probability @ np.array(loss))
    under, in_target = probability[..., 0], probability[..., 1]
    # Where no level has a chance of being in the target interval, the highest of those likely to be below it.
    hopeless = in_target.max(axis=1, keepdims=True) < _PRECISION
    return np.where(hopeless, np.where(under > 0.5, np.arange(under.shape[1]), -1.0), in_target)


def between(first: FloatArray, second: FloatArray, third: FloatArray) -> FloatArray:
    """Return the probabilities (S, J, 4) of four intervals from those of lying above their three cut points."""
    above = np.stack([np.ones_like(first), first, second, third, np.zeros_like(first)], axis=-1)
    return np.maximum(-np.diff(np.clip(above, 0.0, 1.0), axis=-1), 0.0)


def overdose_words(overdose_above: str, bound: str | None) -> str:
    """Say in a sentence what overdose control bars; both arguments as percentages."""
    if bound is None:
        return "No level is barred as an overdose."
    return (
        f"A level is barred where its DLT probability exceeds {overdose_above} with posterior probability above "
        f"{bound}; the trial stops without a dose where all are."
    )


def goal_words(intervals: tuple[str, ...], loss: str | None) -> str:
    """Say which level is best by its interval probabilities; cut points as percentages."""
    low, high, worst = intervals
    if loss is None:
        return f"most probably between {low} and {high}"
    return f"of least expected loss ({loss} below {low}, up to {high}, up to {worst}, above)"
