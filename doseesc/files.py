"""Files and folders, written whole or not at all.

A file is written beside the wanted place under another name, and takes its name only when it is complete; so is a
folder.  Files of a folder that is there already take their places together, and the folder is never gone; see
:mod:`doseesc.durable`.  What was edited or added by hand stays where it is.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.durable import (
    clean_beside,
    hidden_name,
    locked,
    recover,
    remove,
    replace_files,
    sync_file,
    sync_folder,
    write_through,
)

if TYPE_CHECKING:
    import pandas as pd

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")

ANOTHER_FOLDER = "choose another folder with  --out DIR"


class OutputError(RuntimeError):
    """The results cannot be written where they were asked for; the text says what to do instead."""


def write_folder(
    files: Mapping[str, str | bytes], folder: str | Path, *, keep: bool = False, drop: Sequence[str] = ()
) -> Path:
    """Write files as a folder, whole or not at all; those of a folder of that name are replaced once all are written.

    With ``keep`` what the old folder held besides stays, but for files and folders named in ``drop``.

    Raises
    ------
    OutputError
        If writing fails, or another process keeps writing into the folder.
    """
    path = Path(folder)
    contents = {name: _bytes(content) for name, content in files.items()}
    try:
        target = path.resolve()
        if target.is_dir():
            _replace(target, contents, keep=keep, drop=drop)
        else:
            _make(target, contents)
    except OSError as error:
        raise _refusal(path, error, ANOTHER_FOLDER) from error
    return path


def _replace(target: Path, contents: Mapping[str, bytes], *, keep: bool, drop: Sequence[str]) -> None:
    recover(target)
    with locked(target):
        if not keep:
            drop = [
                each.name for each in target.iterdir() if each.name not in {name.split("/")[0] for name in contents}
            ]
        replace_files(target, contents, drop)


def _make(target: Path, contents: Mapping[str, bytes]) -> None:
    missing = [parent for parent in target.parents if not parent.exists()]
    fresh = target.with_name(hidden_name(target.name))
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.parent) as held:
            if held:
                clean_beside(target)
            fresh.mkdir()
            for name, content in contents.items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                write_through(fresh / name, content)
                sync_folder((fresh / name).parent)
            fresh.rename(target)
            for parent in (target.parent, *(each.parent for each in missing)):
                sync_folder(parent)
    except BaseException:
        remove(fresh)
        for parent in missing:  # the innermost first
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise


def write_file(
    path: str | Path, content: str | bytes | Callable[[], str], *, force: bool = False, parents: bool = False
) -> Path:
    """Write one file, whole or not at all; text as UTF-8.

    Parameters
    ----------
    path : path
    content : str, bytes or callable
        What is to be written; a function gives it while no other process writes here, and may read what is there.
    force : bool
        Replace an earlier file.
    parents : bool
        Make the folders above it where there are none.

    Raises
    ------
    OutputError
        If it exists and ``force`` is not given, or writing fails.
    """
    return _write(
        path,
        lambda fresh: write_through(fresh, _bytes(content() if callable(content) else content)),
        force=force,
        parents=parents,
    )


def write_file_by(path: str | Path, write: Callable[[Path], object], *, force: bool = False) -> Path:
    """Let a function write one file, whole or not at all; for what is too large to be held in memory.

    Parameters
    ----------
    path : path
        Folders above it are made where there are none.
    write : callable
        Writes the file whose path it is given.
    force : bool
        Replace an earlier file.

    Raises
    ------
    OutputError
        If it exists and ``force`` is not given, or writing fails.
    """

    def fill(fresh: Path) -> None:
        write(fresh)
        sync_file(fresh)

    return _write(path, fill, force=force, parents=True)


def _write(path: str | Path, fill: Callable[[Path], None], *, force: bool, parents: bool) -> Path:
    path = Path(path)
    check_absent([path], force=force)
    fresh = path.with_name(hidden_name(path.name))
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent) as held:
            if held:
                clean_beside(path)
            fill(fresh)
            fresh.replace(path)
            sync_folder(path.parent)
    except OSError as error:
        raise _refusal(path, error, "choose another name") from error
    finally:
        with suppress(OSError):  # such as a parent that is a file; the error above tells of it
            fresh.unlink(missing_ok=True)
    return path


def add_files(files: Mapping[str, str | bytes], folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write files into a folder, which is made if need be, all of them or none.

    Parameters
    ----------
    files : mapping of str to str or bytes
        Contents by the names of the files within the folder.
    folder : path
    force : bool
        Replace earlier files.

    Raises
    ------
    OutputError
        If one exists and ``force`` is not given, before any is written, or if writing fails.
    """
    paths = [Path(folder) / name for name in files]
    check_absent(paths, force=force)
    write_folder(files, folder, keep=True)
    return paths


def check_absent(paths: Iterable[Path], *, force: bool) -> None:
    """Refuse to replace files without ``force``; worth calling before a long computation.

    Raises
    ------
    OutputError
        If one of the files exists and ``force`` is not given, or one is no file.
    """
    for path in paths:
        if not os.path.lexists(path):
            continue
        if not path.is_file():
            raise OutputError(f"{path} exists already and is no file\n  choose another name")
        if not force:
            raise OutputError(f"{path} exists already\n  replace it with  --force,  or move it away")


def bytes_of_file(write: Callable[[Path], object], name: str) -> bytes:
    """Return what a function writes that can only write into a file, whose ending is that of ``name``."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        write(path)
        return path.read_bytes()


def json_text(value: Any) -> str:
    """Return plain values as JSON for other programs."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def rounded_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as plain values for JSON, to 15 digits: the last bits depend on the processor."""
    return list(json.loads(frame.to_json(orient="records", double_precision=15)))


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as plain values for JSON; what is missing is None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV, without its index and with the same line ends on every system."""
    import pandas as pd

    safe = frame.rename(columns=csv_cell)
    for name in safe:
        if safe[name].dtype.kind not in "biufcmM":
            cells = [csv_cell(each) for each in safe[name]]
            safe[name] = pd.Series(cells, index=safe.index, dtype=object)  # as they are: 1 does not become 1.0
    return safe.to_csv(index=False, lineterminator="\n")


def csv_cell(value: Any) -> Any:
    """Return what a cell of a CSV file holds, so that no spreadsheet takes a text for a formula and runs it.

    Examples
    --------
    >>> [csv_cell(each) for each in ("BOIN", "=HYPERLINK(0)", "-1", -1.5, None)]
    ['BOIN', "'=HYPERLINK(0)", '-1', -1.5, None]
    """
    if not isinstance(value, str) or not value.startswith(_FORMULAS):
        return value
    return value if _NUMBER.fullmatch(value) else "'" + value


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _refusal(path: Path, error: OSError, remedy: str) -> OutputError:
    return OutputError(f"{path} cannot be written: {error.strerror or error}\n  {remedy}")
