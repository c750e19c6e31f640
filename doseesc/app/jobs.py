"""Work that takes longer than one waits for: in the background, with progress, and given up when asked."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from doseesc.app.limits import Cancelled, Limits, TooLong
from doseesc.errors import ScenarioError

Report = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""

Work = Callable[[Report], dict[str, Any]]
"""Does a job; returns what the page gets."""

_KEPT = 12  # jobs that are remembered, those at work among them


def enumerated(report: Report, name: str, done: int, most: int) -> None:
    """Report how far a design is enumerated."""
    report(f"{name}: outcomes of {done} of {most} patients", done, most)


class Busy(Exception):
    """As many jobs run as may."""


@dataclass
class Job:
    """A job and how far it is.

    Attributes
    ----------
    what : str
        What is being done.
    done, total : int
    state : {"running", "done", "failed", "cancelled"}
    found : dict
        What the page gets when it is done; ``file`` is a name, a media type and bytes, for the page to save.
    message : str
        Why it failed.
    stopped : threading.Event
        Set where it is not wanted any more.
    heard : float
        When a page last asked about it, on the monotonic clock.
    """

    what: str = ""
    done: int = 0
    total: int = 0
    state: str = "running"
    found: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    heard: float = field(default_factory=time.monotonic)

    def told(self) -> dict[str, Any]:
        """Return it for the page."""
        return {
            "state": self.state,
            "what": self.what,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            **{key: value for key, value in self.found.items() if key != "file"},
            "file": self.found["file"][0] if "file" in self.found else None,
        }


class PageJobs:
    """The jobs of all pages; who knows a job's name, which cannot be guessed, may ask for it.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits) -> None:
        self._limits, self._lock = limits, threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def begin(self, work: Work) -> str:
        """Begin a job; return its name.

        Raises
        ------
        Busy
        """
        job, name = Job(), secrets.token_urlsafe(16)
        with self._lock:
            running = sum(each.state == "running" for each in self._jobs.values())
            if running >= self._limits.jobs:
                raise Busy(f"{running} other long questions are being worked on; cancel one, or wait for it")
            for old in [each for each, one in self._jobs.items() if one.state != "running"]:
                if len(self._jobs) < _KEPT:
                    break
                del self._jobs[old]
            self._jobs[name] = job
        threading.Thread(target=self._work, args=(job, work), daemon=True).start()
        return name

    def get(self, name: str) -> Job | None:
        """Return a job that a page asks about, None where it is not known."""
        with self._lock:
            job = self._jobs.get(name)
            if job is not None:
                job.heard = time.monotonic()
            return job

    def cancel(self, name: str) -> Job | None:
        """End a job: at once where it is in a process of its own, else where it next reports progress."""
        job = self.get(name)
        if job is not None:
            job.stopped.set()
        return job

    def end(self) -> None:
        """Ask all jobs to end."""
        with self._lock:
            for job in self._jobs.values():
                job.stopped.set()

    def _work(self, job: Job, work: Work) -> None:
        end = time.monotonic() + self._limits.job_seconds

        def report(what: str, done: int, total: int) -> None:
            if job.stopped.is_set() or time.monotonic() - job.heard > self._limits.unheard_seconds:
                raise Cancelled
            if time.monotonic() > end:
                raise TooLong
            job.what, job.done, job.total = what, done, total

        try:
            found = work(report)
            if job.stopped.is_set():
                raise Cancelled
            job.found, job.state = found, "done"
        except Cancelled:
            job.state, job.message = "cancelled", "cancelled"
        except TooLong:
            job.message = f"takes longer than {self._limits.job_seconds / 60:.0f} minutes; use the command line"
            job.state = "failed"
        except (ScenarioError, ValueError) as error:
            job.message, job.state = str(error), "failed"
        finally:
            if job.state == "running":  # the page must hear that the job has ended; what went wrong is the terminal's
                job.message, job.state = "ended with an error, which the terminal shows", "failed"
