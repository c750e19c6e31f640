"""Files of other people, read within bounds: regular files only, and no more of them than makes sense."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any


class UnusableFileError(OSError):
    """A file that is not to be read; the text says why."""


class TooLargeError(UnusableFileError):
    """A file that is larger than makes sense."""


def read_bounded(path: str | Path, most: int) -> bytes:
    """Return a file's bytes.

    Never waits for a writer, as at a named pipe, and never reads without end, as from a device.

    Parameters
    ----------
    path : path
    most : int
        Bytes that it may have.

    Raises
    ------
    OSError
        If it cannot be read (UnusableFileError if it is no regular file, or larger).
    ValueError
        If the name cannot be that of a file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFileError("it is no regular file")
        content = stream.read(most + 1) if status.st_size <= most else b""
        if status.st_size > most or len(content) > most:
            raise TooLargeError(f"it is larger than {_size(most)}")
        return content


def json_of(text: bytes) -> Any:
    """Return what JSON of other people holds.

    Raises
    ------
    ValueError
        If it is no JSON, holds what JSON has no numbers for, or is nested too deep.
    """
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _size(most: int) -> str:
    return f"{most / 1e6:,.0f} MB" if most >= 1_000_000 else f"{most:,} bytes"
