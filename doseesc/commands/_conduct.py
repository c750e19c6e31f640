"""What commands about one design share: the design meant, and the trial's data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from doseesc.commands._calls import Call, made, variable
from doseesc.commands._options import refused
from doseesc.commands._studies import chosen_design

if TYPE_CHECKING:
    from doseesc.study import Study


_ANY_LEVEL = 10**9  # outcomes are told from a file's name whatever doses there are

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
        help='The data so far, such as "1NNN 2NNT": per cohort the level, then N or T (a DLT) for each patient; P for '
        "one pending, P7 followed for 7 days.",
        show_default=False,
    ),
]
DataFile = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="The patients so far as CSV: columns id, dose, dlt (empty: pending), date and, where known, dlt_date or "
        "dlt_day, last_seen, status and cohort.",
        show_default=False,
    ),
]
LogOut = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE.jsonl", help="Log of decisions to which this one is added.", show_default=False
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        "--log",
        metavar="FILE.jsonl",
        help="Log of decisions, as  doseesc next --out  writes it, to be verified.",
        show_default=False,
    ),
]
DataDate = Annotated[
    str | None,
    typer.Option(
        "--date",
        metavar="YYYY-MM-DD",
        help="Date of the data; by default today.",
        show_default=False,
        callback=lambda given: _checked_date(given),
    ),
]


def _checked_date(given: str | None) -> str | None:
    """Return a date as given.

    Raises
    ------
    typer.BadParameter
        If it is none.
    """
    if given is None:
        return None
    from doseesc.conduct import as_date

    with refused("--date"):
        as_date(given)
    return given


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
        message = f"is needed: the file has {len(names)} designs; write  --design  and one of  {', '.join(names)}"
        raise typer.BadParameter(message, param_hint="--design")
    return names[0]


def check_one_source(outcomes: str | None, data: Path | None) -> None:
    """Refuse both outcomes and a file of patients, and outcomes in place of the file's name.

    Raises
    ------
    typer.BadParameter
        If both are given, or --data gives outcomes.
    """
    if outcomes is not None and data is not None:
        raise typer.BadParameter("give the data once, by --outcomes or by --data", param_hint="--data")
    if data is not None and _reads_as_outcomes(str(data)) and not os.path.exists(data):  # asked so, of any length
        message = f'{data} is no file but reads as outcomes; write  --outcomes "{data}"'
        raise typer.BadParameter(message, param_hint="--data")


def _reads_as_outcomes(text: str) -> bool:
    from designs.outcomes import parse_patients

    try:
        return bool(parse_patients(text, _ANY_LEVEL))
    except ValueError:
        return False


def check_log_file(out: Path | None) -> None:
    """Refuse a log of decisions that could be taken for something else.

    Raises
    ------
    typer.BadParameter
        If its name does not end in .jsonl.
    """
    if out is not None and out.suffix.lower() != ".jsonl":
        raise typer.BadParameter(f"{out} must end in .jsonl: it has one line of JSON per decision", param_hint="--out")


def ask(study: Study, design: str | None, asked: Callable[[Call, str], Call]) -> Any:
    """Return what a design of a study says to data.

    Parameters
    ----------
    study : Study
    design : str, optional
        As on the command line.
    asked : callable
        Gives the call from the variable that holds the study, and the design's name.

    Raises
    ------
    ScenarioError, typer.BadParameter
        If design or data are wrong.
    """
    from doseesc.study import bounded

    with refused("--outcomes"), bounded(study):
        return made(asked(variable("study"), design_name(study, design)), {"study": study})
