"""Files and folders, written whole or not at all.

A file is written beside the wanted place under another name, and takes its name only when it is complete; so is a
folder.  Whatever happens before leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    """Write files as a folder, whole or not at all; a folder of that name is replaced once the new is complete.

    With ``keep`` the new folder holds besides what the old one held, but for files and folders named in ``drop``.

    Raises
    ------
    OutputError
        If writing fails.
    """
    path = Path(folder)
    target = path.resolve()
    mark = uuid.uuid4().hex[:8]
    fresh, old = (target.with_name(f".{target.name}.{mark}.{what}") for what in ("new", "old"))
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        if keep and target.exists():
            shutil.copytree(target, fresh, symlinks=True, ignore=_only_at_the_top(target, drop))
        else:
            fresh.mkdir()
        for name, content in files.items():
            _write(fresh / name, content)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    except BaseException as error:
        _undo(target, fresh, old, missing)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise OutputError(f"{path} cannot be written: {reason}\n  {ANOTHER_FOLDER}") from error
        raise
    shutil.rmtree(old, ignore_errors=True)
    return path


def _only_at_the_top(top: Path, names: Sequence[str]) -> Callable[[str, list[str]], set[str]]:
    return lambda folder, inside: set(names).intersection(inside) if Path(folder) == top else set()


def _undo(target: Path, fresh: Path, old: Path, missing: list[Path]) -> None:
    """Put things back as they were; ``missing`` are the parents that did not exist, the innermost first."""
    shutil.rmtree(fresh, ignore_errors=True)
    if old.exists():
        if target.exists():  # interrupted after the new folder took its name
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
    for parent in missing:
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def write_file(path: str | Path, content: str | bytes, *, force: bool = False, parents: bool = False) -> Path:
    """Write one file, whole or not at all; text as UTF-8.

    Parameters
    ----------
    path : path
    content : str or bytes
    force : bool
        Replace an earlier file.
    parents : bool
        Make the folders above it where there are none.

    Raises
    ------
    OutputError
        If it exists and ``force`` is not given, or writing fails.
    """
    path = Path(path)
    check_absent([path], force=force)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        _write(fresh, content)
        fresh.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}\n  choose another name") from error
    finally:
        with suppress(OSError):  # such as a parent that is a file; the error above tells of it
            fresh.unlink(missing_ok=True)
    return path


def add_files(files: Mapping[str, str | bytes], folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write files into a folder, which is made if need be, each whole or not at all.

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
    paths = {Path(folder) / name: content for name, content in files.items()}
    check_absent(paths, force=force)
    return [write_file(path, content, force=force, parents=True) for path, content in paths.items()]


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


def _write(path: Path, content: str | bytes) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
