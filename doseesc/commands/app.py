"""``doseesc app``: designs explored in a browser, on one's own machine."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._app_code import question_code, study_code, study_command
from doseesc.commands._options import PLANNING
from doseesc.commands._studies import study_path

_FIRST = "nct04602104"
_OBJECTS_BETWEEN_COLLECTIONS = 2_000  # fewer than where a command begins: this one goes on for hours

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="Scenario file to begin with; where there is no such file, the name of a shipped scenario."
    ),
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes one that is free.")]
Host = Annotated[
    str,
    typer.Option("--host", help="Where to listen; any other than this machine's own asks pages for a token."),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code",
        help="Run Python modules, and read files, that studies loaded in the page name; asks for a token.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("app", rich_help_panel=PLANNING, epilog="Example:  doseesc app nct04602104")(open_app)


def open_app(
    file: File = _FIRST,
    port: Port = 0,
    host: Host = "127.0.0.1",
    no_browser: NoBrowser = False,
    allow_code: AllowCode = False,
) -> None:
    """Open the app: change the design and drag the truth, and see exact characteristics move.

    It runs on this machine alone and sends nothing anywhere; Ctrl-C ends it. What is on the screen can be saved as a
    scenario file, comments kept, and is shown as a command and as Python.
    """
    from doseesc.app import NoAddress, Settings, Trusted, serve
    from doseesc.study import read_source

    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    source = read_source(study_path(file))
    settings = Settings(
        name=Path(source.path).name,
        text=source.text,
        trusted=Trusted.of(source, code=allow_code),
        command=study_command,
        python=study_code,
        question=question_code,
        host=host,
    )
    try:
        serve(
            settings,
            port=port,
            browser=not no_browser,
            said=lambda address: typer.echo(f"doseesc is at {address}\nCtrl-C ends it"),
        )
    except NoAddress as error:
        raise typer.BadParameter(str(error), param_hint="--port") from None
