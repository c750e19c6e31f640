"""Files added to a results folder: the report, its figures, the protocol."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from doseesc.results.folder import OutputError


def add_files(files: Mapping[str, bytes], folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write files into a folder, each whole or not at all; with ``force`` they replace earlier ones.

    Raises
    ------
    OutputError
        If one exists and ``force`` is not given, or writing fails.
    """
    paths = {Path(folder) / name: content for name, content in files.items()}
    check_absent(list(paths), force=force)
    for path, content in paths.items():
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(content)
            fresh.replace(path)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
        finally:
            fresh.unlink(missing_ok=True)
    return list(paths)


def check_absent(paths: list[Path], *, force: bool) -> None:
    """Refuse to replace files without ``force``; worth calling before a long computation.

    Raises
    ------
    OutputError
        If one of the files exists and ``force`` is not given, or one is no file.
    """
    for path in paths:
        if path.exists() and not (force and path.is_file()):
            raise OutputError(f"{path} exists already\n  replace it with  --force")
