"""Policies in files of their own, as ``doseesc optimal`` writes them: NumPy archives of plain numbers."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from designs.policy_table import Policy, policy_from_arrays
from designs.policy_text import MOST_UNFOLDED, policy_text
from doseesc.errors import FieldPath, Problem, show
from doseesc.study.beside import Filled, file_beside, read_beside, with_entries
from doseesc.study.yaml_source import Source

TYPE = "policy"
_ARRAYS = ("facts", "truths", "weight", "gain", "patient_price", "steps", "proposals")
_DAMAGED = (
    *(ValueError, LookupError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error),
    RuntimeError,  # a member that claims to be encrypted, or packed in a way that nobody knows
)
_REMEDY = "write the name of a file beside this one that  doseesc optimal  has written, for example  file: optimum.npz"


def with_policy_files(source: Source) -> tuple[Source, list[Problem]]:
    """Put what their files hold into the designs of type policy; see :func:`doseesc.study.beside.with_entries`."""

    def fill(entry: dict[str, Any], path: FieldPath) -> Filled:
        if str(entry.get("type")).lower() != TYPE or "policy" in entry:
            return None
        try:
            return {**entry, "policy": _read(source, entry)}
        except ValueError as error:
            given = f"is {show(entry['file'])}, which {error}" if "file" in entry else "is missing"
            return [Problem((*path, "file"), given, _REMEDY)]

    return with_entries(source, fill)


def policy_file(policy: Policy) -> bytes:
    """Return the content of a policy's file, an .npz.

    Raises
    ------
    ValueError
        If a rule has no name in files.
    """
    stream = io.BytesIO()
    np.savez_compressed(stream, **policy.to_arrays())  # type: ignore[arg-type]  # its stub takes arrays for allow_pickle
    return stream.getvalue()


def read_policy_file(content: bytes) -> Policy:
    """Return the policy of :func:`policy_file`.

    Raises
    ------
    ValueError
        If it is none; the message continues the file's name.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            arrays = {name: _array(archive, f"{name}.npy") for name in _ARRAYS}
    except _DAMAGED as error:
        raise ValueError(f"is no policy, or damaged: {error}") from error
    return policy_from_arrays(arrays)


def _read(source: Source, entry: Mapping[str, Any]) -> str:
    name = entry.get("file")
    if not isinstance(name, str):
        raise ValueError("is not the name of a file")
    return policy_text(read_policy_file(read_beside(file_beside(source.path, name))))


def _array(archive: zipfile.ZipFile, name: str) -> Any:
    """Read one array, whose size is known before any of it is unfolded."""
    info = archive.getinfo(name)
    if info.file_size > MOST_UNFOLDED:
        raise ValueError(f"{name} unfolds to more than {MOST_UNFOLDED / 1e6:,.0f} MB")
    stream = io.BytesIO(archive.read(info))
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{name} is of another format")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=10_000)
    if dtype.hasobject or np.prod(shape, dtype=np.float64) * dtype.itemsize != info.file_size - stream.tell():
        raise ValueError(f"{name} does not hold what it says")
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)
