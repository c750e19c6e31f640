"""Signals, full disks and missing streams end in one message, with the old state kept and nothing left behind."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support import ROOT

from doseesc.start import _Stop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of Unix")

DOSEESC = [sys.executable, "-m", "doseesc"]
SHORT = ["run", "nct04602104", "--trials", "50", "--method", "monte_carlo"]
LONG = ["run", "nct04602104", "--trials", "100000000", "--method", "monte_carlo", "--out", "out"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def listening():
    """Take Ctrl-C as a program at a terminal does; what a shell starts in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def started():
    """Return a function that starts the program; what still runs at the end is killed."""
    runs = []

    def start(arguments, **options):
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        runs.append(subprocess.Popen([*DOSEESC, *arguments], **streams, text=True, preexec_fn=listening, **options))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()
        run.communicate()


def ended(arguments, **options):
    done = subprocess.run([*DOSEESC, *arguments], stderr=subprocess.PIPE, text=True, timeout=120, **options)
    return done.returncode, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], [*SHORT, "--format", "json"], [*SHORT, "--out", "out"]])
def test_full_standard_output(arguments):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with open("/dev/full", "w") as full:
        assert ended(arguments, stdout=full) == (2, "cannot go on: No space left on device\n")


def test_closed_standard_output():
    code, errors = ended([*SHORT, "--out", "out"], preexec_fn=lambda: os.close(1))
    assert code == 2
    assert errors == "standard output is closed; send it to a file, or to /dev/null\n"
    assert not Path("out").exists()


def test_nobody_reads_on():
    run = subprocess.Popen(
        [*DOSEESC, *SHORT, "--format", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    run.stdout.close()
    assert run.stderr.read() == ""
    run.wait()


def test_full_disk_keeps_the_old_state():
    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    assert ended([*SHORT, "--out", "old"], stdout=subprocess.DEVNULL)[0] == 0
    before = {path.name: path.read_bytes() for path in Path("old").iterdir()}
    for out in ("new", "old"):
        code, errors = ended(
            [*SHORT, "--seed", "2", "--out", out, "--force"], stdout=subprocess.DEVNULL, preexec_fn=little
        )
        assert code == 2
        assert errors == f"{out} cannot be written: File too large\n  choose another folder with  --out DIR\n"
    code, errors = ended(["export", "old", "old.parquet"], stdout=subprocess.DEVNULL, preexec_fn=little)
    assert (code, errors.count("\n")) == (2, 2)
    assert {path.name: path.read_bytes() for path in Path("old").iterdir()} == before
    assert os.listdir(".") == ["old"]


def test_read_only_file_system(cli, monkeypatch):
    assert cli(*SHORT, "--out", "old", "-q")[0] == 0

    def refused(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    for arguments in ([*SHORT, "--out", "old", "--force", "-q"], [*SHORT, "--out", "new", "-q"]):
        code, _, errors = cli(*arguments)
        assert code == 2
        assert "cannot be written: Read-only file system" in errors
    assert os.listdir(".") == ["old"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_at_the_beginning_give_no_traceback(number, started):
    answered = False
    for delay in (0.1, 0.2, 0.4, 0.8, 3.0, 10.0):
        if answered and delay > 1:  # which are for machines that are busy
            break
        run = started(LONG)
        time.sleep(delay)
        run.send_signal(number)
        said = run.communicate(timeout=60)[1]
        before_main = said.startswith("Traceback") and ", in main\n" not in said
        if before_main or ("Traceback" in said and "doseesc/" not in said) or not said:
            continue  # on a busy machine Python itself had not yet come to the first line of this program's main
        assert said == "interrupted\n"
        assert run.returncode == 128 + number
        answered = True
    assert answered
    assert os.listdir(".") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_to_the_process_alone_end_its_workers_too(number, started):
    run = started([*LONG, "--jobs", "2"], start_new_session=True)
    until = time.monotonic() + 60
    while len(workers(run.pid)) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(workers(run.pid)) >= 3
    run.send_signal(number)
    assert run.communicate(timeout=60)[1] == "interrupted\n"
    assert run.returncode == 128 + number
    until = time.monotonic() + 30
    while workers(run.pid) and time.monotonic() < until:
        time.sleep(0.1)  # those who clean up after the others end a little later
    assert workers(run.pid) == []
    if Path("/dev/shm").exists():
        assert [name for name in os.listdir("/dev/shm") if f"-{run.pid}-" in name or f"_{run.pid}_" in name] == []


def workers(session):
    """Return the processes of a session that are not yet ended."""
    listed = subprocess.run(["ps", "-s", str(session), "-o", "stat=,pid="], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if not line.strip().startswith("Z")]


def test_nothing_is_imported_from_the_folder_worked_in(monkeypatch, tmp_path):
    monkeypatch.delenv("PYTHONPATH")
    for name in ("numpy", "typer", "joblib", "designs", "multiprocessing", "lazy_loader"):
        (tmp_path / f"{name}.py").write_text(f"open('{name} was here', 'w')\nraise SystemExit('planted')\n")
    arguments = [*SHORT, "--jobs", "2", "--out", "out", "-q"]
    safe = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {START}"]
    script = tmp_path / "bin" / "doseesc"  # as pip writes it: Python puts the script's folder first
    script.parent.mkdir()
    script.write_text(f"import sys; sys.path.insert(0, {str(ROOT)!r}); {START}")
    for command in (safe, [sys.executable, str(script)]):
        done = subprocess.run([*command, *arguments, "--force"], capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in os.listdir(".") if "was here" in name] == []


START = "from doseesc.start import main; main()"


@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_name_longer_than_the_system_allows_is_named_and_cut(cli, where):
    name = "a" * 300
    words = [f"{name}.yaml"] if where == "file" else ["nct04602104", "--trials", "10", "--out", name]
    code, _, err = cli("run", *words)
    assert code == 2
    assert "longer than the system allows, mostly 255 bytes; give a shorter one" in err
    assert len(err) < 300


def test_a_signal_that_comes_while_something_is_destroyed_is_not_lost(monkeypatch):
    stop, sent = _Stop(), threading.Event()
    monkeypatch.setattr(
        os, "kill", lambda process, number: sent.set() if (process, number) == (os.getpid(), 15) else None
    )

    class Destroyed:
        def __del__(self):
            stop.gently(signal.SIGTERM, sys._getframe())

    Destroyed()
    assert stop.received == signal.SIGTERM
    assert sent.wait(10)
    with pytest.raises(KeyboardInterrupt):
        stop.gently(signal.SIGTERM, sys._getframe())


def test_more_pending_outcomes_than_can_be_decided_are_one_message(cli, small_scenario, monkeypatch):
    monkeypatch.setattr("designs.settled.MOST_COMPLETIONS", 2)
    design = small_scenario[small_scenario.index("designs:") : small_scenario.index("scenarios:")]
    settled = "designs:\n  - {name: B, type: BOIN, pending: settled}\naccrual: {per_month: 20}\n"
    Path("mine.yaml").write_text(small_scenario.replace(design, settled))
    code, _, errors = cli("run", "mine.yaml", "--quiet", "--trials", "50")
    assert code == 2
    line = Path("mine.yaml").read_text().splitlines().index("  - {name: B, type: BOIN, pending: settled}") + 1
    assert errors.startswith(f"mine.yaml:{line}  designs.B.pending\n  is Settled(), but ")
    assert "Traceback" not in errors
