"""Fits by NUTS on disk: what they are of, and how it is told that they are what they say.

A fit is used only if its checksum is that of its draws together with the model, the settings, the tally, the layout of
these files and the version of this program, and if its draws are as many as were asked for, finite, and probabilities.
Whatever else lies in its place is fitted anew.

The checksum shows accidents and mistaken copies.  It is no seal against somebody who computes another: therefore the
folder is the user's own (nobody else can enter it) unless a scenario file names one, and of a folder that others can
write into the user is warned.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray
from doseesc._version import __version__
from doseesc.files import OutputError, write_file
from doseesc.input_files import read_bounded

Counts = tuple[int, ...]

_LAYOUT = "doseesc nuts fit 2"
_HEADERS = 10_000  # bytes of a file besides its draws
_PRIVATE = 0o700


class Fit(NamedTuple):
    """A fit: draws of the DLT probabilities (D, J), and whether it has converged."""

    draws: npt.NDArray[np.float32]
    converged: bool


class FitName(NamedTuple):
    """What a fit is of: hash of model and settings, patients and DLTs (J,) of the tally, number of draws."""

    model: str
    n: Counts
    dlt: Counts
    draws: int

    def file(self, cache: str) -> Path:
        """Return where it lies in a cache."""
        n, dlt = ("-".join(map(str, counts)) for counts in (self.n, self.dlt))
        return Path(cache) / self.model / f"n{n}_dlt{dlt}.npz"


def default_cache() -> Path:
    """Return the folder of fits: doseesc/nuts in the user's cache folder.

    Raises
    ------
    OutputError
        If the user has no home.
    """
    root = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    try:
        return (Path(root) if root else Path.home() / ".cache") / "doseesc" / "nuts"
    except RuntimeError as error:
        raise OutputError(
            "there is no home folder to keep fits by NUTS in\n  set XDG_CACHE_HOME, or write  cache: FOLDER  beside "
            "type: pymc  in the scenario file"
        ) from error


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone; one that is there stays as it is.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        for each in (*reversed(folder.parents), folder):
            if not each.exists():
                each.mkdir(mode=_PRIVATE, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror or error}") from error


def shared_by(folder: Path) -> str:
    """Return in words why others can change what a folder holds; "" where they cannot, or there is none."""
    if os.name == "nt" or not folder.exists():
        return ""
    status = folder.stat()
    if status.st_uid not in (os.getuid(), 0):
        return "it belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write into it"
    return ""


def write_fit(file: Path, name: FitName, draws: FloatArray, converged: bool) -> None:
    """Write a fit, whole or not at all."""
    kept = draws.reshape(-1, draws.shape[-1]).astype(np.float32)
    stream = io.BytesIO()
    np.savez_compressed(stream, draws=kept, converged=converged, checksum=_checksum(name, kept, converged))
    private_folder(file.parent)
    write_file(file, stream.getvalue(), force=True)


def read_fit(file: Path, name: FitName) -> Fit | None:
    """Return a fit; None where there is none, or none that is of this model and tally and as it was written."""
    shape = name.draws, len(name.n)
    most = 4 * name.draws * len(name.n) + _HEADERS
    try:
        packed = io.BytesIO(read_bounded(file, most))
        with zipfile.ZipFile(packed) as archive:
            if sum(each.file_size for each in archive.infolist()) > most:
                return None
        packed.seek(0)
        with np.load(packed, allow_pickle=False) as stored:
            draws, converged, checksum = (stored[each] for each in ("draws", "converged", "checksum"))
    except Exception:  # whatever NumPy and zipfile make of damaged bytes
        return None
    sound = draws.shape == shape and draws.dtype == np.float32 and converged.shape == checksum.shape == ()
    if not sound or converged.dtype != np.bool_ or not ((draws >= 0) & (draws <= 1)).all():
        return None
    fit = Fit(draws, bool(converged))
    return fit if str(checksum) == _checksum(name, fit.draws, fit.converged) else None


def _checksum(name: FitName, draws: npt.NDArray[np.float32], converged: bool) -> str:
    what = (_LAYOUT, __version__, tuple(name), draws.shape, bool(converged))
    return hashlib.sha256(repr(what).encode() + np.ascontiguousarray(draws, "<f4").tobytes()).hexdigest()
