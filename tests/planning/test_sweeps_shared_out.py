"""A sweep in several processes and on a cluster, here of this machine: the same table, whoever dies in the middle."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from support import ROOT, SIXTY_CELLS, THREE_DOSES

import doseesc
from doseesc.pieces import Cluster, ClusterError, connected
from doseesc.planning.sweeps import work
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.reading import read_plan
from doseesc.planning.sweeps.running import run_plan
from doseesc.planning.sweeps.store import Folder, Memory

STUDY = f"""\
study: {{title: T}}
{THREE_DOSES}\
designs: [{{name: BOIN, type: BOIN}}, {{name: 3+3, type: 3+3}}]
scenarios:
  - {{name: middle, dlt: [0.1, 0.25, 0.45]}}
  - {{name: top, dlt: [0.02, 0.1, 0.25]}}
simulation: {{trials: 40, seed: 7, method: exact}}
"""
OTHER_VERSION = "import doseesc\ndoseesc.__version__ = '0.0.9'\n"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "study.yaml").write_text(STUDY)
    (folder / "sweep.yaml").write_text(SIXTY_CELLS)
    return read_plan(folder / "sweep.yaml")


@pytest.fixture(scope="module")
def digest(plan):
    assert plan.n_cells == 60
    return run_plan(plan, Memory()).digest


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler without workers."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as cluster:
        yield cluster.scheduler.address


@pytest.fixture(scope="module")
def start(scheduler, tmp_path_factory):
    """Return a function that starts workers and waits for them; those that still run at the end are killed."""
    from distributed import Client

    started = []
    folder = tmp_path_factory.mktemp("workers")

    def begin(*more):
        place = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, *place, *more]
        with Client(scheduler, set_as_default=False) as client:
            before = len(client.scheduler_info()["workers"])
            started.append(
                subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
            )
            client.wait_for_workers(before + 1, timeout=120)
        return started[-1]

    yield begin
    for each in started:
        each.kill()
        each.wait()


@pytest.fixture(scope="module")
def first(scheduler, start, tmp_path_factory):
    """A worker that claims to be of another version until it is told better."""
    preload = tmp_path_factory.mktemp("preload") / "preload.py"
    preload.write_text(OTHER_VERSION)
    return start("--preload", str(preload))


def test_a_cluster_without_workers_or_without_dask_is_refused(scheduler, monkeypatch):
    with (
        pytest.raises(ClusterError, match=r"has no workers\n  start some with  dask worker tcp://127"),
        connected(scheduler),
    ):
        pass
    monkeypatch.setattr("doseesc.pieces.cluster._PATIENCE", "100ms")
    with (
        pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        connected("tcp://127.0.0.1:9"),
    ):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'doseesc\[cluster\]'"), connected(scheduler):
        pass


def test_a_worker_of_another_version_is_refused(scheduler, first):
    wrong = r"1 of 1 workers cannot do this:\n  tcp://\S+ has doseesc 0\.0\.9, and this is "
    with pytest.raises(ClusterError, match=wrong), connected(scheduler):
        pass
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        client.run(setattr, doseesc, "__version__", doseesc.__version__)
    with connected(scheduler) as cluster:
        assert cluster.threads == 1


def test_workers_of_a_cluster_give_the_same_and_one_may_be_lost(plan, digest, scheduler, first, start, cli):
    second = start()
    with (
        pytest.raises(ClusterError, match=r"lacks the designs UpAndDown \("),
        connected(scheduler, ["BOIN", "UpAndDown"]),
    ):
        pass
    with connected(scheduler, ["BOIN"]) as cluster:
        assert cluster.threads == 2
    code, _, err = cli("sweep", plan.file, "--cluster", scheduler, "--out", "out")
    assert (code, err.startswith(f"2 workers of {scheduler}, doseesc {doseesc.__version__} on all")) == (0, True)
    assert doseesc.read("out").digest == digest
    study = str(plan.study.source)
    commands = (
        ["run", study, "--method", "monte_carlo"],
        ["calibrate", study, "--design", "BOIN", "--widen", "0"],
        ["ensemble", study, "--count", "20"],
    )
    for words in commands:
        here, there = cli(*words, "--format", "csv"), cli(*words, "--format", "csv", "--cluster", scheduler)
        assert here[:2] == there[:2]
        assert "2 workers of" in there[2]
        assert cli(*words, "--cluster", scheduler, "--jobs", "2")[0] == 2
        assert f"cluster='{scheduler}')" in cli(*words, "--cluster", scheduler, "--show-code")[1]
    code = cli(*commands[-1], "--cluster", scheduler, "--show-code")[1]
    scope, alone = {}, {}
    exec(code, scope)
    exec(code.replace(f", cluster='{scheduler}'", ""), alone)
    pd.testing.assert_frame_equal(scope["found"].to_frame(), alone["found"].to_frame())
    with connected(scheduler) as cluster:
        done = []

        def kill(now, total):
            done.append(now)
            if now == 5:
                first.kill()

        assert run_plan(plan, Memory(), workers=cluster, progress=kill).digest == digest
        assert done[-1] == 60
        assert len(cluster.client.scheduler_info()["workers"]) == 1
    second.kill()


def test_what_is_said_of_a_cluster_names_its_dashboard():
    workers = {"tcp://10.0.0.2:1": 4, "tcp://10.0.0.3:1": 4}
    cluster = Cluster(None, "tcp://10.0.0.1:8786", workers, "http://10.0.0.1:8787/status")
    version = doseesc.__version__
    assert cluster.words == (
        f"2 workers of tcp://10.0.0.1:8786, doseesc {version} on all · dashboard http://10.0.0.1:8787/status"
    )
    assert cluster.threads == 8


def test_two_processes_give_the_same(plan, digest, monkeypatch):
    monkeypatch.setattr(work, "ALONE", 0.0)  # or so few cells would stay in this one
    monkeypatch.setattr(work, "WORTH", 0.0)
    monkeypatch.setattr("doseesc.pieces.sharing.TASK", 0.1)
    assert run_plan(plan, Memory(), jobs=2).digest == digest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_the_main_process_killed_in_the_middle(plan, digest, tmp_path):
    store = Folder(tmp_path / "out")
    child = os.fork()
    if child == 0:
        try:
            run_plan(plan, store)
        finally:
            os._exit(0)
    until = time.monotonic() + 120
    while len(store.present()) < 5 and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert 5 <= len(store.present()) < 60
    assert run_plan(plan, store).digest == digest
    assert {cell.name for cell in checked_cells(plan)} == store.present()
