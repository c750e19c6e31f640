"""A design's decision table from a file of its own: CSV with n, dlts, decision, or YAML with a row of letters per n."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from designs.table_design import table_from_rows
from doseesc.errors import Problem, ScenarioError, show
from doseesc.study.yaml_source import Source, read_source

COLUMNS = ("n", "dlts", "decision")
_REMEDY = "write a CSV file with the columns n, dlts, decision (E, S, D or DU), one line per number of DLTs"


def with_table_files(source: Source) -> tuple[Source, list[Problem]]:
    """Replace every ``table: file`` of a design by what the file holds.

    Parameters
    ----------
    source : Source
        A scenario file as read; names of table files are relative to its folder.

    Returns
    -------
    source : Source
        The same with tables in place of file names.
    problems : list of Problem
        What is wrong with the files.
    """
    entries = source.data.get("designs")
    if not isinstance(entries, list):
        return source, []
    problems: list[Problem] = []
    filled: list[Any] = []
    for place, entry in enumerate(entries):
        name = entry.get("table") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            filled.append(entry)
            continue
        try:
            filled.append({**entry, "table": read_table(Path(source.path).parent / name)})
        except ValueError as error:
            problems.append(Problem(("designs", place, "table"), f"is {show(name)}: {error}", _REMEDY))
            filled.append(entry)
    return replace(source, data={**source.data, "designs": filled}), problems


def read_table(path: Path) -> dict[int, str]:
    """Read a decision table.

    Raises
    ------
    ValueError
        If the file cannot be read, or is no decision table; the message says where.
    """
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            header = [name.strip().lower() for name in reader.fieldnames or []]
            header = ["dlts" if name == "dlt" else name for name in header]  # as  doseesc table  writes it
            if sorted(header) != sorted(COLUMNS):
                raise ValueError(f"line 1 has the columns {', '.join(header) or 'none'}, not {', '.join(COLUMNS)}")
            reader.fieldnames = header
            rows = [_row(reader.line_num, line) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"cannot be read ({error})") from error
    return table_from_rows(rows)


def _row(number: int, line: Mapping[str, str | None]) -> tuple[int, int, str]:
    try:
        return int(line["n"] or ""), int(line["dlts"] or ""), str(line["decision"] or "")
    except ValueError:
        written = ",".join(str(value) for value in line.values())
        raise ValueError(f"line {number} is {written!r}, not two whole numbers and a decision") from None


def _from_yaml(path: Path) -> dict[int, str]:
    try:
        data = read_source(path).data
    except ScenarioError as error:
        raise ValueError(str(error)) from error
    if not isinstance(data, dict):
        raise ValueError("holds no rows such as  3: ESDU")
    try:
        return {int(patients): str(letters) for patients, letters in data.items()}
    except ValueError:
        raise ValueError("has a row that does not begin with a number of patients") from None
