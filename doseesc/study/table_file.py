"""A design's decision table from a file of its own: CSV, a decision a line, or YAML with a row of letters per n."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from designs.pending_letters import LETTERS as PENDING_LETTERS
from designs.pending_rows import rows_from_states
from designs.rules.base import counted
from designs.table_design import LETTERS, table_from_rows
from doseesc.errors import FieldPath, Problem, ScenarioError, show
from doseesc.study.beside import Filled, file_beside, read_beside, with_entries
from doseesc.study.yaml_source import Source, source_of

COLUMNS = ("n", "dlts", "decision")
PENDING = "pending"
"""The further column of tables that say what happens while patients are pending."""

RANGES = ("n", "dlt_min", "dlt_max", "pending_min", "pending_max", "decision")
"""The columns of such a table as ``doseesc table`` writes it, several states a line."""

_REMEDY = (
    "write a CSV file with the columns n, dlts, decision (E, S, D or DU), one line per number of DLTs; with pending "
    "patients also a column pending, and the decisions W and M"
)
_SHOWN = 5
_MOST_PARTED = 100  # patients of a line that is parted into its states: with more a table is refused
_LONGEST = 8  # characters of a cell that a message repeats

_Cells = Mapping[str, str | None]

Table = dict[int, str] | dict[int, dict[int, str]]
"""Letters by patients, or by patients entered and patients pending."""


class _Line(NamedTuple):
    number: int
    n: int
    dlts: int
    pending: int
    decision: str


def with_table_files(source: Source) -> tuple[Source, list[Problem]]:
    """Replace every ``table: file`` of a design by what the file holds.

    See :func:`doseesc.study.beside.with_entries`.
    """

    def fill(entry: dict[str, Any], path: FieldPath) -> Filled:
        name = entry.get("table")
        if not isinstance(name, str):
            return None
        try:
            return {**entry, "table": read_table(file_beside(source.path, name))}
        except ValueError as error:
            return [Problem((*path, "table"), f"is {show(name)}: {error}", _REMEDY)]

    return with_entries(source, fill)


def read_table(path: Path) -> Table:
    """Read a decision table.

    Raises
    ------
    ValueError
        If the file cannot be read, or is no decision table; the message says on which lines.
    """
    raw = read_beside(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path, raw)
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), skipinitialspace=True)
        header = [name.strip().lower() for name in reader.fieldnames or []]
        header = ["dlts" if name == "dlt" else name for name in header]  # as  doseesc table  writes it
        # What a file holds that is no table stays unsaid: it may be private.
        if sorted(header) == sorted(RANGES):
            reader.fieldnames = header
            return _from_lines(_states_of([(reader.line_num, line) for line in reader]), by_pending=True)
        if sorted(header) not in (sorted(COLUMNS), sorted((*COLUMNS, PENDING))):
            raise ValueError(
                f"line 1 has not the columns {', '.join(COLUMNS)}, and {PENDING} where patients may be pending"
            )
        reader.fieldnames = header
        return _from_lines([(reader.line_num, line) for line in reader], PENDING in header)
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8 text") from error
    except csv.Error as error:
        raise ValueError(f"is no CSV ({error})") from error


def _from_lines(written: Iterable[tuple[int, _Cells]], by_pending: bool) -> Table:
    lines: dict[tuple[int, int, int], _Line] = {}
    problems: list[str] = []
    for number, cells in written:
        line = _read_line(number, cells, by_pending)
        if isinstance(line, str):
            problems.append(line)
            continue
        first = lines.setdefault((line.n, line.dlts, line.pending), line)
        if first is not line:
            problems.append(f"lines {first.number} and {number} are two decisions for {_state(line, by_pending)}")
    if problems:
        more = len(problems) - _SHOWN
        raise ValueError("; ".join(problems[:_SHOWN]) + (f"; and {more} more lines" if more > 0 else ""))
    if not by_pending:
        return table_from_rows((line.n, line.dlts, line.decision) for line in lines.values())
    table: dict[int, dict[int, str]] = {}
    for n, pending, letters in rows_from_states({state: line.decision for state, line in lines.items()}):
        table.setdefault(n, {})[pending] = letters
    return table


def _states_of(written: Iterable[tuple[int, _Cells]]) -> Iterator[tuple[int, _Cells]]:
    """Part lines with ranges into lines of one state.

    Raises
    ------
    ValueError
        Of the first line that has no such ranges.
    """
    for number, cells in written:
        try:
            n, *ends = (int(cells[name] or "") for name in RANGES[:-1])
        except ValueError:
            as_written = ",".join(_brief(value) for value in cells.values())
            raise ValueError(f"line {number} is {as_written!r}, not five whole numbers and a decision") from None
        least, most, fewest, largest = ends
        if not (0 <= least <= most <= n and 0 <= fewest <= largest <= n):
            ranges = f"{least} to {most} DLTs and {fewest} to {largest} pending of {counted(n, 'patient')}"
            raise ValueError(f"line {number} has {ranges}, which cannot be")
        if n > _MOST_PARTED:
            most, largest = least, fewest
        for dlts in range(least, most + 1):
            for pending in range(fewest, min(largest, n - dlts) + 1):
                yield number, {"n": str(n), "dlts": str(dlts), PENDING: str(pending), "decision": cells["decision"]}


def _read_line(number: int, cells: _Cells, by_pending: bool) -> _Line | str:
    """Return a line, or what is wrong with it."""
    try:
        n, dlts = int(cells["n"] or ""), int(cells["dlts"] or "")
        pending = int(cells[PENDING] or "") if by_pending else 0
    except (ValueError, KeyError):
        as_written = ",".join(_brief(value) for value in cells.values())
        numbers = "three whole numbers" if by_pending else "two whole numbers"
        return f"line {number} is {as_written!r}, not {numbers} and a decision"
    decision = str(cells["decision"] or "").strip().upper()
    decision = "U" if decision == "DU" else decision
    line = _Line(number, n, dlts, pending, decision)
    letters = PENDING_LETTERS if by_pending else LETTERS
    if len(decision) != 1 or decision not in letters:
        known = ", ".join("DU" if letter == "U" else letter for letter in letters)
        return f"line {number} has the decision {_brief(cells['decision'])!r}, not one of {known}"
    if n < 1 or dlts < 0 or pending < 0 or dlts + pending > n:
        return f"line {number} has {_state(line, by_pending)}, which cannot be"
    return line


def _brief(value: object) -> str:
    """Write what stands in a cell; what is too long for a table's stays unsaid, since it may be private."""
    text = str(value)
    return text if len(text) <= _LONGEST else "..."


def _state(line: _Line, by_pending: bool) -> str:
    pending = f" of whom {line.pending} are pending" if by_pending else ""
    return f"{counted(line.dlts, 'DLT')} in {counted(line.n, 'patient')}{pending}"


def _from_yaml(path: Path, raw: bytes) -> Table:
    try:
        data = source_of(str(path), raw).data
    except ScenarioError as error:
        raise ValueError(f"line {error.problems[0].line or 1} is not YAML") from error
    if not isinstance(data, dict):
        raise ValueError("holds no rows such as  3: ESDU")
    try:
        if any(isinstance(row, dict) for row in data.values()):
            return {
                int(n): {int(c): str(letters) for c, letters in (row if isinstance(row, dict) else {0: row}).items()}
                for n, row in data.items()
            }
        return {int(patients): str(letters) for patients, letters in data.items()}
    except ValueError:
        raise ValueError("has a row that does not begin with a number of patients") from None
