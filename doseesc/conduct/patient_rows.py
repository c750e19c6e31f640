"""Tables of patients as lines of text: from a CSV file as spreadsheets write it, or from a data frame."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.errors import Problem, ScenarioError
from doseesc.input_files import TooLargeError, UnusableFileError, read_bounded
from doseesc.wording import plain_number

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 10_000_000


class PatientsError(ScenarioError):
    """A file of patients that cannot be used; its text says everything found, each with line and column."""


Lines = list[tuple[int, list[str]]]


def csv_lines(path: Path, columns: tuple[str, ...]) -> tuple[Lines, str]:
    """Return the lines of a CSV file that are not empty, with their numbers, and the file's SHA-256.

    The header is the first line.

    Raises
    ------
    PatientsError
        If the file cannot be read, or is empty; ``columns`` are those it should begin with.
    """
    name = str(path)
    try:
        content = read_bounded(path, MAX_BYTES)
    except UnusableFileError as error:
        message = "has over 10 MB" if isinstance(error, TooLargeError) else f"cannot be read: {error}"
        problem = Problem((), message, "give a file of patients, one line each")
        raise PatientsError(name, [problem]) from error
    except OSError as error:
        problem = Problem((), f"cannot be read: {error.strerror}", "check the name of the file")
        raise PatientsError(name, [problem]) from error
    return lines_in(content, name, columns)


def lines_in(content: bytes, name: str, columns: tuple[str, ...]) -> tuple[Lines, str]:
    """Return the lines of a CSV file's content, as :func:`csv_lines` does; ``name`` is what errors call it."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise PatientsError(name, [Problem((), "is not UTF-8 text", "save it as  CSV UTF-8")]) from error
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    lines = []
    try:
        for row in reader:
            if any(value.strip() for value in row):
                lines.append((reader.line_num, row))
    except csv.Error as error:
        raise PatientsError(name, [Problem((), f"is no CSV: {error}", "save it as CSV", reader.line_num)]) from error
    if not lines:
        raise PatientsError(name, [Problem((), "is empty", f"begin with the line  {','.join(columns)}")])
    return lines, hashlib.sha256(content).hexdigest()


def frame_lines(frame: pd.DataFrame) -> Lines:
    """Return a data frame's rows as text, with their numbers from 1; the header is the first."""
    rows = frame.itertuples(index=False, name=None)
    return [(0, [str(name) for name in frame.columns])] + [
        (place, [_text(value) for value in row]) for place, row in enumerate(rows, 1)
    ]


def _text(value: Any) -> str:
    if value is None or value != value:  # NaN and NaT are not themselves
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return plain_number(value)
    return str(value)
