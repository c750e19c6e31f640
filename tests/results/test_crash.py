"""A process killed at any moment of writing leaves whole files, and nothing behind once the folder is opened again.

Each job is done over and over in a forked process, which is killed (SIGKILL's way: no clean-up of any kind) before one
event after the other: opening, moving, removing and syncing of files, making of folders, and half of a file's bytes.
"""

import itertools
import os
import shutil
import sys
from pathlib import Path

import pytest
from support import ARMS, THREE_DOSES, small_policy

from doseesc.durable import recover
from doseesc.files import add_files, write_file, write_folder
from doseesc.planning.sweeps.cells import run_cell
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.gathering import gather_into
from doseesc.planning.sweeps.reading import read_plan
from doseesc.planning.sweeps.store import Folder
from doseesc.report.protocol.protocol import protocol_files, write_protocol
from doseesc.results.edited import edited
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.policy_file import policy_file, read_policy_file

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}
KILLED, DONE, FAILED = 77, 78, 79
MOST_EVENTS = 300

STUDY = f"""\
study: {{title: T}}
{THREE_DOSES}\
designs: [{{name: 3+3, type: 3+3}}, {{name: BOIN, type: BOIN}}]
scenarios: [{{name: A, dlt: [0.1, 0.25, 0.45]}}]
simulation: {{trials: 50, seed: 7, method: monte_carlo}}
{ARMS}"""


