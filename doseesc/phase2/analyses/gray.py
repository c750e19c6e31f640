r"""Gray's test of two arms' cumulative incidence of improvement, death being a competing event.

Gray (1988, Annals of Statistics 16:1141), weight 1.  In arm k, Y_k are at risk of both events, S_k is the Kaplan-Meier
probability of neither and F_k the Aalen-Johansen incidence of improvement, "-" meaning just before a day;
h_k = Y_k / S_k-,  R_k = h_k (1 - F_k-),  h and R their sums, F the pooled incidence with steps  d / h.  The score

    U = sum_t (d_1 - d R_1 / R)

has the variance, with  a = h_1 h_2 / h,  C(t) = sum_{u <= t} a d / (h (1 - F-))  and  B(t) = C(end) - C(t),

    V = sum_k sum_t [a + B (1 - (1-F)/S_k)]^2 m d S_k- / (h Y_k)  +  [B (1-F)/S_k]^2 m_k e_k (S_k- / Y_k)^2

e_k being deaths, and  m = 1 - (d - 1)/(h S_k- - 1),  m_k = 1 - (e_k - 1)/(Y_k - 1)  corrections for ties.  Where
S_k = 0,  1 - (1-F)/S_k is taken for 1, and the term of the deaths is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray
from doseesc.phase2.analyses.day_counts import DayCounts, check_arms
from doseesc.phase2.analyses.incidence import aalen_johansen, survival_before
from doseesc.phase2.analyses.log_rank import ScoreTest, at_risk

_NOBODY = 1e-12  # a survival probability below this is 0 but for rounding


def gray(treated: DayCounts, control: DayCounts) -> ScoreTest:
    """Compare the cumulative incidences of improvement of two arms.

    Parameters
    ----------
    treated, control : DayCounts

    Returns
    -------
    ScoreTest
        ``z`` is positive where more patients improve in the active arm; ``z**2`` is Gray's chi-square.

    Raises
    ------
    ValueError
        If an arm is empty in some trial.
    """
    check_arms(treated, control)
    return gray_score(treated, control)


def gray_score(treated: DayCounts, control: DayCounts) -> ScoreTest:
    """Return score and variance, both 0 in a trial where an arm is empty: one stratum's part of a stratified test."""
    arms = (_Arm.of(treated), _Arm.of(control))
    events = (treated.improved + control.improved).astype(np.float64)
    pooled = arms[0].weight + arms[1].weight
    in_risk = arms[0].weight * (1 - arms[0].incidence) + arms[1].weight * (1 - arms[1].incidence)
    share = arms[0].weight * (1 - arms[0].incidence) / np.where(in_risk > 0, in_risk, 1.0)
    score = (treated.improved - events * share).sum(axis=1)

    safe = np.where(pooled > 0, pooled, 1.0)
    incidence = np.cumsum(events / safe, axis=1)
    before = incidence - events / safe
    both = arms[0].weight * arms[1].weight / safe
    reach = np.cumsum(_over(both * events, safe * (1 - before)), axis=1)
    rest = reach[:, -1:] - reach
    variance = np.zeros(len(score))
    for arm in arms:
        alive = arm.after > _NOBODY
        ratio = _over(1 - incidence, np.where(alive, arm.after, 0.0))
        at_event = both + rest * np.where(alive, 1 - ratio, 1.0)
        ties = 1 - _over(np.maximum(events - 1, 0.0), pooled * arm.before - 1)
        variance += (at_event**2 * ties * _over(arm.before * events, pooled * arm.risk)).sum(axis=1)
        ties = 1 - np.maximum(arm.died - 1, 0) / np.maximum(arm.risk - 1, 1)
        death = ties * arm.died * (arm.before / np.maximum(arm.risk, 1)) ** 2
        variance += (np.where(alive, rest * ratio, 0.0) ** 2 * death).sum(axis=1)
    return ScoreTest(score, variance)


class _Arm(NamedTuple):
    """One arm's curves on every day: incidence and ``before`` just before it, ``after`` at its end."""

    risk: FloatArray
    died: FloatArray
    before: FloatArray
    after: FloatArray
    incidence: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, arm: DayCounts) -> _Arm:
        risk = at_risk(arm, death="at_death").astype(np.float64)
        before = survival_before(arm)
        after = before * (1 - (arm.improved + arm.died) / np.maximum(risk, 1))
        improved = aalen_johansen(arm).improved
        incidence = np.concatenate([np.zeros((len(improved), 1)), improved[:, :-1]], axis=1)
        return cls(risk, arm.died.astype(np.float64), before, after, incidence, _over(risk, before))


def _over(value: FloatArray, by: FloatArray) -> FloatArray:
    """Divide, 0 where the divisor is 0 but for rounding."""
    possible = by > _NOBODY
    return np.where(possible, value / np.where(possible, by, 1.0), 0.0)
