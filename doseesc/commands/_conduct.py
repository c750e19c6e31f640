"""What ``next``, ``replay`` and ``table`` share: the design meant, and the trial's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

from doseesc.commands._options import Format
from doseesc.commands._printing import print_data
from doseesc.commands._studies import chosen_design, load_study
from doseesc.errors import ScenarioError
from doseesc.files import csv_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.text import Text

    from doseesc.study import Study


class Answer(Protocol):
    """What can be printed as JSON and as CSV."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""

    def to_frame(self) -> pd.DataFrame:
        """Return it as a table."""


Found = TypeVar("Found", bound=Answer)

OneDesign = Annotated[
    str | None,
    typer.Option(
        "--design",
        metavar="NAME",
        help="A design of the file, by its name; may be left out where there is only one.",
        show_default=False,
    ),
]
Outcomes = Annotated[
    str | None,
    typer.Option(
        "--outcomes",
        metavar="TEXT",
        help='The data so far, such as "1NNN 2NNT": per cohort the level, then N or T (a DLT) for each patient.',
        show_default=False,
    ),
]
DataFile = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="The patients so far as CSV: columns id, dose, dlt and, where known, date and cohort.",
        show_default=False,
    ),
]


def design_name(study: Study, name: str | None) -> str:
    """Return the name of the design meant.

    Raises
    ------
    typer.BadParameter
        If the file has none of that name, or has several and none is named.
    """
    if name is not None:
        return chosen_design(study, name)[0]
    names = list(study.designs)
    if len(names) > 1:
        raise typer.BadParameter(f"name one of the file's designs: {', '.join(names)}", param_hint="--design")
    return names[0]


def check_one_source(outcomes: str | None, data: Path | None) -> None:
    """Refuse both outcomes and a file of patients.

    Raises
    ------
    typer.BadParameter
        If both are given.
    """
    if outcomes is not None and data is not None:
        raise typer.BadParameter("give the data once, by --outcomes or by --data", param_hint="--data")


def data_code(outcomes: str | None, data: Path | None) -> str:
    """Return the data as Python writes them."""
    return repr(outcomes or "") if data is None else f"Path({str(data)!r})"


def asked_of_design(ask: Callable[..., Found], file: str, design: str | None, data: str | Path) -> Found:
    """Return what a design of a file says to data.

    Parameters
    ----------
    ask : callable
        Takes study, data and ``design``.
    file, design : str
        As on the command line.
    data : str or Path

    Raises
    ------
    ScenarioError, typer.BadParameter
        If file, design or data are wrong.
    """
    study = load_study(file, warn=False)
    name = design_name(study, design)
    try:
        return ask(study, data, design=name)
    except ScenarioError:
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--outcomes") from None


def print_answer(found: Found, lines: Callable[[Found], Iterable[Text]], output_format: Format) -> None:
    """Print an answer as JSON, as CSV, or in lines for people."""
    if output_format == Format.json:
        import json

        print_data(json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n")
        return
    if output_format == Format.csv:
        print_data(csv_text(found.to_frame()))
        return
    from rich.console import Console

    console = Console(highlight=False)
    for text in lines(found):
        console.print(text, soft_wrap=True)
