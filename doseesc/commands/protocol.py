"""``doseesc protocol``: design and statistics of a protocol, to be edited and completed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._options import RESULTS, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._studies import chosen_design
from doseesc.commands.report import ResultsFolder
from doseesc.files import check_absent

if TYPE_CHECKING:
    from doseesc.results import SavedRun

OneDesign = Annotated[
    str | None,
    typer.Option(
        "--design", metavar="NAME", help="The trial's design; by default the one recommended.", show_default=False
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc protocol results/nct04602104 --design BOIN"
    app.command(rich_help_panel=RESULTS, epilog=example)(protocol)


def protocol(
    folder: ResultsFolder,
    design: OneDesign = None,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Write DIR/protocol.docx and DIR/protocol.md, design and statistics of a protocol, from the results in DIR.

    The sections of the template of ICH M11: synopsis and schema, estimands, design and rules in words, decision table,
    stopping, analysis sets, analyses, operating characteristics and sample size, committee, queries to the sponsor.
    What only the sponsor can say is marked and listed; a table says where each item of SPIRIT-DEFINE is met.
    """
    read = library("doseesc.results", "read_results")(str(folder))
    saved = variable("saved")
    write = library("doseesc.report.protocol", "write_protocol")
    added = write(saved, str(folder), design=design, force=force or None)
    if show_code:
        print_data(script({"saved": read}, done=[added]))
        return
    from doseesc.results import PROTOCOL_FILES

    check_absent([folder / name for name in PROTOCOL_FILES], force=force)
    run: SavedRun = made(read)
    if design is not None:
        chosen_design(run.results.study, design)
    written = made(added, {"saved": run})
    if not quiet:
        files, copies = written[: len(PROTOCOL_FILES)], written[len(PROTOCOL_FILES) :]
        typer.echo(f"written to {' and '.join(str(path) for path in files)}")
        for path in copies:
            typer.echo(f"what was edited by hand is now {path}")
