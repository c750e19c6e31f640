"""Files that a scenario file names: they lie in its folder or below, links followed, and are of bounded size.

Whoever gives the scenario file gives what lies beside it too; no file can reach for anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from doseesc.errors import FieldPath, Problem
from doseesc.input_files import read_bounded
from doseesc.study.yaml_source import Source

MOST_BYTES = 1_000_000

Filled = dict[str, Any] | list[Problem] | None
"""An entry of ``designs`` with what its file holds, what is wrong with the file, or None where the entry names none."""


def with_entries(source: Source, fill: Callable[[dict[str, Any], FieldPath], Filled]) -> tuple[Source, list[Problem]]:
    """Put what files hold into the entries of ``designs`` that name them.

    Parameters
    ----------
    source : Source
        A scenario file as read; names of files are relative to its folder.
    fill : callable
        Takes an entry and its place.

    Returns
    -------
    source : Source
        The same with filled entries, where nothing is wrong.
    problems : list of Problem
        What is wrong with the files.
    """
    entries = source.data.get("designs")
    if not isinstance(entries, list):
        return source, []
    problems: list[Problem] = []
    filled: list[Any] = []
    for place, entry in enumerate(entries):
        found = fill(entry, ("designs", place)) if isinstance(entry, dict) else None
        if isinstance(found, list):
            problems += found
        filled.append(found if isinstance(found, dict) else entry)
    return replace(source, data={**source.data, "designs": filled}), problems


def file_beside(source: str, name: str) -> Path:
    """Return the file of that name beside a scenario file.

    Raises
    ------
    ValueError
        Unless it lies in its folder; the message continues the file's name.
    """
    try:
        base = Path(source).parent.resolve()
        file = (base / name).resolve()
    except (OSError, RuntimeError, ValueError):  # too long, a circle of links, no name at all
        file = None
    if file is None or Path(name).is_absolute() or not file.is_relative_to(base):
        raise ValueError("does not lie in the scenario file's folder")
    return file


def read_beside(file: Path) -> bytes:
    """Return its bytes.

    Raises
    ------
    ValueError
        If it cannot be read, is no regular file or too large; the message continues the file's name.
    """
    try:
        return read_bounded(file, MOST_BYTES)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror or error})") from error
