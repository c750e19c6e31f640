"""What a search for a design makes as large as possible: the truths on which candidates are judged, and the criterion.

Criteria, all to be as large as possible, with C_k the probability of correct selection under truth k, O_k that of
selecting a dose above the true MTD, and weights w_k that sum to 1:

mean
    sum_k w_k C_k
minimum
    min_k C_k
penalised
    sum_k w_k (C_k - penalty O_k)
utility
    sum_k w_k U_k, with U_k the expected utility of a trial under truth k, as for the best possible design
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from designs import Design, Stakes
from designs.arrays import BoolArray, FloatArray, IntArray
from designs.checks import shown
from doseesc.engines import MEMORY_LIMIT, check_probabilities, enumerate_paths, marks_of_right, solve
from doseesc.results import lattice_of, priced, utilities_of, weights_of
from doseesc.study import PseudoUniform, Utility
from doseesc.truth import MtdRule, Ties, highest_right

if TYPE_CHECKING:
    from doseesc.study import Study

Criterion = Literal["mean", "minimum", "penalised", "utility"]

CRITERIA: tuple[Criterion, ...] = ("mean", "minimum", "penalised", "utility")
FIGURES = ("correct_selection", "overdose_selection", "patients_above_mtd", "total_patients")
"""What is computed of each candidate under each truth; by criterion ``utility`` the expected utility as well."""

_DECIMALS = 12  # beyond, figures depend on the order in which processors add up


@dataclass(frozen=True)
class Objective:
    """The truths on which candidates are judged, and how they are summed up.

    Attributes
    ----------
    truths : array, shape (K, J)
    target : float
    right : array of bool, shape (K, J + 1)
        The levels right to select, index 0 being "none".
    weights : array, shape (K,)
    criterion : {"mean", "minimum", "penalised", "utility"}
    penalty : float
    memory_limit : int
    utility : Utility
        That of the criterion of this name.
    """

    truths: FloatArray
    target: float
    right: BoolArray
    weights: FloatArray
    criterion: Criterion
    penalty: float
    memory_limit: int
    utility: Utility

    @property
    def true_mtd(self) -> IntArray:
        """Level of the true MTD (K,), 0 = none; of several equally right ones the highest."""
        return highest_right(self.right)

    @property
    def stakes(self) -> Stakes:
        """What trials are worth under the truths, by the utility."""
        return priced(self.truths, self.weights, self.right, self.target, self.utility)

    @property
    def words(self) -> str:
        """What the score is, in percent."""
        truths = f"{len(self.truths)} truths" if len(self.truths) > 1 else "the truth"
        if self.criterion == "minimum":
            return f"smallest P(correct selection) over {truths}, %"
        if self.criterion == "utility":
            return f"expected utility over {truths}, {self.utility.words}; in % of the largest gain"
        if self.criterion == "penalised":
            return f"mean P(correct) − {self.penalty:g} × P(overdose selection) over {truths}, %"
        return f"mean P(correct selection) over {truths}, %" if len(self.truths) > 1 else "P(correct selection), %"

    def figures(self, design: Design, enumerating: Callable[[int, int], None] | None = None) -> FloatArray:
        """Return the figures of :data:`FIGURES` under each truth, shape (4, K); with the expected utility (5, K).

        ``enumerating`` is the ``progress`` of :func:`doseesc.engines.enumerate_paths`.
        """
        paths = enumerate_paths(design, memory_limit=self.memory_limit, progress=enumerating)
        found = paths.characteristics(self.truths, target=self.target, true_mtd=self.right)
        figures = [getattr(found, name) for name in FIGURES]
        if self.criterion == "utility":
            figures.append(utilities_of(found, self.stakes))
        return np.round(np.stack(figures), _DECIMALS)

    def score(self, figures: FloatArray) -> FloatArray:
        """Return the criterion for figures (..., 4, K), or (..., 5, K) with the expected utility."""
        if self.criterion == "utility":
            return np.round(figures[..., len(FIGURES), :] @ self.weights, _DECIMALS)
        correct, overdose = figures[..., 0, :], figures[..., 1, :]
        if self.criterion == "minimum":
            return correct.min(axis=-1)
        if self.criterion == "penalised":
            correct = correct - self.penalty * overdose
        return np.round(correct @ self.weights, _DECIMALS)


def attainable_score(study: Study, objective: Objective) -> float:
    """Return the score of the best policy on an objective's truths, under the study's rules for it.

    Raises
    ------
    ValueError
        If the criterion is the smallest over the truths, for which there is no such policy.
    TooManyStates
        If the trial is too large.
    """
    if objective.criterion == "minimum":
        raise ValueError("criterion must be mean, penalised or utility: the best policy is best on average")
    if objective.criterion == "utility":
        return float(solve(lattice_of(study), objective.stakes).value)
    above = np.arange(study.n_doses + 1) > objective.true_mtd[:, None]
    penalty = objective.penalty if objective.criterion == "penalised" else 0.0
    gain = objective.right - penalty * above
    return float(solve(lattice_of(study), Stakes(objective.truths, objective.weights, gain)).value)


def truths_of(study: Study, curves: int | None = None, seed: int | None = None) -> FloatArray:
    """Return the truths (K, J) of a study on which to judge.

    Parameters
    ----------
    study : Study
    curves : int, optional
        So many random curves, pseudo-uniform, instead of the study's scenarios.
    seed : int, optional
        Of these curves; by default the study's.

    Returns
    -------
    array, shape (K, J)
        The study's listed scenarios; where it has none, its random curves.
    """
    if curves is not None:
        return study.draw(PseudoUniform(count=curves, seed=study.simulation.seed if seed is None else seed))
    if study.truths:
        return np.array(list(study.truths.values()))
    return np.concatenate([study.draw(random) for random in study.random_scenarios.values()])


def right_levels_of(study: Study, truths: FloatArray) -> BoolArray:
    """Return the levels (K, J + 1) right to select under each truth (K, J), by the study's definition."""
    return study.right_levels(truths)


