"""``doseesc export``: the results of a run as one file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._calls import library, made, script
from doseesc.commands._options import RESULTS, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands.report import ResultsFolder

Exported = Annotated[Path, typer.Argument(metavar="FILE", help="File to write: .parquet, .nc (netCDF) or .csv.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc export results/nct04602104 nct04602104.parquet"
    app.command(rich_help_panel=RESULTS, epilog=example)(export)


def export(
    folder: ResultsFolder, file: Exported, force: Force = False, quiet: Quiet = False, show_code: ShowCode = False
) -> None:
    """Write the results in DIR as one file; its ending says how.

    .parquet is a table for pandas, Polars or R, .nc (netCDF) an array for xarray, with the dimensions scenario, design
    and level; both hold the study and the run's provenance, and  doseesc.read(FILE)  gives the results back. .csv is
    the tidy table alone.
    """
    saved = library("doseesc").read(str(folder)).save(str(file), force=force or None)
    if show_code:
        print_data(script({}, done=[saved]))
        return
    from doseesc.results import check_ending

    check_ending(file)
    made(saved)
    if not quiet:
        typer.echo(f"written to {file}")
