"""The lock of a folder: the system's own, that of Windows where there is no other, and none with a warning."""

import errno
import fcntl
import os
import sys
import tempfile
import threading

import pytest

from doseesc import durable
from doseesc.durable import FolderInUseError, locked
from doseesc.files import OutputError, write_folder


class Windows:
    """The part of ``msvcrt`` that locks, as documented (learn.microsoft.com/cpp/c-runtime-library/reference/locking).

    It locks ``nbytes`` of a *file* from the file pointer's place, beyond its end too; what is locked by any handle is
    refused to all others, of the same process too, by EACCES, at once with ``_LK_NBLCK``; what is unlocked must have
    been locked, by the same handle, at the same place and length, else EACCES.  Regions should be unlocked before the
    file is closed.  ``msvcrt.locking`` raises OSError of that number (docs.python.org/3/library/msvcrt.html).
    """

    LK_UNLCK, LK_NBLCK = 0, 2  # sys/locking.h

    def __init__(self):
        self.held = {}

    def locking(self, descriptor, mode, count):
        assert not os.path.isdir(f"/proc/self/fd/{descriptor}")
        region = os.lseek(descriptor, 0, os.SEEK_CUR), count
        if mode == self.LK_UNLCK:
            if self.held.pop(descriptor, None) != region:
                raise PermissionError(errno.EACCES, "Permission denied")
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            return
        assert mode == self.LK_NBLCK
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None
        self.held[descriptor] = region


@pytest.fixture(params=["fcntl", "msvcrt"])
def system(request, monkeypatch, tmp_path):
    monkeypatch.setattr(durable, "_PATIENCE", 0.1)
    windows = Windows()
    if request.param == "msvcrt":
        (tmp_path / "temporary").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
        monkeypatch.setitem(sys.modules, "fcntl", None)
        monkeypatch.setitem(sys.modules, "msvcrt", windows)
    yield request.param
    assert windows.held == {}, "unlocked before the file is closed"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_one_at_a_time(system, folder):
    with locked(folder) as held:
        assert held
        with pytest.raises(FolderInUseError, match="another process is writing into"), locked(folder):
            pass
        with pytest.raises(OutputError, match="another process is writing into"):
            write_folder({"a.txt": "late"}, folder)
    with locked(folder) as held:
        assert held
    assert os.listdir(folder) == []


def test_other_folders_are_free(system, folder, tmp_path):
    (tmp_path / "other").mkdir()
    with locked(folder), locked(tmp_path / "other") as held:
        assert held


def test_who_waits_gets_it(system, folder, monkeypatch):
    monkeypatch.setattr(durable, "_PATIENCE", 30.0)
    begun, order = threading.Event(), []

    def first():
        with locked(folder):
            begun.set()
            threading.Event().wait(0.2)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait()
    with locked(folder) as held:
        order.append("second")
        assert held
    thread.join()
    assert order == ["first", "second"]


def test_a_folder_has_one_lock_however_it_is_written(folder, monkeypatch, system):
    monkeypatch.chdir(folder.parent)
    with locked(folder), pytest.raises(FolderInUseError), locked(folder.parent / "out" / ".." / "out"):
        pass


def test_a_system_without_locks_says_so_and_writes(folder, monkeypatch):
    for name in ("fcntl", "msvcrt"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.warns(UserWarning, match="cannot be locked on this system: two runs .* may lose files"):
        write_folder({"a.txt": "whole"}, folder)
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_windows_without_a_place_for_locks_says_so(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", Windows())
    with pytest.warns(UserWarning, match="cannot be locked"), locked(folder) as held:
        assert not held


def test_a_drive_without_locks_says_so_and_writes(folder, monkeypatch):
    def refused(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.warns(UserWarning, match="cannot be locked"):
        write_folder({"a.txt": "whole"}, folder)
    assert (folder / "a.txt").read_text() == "whole"


@pytest.mark.parametrize(
    "listed",
    ["", "{", "[]", "null", "5", '{"drop": 5, "move": null}', '{"drop": "a.txt", "move": {"a.txt": 1}}', "[" * 100_000,
     '{"drop": [1, null, [], "..", "", "/etc", "a\\u0000b", "\\ud800"], "move": ["../a.txt", "x/../../a.txt"]}'],
)  # fmt: skip
def test_a_list_that_others_wrote_moves_and_removes_nothing(folder, listed):
    (folder / "kept.txt").write_text("kept")
    left = folder / ".doseesc-left"
    (left / "files").mkdir(parents=True)
    (left / "list.json").write_text(listed)
    durable.recover(folder)
    assert [each.name for each in folder.iterdir()] == ["kept.txt"]
    assert [each.name for each in folder.parent.iterdir() if each.suffix] == []
