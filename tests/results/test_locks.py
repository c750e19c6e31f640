"""The lock of a folder: the system's own, that of Windows where there is no other, and none with a warning."""

import fcntl
import os
import sys
import tempfile
import threading
import types

import pytest

from doseesc import durable
from doseesc.durable import FolderInUseError, locked
from doseesc.files import OutputError, write_folder


def locking_of_windows(descriptor, mode, count):
    """Lock as ``msvcrt.locking`` does, which knows files only and says that one is taken by EACCES."""
    assert (mode, count) == (2, 1)
    assert not os.path.isdir(f"/proc/self/fd/{descriptor}")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None


@pytest.fixture(params=["fcntl", "msvcrt"])
def system(request, monkeypatch, tmp_path):
    monkeypatch.setattr(durable, "_PATIENCE", 0.1)
    if request.param == "msvcrt":
        (tmp_path / "temporary").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
        monkeypatch.setitem(sys.modules, "fcntl", None)
        windows = types.SimpleNamespace(locking=locking_of_windows, LK_NBLCK=2)
        monkeypatch.setitem(sys.modules, "msvcrt", windows)
    return request.param


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
