"""Where a trial stands on a day: who has been entered, what is known of each, and what the design says to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import numpy as np

from designs import Decision, Design, Pending, Reason, Tally

_TOO_TOXIC = (Reason.NO_SAFE_DOSE, Reason.LEVEL_TOO_TOXIC)


@dataclass(frozen=True)
class Entered:
    """A patient who counts, as known on a day.

    Attributes
    ----------
    id : str
    level : int
        Dose level, from 1.
    cohort : int
        The patient's cohort, in the order of cohorts.
    dlt : bool or None
        None = pending.
    days : float
        Days followed, of a patient pending.
    remaining : float or None
        Days until the window is over, of a patient pending: 0 = it is, and the outcome is overdue; None = nobody will
        ever know.
    dlt_day : float or None
        Days from first dose to the DLT, where known.
    date : date or None
        Of the first dose.
    """

    id: str
    level: int
    cohort: int
    dlt: bool | None
    days: float = 0.0
    remaining: float | None = None
    dlt_day: float | None = None
    date: datetime.date | None = None


class Asked(NamedTuple):
    """What the design asked for when the last cohort began: the level, and how many patients."""

    level: int
    patients: int


@dataclass(frozen=True)
class Standing:
    """Where a trial stands.

    Attributes
    ----------
    n_doses : int
    patients : tuple of Entered
        In the order of treatment; who is not evaluable is not among them.
    window_days : float or None
        The DLT window; only where nobody is pending may it be unknown.
    asked : Asked or None
        Where the last cohort is at the level that the design asked for, or is to be completed all the same.
    last : int
        Which cohort is the last, those of whom nobody is evaluable included; -1 before the first.
    early : int
        Level of the last cohort where it began while the design said to wait; 0 where it did not.
    """

    n_doses: int
    patients: tuple[Entered, ...] = ()
    window_days: float | None = None
    asked: Asked | None = None
    last: int = -1
    early: int = 0

    @cached_property
    def waiting_for(self) -> tuple[Entered, ...]:
        """The patients pending."""
        return tuple(each for each in self.patients if each.dlt is None)

    @cached_property
    def known(self) -> Tally:
        """The tally of the patients whose outcome is known; its level is that of the last cohort, whoever is in it."""
        tally = Tally.empty(self.n_doses)
        for _, cohort in groupby(self.patients, key=lambda each: each.cohort):
            members = list(cohort)
            known = [each.dlt for each in members if each.dlt is not None]
            tally = tally.after(np.array([members[0].level]), np.array([len(known)]), np.array([sum(known)]))
        return tally

    @cached_property
    def pending(self) -> Pending | None:
        """The patients pending; None where nobody is."""
        open_patients = self.waiting_for
        if not open_patients or self.window_days is None:
            return None
        last = self.patients[-1].cohort
        days = [each.dlt_day for each in self.patients if each.dlt and each.dlt_day is not None]
        return Pending(
            level=np.array([[each.level for each in open_patients]]),
            days=np.array([[each.days for each in open_patients]]),
            window_days=self.window_days,
            dlt_days=np.array([days], dtype=np.float64).reshape(1, -1),
            last_cohort=np.array([sum(each.cohort == last for each in open_patients)]),
            n_doses=self.n_doses,
        )

    @property
    def entered(self) -> Tally:
        """The tally of everybody entered; an ordinary one where nobody is pending."""
        return self.known if self.pending is None else self.pending.entered(self.known)

    @property
    def missing(self) -> int:
        """How many patients the last cohort still lacks."""
        if self.asked is None:
            return 0
        there = sum(each.cohort == self.last for each in self.patients)
        return max(self.asked.patients - there, 0)

    def with_patients(self, patients: Iterable[Entered]) -> Standing:
        """Return the same with other knowledge of its patients, or with further ones."""
        return replace(self, patients=tuple(patients))

    def as_if(self, dlts: Sequence[bool], patients: Sequence[Entered]) -> Standing:
        """Return the same as if these outcomes of ``patients`` were known, DLTs as of the day followed so far."""
        told = {each.id: dlt for each, dlt in zip(patients, dlts, strict=True)}
        return self.with_patients(
            replace(each, dlt=told[each.id], dlt_day=each.days if told[each.id] else None) if each.id in told else each
            for each in self.patients
        )

    def later(self, days: float) -> Standing:
        """Return the same after some more days in which nothing happens: no DLT, and nobody is entered."""
        return self.with_patients(self._later(each, days) for each in self.patients)

    def _later(self, patient: Entered, days: float) -> Entered:
        if patient.dlt is not None or patient.remaining is None:
            return patient
        if patient.remaining <= days:
            return replace(patient, dlt=False)
        if days == 0:
            return patient
        followed = (self.window_days or 0.0) - patient.remaining
        return replace(patient, days=followed + days, remaining=patient.remaining - days)


class Advice(NamedTuple):
    """What a design says where a trial stands: as :class:`designs.Decision`, of one trial."""

    level: int
    cohort_size: int
    reason: Reason

    @property
    def waits(self) -> bool:
        """Whether nobody may be treated until more is known."""
        return self.level > 0 and self.cohort_size == 0


def advise(design: Design, standing: Standing) -> Advice:
    """Return what a design says where a trial stands.

    A cohort that has begun is completed without waiting for its first patients, as in the design's simulated trials:
    unless the DLTs known already show its dose to be too toxic even if all others of the cohort have none.  Nobody
    decides anew in the midst of a cohort.

    A cohort that began too early is completed once what is known of those before it asks for it, and before the dose is
    raised unless they call for that by themselves.
    """
    standing = due_by_now(design, standing)
    going_on = _completing(design, standing)
    if going_on is not None:
        return going_on
    decision = design.decide(standing.known, standing.pending)
    return Advice(int(decision.level[0]), int(decision.cohort_size[0]), Reason(int(decision.reason_code[0])))


def due_by_now(design: Design, standing: Standing) -> Standing:
    """Take a cohort that began too early for one that was asked for, where it is to be completed by now."""
    if not standing.early or standing.asked is not None:
        return standing
    earlier = [each for each in standing.patients if each.cohort < standing.last]
    due = advise(design, replace(standing, patients=tuple(earlier), last=standing.last - 1, early=0))
    patients = due.cohort_size if due.level == standing.early else 0
    raised_without = due.cohort_size > 0 and due.level > standing.early
    if not (patients or raised_without or design.fixed_cohorts):
        decision = design.decide(standing.known, standing.pending)
        patients = _before_raise(design, standing, decision) if decision.level[0] > standing.early else 0
    return replace(standing, asked=Asked(standing.early, patients)) if patients else standing


def _before_raise(design: Design, standing: Standing, decision: Decision) -> int:
    """Return the size of the early cohort before the dose is raised: of a full one, or as the design titrates."""
    next_size, left = int(decision.cohort_size[0]), design.max_n - len(standing.patients)
    if next_size < min(int(design.full_cohort(standing.known, decision.level)[0]), left):
        return next_size
    return int(design.full_cohort(standing.known, np.array([standing.early]))[0])


def _completing(design: Design, standing: Standing) -> Advice | None:
    missing = min(standing.missing, design.max_n - len(standing.patients))
    if standing.asked is None or missing < 1 or design.fixed_cohorts:
        return None
    level = standing.asked.level
    others = [Entered("", level, standing.last, dlt=False)] * missing
    best = [each if each.dlt is not None else replace(each, dlt=False) for each in standing.patients]
    decision = design.decide(standing.with_patients([*best, *others]).known)
    if 0 < decision.level[0] < level or decision.reason_code[0] in _TOO_TOXIC:
        return None
    return Advice(level, missing, Reason.COMPLETE_COHORT)
