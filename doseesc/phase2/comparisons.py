"""One active arm against the control, in many trials at once, by the tests that a plan may name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy.special import ndtr

from designs.arrays import FloatArray, IntArray
from doseesc.phase2.analyses import (
    DayCounts,
    chi_square_z,
    cochran_armitage_z,
    cox_score,
    fisher_p,
    gray,
    log_rank,
    mantel_haenszel_z,
    stratified_cox_score,
    stratified_gray,
    stratified_log_rank,
    win_ratio,
)
from doseesc.phase2.patients import ArmPatients, draw_pieces
from doseesc.phase2.plan import TrialPlan


@dataclass(frozen=True)
class ArmSeen:
    """What a block of trials sees of one arm.

    Attributes
    ----------
    n : int
        Patients per trial.
    counts : DayCounts
        Of all patients.
    strata : tuple of DayCounts
        Of each severity; none where no analysis is stratified.
    reactions : array, shape (T,)
        Patients with an adverse reaction.
    """

    n: int
    counts: DayCounts
    strata: tuple[DayCounts, ...]
    reactions: IntArray

    @classmethod
    def of(cls, patients: ArmPatients, *, by_stratum: bool) -> ArmSeen:
        """Count the patients of an arm."""
        strata = patients.day_counts_by_stratum if by_stratum else ()
        return cls(len(patients.code), patients.day_counts, strata, patients.reactions)

    def __add__(self, other: ArmSeen) -> ArmSeen:
        strata = tuple(one + another for one, another in zip(self.strata, other.strata, strict=True))
        return ArmSeen(self.n + other.n, self.counts + other.counts, strata, self.reactions + other.reactions)


def draw_trials(plan: TrialPlan, *, seed: int, block: int, trials: int, by_stratum: bool) -> list[ArmSeen]:
    """Draw a block of trials, and return what is seen of each arm, the control first."""
    found = []
    for arm, law in enumerate(plan.laws()):
        pieces = draw_pieces(law, seed=seed, block=block, arm=arm, trials=trials)
        found.append(reduce(add, (ArmSeen.of(piece, by_stratum=by_stratum) for piece in pieces)))
    return found


def improvement_z(arm: ArmSeen, control: ArmSeen, *, test: str, death: str, stratified: bool) -> FloatArray:
    """Return z of the test of improvement, positive where the arm improves sooner, shape (T,)."""
    if stratified:
        if test == "gray":
            return stratified_gray(arm.strata, control.strata).z
        by_strata = stratified_log_rank if test == "log_rank" else stratified_cox_score
        return by_strata(arm.strata, control.strata, death=death).z
    if test == "win_ratio":
        return win_ratio(arm.counts, control.counts).z
    if test == "gray":
        return gray(arm.counts, control.counts).z
    compare = log_rank if test == "log_rank" else cox_score
    return compare(arm.counts, control.counts, death=death).z


def fewer_deaths_p(arm: ArmSeen, control: ArmSeen, *, test: str, stratified: bool) -> FloatArray:
    """Return the one-sided p-value of fewer deaths among patients whose vital status is known, shape (T,).

    Where an arm's patients are all lost, nothing is known of its deaths, and nothing is claimed.
    """
    if stratified:
        tables = []
        for seen in (arm, control):
            deaths, followed = (
                np.stack([np.asarray(getattr(each, what)) for each in seen.strata], axis=-1)
                for what in ("deaths", "known")
            )
            followed[followed.sum(axis=-1) == 0, 0] = 1
            tables += [deaths, followed]
        return ndtr(mantel_haenszel_z(*tables))
    known = [np.maximum(each.counts.known, 1) for each in (arm, control)]
    return table_p(arm.counts.deaths, known[0], control.counts.deaths, known[1], test=test, more=False)


def more_reactions_p(arm: ArmSeen, control: ArmSeen, *, test: str) -> FloatArray:
    """Return the one-sided p-value of more adverse reactions, shape (T,)."""
    return table_p(arm.reactions, arm.n, control.reactions, control.n, test=test, more=True)


def trend_p(arms: Sequence[ArmSeen], scores: Sequence[float]) -> FloatArray:
    """Return the one-sided p-value of reactions that rise with the arms' scores, shape (T,)."""
    reactions = np.stack([arm.reactions for arm in arms], axis=-1)
    sizes = np.broadcast_to([arm.n for arm in arms], reactions.shape)
    return ndtr(-cochran_armitage_z(reactions, sizes, scores))


def trend_scores(plan: TrialPlan) -> list[float]:
    """Return the scores of the plan's trend: 0, 1, 2 and so on, or the doses, 0 for the control."""
    if plan.analysis.trend == "ranks":
        return [float(place) for place in range(len(plan.arms))]
    return [arm.amount or 0.0 for arm in plan.arms]


def table_p(x1: IntArray, n1: Any, x0: IntArray, n0: Any, *, test: str, more: bool) -> FloatArray:
    """Return the one-sided p-value of more, or fewer, events in the first arm."""
    if test == "fisher":
        return fisher_p(x1, n1, x0, n0, more=more)
    z = chi_square_z(x1, n1, x0, n0)
    return ndtr(-z if more else z)
