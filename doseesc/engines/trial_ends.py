"""How trials of a design can end, and the sums over it that make the operating characteristics.

Both engines arrive here: with a list of terminal tallies and the probability of each, counted by simulation or
computed exactly.
"""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from designs import Reason
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import ABOUT_MTD, METRICS
from doseesc.truth import highest_right


class TrialEnds:
    """How trials of a design can end: T terminal tallies with the level selected and the reason.

    Parameters
    ----------
    n, dlt : array of int, shape (T, J)
    selected : array of int, shape (T,)
    reason_code : array of int, shape (T,)
    max_n : int
        Most patients of a trial.
    early : array of bool, shape (T,), optional
        Which ends came before the escalation had treated as many patients as it might; by default those with fewer
        than ``max_n``.
    """

    def __init__(
        self,
        n: IntArray,
        dlt: IntArray,
        selected: IntArray,
        reason_code: IntArray,
        max_n: int,
        early: BoolArray | None = None,
    ) -> None:
        self.max_n = max_n
        self.n_doses = n.shape[1]
        total_n, total_dlt = n.sum(axis=1, dtype=np.int64), dlt.sum(axis=1, dtype=np.int64)
        # Ends are put in the order of (selected, patients, DLTs, reason), so that sums over equal ones, the cells,
        # are sums over neighbours.
        key = ((selected.astype(np.int64) * (max_n + 1) + total_n) * (max_n + 1) + total_dlt) * 128 + reason_code
        self.order = np.argsort(key, kind="stable")
        self.n, self.dlt, self.selected = n[self.order], dlt[self.order], selected[self.order]
        self._early = None if early is None else early[self.order]
        key = key[self.order]
        self.cell_starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        cells = key[self.cell_starts]
        self.cell_reason, cells = cells % 128, cells // 128
        self.cell_dlt, cells = cells % (max_n + 1), cells // (max_n + 1)
        self.cell_n, self.cell_selected = cells % (max_n + 1), cells // (max_n + 1)

    def summarise(
        self,
        weight: FloatArray,
        probabilities: FloatArray,
        target: float | None,
        right: BoolArray | None,
        n_trials: int = 0,
    ) -> OperatingCharacteristics:
        """Sum the ends, weighted by their probabilities.

        Parameters
        ----------
        weight : array, shape (K, T)
            Probability of each end, in the order given by ``self.order``; where simulated, the number of trials that
            ended so, since sums of whole numbers do not depend on their order.
        probabilities : array, shape (K, J)
            True DLT probabilities.
        target : float or None
        right : array of bool, shape (K, J + 1), or None
            Levels that are right to select, index 0 being "none"; None where that is not known.
        n_trials : int
            Simulated trials; 0 where ``weight`` holds exact probabilities.
        """
        scale = float(n_trials or 1)
        n, dlt = self.n.astype(np.float64), self.dlt.astype(np.float64)
        cell = np.add.reduceat(weight, self.cell_starts, axis=1)
        joint = self._spread(cell, self.cell_selected * (self.max_n + 1) + self.cell_n, self.n_doses + 1)
        joint = joint.reshape(len(weight), self.n_doses + 1, self.max_n + 1) / scale
        selected, n_law = joint.sum(axis=2), joint.sum(axis=1)
        dlt_law = self._spread(cell, self.cell_dlt, 1) / scale
        counts = np.arange(self.max_n + 1)
        untried = self._untried(weight, n) / scale
        early = n_law[:, :-1].sum(axis=1) if self._early is None else weight[:, self._early].sum(axis=1) / scale
        mean, square = (
            {
                "selected": selected,
                "patients": weight @ n**power / scale,
                "dlts": weight @ dlt**power / scale,
                "total_patients": n_law @ counts**power,
                "total_dlts": dlt_law @ counts**power,
                "stopped_early": early,
                "untried_selection": np.trace(untried[:, 1:], axis1=1, axis2=2),
            }
            for power in (1, 2)
        )
        top = self.selected == self.n_doses
        mtd = np.full(len(weight), -1)
        if right is None:
            right = np.zeros((len(weight), self.n_doses + 1), dtype=np.bool_)
            nothing = np.full(len(weight), np.nan)
            for metric in ABOUT_MTD:
                mean[metric] = square[metric] = nothing
        else:
            mtd = highest_right(right)
            above = np.arange(1, self.n_doses + 1) > mtd[:, None]
            mean["correct_selection"] = square["correct_selection"] = (selected * right).sum(axis=1)
            mean["overdose_selection"] = square["overdose_selection"] = (selected[:, 1:] * above).sum(axis=1)
            mean["patients_above_mtd"] = (mean["patients"] * above).sum(axis=1)
            square["patients_above_mtd"] = self._square_above(weight, n, mtd) / scale
        unbounded = np.full(len(weight), np.nan)
        if target is not None:
            quiet = top & (dlt[:, -1] <= target * n[:, -1] + 1e-12)
            unbounded = weight[:, quiet].sum(axis=1) / scale
        sd = {name: np.sqrt(np.maximum(square[name] - mean[name] ** 2, 0.0)) for name in METRICS}
        error = {name: value / np.sqrt(n_trials) if n_trials else np.zeros_like(value) for name, value in sd.items()}
        reasons = {
            Reason(int(code)).name: cell[:, self.cell_reason == code].sum(axis=1) / scale
            for code in np.unique(self.cell_reason)
        }
        return OperatingCharacteristics(
            probabilities=probabilities,
            target=target,
            true_mtd=mtd,
            right=right,
            method="monte_carlo" if n_trials else "exact",
            n_trials=n_trials,
            **mean,
            highest_tested=selected[:, -1],
            unbounded=unbounded,
            patients_distribution=n_law,
            dlts_distribution=dlt_law,
            selected_and_patients=joint,
            selected_and_untried=untried,
            reasons=reasons,
            sd=SimpleNamespace(**sd),
            mcse=SimpleNamespace(**error),
        )

    def _spread(self, cell: FloatArray, label: IntArray, blocks: int) -> FloatArray:
        """Sum the cells (K, C) of equal label, shape (K, blocks * (max_n + 1))."""
        width = blocks * (self.max_n + 1)
        order = np.argsort(label, kind="stable")
        label = label[order]
        starts = np.flatnonzero(np.concatenate([[True], label[1:] != label[:-1]]))
        result = np.zeros((len(cell), width))
        result[:, label[starts]] = np.add.reduceat(cell[:, order], starts, axis=1)
        return result

    def _untried(self, weight: FloatArray, n: FloatArray) -> FloatArray:
        """Sum the ends by level selected and, for each level, where nobody was treated there, (K, J + 1, J)."""
        bounds = np.searchsorted(self.selected, np.arange(self.n_doses + 2))
        parts = [slice(first, last) for first, last in pairwise(bounds.tolist())]
        return np.stack([weight[:, rows] @ (n[rows] == 0) for rows in parts], axis=1)

    def _square_above(self, weight: FloatArray, n: FloatArray, mtd: IntArray) -> FloatArray:
        result = np.empty(len(weight))
        for level in np.unique(mtd):
            rows = mtd == level
            result[rows] = weight[rows] @ n[:, level:].sum(axis=1) ** 2
        return result
