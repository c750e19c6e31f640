"""The patients of a running trial: a CSV file with one line per patient, read and checked.

Columns, in any order: ``id``, ``dose`` (label or amount), ``dlt`` (yes or no), ``date`` of first treatment
(year-month-day; the column may be left out) and, where cohorts are known, ``cohort``.  Other columns are not read.
Patients stand in the order in which they were treated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from designs import Design
from doseesc.conduct.cohorts import Cohort, grouped
from doseesc.conduct.patient_rows import PatientsError, csv_lines, frame_lines
from doseesc.conduct.trial import Doses
from doseesc.errors import Problem, show, suggestion

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("id", "dose", "dlt")
COLUMNS = ("id", "date", "dose", "dlt", "cohort")

_YES, _NO = ("yes", "y", "1", "true", "t"), ("no", "n", "0", "false", "f")


@dataclass(frozen=True)
class Patient:
    """One patient: identity, dose level, outcome, and where known date and cohort; ``line`` is that of the file."""

    id: str
    level: int
    dlt: bool
    date: date | None
    cohort: str | None
    line: int


@dataclass(frozen=True)
class Patients:
    """The patients of a trial in the order of treatment.

    Attributes
    ----------
    source : str
        Where they come from.
    patients : tuple of Patient
    notes : tuple of str
        What should be known but is not wrong: patients still in their DLT window.
    """

    source: str
    patients: tuple[Patient, ...]
    notes: tuple[str, ...] = field(default=())

    def cohorts(self, design: Design) -> tuple[Cohort, ...]:
        """Return the cohorts: by the file's ``cohort`` column, else as :func:`doseesc.conduct.cohorts.grouped`."""
        if not self.patients or self.patients[0].cohort is None:
            return grouped(((each.level, each.dlt) for each in self.patients), design)
        found: dict[str, list[Patient]] = {}
        for each in self.patients:
            found.setdefault(str(each.cohort), []).append(each)
        return tuple(Cohort(group[0].level, len(group), sum(p.dlt for p in group)) for group in found.values())


def read_patients(
    source: str | Path | pd.DataFrame,
    doses: Doses,
    *,
    window_days: int | None = None,
    today: date | None = None,
) -> Patients:
    """Read and check patients.

    Parameters
    ----------
    source : path or DataFrame
        The CSV file (comma, semicolon or tab), or a table with the same columns.
    doses : Doses
        The study's dose levels.
    window_days : int, optional
        Days during which a patient is watched for DLTs; a "no" within it is noted as not final.
    today : date, optional
        By default the day on which this is run.

    Raises
    ------
    PatientsError
        If anything is wrong; the text gives every problem with its line, column, value and remedy.
    """
    if isinstance(source, str | Path):
        name, lines = str(source), csv_lines(Path(source), COLUMNS)
    else:
        name, lines = "patients", frame_lines(source)
    header, rows = lines[0][1], lines[1:]
    columns, problems = _columns(header, lines[0][0])
    if problems:
        raise PatientsError(name, problems)
    check = _Check(doses, today or date.today())
    for line, values in rows:
        check.row(line, {column: values[place].strip() for column, place in columns.items() if place < len(values)})
    if check.problems:
        raise PatientsError(name, check.problems)
    return Patients(name, tuple(check.patients), _in_window(check.patients, window_days, check.today))


