"""Operating characteristics: what both engines return, and how they follow from how trials end.

They are sums over the ways in which trials can end; see :mod:`doseesc.engines.trial_ends`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.checks import require_probability
from doseesc.engines.figures import TidyRow, tidy_rows
from doseesc.truth import MtdRule, Ties, right_levels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class OperatingCharacteristics:
    """What a design does under a truth; with K truths every array gains a leading axis of length K.

    Attributes
    ----------
    probabilities : array, shape (J,)
        True DLT probabilities.
    target : float or None
        Target DLT probability; without one (a 3+3 on its own) the figures about the true MTD are NaN.
    true_mtd : int or array of int
        Level of the true MTD, 0 = none, -1 = not known; of several equally right ones the highest.
    right : array of bool, shape (J + 1,)
        Levels that are right to select, index 0 being "none"; several only where ties count each
        (:mod:`doseesc.truth.mtd`), none where the true MTD is not known.
    method : {"monte_carlo", "exact"}
    n_trials : int
        Simulated trials; 0 where exact.
    selected : array, shape (J + 1,)
        Probability that each level is selected; index 0 is "none".
    patients, dlts : array, shape (J,)
        Expected patients and DLTs at each level.
    total_patients, total_dlts : float
        Expected patients and DLTs in all.
    stopped_early : float
        Probability that fewer than ``max_n`` patients are treated, for whatever reason (see ``reasons``).
    untried_selection : float
        Probability that a level is selected at which nobody was treated.
    correct_selection : float
        Probability of selecting the true MTD, or one of those equally right (or no dose, where there is none).
    overdose_selection : float
        Probability of selecting a level above the true MTD (any level, where there is none).
    patients_above_mtd : float
        Expected patients treated above the true MTD.
    highest_tested : float
        Probability that the top level is selected, so that nothing above it is known.
    unbounded : float
        Probability that the top level is selected with an observed DLT rate there at or below the target.
    patients_distribution, dlts_distribution : array, shape (max_n + 1,)
        Probability of each total number of patients and of DLTs.
    selected_and_patients : array, shape (J + 1, max_n + 1)
        Joint probability of the level selected and the number of patients.
    selected_and_untried : array, shape (J + 1, J)
        Joint probability of the level selected and that nobody was treated at each level.
    reasons : dict of str to float
        Probability of each reason for which a trial ends.
    sd : namespace
        Standard deviation, from trial to trial, of the figures of :data:`METRICS`, under the same names.
    mcse : namespace
        Their Monte Carlo standard errors; zero where exact.
    """

    probabilities: FloatArray
    target: float | None
    true_mtd: Any
    right: BoolArray
    method: str
    n_trials: int
    selected: FloatArray
    patients: FloatArray
    dlts: FloatArray
    total_patients: Any
    total_dlts: Any
    stopped_early: Any
    untried_selection: Any
    correct_selection: Any
    overdose_selection: Any
    patients_above_mtd: Any
    highest_tested: Any
    unbounded: Any
    patients_distribution: FloatArray
    dlts_distribution: FloatArray
    selected_and_patients: FloatArray
    selected_and_untried: FloatArray
    reasons: Mapping[str, Any]
    sd: SimpleNamespace = field(repr=False)
    mcse: SimpleNamespace = field(repr=False)

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return self.probabilities.shape[-1]

    def quantiles(self, what: str = "patients", levels: tuple[float, ...] = (0.05, 0.5, 0.95)) -> IntArray:
        """Return quantiles of the total number of ``"patients"`` or ``"dlts"``, shape (..., len(levels))."""
        distribution = {"patients": self.patients_distribution, "dlts": self.dlts_distribution}[what]
        cumulative = np.cumsum(distribution, axis=-1)
        reached = cumulative[..., None, :] >= np.asarray(levels)[:, None] - 1e-12
        return np.argmax(reached, axis=-1)

    def rows(self) -> Iterator[TidyRow]:
        """Yield the rows of the tidy table of one truth."""
        return tidy_rows(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the tidy table: ``metric, level, value, mcse``, and ``truth`` (from 1) where there are several."""
        import pandas as pd

        many = self.probabilities.ndim == 2
        each_truth = [one_truth(self, row) for row in range(len(self.probabilities))] if many else [self]
        rows = [(truth, *row) for truth, found in enumerate(each_truth, start=1) for row in found.rows()]
        frame = pd.DataFrame(rows, columns=["truth", "metric", "level", "value", "mcse"])
        frame["level"] = frame["level"].astype("Int64")
        return frame if many else frame.drop(columns="truth")


def one_truth(many: OperatingCharacteristics, row: int = 0) -> OperatingCharacteristics:
    """Return the characteristics under one of K truths, without the leading axis."""
    return combined([many], lambda arrays: _scalar(arrays[0][row]))


def combined(many: Sequence[OperatingCharacteristics], join: Callable[[list[Any]], Any]) -> OperatingCharacteristics:
    """Return characteristics of which every array is what ``join`` makes of those of several."""

    def of(values: list[Any]) -> Any:
        if isinstance(values[0], np.ndarray):
            return join(values)
        if isinstance(values[0], SimpleNamespace):
            return SimpleNamespace(**of([vars(each) for each in values]))
        if isinstance(values[0], Mapping):
            return {name: of([each[name] for each in values]) for name in values[0]}
        return values[0]

    return type(many[0])(**of([vars(each) for each in many]))


def marks_of_right(
    probabilities: FloatArray,
    target: float | None,
    true_mtd: Any,
    rule: MtdRule = "nearest",
    margin: float = 0.1,
    ties: Ties = "highest_below",
) -> BoolArray | None:
    """Return which levels (K, J + 1) are right to select under each of K truths, index 0 being "none".

    As given, as levels or as such marks; else by rule from the target; None where neither is known.

    Raises
    ------
    ValueError
        If a level is none of the design's, or the target no probability.
    """
    n_doses = probabilities.shape[1]
    if target is not None:
        require_probability("target", target)
    if true_mtd is not None:
        given = np.asarray(true_mtd)
        if given.dtype == np.bool_ and given.shape[-1:] == (n_doses + 1,) and given.any(axis=-1).all():
            return np.broadcast_to(given, (len(probabilities), n_doses + 1))
        if given.shape not in ((), (len(probabilities),)) or not np.isin(given, range(n_doses + 1)).all():
            raise ValueError(f"true_mtd must be a level from 0 to {n_doses}, or one for each truth, not {true_mtd!r}")
        levels = np.broadcast_to(given.astype(np.int64), len(probabilities))
        return levels[:, None] == np.arange(n_doses + 1)
    if target is None:
        return None
    return right_levels(probabilities, target, rule, margin, ties)


def check_probabilities(probabilities: Any, n_doses: int, name: str = "probabilities") -> FloatArray:
    """Return true DLT probabilities as floats (J,) or (K, J); ``name`` is what an error calls them.

    Raises
    ------
    ValueError
        If their number is not that of the doses, or one lies outside [0, 1].
    """
    array = np.asarray(probabilities, dtype=np.float64)
    if array.ndim not in (1, 2) or array.shape[-1] != n_doses or len(array) == 0:
        raise ValueError(f"{name} must have {n_doses} values, one per dose, not shape {array.shape}")
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"{name} must lie in [0, 1], not {array.tolist()}")
    return array


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0 else value
