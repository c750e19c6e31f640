"""``doseesc report``: the results of a run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._calls import Call, library, made, script
from doseesc.commands._options import RESULTS, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.files import check_absent

ResultsFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Results folder that  doseesc run  has written.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=RESULTS, epilog="Example:  doseesc report results/nct04602104")(report)


def report(folder: ResultsFolder, force: Force = False, quiet: Quiet = False, show_code: ShowCode = False) -> None:
    """Write DIR/report.html: the verdict first, and everything behind it on one page; of a sweep, too.

    The page needs no network and prints well. Figures for slides are saved as DIR/figures/*.svg and *.png. With data,
    doseesc fit FILE --outcomes "..." --out DIR  adds the posterior to the same folder; then make the report again, with
    --force.
    """
    if show_code:
        print_data(script({}, done=[report_call(folder, force)]))
        return
    written = write_report(folder, force=force)
    if not quiet:
        typer.echo(f"written to {written}")


def report_call(folder: Path, force: bool = False) -> Call:
    """Return the call that writes the report into a results folder."""
    from doseesc.results import SWEEP_FILE

    if (folder / SWEEP_FILE).is_file():
        files = library("doseesc.report.page", "sweep_files")(library("doseesc").read(str(folder)))
    else:
        read = library("doseesc.results", "read_results")(str(folder))
        files = library("doseesc.report.page", "report_files")(read)
    return library("doseesc.files", "add_files")(files, str(folder), force=force or None)


def write_report(folder: Path, *, force: bool) -> Path:
    """Write the report into a results folder; return its path."""
    from doseesc.results import REPORT_FILE

    check_absent([folder / REPORT_FILE], force=force)
    written: list[Path] = made(report_call(folder, force))
    return written[0]
