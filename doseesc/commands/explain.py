"""``doseesc explain``: what designs, rules, sections and keys mean."""

from __future__ import annotations

from typing import Annotated

import typer

from doseesc.commands._calls import library, script
from doseesc.commands._options import LOOKING_INSIDE, ShowCode
from doseesc.commands._printing import print_data, print_lines, terminal_width

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="A design, rule, section or key; without it all of them are listed."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=LOOKING_INSIDE, epilog="Example:  doseesc explain BLRM")(explain)


def explain(name: Name = None, show_code: ShowCode = False) -> None:
    """Explain a design, a rule, a section or a key: parameters, defaults, formula, source and an example.

    A key is named by its path, as in  observation.deaths,  or by its last part alone.
    """
    if show_code:
        call = library("doseesc.study", "topics")() if name is None else library("doseesc.study", "explain")(name)
        print_data(script({}, [call]))
        return
    from doseesc.report.terminal import list_lines, topic_lines
    from doseesc.study import UnknownTopic, topics
    from doseesc.study import explain as explained

    if name is None:
        print_lines(list_lines(topics(), terminal_width()))
        return
    try:
        found = explained(name)
    except UnknownTopic as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from None
    print_lines(topic_lines(found, terminal_width()))
