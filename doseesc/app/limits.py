"""How much a page may ask for, and which files and code a scenario file from a page may name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doseesc.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from doseesc.study import Source, Study

_FILES = ("module", "file", "table")
"""Keys of a design that may hold the name of a file."""

_CODE = "pymc"


@dataclass(frozen=True)
class Limits:
    """What one request may use.

    Attributes
    ----------
    request_bytes : int
        Of what a browser sends.
    live_seconds : float
        Time in which an answer is given at once; what takes longer is worked out in the background.
    follow_seconds : float
        Longest time in which durations are simulated of a curve that is dragged.
    job_seconds : float
        Longest time of a background job.
    unheard_seconds : float
        Time after which a job is ended that no page has asked about; a browser lets a page out of sight ask but once a
        minute.
    jobs : int
        Background jobs that run at once.
    requests : int
        Requests that are worked on at once; a page makes one at a time.
    trials : int
        Simulated trials per design and scenario.
    states_bytes : int
        Memory of an enumeration.
    patients : int
        Of a running trial.
    cells : int
        Designs times scenarios that a page shows.
    """

    request_bytes: int = 1_500_000
    live_seconds: float = 3.0
    follow_seconds: float = 60.0
    job_seconds: float = 1200.0
    unheard_seconds: float = 150.0
    jobs: int = 2
    requests: int = 8
    trials: int = 100_000
    states_bytes: int = 1_000_000_000
    patients: int = 1000
    cells: int = 600


class TooLong(Exception):
    """An answer that takes longer than is waited for."""


class Cancelled(Exception):
    """A job that is not wanted any more."""


class Deadline:
    """Ends work that takes too long, or that nobody waits for any more, wherever it reports progress.

    Parameters
    ----------
    seconds : float
    gone : callable, optional
        Tells whether nobody waits for it any more.
    """

    def __init__(self, seconds: float, gone: Callable[[], bool] | None = None) -> None:
        self._end, self._gone = time.monotonic() + seconds, gone

    def __call__(self, *_: object) -> None:
        """Take note of progress.

        Raises
        ------
        TooLong
            After the time.
        Cancelled
            Where nobody waits for it.
        """
        if self._gone is not None and self._gone():
            raise Cancelled
        if time.monotonic() > self._end:
            raise TooLong


@dataclass(frozen=True)
class Trusted:
    """What of a scenario file's references to other files is followed.

    Attributes
    ----------
    path : str
        The file given on the command line, beside which others are looked for.
    files : frozenset of str
        The names in it of files and modules.
    code : bool
        Follow every reference, ``--allow-code``.
    """

    path: str = "study.yaml"
    files: frozenset[str] = frozenset()
    code: bool = False

    @classmethod
    def of(cls, source: Source | None, *, code: bool) -> Trusted:
        """Trust what the file names that was given on the command line."""
        if source is None:
            return cls(code=code)
        return cls(source.path, frozenset(name for _, _, name in _references(source.data)), code)

    def check(self, source: Source) -> None:
        """Refuse a file that names other files or code than those.

        Raises
        ------
        ScenarioError
        """
        if self.code:
            return
        found = [
            Problem(("designs", place, key), f"is {name}: a page may not name files or code", _remedy(key))
            for place, key, name in _references(source.data)
            if name not in self.files
        ]
        if found:
            located = [Problem(each.path, each.message, each.remedy, source.line(each.path)) for each in found]
            raise ScenarioError(source.path, located, source.data)


def names_files(data: Any) -> bool:
    """Tell whether designs are made from other files or from code, of which what they become need not be handed on."""
    return bool(_references(data))


def _remedy(key: str) -> str:
    if key == "table":
        return "write the table out, or start  doseesc app  with this file, or with --allow-code"
    return "start  doseesc app  with this file, or with --allow-code"


def _references(data: Any) -> list[tuple[int, str, str]]:
    """Return the files and code that designs name: place, key, name."""
    designs = data.get("designs") if isinstance(data, dict) else None
    found = []
    for place, entry in enumerate(designs if isinstance(designs, list) else []):
        if not isinstance(entry, dict):
            continue
        found += [(place, key, entry[key]) for key in _FILES if isinstance(entry.get(key), str)]
        if str(entry.get("type")).strip().lower() == _CODE and not isinstance(entry.get("module"), str):
            found.append((place, "type", str(entry["type"])))
    return found


def check_size(study: Study, limits: Limits, name: str) -> None:
    """Refuse a study that asks for more simulated trials, or for more designs and scenarios, than the app works on.

    Raises
    ------
    ScenarioError
    """
    cells = len(study.names) * len(study.truths)
    if cells > limits.cells:
        designs, scenarios = len(study.names), len(study.truths)
        path, said = ("designs",), f"are {designs} in {scenarios} scenarios"
        if scenarios > designs:
            path, said = ("scenarios",), f"are {scenarios} for {designs} designs"
        message = f"{said}; here at most {limits.cells} of both, multiplied, are shown"
        problem = Problem(path, message, "write fewer, or use  doseesc run", study.line_of(path))
        raise ScenarioError(name, [problem])
    if study.simulation.trials > limits.trials:
        message = f"is {study.simulation.trials:,}; here at most {limits.trials:,} are simulated"
        problem = Problem(
            ("simulation", "trials"), message, "use  doseesc run", study.line_of(("simulation", "trials"))
        )
        raise ScenarioError(name, [problem])
