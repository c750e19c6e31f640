"""The secondary outcomes of a simulated Phase 2 trial: means by arm and visit, and the power of three analyses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from designs.arrays import FloatArray, IntArray
from designs.checks import require_whole
from doseesc.finite import finite_numbers
from doseesc.phase2.analyses import (
    DIED,
    ArmSums,
    Counts,
    VisitSums,
    ancova_of,
    below,
    mmrm_of,
    origins,
    places_counted,
    rank_z,
    rank_z_of,
)
from doseesc.phase2.patients import (
    BLOCK,
    SCORES,
    ArmPatients,
    Score,
    draw_arm,
    icu_days_of_survivors,
    icu_free_days,
    scores_at,
    severities,
)
from doseesc.phase2.plan import TrialPlan
from doseesc.pieces import Blocks, over_blocks

if TYPE_CHECKING:
    import pandas as pd


ICU_FREE, ICU_SURVIVORS = "ICU-free days", "ICU days of survivors (biased)"
MODEL_VISITS = (3, 7, 14, 28, 60)
"""Visits of the mixed model: those common to all scores, since an unstructured covariance of more asks too much."""

MOST_BYTES = 2**32
"""Bytes that the visits of the trials drawn at a time may take, about."""

_NEVER = 1_000_000  # days

Key = tuple[str, int, str]


class SecondaryRow(NamedTuple):
    """One outcome of one arm at one visit.

    ``observed`` is the mean number of patients with a value, ``mean`` theirs.  The powers are shares of trials in which
    the arm is better than control, one-sided and unadjusted: by analysis of covariance among those with a value, by the
    mixed model for repeated measures, and by ranks with death as worst; not a number for the control and where there is
    no such test.
    """

    outcome: str
    day: int
    arm: str
    observed: float
    mean: float
    ancova_power: float
    mmrm_power: float
    ranks_power: float


def simulate_secondary(plan: TrialPlan, *, trials: int = 1000, seed: int = 1, jobs: int = 1) -> list[SecondaryRow]:
    """Simulate the secondary outcomes; the patients are those of :func:`doseesc.phase2.simulate_power`.

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
    _require_memory(plan, min(trials, BLOCK))
    parts = over_blocks(partial(_play, plan, seed), trials, BLOCK, jobs)
    rows = []
    for outcome, day, arm in parts[0]:
        number, total, *won = np.sum([part[outcome, day, arm] for part in parts], axis=0)
        mean = total / number if number else np.nan
        powers = [float(each / trials) for each in won]
        rows.append(SecondaryRow(outcome, day, arm, float(number / trials), float(mean), *powers))
    return rows


def _require_memory(plan: TrialPlan, trials: int) -> None:
    """Raise ValueError, before anything is drawn, where the visits of so many trials would take too much memory."""
    visits = len({day for score in SCORES for day in score.visits}) + sum(2 * len(score.visits) for score in SCORES)
    needed = 8.0 * visits * plan.total * trials
    if needed > MOST_BYTES:
        raise ValueError(
            f"n must be smaller for the secondary outcomes: the visits of {plan.total:,} patients in {trials:,} trials "
            f"at a time need {needed / 2**30:,.0f} GiB, more than {MOST_BYTES / 2**30:.0f} GiB; or ask for fewer trials"
        )


