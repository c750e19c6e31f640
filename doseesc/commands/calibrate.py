"""``doseesc calibrate``: the parameters with which a design does best on given truths."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._clusters import shared_by, workers_told
from doseesc.commands._conduct import OneDesign, design_name
from doseesc.commands._following import given, next_edit
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
from doseesc.commands._printing import TrialProgress, print_answer, print_data, print_found
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
from doseesc.files import csv_text, json_text, rounded_rows

if TYPE_CHECKING:
    from doseesc.planning import Calibration, OptimalSkeleton

CSV_FILE = "calibration.csv"


class CriterionName(StrEnum):
    """What is to be as large as possible."""

    mean = "mean"
    minimum = "minimum"
    penalised = "penalised"
    utility = "utility"


ChosenCriterion = Annotated[
    CriterionName,
    typer.Option(
        "--criterion",
        help="Of correct selection: mean over the truths, minimum over them, or mean minus --penalty x overdosing; or "
        "the expected utility of the section optimal.",
    ),
]
Penalty = Annotated[float, typer.Option("--penalty", min=0, help="Weight of P(overdose selection).")]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        "--grid",
        metavar="NAME=VALUES",
        help="Values of a parameter: 0.1,0.2,0.3 or from:to:step. Repeatable; by default a usual grid.",
    ),
]
Widen = Annotated[
    int,
    typer.Option(
        "--widen",
        min=0,
        max=20,
        help="How often the grid is widened and searched again while the best lies at its edge; 0 keeps it.",
    ),
]
Curves = Annotated[
    int | None,
    typer.Option(
        "--curves", min=1, help="Judge on so many random curves (pseudo-uniform) instead of the file's scenarios."
    ),
]
Attainable = Annotated[
    bool,
    typer.Option("--attainable", help="Say how near the best candidate comes to the best possible design."),
]
Optimal = Annotated[
    bool, typer.Option("--optimal-skeleton", help="For a CRM: search the skeleton itself instead of a grid.")
]
Starts = Annotated[int, typer.Option("--starts", min=1, max=8, help="Searches of --optimal-skeleton.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc calibrate nct04602104 --design BOIN --criterion minimum"
    app.command(rich_help_panel=PLANNING, epilog=example)(calibrate)


def calibrate(
    context: typer.Context,
    file: ScenarioFile,
    design: OneDesign = None,
    criterion: ChosenCriterion = CriterionName.mean,
    penalty: Penalty = 1.0,
    grid: Grid = None,
    widen: Widen = 3,
    curves: Curves = None,
    optimal: Optimal = False,
    starts: Starts = 1,
    attainable: Attainable = False,
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
    """Find the parameters with which a design of FILE does best.

    Each candidate of a grid is judged exactly, on the scenarios of the file or on random curves. By default the grid
    is for a CRM that of the half-width of the indifference interval and the prior standard deviation, for BOIN that of
    p_safe and p_toxic; where the best lies at its edge it is widened. With --out DIR all candidates are written to
    DIR/calibration.csv.
    """
    if optimal:
        _refuse({"--grid": grid, "--attainable": attainable, "--out": out, "--figure": figure})
    axes = dict(_axis(text) for text in grid or []) or None
    loaded = load_study(file, warn=not show_code, drug_alone=not show_code)
    name = design_name(loaded, design)
    study, truths, found = variable("study"), variable("truths"), variable("found")
    judged_on = library("doseesc.planning", "truths_of")(study, curves=curves, seed=None if curves is None else seed)
    made_of = library("doseesc.planning", "make_objective")(
        study.designs[name],
        truths,
        criterion=criterion,
        penalty=penalty if criterion == CriterionName.penalised else None,
        utility=study.optimal.utility if criterion == CriterionName.utility else None,
        target=study.target,
        true_mtd=library("doseesc.planning", "right_levels_of")(study, truths),
    )
    own = {"starts": starts} if optimal else {"grid": axes, "widen": widen or None}
    search = library("doseesc.planning", "optimal_skeleton" if optimal else "calibrate")
    searched = search(study.designs[name], variable("objective"), **own, **shared_by(jobs, cluster))
    drawn = library("doseesc.report.figures", "calibration_figure")(found, f"Calibration of {name}")
    if show_code:
        steps = {"study": load_call(file), "truths": judged_on, "objective": made_of, "found": searched}
        shown = [found.design.skeleton, found.score] if optimal else [found.best_values]
        if attainable:
            score = library("doseesc.planning", "attainable_score")(study, found.objective)
            shown.append(library("doseesc.report.words", "calibrated_words")(found, score))
        saved = files_call(out, {CSV_FILE: csv_call(found.to_frame())}, force=force) + figure_call(figure, drawn)
        print_data(script(steps, shown, saved))
        return
    check_figure_file(figure, force=force)
    from doseesc.study import bounded

    known = {"study": loaded}
    with refused("--curves"), bounded(loaded, name):
        known["truths"] = made(judged_on, known)
    with refused("--design"), bounded(loaded, name):
        known["objective"] = made(made_of, known)
    if optimal:
        with (
            workers_told(loaded, cluster, jobs, quiet) as more,
            refused("--design"),
            bounded(loaded, name),
            TrialProgress(wanted=not quiet, unit="skeletons") as progress,
        ):
            best: OptimalSkeleton = made(searched, known, progress=progress, **more)
        if not quiet:
            from doseesc.report.terminal import skeleton_lines

            print_found(
                best,
                lambda each: skeleton_lines(each, name, loaded.named_doses),
                output_format,
                following=_following(context, file),
            )
        return
    with (
        workers_told(loaded, cluster, jobs, quiet) as more,
        refused("--grid"),
        bounded(loaded, name),
        TrialProgress(wanted=not quiet, unit="candidates") as progress,
    ):
        answer: Calibration = made(searched, known, progress=progress, enumerating=progress.enumerating, **more)
    said = []
    if attainable:
        from doseesc.planning import attainable_score
        from doseesc.report.words import calibrated_words

        with refused("--attainable"), bounded(loaded):
            said.append(calibrated_words(answer, attainable_score(loaded, answer.objective)))
    written = save_files(out, lambda: {CSV_FILE: csv_text(answer.to_frame())}, force=force)
    written += save_figure(figure, lambda: made(drawn, {"found": answer}))
    if quiet:
        return
    from doseesc.report.terminal import calibration_lines, wrapped

    print_answer(
        output_format,
        lines=lambda: [
            *calibration_lines(answer, name, loaded.named_doses),
            *(each for words in said for each in wrapped(words)),
        ],
        csv=lambda: csv_text(answer.to_frame()),
        json=lambda: json_text(rounded_rows(answer.to_frame())),
        written=written,
        following=_following(context, file),
    )


def _refuse(options: dict[str, object]) -> None:
    """Refuse what a search for the best skeleton, which has no candidates to be listed, would leave aside in silence.

    Raises
    ------
    typer.BadParameter
        Of the first that was given.
    """
    for name, value in options.items():
        if value:
            message = "is about the candidates of a grid, and --optimal-skeleton has none; leave one of the two out"
            raise typer.BadParameter(message, param_hint=name)


def _following(context: typer.Context, file: str) -> str:
    """Return the next step: the study with what was found."""
    return next_edit(file, "write it in", *given(context, "jobs", "cluster"))


def _axis(text: str) -> tuple[str, tuple[float, ...]]:
    """Read ``name=0.1,0.2`` or ``name=0.1:0.3:0.1``, ends included."""
    name, _, values = text.partition("=")
    try:
        if ":" not in values:
            return name.strip(), tuple(float(value) for value in values.split(","))
        first, last, step = (float(value) for value in values.split(":"))
        if not (step > 0 and last >= first):
            raise ValueError
        count = int((last - first) / step + 1e-9) + 1
        return name.strip(), tuple(round(first + k * step, 12) for k in range(count))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} cannot be read; write  halfwidth=0.03,0.05,0.07  or  halfwidth=0.03:0.07:0.02",
            param_hint="--grid",
        ) from None
