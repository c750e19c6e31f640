"""Files on their way to the disk: written through, under a lock, and moved into place in one step or made good later.

``locked``
    One process at a time changes a folder.  The lock is the system's own on the folder itself: it leaves no file
    behind and ends with the process that holds it, however that ends.  Windows locks files only: there it is one in
    the user's folder for temporary files, named after the folder, and ends with the process, too; that one has been
    tried with a stand-in for the system's call only, not on Windows itself.  Where there are no locks, as on some
    network drives, nothing is locked, and a warning says so.
``replace_files``
    Several files of a folder take their places together.  They are first written, whole and through to the disk, into
    a hidden folder inside it, and then a list of what is to be done.  What happens before the list is complete changes
    nothing; from then on the files are moved one by one, each in one step, and the folder and every file in it are
    there at every moment.
``recover``
    What a process left behind that was killed in between: without a complete list it is thrown away, with it the rest
    of the list is done.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from doseesc.input_files import json_of, read_bounded

_HIDDEN = ".doseesc-"
_LIST, _FILES = "list.json", "files"
_MOST_LIST = 10_000_000  # bytes
_PATIENCE = 30.0  # seconds that one waits for another to have written


class FolderInUseError(OSError):
    """Another process has been writing into the folder for too long."""


def write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    path.write_bytes(content)
    sync_file(path)


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk."""
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system knows how."""
    if os.name != "nt":
        with suppress(OSError):  # some network drives cannot
            sync_file(folder)


def hidden_name(name: str) -> str:
    """Return a new name beside ``name``, by which :func:`clean_beside` knows it; long names are cut."""
    short = name.encode()[:200].decode(errors="ignore")
    return f".{short}.{uuid.uuid4().hex[:8]}.new"


def clean_beside(path: Path) -> None:
    """Remove what an earlier process left of files or folders that were to become ``path``; call it under the lock."""
    short = path.name.encode()[:200].decode(errors="ignore")
    with suppress(OSError):
        for each in os.scandir(path.parent):
            mark = each.name.removeprefix(f".{short}.")
            random, _, ending = mark.partition(".")
            if mark != each.name and len(random) == 8 and ending in ("new", "old"):
                remove(Path(each.path))


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there; of a link only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            path.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of an existing folder; yields False, with a warning, where the system has no such locks.

    Raises
    ------
    FolderInUseError
        If another process keeps it.
    """
    system = _system_lock(folder)
    if system is None:
        _warn_unlocked(folder)
        yield False
        return
    try:
        descriptor = os.open(system.path, system.flags)
    except OSError:  # what cannot be read cannot be locked; whoever writes will say what is wrong
        if system.path != folder:
            _warn_unlocked(folder)
        yield False
        return
    held = False
    try:
        until = time.monotonic() + _PATIENCE
        while not held:
            try:
                system.take(descriptor)
                held = True
            except BlockingIOError:
                if time.monotonic() > until:
                    raise FolderInUseError(f"another process is writing into {folder}") from None
                time.sleep(0.02)
            except OSError:
                _warn_unlocked(folder)
                break
        yield held
    finally:
        if held:
            system.leave(descriptor)
        os.close(descriptor)


class _SystemLock(NamedTuple):
    """What is to be opened for a folder's lock, how, what takes it, and what gives it back."""

    path: Path
    flags: int
    take: Callable[[int], None]
    leave: Callable[[int], None]


