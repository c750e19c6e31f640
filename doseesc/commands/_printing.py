"""Printing: data for other programs, and progress for people."""

from __future__ import annotations

import io
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import typer

from doseesc.commands._options import Format
from doseesc.files import csv_text, json_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID

    from doseesc.engines import WalkForecast

_UNCUT = 1_000  # columns
_NARROWEST, _WIDEST = 60, 160  # columns that lines are fitted to; what is narrower wraps them
_PATIENCE = 1.0  # seconds before a progress bar is worth its flicker
_EVERY_LINE = 30.0  # seconds between lines about a long run in a log
_EVERY = 0.2, 10.0  # seconds between words about an enumeration, at a terminal and in a log


class Answer(Protocol):
    """What can be printed as JSON and as CSV."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""

    def to_frame(self) -> pd.DataFrame:
        """Return it as a table."""


def terminal_width() -> int:
    """Return the columns that lines may have: those of the terminal, within bounds; without one, as in a pipe, 100."""
    from doseesc.report.terminal import WIDTH

    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((WIDTH, 24)).columns))


def print_data(text: str) -> None:
    """Write JSON, CSV or YAML to standard output, as UTF-8 whatever the terminal speaks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(text)


def print_answer(
    output_format: Format,
    *,
    lines: Callable[[], Iterable[RenderableType]],
    csv: Callable[[], str],
    json: Callable[[], str],
    written: Sequence[Path | str] = (),
    following: str = "",
) -> None:
    """Print an answer in lines for people, as CSV, or as JSON; people are told what was written and what comes next.

    Parameters
    ----------
    output_format : Format
    lines, csv, json : callable
        Give the answer in each form; only the one that is wanted is asked for.
    written : sequence of path
    following : str, optional
        The next step, as :func:`doseesc.commands._following.next_step` says it, or in words.
    """
    if output_format != Format.table:
        print_data(csv() if output_format == Format.csv else json())
        return
    print_lines(lines())
    if written or following:
        typer.echo()
        print_end(f"written to {', '.join(str(path) for path in written)}" if written else "", following)


def print_end(written: str, following: str) -> None:
    """Print the last lines of an answer, or the last one where there is room: what was written, and the next step."""
    parts = [each for each in (written, following) if each]
    together = " \N{MIDDLE DOT} ".join(parts)
    typer.echo(together if len(together) <= terminal_width() else "\n".join(parts))


def print_lines(lines: Iterable[RenderableType]) -> None:
    """Print lines for people, laid out for the terminal."""
    from rich.console import Console

    from doseesc.report.terminal import fitted

    # Lines have been folded where they may be; what is longer is the terminal's to wrap, and not to be cut off.
    console = Console(highlight=False, width=_UNCUT)
    for each in fitted(lines, terminal_width()):
        console.print(each, soft_wrap=True, markup=False)


def print_found(
    answer: Answer,
    lines: Callable[[Any], Iterable[RenderableType]],
    output_format: Format,
    written: Sequence[Path | str] = (),
    following: str = "",
) -> None:
    """Print an answer that has the usual forms."""
    print_answer(
        output_format,
        lines=lambda: lines(answer),
        csv=lambda: csv_text(answer.to_frame()),
        json=lambda: json_text(answer.to_dict()),
        written=written,
        following=following,
    )


class TrialProgress:
    """A progress bar with trials per second on standard error, for runs of more than a second at a terminal.

    Of an enumeration that takes longer than that a line tells how far it is, in a log too.

    Parameters
    ----------
    wanted : bool
        False shows nothing, and leaves out notes on the log "doseesc".  Where standard error is no terminal there is no
        bar.
    unit : str
        What is counted, if not trials.
    in_logs : bool
        Where standard error is no terminal, a line now and then tells how far it is.
    """

    def __init__(self, wanted: bool = True, unit: str = "trials", *, in_logs: bool = False) -> None:
        self._unit = unit
        self._in_logs = in_logs and wanted and not sys.stderr.isatty()
        self._next_line = time.monotonic() + _EVERY_LINE
        self._terminal = sys.stderr.isatty()
        self._tells = wanted
        self._wanted = wanted and self._terminal
        self._began = time.monotonic()
        self._enumerated, self._next_word = "", 0.0
        self._forecast: WalkForecast | None = None
        self._line = 0  # columns of a line that is not ended
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        """Take note of the trials done."""
        if self._in_logs and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _EVERY_LINE
            sys.stderr.write(f"{done:,} of {total:,} {self._unit}\n")
            sys.stderr.flush()
        if not self._wanted or time.monotonic() - self._began < _PATIENCE:
            return
        self._clear()
        if self._bar is None:
            self._start(total)
        if self._bar is not None and self._task is not None:
            speed = done / (time.monotonic() - self._began)
            self._bar.update(self._task, completed=done, speed=f"{speed:,.0f} {self._unit}/s")

    def enumerating(self, name: str, patients: int, most: int) -> None:
        """Take note of how far the enumeration of a design is; that it will be long is told as soon as it is known."""
        if not self._tells:
            return
        from doseesc.engines import WalkForecast, expected_words

        now = time.monotonic()
        if name != self._enumerated or self._forecast is None:
            self._enumerated, self._next_word = name, now + _PATIENCE
            self._forecast = WalkForecast(now)
        expected = self._forecast.expected(patients, most, now)
        if expected is not None:
            self._clear()
            sys.stderr.write(f"note: {name}: {expected_words(expected, most)}\n")
            sys.stderr.flush()
        if now < self._next_word:
            return
        self._next_word = now + _EVERY[0 if self._terminal else 1]
        text = f"{name}: all outcomes of {patients:,} of {most:,} patients are enumerated"
        self._clear()
        sys.stderr.write(text if self._terminal else f"{text}\n")
        sys.stderr.flush()
        self._line = len(text) if self._terminal else 0

    def _clear(self) -> None:
        """Remove the line about an enumeration."""
        if self._line:
            sys.stderr.write(f"\r{' ' * self._line}\r")
            sys.stderr.flush()
            self._line = 0

    def __enter__(self) -> Self:
        if not self._tells:
            logging.getLogger("doseesc").setLevel(logging.ERROR)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        if not self._tells:
            logging.getLogger("doseesc").setLevel(logging.NOTSET)
        if self._bar is not None:
            self._bar.stop()

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self._unit, total=total, speed="")
        self._bar.start()
