"""``doseesc compare``: what changed between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import RESULTS, Format, Printed, ShowCode
from doseesc.commands._printing import print_data

if TYPE_CHECKING:
    from doseesc.comparison import Comparison

First = Annotated[Path, typer.Argument(metavar="DIR1", help="Results folder of the first run.")]
Second = Annotated[Path, typer.Argument(metavar="DIR2", help="Results folder of the second run.")]
Smallest = Annotated[
    float, typer.Option("--least", min=0.0, help="Standard errors that a difference must exceed to be shown.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc compare results/before results/after"
    app.command(rich_help_panel=RESULTS, epilog=example)(compare)


def compare(
    first: First,
    second: Second,
    least: Smallest = 2.0,
    output_format: Printed = Format.table,
    show_code: ShowCode = False,
) -> None:
    """Show what changed from the run in DIR1 to the run in DIR2: settings first, then figures.

    A difference is that of the second run minus the first, ± its standard error were the runs independent; runs with
    the same seed share their patients, so that it is mostly too large. --format csv or json gives all figures.
    """
    if show_code:
        print_data(_code(first, second))
        return
    from doseesc.comparison import compare as compare_runs
    from doseesc.saved import read_results

    found = compare_runs(read_results(first), read_results(second))
    if output_format == Format.csv:
        print_data(found.to_frame().to_csv(index=False, lineterminator="\n"))
    elif output_format == Format.json:
        import json
        from dataclasses import asdict

        text = json.dumps(asdict(found), indent=1, ensure_ascii=False).replace(": NaN", ": null")
        print_data(text + "\n")
    else:
        _print(found, least)


def _print(found: Comparison, least: float) -> None:
    from rich.console import Console

    from doseesc.report.comparison_table import comparison_lines

    console = Console(highlight=False)
    for text in comparison_lines(found, least):
        console.print(text, soft_wrap=True)


def _code(first: Path, second: Path) -> str:
    return (
        "from doseesc.comparison import compare\n"
        "from doseesc.saved import read_results\n\n"
        f"found = compare(read_results({str(first)!r}), read_results({str(second)!r}))\n"
        "print(found.changes)\n"
        "print(found.to_frame())\n"
    )
