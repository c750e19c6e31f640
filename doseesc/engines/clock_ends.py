"""How trials on the calendar ended, added up block by block.

Terminal tallies are counted, as everywhere (:mod:`doseesc.engines.trial_ends`); figures about time are sums over
trials.  What a block adds is a number of its own, and blocks are added in their order, so that the answer does not
depend on who played which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.characteristics import one_truth
from doseesc.engines.clock_durations import Durations
from doseesc.engines.clock_figures import DURATION_LEVELS, CalendarCharacteristics
from doseesc.engines.states import row_keys
from doseesc.engines.time_figures import TimeFigures
from doseesc.engines.trial_ends import TrialEnds
from doseesc.truth import DAYS_PER_MONTH

PER_TRIAL = (
    *("duration_days", "enrolment_days", "suspensions", "days_suspended", "days_waited", "turned_away"),
    "backfilled",
)
RATIOS = {
    "pending_at_decision": ("pending", "decisions"),
    "changed_decisions": ("changed", "decisions"),
    "patients_per_month": ("patients", "months"),
}
COLUMNS = (*PER_TRIAL, "pending", "changed", "decisions", "patients", "months")
"""Figures of single trials."""


@dataclass(frozen=True, eq=False)
class EndCounts:
    """Distinct ends of trials and how many there were of each.

    Attributes
    ----------
    rows : array of int, shape (T, 2 J + 3)
        Patients by level, DLTs by level, patients backfilled, level selected, code of the reason.
    count : array of int, shape (T,)
    """

    rows: IntArray
    count: IntArray

    @classmethod
    def of(cls, rows: IntArray, count: IntArray | None = None) -> EndCounts:
        """Count equal rows."""
        _, first, back = np.unique(row_keys(rows), return_index=True, return_inverse=True)
        weights = None if count is None else count.astype(np.float64)
        total = np.bincount(back, weights=weights, minlength=len(first)).astype(np.int64)
        return cls(np.ascontiguousarray(rows[first]).astype(np.int32), total)

    @classmethod
    def merged(cls, parts: Sequence[EndCounts]) -> EndCounts:
        """Put several together."""
        return cls.of(np.concatenate([part.rows for part in parts]), np.concatenate([part.count for part in parts]))

    def terminal(self, max_n: int, backfilled: int = 0) -> tuple[TrialEnds, FloatArray]:
        """Return the ends as engines know them, and how many trials ended so.

        The escalation treats at most ``max_n`` patients, and at most so many are backfilled besides.
        """
        # In the order of the ends themselves, whatever the order in which blocks were played.
        order = np.lexsort(self.rows.T[::-1])
        rows, count = self.rows[order].astype(np.int64), self.count[order]
        doses = (rows.shape[1] - 3) // 2
        n, dlt = rows[:, :doses], rows[:, doses : 2 * doses]
        early = n.sum(axis=1) - rows[:, -3] < max_n
        ends = TrialEnds(n, dlt, rows[:, -2], rows[:, -1], max_n + backfilled, early)
        return ends, count[ends.order].astype(np.float64)


@dataclass(frozen=True, eq=False)
class BlockEnds:
    """What one block of trials adds.

    Attributes
    ----------
    index : int
    sums, products : array, shape (C,) and (C, C)
        Of the figures of single trials, :data:`COLUMNS`.
    """

    index: int
    sums: FloatArray
    products: FloatArray

    @classmethod
    def of(cls, index: int, figures: FloatArray) -> BlockEnds:
        """Add up the figures (S, C) of a block's trials."""
        return cls(index, figures.sum(axis=0), figures.T @ figures)


def calendar_characteristics(
    ends: TrialEnds,
    count: FloatArray,
    blocks: Sequence[BlockEnds],
    durations: Durations,
    *,
    truth: FloatArray,
    target: float | None,
    right: BoolArray | None,
    window_days: float,
) -> CalendarCharacteristics:
    """Make the characteristics of all trials from what their blocks add."""
    common = one_truth(ends.summarise(count[None], truth[None], target, right, int(count.sum())))
    time = time_figures(blocks, durations, window_days)
    kept = {name: value for name, value in vars(time).items() if name not in ("n_trials", "sd", "mcse")}
    spread = {
        name: SimpleNamespace(**vars(getattr(common, name)), **vars(getattr(time, name))) for name in ("sd", "mcse")
    }
    return CalendarCharacteristics(**(vars(common) | spread | kept))


def time_figures(blocks: Sequence[BlockEnds], durations: Durations, window_days: float) -> TimeFigures:
    """Make the figures about time of all trials from what their blocks add."""
    ordered = sorted(blocks, key=lambda block: block.index)
    trials = int(durations.count.sum())
    mean = _exact_sum([block.sums for block in ordered]) / trials
    product = _exact_sum([block.products for block in ordered]) / trials
    covariance = product - np.outer(mean, mean)
    value: dict[str, Any] = {}
    sd: dict[str, Any] = {}
    for name in PER_TRIAL:
        at = COLUMNS.index(name)
        value[name], sd[name] = float(mean[at]), math.sqrt(max(float(covariance[at, at]), 0.0))
    for name, (above, below) in RATIOS.items():
        a, b = COLUMNS.index(above), COLUMNS.index(below)
        if mean[b] == 0:
            value[name] = sd[name] = math.nan
            continue
        ratio = float(mean[a] / mean[b])
        spread = covariance[a, a] - 2 * ratio * covariance[a, b] + ratio**2 * covariance[b, b]
        value[name], sd[name] = ratio, math.sqrt(max(float(spread), 0.0)) / float(mean[b])
    error = {name: each / math.sqrt(trials) for name, each in sd.items()}
    error["duration_quantiles"] = durations.quantile_errors(DURATION_LEVELS)
    sd["duration_quantiles"] = error["duration_quantiles"] * math.sqrt(trials)
    return TimeFigures(
        n_trials=trials,
        window_days=window_days,
        duration_quantiles=durations.quantiles(DURATION_LEVELS),
        duration_curve=durations.quantiles(np.linspace(0, 1, 201)),
        **value,
        sd=SimpleNamespace(**sd),
        mcse=SimpleNamespace(**error),
    )


def figures_of_calendar_trials(
    duration: FloatArray, count: dict[str, IntArray], days: dict[str, FloatArray]
) -> FloatArray:
    """Return the figures (S, C) of single trials, in the order of :data:`COLUMNS`."""
    columns = {"duration_days": duration, "months": duration / DAYS_PER_MONTH} | count | days
    figures = np.empty((len(duration), len(COLUMNS)))
    for place, name in enumerate(COLUMNS):
        figures[:, place] = columns[name]
    return figures


def _exact_sum(parts: list[FloatArray]) -> FloatArray:
    """Add arrays with one rounding, so that their order is of no account."""
    if len(parts) == 1:
        return parts[0]
    stacked = np.stack(parts)
    flat = stacked.reshape(len(parts), -1)
    return np.array([math.fsum(column) for column in flat.T]).reshape(stacked.shape[1:])
