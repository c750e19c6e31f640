"""What an analysis of Phase 1 says about the arms of Phase 2, and how often it is right.

Once an MTD is declared, the DLT probability at each active arm's dose, which need not be a tested one, has a posterior
given the final tally.  The model is the same for every design: see :mod:`doseesc.arm_posterior`.  Every way in which
trials of a design can end has its posterior, so that with the probability of each end under a scenario

    coverage, bias and root mean squared error of the posterior, and how often it calls an arm unsafe

are sums; counted ends, of simulated trials, give them with Monte Carlo errors.  An arm is unsafe where its true DLT
probability, the drug's own, is above a limit, and is called unsafe where the posterior probability of that is above a
confidence.  All figures are given that Phase 2 opens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from designs import Tally
from doseesc.arm_posterior import DosePosterior
from doseesc.arms import arm_doses
from doseesc.ends import Ends
from doseesc.walk import row_keys

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.results import Results
    from doseesc.scenario import Study

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

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
        Probability that an arm that is not unsafe is called unsafe.
    missed : array
        Probability that an arm that is unsafe is not called so.
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


Endings = Mapping[tuple[str, str], tuple[Ends, FloatArray]]
"""How trials ended, by scenario and design, with the probability (or, simulated, the number) of each end."""


def analyse_arms(study: Study, exact: Endings, simulated: Endings, n_trials: int) -> tuple[ArmFigures, ...]:
    """Judge the analysis of the active arms; nothing for a study without active arms.

    The posterior is found once for each distinct final tally of all designs.

    Parameters
    ----------
    study : Study
    exact, simulated : Endings
    n_trials : int
        Simulated trials of each scenario and design.
    """
    names = [arm.name for arm in study.phase2_arms if not arm.control]
    if not names:
        return ()
    every = {id(ends): ends for ends, _ in (*exact.values(), *simulated.values())}
    posteriors = dict(zip(every, _posteriors(study, list(every.values())), strict=True))
    truths = {scenario: true_probabilities(study, scenario) for scenario in study.truths}
    given = study.arm_analysis
    limit = unsafe_limit(study)
    return tuple(
        ArmFigures(scenario, design, method, name, trials, *figures)
        for scenario, truth in truths.items()
        for design in study.designs
        for method, endings, trials in (("monte_carlo", simulated, n_trials), ("exact", exact, 0))
        if (scenario, design) in endings
        for ends, weight in (endings[scenario, design],)
        for name, figures in zip(
            names,
            arm_figures(ends, weight, posteriors[id(ends)], truth, limit, given.unsafe_confidence, trials),
            strict=True,
        )
    )


def arms_analysed(study: Study, policy: str | None) -> bool:
    """Tell whether the arms are analysed as an observation model shows the trial (None: the drug alone).

    Only as the study's own does, and where there are active arms.
    """
    own = study.observation[0].name if study.observation else None
    return policy == own and any(not arm.control for arm in study.phase2_arms)


def unsafe_limit(study: Study) -> float:
    """Return the DLT probability above which an arm is unsafe."""
    return study.arm_analysis.limit(study.target + study.true_mtd_rule.margin)


def true_probabilities(study: Study, scenario: str) -> FloatArray:
    """Return the true DLT probabilities (J, A) of the active arms for each level that may be the MTD."""
    found = [dose.dlt_probability for dose in arm_doses(study, scenario) if dose.dlt_probability is not None]
    return np.array(found).reshape(study.n_doses, -1)


def arm_figures(
    ends: Ends,
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
    ends : Ends
    weight : array, shape (T,)
        Probability of each end; where simulated, the number of trials that ended so.
    posterior : DosePosterior
        At the A arms' doses given each end, (T, A); of no account where no MTD is selected.
    truth : array, shape (J, A)
        True DLT probability of each arm for each level that may be the MTD.
    limit : float
        DLT probability above which an arm is unsafe.
    confidence : float
        Posterior probability of that above which it is called so.
    n_trials : int
        Simulated trials; 0 where ``weight`` holds probabilities.
    """
    opened = np.flatnonzero((ends.selected > 0) & (weight > 0))
    level = ends.selected[opened]
    groups = weight[opened] * (level == np.arange(ends.n_doses + 1)[:, None])
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


def arm_analysis_frame(results: Results) -> pd.DataFrame:
    """Return the tidy table of ``results.arm_analysis``, of :data:`ARM_ANALYSIS_COLUMNS`.

    Parameters
    ----------
    results : Results
    """
    import pandas as pd

    rows = arm_analysis_rows(results.arm_analysis, results.study.dose_labels)
    return pd.DataFrame(list(rows), columns=list(ARM_ANALYSIS_COLUMNS)).astype({"mtd_level": "Int64"})


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


def _posteriors(study: Study, every: list[Ends]) -> Iterator[DosePosterior]:
    """Yield for each of several sets of ends the posterior at the active arms' doses, (T, A)."""
    rows = np.concatenate([np.column_stack([ends.n, ends.dlt, ends.selected]) for ends in every])
    _, first, place = np.unique(row_keys(rows), return_index=True, return_inverse=True)
    n, dlt, selected = np.split(rows[first], [study.n_doses, 2 * study.n_doses], axis=1)
    doses = arm_doses(study, next(iter(study.truths)))
    amounts = np.array([dose.amount for dose in doses if dose.amount is not None]).reshape(study.n_doses, -1)
    given, limit = study.arm_analysis, unsafe_limit(study)
    model = given.model(study.doses.amounts)
    whole = np.full((len(DosePosterior._fields), len(first), amounts.shape[1]), np.nan)
    for level in range(1, study.n_doses + 1):
        at = np.flatnonzero(selected[:, 0] == level)
        if len(at):
            tally = Tally(n=n[at], dlt=dlt[at], level=selected[at, 0])
            whole[:, at] = model.posterior(
                tally,
                amounts[level - 1],
                above=limit,
                credibility=given.credibility,
                patients=int(n.sum(axis=1).max()),
            )
    start = 0
    for ends in every:
        yield DosePosterior(*whole[:, place[start : start + len(ends.selected)]])
        start += len(ends.selected)
