"""A YAML file on the disk, and what is meant by a name where none lies."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

from doseesc.errors import ScenarioError, show, word_meant
from doseesc.input_files import read_bounded
from doseesc.study.shipped import shipped_replays, shipped_scenarios, shipped_sweeps
from doseesc.study.yaml_source import Source, refused, source_of
from doseesc.wording import nearest

MAX_BYTES = 1_000_000

_ENDINGS = (".yaml", ".yml")


def read_source(path: str | Path) -> Source:
    """Read a YAML file.

    Raises
    ------
    ScenarioError
        If the file is missing, no regular file, too large, not UTF-8, empty or not YAML.
    """
    name = str(path)
    return source_of(name, _read_bytes(Path(path), name))


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refused(name, "is a directory", _files_in(path))
        if not stat.S_ISREG(status.st_mode):
            raise refused(name, "is not a regular file", "name a scenario file")
        if status.st_size > MAX_BYTES:
            message = f"has {status.st_size / 1e6:.1f} MB; a scenario file has at most 1 MB"
            raise refused(name, message, "name a scenario file, not data")
        raw = read_bounded(path, MAX_BYTES)
    except ScenarioError:
        raise
    except FileNotFoundError as error:
        raise refused(name, "does not exist", _file_meant(path)) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise refused(name, f"cannot be read: {reason}", "check the file's name and permissions") from error
    if not raw.strip(b" \t\r\n\xef\xbb\xbf"):
        raise refused(name, "is empty", "start from  doseesc init")
    return raw


def _files_in(folder: Path) -> str:
    """Return what to write instead of a folder."""
    with suppress(OSError):
        names = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in _ENDINGS)
        if names:
            return f"name one of its files:  {', '.join(show(str(folder / each)) for each in names[:5])}"
        if (folder / "results.json").is_file():
            return f"these are results:  doseesc report {folder},  or  doseesc compare"
    return "name a scenario file;  doseesc init  writes one"


def _file_meant(path: Path) -> str:
    """Return what to write instead of a file that is not there."""
    with suppress(OSError, ValueError):
        for ending in _ENDINGS:
            other = path.with_suffix(ending)
            if other.is_file():
                return f"did you mean  {other}?"
        by_stem = {each.stem: each for each in path.parent.iterdir() if each.suffix.lower() in _ENDINGS}
        near = nearest(path.stem, by_stem)
        if near:
            return f"did you mean  {by_stem[near]}?"
    if str(path) in shipped_sweeps():
        return f"that is a shipped sweep, of many studies:  doseesc sweep {path}"
    shipped = word_meant(path.stem, {**shipped_scenarios(), **shipped_sweeps(), **shipped_replays()})
    meant = f"did you mean the shipped  {shipped}?  " if shipped else "name an existing file;  "
    return f"{meant}doseesc scenarios  lists the shipped ones"
