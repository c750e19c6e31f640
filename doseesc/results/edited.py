"""Which files of a results folder somebody has edited: those are never lost.

A protocol is there to be edited.  When one is written, its hash is noted in ``.written.json`` beside it; a file of
another hash has been edited since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from doseesc.files import json_text
from doseesc.input_files import read_bounded

WRITTEN_FILE = ".written.json"
PROTOCOL_FILES = ("protocol.docx", "protocol.md")

_MOST = 100_000_000  # bytes


def written_note(files: Mapping[str, bytes]) -> str:
    """Return the text of :data:`WRITTEN_FILE` for files that are about to be written."""
    return json_text({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def as_written(folder: Path, names: Sequence[str] = PROTOCOL_FILES) -> list[str]:
    """Return those of the files that are there and as they were written."""
    return [name for name in names if (folder / name).is_file() and _hash(folder / name) in _known(folder, name)]


def edited(folder: Path, names: Sequence[str] = PROTOCOL_FILES) -> list[str]:
    """Return those of the files that are there and are not known to be as they were written."""
    kept = as_written(folder, names)
    return [name for name in names if (folder / name).is_file() and name not in kept]


def copies_of_edited(folder: Path, names: Sequence[str] = PROTOCOL_FILES) -> dict[str, bytes]:
    """Return edited files under names of their own, such as ``protocol.edited-1.md``; new ones take their places."""
    return {_free_name(folder, name): read_bounded(folder / name, _MOST) for name in edited(folder, names)}


def _free_name(folder: Path, name: str) -> str:
    stem, dot, ending = name.partition(".")
    number = 1
    while (folder / f"{stem}.edited-{number}{dot}{ending}").exists():
        number += 1
    return f"{stem}.edited-{number}{dot}{ending}"


def _hash(file: Path) -> str:
    return hashlib.sha256(read_bounded(file, _MOST)).hexdigest()


def _known(folder: Path, name: str) -> list[str]:
    try:
        noted = json.loads(read_bounded(folder / WRITTEN_FILE, _MOST))
        return [str(noted[name])]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return []
