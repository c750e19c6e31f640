"""``doseesc guide``: the guide, in the terminal or as a folder of pages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script
from doseesc.commands._options import LOOKING_INSIDE, Force, ShowCode
from doseesc.commands._printing import print_data, terminal_width
from doseesc.files import check_absent
from doseesc.guide import UnknownGuideTopic, guide_page, guide_pages

if TYPE_CHECKING:
    from rich.console import Console

    from doseesc.guide import GuidePage

Topic = Annotated[
    str | None, typer.Argument(metavar="[TOPIC]", help="A page; without it all of them are listed.", show_default=False)
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="DIR", help="Write the whole guide as pages for a browser.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=LOOKING_INSIDE, epilog="Example:  doseesc guide first-trial")(guide)


def guide(topic: Topic = None, html: Html = None, force: Force = False, show_code: ShowCode = False) -> None:
    """Show a page of the guide: from the first trial to a design of your own.

    Laid out in a terminal; into a pipe or a file goes the Markdown as it is. Every output in it has been compared with
    what the commands above it print. With --html DIR the guide is written as a folder that needs no network.
    """
    if topic is not None and html is not None:
        raise typer.BadParameter("writes all pages; leave TOPIC out", param_hint="--html")
    if html is not None:
        files = library("doseesc.report.page", "guide_files")()
        written = library("doseesc.files", "add_files")(files, str(html), force=force or None)
        if show_code:
            print_data(script({}, done=[written]))
            return
        check_absent([html / "index.html"], force=force)
        typer.echo(f"written to {made(written)[0]}")
        return
    if show_code:
        face = "doseesc.guide"
        print_data(
            script({}, [library(face, "guide_pages")() if topic is None else library(face, "guide_page")(topic)])
        )
        return
    if topic is None:
        for page in guide_pages():
            typer.echo(f"{page.name:<12} {page.title}")
        typer.echo("\nnext: doseesc guide first-trial")
        return
    try:
        found = guide_page(topic)
    except UnknownGuideTopic as error:
        raise typer.BadParameter(str(error), param_hint="TOPIC") from None
    if sys.stdout.isatty():
        from rich.console import Console

        show_page(found, Console(highlight=False, width=terminal_width()))
    else:
        print_data(found.text)


def show_page(page: GuidePage, console: Console) -> None:
    """Print a page, laid out for a terminal."""
    from rich.markdown import Markdown

    console.print(Markdown(page.text, code_theme="ansi_dark", hyperlinks=False))
