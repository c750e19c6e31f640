"""``doseesc protocol``: the statistical section of a protocol, to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._options import RESULTS, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands.report import ResultsFolder

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
    """Write DIR/protocol.docx and DIR/protocol.md, the statistical section of a protocol, from the results in DIR.

    Objectives, design and rules in words, decision table, stopping, selection of the MTD, Phase 2 arms, operating
    characteristics, queries to the sponsor and references.
    """
    if show_code:
        print_data(_code(folder, design, force))
        return
    from doseesc.files import add_files, check_absent
    from doseesc.report.protocol import PROTOCOL_FILES, protocol_files
    from doseesc.results import read_results

    saved = read_results(folder)
    check_absent([folder / name for name in PROTOCOL_FILES], force=force)
    try:
        files = protocol_files(saved, design)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--design") from None
    written = add_files(files, folder, force=force)
    if not quiet:
        typer.echo(f"written to {' and '.join(str(path) for path in written)}")


def _code(folder: Path, design: str | None, force: bool) -> str:
    given = "" if design is None else f", {design!r}"
    forced = ", force=True" if force else ""
    return (
        "from doseesc import add_files\n"
        "from doseesc.report.protocol import protocol_files\n"
        "from doseesc.results import read_results\n\n"
        f"add_files(protocol_files(read_results({str(folder)!r}){given}), {str(folder)!r}{forced})\n"
    )
