"""``doseesc compare``: what changed between two runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._following import next_report
from doseesc.commands._options import RESULTS, Force, Format, Printed, Quiet, ShowCode, refused
from doseesc.commands._printing import print_data, print_found
from doseesc.commands._saving import FigureFile, check_figure_file, figure_call, save_figure

if TYPE_CHECKING:
    from doseesc.results import CellComparison
    from doseesc.runs import Comparison

First = Annotated[Path, typer.Argument(metavar="DIR1", help="Results folder of the first run.")]
Second = Annotated[Path, typer.Argument(metavar="DIR2", help="Results folder of the second run.")]
Smallest = Annotated[
    float, typer.Option("--least", min=0.0, help="Standard errors that a difference must exceed to be shown.")
]
Every = Annotated[
    bool, typer.Option("--all", help="Show figures by level and early stops too, not the main ones only.")
]


CellOf = Annotated[
    list[str] | None,
    typer.Option(
        "--cell",
        metavar="CELL",
        help='A cell of the first sweep and, given again, of the second: "BOIN, max_n 24".',
        show_default=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc compare results/before results/after"
    app.command(rich_help_panel=RESULTS, epilog=example)(compare)


def compare(
    first: First,
    second: Second,
    least: Smallest = 2.0,
    every: Every = False,
    cell: CellOf = None,
    figure: FigureFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Show what changed from the run in DIR1 to the run in DIR2: how much, then settings and figures.

    A difference is that of the second run minus the first, ± its standard error; runs of the same seed and number of
    trials treat the same patients, and are compared trial by trial. --format csv or json gives all figures, --figure a
    picture of the main ones. Where both are sweeps, --cell, given twice, names a cell of each.
    """
    if cell:
        _compare_cells(first, second, cell, output_format, quiet, show_code)
        return
    found = variable("found")
    read = library("doseesc.results", "read_results")
    compared = library("doseesc.runs", "compare")(read(str(first)), read(str(second)))
    drawn = library("doseesc.report.figures", "comparison_figure")(found)
    if show_code:
        saved = figure_call(figure, drawn)
        print_data(script({"found": compared}, [found.changes, found.to_frame()], saved))
        return
    check_figure_file(figure, force=force)
    answer: Comparison = made(compared)
    written = save_figure(figure, lambda: made(drawn, {"found": answer}))
    if quiet:
        return
    from doseesc.report.terminal import comparison_lines

    lines = partial(comparison_lines, least=least, every=every)
    print_found(answer, lines, output_format, written, next_report(second))


def _compare_cells(
    first: Path, second: Path, cells: list[str], output_format: Format, quiet: bool, show_code: bool
) -> None:
    """Compare a cell of one sweep with one of another."""
    if len(cells) != 2:
        wrong = "is to be given twice; name a cell of the first sweep, then one of the second"
        raise typer.BadParameter(wrong, param_hint="--cell")
    sweeps = [library("doseesc").read(str(folder)) for folder in (first, second)]
    compared = library("doseesc.results", "compare_cells")(*sweeps, tuple(cells))
    if show_code:
        print_data(script({"found": compared}, [variable("found").to_frame()]))
        return
    from doseesc.results import SweepResults

    for folder, call in zip((first, second), sweeps, strict=True):
        if not isinstance(made(call), SweepResults):
            raise typer.BadParameter(f"{folder} holds no sweep, and so no cells", param_hint="--cell")
    with refused("--cell"):
        answer: CellComparison = made(compared)
    if not quiet:
        from doseesc.report.terminal import cell_comparison_lines

        print_found(answer, cell_comparison_lines, output_format, following=next_report(second))
