"""Single trials on the calendar in full: every patient, decision and wait, for pictures, replays and checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from designs import Decision, Design, Reason
from designs.arrays import BoolArray, FloatArray, IntArray
from designs.checks import require_positive, require_whole
from doseesc.engines.backfill_patients import BackfillPatients, patients_of
from doseesc.engines.characteristics import check_probabilities
from doseesc.engines.clock import require_observable
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    FIRST_BACKFILLED,
    NOW,
    OPENED,
    PATIENTS,
    TURNED_AWAY,
    Setting,
    Trials,
)
from doseesc.engines.clock_patients import ComingPatients
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import BLOCK
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import DIED, LOST
from doseesc.truth import ObservationModel


class CalendarDecision(NamedTuple):
    """A decision: its day, the level (0 = stop), the patients asked for (0 where the trial waits), and why."""

    day: float
    level: int
    cohort_size: int
    reason: Reason


@dataclass(frozen=True, eq=False)
class CalendarTrial:
    """One trial, its patients in the order of their first doses; days count from the first patient's first dose.

    Attributes
    ----------
    window_days : float
    level : array of int, shape (N,)
        Dose level of each patient, from 1.
    arrived, entered, assessed : array, shape (N,)
        Day of arrival, of first dose, and of the end of the assessment.
    has_dlt : array of bool, shape (N,)
        Whether a DLT is counted.
    replaced : array of bool, shape (N,)
        Who was not evaluable, and left on the day ``assessed``.
    died, lost : array of bool, shape (N,)
        Whose follow-up ended with death, or loss.
    backfilled : array of bool, shape (N,)
        Whether a patient was given a lower dose while the escalation waited.
    decisions : list of CalendarDecision
        What was decided at each look, waits included.
    suspensions : list of (float, float)
        From when to when a patient who had come could not be entered in the escalation.
    turned_away : int
    opened_before : float
        Days from the opening to the first patient.
    selected : int
        The MTD; 0 = none.
    reason : Reason
        Why enrolment ended.
    """

    window_days: float
    level: IntArray
    arrived: FloatArray
    entered: FloatArray
    assessed: FloatArray
    has_dlt: BoolArray
    replaced: BoolArray
    died: BoolArray
    lost: BoolArray
    backfilled: BoolArray
    decisions: list[CalendarDecision]
    suspensions: list[tuple[float, float]]
    turned_away: int
    opened_before: float
    selected: int
    reason: Reason

    @property
    def size(self) -> int:
        """Number of patients N, those replaced among them."""
        return len(self.level)

    @property
    def duration_days(self) -> float:
        """Days from the first dose of the first patient to the last assessment."""
        return float(self.assessed.max())

    @property
    def dlt_day(self) -> FloatArray:
        """Day of each patient's DLT, shape (N,); NaN without one."""
        return np.where(self.has_dlt, self.assessed, np.nan)

    @property
    def days_waited(self) -> FloatArray:
        """Days from arrival to first dose of each patient, shape (N,)."""
        return self.entered - self.arrived


