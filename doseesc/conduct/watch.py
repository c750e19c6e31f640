"""The patients pending, what each of their outcomes would change, and until when an answer must wait.

Every number of further DLTs among the patients pending at each level leads to what the design would then say, all of
them being known.  How long to wait is found by asking the design again with follow-up moved forward: day by day where
it weighs pending patients, and to the end of each window where it does not.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import ceil, prod
from typing import Any

from designs import Complete
from doseesc.conduct.standing import Advice, Entered, Standing, advise
from doseesc.conduct.trial import Trial

_MOST_OUTCOMES = 1000  # numbers of further DLTs that are told
_MOST_PATIENTS = 5  # patients pending for whom the last day of waiting is sought among all courses of events


@dataclass(frozen=True)
class PendingGroup:
    """Patients pending whose outcomes are exchangeable: at one level and, where it matters, of the last cohort or not.

    It matters to a design that goes by the DLTs of the last cohort, and where the last cohort began too early: whether
    it is to be completed then depends on those before it.

    Attributes
    ----------
    level : int
    patients : tuple of Entered
    last_cohort : bool or None
        None where it does not matter, or all are in it or none.
    """

    level: int
    patients: tuple[Entered, ...]
    last_cohort: bool | None = None


@dataclass(frozen=True)
class PendingOutcome:
    """What follows from one number of further DLTs in each group, everybody's outcome being known.

    Attributes
    ----------
    dlts : tuple of int
        Further DLTs in each group.
    then : Advice
        What the design says then.
    mtd : int
        The MTD if the trial ended then; 0 = none.
    """

    dlts: tuple[int, ...]
    then: Advice
    mtd: int


@dataclass(frozen=True)
class Moment:
    """A day from which the design says something else.

    Attributes
    ----------
    days : int
        Days from now.
    date : date or None
        Which day that is, where the data have one.
    then : Advice or None
        What the design says then, no further DLT having come; None where that depends on the outcomes.
    """

    days: int
    date: datetime.date | None
    then: Advice | None = None


@dataclass(frozen=True, eq=False)
class Watch:
    """Patients pending in a trial.

    Attributes
    ----------
    trial : Trial
    standing : Standing
    said : Advice
        What the design says now.
    date : date or None
        Of the data.
    """

    trial: Trial
    standing: Standing
    said: Advice
    date: datetime.date | None

    @property
    def patients(self) -> tuple[Entered, ...]:
        """Everybody who is pending."""
        return self.standing.waiting_for

    @cached_property
    def open(self) -> tuple[Entered, ...]:
        """Those whose outcome will be known."""
        return tuple(each for each in self.patients if each.remaining is not None)

    @cached_property
    def groups(self) -> tuple[PendingGroup, ...]:
        """The open patients in groups, by level."""
        matters = "last_dlt" in self.trial.design.needed_memory or self.standing.early > 0
        last = self.standing.last if matters else None
        keys = sorted({(each.level, last is not None and each.cohort == last) for each in self.open})
        split = {level for level, _ in keys if sum(level == other for other, _ in keys) > 1}
        found = []
        for level, in_last in keys:
            those = [each for each in self.open if each.level == level]
            if level in split:
                those = [each for each in those if (each.cohort == last) == in_last]
            found.append(PendingGroup(level, tuple(those), in_last if level in split else None))
        return tuple(found)

    @cached_property
    def outcomes(self) -> tuple[PendingOutcome, ...]:
        """What follows from every number of further DLTs; none where there are too many to tell."""
        sizes = [len(group.patients) for group in self.groups]
        if not sizes or prod(size + 1 for size in sizes) > _MOST_OUTCOMES:
            return ()
        people = [each for group in self.groups for each in group.patients]
        found = []
        for dlts in product(*(range(size + 1) for size in sizes)):
            told = [place < count for size, count in zip(sizes, dlts, strict=True) for place in range(size)]
            standing = self.standing.as_if(told, people)
            mtd = int(self.trial.design.select(standing.known)[0])
            found.append(PendingOutcome(dlts, advise(self.trial.design, standing), mtd))
        return tuple(found)

    @cached_property
    def settled_mtds(self) -> frozenset[int]:
        """The MTDs that the trial may still end with, if it ends now; empty where that cannot be told."""
        return frozenset(each.mtd for each in self.outcomes)

    @cached_property
    def earliest(self) -> Moment | None:
        """The first day on which the design says something else if no further DLT comes; None where there is none."""
        for days in self._days():
            then = advise(self.trial.design, self.standing.later(days))
            if then[:2] != self.said[:2]:
                return self._moment(days, then)
        return None

    @cached_property
    def latest(self) -> Moment | None:
        """The last day on which the design may still wait, whatever happens; None where waiting has no end by itself.

        With many patients pending it is the end of the last window, which it is at the latest.
        """
        if not self.said.waits or not self.open:
            return None
        last = self._days()[-1]
        if not isinstance(self.trial.design.pending, Complete) and len(self.open) <= _MOST_PATIENTS:
            last = next((days for days in self._days() if not self._may_wait(days)), last)
        return self._moment(last, None)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row per patient pending, as plain values."""
        return [
            {
                "id": each.id,
                "level": each.level,
                "label": self.trial.doses.labels[each.level - 1],
                "first_dose": None if each.date is None else each.date.isoformat(),
                "days_followed": each.days,
                "window_days": self.standing.window_days,
                "days_left": each.remaining,
                "window_ends": iso(self.window_end(each)),
                "overdue": each.remaining == 0,
                "follow_up_ended": each.remaining is None,
            }
            for each in self.patients
        ]

    def outcome_rows(self) -> list[dict[str, Any]]:
        """Return one row per number of further DLTs, as plain values."""
        return [
            {
                "dlts": [
                    {
                        "level": group.level,
                        "patients": [each.id for each in group.patients],
                        "last_cohort": group.last_cohort,
                        "dlts": count,
                    }
                    for group, count in zip(self.groups, outcome.dlts, strict=True)
                ],
                **advice_values(outcome.then),
                "mtd": outcome.mtd or None,
            }
            for outcome in self.outcomes
        ]

    def window_end(self, patient: Entered) -> datetime.date | None:
        """Return the day on which a patient's window ends, where it is known and the patient is still followed."""
        if patient.remaining is None or patient.date is None or self.standing.window_days is None:
            return None
        return patient.date + datetime.timedelta(days=ceil(self.standing.window_days))

    def _moment(self, days: int, then: Advice | None) -> Moment:
        return Moment(days, None if self.date is None else self.date + datetime.timedelta(days=days), then)

    def _days(self) -> list[int]:
        """Return the days from now on which the design may say something else, nothing happening before."""
        ends = sorted({ceil(each.remaining) for each in self.open if each.remaining is not None})
        if self.trial.weighs and ends:
            return list(range(0 if ends[0] == 0 else 1, ends[-1] + 1))
        return ends

    def _may_wait(self, days: int) -> bool:
        """Say whether the design waits after some days in any course of events."""
        return any(advise(self.trial.design, each).waits for each in self._courses(days))

    def _courses(self, days: int) -> Iterator[Standing]:
        """Yield where the trial may stand after some days, whoever may have had a DLT by then; each only once."""
        seen = set()
        for told in product((False, True), repeat=len(self.open)):
            key = tuple(sorted(_alike(each, dlt) for each, dlt in zip(self.open, told, strict=True)))
            if key not in seen:
                seen.add(key)
                yield self._after(told, days)

    def _after(self, told: Sequence[bool], days: int) -> Standing:
        with_dlt = {each.id for each, dlt in zip(self.open, told, strict=True) if dlt}
        patients = [
            replace(each, dlt=True, dlt_day=min(each.days + days, self.standing.window_days or 0.0))
            if each.id in with_dlt
            else each
            for each in self.standing.patients
        ]
        return self.standing.with_patients(patients).later(days)


def advice_values(advice: Advice) -> dict[str, Any]:
    """Return advice as plain values; nobody is to be treated where the level is None."""
    treats = advice.cohort_size > 0
    return {
        "next_level": advice.level if treats else None,
        "next_patients": advice.cohort_size,
        "waits": advice.waits,
        "stops": advice.level == 0,
        "reason": advice.reason.name,
    }


def iso(day: datetime.date | None) -> str | None:
    """Return a day as text; None where it is not known."""
    return None if day is None else day.isoformat()


def _alike(patient: Entered, dlt: bool) -> tuple[Any, ...]:
    return patient.level, patient.cohort, patient.remaining, patient.days, dlt
