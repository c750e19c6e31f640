"""Options that commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from doseesc.errors import ScenarioError

PLANNING = "Planning"
LOOKING_INSIDE = "Looking inside"
DURING_THE_TRIAL = "During the trial"
RESULTS = "Results"


class Format(StrEnum):
    """What is printed."""

    table = "table"
    json = "json"
    csv = "csv"


class Method(StrEnum):
    """How characteristics are computed."""

    monte_carlo = "monte_carlo"
    exact = "exact"
    both = "both"
    auto = "auto"


ScenarioFile = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Scenario file; where there is no such file, the name of a shipped scenario."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Seed of the random numbers instead of the file's."),
]
Trials = Annotated[
    int | None,
    typer.Option("--trials", min=1, help="Simulated trials per scenario instead of the file's."),
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Processes; the answer does not depend on it.")]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Dask scheduler whose workers compute instead, such as tcp://10.0.0.1:8786; the answer is the same.",
        show_default=False,
    ),
]
HowToCompute = Annotated[Method | None, typer.Option("--method", help="Instead of the file's method.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no tables and no progress.")]
Printed = Annotated[Format, typer.Option("--format", help="What to print.")]
Full = Annotated[bool, typer.Option("--full", help="Print all tables, not the answer alone.")]
ShowCode = Annotated[bool, typer.Option("--show-code", help="Print the same as library calls, and do nothing else.")]


@contextmanager
def refused(option: str | None = None, named: Sequence[str] = ()) -> Iterator[None]:
    """Turn what the library refuses into a message about an option; what is wrong in a file speaks for itself.

    Parameters
    ----------
    option : str, optional
        Such as ``--design``.
    named : sequence of str
        Arguments of the library that have options of their own: with one of them a message begins that is about it.

    Raises
    ------
    typer.BadParameter
        Instead of ValueError.
    """
    try:
        yield
    except ScenarioError:
        raise
    except ValueError as error:
        first = str(error).partition(" ")[0]
        about = f"--{first.replace('_', '-')}" if first in named else option
        raise typer.BadParameter(str(error), param_hint=about) from None
