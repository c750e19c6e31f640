"""``doseesc schema``: the JSON Schema of scenario files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._editor import schema_text
from doseesc.commands._options import PLANNING, Force, ShowCode
from doseesc.commands._printing import print_data

SchemaFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="File to write instead of printing.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc schema --out doseesc.schema.json")(schema)


def schema(out: SchemaFile = None, force: Force = False, show_code: ShowCode = False) -> None:
    """Print the JSON Schema of scenario files, by which editors complete and explain keys."""
    if show_code:
        print_data("from doseesc.scenario import json_schema\n\nprint(json_schema())\n")
        return
    text = schema_text()
    if out is None:
        print_data(text)
        return
    from doseesc.output import write_file

    write_file(out, text, force=force)
