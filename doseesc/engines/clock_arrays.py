"""The arrays in which trials on the calendar are kept, and what all of them have in common.

Arrays hold one row per trial.  The order of a trial's patients is that of their first doses, of those of the escalation
and of those backfilled apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs import Design
from designs.arrays import BoolArray, FloatArray, IntArray

ARRIVES, STANDS, LOOK, OVER, SHORT, STUCK, CROWDED, HELD = range(8)
"""What a trial is at: the next patient is to arrive; one stands there; one waits for a decision; enrolment is over;
more numbers for arrivals are needed; the design waits although nobody is pending; more replacements are needed; one who
stands there cannot be given the current dose, and may be backfilled."""

WAIT, TURN_AWAY, QUEUE = range(3)
POLICIES = ("wait", "turn_away", "queue")

# Columns of ``Trials.counts`` and ``Trials.days``.
STATUS, PATIENTS, ARRIVALS, PENDING, COHORT_LEFT, COHORT_FIRST, COHORTS, IN_A_ROW, LEVEL, REASON = range(10)
SUSPENSIONS, TURNED_AWAY, DECISIONS, PENDING_AT_DECISIONS, CHANGED_DECISIONS = range(10, 15)
LEFT, REPLACEMENTS, SEATS, COHORT_CLOSED = range(15, 19)
BACKFILLED, BACKFILLED_MEANWHILE, BACKFILLED_FOR, CLOSED_FROM = range(19, 23)
FIRST_BACKFILLED, BACKFILLED_LEFT, TRIED, ROW, N_COUNTS = range(23, 28)
NOW, ARRIVAL, ENTERED, OPENED, SHUT_SINCE, DAYS_SUSPENDED, DAYS_WAITED, HELD_UNTIL, N_DAYS = range(9)


class Setting(NamedTuple):
    """What all trials have in common.

    Attributes
    ----------
    probability : array, shape (J,)
        True DLT probabilities.
    window : float
        Days.
    pieces : array, shape (K, 4)
        The intensity of arrivals; see :mod:`doseesc.truth.arrivals`.
    policy : int
        What becomes of who arrives while the trial waits: ``WAIT``, ``TURN_AWAY`` or ``QUEUE``.
    marks : array, shape (M,)
        Days of follow-up, within the window, that a decision may ask for.
    gaps : array, shape (P,)
        Days that pass after the 1st, 2nd, ... patient; all 0 without staggering.
    gaps_by_dose : bool
        Whether patients are counted at each dose, and not in each cohort.
    each_is_a_look : bool
        Whether cohorts are of one patient, or decided on patient by patient.
    max_n : int
        Most patients of the escalation, who have left aside; backfilled ones come besides.
    waits_when_full : bool
        Whether the design is asked, and may wait, with ``max_n`` patients entered.
    max_days : float
        Last day on which a patient may be entered.
    observed : bool
        Whether an observation model says what becomes of patients.
    backfills : bool
        Whether who cannot be given the current dose may be backfilled.
    """

    probability: FloatArray
    window: float
    pieces: FloatArray
    policy: int
    marks: FloatArray
    gaps: FloatArray
    gaps_by_dose: bool
    each_is_a_look: bool
    max_n: int
    waits_when_full: bool
    max_days: float
    observed: bool
    backfills: bool


class Trials(NamedTuple):
    """S trials of P patients at most and J doses.

    The first places for patients are those of the escalation; backfilled patients have the last ones, from the place
    ``counts[:, FIRST_BACKFILLED]`` on.

    Attributes
    ----------
    latent : array, shape (S, P)
        A DLT happens where this falls below the DLT probability.
    dlt_day : array, shape (S, 1 or J, P)
        Days from first dose to the DLT, if there is one; by level where they depend on it.
    number : array, shape (S, G)
        Expected numbers of patients between arrivals, the first from the opening to the first patient.
    fate : array of uint8, shape (S, J, Q)
        With an observation model: what becomes of each of Q patients, the first ones, the replacements, and then those
        to be backfilled, at each dose; bits of :mod:`doseesc.engines.watched_patients`.
    fate_day : array, shape (S, J, Q)
        Days from first dose to the end of their follow-up.
    counts, days : arrays, shape (S, ...)
        Single numbers of a trial, by the columns named above; ``ROW`` is that of its patients in the arrays before, and
        ``TRIED`` the highest level given.
    n, known, dlt : array of int, shape (S, J)
        Patients entered who have not left, patients assessed, and DLTs among these.
    all_n, all_dlt : array of int, shape (S, J)
        Of those entered, the patients who will not leave, and their DLTs, known yet or not.
    gate : array, shape (S, J)
        Day before which staggering lets nobody enter at this level or above.
    level : array of int, shape (S, P)
        Per patient; 0 = not entered.
    has_dlt : array of bool, shape (S, P)
    what : array of uint8, shape (S, P)
        What becomes of each, with an observation model; else 0.
    who : array of int, shape (S, P or 0)
        Which of the Q patients each is, where an observation model shows trials with backfill.
    arrived, entered, assessed : array, shape (S, P)
        Days; ``assessed`` ends the follow-up, also of who leaves.
    began : array of int, shape (S, P + 1)
        The first patient of each cohort that is remembered, from 1.
    place : array of uint64, shape (S, P)
        The patients pending, in the first ``counts[:, PENDING]`` places.
    shut_from : array, shape (S, P + 1)
        Day from which a patient who had come could not be entered, before the 1st, 2nd, ... entry of the escalation,
        and after the last; NaN where there was none.
    """

    latent: FloatArray
    dlt_day: FloatArray
    number: FloatArray
    fate: npt.NDArray[np.uint8]
    fate_day: FloatArray
    counts: IntArray
    days: FloatArray
    n: IntArray
    known: IntArray
    dlt: IntArray
    all_n: IntArray
    all_dlt: IntArray
    gate: FloatArray
    level: IntArray
    has_dlt: BoolArray
    what: npt.NDArray[np.uint8]
    who: IntArray
    arrived: FloatArray
    entered: FloatArray
    assessed: FloatArray
    began: IntArray
    place: IntArray
    shut_from: FloatArray


class Fates(NamedTuple):
    """What an observation model makes of patients.

    Attributes
    ----------
    fate, fate_day : arrays
        Those of :class:`Trials`.
    backfilled : int
        Places of the patients to be backfilled, the last ones.
    """

    fate: npt.NDArray[np.uint8]
    fate_day: FloatArray
    backfilled: int = 0


UNOBSERVED = Fates(np.zeros((1, 1, 0), dtype=np.uint8), np.zeros((1, 1, 0)))
"""Without an observation model."""


def new_trials(
    latent: FloatArray, dlt_day: FloatArray, number: FloatArray, n_doses: int, fates: Fates = UNOBSERVED
) -> Trials:
    """Return trials in which nobody has come, for these patients."""
    size, patients = len(latent), max(latent.shape[1], fates.fate.shape[2])
    counts = np.zeros((size, N_COUNTS), dtype=np.int64)
    counts[:, FIRST_BACKFILLED] = patients - fates.backfilled
    counts[:, ROW] = np.arange(size)
    days = np.zeros((size, N_DAYS))
    days[:, SHUT_SINCE] = np.nan
    told_apart = patients if fates.backfilled and fates.fate.shape[2] else 0
    return Trials(
        latent=latent,
        dlt_day=dlt_day,
        number=number,
        fate=fates.fate,
        fate_day=fates.fate_day,
        counts=counts,
        days=days,
        n=np.zeros((size, n_doses), dtype=np.int64),
        known=np.zeros((size, n_doses), dtype=np.int64),
        dlt=np.zeros((size, n_doses), dtype=np.int64),
        all_n=np.zeros((size, n_doses), dtype=np.int64),
        all_dlt=np.zeros((size, n_doses), dtype=np.int64),
        gate=np.full((size, n_doses), -np.inf),
        level=np.zeros((size, patients), dtype=np.int64),
        has_dlt=np.zeros((size, patients), dtype=np.bool_),
        what=np.zeros((size, patients), dtype=np.uint8),
        who=np.zeros((size, told_apart), dtype=np.int64),
        arrived=np.zeros((size, patients)),
        entered=np.zeros((size, patients)),
        assessed=np.zeros((size, patients)),
        began=np.zeros((size, patients + 1), dtype=np.int64),
        place=np.zeros((size, patients), dtype=np.uint64),
        shut_from=np.full((size, patients + 1), np.nan),
    )


def with_fates(trials: Trials, fates: Fates) -> Trials:
    """Return the trials with more patients to come: ``fates`` begin, of each kind, with those there are."""
    new = new_trials(trials.latent, trials.dlt_day, trials.number, trials.n.shape[1], fates)
    first, later = (int(each.counts[0, FIRST_BACKFILLED]) for each in (trials, new))
    for name in Trials._fields:
        old, wider = getattr(trials, name), getattr(new, name)
        if name in ("place", "who"):  # patients, by their places
            old = np.where(old >= first, old + later - first, old)
        if name in ("level", "has_dlt", "what", "who", "arrived", "entered", "assessed"):
            wider[:, :first] = old[:, :first]
            wider[:, later : later + old[:, first:].shape[1]] = old[:, first:]
        elif name not in ("latent", "dlt_day", "number", "fate", "fate_day"):
            wider[:, : old.shape[1]] = old
    new.counts[:, FIRST_BACKFILLED] = later
    return new


def check_not_stuck(status: IntArray, design: Design) -> None:
    """Raise ValueError where a trial waits for nobody."""
    if (status == STUCK).any():
        raise ValueError(f"{type(design).__name__} decides to wait although nobody is pending")
