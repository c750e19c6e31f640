"""Long questions are answered in processes of their own, each of which can be ended whatever it is at.

So a job that is not wanted any more ends at once and its memory is free again, and while one is worked on the app
answers pages as quickly as before.  What a process finds is handed over whole, or not at all.  A process that has
answered waits for the next question, and keeps what it has enumerated.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, cast

from doseesc.app.jobs import enumerated
from doseesc.errors import ScenarioError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from doseesc.app.jobs import Report
    from doseesc.app.limits import Limits, Trusted

EXACT = "exact"
"""The question that asks for the exact figures of a study, and for what was enumerated for them."""

_STARTING = threading.Lock()
"""The environment is this process's alone; two who start the server of processes would leave each other's in it."""

_LOOKS = 0.05  # seconds between looks whether an answer is still wanted
_TELLS = 0.05  # least seconds between two reports of progress
_LOADED = ("doseesc.app.inquiries", "doseesc.app.answers", "doseesc.app.fragments", "doseesc.runs.run_study")


class Failed(ValueError):
    """A question that cannot be answered; the message says why, in the words of the command line."""


class Died(ValueError):
    """A process that ended before it had answered."""


@dataclass(frozen=True)
class Task:
    """A question about a scenario file; :class:`doseesc.app.inquiries.Asked` says what its parts mean."""

    name: str
    text: str
    question: str
    design: str = ""
    truth: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class _Worker:
    process: BaseProcess
    line: Connection


class AnsweringProcesses:
    """Processes that answer; as many as jobs may run at once, begun when they are first needed.

    Parameters
    ----------
    trusted : Trusted
    limits : Limits
    """

    def __init__(self, trusted: Trusted, limits: Limits) -> None:
        self._trusted, self._limits, self._lock = trusted, limits, threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()

    def answer(self, task: Task, report: Report) -> Any:
        """Return the answer to a question.

        Parameters
        ----------
        task : Task
        report : callable
            Takes what is being done, how much is done and how much there is, and raises where the answer is not wanted
            any more; then the process is ended.

        Raises
        ------
        Failed, Died
        """
        report("starting", 0, 0)
        worker = self._one()
        try:
            found = _asked(worker.line, task, report)
        except BaseException as error:
            if isinstance(error, Failed):
                self._release(worker)
            else:
                self._end(worker)
            raise
        self._release(worker)
        return found

    def end(self) -> None:
        """End all processes."""
        with self._lock:
            workers = [*self._idle, *self._busy]
        for each in workers:
            self._end(each)

    def _one(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.process.is_alive():
                    self._busy.add(worker)
                    return worker
            context = _context()
            ours, its = context.Pipe()
            process = context.Process(target=_work, args=(its, self._trusted, self._limits), daemon=True)
            process.start()
            its.close()
            worker = _Worker(process, ours)
            self._busy.add(worker)
            return worker

    def _release(self, worker: _Worker) -> None:
        with self._lock:
            if worker in self._busy:
                self._busy.remove(worker)
                self._idle.append(worker)

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
        worker.process.kill()  # it holds no file and no lock of ours
        worker.process.join(5)
        with suppress(OSError):  # closed by another thread that ends it, too
            worker.line.close()


def prepare() -> None:
    """Load what answers to long questions need, so that the first of them need not wait for it."""
    _context()


def _context() -> Any:
    """Return how processes are begun: where it is safe as copies of one that has loaded everything, else anew."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    with _STARTING:
        context.set_forkserver_preload(list(_LOADED))
        found = os.environ.get("PYTHONPATH")
        # It is to load what this one has loaded.
        os.environ["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
        try:
            forkserver.ensure_running()
        finally:
            if found is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = found
    return context


def _asked(line: Connection, task: Task, report: Report) -> Any:
    """Return what a process finds; meanwhile look whether it is still wanted."""
    told: tuple[str, int, int] = ("starting", 0, 0)
    try:
        line.send(task)
        while True:
            report(*told)
            if not line.poll(_LOOKS):
                continue
            kind, what = line.recv()
            if kind == "found":
                return what
            if kind == "wrong":
                raise Failed(what)
            told = cast("tuple[str, int, int]", what)
    except (EOFError, OSError) as error:
        raise Died("ended before it was answered, perhaps for want of memory; the terminal may tell more") from error


def _work(line: Connection, trusted: Trusted, limits: Limits) -> None:
    """Answer questions as they come, until there is nobody left to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, which ends this process
    from doseesc.app.answers import Answers
    from doseesc.app.fragments import Fragments

    answers, fragments = Answers(trusted, limits), Fragments()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task: Task = line.recv()
            try:
                line.send(("found", _answer(task, answers, fragments, limits, _Telling(line))))
            except (ScenarioError, ValueError) as error:
                line.send(("wrong", str(error)))
            except (BrokenPipeError, ConnectionResetError):
                raise
            except Exception:
                traceback.print_exc()  # for the terminal; the page is told that there is something to read
                return


def _answer(task: Task, answers: Any, fragments: Any, limits: Limits, report: Report) -> Any:
    from doseesc.app.inquiries import ANSWERS, Asked

    study = answers.study(task.name, task.text)
    exact = partial(answers.exact, study, partial(enumerated, report))
    if task.question == EXACT:
        results = exact()
        report("how much of the attainable the designs reach", 0, 0)
        _ = results.attainable  # which goes with the results once it is known
        return results, answers.walks(study)
    return ANSWERS[task.question](Asked(study, task.design, task.truth, exact, fragments, limits, report))


class _Telling:
    """Sends how far a job is, but not oftener than anybody looks."""

    def __init__(self, line: Connection) -> None:
        self._line, self._last = line, 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= _TELLS:
            self._last = now
            self._line.send(("told", (what, done, total)))
