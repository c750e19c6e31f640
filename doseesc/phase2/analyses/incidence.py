"""Curves over the days: Kaplan-Meier of not having improved, Aalen-Johansen cumulative incidences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray
from doseesc.phase2.analyses.day_counts import DayCounts
from doseesc.phase2.analyses.log_rank import at_risk


class Incidences(NamedTuple):
    """Cumulative incidences of improvement and death by days 1 to D, each of shape (T, D)."""

    improved: FloatArray
    died: FloatArray


def kaplan_meier(arm: DayCounts, *, death: str = "day_28") -> FloatArray:
    """Return the Kaplan-Meier probability of not having improved by the end of each day, shape (T, D).

    Parameters
    ----------
    arm : DayCounts
    death : {"day_28", "at_death"}
        When the dead are censored.

    Examples
    --------
    >>> kaplan_meier(DayCounts.of(kind=[0, 0, 1, 2], day=[1, 3, 2, 4], horizon=4)).round(3)
    array([[0.75, 0.75, 0.5 , 0.5 ]])
    """
    risk = at_risk(arm, death=death)
    return np.asarray(np.cumprod(1 - arm.improved / np.maximum(risk, 1), axis=1), dtype=np.float64)


def aalen_johansen(arm: DayCounts) -> Incidences:
    """Return the Aalen-Johansen cumulative incidences of improvement and of death.

    Examples
    --------
    >>> aalen_johansen(DayCounts.of(kind=[0, 0, 1, 2], day=[1, 3, 2, 4], horizon=4)).died.round(3)
    array([[0.  , 0.25, 0.25, 0.25]])
    """
    risk = np.maximum(at_risk(arm, death="at_death"), 1)
    before = survival_before(arm)
    return Incidences(np.cumsum(before * arm.improved / risk, axis=1), np.cumsum(before * arm.died / risk, axis=1))


def survival_before(arm: DayCounts) -> FloatArray:
    """Return the Kaplan-Meier probability of neither improvement nor death before each day, shape (T, D)."""
    risk = np.maximum(at_risk(arm, death="at_death"), 1)
    after = np.cumprod(1 - (arm.improved + arm.died) / risk, axis=1)
    return np.concatenate([np.ones((len(after), 1)), after[:, :-1]], axis=1)
