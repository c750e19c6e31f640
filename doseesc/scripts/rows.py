"""The rows that scripts print: read from a file, each with its line, and refused where they mean nothing."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from doseesc.errors import Problem, ScenarioError, show, told_once
from doseesc.input_files import TooLargeError, UnusableFileError, read_bounded
from doseesc.wording import did_you_mean, in_a_row

COLUMNS = ("kind", "scenario", "level", "n", "y", "quantity", "value", "se")
"""The columns, in any order."""

FIGURES = ("selected", "patients", "dlts")
"""What is compared under each scenario, level by level; ``selected`` of level 0 is that no dose is selected."""

LAST_COHORT = ("last_n", "last_dlt")
"""What a tally may remember that rows can tell: patients and DLTs of the last cohort."""

KINDS = ("setting", "decision", "figure")

MOST_BYTES = 50_000_000
_KIND = re.compile(r"(setting|decision|figure)(?: by ([A-Za-z][\w.]*))?")
_NEXT = re.compile(r"next_level(?: after (\d+)(?:/(\d+))?)?")
_WHOLE = re.compile(r"\d{1,9}")


class RowsError(ScenarioError):
    """A file of rows that cannot be used; its text says everything found, each with line and column."""


@dataclass(frozen=True)
class Row:
    """One line of the file.

    Attributes
    ----------
    line : int
    kind : str
        ``"setting"``, ``"decision"`` or ``"figure"``.
    by : str
        The package that gave it; empty where it is the script itself.
    scenario : str
    level : int or None
    n, y : tuple of int
        Patients and DLTs, at the current level or at all.
    quantity : str
    value : str
        As it stands there.
    number : float or None
        The same as a number, where it is one.
    se : float or None
    last : tuple of int or None
        DLTs and patients of the last cohort, where the decision rests on them; patients 0 where it does not on these.
    """

    line: int
    kind: str
    by: str
    scenario: str
    level: int | None
    n: tuple[int, ...]
    y: tuple[int, ...]
    quantity: str
    value: str
    number: float | None
    se: float | None
    last: tuple[int, int] | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is about; no other row has the same."""
        return self.kind, self.by, self.scenario, self.level, self.n, self.y, self.quantity


def read_rows(path: str | Path) -> list[Row]:
    """Return the rows of a CSV file as scripts print them.

    Raises
    ------
    RowsError
        If the file cannot be read, or a line of it means nothing.
    """
    name = str(path)
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8-sig")
    except UnusableFileError as error:
        why = "has over 50 MB" if isinstance(error, TooLargeError) else f"cannot be read: {error}"
        raise RowsError(name, [Problem((), why, "give the rows that the script prints")]) from error
    except (OSError, ValueError) as error:
        why = str(error.strerror) if isinstance(error, OSError) else "it is not UTF-8 text"
        remedy = "make it by  Rscript script.R > rows.csv"
        raise RowsError(name, [Problem((), f"cannot be read: {why}", remedy)]) from error
    return rows_in(text, name)


