"""The secondary outcomes of a simulated Phase 2 trial: means by arm and visit, and the power of two analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from designs.checks import require_whole
from doseesc.phase2.day_counts import DIED
from doseesc.phase2.patients import ArmPatients, block_sizes, draw_arm
from doseesc.phase2.plan import TrialPlan
from doseesc.phase2.visit_tests import ancova, rank_z
from doseesc.phase2.visits import SCORES, Score, icu_days_of_survivors, icu_free_days, scores_at, severities

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

ICU_FREE, ICU_SURVIVORS = "ICU-free days", "ICU days of survivors (biased)"


class SecondaryRow(NamedTuple):
    """One outcome of one arm at one visit.

    ``observed`` is the mean number of patients with a value, ``mean`` theirs; ``survivors_power`` and ``rank_power``
    are the shares of trials in which the arm is better than control, unadjusted, by analysis of covariance among
    those with a value and by ranks with death as worst; not a number for the control and where there is no such test.
    """

    outcome: str
    day: int
    arm: str
    observed: float
    mean: float
    survivors_power: float
    rank_power: float


def simulate_secondary(plan: TrialPlan, *, trials: int = 1000, seed: int = 1) -> list[SecondaryRow]:
    """Simulate the secondary outcomes; the patients are those of :func:`doseesc.phase2.power.simulate_power`.

    Parameters
    ----------
    plan : TrialPlan
    trials, seed : int
    """
    require_whole("trials", trials, 1)
    sums: dict[tuple[str, int, str], FloatArray] = {}
    for block, size in enumerate(block_sizes(trials)):
        drawn = [draw_arm(law, seed=seed, block=block, arm=arm, trials=size) for arm, law in enumerate(plan.laws())]
        for key, counted in _block(plan, drawn, seed, block).items():
            sums[key] = sums.get(key, np.zeros(4)) + counted
    rows = []
    for (outcome, day, arm), (number, total, survivors, ranks) in sums.items():
        mean = total / number if number else np.nan
        rows.append(
            SecondaryRow(outcome, day, arm, float(number / trials), float(mean), survivors / trials, ranks / trials)
        )
    return rows


def secondary_frame(rows: list[SecondaryRow]) -> pd.DataFrame:
    """Return the rows as a table."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(SecondaryRow._fields))


def _block(plan: TrialPlan, drawn: list[ArmPatients], seed: int, block: int) -> dict[tuple[str, int, str], FloatArray]:
    alpha = plan.analysis.alpha
    found: dict[tuple[str, int, str], FloatArray] = {}
    days = tuple(sorted({day for score in SCORES for day in score.visits}))
    severity = [severities(each, days, seed=seed, block=block, arm=arm) for arm, each in enumerate(drawn)]
    for score in SCORES:
        places = [days.index(day) for day in score.visits]
        values = [
            scores_at(score, each[places], score.visits, seed=seed, block=block, arm=arm)
            for arm, each in enumerate(severity)
        ]
        for place, day in enumerate(score.visits):
            at = [each[place] for each in values]
            tests = _score_tests(score, day, at, [each[0] for each in values], drawn, alpha)
            found |= {
                (score.name, day, arm.name): _counted(value, *test)
                for arm, value, test in zip(plan.arms, at, tests, strict=True)
            }
    horizon = drawn[0].horizon
    for name, outcome in ((ICU_FREE, icu_free_days), (ICU_SURVIVORS, icu_days_of_survivors)):
        at = [outcome(each) for each in drawn]
        for place, (arm, value) in enumerate(zip(plan.arms, at, strict=True)):
            better = rank_z(value, at[0]) if name == ICU_FREE else rank_z(-value, -at[0])
            won = float((ndtr(-better) <= alpha).sum()) if place else np.nan
            test = (np.nan, won) if name == ICU_FREE else (won, np.nan)
            found[name, horizon, arm.name] = _counted(value, *test)
    return found


def _score_tests(
    score: Score, day: int, at: list[FloatArray], base: list[FloatArray], drawn: list[ArmPatients], alpha: float
) -> list[tuple[float, float]]:
    """Return per arm in how many trials it is better than control by either analysis."""
    if day == 0:
        return [(np.nan, np.nan)] * len(at)
    sign = 1.0 if score.higher_is_better else -1.0
    # The earlier a patient has died, the worse; all dead are worse than anyone alive.
    ranked = [
        np.where((each.kind == DIED) & (each.day <= day), -1e6 + each.day, sign * value)
        for each, value in zip(drawn, at, strict=True)
    ]
    found = [(np.nan, np.nan)]
    for place in range(1, len(at)):
        survivors = ancova(sign * at[place], sign * base[place], sign * at[0], sign * base[0]).p_greater()
        ranks = ndtr(-rank_z(ranked[place], ranked[0]))
        found.append((float((survivors <= alpha).sum()), float((ranks <= alpha).sum())))
    return found


def _counted(value: FloatArray, survivors: float, ranks: float) -> FloatArray:
    known = ~np.isnan(value)
    return np.array([known.sum(), np.where(known, value, 0.0).sum(), survivors, ranks])
