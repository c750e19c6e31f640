"""Trials on the calendar, played: from patients to how each trial ended."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from designs import CRM, Design
from designs.arrays import FloatArray, IntArray
from doseesc.engines.backfill_patients import BackfillPatients, patients_of
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    CHANGED_DECISIONS,
    CROWDED,
    DAYS_SUSPENDED,
    DAYS_WAITED,
    DECISIONS,
    ENTERED,
    OPENED,
    PATIENTS,
    PENDING_AT_DECISIONS,
    POLICIES,
    STATUS,
    SUSPENSIONS,
    TURNED_AWAY,
    Setting,
    Trials,
    new_trials,
    with_fates,
)
from doseesc.engines.clock_backfill import PlayWithBackfill
from doseesc.engines.clock_batches import MoreNumbers, PlayInBatches, Watch
from doseesc.engines.clock_compiled import PlayCompiled
from doseesc.engines.clock_crm import CrmDecisions
from doseesc.engines.clock_crm_model import is_tite_crm
from doseesc.engines.clock_ended import Ended, ends_of, ends_of_followed, seen_in
from doseesc.engines.clock_ends import figures_of_calendar_trials
from doseesc.engines.clock_interval import IntervalDecisions
from doseesc.engines.clock_interval_model import decides_by_follow_up
from doseesc.engines.clock_patients import ComingPatients, DrawnPatients
from doseesc.engines.clock_states import StateDecisions
from doseesc.engines.enrolment import Calendar
from doseesc.engines.observed import SeenSums
from doseesc.truth import ObservationModel

_FIRST = 512  # most states are met by so few trials; later ones then hardly ever come to one that is not known


def setting_of(
    design: Design, truth: FloatArray, window_days: float, calendar: Calendar, observed: bool = False
) -> Setting:
    """Put together what all trials of a design have in common; ``window_days`` is how long patients are watched."""
    stagger, backfill = calendar.stagger, calendar.backfill
    places = range(1, design.max_n + 1 + (0 if backfill is None else backfill.most(design)))
    # Of the same types whatever was given, since what is compiled is compiled for each kind of types.
    return Setting(
        probability=np.ascontiguousarray(truth, dtype=np.float64),
        window=float(window_days),
        pieces=calendar.accrual.table,
        policy=POLICIES.index(calendar.accrual.arrivals_while_waiting),
        marks=np.array(design.follow_up_marks(window_days), dtype=np.float64),
        gaps=np.array([0.0 if stagger is None else stagger.days_after(place) for place in places], dtype=np.float64),
        gaps_by_dose=stagger is None or stagger.at == "new_dose",
        each_is_a_look=design.fixed_cohorts or design.cohort_size == 1,
        max_n=int(design.max_n),
        waits_when_full=design.waits_when_full,
        max_days=float("inf") if calendar.max_days is None else float(calendar.max_days),
        observed=observed,
        backfills=backfill is not None,
    )


class Player(Protocol):
    """Plays trials of one design."""

    def play(self, trials: Trials, setting: Setting, more: MoreNumbers) -> Trials:
        """Play trials to their ends; return them, whose numbers for arrivals may have been added to."""


def player_of(design: Design) -> Player:
    """Return the fastest way to play trials of a design; all play the same trials."""
    if StateDecisions.can_decide(design):
        return PlayCompiled(design, StateDecisions(design), _FIRST)
    if is_tite_crm(design):
        assert isinstance(design, CRM)
        return PlayCompiled(design, CrmDecisions(design))
    if decides_by_follow_up(design):
        return PlayCompiled(design, IntervalDecisions(design))
    return PlayInBatches(design)


def play_trials(player: Player, patients: ComingPatients, setting: Setting) -> Trials:
    """Play one trial for each row of patients."""
    fates = patients.fates()
    trials = new_trials(patients.latent, patients.dlt_day, patients.numbers(), len(setting.probability), fates)
    while True:
        trials = player.play(trials, setting, patients.numbers)
        if not (trials.counts[:, STATUS] == CROWDED).any():
            return trials
        trials = with_fates(trials, patients.fates(more=True))


class BlockPlayed(NamedTuple):
    """What a block of trials gave: how they ended, their figures (S, C) of ``COLUMNS``, and what was seen."""

    ended: Ended
    figures: FloatArray
    seen: SeenSums | None


def draw_block(
    design: Design,
    truth: FloatArray,
    window_days: float,
    calendar: Calendar,
    seed: int,
    index: int,
    size: int,
    model: ObservationModel | None = None,
) -> DrawnPatients | BackfillPatients:
    """Draw the patients of a block of trials, and when they come."""
    patients = patients_of(design, truth, window_days, calendar, trials=size, seed=seed, index=index, model=model)
    patients.numbers()
    return patients


def play_block(
    player: Player,
    design: Design,
    truth: FloatArray,
    window_days: float,
    calendar: Calendar,
    patients: DrawnPatients | BackfillPatients,
    model: ObservationModel | None = None,
) -> BlockPlayed:
    """Play one block of trials of a design, with the patients of :func:`draw_block`."""
    playing = player if isinstance(patients, DrawnPatients) else with_backfill(design, calendar, patients)
    watched_days = window_days if model is None else model.window
    setting = setting_of(design, truth, watched_days, calendar, model is not None)
    if isinstance(playing, PlayCompiled) and playing.can_follow(setting):
        found = playing.follow(patients, setting)
        ended = ends_of_followed(design, found)
        return BlockPlayed(ended, calendar_figures(found.counts, found.days, ended, calendar.first_gap), None)
    trials = play_trials(playing, patients, setting)
    ended = ends_of(design, trials, watched_days, calendar.backfill)
    seen = None
    if model is not None:
        seen = SeenSums()
        seen.add(seen_in(trials), ended.n.sum(axis=1), ended.dlt.sum(axis=1))
    return BlockPlayed(ended, calendar_figures(trials.counts, trials.days, ended, calendar.first_gap), seen)


def with_backfill(
    design: Design, calendar: Calendar, patients: BackfillPatients, watch: Watch | None = None
) -> PlayWithBackfill:
    """Return who plays trials of a design with backfill, for these patients."""
    assert calendar.backfill is not None, "patients to be backfilled come where there is backfill"
    return PlayWithBackfill(design, calendar.backfill, patients, watch)


def calendar_figures(count: IntArray, day: FloatArray, ended: Ended, first_gap: bool) -> FloatArray:
    """Return the figures of single trials (S, C), see :mod:`doseesc.engines.clock_ends`."""
    opened = day[:, OPENED] if first_gap else np.zeros(len(day))
    return figures_of_calendar_trials(
        ended.end + opened,
        {
            "suspensions": count[:, SUSPENSIONS],
            "turned_away": count[:, TURNED_AWAY],
            "pending": count[:, PENDING_AT_DECISIONS],
            "changed": count[:, CHANGED_DECISIONS],
            "decisions": count[:, DECISIONS],
            "patients": count[:, PATIENTS] + count[:, BACKFILLED],
            "backfilled": ended.backfilled,
        },
        {
            "enrolment_days": day[:, ENTERED] + opened,
            "days_suspended": day[:, DAYS_SUSPENDED],
            "days_waited": day[:, DAYS_WAITED],
        },
    )
