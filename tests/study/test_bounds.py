"""Bounds on what a scenario file names and holds, and on files of patients: each is one message, at once."""

import os
import py_compile
import time
from pathlib import Path

import pytest

from doseesc.conduct.patients import PatientsError, read_patients
from doseesc.errors import ScenarioError
from doseesc.named_doses import Doses
from doseesc.study import load

SECRET = "root:$6$secret:0:0"
TABLE = "name: B, type: BOIN"


@pytest.fixture
def with_table(complaint_with):
    return lambda name: complaint_with(TABLE, f"name: B, type: table, table: {name}")


@pytest.fixture
def private(tmp_path_factory):
    file = tmp_path_factory.mktemp("elsewhere") / "private"
    file.write_text(SECRET + "\n")
    return file


def test_tables_lie_in_the_folder(with_table, private, tmp_path):
    (tmp_path / "link.csv").symlink_to(private)
    (tmp_path / "link.yaml").symlink_to(private)
    for name in (private, f"../{private.parent.name}/private", "link.csv", "link.yaml", "/dev/zero", "/etc/passwd"):
        message = with_table(name)
        assert "does not lie in the scenario file's folder" in message
        assert SECRET not in message


def test_tables_are_regular_files_of_bounded_size(with_table, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "large.csv").write_bytes(b"n,dlts,decision\n" * 100_000)
    assert "no regular file" in with_table("pipe.csv")
    assert "cannot be read" in with_table("folder.csv")
    assert "larger than 1 MB" in with_table("large.csv")
    assert "folder" in with_table("x" * 300 + ".csv") or "cannot be read" in with_table("x" * 300 + ".csv")
    assert "folder" in with_table('"a\\0b.csv"')


@pytest.mark.parametrize("ending", ["csv", "yaml"])
def test_what_a_private_file_holds_is_not_said(with_table, tmp_path, ending):
    (tmp_path / f"private.{ending}").write_text(f"{SECRET}: [\n{SECRET}\n")
    assert SECRET not in with_table(f"private.{ending}")
    (tmp_path / f"private.{ending}").write_text(f"n,dlts,decision\n3,0,{SECRET}\n3,{SECRET},E\n")
    assert SECRET not in with_table(f"private.{ending}")


def test_patients_come_from_regular_files_of_bounded_size(tmp_path, private):
    doses = Doses(("low", "high"), (2.0, 8.0), "mg")
    os.mkfifo(tmp_path / "pipe")
    for file, says in ((tmp_path / "pipe", "no regular file"), (Path("/dev/zero"), "no regular file")):
        with pytest.raises(PatientsError, match=says):
            read_patients(file, doses)
    with pytest.raises(PatientsError) as caught:
        read_patients(private, doses)
    assert SECRET not in str(caught.value)
    with pytest.raises(PatientsError, match="cannot be read"):
        read_patients("x" * 300, doses)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{[" * 100_000, "a: " + "[\n" * 50_000, "a: [" + "{}," * 300_000, "- " * 100_000, "[{a: " * 50_000],
    ids=lambda text: text[:8].replace("\n", " "),
)
def test_deep_and_endless_yaml_is_refused_soon(complaint, text):
    began = time.process_time()
    message = complaint(text)
    assert "nested more than 30 deep" in message or "more than 50,000 values" in message or "not a word" in message
    assert time.process_time() - began < 30  # without bounds it grows with the file


def test_a_stale_compiled_module_does_not_run(scenario_file, small_scenario, tmp_path):
    source = tmp_path / "mine.py"
    source.write_text("raise RuntimeError('the planted one')  #\n")
    py_compile.compile(str(source))
    before = source.stat()
    source.write_text("raise RuntimeError('the reviewed one')\n".ljust(before.st_size))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert source.stat().st_size == before.st_size
    text = small_scenario.replace(TABLE, "name: B, type: pymc, module: mine.py")
    with pytest.raises(ScenarioError) as caught:
        load(scenario_file(text))
    assert "the reviewed one" in str(caught.value)


def test_modules_are_regular_files(complaint_with, tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    assert "no file" in complaint_with(TABLE, "name: B, type: pymc, module: pipe.py")
    assert "folder" in complaint_with(TABLE, "name: B, type: pymc, module: " + "x" * 300 + "/../../mine.py")


def test_too_large_a_cohort_is_not_answered_by_more_patients(complaint_with):
    assert "max_n" not in complaint_with("cohort_size: 3", "cohort_size: 100000")
