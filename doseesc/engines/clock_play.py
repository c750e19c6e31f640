"""Trials on the calendar, played: from patients to how each trial ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from designs import CRM, Design, Pending, Reason, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.backfill_patients import BackfillPatients, patients_of
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    CHANGED_DECISIONS,
    COHORT_FIRST,
    CROWDED,
    DAYS_SUSPENDED,
    DAYS_WAITED,
    DECISIONS,
    ENTERED,
    FIRST_BACKFILLED,
    LEVEL,
    OPENED,
    PATIENTS,
    PENDING_AT_DECISIONS,
    POLICIES,
    REASON,
    STATUS,
    SUSPENSIONS,
    TURNED_AWAY,
    Setting,
    Trials,
    new_trials,
    with_fates,
)
from doseesc.engines.clock_backfill import PlayWithBackfill
from doseesc.engines.clock_batches import MoreNumbers, PlayInBatches, Watch, everybody_known
from doseesc.engines.clock_crm import PlayCrm
from doseesc.engines.clock_crm_model import is_tite_crm
from doseesc.engines.clock_ends import EndCounts, figures_of_calendar_trials
from doseesc.engines.clock_interval import PlayInterval
from doseesc.engines.clock_interval_model import decides_by_follow_up
from doseesc.engines.clock_numba import compiled
from doseesc.engines.clock_patients import ComingPatients, DrawnPatients
from doseesc.engines.clock_states import PlayByStates
from doseesc.engines.enrolment import Calendar
from doseesc.engines.observed import SeenSums
from doseesc.engines.observed_play import Seen
from doseesc.engines.patients_at_risk import DEAD, DRUG_DLT, OTHER_COUNTED, UNUSABLE
from doseesc.engines.states import row_keys
from doseesc.engines.watched_patients import FROZEN
from doseesc.truth import ObservationModel

_TOXIC = (Reason.NO_SAFE_DOSE, Reason.LEVEL_TOO_TOXIC)


@dataclass(frozen=True, eq=False)
class Ended:
    """How S trials ended, everybody followed to the end; who has left is not among the patients.

    Attributes
    ----------
    n, dlt : array of int, shape (S, J)
    selected, reason_code : array of int, shape (S,)
    end : array, shape (S,)
        Day of the last assessment, from the first patient's first dose.
    backfilled : array of int, shape (S,)
        How many of these patients were backfilled.
    """

    n: IntArray
    dlt: IntArray
    selected: IntArray
    reason_code: IntArray
    end: FloatArray
    backfilled: IntArray

    def counts(self) -> EndCounts:
        """Return how many trials ended in each way."""
        return EndCounts.of(np.column_stack([self.n, self.dlt, self.backfilled, self.selected, self.reason_code]))


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
    if PlayByStates.can_play(design):
        return PlayByStates(design)
    if is_tite_crm(design):
        assert isinstance(design, CRM)
        return PlayCrm(design)
    if decides_by_follow_up(design):
        return PlayInterval(design)
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


def play_block(
    player: Player,
    design: Design,
    truth: FloatArray,
    window_days: float,
    calendar: Calendar,
    seed: int,
    index: int,
    size: int,
    model: ObservationModel | None = None,
) -> BlockPlayed:
    """Play one block of trials."""
    patients = patients_of(design, truth, window_days, calendar, trials=size, seed=seed, index=index, model=model)
    playing = player if isinstance(patients, DrawnPatients) else with_backfill(design, calendar, patients)
    watched_days = window_days if model is None else model.window
    trials = play_trials(playing, patients, setting_of(design, truth, watched_days, calendar, model is not None))
    ended = ends_of(design, trials, watched_days, calendar.backfill)
    seen = None
    if model is not None:
        seen = SeenSums()
        seen.add(seen_in(trials), ended.n.sum(axis=1), ended.dlt.sum(axis=1))
    return BlockPlayed(ended, calendar_figures(trials, ended, calendar.first_gap), seen)


def with_backfill(
    design: Design, calendar: Calendar, patients: BackfillPatients, watch: Watch | None = None
) -> PlayWithBackfill:
    """Return who plays trials of a design with backfill, for these patients."""
    assert calendar.backfill is not None, "patients to be backfilled come where there is backfill"
    return PlayWithBackfill(design, calendar.backfill, patients, watch)


def ends_of(design: Design, trials: Trials, window_days: float, backfill: Backfill | None = None) -> Ended:
    """Follow everybody to the end and select; equal ends are asked about once."""
    count_all = backfill is None or backfill.for_design(design).count_in_mtd
    n, dlt, last, frozen, end, backfilled, backfilled_dlt = _followed_up(trials, count_all)
    counted, counted_dlt = (n, dlt) if count_all else (n - backfilled, dlt - backfilled_dlt)
    known = everybody_known(counted, counted_dlt, trials.counts, last, design.needed_memory)
    why = trials.counts[:, [LEVEL, REASON]]
    rows = [known.n, known.dlt, why, *(values[:, None] for values in known.memory.values())]
    _, first, back = np.unique(row_keys(np.concatenate(rows, axis=1)), return_index=True, return_inverse=True)
    selected, reason = (values[back] for values in _ended(design, known.take(first), why[first, 1], None))
    some = np.flatnonzero(frozen)
    if len(some):
        there, pending = _with_frozen(trials, known.take(some), some, window_days, count_all)
        selected[some], reason[some] = _ended(design, there, why[some, 1], pending)
    return Ended(n, dlt, selected, reason, end, backfilled.sum(axis=1))


def _ended(design: Design, tally: Tally, reason: IntArray, pending: Pending | None) -> tuple[IntArray, IntArray]:
    """Return what is selected, and why the trial ended."""
    selected = np.where(np.isin(reason, _TOXIC), 0, design.select(design.seen(tally, pending)))
    full = reason == Reason.MAX_N
    if full.any():
        # Enough patients: what the design says of them when all are known is why the trial ended.
        reason = reason.copy()
        of_full = design.decide(tally.take(full), None if pending is None else pending.take(full))
        reason[full] = of_full.reason_code
    return selected, reason


def _with_frozen(
    trials: Trials, entered: Tally, rows: IntArray, window_days: float, count_all: bool
) -> tuple[Tally, Pending]:
    """Return the tally of those whose outcome is known, and beside it those of whom it never will be."""
    what = trials.what[rows]
    escalated, backfilled = _entered_at(trials, rows)
    entered_at = escalated | (backfilled & count_all)
    frozen = entered_at & (what & FROZEN > 0)
    level, days = trials.level[rows], trials.assessed[rows] - trials.entered[rows]
    pending = Pending(
        level=np.where(frozen, level, 0),
        days=np.where(frozen, np.minimum(days, np.nextafter(window_days, 0.0)), 0.0),
        window_days=window_days,
        dlt_days=np.where(entered_at & trials.has_dlt[rows], np.minimum(days, window_days), np.nan),
        last_cohort=(frozen & escalated & (np.arange(what.shape[1]) >= trials.counts[rows, COHORT_FIRST][:, None])).sum(
            axis=1
        ),
        n_doses=entered.n_doses,
    )
    memory = dict(entered.memory)
    if "last_n" in memory:
        memory["last_n"] = memory["last_n"] - pending.in_last_cohort(entered)
    return Tally(entered.n - pending.count, entered.dlt, entered.level, memory), pending


def _entered_at(trials: Trials, rows: IntArray) -> tuple[BoolArray, BoolArray]:
    """Return at which places (S, P) patients of the escalation have been entered, and at which backfilled ones."""
    place, counts = np.arange(trials.level.shape[1]), trials.counts[rows]
    other = place - counts[:, FIRST_BACKFILLED, None]
    return place < counts[:, PATIENTS, None], (other >= 0) & (other < counts[:, BACKFILLED, None])


def seen_in(trials: Trials) -> Seen:
    """Return what an observation model made of the patients of each trial, backfilled ones among them."""
    escalated, backfilled = _entered_at(trials, np.arange(len(trials.counts)))
    what = np.where(escalated | backfilled, trials.what, 0).astype(np.uint8)

    def count(bits: np.uint8) -> IntArray:
        return (what & bits > 0).sum(axis=1, dtype=np.int64)

    return Seen(count(UNUSABLE), count(DEAD), count(DRUG_DLT), count(OTHER_COUNTED))


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
            "backfilled": ended.backfilled,
        },
        {
            "enrolment_days": day[:, ENTERED] + opened,
            "days_suspended": day[:, DAYS_SUSPENDED],
            "days_waited": day[:, DAYS_WAITED],
        },
    )


@compiled
def _followed_up(
    x: Trials, count_all: bool
) -> tuple[IntArray, IntArray, IntArray, BoolArray, FloatArray, IntArray, IntArray]:
    """Return what is so when all is known.

    Patients and DLTs by level and of the last cohort, whether any who counts in the MTD is frozen (backfilled ones only
    with ``count_all``), the last day, and of the patients and DLTs by level those backfilled.
    """
    size, doses = x.n.shape
    n, dlt = np.zeros((size, doses), dtype=np.int64), np.zeros((size, doses), dtype=np.int64)
    last = np.zeros((size, 2), dtype=np.int64)
    frozen = np.zeros(size, dtype=np.bool_)
    end = np.zeros(size)
    backfilled, backfilled_dlt = np.zeros((size, doses), dtype=np.int64), np.zeros((size, doses), dtype=np.int64)
    for s in range(size):
        first = x.counts[s, COHORT_FIRST]
        for i in range(x.counts[s, PATIENTS]):
            end[s] = max(end[s], x.assessed[s, i])
            if x.what[s, i] & UNUSABLE:
                continue
            n[s, x.level[s, i] - 1] += 1
            last[s, 0] += i >= first
            frozen[s] |= x.what[s, i] & FROZEN > 0
            if x.has_dlt[s, i]:
                dlt[s, x.level[s, i] - 1] += 1
                last[s, 1] += i >= first
        first = x.counts[s, FIRST_BACKFILLED]
        for i in range(first, first + x.counts[s, BACKFILLED]):
            end[s] = max(end[s], x.assessed[s, i])
            if x.what[s, i] & UNUSABLE:
                continue
            frozen[s] |= count_all and x.what[s, i] & FROZEN > 0
            backfilled[s, x.level[s, i] - 1] += 1
            backfilled_dlt[s, x.level[s, i] - 1] += x.has_dlt[s, i]
    return n + backfilled, dlt + backfilled_dlt, last, frozen, end, backfilled, backfilled_dlt
