"""The figures about time of a design under a truth, apart from what it selects and whom it treats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any, Self

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines.clock_figures import (
    CALENDAR_METRICS,
    DURATION_LEVELS,
    CalendarCharacteristics,
    duration_name,
    time_rows,
)
from doseesc.engines.figures import TidyRow


@dataclass(frozen=True)
class TimeFigures:
    """How long trials take, and what is waited for.

    Attributes
    ----------
    n_trials : int
        Simulated trials.
    sd, mcse : namespace
        Standard deviations from trial to trial, and Monte Carlo standard errors, under the same names; all but that of
        ``duration_curve``.

    All others are those of :class:`doseesc.engines.CalendarCharacteristics`.
    """

    n_trials: int
    window_days: float
    duration_days: float
    duration_quantiles: FloatArray
    duration_curve: FloatArray
    enrolment_days: float
    suspensions: float
    days_suspended: float
    days_waited: float
    turned_away: float
    backfilled: float
    pending_at_decision: float
    changed_decisions: float
    patients_per_month: float
    sd: SimpleNamespace
    mcse: SimpleNamespace

    @classmethod
    def of(cls, characteristics: CalendarCharacteristics) -> Self:
        """Take the figures about time of the characteristics on the calendar."""
        spread = {
            name: SimpleNamespace(**{each: getattr(getattr(characteristics, name), each) for each in _WITH_ERRORS})
            for name in ("sd", "mcse")
        }
        return cls(**{field.name: getattr(characteristics, field.name) for field in fields(cls)} | spread)

    def rows(self) -> Iterator[TidyRow]:
        """Yield the figures as rows of the tidy table; quantiles of the duration follow its mean."""
        return time_rows(self)


_WITH_ERRORS = (*CALENDAR_METRICS, "duration_quantiles")

TIME_METRICS = (CALENDAR_METRICS[0], *(duration_name(level) for level in DURATION_LEVELS), *CALENDAR_METRICS[1:])
"""The figures about time in the tidy table, in its order."""


def mixture(curves: list[Any], shares: Any) -> FloatArray:
    """Return the days by which these shares of trials have ended, of equally many trials behind each curve.

    Parameters
    ----------
    curves : list of array, shape (201,)
        As ``duration_curve`` of :class:`TimeFigures`.
    shares : array

    Examples
    --------
    >>> mixture([np.linspace(0, 100, 201), np.linspace(100, 200, 201)], [0.25, 0.75]).tolist()
    [50.0, 150.0]
    """
    days = np.unique(np.concatenate(curves))
    share = np.linspace(0.0, 1.0, len(curves[0]))
    reached = np.mean([np.interp(days, each, share, left=0.0, right=1.0) for each in curves], axis=0)
    return np.interp(np.asarray(shares, dtype=np.float64), reached, days)
