"""Long questions are answered in processes of their own, which end as soon as nobody waits for them."""

import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import ARMS, THREE_DESIGNS, THREE_DOSES

from doseesc.app import Limits, Trusted
from doseesc.app.jobs import PageJobs
from doseesc.app.workers import EXACT, AnsweringProcesses, Died, Failed, Task, prepare

TEXT = f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}{ARMS}"
LONG = Task("mine.yaml", TEXT.replace("max_n: 12", "max_n: 30") + "simulation: {trials: 100000}\n", "protocol")
QUICK = Task("mine.yaml", TEXT, "worst")


@pytest.fixture(scope="module")
def workers():
    made = AnsweringProcesses(Trusted(), Limits())
    yield made
    made.end()


def children():
    return {each.pid for each in multiprocessing.active_children()}


def until(wanted, seconds=30):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, "never"
        time.sleep(0.01)


def nothing(*_):
    return None


def test_answer_comes_from_a_process_that_is_kept_for_the_next_question(workers):
    before = children()
    found = workers.answer(QUICK, nothing)
    began = children() - before
    assert len(began) == 1
    assert workers.answer(QUICK, nothing) == found
    assert children() - before == began
    results, walks = workers.answer(Task("mine.yaml", TEXT, EXACT), nothing)
    assert set(walks) == set(results.study.designs.values())
    with pytest.raises(Failed, match=r"mine\.yaml:3  target"):
        workers.answer(Task("mine.yaml", TEXT.replace("target: 0.25", "target: 25"), "worst"), nothing)
    assert children() - before == began


def test_cancelled_job_ends_at_once_and_its_process_with_it(workers):
    jobs = PageJobs(Limits())
    name = jobs.begin(lambda report: workers.answer(LONG, report))
    job = jobs.get(name)
    until(lambda: job.what not in ("", "starting"))
    at_work = children()
    began = time.monotonic()
    jobs.cancel(name)
    until(lambda: job.state != "running")
    assert time.monotonic() - began < 10  # all that it was to do takes far longer
    assert (job.state, job.found) == ("cancelled", {})
    assert len(at_work - children()) == 1
    assert workers.answer(QUICK, nothing)["html"]


def test_job_that_takes_too_long_is_ended(workers):
    jobs = PageJobs(Limits(job_seconds=0.2))
    job = jobs.get(jobs.begin(lambda report: workers.answer(LONG, report)))
    until(lambda: job.state != "running")
    assert job.state == "failed"
    assert "use the command line" in job.message


def test_job_that_no_page_asks_about_is_ended(workers):
    jobs = PageJobs(Limits(unheard_seconds=0.5))
    name = jobs.begin(lambda report: workers.answer(LONG, report))
    job = jobs.get(name)
    for _ in range(5):
        time.sleep(0.2)
        assert jobs.get(name).state == "running"
    until(lambda: job.state != "running")
    assert job.state == "cancelled"


def test_two_who_ask_at_once_get_each_their_own(workers):
    with ThreadPoolExecutor(2) as pool:
        texts = TEXT, TEXT.replace("target: 0.25", "target: 0.3")
        first, second = pool.map(lambda text: workers.answer(Task("mine.yaml", text, "worst"), nothing)["html"], texts)
    assert "target of 25 %" in first
    assert "target of 30 %" in second


def test_process_that_dies_is_told_and_replaced(workers):
    found = []

    def asked():
        try:
            workers.answer(LONG, nothing)
        except Died as error:
            found.append(str(error))

    before = children()
    thread = threading.Thread(target=asked)
    thread.start()
    until(lambda: workers._busy)
    next(iter(workers._busy)).process.kill()
    thread.join(20)
    assert "ended before it was answered" in found[0]
    assert workers.answer(QUICK, nothing)["html"]
    assert len(children() - before) <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are begun anew")
@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_two_who_start_processes_at_once_leave_the_environment_as_it_was(monkeypatch, before):
    if before is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", before)
    meeting, met = threading.Barrier(2), []

    def slowly():
        assert os.environ["PYTHONPATH"] != before
        try:
            meeting.wait(0.1)
            met.append(True)
        except threading.BrokenBarrierError:
            pass

    monkeypatch.setattr("multiprocessing.forkserver.ensure_running", slowly)
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(prepare) for _ in range(2)]:
            each.result()
    assert not met  # one after the other
    assert os.environ.get("PYTHONPATH") == before


def test_all_processes_end_with_the_app():
    made = AnsweringProcesses(Trusted(), Limits())
    before = children()
    made.answer(QUICK, nothing)
    assert children() - before
    made.end()
    assert children() == before
