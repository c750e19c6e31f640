"""``doseesc run``: every design under every scenario of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import (
    PLANNING,
    Force,
    Format,
    HowToCompute,
    Jobs,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    Seed,
    ShowCode,
    Trials,
)
from doseesc.commands._printing import TrialProgress, print_data
from doseesc.commands._studies import load_code, load_study

if TYPE_CHECKING:
    from doseesc.results import Results

Report = Annotated[bool, typer.Option("--report", help="Write DIR/report.html too.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc run nct04602104 --trials 2000")(run)


def run(
    file: ScenarioFile,
    out: Out = None,
    seed: Seed = None,
    trials: Trials = None,
    jobs: Jobs = 1,
    method: HowToCompute = None,
    report: Report = False,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Run every design of FILE under every scenario of it.

    Prints a table per scenario, the designs compared over all of them, and the arms of Phase 2, and writes them as
    files into DIR, by default results/NAME. With --format json or csv that is printed instead, and files are written
    only where --out names a folder. With --report DIR/report.html is written too, as by  doseesc report DIR.
    """
    if show_code:
        folder = out or Path("results") / Path(file).stem
        saved = None if output_format != Format.table and out is None else folder
        print_data(_code(file, saved, seed, trials, jobs, method, force))
        if report and saved is not None:
            from doseesc.commands.report import code

            print_data(code(saved))
        return
    from doseesc.results import check_folder, write_results
    from doseesc.runs import run as run_study

    study = load_study(file)
    folder = out or Path("results") / Path(file).stem
    writes = out is not None or output_format == Format.table
    if writes:
        check_folder(folder, force=force, keep=study.source)
    with TrialProgress(wanted=not quiet) as progress:
        results = run_study(study, method=method, trials=trials, seed=seed, jobs=jobs, progress=progress)
    if writes:
        write_results(results, folder, force=force)
    if report and writes:
        from doseesc.commands.report import write_report

        write_report(folder, force=force)
    if not (quiet and output_format == Format.table):
        _print(results, output_format, folder, report)


def _print(results: Results, output_format: Format, folder: Path, report: bool) -> None:
    if output_format != Format.table:
        from doseesc.results import characteristics_csv, results_json

        print_data(results_json(results) if output_format == Format.json else characteristics_csv(results))
        return
    from rich.console import Console

    from doseesc.report.terminal import show

    console = Console(highlight=False)
    show(results, console)
    console.print()
    following = f"open {folder / 'report.html'}" if report else f"doseesc report {folder}"
    last = f"written to {folder}/ · next: {following}"
    console.print(last, soft_wrap=True, markup=False)


def _code(
    file: str,
    folder: Path | None,
    seed: int | None,
    trials: int | None,
    jobs: int,
    method: str | None,
    force: bool,
) -> str:
    given = {"method": method and str(method), "trials": trials, "seed": seed, "jobs": None if jobs == 1 else jobs}
    options = "".join(f", {name}={value!r}" for name, value in given.items() if value is not None)
    lines = [*load_code(file), f"results = doseesc.run(study{options})", "print(results.to_frame())"]
    if folder is not None:
        lines.insert(1, "from doseesc.results import write_results")
        forced = ", force=True" if force else ""
        lines.append(f"write_results(results, {str(folder)!r}{forced})")
    return "\n".join(lines) + "\n"