def secondary_frame(rows: list[SecondaryRow]) -> pd.DataFrame:
    """Return the rows as a table."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(SecondaryRow._fields))


@finite_numbers()
def _play(plan: TrialPlan, seed: int, blocks: Blocks) -> dict[Key, FloatArray]:
    sums: dict[Key, FloatArray] = {}
    for block, size in blocks:
        drawn = [draw_arm(law, seed=seed, block=block, arm=arm, trials=size) for arm, law in enumerate(plan.laws())]
        for key, counted in _block(plan, drawn, seed, block).items():
            sums[key] = sums.get(key, np.zeros(5)) + counted
    return sums


def _block(plan: TrialPlan, drawn: list[ArmPatients], seed: int, block: int) -> dict[Key, FloatArray]:
    """Return per outcome, day and arm: values, their sum, and trials won by each of the three analyses."""
    found: dict[Key, FloatArray] = {}
    days = tuple(sorted({day for score in SCORES for day in score.visits}))
    severity = [severities(each, days, seed=seed, block=block, arm=arm) for arm, each in enumerate(drawn)]
    for score in SCORES:
        places = [days.index(day) for day in score.visits]
        values = [
            scores_at(score, each[places], score.visits, seed=seed, block=block, arm=arm)
            for arm, each in enumerate(severity)
        ]
        origin = origins(values[0][_modelled(score)], values[0][0])
        summed = [_ArmVisits.of(score, each, patients, origin) for each, patients in zip(values, drawn, strict=True)]
        ranked = [below(counts) for counts in summed[0].places]
        for place, arm in enumerate(plan.arms):
            won = _won(score, summed, ranked, place, plan.analysis.alpha)
            for visit, day in enumerate(score.visits):
                found[score.name, day, arm.name] = _summed(values[place][visit], won[visit])
    return found | _icu(plan, drawn)


class _ArmVisits(NamedTuple):
    """One arm's score at each visit after baseline, as its analyses need it."""

    sums: list[ArmSums]
    places: list[Counts]
    model: VisitSums

    @classmethod
    def of(cls, score: Score, values: FloatArray, patients: ArmPatients, origin: FloatArray) -> _ArmVisits:
        width = patients.horizon + round((score.high - score.low) / score.step) + 1
        # By day of death the dead, then those alive: what is missing without a death is a loss.
        death = np.where(patients.kind == DIED, patients.day, _NEVER).astype(np.int64)
        return cls(
            [ArmSums.of(value, values[0]) for value in values[1:]],
            [
                places_counted(_places(score, value, death, day, patients.horizon), width)
                for day, value in zip(score.visits[1:], values[1:], strict=True)
            ],
            VisitSums.of(values[_modelled(score)], values[0], origin),
        )


def _modelled(score: Score) -> list[int]:
    """Return the places of the mixed model's visits among the score's."""
    return [visit for visit, day in enumerate(score.visits) if day in MODEL_VISITS]


def _won(score: Score, summed: list[_ArmVisits], ranked: list[Counts], place: int, alpha: float) -> FloatArray:
    """Return per visit in how many trials an arm is better than control by each analysis, not a number without one."""
    won = np.full((len(score.visits), 3), np.nan)
    if place == 0:
        return won
    sign = 1.0 if score.higher_is_better else -1.0
    arm, control = summed[place], summed[0]
    by_model = mmrm_of(arm.model, control.model)
    won[_modelled(score), 1] = (by_model.p_greater(sign) <= alpha).sum(axis=1)
    for visit, (sums, base_sums) in enumerate(zip(arm.sums, control.sums, strict=True), start=1):
        won[visit, 0] = (ancova_of(sums, base_sums).p_greater(sign) <= alpha).sum()
    for visit, counts in enumerate(zip(arm.places, control.places, ranked, strict=True), start=1):
        won[visit, 2] = (ndtr(-rank_z_of(*counts)) <= alpha).sum()
    return won


def _places(score: Score, value: FloatArray, death: IntArray, day: int, horizon: int) -> IntArray:
    """Return the places of values from worst to best; the dead come before anyone alive, the earlier the worse."""
    worst, sign = (score.low, 1.0) if score.higher_is_better else (score.high, -1.0)
    place = value - worst
    place *= sign / score.step
    np.rint(place, out=place)
    place += horizon
    place[np.isnan(place)] = -1.0
    return np.where(death <= day, death - 1, place.astype(np.int64))


def _icu(plan: TrialPlan, drawn: list[ArmPatients]) -> dict[Key, FloatArray]:
    found: dict[Key, FloatArray] = {}
    horizon = drawn[0].horizon
    for name, outcome, sign in ((ICU_FREE, icu_free_days, 1), (ICU_SURVIVORS, icu_days_of_survivors, -1)):
        at = [outcome(each) for each in drawn]
        places = [np.where(np.isnan(each), -1, each if sign > 0 else horizon - each).astype(np.int64) for each in at]
        for place, (arm, value) in enumerate(zip(plan.arms, at, strict=True)):
            won = np.full(3, np.nan)
            if place:
                # ICU-free days count the dead as worst; days of survivors leave them out, as an analysis of survivors.
                ranks = ndtr(-rank_z(places[place], places[0]))
                won[2 if name == ICU_FREE else 0] = (ranks <= plan.analysis.alpha).sum()
            found[name, horizon, arm.name] = _summed(value, won)
    return found


def _summed(value: FloatArray, won: FloatArray) -> FloatArray:
    known = ~np.isnan(value)
    return np.array([known.sum(), np.where(known, value, 0.0).sum(), *won])