def rows_in(text: str, name: str = "rows.csv") -> list[Row]:
    """Return the rows in a CSV file's text; ``name`` is what errors call it.

    Raises
    ------
    RowsError
        If a line means nothing.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    seen: dict[tuple[object, ...], int] = {}
    try:
        header = [each.strip() for each in next(reader, [])]
        _check_header(header, name)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            line = reader.line_num
            try:
                row = _row(line, header, values)
            except _Wrong as wrong:
                problems.append(Problem((wrong.column,), wrong.message, wrong.remedy, line))
                continue
            if row.key in seen:
                message = f"says again what line {seen[row.key]} says"
                problems.append(Problem((), message, "keep one of the two lines", line))
            seen.setdefault(row.key, line)
            rows.append(row)
    except csv.Error as error:
        problems.append(Problem((), f"is no CSV: {error}", "write it as CSV, texts in quotes", reader.line_num))
    if problems:
        raise RowsError(name, told_once(problems))
    if not rows:
        raise RowsError(name, [Problem((), "holds no rows", "make it by  Rscript script.R > rows.csv")])
    return rows


def _check_header(header: list[str], name: str) -> None:
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        message = f"has no column {in_a_row(missing)}"
        raise RowsError(name, [Problem((), message, f"begin with the line  {','.join(COLUMNS)}", 1)])


class _Wrong(Exception):
    def __init__(self, column: str, message: str, remedy: str) -> None:
        self.column, self.message, self.remedy = column, message, remedy
        super().__init__(message)


def _row(line: int, header: list[str], values: list[str]) -> Row:
    if len(values) != len(header):
        message = f"has {len(values)} values for {len(header)} columns"
        raise _Wrong("kind", message, "put texts with a comma into quotes")
    cells = {column: value.strip() for column, value in zip(header, values, strict=True)}
    kind = _KIND.fullmatch(cells["kind"])
    if kind is None:
        guess = did_you_mean(cells["kind"], KINDS)
        raise _Wrong("kind", f"is {show(cells['kind'])}", f"{guess}write one of {', '.join(KINDS)}")
    number = _number(cells, "value")
    n, y = _counts(cells, "n"), _counts(cells, "y")
    about = (line, kind[1], kind[2] or "", cells["scenario"], _level(cells))
    row = Row(*about, n, y, cells["quantity"], cells["value"], number, _number(cells, "se"))
    return {"setting": _setting, "decision": _decision, "figure": _figure}[row.kind](row)


def _setting(row: Row) -> Row:
    if row.quantity.startswith("trials") and (row.number is None or row.number < 1):
        raise _Wrong("value", f"is {show(row.value)} trials", "write how many trials were simulated")
    return row


def _decision(row: Row) -> Row:
    if len(row.n) != len(row.y) or not row.n:
        raise _Wrong("n", "and y have not as many numbers", "write both, for the current level or for every level")
    if any(dlts > patients for patients, dlts in zip(row.n, row.y, strict=True)):
        raise _Wrong("y", f"is {show(' '.join(map(str, row.y)))}: more DLTs than patients", "write DLTs among n")
    if row.quantity == "decision":
        if row.value not in ("E", "S", "D", "DU"):
            raise _Wrong("value", f"is {show(row.value)}", "write E, S, D or DU")
        return row
    asked = _NEXT.fullmatch(row.quantity)
    if asked is None:
        raise _Wrong("quantity", f"is {show(row.quantity)}", "write decision, next_level or next_level after 1/3")
    if row.level is None:
        raise _Wrong("level", "is empty", "write the level of the last cohort, 0 before the first")
    if row.number is None or not row.number.is_integer():
        raise _Wrong("value", f"is {show(row.value)}", "write a level, 0 where the trial stops")
    last = (int(asked[1]), int(asked[2] or 0)) if asked[1] is not None else None
    if last is not None and asked[2] is not None and last[0] > last[1]:
        raise _Wrong("quantity", f"is {show(row.quantity)}: more DLTs than patients", "write DLTs, then patients")
    return replace(row, last=last)


def _figure(row: Row) -> Row:
    if row.quantity not in FIGURES:
        guess = did_you_mean(row.quantity, FIGURES)
        raise _Wrong("quantity", f"is {show(row.quantity)}", f"{guess}write one of {', '.join(FIGURES)}")
    if row.number is None:
        raise _Wrong("value", f"is {show(row.value)}", "write a number")
    if row.level is None:
        raise _Wrong("level", "is empty", "write a level, or 0 for no dose selected")
    if row.number < 0:
        raise _Wrong("value", f"is {show(row.value)}", "write a number of at least 0")
    if row.quantity == "selected" and row.number > 1 + 1e-9:
        raise _Wrong("value", f"is {show(row.value)}, no probability", "write shares, not percentages")
    if row.se is not None and row.se < 0:
        raise _Wrong("se", f"is {row.se:g}", "write a standard error of at least 0, or leave it empty")
    return row


def _number(cells: dict[str, str], column: str) -> float | None:
    text = cells[column]
    try:
        number = float(text)
    except ValueError:
        if column == "se" and text not in ("", "NA"):
            raise _Wrong("se", f"is {show(text)}", "write a number, or leave it empty") from None
        return None
    if not math.isfinite(number):
        if column == "se":
            return None
        raise _Wrong(column, f"is {show(text)}", "write a finite number")
    return number


def _level(cells: dict[str, str]) -> int | None:
    text = cells["level"]
    if text in ("", "NA"):
        return None
    if not _WHOLE.fullmatch(text):
        raise _Wrong("level", f"is {show(text)}", "write the number of a level, from 1, or 0")
    return int(text)


def _counts(cells: dict[str, str], column: str) -> tuple[int, ...]:
    numbers = cells[column].split()
    if not all(_WHOLE.fullmatch(each) for each in numbers):
        raise _Wrong(
            column, f"is {show(cells[column])}", "write whole numbers, with a space between those of several levels"
        )
    return tuple(int(each) for each in numbers)
