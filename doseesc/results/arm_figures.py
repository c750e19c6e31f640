"""The figures by which the analysis of the Phase 2 arms is judged, from final tallies and their posteriors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray
from doseesc.engines import DosePosterior

ARM_METRICS = (
    "probability",
    "dlt_probability",
    "estimate",
    "bias",
    "rmse",
    "coverage",
    "width",
    "unsafe",
    "called_unsafe",
    "false_alarm",
    "missed",
)
"""The figures of the tidy table, in its order."""

ARM_ANALYSIS_COLUMNS = ("scenario", "design", "method", "arm", "mtd_level", "mtd", "metric", "value", "mcse")
"""Columns of the tidy table."""

_TIED = 1e-12  # a truth this much above the limit is at it


@dataclass(frozen=True)
class ArmFigures:
    """How well the analysis knows one active arm of a design under a scenario.

    All arrays have shape (J + 1,): first over all trials that open Phase 2, then given that the MTD is level 1, 2, ...
    Figures about what never happens are NaN.

    Attributes
    ----------
    scenario, design, method, arm : str
        ``method`` is "exact" or "monte_carlo".
    n_trials : int
        Simulated trials; 0 where exact.
    probability : array
        Probability that Phase 2 opens; with each level as the MTD.
    dlt_probability, estimate : array
        Expected true DLT probability of the arm, the drug's own, and expected posterior mean.
    bias, rmse : array
        Expected difference of the two, and the root of its expected square.
    coverage, width : array
        Probability that the posterior interval holds the true DLT probability, and expected width of the interval.
    unsafe, called_unsafe : array
        Probability that the arm is unsafe, and that the analysis calls it unsafe.
    false_alarm : array
        Probability that the arm is called unsafe, given that it is not.
    missed : array
        Probability that the arm is not called unsafe, given that it is.
    mcse : namespace
        Monte Carlo standard errors of the figures of :data:`ARM_METRICS`; zeros where exact.
    """

    scenario: str
    design: str
    method: str
    arm: str
    n_trials: int
    probability: FloatArray
    dlt_probability: FloatArray
    estimate: FloatArray
    bias: FloatArray
    rmse: FloatArray
    coverage: FloatArray
    width: FloatArray
    unsafe: FloatArray
    called_unsafe: FloatArray
    false_alarm: FloatArray
    missed: FloatArray
    mcse: SimpleNamespace


def arm_figures(
    selected: IntArray,
    weight: FloatArray,
    posterior: DosePosterior,
    truth: FloatArray,
    limit: float,
    confidence: float,
    n_trials: int = 0,
) -> list[tuple[Any, ...]]:
    """Return for each arm the figures of :data:`ARM_METRICS`, each (J + 1,), and their Monte Carlo errors.

    Parameters
    ----------
    selected : array of int, shape (T,)
        The MTD in each of T final tallies; 0 = none.
    weight : array, shape (T,)
        Probability of each; where simulated, the number of trials that ended so.
    posterior : DosePosterior
        At the A arms' doses given each tally, (T, A); of no account where no MTD is selected.
    truth : array, shape (J, A)
        True DLT probability of each arm for each level that may be the MTD.
    limit : float
        DLT probability above which an arm is unsafe.
    confidence : float
        Posterior probability of that above which it is called so.
    n_trials : int
        Simulated trials; 0 where ``weight`` holds probabilities.
    """
    opened = np.flatnonzero((selected > 0) & (weight > 0))
    level = selected[opened]
    groups = weight[opened] * (level == np.arange(len(truth) + 1)[:, None])
    groups[0] = weight[opened]
    chance = np.minimum(groups.sum(axis=1) / (n_trials or 1), 1.0)
    its_error = np.sqrt(chance * (1 - chance) / n_trials) if n_trials else np.zeros_like(chance)
    found = []
    for arm, true in enumerate(truth[level - 1].T):
        mean, lower, upper, above = (each[opened, arm] for each in posterior)
        unsafe, called = true > limit + _TIED, above > confidence
        square, square_error = _mean(groups, (mean - true) ** 2, n_trials)
        root = np.sqrt(square)
        pairs = {
            "probability": (chance, its_error),
            "dlt_probability": _mean(groups, true, n_trials),
            "estimate": _mean(groups, mean, n_trials),
            "bias": _mean(groups, mean - true, n_trials),
            "rmse": (root, square_error / np.where(root > 0, 2 * root, 1.0)),
            "coverage": _mean(groups, (lower <= true) & (true <= upper), n_trials),
            "width": _mean(groups, upper - lower, n_trials),
            "unsafe": _mean(groups, unsafe, n_trials),
            "called_unsafe": _mean(groups, called, n_trials),
            "false_alarm": _mean(groups * ~unsafe, called, n_trials),
            "missed": _mean(groups * unsafe, ~called, n_trials),
        }
        values = [pairs[metric][0] for metric in ARM_METRICS]
        found.append((*values, SimpleNamespace(**{metric: pairs[metric][1] for metric in ARM_METRICS})))
    return found


def arm_analysis_rows(
    figures: tuple[ArmFigures, ...], labels: tuple[str, ...]
) -> Iterator[tuple[str, str, str, str, int | None, str, str, float, float]]:
    """Yield the rows of the tidy table, of :data:`ARM_ANALYSIS_COLUMNS`; MTD "any" is over all trials.

    Parameters
    ----------
    figures : tuple of ArmFigures
    labels : tuple of str
        Labels of the dose levels.
    """
    for each in figures:
        for level, label in enumerate(("any", *labels)):
            for metric in ARM_METRICS:
                value, error = getattr(each, metric)[level], getattr(each.mcse, metric)[level]
                where = (each.scenario, each.design, each.method, each.arm, level or None, label)
                yield (*where, metric, float(value), float(error))


def _mean(groups: FloatArray, values: npt.NDArray[Any], n_trials: int) -> tuple[FloatArray, FloatArray]:
    """Return means (G,) of values (T,) under weights (G, T), and their errors where weights count trials."""
    total = groups.sum(axis=1)
    some = np.where(total > 0, total, np.nan)
    mean = groups @ values / some
    if values.dtype == np.bool_:
        mean = np.clip(mean, 0.0, 1.0)
    if not n_trials:
        return mean, np.where(total > 0, 0.0, np.nan)
    off = values - np.where(total > 0, mean, 0.0)[:, None]
    return mean, np.sqrt((groups * off**2).sum(axis=1)) / some