def _system_lock(folder: Path) -> _SystemLock | None:
    """Return the lock of a folder; None where the system has no locks."""
    try:
        fcntl = import_module("fcntl")
    except ImportError:
        pass
    else:
        exclusive = fcntl.LOCK_EX | fcntl.LOCK_NB
        flags = os.O_RDONLY | os.O_CLOEXEC
        return _SystemLock(
            folder,
            flags,
            lambda descriptor: fcntl.flock(descriptor, exclusive),
            lambda descriptor: fcntl.flock(descriptor, fcntl.LOCK_UN),
        )
    try:
        msvcrt = import_module("msvcrt")
    except ImportError:
        return None
    # As Windows spells a folder, whatever way it was written.
    name = os.path.normcase(folder.resolve())
    path = Path(tempfile.gettempdir(), f"doseesc-{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock")

    def take(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # the byte at the start, which need not be there
        except PermissionError as error:  # which is how Windows says that another has it
            raise BlockingIOError(*error.args) from None

    def leave(descriptor: int) -> None:
        # Closing the file leaves that to the system, which may take its time.
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    return _SystemLock(path, os.O_RDWR | os.O_CREAT, take, leave)


def _warn_unlocked(folder: Path) -> None:
    warnings.warn(
        f"{folder} cannot be locked on this system: two runs that write into it at the same time may lose files",
        UserWarning,
        stacklevel=4,
    )


def replace_files(folder: Path, files: Mapping[str, bytes], drop: Sequence[str] = ()) -> None:
    """Let files of a folder take their places together, and remove others; call it under the folder's lock.

    Parameters
    ----------
    folder : path
        An existing folder.
    files : mapping of str to bytes
        Contents by names within the folder, with ``/`` where they lie deeper; the last to be moved is the last.
    drop : sequence of str
        Names at the top of the folder.
    """
    fresh = folder / f"{_HIDDEN}{uuid.uuid4().hex[:8]}"
    try:
        fresh.mkdir()
        for name, content in files.items():
            (fresh / _FILES / name).parent.mkdir(parents=True, exist_ok=True)
            write_through(fresh / _FILES / name, content)
        task = json.dumps({"move": list(files), "drop": list(drop)}).encode()
        write_through(fresh / f"{_LIST}.new", task)
        sync_folder(fresh)
        (fresh / f"{_LIST}.new").rename(fresh / _LIST)
        sync_folder(fresh)
        sync_folder(folder)
    except BaseException:
        remove(fresh)
        raise
    try:
        _do(folder, fresh)
    except OSError:
        raise
    except BaseException:  # interrupted: too late, all is written
        _do(folder, fresh)
        raise


def recover(folder: Path) -> None:
    """Throw away or finish what a process left in a folder that was killed; where nothing is left nothing is done.

    Raises
    ------
    FolderInUseError
        If another process is at it, and stays.
    """
    if not _left(folder):
        return
    with locked(folder) as held:
        if held:
            for fresh in _left(folder):
                _do(folder, fresh)


def _left(folder: Path) -> list[Path]:
    with suppress(OSError):
        return [Path(each.path) for each in os.scandir(folder) if each.name.startswith(_HIDDEN) and _is_folder(each)]
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _do(folder: Path, fresh: Path) -> None:
    """Do what a list says, as far as it is not yet done, and remove it; without a list remove what was prepared."""
    for name in _task(fresh, "drop"):
        if len(PurePosixPath(name).parts) == 1:
            remove(folder / name)
    for name in _task(fresh, "move"):
        source, place = fresh / _FILES / name, folder / name
        if not source.is_file() or source.is_symlink():
            continue  # moved already
        place.parent.mkdir(parents=True, exist_ok=True)
        source.replace(place)
        sync_folder(place.parent)
    sync_folder(folder)
    with suppress(OSError):
        (fresh / _LIST).unlink(missing_ok=True)  # first, since without it the rest is only thrown away
    remove(fresh)
    sync_folder(folder)


def _task(fresh: Path, part: str) -> list[str]:
    """Return a part of the list, as far as its names stay inside the folder: others may have written it."""
    try:
        names = json_of(read_bounded(fresh / _LIST, _MOST_LIST))[part]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    base = fresh.parent.resolve()
    return [name for name in (names if isinstance(names, list) else []) if _is_inside(base, name)]


def _is_inside(base: Path, name: object) -> bool:
    """Tell whether a name in a list is that of something inside a folder."""
    if not isinstance(name, str) or "\0" in name or ".." in PurePosixPath(name).parts:
        return False
    try:
        os.fsencode(name)
        return (base / name).parent.resolve().is_relative_to(base) and base / name != base
    except (OSError, ValueError, RuntimeError):  # no name of a file, or links in a circle
        return False
