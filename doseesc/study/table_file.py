"""A design's decision table from a file of its own: CSV with n, dlts, decision, or YAML with a row of letters per n."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from designs.table_design import table_from_rows
from doseesc.errors import Problem, ScenarioError, show
from doseesc.study.beside import file_beside, read_beside
from doseesc.study.yaml_source import Source, source_of

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
            file = file_beside(source.path, name)
            if file is None:
                raise ValueError("does not lie in the scenario file's folder")
            filled.append({**entry, "table": read_table(file)})
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
    raw = read_beside(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path, raw)
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), skipinitialspace=True)
        header = [name.strip().lower() for name in reader.fieldnames or []]
        header = ["dlts" if name == "dlt" else name for name in header]  # as  doseesc table  writes it
        # What a file holds that is no table stays unsaid: it may be private.
        if sorted(header) != sorted(COLUMNS):
            raise ValueError(f"line 1 has not the columns {', '.join(COLUMNS)}")
        reader.fieldnames = header
        rows = [_row(reader.line_num, line) for line in reader]
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8 text") from error
    except csv.Error as error:
        raise ValueError(f"is no CSV ({error})") from error
    return table_from_rows(rows)


def _row(number: int, line: Mapping[str, str | None]) -> tuple[int, int, str]:
    try:
        return int(line["n"] or ""), int(line["dlts"] or ""), str(line["decision"] or "")
    except ValueError:
        raise ValueError(f"line {number} does not hold two whole numbers and a decision") from None


def _from_yaml(path: Path, raw: bytes) -> dict[int, str]:
    try:
        data = source_of(str(path), raw).data
    except ScenarioError as error:
        raise ValueError(f"line {error.problems[0].line or 1} is not YAML") from error
    if not isinstance(data, dict):
        raise ValueError("holds no rows such as  3: ESDU")
    try:
        return {int(patients): str(letters) for patients, letters in data.items()}
    except ValueError:
        raise ValueError("has a row that does not begin with a number of patients") from None
