"""What a design does on the calendar: the characteristics of :mod:`doseesc.engines.characteristics`, and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import METRICS, TidyRow
from doseesc.engines.observed import Observed

DURATION_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of the duration that are reported."""

CALENDAR_METRICS = (
    "duration_days",
    "enrolment_days",
    "suspensions",
    "days_suspended",
    "days_waited",
    "turned_away",
    "backfilled",
    "pending_at_decision",
    "changed_decisions",
    "patients_per_month",
)
"""The figures about time, in the order of the tidy table; quantiles of the duration follow the first."""


@dataclass(frozen=True)
class CalendarCharacteristics(OperatingCharacteristics):
    """Operating characteristics with the figures about time.

    ``sd`` and ``mcse`` have all of them but ``duration_curve``.

    Attributes
    ----------
    window_days : float
        The DLT window.
    duration_days : float
        Mean days from the first patient's first dose to the last assessment (or from the opening, where asked for).
    duration_quantiles : array, shape (5,)
        Days by which 5, 25, 50, 75 and 95 % of the trials have ended.
    duration_curve : array, shape (201,)
        Days by which 0, 0.5, 1, ..., 100 % of the trials have ended.
    enrolment_days : float
        Mean days to the last entry, from the same day on.
    suspensions : float
        Mean number of times at which a patient who had come could not be entered in the escalation.
    days_suspended : float
        Mean days, in all, from such an arrival to the next entry, or to the end of enrolment.
    days_waited : float
        Mean of the days that patients waited for their first dose, summed over all of a trial.
    turned_away : float
        Mean number of patients lost because the trial waited.
    backfilled : float
        Mean number of patients who were given a lower dose while the escalation waited, those among the patients: with
        an observation model who has left as not evaluable is not counted, here as there.
    pending_at_decision : float
        Patients under observation at a decision, on average over all decisions but the first.
    changed_decisions : float
        Share of these decisions in which, had the same patients all been followed to the end, another level had been
        chosen.
    patients_per_month : float
        Patients entered by month of the duration, in all trials together.
    observed : Observed, optional
        What an observation model adds: patients replaced, deaths and more.
    """

    window_days: float
    duration_days: Any
    duration_quantiles: FloatArray
    duration_curve: FloatArray
    enrolment_days: Any
    suspensions: Any
    days_suspended: Any
    days_waited: Any
    turned_away: Any
    backfilled: Any
    pending_at_decision: Any
    changed_decisions: Any
    patients_per_month: Any
    observed: Observed | None = None

    def rows(self) -> Iterator[TidyRow]:
        """Yield the rows of the tidy table, those about time last."""
        yield from super().rows()
        yield from time_rows(self)

    def without_time(self) -> OperatingCharacteristics:
        """Return the characteristics alone."""
        kept = {each.name: getattr(self, each.name) for each in fields(OperatingCharacteristics)}
        for name in ("sd", "mcse"):
            kept[name] = SimpleNamespace(**{metric: getattr(kept[name], metric) for metric in METRICS})
        return OperatingCharacteristics(**kept)

    def duration_at_most(self, days: float) -> float:
        """Return the share of trials that have ended by a day."""
        share = np.linspace(0.0, 1.0, len(self.duration_curve))
        return float(np.interp(days, self.duration_curve, share, left=0.0, right=1.0))


def time_rows(figures: Any) -> Iterator[TidyRow]:
    """Yield the figures about time that ``figures`` has; quantiles of the duration follow its mean."""
    for metric in CALENDAR_METRICS:
        yield TidyRow(metric, None, float(getattr(figures, metric)), float(getattr(figures.mcse, metric)))
        if metric == "duration_days":
            pairs = zip(DURATION_LEVELS, figures.duration_quantiles, figures.mcse.duration_quantiles, strict=True)
            for level, value, error in pairs:
                yield TidyRow(duration_name(level), None, float(value), float(error))


def duration_name(level: float) -> str:
    """Name a quantile of the duration in the tidy table.

    Examples
    --------
    >>> [duration_name(level) for level in DURATION_LEVELS[:2]]
    ['duration_days_p05', 'duration_days_p25']
    """
    return f"duration_days_p{round(100 * level):02d}"
