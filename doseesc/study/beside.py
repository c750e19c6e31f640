"""Files that a scenario file names: they lie in its folder or below, links followed, and are of bounded size.

Whoever gives the scenario file gives what lies beside it too; no file can reach for anything else.
"""

from __future__ import annotations

from pathlib import Path

from doseesc.input_files import read_bounded

MOST_BYTES = 1_000_000


def file_beside(source: str, name: str) -> Path | None:
    """Return the file of that name beside a scenario file; None unless it lies in its folder."""
    try:
        base = Path(source).parent.resolve()
        file = (base / name).resolve()
    except (OSError, RuntimeError, ValueError):  # too long, a circle of links, no name at all
        return None
    return file if not Path(name).is_absolute() and file.is_relative_to(base) else None


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
