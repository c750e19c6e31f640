"""What may stand in a file of patients: its columns, and each line, checked until all that is wrong is known."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from doseesc.conduct.dose_values import level_meant
from doseesc.conduct.follow_up import LEFT, Patient
from doseesc.errors import Problem, show, suggestion
from doseesc.named_doses import Doses
from doseesc.wording import shorten

REQUIRED = ("id", "dose", "dlt")
COLUMNS = ("id", "date", "dose", "dlt", "dlt_date", "dlt_day", "last_seen", "status", "cohort")

_YES, _NO = ("yes", "y", "1", "true", "t"), ("no", "n", "0", "false", "f")
_PENDING = ("", "pending", "p")
_STATUS = {
    **dict.fromkeys(("died", "dead", "death"), "died"),
    **dict.fromkeys(("lost", "lost to follow-up", "ltfu"), "lost"),
    **dict.fromkeys(("withdrawn", "withdrew", "withdrawal"), "withdrawn"),
    **dict.fromkeys(("", "on study", "on-study", "alive", "ongoing", "completed"), ""),
}
_INSTEAD = {
    **dict.fromkeys(
        ("evaluable", "not_evaluable", "replaced", "dropout", "death", "died", "death_date"),
        "say who left by  status  (died, lost, withdrawn) and when by  last_seen",
    ),
    **dict.fromkeys(
        ("start", "start_date", "first_dose", "first_dose_date", "treated", "entered", "enrolled"),
        "the day of the first dose is  date",
    ),
    **dict.fromkeys(("follow_up", "followup", "followed", "days", "days_followed"), "write until when, in  last_seen"),
    **dict.fromkeys(("toxicity", "tox", "outcome"), "whether there was a DLT is  dlt"),
    **dict.fromkeys(("level", "dose_level"), "the dose, by label or amount, is  dose"),
    **dict.fromkeys(
        ("backfill", "backfilled", "is_backfill"),
        "everybody listed is taken for a patient of the escalation; leave the column out, and who was backfilled where "
        "they are not to count",
    ),
}
"""Columns that bear on who counts, under names that are not ours."""

_MEANT = {
    **dict.fromkeys(("patient", "patient_id", "subject", "subject_id", "usubjid", "pid", "nr", "number"), "id"),
    **dict.fromkeys(("toxicity", "tox", "outcome", "event", "dlts"), "dlt"),
    **dict.fromkeys(("level", "dose_level", "dosis", "amount"), "dose"),
}
"""Columns that are there under another name where one that is needed is missing."""

_BEARING = re.compile(
    r"evaluab|assessab|exclu|includ|replac|withdr|discontin|drop_?out|drop_?ped|off_(study|treatment|protocol)|"
    r"death|died|dead|lost|ltfu|per_protocol|analysis_(set|population)|in_analysis|censor"
)
"""What else may say of a patient that he does not count, or no longer."""

_LEFT = f"{_INSTEAD['evaluable']};  if it says nothing of who counts, give it another name"
_SLIP = 0.8  # likeness from which a name is taken for a slip: dlt_dat is, birth_date is not


def columns_of(header: Sequence[str], line: int) -> tuple[dict[str, int], list[str], list[Problem]]:
    """Return where each column stands, the names of others, and what is wrong with the header."""
    names = [name.strip().lower() for name in header]
    problems = [
        Problem((name,), "is a column twice", "keep one of them", line) for name in COLUMNS if names.count(name) > 1
    ]
    found = {name: names.index(name) for name in COLUMNS if name in names}
    # A header that has none of the columns may be the first line of something private.
    others = [shorten(name, 40) for name in names if name and name not in COLUMNS] if found else []
    listed = f"name the columns  {', '.join(COLUMNS)}" + (f";  it has  {', '.join(others)}" if others else "")
    if not found:
        message = f"has none of the columns  {', '.join(REQUIRED)}"
        return found, others, [Problem((), message, f"{listed}; separate them by commas", line)]
    problems += [
        Problem((name,), "is missing: there is no column of that name", listed + _renamed(name, others), line)
        for name in REQUIRED
        if name not in found
    ]
    if problems:
        return found, others, problems
    for name in others:
        spelled = name.replace(" ", "_").replace("-", "_")
        near = [each for each in get_close_matches(spelled, COLUMNS, n=1, cutoff=_SLIP) if each not in found]
        if spelled in _INSTEAD or near or _BEARING.search(spelled):
            remedy = _INSTEAD.get(spelled) or (
                f"did you mean  {near[0]}?  Else give it another name" if near else _LEFT
            )
            problems.append(Problem((name,), "is no column that is read", remedy, line))
    return found, others, problems


def _renamed(name: str, others: Sequence[str]) -> str:
    """Return the advice to rename the column that seems to hold what a missing one should; "" where none does."""
    found = next((each for each in others if _MEANT.get(each.replace(" ", "_").replace("-", "_")) == name), None)
    return "" if found is None else f";  call  {found}  {name}"


class PatientChecks:
    """Turns rows into patients, and keeps what is wrong in them.

    Parameters
    ----------
    doses : Doses
    on : date
        Of the data.
    window_days : float or None
    dated : bool
        Whether there is a column of dates.
    """

    def __init__(self, doses: Doses, on: datetime.date, window_days: float | None, dated: bool) -> None:
        self.doses = doses
        self.on = on
        self.window_days = window_days
        self.dated = dated
        self.patients: list[Patient] = []
        self.problems: list[Problem] = []
        self._lines_of_ids: dict[str, int] = {}
        self._level_of_cohort: dict[str, int] = {}
        self._last_cohort: str | None = None
        self._last_date: datetime.date | None = None

    def row(self, line: int, values: Mapping[str, str]) -> None:
        """Read one patient."""
        before = len(self.problems)
        identity = self._identity(line, values.get("id", ""))
        level = self._level(line, values.get("dose", ""))
        treated = self._treated(line, values["date"]) if self.dated else None
        dlt = self._dlt(line, values.get("dlt", ""))
        status = self._status(line, values.get("status", ""))
        cohort = self._cohort(line, values["cohort"], level) if "cohort" in values else None
        last_seen = self._later(line, "last_seen", values.get("last_seen", ""), treated)
        dlt_day = self._dlt_day(line, values, treated, dlt)
        if len(self.problems) == before and level is not None:
            patient = Patient(identity, level, dlt, treated, cohort, line, dlt_day, last_seen, status)
            self._together(line, patient)
            if len(self.problems) == before:
                self.patients.append(patient)

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
        level, wrong = level_meant(text, self.doses)
        if wrong is not None:
            self._wrong(line, "dose", *wrong)
        return level

    def _dlt(self, line: int, text: str) -> bool | None:
        word = text.lower()
        if word in _YES or word in _NO:
            return word in _YES
        if word not in _PENDING:
            self._wrong(line, "dlt", f"is {show(text)}", "write yes or no, or leave it empty for a patient pending")
        elif self.window_days is None:
            self._wrong(line, "dlt", "is empty, and no DLT window is known", "write yes or no, or give a window")
        elif not self.dated:
            self._wrong(
                line,
                "dlt",
                "is empty: a patient pending needs the date of the first dose",
                "add a column  date,  or write yes or no",
            )
        return None

    def _treated(self, line: int, text: str) -> datetime.date | None:
        treated = self._date(line, "date", text)
        if treated is None:
            if not text:
                self._wrong(line, "date", "is empty", "write year-month-day, such as  2024-03-28")
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

    def _later(self, line: int, column: str, text: str, treated: datetime.date | None) -> datetime.date | None:
        """Read a date on or after that of the first dose."""
        if text and not self.dated:
            self._wrong(line, column, "is given, but no date of the first dose", "add a column  date")
            return None
        day = self._date(line, column, text)
        if day is not None and treated is not None and day < treated:
            self._wrong(line, column, f"is {day}, before the first dose on {treated}", "correct one of the dates")
            return None
        return day

    def _date(self, line: int, column: str, text: str) -> datetime.date | None:
        if not text:
            return None
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            what = f"is {show(text)}, which is no date"
            self._wrong(line, column, what, "write year-month-day, such as  2024-03-28")
            return None
        if day > self.on:
            today = "today is" if self.on == datetime.date.today() else "the data are of"
            self._wrong(line, column, f"is {day}, in the future ({today} {self.on})", "correct the date")
            return None
        return day

    def _dlt_day(
        self, line: int, values: Mapping[str, str], treated: datetime.date | None, dlt: bool | None
    ) -> float | None:
        """Return the day of the DLT, counted from the first dose."""
        text = {name: values.get(name, "") for name in ("dlt_date", "dlt_day")}
        given = [name for name in text if text[name]]
        if not given:
            return None
        if len(given) == 2:
            self._wrong(line, "dlt_day", "is given together with dlt_date", "keep one of them")
            return None
        column = given[0]
        if not dlt:
            said = "no" if dlt is False else "empty"
            remedy = "write yes, or take it out"
            self._wrong(line, column, f"is {show(text[column])}, but dlt is {said}", remedy)
            return None
        if column == "dlt_date":
            day = self._later(line, column, text[column], treated)
            days = None if day is None or treated is None else float((day - treated).days)
        else:
            days = self._number_of_days(line, column, text[column])
        if days is not None and self.window_days is not None and days > self.window_days:
            self._wrong(
                line,
                column,
                f"is {show(text[column])}, day {days:g}, after the DLT window of {self.window_days:g} days",
                "write  no  for a toxicity after the window, or correct the day",
            )
            return None
        if column == "dlt_day" and days is not None and treated is not None and days > (self.on - treated).days:
            remedy = "correct the day, or the date"
            self._wrong(line, column, f"is day {days:g}, in the future (the data are of {self.on})", remedy)
        return days

    def _number_of_days(self, line: int, column: str, text: str) -> float | None:
        try:
            days = float(text)
        except ValueError:
            days = math.nan
        if not (math.isfinite(days) and days >= 0):
            remedy = "write the days since the first dose, 0 for the same day"
            self._wrong(line, column, f"is {show(text)}, which is no number of days", remedy)
            return None
        return days

    def _status(self, line: int, text: str) -> str:
        word = text.lower()
        if word in _STATUS:
            return _STATUS[word]
        known = suggestion(word, LEFT)
        remedy = known if known.startswith("did you mean") else "write died, lost or withdrawn, or leave it empty"
        self._wrong(line, "status", f"is {show(text)}", remedy)
        return ""

    def _cohort(self, line: int, text: str, level: int | None) -> str | None:
        if not text:
            self._wrong(line, "cohort", "is empty", "give every patient a cohort, or leave the column out")
        elif text != self._last_cohort and text in self._level_of_cohort:
            self._wrong(
                line, "cohort", f"is {show(text)} again, after other cohorts", "list cohorts one after the other"
            )
        elif level is not None and self._level_of_cohort.setdefault(text, level) != level:
            above = self.doses.words(self._level_of_cohort[text])
            self._wrong(line, "cohort", f"is {show(text)}, whose patients above had {above}", "one dose per cohort")
        self._last_cohort = text
        return text

    def _together(self, line: int, patient: Patient) -> None:
        """Check what must hold between the values of a line that are right by themselves."""
        if self.window_days is None:
            return
        if patient.status in LEFT and not patient.dlt and patient.last_seen is None:
            needs = "the day in  last_seen" if self.dated else "the columns  date  and  last_seen"
            self._wrong(line, "status", f"is {patient.status}, but not on which day", f"give {needs}")
        if patient.dlt and patient.last_seen is not None and patient.dlt_day is not None:
            seen = patient.days_until(patient.last_seen)
            if seen is not None and seen < patient.dlt_day:
                self._wrong(line, "last_seen", f"is {patient.last_seen}, before the DLT", "correct one of the dates")