def calendar_trials(
    design: Design,
    probabilities: Any,
    *,
    window_days: float,
    calendar: Calendar,
    n_trials: int = 1,
    seed: int = 1,
    patients: ComingPatients | None = None,
    observation: ObservationModel | None = None,
) -> list[CalendarTrial]:
    """Play a few trials and return them in full.

    Parameters
    ----------
    design, probabilities, window_days, seed
        As for :func:`doseesc.engines.simulate_calendar`.
    calendar : Calendar
        What is said about time.
    n_trials : int
        Trials, the first of those simulated with this seed.
    patients : ComingPatients, optional
        The patients who come, such as :class:`doseesc.engines.GivenPatients`; by default drawn.
    observation : ObservationModel, optional
        What else happens to patients, as for :func:`doseesc.engines.simulate_calendar`.

    Examples
    --------
    >>> from designs import ThreePlusThree
    >>> from doseesc.engines import DAILY, GivenPatients
    >>> given = GivenPatients(latent=[[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]], dlt_day=[[9.0] * 6], gaps=[[0, 2, 2, 2, 2, 2]])
    >>> design, calendar = ThreePlusThree(n_doses=1), Calendar(accrual=DAILY)
    >>> trial = calendar_trials(design, [0.1], window_days=14, calendar=calendar, patients=given)[0]
    >>> trial.entered, trial.selected, trial.suspensions
    (array([ 0.,  2.,  4., 18., 20., 22.]), 1, [(6.0, 18.0)])
    """
    from doseesc.engines.clock_batches import PlayInBatches  # compiles
    from doseesc.engines.clock_ended import ends_of
    from doseesc.engines.clock_play import play_trials, setting_of, with_backfill

    truth = check_probabilities(probabilities, design.n_doses)
    require_positive("window_days", window_days)
    require_whole("n_trials", n_trials, 1)
    if n_trials > BLOCK:
        raise ValueError(f"n_trials must be at most {BLOCK:,}: these are trials to look at, not {n_trials:,}")
    if observation is not None:
        require_observable(design, observation, float(window_days), calendar.dlt_times)
    watched_days = float(window_days) if observation is None else observation.window
    if calendar.backfill is not None:
        calendar.backfill.check(design.n_doses)
    if patients is None:
        patients = patients_of(
            design, truth, float(window_days), calendar, trials=int(n_trials), seed=seed, index=0, model=observation
        )
    told: list[list[CalendarDecision]] = [[] for _ in patients.latent]

    def note(looking: IntArray, day: FloatArray, decision: Decision) -> None:
        answers = zip(decision.level.tolist(), decision.cohort_size.tolist(), decision.reason_code, strict=True)
        for trial, now, (level, size, code) in zip(looking.tolist(), day.tolist(), answers, strict=True):
            told[trial].append(CalendarDecision(now, level, size, Reason(int(code))))

    setting = setting_of(design, truth, watched_days, calendar, observation is not None)
    player = (
        with_backfill(design, calendar, patients, note)
        if isinstance(patients, BackfillPatients)
        else PlayInBatches(design, note)
    )
    trials = play_trials(player, patients, setting)
    ended = ends_of(design, trials, watched_days, calendar.backfill)
    return [
        _trial(trials, row, setting, told[row], int(ended.selected[row]), int(ended.reason_code[row]))
        for row in range(len(told))
    ]


def _trial(
    trials: Trials, row: int, setting: Setting, decisions: list[CalendarDecision], selected: int, reason: int
) -> CalendarTrial:
    """Take one trial out of many."""
    n, others, first = (int(trials.counts[row, column]) for column in (PATIENTS, BACKFILLED, FIRST_BACKFILLED))
    shut_from = trials.shut_from[row, : n + 1]
    opened_again = np.append(trials.entered[row, :n], trials.days[row, NOW])
    shut = np.flatnonzero(~np.isnan(shut_from))
    places = np.concatenate([np.arange(n), np.arange(first, first + others)])
    places = places[np.argsort(trials.entered[row, places], kind="stable")]
    return CalendarTrial(
        window_days=setting.window,
        level=trials.level[row, places],
        arrived=trials.arrived[row, places],
        entered=trials.entered[row, places],
        assessed=trials.assessed[row, places],
        has_dlt=trials.has_dlt[row, places],
        replaced=trials.what[row, places] & UNUSABLE > 0,
        died=trials.what[row, places] & DIED > 0,
        lost=trials.what[row, places] & LOST > 0,
        backfilled=places >= first,
        decisions=decisions,
        suspensions=[(float(shut_from[k]), float(opened_again[k])) for k in shut],
        turned_away=int(trials.counts[row, TURNED_AWAY]),
        opened_before=float(trials.days[row, OPENED]),
        selected=selected,
        reason=Reason(reason),
    )
