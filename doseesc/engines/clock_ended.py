"""How trials on the calendar ended: everybody followed to the end, and the MTD selected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designs import Design, Pending, Reason, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_answers import distinct
from doseesc.engines.clock_arrays import (
    BACKFILLED,
    COHORT_FIRST,
    FIRST_BACKFILLED,
    LEVEL,
    PATIENTS,
    REASON,
    Trials,
)
from doseesc.engines.clock_ends import EndCounts
from doseesc.engines.clock_followed import Followed, followed_up
from doseesc.engines.clock_looks import everybody_known
from doseesc.engines.observed_play import Seen
from doseesc.engines.patients_at_risk import DEAD, DRUG_DLT, OTHER_COUNTED, UNUSABLE
from doseesc.engines.states import row_keys
from doseesc.engines.watched_patients import FROZEN

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
    alike : tuple of array of int, shapes (T,) and (S,), optional
        Trials of which each ended in another way, and of which of them each trial is a copy but for its end.
    """

    n: IntArray
    dlt: IntArray
    selected: IntArray
    reason_code: IntArray
    end: FloatArray
    backfilled: IntArray
    alike: tuple[IntArray, IntArray] | None = None

    def counts(self) -> EndCounts:
        """Return how many trials ended in each way."""
        parts = [self.n, self.dlt, self.backfilled, self.selected, self.reason_code]
        if self.alike is None:
            return EndCounts.of(np.column_stack(parts))
        first, which = self.alike
        return EndCounts.of(np.column_stack([part[first] for part in parts]), np.bincount(which))


def ends_of(design: Design, trials: Trials, window_days: float, backfill: Backfill | None = None) -> Ended:
    """Follow everybody to the end and select; equal ends are asked about once."""
    count_all = backfill is None or backfill.for_design(design).count_in_mtd
    ends = followed_up(trials, count_all)
    ended = ends_of_followed(design, ends, count_all)
    some = np.flatnonzero(ends.frozen)
    if len(some):
        known = _known(design, ends, count_all).take(some)
        there, pending = _with_frozen(trials, known, some, window_days, count_all)
        why = ends.counts[some, REASON]
        ended.selected[some], ended.reason_code[some] = _ended(design, there, why, pending)
        ended = replace(ended, alike=None)
    return ended


def ends_of_followed(design: Design, ends: Followed, count_all: bool = True) -> Ended:
    """Select where everybody has been followed to the end, the frozen as if without a DLT; see :func:`ends_of`."""
    known = _known(design, ends, count_all)
    why = ends.counts[:, [LEVEL, REASON]]
    rows = [known.n, known.dlt, why, *(values[:, None] for values in known.memory.values())]
    first, back = distinct(row_keys(np.concatenate(rows, axis=1))[:, None])
    selected, reason = (values[back] for values in _ended(design, known.take(first), why[first, 1], None))
    backfilled = ends.backfilled.sum(axis=1)
    alike = None if backfilled.any() else (first, back)
    return Ended(ends.n, ends.dlt, selected, reason, ends.end, backfilled, alike)


def _known(design: Design, ends: Followed, count_all: bool) -> Tally:
    n, dlt = ends.n, ends.dlt
    if not count_all:
        n, dlt = n - ends.backfilled, dlt - ends.backfilled_dlt
    return everybody_known(n, dlt, ends.counts, ends.last, design.needed_memory)


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
