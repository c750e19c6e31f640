"""``doseesc schema``: the JSON Schema of scenario files, or of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._calls import library, made, script
from doseesc.commands._options import PLANNING, Force, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._saving import scenario_schema_text, schema_text
from doseesc.files import write_file
from doseesc.study import shipped

SchemaFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="File to write instead of printing.", show_default=False)
]

OfResults = Annotated[bool, typer.Option("--results", help="The schema of results.json instead.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc schema --out doseesc.schema.json")(schema)


def schema(
    out: SchemaFile = None, results: OfResults = False, force: Force = False, show_code: ShowCode = False
) -> None:
    """Print the JSON Schema of scenario files, by which editors complete and explain keys.

    With --results that of results.json, which documents it.
    """
    home, name = ("doseesc.results", "results_schema") if results else ("doseesc.study", "json_schema")
    asked = library(home, name)()
    if show_code:
        print_data(script({}, [asked]))
        return
    if results:
        text = schema_text(made(asked))
    else:
        text = scenario_schema_text(made_anew=out is not None and out.name == shipped.SCHEMA_FILE)
    if out is None:
        print_data(text)
        return
    write_file(out, text, force=force)
