"""Trials on the calendar, played: from patients to how each trial ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from designs import Design, Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.backfill_patients import BackfillPatients, patients_of
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    CHANGED_DECISIONS,
    COHORT_FIRST,
    DAYS_SUSPENDED,
    DAYS_WAITED,
    DECISIONS,
    ENTERED,
    LEVEL,
    OPENED,
    PATIENTS,
    PENDING_AT_DECISIONS,
    POLICIES,
    REASON,
    SUSPENSIONS,
    TURNED_AWAY,
    Setting,
    Trials,
    new_trials,
)
from doseesc.engines.clock_backfill import PlayWithBackfill
from doseesc.engines.clock_batches import MoreNumbers, PlayInBatches, Watch, everybody_known
from doseesc.engines.clock_ends import EndCounts, figures_of_calendar_trials
from doseesc.engines.clock_numba import compiled
from doseesc.engines.clock_patients import ComingPatients, DrawnPatients
from doseesc.engines.clock_states import PlayByStates
from doseesc.engines.enrolment import Calendar
from doseesc.engines.states import row_keys

_TOXIC = (Reason.NO_SAFE_DOSE, Reason.LEVEL_TOO_TOXIC)


@dataclass(frozen=True, eq=False)
class Ended:
    """How S trials ended, everybody followed to the end.

    Attributes
    ----------
    n, dlt : array of int, shape (S, J)
    selected, reason_code : array of int, shape (S,)
    end : array, shape (S,)
        Day of the last assessment, from the first patient's first dose.
    """

    n: IntArray
    dlt: IntArray
    selected: IntArray
    reason_code: IntArray
    end: FloatArray


def setting_of(design: Design, truth: FloatArray, window_days: float, calendar: Calendar) -> Setting:
    """Put together what all trials of a design have in common."""
    stagger, backfill = calendar.stagger, calendar.backfill
    places = range(1, design.max_n + 1 + (0 if backfill is None else backfill.most(design)))
    return Setting(
        probability=np.ascontiguousarray(truth, dtype=np.float64),
        window=window_days,
        pieces=calendar.accrual.table,
        policy=POLICIES.index(calendar.accrual.arrivals_while_waiting),
        marks=np.array(design.follow_up_marks(window_days), dtype=np.float64),
        gaps=np.array([0.0 if stagger is None else stagger.days_after(place) for place in places]),
        gaps_by_dose=stagger is None or stagger.at == "new_dose",
        each_is_a_look=design.fixed_cohorts or design.cohort_size == 1,
        max_n=int(design.max_n),
        max_days=float("inf") if calendar.max_days is None else float(calendar.max_days),
        backfills=backfill is not None,
    )


class Player(Protocol):
    """Plays trials of one design."""

    def play(self, trials: Trials, setting: Setting, more: MoreNumbers) -> Trials:
        """Play trials to their ends; return them, whose numbers for arrivals may have been added to."""


def player_of(design: Design) -> Player:
    """Return the fastest way to play trials of a design; all play the same trials."""
    return PlayByStates(design) if PlayByStates.can_play(design) else PlayInBatches(design)


def play_trials(player: Player, patients: ComingPatients, setting: Setting) -> Trials:
    """Play one trial for each row of patients."""
    trials = new_trials(patients.latent, patients.dlt_day, patients.numbers(), len(setting.probability))
    return player.play(trials, setting, patients.numbers)


def play_block(
    player: Player,
    design: Design,
    truth: FloatArray,
    window_days: float,
    calendar: Calendar,
    seed: int,
    index: int,
    size: int,
) -> tuple[EndCounts, FloatArray]:
    """Play one block of trials; return how many ended in each way, and the figures of single trials (S, C)."""
    patients = patients_of(design, truth, window_days, calendar, trials=size, seed=seed, index=index)
    playing = player if isinstance(patients, DrawnPatients) else with_backfill(design, calendar, patients)
    trials = play_trials(playing, patients, setting_of(design, truth, window_days, calendar))
    ended = ends_of(design, trials, calendar.backfill)
    backfilled = trials.counts[:, BACKFILLED]
    rows = np.column_stack([ended.n, ended.dlt, backfilled, ended.selected, ended.reason_code])
    return EndCounts.of(rows), calendar_figures(trials, ended, calendar.first_gap)


def with_backfill(
    design: Design, calendar: Calendar, patients: BackfillPatients, watch: Watch | None = None
) -> PlayWithBackfill:
    """Return who plays trials of a design with backfill, for these patients."""
    assert calendar.backfill is not None, "patients to be backfilled come where there is backfill"
    return PlayWithBackfill(design, calendar.backfill, patients.responses, watch)


def ends_of(design: Design, trials: Trials, backfill: Backfill | None = None) -> Ended:
    """Follow everybody to the end and select; equal ends are asked about once."""
    dlt, last_dlt, end, backfilled, backfilled_dlt = _followed_up(trials, design.max_n)
    n, counted_dlt = trials.n, dlt
    if backfill is not None and not backfill.for_design(design).count_in_mtd:
        n, counted_dlt = n - backfilled, dlt - backfilled_dlt
    known = everybody_known(n, counted_dlt, trials.counts, last_dlt, design.needed_memory)
    why = trials.counts[:, [LEVEL, REASON]]
    rows = [known.n, known.dlt, why, *(values[:, None] for values in known.memory.values())]
    _, first, back = np.unique(row_keys(np.concatenate(rows, axis=1)), return_index=True, return_inverse=True)
    tally = known.take(first)
    reason = why[first, 1]
    selected = np.where(np.isin(reason, _TOXIC), 0, design.select(tally))
    full = reason == Reason.MAX_N
    if full.any():
        # Enough patients: what the design says of them when all are known is why the trial ended.
        reason[full] = design.decide(tally.take(full)).reason_code
    return Ended(trials.n, dlt, selected[back], reason[back], end)


def calendar_figures(trials: Trials, ended: Ended, first_gap: bool) -> FloatArray:
    """Return the figures of single trials (S, C), see :mod:`doseesc.engines.clock_ends`."""
    count, day = trials.counts, trials.days
    opened = trials.days[:, OPENED] if first_gap else np.zeros(len(trials.days))
    return figures_of_calendar_trials(
        ended.end + opened,
        {
            "suspensions": count[:, SUSPENSIONS],
            "turned_away": count[:, TURNED_AWAY],
            "pending": count[:, PENDING_AT_DECISIONS],
            "changed": count[:, CHANGED_DECISIONS],
            "decisions": count[:, DECISIONS],
            "patients": count[:, PATIENTS] + count[:, BACKFILLED],
            "backfilled": count[:, BACKFILLED],
        },
        {
            "enrolment_days": day[:, ENTERED] + opened,
            "days_suspended": day[:, DAYS_SUSPENDED],
            "days_waited": day[:, DAYS_WAITED],
        },
    )


@compiled
def _followed_up(x: Trials, max_n: int) -> tuple[IntArray, IntArray, FloatArray, IntArray, IntArray]:
    """Return all DLTs, those of the last cohort, the last assessment, and backfilled patients with their DLTs."""
    size, doses = x.n.shape
    dlt = np.zeros((size, doses), dtype=np.int64)
    last_dlt = np.zeros(size, dtype=np.int64)
    end = np.zeros(size)
    backfilled, backfilled_dlt = np.zeros((size, doses), dtype=np.int64), np.zeros((size, doses), dtype=np.int64)
    for s in range(size):
        first = x.counts[s, COHORT_FIRST]
        for i in range(x.counts[s, PATIENTS]):
            end[s] = max(end[s], x.assessed[s, i])
            if x.has_dlt[s, i]:
                dlt[s, x.level[s, i] - 1] += 1
                last_dlt[s] += i >= first
        for i in range(max_n, max_n + x.counts[s, BACKFILLED]):
            end[s] = max(end[s], x.assessed[s, i])
            backfilled[s, x.level[s, i] - 1] += 1
            backfilled_dlt[s, x.level[s, i] - 1] += x.has_dlt[s, i]
    return dlt + backfilled_dlt, last_dlt, end, backfilled, backfilled_dlt
