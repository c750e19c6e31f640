"""The choice of a level from posterior probabilities: which is best, and which are safe.

What model-based designs with overdose control share; see :mod:`designs.blrm` for the rules.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.checks import require_choice, require_numbers, require_probability, require_within
from designs.decision import Decision, Reason
from designs.design import Design
from designs.tally import Tally

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


class ChoosingDesign(Design):
    """A design that gives the best of the levels that are safe."""

    intervals: tuple[float, float, float]
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
    def _overdose_above(self) -> float:
        return self.intervals[1] if self.overdose_above is None else self.overdose_above

    def _check_choice(self, selections: tuple[str, ...]) -> None:
        """Check how levels are judged, and take lists for tuples."""
        object.__setattr__(self, "intervals", require_numbers("intervals", self.intervals, 3))
        if not 0 < self.intervals[0] < self.intervals[1] < self.intervals[2] < 1:
            raise ValueError(f"intervals must begin at three increasing probabilities, not {list(self.intervals)}")
        require_choice("selection", self.selection, selections)
        object.__setattr__(self, "loss", require_numbers("loss", self.loss, 4))
        for loss in self.loss:
            require_within("loss", loss, -_LARGEST_LOSS, _LARGEST_LOSS)
        for name in ("overdose_above", "feasibility_bound"):
            if getattr(self, name) is not None:
                require_probability(name, getattr(self, name))


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
