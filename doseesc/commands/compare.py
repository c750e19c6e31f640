"""``doseesc compare``: what changed between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import RESULTS, Force, Format, Printed, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure
from doseesc.files import csv_text

if TYPE_CHECKING:
    from doseesc.runs import Comparison

First = Annotated[Path, typer.Argument(metavar="DIR1", help="Results folder of the first run.")]
Second = Annotated[Path, typer.Argument(metavar="DIR2", help="Results folder of the second run.")]
Smallest = Annotated[
    float, typer.Option("--least", min=0.0, help="Standard errors that a difference must exceed to be shown.")
]
Every = Annotated[
    bool, typer.Option("--all", help="Show figures by level and early stops too, not the main ones only.")
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
    figure: FigureFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Show what changed from the run in DIR1 to the run in DIR2: settings first, then figures.

    A difference is that of the second run minus the first, ± its standard error; runs of the same seed and number of
    trials treat the same patients, and are compared trial by trial. --format csv or json gives all figures, --figure a
    picture of the main ones.
    """
    if show_code:
        print_data(_code(first, second, figure))
        return
    check_figure_file(figure, force=force)
    from doseesc.results import read_results
    from doseesc.runs import compare as compare_runs

    found = compare_runs(read_results(first), read_results(second))
    if figure is not None:
        _draw(found, figure)
    if quiet:
        return
    if output_format == Format.csv:
        print_data(csv_text(found.to_frame()))
    elif output_format == Format.json:
        import json
        from dataclasses import asdict

        text = json.dumps(asdict(found), indent=1, ensure_ascii=False).replace(": NaN", ": null")
        print_data(text + "\n")
    else:
        _print(found, least, every, figure)


def _draw(found: Comparison, figure: Path) -> None:
    from doseesc.report.figures import comparison_figure

    try:
        drawn = comparison_figure(found)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--figure") from None
    save_figure(drawn, figure)


def _print(found: Comparison, least: float, every: bool, figure: Path | None) -> None:
    from rich.console import Console

    from doseesc.report.terminal import comparison_lines

    console = Console(highlight=False)
    for text in comparison_lines(found, least, every):
        console.print(text, soft_wrap=True)
    if figure is not None:
        console.print(f"\nwritten to {figure}", soft_wrap=True, markup=False)


def _code(first: Path, second: Path, figure: Path | None) -> str:
    imports = "" if figure is None else "from doseesc.report.figures import comparison_figure\n"
    drawn = "" if figure is None else f"comparison_figure(found).savefig({str(figure)!r})\n"
    return (
        "from doseesc.runs import compare\n"
        f"{imports}from doseesc.results.reading import read_results\n\n"
        f"found = compare(read_results({str(first)!r}), read_results({str(second)!r}))\n"
        "print(found.changes)\n"
        f"print(found.to_frame())\n{drawn}"
    )
