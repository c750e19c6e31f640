"""Where the cells of a sweep are kept: one file each, written under another name and renamed.

No lock is needed and no file is ever changed: processes that compute the same cell write the same bytes.  Nor is a file
waited for until it is on the disk, of which there may be a million: what a power cut leaves half written does not fit
its checksum, and is computed again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from doseesc.durable import hidden_name
from doseesc.files import ANOTHER_FOLDER, OutputError
from doseesc.input_files import read_bounded
from doseesc.planning.sweeps.cells import CellError, CellFigures, read_cell
from doseesc.results import SWEEP_FILE

_FOLDER, _ENDING = "cells", ".json"
_MOST_BYTES = 50_000_000  # of one cell


class Store(Protocol):
    """A place for cells."""

    def has(self, name: str) -> bool:
        """Return whether a cell is there."""

    def write(self, name: str, content: bytes) -> None:
        """Keep what a cell found."""

    def read(self, name: str) -> CellFigures | None:
        """Return what a cell found; None where it is not there, or not what was written."""


class Memory:
    """Cells of a sweep that writes no files."""

    def __init__(self) -> None:
        self._cells: dict[str, bytes] = {}

    def has(self, name: str) -> bool:
        """Return whether a cell is there."""
        return name in self._cells

    def write(self, name: str, content: bytes) -> None:
        """Keep what a cell found."""
        self._cells[name] = content

    def read(self, name: str) -> CellFigures | None:
        """Return what a cell found; None where it is not there."""
        return read_cell(self._cells[name], name) if name in self._cells else None


class Folder:
    """Cells in files ``cells/01/0123....json`` of a folder, which is made when the first is written.

    Parameters
    ----------
    folder : path
        That of the sweep.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._cells = self.folder / _FOLDER

    def check(self) -> None:
        """Refuse a folder in which other things lie; worth calling before a long computation.

        Raises
        ------
        OutputError
            If it is no folder, or holds files but no sweep.
        """
        if self.folder.is_dir():
            names = {each.name for each in os.scandir(self.folder) if not each.name.startswith(".")}
            if names and not names & {_FOLDER, SWEEP_FILE}:
                raise OutputError(f"{self.folder} holds other files, and no sweep\n  {ANOTHER_FOLDER}")
        elif os.path.lexists(self.folder):
            raise OutputError(f"{self.folder} exists and is no folder\n  {ANOTHER_FOLDER}")

    def path(self, name: str) -> Path:
        """Return the file of a cell."""
        return self._cells / name[:2] / f"{name}{_ENDING}"

    def has(self, name: str) -> bool:
        """Return whether a cell is there."""
        return os.path.exists(self.path(name))

    def present(self) -> set[str]:
        """Return the names of all cells that are there, those of other sweeps included."""
        return {each.name.removesuffix(_ENDING) for each in self._files() if each.name.endswith(_ENDING)}

    def write(self, name: str, content: bytes) -> None:
        """Keep what a cell found.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        path = self.path(name)
        fresh = path.with_name(hidden_name(path.name))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(content)
            try:
                fresh.replace(path)
            except FileNotFoundError:  # another sweep in this folder has ended and cleaned up, just now
                fresh.write_bytes(content)
                fresh.replace(path)
        except OSError as error:
            if path.exists():  # another process has been quicker
                return
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise OutputError(f"{path} cannot be written: {error.strerror or error}\n  {ANOTHER_FOLDER}") from error

    def read(self, name: str) -> CellFigures | None:
        """Return what a cell found; None where it is not there, or not what was written, which is then removed."""
        path = self.path(name)
        try:
            return read_cell(read_bounded(path, _MOST_BYTES), name)
        except FileNotFoundError:
            return None
        except (CellError, OSError):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return None

    def clean(self) -> None:
        """Remove what processes that were killed have left half written; for when no cell is missing any more."""
        for each in self._files():
            if each.name.startswith("."):
                with suppress(OSError):
                    os.unlink(each.path)

    def _files(self) -> Iterator[os.DirEntry[str]]:
        with suppress(FileNotFoundError):
            for part in os.scandir(self._cells):
                if part.is_dir(follow_symlinks=False):
                    yield from os.scandir(part.path)