def die_before(number):
    """Let this process die before its event of that number, counted from 0."""
    count = itertools.count()

    def event():
        if next(count) == number:
            os._exit(KILLED)

    def hook(name, arguments):
        writes = name != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if name in EVENTS and writes:
            event()

    whole = Path.write_bytes

    def write(self, content):
        whole(self, content[: len(content) // 2])
        event()
        return whole(self, content)

    # A process that is killed leaves to the system what it has written; only a power cut needs the real thing.
    Path.write_bytes, os.fsync = write, lambda descriptor: event()
    sys.addaudithook(hook)


def killed_before(number, job):
    """Do a job in another process that is killed before that event; return whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            die_before(number)
            job()
            os._exit(DONE)
        except BaseException:
            os._exit(FAILED)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (KILLED, DONE)
    return code == KILLED


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def shown(state):
    """Return what is no hidden work in progress."""
    return {
        name: content
        for name, content in state.items()
        if not any(part.startswith((".doseesc-", ".out.")) for part in Path(name).parts)
    }


def crash_everywhere(base, prepare, job, opened):
    """Kill ``job`` at each of its events; ``opened`` opens what it wrote; return how many events there were."""
    work = base / "work"

    def fresh():
        nonlocal work
        work = base / f"work{next(numbers)}"
        work.mkdir()
        os.chdir(work)
        prepare()

    numbers = itertools.count()
    fresh()
    before = contents(work)
    job()
    after = contents(work)
    for number in range(MOST_EVENTS):
        fresh()
        if not killed_before(number, job):
            assert shown(contents(work)) == after
            return number
        now = shown(contents(work))
        for name in set(before) & set(after):
            assert name in now, f"{name} was gone at event {number}"
        for name, content in now.items():
            assert content in (before.get(name), after.get(name)), f"{name} is cut at event {number}"
        opened()
        found = contents(work)
        assert found in (before, after) or shown(found) in (before, after), f"neither old nor new at event {number}"
        assert not [name for name in found if name.startswith("out/.doseesc-")], f"left behind at event {number}"
        if number % 4 == 0:
            job()
        assert number % 4 or contents(work) == after, f"not made good after event {number}"
    raise AssertionError("too many events")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two runs of a study, the page and the protocol of the first."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "study.yaml").write_text(STUDY)
    study = load(folder / "study.yaml")
    results = run(study, seed=1), run(study, seed=2)
    saved = read_results(write_results(results[0], folder / "out"))
    page = {"report.html": b"<p>T</p>", "figures/trials.svg": b"<svg>T</svg>", "figures/trials.png": b"T" * 10_000}
    add_files(page, folder / "out")
    write_protocol(saved, folder / "out")
    (folder / "out/protocol.md").write_text("edited by hand")
    return results, saved, page, folder / "out"


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    return tmp_path


def test_first_run(made, base):
    def opened():
        if Path("out").exists():
            read_results("out")

    assert crash_everywhere(base, lambda: None, lambda: write_results(made[0][0], "out", force=True), opened) > 10


def test_second_run_over_page_and_edited_protocol(made, base):
    def job():
        return write_results(made[0][1], "out", force=True)

    assert crash_everywhere(base, lambda: copied(made), job, lambda: recover(Path("out"))) > 20
    assert Path("out/protocol.md").read_text() == "edited by hand"
    assert not Path("out/protocol.docx").exists()
    assert not Path("out/report.html").exists()


def test_report(made, base):
    page = {name: content.replace(b"T", b"U") for name, content in made[2].items()}

    def job():
        return add_files(page, "out", force=True)

    assert crash_everywhere(base, lambda: copied(made), job, lambda: recover(Path("out"))) > 15


def test_policy(made, base):
    """As optimal writes it: never half a policy, and never an earlier one beside the figures of a later."""
    files = {
        target: {"optimum.npz": policy_file(small_policy(target=target)), "optimum.csv": f"{target}\n"}
        for target in (0.25, 0.3)
    }

    def opened():
        recover(Path("out"))
        kept = read_policy_file(Path("out/optimum.npz").read_bytes())
        assert Path("out/optimum.csv").read_text() == f"{kept.target}\n"

    def job():
        return add_files(files[0.3], "out", force=True)

    assert crash_everywhere(base, lambda: add_files(files[0.25], "out"), job, opened) > 10


def test_fit(made, base):
    files = {"fit.nc": b"draws", "summary.csv": "a,b\n"}  # as write_fit does it; fit.json would have to be a real one

    def job():
        return write_folder(files, "out", keep=True)

    assert crash_everywhere(base, lambda: copied(made), job, lambda: recover(Path("out"))) > 15


def test_protocol(made, base, monkeypatch):
    files = protocol_files(made[1])
    monkeypatch.setattr("doseesc.report.protocol.protocol.protocol_files", lambda *_: files)

    def job():
        return write_protocol(made[1], "out", force=True) if edited(Path("out")) else None

    assert crash_everywhere(base, lambda: copied(made), job, lambda: recover(Path("out"))) > 15
    assert Path("out/protocol.edited-1.md").read_text() == "edited by hand"


def copied(made):
    shutil.copytree(made[3], "out")


def test_export(made, base):
    results = made[0]

    def prepare():
        return results[0].save("out.csv")

    assert crash_everywhere(base, prepare, lambda: results[1].save("out.csv", force=True), lambda: None) > 3


def test_sweep(base):
    """Cells come one by one, so that a sweep killed in the middle is neither old nor new: no file is ever cut, and the
    sweep goes on from what is there."""
    (base / "sweep.yaml").write_text("study: study.yaml\naxes: {designs.BOIN.p_safe: [0.1, 0.15]}\ndesigns: [BOIN]\n")
    (base / "study.yaml").write_text(STUDY)
    plan = read_plan(base / "sweep.yaml")
    cells = checked_cells(plan)
    content = {cell.name: run_cell(cell.text) for cell in cells}
    table = Path("out/sweep.parquet")

    def go_on():
        store = Folder("out")
        for cell in cells:  # as compute does, but for the simulation
            if not store.has(cell.name):
                store.write(cell.name, content[cell.name])
        gather_into(table, plan, cells, store)
        store.clean()

    os.chdir(base)
    go_on()
    after = contents(base / "out")
    assert len(after) == 3
    for number in range(MOST_EVENTS):
        work = base / f"sweep{number}"
        work.mkdir()
        os.chdir(work)
        Path("out").mkdir()
        table.write_bytes(b"an earlier table")
        if not killed_before(number, go_on):
            break
        now = {name: each for name, each in contents(work / "out").items() if not Path(name).name.startswith(".")}
        old = {str(table.relative_to("out")): b"an earlier table"}
        assert all(each in (after.get(name), old.get(name)) for name, each in now.items()), f"cut at event {number}"
        assert table.exists()
        go_on()
        assert contents(work / "out") == after, f"not made good after event {number}"
    assert 15 < number < MOST_EVENTS
    assert contents(work / "out") == after


def test_edited_protocol_is_kept_as_a_copy(made, base, monkeypatch):
    results, saved = made[:2]
    write_results(results[0], "out")
    write_protocol(saved, "out")
    files = {name: Path("out", name).read_bytes() for name in ("protocol.md", "protocol.docx")}
    monkeypatch.setattr("doseesc.report.protocol.protocol.protocol_files", lambda *_: files)
    write_protocol(saved, "out", force=True)
    assert sorted(os.listdir("out"))[:2] == [".written.json", "characteristics.csv"]
    Path("out/protocol.md").write_text("edited by hand")
    written = write_protocol(saved, "out", force=True)
    assert written[-1] == Path("out/protocol.edited-1.md")
    assert written[-1].read_text() == "edited by hand"
    assert Path("out/protocol.md").read_bytes() == files["protocol.md"]
    Path("out/protocol.md").write_text("edited again")
    assert write_protocol(saved, "out", force=True)[-1] == Path("out/protocol.edited-2.md")


def test_two_at_a_time_lose_nothing(made, base):
    results = made[0]
    write_results(results[0], "out")
    Path("out/protocol.md").write_text("edited by hand")
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            try:
                for _ in range(5):
                    write_results(results[number % 2], "out", force=True)
                    write_file(f"out{number}.csv", "x", force=True)
                os._exit(DONE)
            except BaseException:
                os._exit(FAILED)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [DONE] * 4
    assert Path("out/protocol.md").read_text() == "edited by hand"
    assert read_results("out").results.seed in (1, 2)
    assert [name for name in (*os.listdir("."), *os.listdir("out")) if name.startswith(".")] == []
