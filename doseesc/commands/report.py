"""``doseesc report``: the results of a run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._options import RESULTS, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data

ResultsFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Results folder that  doseesc run  has written.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=RESULTS, epilog="Example:  doseesc report results/nct04602104")(report)


def report(folder: ResultsFolder, force: Force = False, quiet: Quiet = False, show_code: ShowCode = False) -> None:
    """Write DIR/report.html: recommendation, figures, tables, example trials and provenance on one page.

    The page needs no network and prints well. Its figures are also saved as DIR/figures/*.svg and *.png. With data,
    doseesc fit FILE --outcomes "..." --out DIR  adds the posterior to the same folder; then make the report again, with
    --force.
    """
    if show_code:
        print_data(code(folder, force))
        return
    written = write_report(folder, force=force)
    if not quiet:
        typer.echo(f"written to {written}")


def write_report(folder: Path, *, force: bool) -> Path:
    """Write the report into a results folder; return its path."""
    from doseesc.files import add_files, check_absent
    from doseesc.report.page import REPORT_FILE, report_files
    from doseesc.results import read_results

    saved = read_results(folder)
    check_absent([folder / REPORT_FILE], force=force)
    return add_files(report_files(saved), folder, force=force)[0]


def code(folder: Path, force: bool = False) -> str:
    """Return the same as library calls."""
    forced = ", force=True" if force else ""
    return (
        "from doseesc import add_files\n"
        "from doseesc.report.page import report_files\n"
        "from doseesc.results import read_results\n\n"
        f"add_files(report_files(read_results({str(folder)!r})), {str(folder)!r}{forced})\n"
    )
