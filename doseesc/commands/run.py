"""``doseesc run``: every design under every scenario of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._clusters import shared_by, workers_told
from doseesc.commands._following import next_report, results_folder
from doseesc.commands._options import (
    PLANNING,
    ClusterAddress,
    Force,
    Format,
    Full,
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
from doseesc.commands._printing import (
    TrialProgress,
    print_answer,
    print_data,
    print_end,
    terminal_width,
)
from doseesc.commands._studies import check_scenario, load_call, load_study
from doseesc.commands.report import report_call, write_report

if TYPE_CHECKING:
    from doseesc.results import Results

OneScenario = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="Print the table of one scenario instead.")
]
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
    cluster: ClusterAddress = None,
    method: HowToCompute = None,
    report: Report = False,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    full: Full = False,
    scenario: OneScenario = None,
    show_code: ShowCode = False,
) -> None:
    """Run every design of FILE under every scenario of it.

    Prints the verdict, what would flip it, and the figures it rests on; with --full all tables, with --scenario one.
    Writes everything as files into DIR, by default results/NAME. With --format json or csv that is printed instead,
    and files are written only where --out names a folder. With --report DIR/report.html is written too, as by
    doseesc report DIR.
    """
    folder = out or results_folder(file)
    writes = out is not None or output_format == Format.table
    study, results = variable("study"), variable("results")
    ran = library("doseesc").run(study, method=method, trials=trials, seed=seed, **shared_by(jobs, cluster))
    saved = library("doseesc.results", "write_results")(results, str(folder), force=force or None)
    if show_code:
        done = [*([saved] if writes else []), *([report_call(folder)] if report and writes else [])]
        print_data(script({"study": load_call(file), "results": ran}, [results.to_frame()], done))
        return
    loaded = load_study(file)
    from doseesc.results import check_folder, edited
    from doseesc.study import bounded

    check_scenario(loaded, scenario)
    if writes:
        check_folder(folder, force=force, keep=loaded.source)
    with (
        workers_told(loaded, cluster, jobs, quiet) as more,
        bounded(loaded),
        TrialProgress(wanted=not quiet) as progress,
    ):
        told = {"progress": progress, "enumerating": progress.enumerating}
        answer: Results = made(ran, {"study": loaded}, **told, **more)
    if writes:
        made(saved, {"results": answer})
        for name in edited(folder):
            typer.echo(f"note: {folder / name} was edited by hand and stays; it is of an earlier run", err=True)
    if report and writes:
        write_report(folder, force=force)
    if not (quiet and output_format == Format.table):
        _print(answer, output_format, folder, report, full, scenario)


def _print(
    answer: Results, output_format: Format, folder: Path, report: bool, full: bool, scenario: str | None
) -> None:
    from doseesc.report.terminal import full_lines, run_lines, scenario_lines
    from doseesc.results import REPORT_FILE, characteristics_csv, results_json

    print_answer(
        output_format,
        lines=lambda: (
            scenario_lines(answer, scenario, terminal_width())
            if scenario is not None
            else (full_lines if full else run_lines)(answer, terminal_width())
        ),
        csv=lambda: characteristics_csv(answer),
        json=lambda: results_json(answer),
    )
    if output_format == Format.table:
        following = f"next: open {folder / REPORT_FILE}" if report else next_report(folder)
        print_end(f"written to {folder}/", following)
