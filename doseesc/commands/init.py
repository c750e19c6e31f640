"""``doseesc init``: a commented scenario file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._calls import library, script
from doseesc.commands._following import next_run
from doseesc.commands._options import PLANNING, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._saving import write_with_schema

NewFile = Annotated[Path, typer.Argument(metavar="[PATH]", help="File to write.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc init my_trial.yaml")(init)


def init(
    path: NewFile = Path("my_trial.yaml"), force: Force = False, quiet: Quiet = False, show_code: ShowCode = False
) -> None:
    """Write a small commented scenario file to begin with, and the schema that editors need."""
    if show_code:
        text = library("doseesc.study", "starter_file")()
        print_data(script({}, done=[library("doseesc.files", "write_file")(str(path), text, force=force or None)]))
        return
    from doseesc.study import starter_file

    write_with_schema(path, starter_file(), force=force)
    if not quiet:
        typer.echo(f"written to {path} · {next_run(path)}")
