"""``doseesc compare-script``: what a script printed, beside our own decisions and figures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._conduct import OneDesign, design_name
from doseesc.commands._options import RESULTS, Format, Printed, Quiet, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data, print_found, terminal_width
from doseesc.commands._studies import load_call, load_study
from doseesc.commands.validate import FAILED

if TYPE_CHECKING:
    from doseesc.scripts import ScriptComparison

RowsFile = Annotated[
    Path, typer.Argument(metavar="ROWS", help="The rows that the script printed, a CSV file.", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="Show every row, not only those that differ.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc compare-script nct04602104 rows.csv --design BOIN"
    app.command("compare-script", rich_help_panel=RESULTS, epilog=example)(compare_script)


def compare_script(
    file: ScenarioFile,
    rows: RowsFile,
    design: OneDesign = None,
    every: Every = False,
    output_format: Printed = Format.table,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Set the rows of a script by  doseesc script,  or of your own, beside our decisions and figures.

    Decisions, and figures without error, must be the same; simulated figures may lie 4 standard errors apart. First the
    verdict, then the rows that differ, then every known difference of conventions between programs for this design. The
    exit code is 0, or 3 where rows differ.
    """
    study = load_study(file, warn=False)
    name = design_name(study, design)
    asked = library("doseesc.scripts", "compare_script")(variable("study"), name, str(rows))
    if show_code:
        print_data(script({"study": load_call(file), "found": asked}, [variable("found").to_frame()]))
        return
    found: ScriptComparison = made(asked, {"study": study})
    if not quiet:
        from doseesc.report.terminal import script_lines

        print_found(found, partial(script_lines, every=every, width=terminal_width()), output_format)
    if not found.agrees:
        raise typer.Exit(FAILED)