def make_objective(
    design: Design,
    truths: Any,
    *,
    criterion: Criterion = "mean",
    penalty: float = 1.0,
    utility: Utility | None = None,
    weights: Any = None,
    target: float | None = None,
    true_mtd: Any = None,
    mtd_rule: MtdRule = "nearest",
    mtd_margin: float = 0.1,
    ties: Ties = "highest_below",
    memory_limit: int = MEMORY_LIMIT,
) -> Objective:
    """Return an objective, everything checked.

    Parameters
    ----------
    design : Design
        Gives the number of doses, and the target where none is given.
    truths : array, shape (J,) or (K, J)
        True DLT probabilities on which to judge.
    criterion : {"mean", "minimum", "penalised", "utility"}
        See the module's text.
    penalty : float
        Weight of overdosing in ``"penalised"``.
    utility : Utility, optional
        That of ``"utility"``, and only given with it; by default the probability of correct selection.
    weights : array, shape (K,), optional
        Weights of the truths; by default equal.
    target, true_mtd, mtd_rule, mtd_margin, ties
        What the true MTD is, as for :meth:`doseesc.engines.Paths.characteristics`.
    memory_limit : int
        Bytes that one enumeration may use.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    if criterion not in CRITERIA:
        raise ValueError(f"criterion must be one of {', '.join(CRITERIA)}, not {criterion!r}")
    if not penalty >= 0:
        raise ValueError(f"penalty must not be negative, not {penalty}")
    if utility is not None and criterion != "utility":
        raise ValueError(f"utility must be left out unless criterion is utility, not {criterion!r}")
    worth = Utility() if utility is None else utility
    if not isinstance(worth, Utility):
        raise ValueError(f"utility must be a doseesc.study.Utility, not {shown(utility)}")
    rows = np.atleast_2d(check_probabilities(truths, design.n_doses))
    share = weights_of(weights, len(rows))
    aim = design.target if target is None else target
    right = marks_of_right(rows, aim, true_mtd, mtd_rule, mtd_margin, ties)
    if right is None or aim is None:
        raise ValueError(f"target must be given: {type(design).__name__} has none of its own")
    return Objective(rows, aim, right, share, criterion, penalty, memory_limit, worth)


def objective_of(design: Design, given: Objective | Any) -> Objective:
    """Return an objective as it is given, or that of truths alone: mean correct selection."""
    return given if isinstance(given, Objective) else make_objective(design, given)
