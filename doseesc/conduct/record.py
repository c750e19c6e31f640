"""A trial's record walked through, patient by patient: what the design said each time, given what was known then.

Where days are known (patients with dates, and a DLT window), each step is the patients of one cohort who were entered
on one day, and what the design said is what it said to the knowledge of that day.  Else each step is a whole cohort.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from designs import Weighted
from designs.outcomes import followed_days, parse_patients
from doseesc.conduct.follow_up import Patient, known_on
from doseesc.conduct.patient_rows import PatientsError
from doseesc.conduct.patients import Patients, as_date, read_patients
from doseesc.conduct.staggering import broken_off
from doseesc.conduct.standing import Advice, Asked, Entered, Standing, advise, due_by_now
from doseesc.conduct.trial import Trial
from doseesc.errors import Problem, told_once

if TYPE_CHECKING:
    import pandas as pd


class Cohort(NamedTuple):
    """Patients treated together: their level, how many count, how many had a DLT, how many are pending."""

    level: int
    n: int
    dlt: int
    pending: int = 0

    def __str__(self) -> str:
        return f"{self.level}{'N' * (self.n - self.dlt - self.pending)}{'T' * self.dlt}{'P' * self.pending}"


@dataclass(frozen=True)
class Step:
    """Patients entered together, and what the design had said.

    Attributes
    ----------
    before : Standing
        Where the trial stood.
    said : Advice
        What the design said to it.
    patients : tuple of Patient
        Who was then entered.
    date : date or None
        On which day.
    cohort : int
        Of which cohort they are.
    """

    before: Standing
    said: Advice
    patients: tuple[Patient, ...]
    date: datetime.date | None
    cohort: int

    @property
    def level(self) -> int:
        """The level they were given."""
        return self.patients[0].level

    @property
    def n(self) -> int:
        """How many they are."""
        return len(self.patients)


@dataclass(frozen=True)
class Record:
    """A record walked through.

    Attributes
    ----------
    steps : tuple of Step
    now : Standing
        Where the trial stands.
    patients : Patients
    """

    steps: tuple[Step, ...]
    now: Standing
    patients: Patients


def read_record(
    trial: Trial,
    data: str | Path | Patients | pd.DataFrame,
    date: datetime.date | str | None = None,
) -> Record:
    """Read a record and walk through it.

    Parameters
    ----------
    trial : Trial
    data : str, path, Patients or DataFrame
        Outcomes such as ``"1NNN 2NP7P"``; or patients: a CSV file's path, a table, or read already.
    date : date or str, optional
        Of the data; by default the day on which this is run.

    Raises
    ------
    ValueError
        If it cannot be read (:class:`doseesc.conduct.patient_rows.PatientsError` for a file).
    """
    if isinstance(data, Patients):
        if date is not None and as_date(date) != data.date:
            raise ValueError(f"date must be left out, or be {data.date}, that of the patients, who have been read")
        return _walked(trial, data)
    if isinstance(data, str) and not data.lower().endswith(".csv"):
        return _of_outcomes(trial, data)
    return _walked(trial, read_patients(data, trial.doses, window_days=trial.window_days, date=date))


def _asks_for_days_of_dlts(trial: Trial) -> bool:
    policy = trial.design.pending
    return isinstance(policy, Weighted) and policy.weights == "adaptive"


def _of_outcomes(trial: Trial, outcomes: str) -> Record:
    cohorts = parse_patients(outcomes, trial.design.n_doses)
    window = trial.window_days
    patients: list[Patient] = []
    entered: list[Entered] = []
    for place, (level, words) in enumerate(cohorts):
        for word in words:
            identity = str(len(patients) + 1)
            dlt = None if word.startswith("P") else word == "T"
            known = Entered(identity, level, place, dlt)
            if dlt is None:
                if window is None:
                    raise ValueError(
                        f"outcomes hold a patient pending, {word}, and no DLT window is known; give a study, which has "
                        "one, instead of a design alone, or  window_days"
                    )
                days = followed_days(word, window)
                known = replace(known, days=days, remaining=window - days)
            entered.append(known)
            patients.append(Patient(identity, level, dlt, None, str(place), len(patients) + 1))
    told = {each.dlt for each in entered}
    if told >= {True, None} and _asks_for_days_of_dlts(trial):
        raise ValueError(
            "outcomes do not say on which day a DLT came, and adaptive weights ask for it; give a file of patients "
            "with the column  dlt_day"
        )
    digest = hashlib.sha256(outcomes.encode()).hexdigest()
    people = Patients("outcomes", tuple(patients), datetime.date.today(), window, sha256=digest)
    return _by_cohorts(trial, people, entered)


def _walked(trial: Trial, patients: Patients) -> Record:
    lacking = [each for each in patients.patients if each.dlt and each.dlt_day is None]
    if lacking and patients.dated and _asks_for_days_of_dlts(trial):
        message, remedy = "is empty, and adaptive weights ask for the day of every DLT", "give it, or  dlt_date"
        problems = told_once(Problem(("dlt_day",), message, remedy, each.line) for each in lacking)
        raise PatientsError(patients.source, problems)
    if patients.dated:
        return _by_days(trial, patients)
    entered = [Entered(each.id, each.level, -1, each.dlt) for each in patients.patients]
    return _by_cohorts(trial, patients, entered)


def _by_cohorts(trial: Trial, people: Patients, known: Sequence[Entered]) -> Record:
    """Walk a record without days: by its own cohorts, or as many at one level as the design asked for."""
    standing, steps = Standing(trial.design.n_doses, window_days=trial.window_days), list[Step]()
    room = 0
    for patient, seen in zip(people.patients, known, strict=True):
        last = steps[-1] if steps else None
        joins = last is not None and last.level == patient.level and room > 0
        if patient.cohort is not None:
            joins = last is not None and last.patients[0].cohort == patient.cohort
        if last is not None and joins:
            steps[-1] = replace(last, patients=(*last.patients, patient))
        else:
            before = _closed(standing)
            said = advise(trial.design, before)
            standing, room = _begun(trial, before, said, patient.level)
            steps.append(Step(before, said, (patient,), None, standing.last))
        room -= 1
        standing = standing.with_patients([*standing.patients, replace(seen, cohort=standing.last)])
    return Record(tuple(steps), _closed(standing), people)


def _closed(standing: Standing) -> Standing:
    """Take a cohort for complete where nobody in it is pending: without days it is the record that says so."""
    pending = any(each.dlt is None and each.cohort == standing.last for each in standing.patients)
    return standing if pending else replace(standing, asked=None)


def _by_days(trial: Trial, people: Patients) -> Record:
    """Walk a record with days: what was known when each patient was entered."""
    steps: list[Step] = []
    cohorts: list[int] = []
    asked: Asked | None = None
    last, room = -1, 0
    early = 0  # level of a last cohort that began while the design said to wait
    for place, patient in enumerate(people.patients):
        earlier = people.patients[:place]
        before = _on_day(trial, people, earlier, cohorts, patient.date, told=last)
        before = due_by_now(trial.design, replace(before, asked=asked, last=last, early=early))
        if broken_off(trial.stagger, before):
            asked, room, before = None, 0, replace(before, asked=None)
        joins = last >= 0 and earlier[-1].level == patient.level
        if patient.cohort is not None:
            joins = joins and earlier[-1].cohort == patient.cohort
        else:
            joins = joins and room > sum(each.cohort == last for each in before.patients)
        if steps and joins and steps[-1].date == patient.date:
            steps[-1] = replace(steps[-1], patients=(*steps[-1].patients, patient))
        else:
            if not joins:
                before = _on_day(trial, people, earlier, cohorts, patient.date, told=last + 1)
                before = due_by_now(trial.design, replace(before, asked=asked, last=last, early=early))
            said = advise(trial.design, before)
            if not joins:
                begun, room = _begun(trial, before, said, patient.level)
                asked, last = begun.asked, begun.last
                early = patient.level if said.waits else 0
            steps.append(Step(before, said, (patient,), patient.date, last))
        cohorts.append(last)
    now = _on_day(trial, people, people.patients, cohorts, people.date, told=last + 1)
    now = replace(now, asked=asked, last=last, early=early)
    if broken_off(trial.stagger, now):
        now = replace(now, asked=None, early=0)
    return Record(tuple(steps), due_by_now(trial.design, now), people)


def _begun(trial: Trial, standing: Standing, said: Advice, level: int) -> tuple[Standing, int]:
    """Return where the trial stands when a new cohort begins, and how many patients the cohort has room for."""
    follows = said.level == level and said.cohort_size > 0
    asked = Asked(level, said.cohort_size) if follows else None
    room = said.cohort_size if follows else trial.design.cohort_size
    return replace(standing, asked=asked, last=standing.last + 1), room


def _on_day(
    trial: Trial,
    people: Patients,
    patients: Sequence[Patient],
    cohorts: Sequence[int],
    day: datetime.date | None,
    told: int,
) -> Standing:
    """Return who was entered and what was known on a day; DLTs without a day of the cohorts before ``told``."""
    found = []
    for patient, cohort in zip(patients, cohorts, strict=True):
        known = known_on(
            patient,
            day,
            people.window_days,
            trial.exits,
            weighs=trial.weighs,
            dlt_is_known=cohort < told,
        )
        if known.evaluable:
            found.append(
                Entered(
                    patient.id,
                    patient.level,
                    cohort,
                    known.dlt,
                    known.days,
                    known.remaining,
                    _day_of_dlt(patient, people.window_days) if known.dlt else None,
                    patient.date,
                )
            )
    return Standing(trial.design.n_doses, tuple(found), people.window_days)


def _day_of_dlt(patient: Patient, window_days: float | None) -> float | None:
    """Return the days from first dose to a DLT, or to the death that is counted as one; None where not known."""
    if patient.dlt or window_days is None:
        return patient.dlt_day
    return patient.left_after(window_days)
