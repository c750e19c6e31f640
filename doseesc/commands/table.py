"""``doseesc table``: the decision table of a design."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._conduct import OneDesign, design_name
from doseesc.commands._options import LOOKING_INSIDE, Force, Format, Printed, Quiet, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._studies import load_code, load_study
from doseesc.files import csv_text

if TYPE_CHECKING:
    from doseesc.conduct import LetterTable

OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="File to write: .csv or .json, one decision per row.", show_default=False
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=LOOKING_INSIDE, epilog="Example:  doseesc table nct04602104 --design BOIN")(table)


def table(
    file: ScenarioFile,
    design: OneDesign = None,
    out: OutFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Show the decision table of a design of FILE, as protocols print it.

    For a design that decides from the patients and DLTs at the current dose alone: one letter for each of their
    numbers. For all others: one line for every tally that a trial can reach.
    """
    if show_code:
        print_data(_code(file, design, out))
        return
    from doseesc.conduct import decision_table
    from doseesc.engines import TooManyStates

    if out is not None and out.suffix.lower() not in (".csv", ".json"):
        raise typer.BadParameter(f"{out} must end in .csv or .json", param_hint="--out")
    study = load_study(file)
    try:
        found = decision_table(study, design_name(study, design))
    except TooManyStates as error:
        raise typer.BadParameter(str(error), param_hint="--design") from None
    if out is not None:
        from doseesc.files import write_file

        write_file(out, _csv(found) if out.suffix.lower() == ".csv" else _json(found), force=force)
    if not quiet:
        _print(found, output_format, out)


def _print(found: LetterTable, output_format: Format, out: Path | None) -> None:
    if output_format != Format.table:
        print_data(_csv(found) if output_format == Format.csv else _json(found))
        return
    from rich.console import Console

    from doseesc.report.terminal import table_lines

    console = Console(highlight=False)
    for text in table_lines(found):
        console.print(text, soft_wrap=True)
    if out is not None:
        console.print(f"\nwritten to {out}", soft_wrap=True, markup=False)


def _csv(found: LetterTable) -> str:
    return csv_text(found.to_frame())


def _json(found: LetterTable) -> str:
    import json

    return json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n"


def _code(file: str, design: str | None, out: Path | None) -> str:
    given = "" if design is None else f", {design!r}"
    lines = [*load_code(file), f"table = doseesc.decision_table(study{given})", "print(table.to_frame())"]
    if out is not None:
        write = "to_csv" if out.suffix.lower() == ".csv" else "to_json"
        lines.append(f"table.to_frame().{write}({str(out)!r})")
    return "\n".join(lines) + "\n"
