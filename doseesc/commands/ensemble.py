"""``doseesc ensemble``: every design of a file under many random truths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._clusters import shared_by, workers_told
from doseesc.commands._following import next_step
from doseesc.commands._options import (
    PLANNING,
    ClusterAddress,
    Force,
    Format,
    Jobs,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    Seed,
    ShowCode,
    refused,
)
from doseesc.commands._printing import TrialProgress, print_data, print_found
from doseesc.commands._saving import (
    FigureFile,
    check_figure_file,
    csv_call,
    figure_call,
    files_call,
    save_figure,
    save_files,
)
from doseesc.commands._studies import load_call, load_study
from doseesc.files import csv_text

if TYPE_CHECKING:
    from doseesc.planning import EnsembleResults

SUMMARY_FILE = "ensemble.csv"
CURVES_FILE = "ensemble_curves.csv"
TRIALS = 1000

Named = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="Which random scenario of the file, where it has several."),
]
Count = Annotated[
    int | None, typer.Option("--count", min=1, max=100_000, help="Number of curves instead of the file's.")
]
TrialsPerCurve = Annotated[
    int, typer.Option("--trials", min=1, help="Simulated trials per curve of a design too large to enumerate.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc ensemble nct04602104 --count 200")(ensemble)


def ensemble(
    file: ScenarioFile,
    scenario: Named = None,
    count: Count = None,
    trials: TrialsPerCurve = TRIALS,
    out: Out = None,
    figure: FigureFile = None,
    seed: Seed = None,
    jobs: Jobs = 1,
    cluster: ClusterAddress = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Run every design of FILE under many random truths, exactly.

    The curves are those of the file's random scenario, or else pseudo-uniform (Clertant and O'Quigley 2017): each level
    is the true MTD equally often. Prints mean and quantiles of correct selection and overdosing over all curves and for
    each true MTD. With --out DIR the summary is written to DIR/ensemble.csv, every curve to DIR/ensemble_curves.csv.
    """
    study, random, found = variable("study"), variable("random"), variable("found")
    named = library("doseesc.planning", "file_random")(study, *([] if scenario is None else [scenario]))
    changed = {name: value for name, value in (("count", count), ("seed", seed)) if value is not None}
    curves = named.model_copy(update=changed) if changed else named
    ran = library("doseesc.planning", "run_ensemble")(
        study, random, trials=None if trials == TRIALS else trials, **shared_by(jobs, cluster)
    )
    drawn = library("doseesc.report.figures", "ensemble_figure")(found)
    if show_code:
        steps = {"study": load_call(file), "random": curves, "found": ran}
        texts = {SUMMARY_FILE: csv_call(found.to_frame()), CURVES_FILE: csv_call(found.curves_to_frame())}
        saved = files_call(out, texts, force=force)
        print_data(script(steps, [found.to_frame()], saved + figure_call(figure, drawn)))
        return
    loaded = load_study(file, drug_alone=True)
    check_figure_file(figure, force=force)
    known = {"study": loaded}
    with refused("--scenario"):
        known["random"] = made(curves, known)
    with (
        workers_told(loaded, cluster, jobs, quiet) as more,
        TrialProgress(wanted=not quiet, unit="designs") as progress,
    ):
        answer: EnsembleResults = made(ran, known, progress=progress, enumerating=progress.enumerating, **more)
    written = save_files(
        out,
        lambda: {SUMMARY_FILE: csv_text(answer.to_frame()), CURVES_FILE: csv_text(answer.curves_to_frame())},
        force=force,
    )
    written += save_figure(figure, lambda: made(drawn, {"found": answer}))
    if quiet:
        return
    from doseesc.report.terminal import ensemble_lines

    print_found(answer, ensemble_lines, output_format, written, next_step("worst-case", file))
