"""Two runs on the calendar, on the same patients: the standard errors of their paired differences.

As in :mod:`doseesc.runs.paired`, trials are played again from the seed.  With m the means over single trials of a
run's figures, or of what ratios are made of, the difference of both runs' figures is a smooth function of the means of
both, whose covariance C is that of single trials over their number; its standard error is sqrt(g' C g), g the gradient.
A quantile's error comes from the share of trials that have ended by then; its two are correlated as the two shares are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import BoolArray, FloatArray
from doseesc.engines import (
    BLOCK,
    COLUMNS,
    DURATION_LEVELS,
    METRICS,
    PER_TRIAL,
    RATIOS,
    CalendarBlocks,
    CalendarSetting,
    OperatingCharacteristics,
    TimeFigures,
    duration_name,
    figures_of_trials,
)
from doseesc.pieces import block_sizes
from doseesc.results import CALENDAR
from doseesc.runs.paired import SAME, Key, same_patients

if TYPE_CHECKING:
    from doseesc.results import Results


def paired_time_errors(first: Results, second: Results) -> dict[Key, dict[str, FloatArray]]:
    """Return the standard errors of the paired differences of figures from the calendar, by (scenario, design).

    Parameters
    ----------
    first, second : Results

    Returns
    -------
    dict of (scenario, design) to dict of metric to array
        The figures about time, and those of :data:`doseesc.engines.METRICS` where both runs have them from the
        calendar.  Only where both runs simulated the same patients, and give the same figures again.
    """
    found: dict[Key, dict[str, FloatArray]] = {}
    for key in first.times if same_patients(first, second) else ():
        if key in second.times:
            a, b = _CalendarReplay.of(first, key), _CalendarReplay.of(second, key)
            errors = _unchanged(a, b) if a.same_setting(b) else _paired(a, b, first.seed, first.n_trials)
            if errors is not None:
                found[key] = errors
    return found


@dataclass
class _CalendarReplay:
    """One design under one scenario of a run on the calendar, to be simulated again."""

    blocks: CalendarBlocks
    setting: tuple[object, ...]
    times: TimeFigures
    known: OperatingCharacteristics | None
    max_n: int
    right: BoolArray

    @classmethod
    def of(cls, results: Results, key: Key) -> _CalendarReplay:
        study, (scenario, name) = results.study, key
        calendar = study.calendar_for(name, scenario)
        assert calendar is not None, "there are figures about time"
        design, truth = study.designs[name], study.truths[scenario]
        right, window = study.right_levels(truth), float(study.dlt_window_days)
        model = study.own_model
        setting = CalendarSetting(window, calendar, study.target, right[None], model)
        best = results.cells[key].best
        return cls(
            CalendarBlocks(design, truth, setting, results.seed),
            (design, truth.tolist(), window, calendar, study.target, right.tolist(), model),
            results.times[key],
            best if best.method == CALENDAR else None,
            design.max_n,
            right,
        )

    def same_setting(self, other: _CalendarReplay) -> bool:
        """Whether the same trials are played."""
        return self.setting == other.setting

    def play(self, index: int, trials: int, with_ends: bool) -> FloatArray:
        """Return of each trial of a block the parts of its figures, and the quantiles of the duration it is within."""
        if with_ends:
            ended, figures = self.blocks.play(index, trials)
            enough = self.max_n + ended.backfilled
            ends = figures_of_trials(ended.n, ended.dlt, ended.selected, enough, self.right)
            more = [ends[name].reshape(len(figures), -1) for name in METRICS]
        else:
            figures, more = self.blocks.days(index, trials), []
        days = figures[:, COLUMNS.index("duration_days")]
        within = days[:, None] <= self.times.duration_quantiles * (1 + SAME)
        return np.column_stack([figures, within, *more])

    def agrees(self, mean: FloatArray) -> bool:
        """Whether simulating again gives the figures of the run."""
        wanted = [getattr(self.times, name) for name in PER_TRIAL]
        return bool(np.allclose(mean[: len(PER_TRIAL)], wanted, rtol=SAME, atol=SAME))


def _unchanged(first: _CalendarReplay, second: _CalendarReplay) -> dict[str, FloatArray] | None:
    """Return errors of 0 where nothing differs; None where another version simulated one of the two."""
    before, after = ([row.value for row in each.times.rows()] for each in (first, second))
    if not np.array_equal(before, after, equal_nan=True):
        return None
    nothing = {row.metric: np.zeros(1) for row in first.times.rows()}
    if first.known is not None and second.known is not None:
        if not all(
            np.array_equal(getattr(first.known, name), getattr(second.known, name), equal_nan=True) for name in METRICS
        ):
            return None
        nothing |= {name: np.zeros(np.size(getattr(first.known, name))) for name in METRICS}
    return nothing


def _paired(first: _CalendarReplay, second: _CalendarReplay, seed: int, n_trials: int) -> dict[str, FloatArray] | None:
    with_ends = first.known is not None and second.known is not None
    sums, products = np.zeros(0), np.zeros(0)
    for index, trials in enumerate(block_sizes(n_trials, BLOCK)):
        both = np.column_stack([each.play(index, trials, with_ends) for each in (first, second)]).astype(np.float64)
        block = both.sum(axis=0), both.T @ both
        sums, products = block if index == 0 else (sums + block[0], products + block[1])
    mean = sums / n_trials
    means = np.split(mean, 2)
    if not (first.agrees(means[0]) and second.agrees(means[1])):
        return None
    covariance = (products / n_trials - np.outer(mean, mean)) / n_trials
    half = len(means[0])

    def error(gradients: list[FloatArray]) -> float:
        whole = np.concatenate([-gradients[0], gradients[1]])
        return math.sqrt(max(float(whole @ covariance @ whole), 0.0))

    found = {name: np.array([error([_gradient(name, each) for each in means])]) for name in (*PER_TRIAL, *RATIOS)}
    for place, level in enumerate(DURATION_LEVELS):
        a, b = (each.times.mcse.duration_quantiles[place] for each in (first, second))
        shared = _correlation(covariance, len(COLUMNS) + place, half + len(COLUMNS) + place)
        found[duration_name(level)] = np.array([math.sqrt(max(a**2 + b**2 - 2 * shared * a * b, 0.0))])
    if with_ends:
        columns = np.arange(len(COLUMNS) + len(DURATION_LEVELS), half)
        sizes = [np.size(getattr(first.known, name)) for name in METRICS]
        units = np.eye(half)[columns]
        errors = np.array([error([unit, unit]) for unit in units])
        found |= dict(zip(METRICS, np.split(errors, np.cumsum(sizes)[:-1]), strict=True))
    return found


def _gradient(name: str, mean: FloatArray) -> FloatArray:
    """Return how a figure changes with the means of single trials."""
    found = np.zeros(len(mean))
    if name not in RATIOS:
        found[COLUMNS.index(name)] = 1.0
        return found
    above, below = (COLUMNS.index(each) for each in RATIOS[name])
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing was decided there is no ratio
        found[above], found[below] = 1 / mean[below], -mean[above] / mean[below] ** 2
    return found


def _correlation(covariance: FloatArray, a: int, b: int) -> float:
    scale = math.sqrt(covariance[a, a] * covariance[b, b])
    return float(covariance[a, b]) / scale if scale > 0 else 0.0
