"""The patients of a running trial: a CSV file with one line per patient, read and checked.

Columns, in any order:

``id``, ``dose``
    The patient, and the dose by its label or amount.
``dlt``
    yes, no, or empty for a patient who is pending: still in the DLT window, without a DLT so far.  A "no" is final only
    once the window is over; until then the patient is pending, too.
``date``
    Of the first dose, year-month-day.  May be left out where nobody is pending; every "no" is then taken as final, and
    a note says so.
``dlt_date`` or ``dlt_day``
    When a DLT came: the date, or the days since the first dose.
``last_seen``
    Until when a patient has been followed, where that is not the day of the data.
``status``
    died, lost or withdrawn, on the day of ``last_seen``; empty, or on study, for all others.
``cohort``
    Where cohorts are known.

Other columns are named in a note; where one looks like a slip, or bears on who counts, the file is refused.  Patients
stand in the order in which they were treated.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from doseesc.conduct.follow_up import Patient
from doseesc.conduct.patient_checks import COLUMNS, PatientChecks, columns_of
from doseesc.conduct.patient_rows import Lines, PatientsError, csv_lines, frame_lines, lines_in
from doseesc.errors import Problem, show, told_once
from doseesc.named_doses import Doses

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Patients:
    """The patients of a trial in the order of treatment.

    Attributes
    ----------
    source : str
        Where they come from.
    patients : tuple of Patient
    date : date
        Of the data: nothing later is known.
    window_days : float or None
        The DLT window; None where it is not known, and the file's word is all there is.
    notes : tuple of str
        What should be known but is not wrong: columns that are not read, and outcomes that are taken as final.
    sha256 : str or None
        Hash of the file, or of the outcomes as text; None of a table.
    """

    source: str
    patients: tuple[Patient, ...]
    date: datetime.date
    window_days: float | None = None
    notes: tuple[str, ...] = field(default=())
    sha256: str | None = None

    @property
    def dated(self) -> bool:
        """Whether the days are known on which patients were treated, and how long they are watched."""
        return self.window_days is not None and bool(self.patients) and self.patients[0].date is not None


def read_patients(
    source: str | Path | pd.DataFrame,
    doses: Doses,
    *,
    window_days: float | None = None,
    date: datetime.date | str | None = None,
) -> Patients:
    """Read and check patients.

    Parameters
    ----------
    source : path or DataFrame
        The CSV file (comma, semicolon or tab), or a table with the same columns.
    doses : Doses
        The study's dose levels.
    window_days : float, optional
        Days during which a patient is watched for DLTs.
    date : date or str, optional
        Of the data; by default the day on which this is run.

    Raises
    ------
    PatientsError
        If anything is wrong; the text gives every problem with its line, column, value and remedy.
    ValueError
        If ``date`` is no date.
    """
    if isinstance(source, str | Path):
        return _checked(str(source), *csv_lines(Path(source), COLUMNS), doses, window_days, date)
    return _checked("patients", frame_lines(source), None, doses, window_days, date)


def patients_in(
    content: bytes,
    name: str,
    doses: Doses,
    *,
    window_days: float | None = None,
    date: datetime.date | str | None = None,
) -> Patients:
    """Read and check patients from the content of a CSV file that lies nowhere.

    Parameters
    ----------
    content : bytes
    name : str
        What errors call it.
    doses, window_days, date
        See :func:`read_patients`, as for what is raised.
    """
    return _checked(name, *lines_in(content, name, COLUMNS), doses, window_days, date)


def _checked(
    name: str,
    lines: Lines,
    sha256: str | None,
    doses: Doses,
    window_days: float | None,
    date: datetime.date | str | None,
) -> Patients:
    on = as_date(date) or datetime.date.today()
    header, rows = lines[0][1], lines[1:]
    columns, others, problems = columns_of(header, lines[0][0])
    if problems:
        raise PatientsError(name, problems)
    check = PatientChecks(doses, on, window_days, "date" in columns)
    for line, values in rows:
        given = {column: values[place].strip() if place < len(values) else "" for column, place in columns.items()}
        check.row(line, given)
        beyond = [value for value in values[len(header) :] if value.strip()]
        if beyond:  # a comma too many moves what stands after it into other columns
            message = f"has {len(values)} values for {len(header)} columns: {show(beyond[-1])} stands in none"
            check.problems.append(
                Problem((), message, "leave out the comma too many, or put the value in quotes", line)
            )
    if check.problems:
        raise PatientsError(name, told_once(check.problems))
    notes = (*_notes(others), *_taken_as_final(check.patients, window_days))
    return Patients(name, tuple(check.patients), on, window_days, notes, sha256)


def as_date(given: datetime.date | str | None) -> datetime.date | None:
    """Return a date given as one, or as text.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> as_date("2026-11-29")
    datetime.date(2026, 11, 29)
    """
    if isinstance(given, datetime.datetime):
        return given.date()
    if given is None or isinstance(given, datetime.date):
        return given
    try:
        return datetime.date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ValueError(f"date must be year-month-day, such as 2026-11-29, not {given!r}") from None


def _taken_as_final(patients: Sequence[Patient], window_days: float | None) -> tuple[str, ...]:
    """Say that nothing shows whether patients without a DLT are still in the window."""
    if all(each.dlt for each in patients) or (window_days is not None and patients[0].date is not None):
        return ()
    if window_days is None:
        missing, remedy = "the DLT window is not known", "window_days"
    else:
        missing, remedy = "no dates of first doses are given", "the column  date"
    return (
        f"{missing}, so every  no  is taken as final; patients who may still be in the window are pending, and are "
        f"waited for once you give  {remedy}",
    )


def _notes(others: Sequence[str]) -> tuple[str, ...]:
    if not others:
        return ()
    columns = "column" if len(others) == 1 else "columns"
    return (f"{columns} not read: {', '.join(others)}",)
