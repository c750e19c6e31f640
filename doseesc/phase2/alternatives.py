"""The same simulated trials by every analysis there is, so that the one that a plan names can be judged.

Powers are of each active arm against the control, one-sided at the plan's level and not adjusted.  The two intervals of
the difference in mortality are judged by how often they hold the true one, and how wide they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from designs.arrays import FloatArray
from designs.checks import require_whole
from doseesc.finite import finite_numbers
from doseesc.phase2.analyses import miettinen_nurminen, newcombe
from doseesc.phase2.comparisons import ArmSeen, draw_trials, fewer_deaths_p, improvement_z, more_reactions_p, trend_p
from doseesc.phase2.patients import BLOCK
from doseesc.phase2.plan import MORTALITY, REACTIONS, STRATIFIED_TTCI_TESTS, TABLE_TESTS, TTCI, TTCI_TESTS, TrialPlan
from doseesc.pieces import Blocks, over_blocks

if TYPE_CHECKING:
    import pandas as pd


ALL_ARMS = "all arms"
INTERVALS = {"miettinen_nurminen": miettinen_nurminen, "newcombe": newcombe}
_CENSORING = ("log_rank", "cox_score")

Key = tuple[str, str, str, str]


class AnalysisRow(NamedTuple):
    """One analysis of one endpoint in one arm: ``figure`` is "power", or an interval's "coverage" or "half-width"."""

    endpoint: str
    analysis: str
    arm: str
    figure: str
    value: float
    mcse: float


def simulate_analyses(plan: TrialPlan, *, trials: int = 10_000, seed: int = 1, jobs: int = 1) -> list[AnalysisRow]:
    """Analyse the trials of :func:`doseesc.phase2.simulate_power` in every way.

    Parameters
    ----------
    plan : TrialPlan
    trials, seed : int
    jobs : int
        Processes; the answer does not depend on it.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    require_whole("trials", trials, 1)
    require_whole("jobs", jobs, 1)
    plan.laws()
    parts = over_blocks(partial(_play, plan, seed), trials, BLOCK, jobs)
    rows = []
    for key in parts[0]:
        sums = np.sum([part[key] for part in parts], axis=0)
        mean = float(sums[0] / trials)
        spread = max(float(sums[1] / trials) - mean**2, 0.0)
        if key[-1] != "half-width":
            share = min(max(mean, 0.5 / trials), 1 - 0.5 / trials)
            spread = share * (1 - share)
        rows.append(AnalysisRow(*key, mean, float(np.sqrt(spread / trials))))
    return rows


def analyses_frame(rows: list[AnalysisRow]) -> pd.DataFrame:
    """Return the rows as a table."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(AnalysisRow._fields))


@finite_numbers()
def _play(plan: TrialPlan, seed: int, blocks: Blocks) -> dict[Key, FloatArray]:
    sums: dict[Key, FloatArray] = {}
    for block, trials in blocks:
        seen = draw_trials(plan, seed=seed, block=block, trials=trials, by_stratum=bool(plan.strata))
        for key, value in _figures(plan, seen):
            # Rounded, so that sums do not depend on their order, nor on the number of processes.
            value = np.round(value * 2.0**30) / 2.0**30
            sums[key] = sums.get(key, np.zeros(2)) + np.array(
                [value.sum(), np.round(value**2 * 2.0**20).sum() / 2.0**20]
            )
    return sums


def _figures(plan: TrialPlan, seen: list[ArmSeen]) -> Iterator[tuple[Key, FloatArray]]:
    alpha, control, laws = plan.analysis.alpha, seen[0], plan.laws()

    def won(p: FloatArray) -> FloatArray:
        return (p <= alpha).astype(np.float64)

    for place, arm in enumerate(plan.active, start=1):
        one = seen[place]
        for name, test, death, stratified in _improvement_tests(plan):
            z = improvement_z(one, control, test=test, death=death, stratified=stratified)
            yield (TTCI, name, arm.name, "power"), won(ndtr(-z))
        for test in TABLE_TESTS:
            yield (MORTALITY, test, arm.name, "power"), won(fewer_deaths_p(one, control, test=test, stratified=False))
        if plan.strata:
            by_strata = fewer_deaths_p(one, control, test="chi_square", stratified=True)
            yield (MORTALITY, "mantel_haenszel", arm.name, "power"), won(by_strata)
        truth = float(laws[place].course.died[-1] - laws[0].course.died[-1])
        table = [np.asarray(each) for arm_seen in (one, control) for each in _deaths(arm_seen)]
        for name, interval in INTERVALS.items():
            lower, upper = interval(*table)
            yield (MORTALITY, name, arm.name, "coverage"), ((lower <= truth) & (truth <= upper)).astype(np.float64)
            yield (MORTALITY, name, arm.name, "half-width"), (upper - lower) / 2
        for test in TABLE_TESTS:
            yield (REACTIONS, test, arm.name, "power"), won(more_reactions_p(one, control, test=test))
    scores = {"ranks": [float(place) for place in range(len(seen))], "doses": [arm.amount or 0.0 for arm in plan.arms]}
    for name, each in scores.items():
        yield (REACTIONS, f"trend over {name}", ALL_ARMS, "power"), won(trend_p(seen, each))


def _improvement_tests(plan: TrialPlan) -> Iterator[tuple[str, str, str, bool]]:
    """Return name, test, when the dead are censored, and whether stratified."""
    for stratified in (False, True) if plan.strata else (False,):
        for test in STRATIFIED_TTCI_TESTS if stratified else TTCI_TESTS:
            for death in ("day_28", "at_death") if test in _CENSORING else ("",):
                name = f"{test}, {death}" if death else test
                yield f"{name}, stratified" if stratified else name, test, death or "day_28", stratified


def _deaths(arm: ArmSeen) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    return arm.counts.deaths, np.maximum(arm.counts.known, 1)