class _Check:
    """Turns rows into patients, and keeps what is wrong in them."""

    def __init__(self, doses: Doses, today: date) -> None:
        self.doses = doses
        self.today = today
        self.patients: list[Patient] = []
        self.problems: list[Problem] = []
        self._lines_of_ids: dict[str, int] = {}
        self._level_of_cohort: dict[str, int] = {}
        self._last_cohort: str | None = None
        self._last_date: date | None = None

    def row(self, line: int, values: Mapping[str, str]) -> None:
        """Read one patient."""
        before = len(self.problems)
        identity = self._identity(line, values.get("id", ""))
        level = self._level(line, values.get("dose", ""))
        dlt = self._dlt(line, values.get("dlt", ""))
        treated = self._date(line, values["date"]) if "date" in values else None
        cohort = self._cohort(line, values["cohort"], level) if "cohort" in values else None
        if len(self.problems) == before and level is not None and dlt is not None:
            self.patients.append(Patient(identity, level, dlt, treated, cohort, line))

    def _wrong(self, line: int, column: str, message: str, remedy: str) -> None:
        self.problems.append(Problem((column,), message, remedy, line))

    def _identity(self, line: int, text: str) -> str:
        if not text:
            self._wrong(line, "id", "is empty", "give every patient an id of their own")
        elif text in self._lines_of_ids:
            first = self._lines_of_ids[text]
            self._wrong(line, "id", f"is {show(text)}, as in line {first}", "give every patient one line and one id")
        self._lines_of_ids.setdefault(text, line)
        return text

    def _level(self, line: int, text: str) -> int | None:
        known = "the doses are  " + ", ".join(self.doses.words(level + 1) for level in range(len(self.doses.labels)))
        if not text:
            self._wrong(line, "dose", "is empty", known)
            return None
        label = self.doses.labels.index(text) + 1 if text in self.doses.labels else None
        amount, has_unit = self._amount(text)
        amounts = self.doses.amounts or ()
        by_amount = amounts.index(amount) + 1 if amount in amounts else None
        if label is not None and by_amount is not None and label != by_amount and not has_unit:
            self._wrong(
                line,
                "dose",
                f"is {show(text)}, which is both the label of level {label} and the amount of level {by_amount}",
                f"write the amount with its unit:  {self.doses.amount(label)}  or  {self.doses.amount(by_amount)}"
                if self.doses.unit
                else "give the doses labels that are no numbers",
            )
            return None
        found = by_amount if has_unit else label or by_amount
        if found is None:
            what = "a dose that is no level" if amount is not None else "no dose"
            remedy = known if amount is not None else _remedy(text, self.doses.labels, known)
            self._wrong(line, "dose", f"is {show(text)}, {what}", remedy)
        return found

    def _amount(self, text: str) -> tuple[float | None, bool]:
        """Return the amount that a text means, and whether its unit was given."""
        unit = self.doses.unit
        has_unit = bool(unit) and text.endswith(unit)
        number = text.removesuffix(unit).rstrip().removesuffix("x").rstrip() if has_unit else text
        try:
            return float(number), has_unit
        except ValueError:
            return None, has_unit

    def _dlt(self, line: int, text: str) -> bool | None:
        word = text.lower()
        if word in _YES or word in _NO:
            return word in _YES
        if text:
            self._wrong(line, "dlt", f"is {show(text)}", "write yes or no")
        else:
            self._wrong(line, "dlt", "is missing", "write yes or no, or leave the patient out until it is known")
        return None

    def _date(self, line: int, text: str) -> date | None:
        try:
            treated = date.fromisoformat(text)
        except ValueError:
            what = f"is {show(text)}, which is no date" if text else "is empty"
            self._wrong(line, "date", what, "write year-month-day, such as  2024-03-28")
            return None
        if treated > self.today:
            self._wrong(line, "date", f"is {treated}, in the future (today is {self.today})", "correct the date")
        elif self._last_date is not None and treated < self._last_date:
            self._wrong(
                line,
                "date",
                f"is {treated}, before {self._last_date} of the patient above",
                "list patients in the order of treatment, or correct the date",
            )
        else:
            self._last_date = treated
        return treated

    def _cohort(self, line: int, text: str, level: int | None) -> str | None:
        if not text:
            self._wrong(line, "cohort", "is empty", "give every patient a cohort, or leave the column out")
        elif text != self._last_cohort and text in self._level_of_cohort:
            self._wrong(
                line, "cohort", f"is {show(text)} again, after other cohorts", "list cohorts one after the other"
            )
        elif level is not None and self._level_of_cohort.get(text, level) != level:
            above = self.doses.words(self._level_of_cohort[text])
            self._wrong(line, "cohort", f"is {show(text)}, whose patients above had {above}", "one dose per cohort")
        elif level is not None:
            self._level_of_cohort[text] = level
        self._last_cohort = text
        return text


def _remedy(text: str, labels: Sequence[str], known: str) -> str:
    guess = suggestion(text, labels)
    return guess if guess.startswith("did you mean") else known


def _columns(header: Sequence[str], line: int) -> tuple[dict[str, int], list[Problem]]:
    """Return where each column stands, and what is wrong with the header."""
    names = [name.strip().lower() for name in header]
    problems = [
        Problem((name,), "is a column twice", "keep one of them", line) for name in COLUMNS if names.count(name) > 1
    ]
    found = {name: names.index(name) for name in COLUMNS if name in names}
    # A header that has none of the columns may be the first line of something private.
    others = [name for name in names if name and name not in COLUMNS] if found else []
    for name in REQUIRED:
        if name not in found:
            remedy = f"name the columns  {', '.join(COLUMNS)}" + (f";  it has  {', '.join(others)}" if others else "")
            problems.append(Problem((name,), "is missing: there is no column of that name", remedy, line))
    return found, problems


def _in_window(patients: Sequence[Patient], window_days: int | None, today: date) -> tuple[str, ...]:
    """Note patients without a DLT who may still have one."""
    if window_days is None:
        return ()
    waiting = [
        f"{each.id} ({(today - each.date).days} days)"
        for each in patients
        if each.date is not None and not each.dlt and (today - each.date).days < window_days
    ]
    if not waiting:
        return ()
    return (f"still in the DLT window of {window_days} days, so that no DLT is not final: {', '.join(waiting)}",)
