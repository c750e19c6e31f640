"""``doseesc table``: the decision table of a design."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import Call, library, made, script, variable
from doseesc.commands._conduct import OneDesign, design_name
from doseesc.commands._following import next_step
from doseesc.commands._options import LOOKING_INSIDE, Force, Format, Printed, Quiet, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data, print_found, terminal_width
from doseesc.commands._saving import csv_call
from doseesc.commands._studies import load_call, load_study
from doseesc.files import csv_text, json_text, write_file

if TYPE_CHECKING:
    from doseesc.conduct import DecisionTable

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
    numbers; where patients pending count, as in TITE-BOIN and rolling six, by their number too, with limits on their
    follow-up. For all others: one line for every tally that a trial can reach.
    """
    study, found = variable("study"), variable("table")
    if show_code:
        name = design_name(load_study(file, warn=False), design)
        steps = {"study": load_call(file), "table": library("doseesc").decision_table(study, design=name)}
        print_data(script(steps, [found.to_frame()], [] if out is None else [_file_call(out, found, force)]))
        return
    if out is not None and out.suffix.lower() not in (".csv", ".json"):
        raise typer.BadParameter(
            f"{out} must end in .csv or .json; write  --out {out.with_suffix('.csv')}", param_hint="--out"
        )
    loaded = load_study(file)
    from doseesc.study import bounded

    name = design_name(loaded, design)
    asked = library("doseesc").decision_table(study, design=name)
    with bounded(loaded, name or loaded.names[0], "look some cohorts ahead by  doseesc paths"):
        answer: DecisionTable = made(asked, {"study": loaded})
    forms = {".csv": lambda: csv_text(answer.to_frame()), ".json": lambda: json_text(answer.to_dict())}
    written = [] if out is None else [write_file(out, forms[out.suffix.lower()](), force=force)]
    if quiet:
        return
    from doseesc.report.terminal import table_lines

    following = next_step("paths", file, "--design", name or loaded.names[0])
    print_found(answer, partial(table_lines, width=terminal_width()), output_format, written, following)


def _file_call(out: Path, table: Call, force: bool) -> Call:
    csv = out.suffix.lower() == ".csv"
    text = csv_call(table.to_frame()) if csv else library("doseesc.files", "json_text")(table.to_dict())
    return library("doseesc.files", "write_file")(str(out), text, force=force or None)
