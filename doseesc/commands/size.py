"""``doseesc size``: how many patients designs of a file need."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._clusters import shared_by
from doseesc.commands._following import again, changed_words, given, next_edit
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
from doseesc.commands._studies import chosen_design, load_call, load_study, name_in_file
from doseesc.files import csv_text

if TYPE_CHECKING:
    from doseesc.planning import SampleSizes

CSV_FILE = "sizes.csv"
_FURTHER = 3  # largest numbers of patients, none of which does better
_OPTIONS = ("correct", "overdose", "up_to", "by", "separation", "odds_ratio", "method")


class Truths(StrEnum):
    """On which truths designs are judged."""

    scenarios = "scenarios"
    ensemble = "ensemble"
    worst = "worst"


Designs = Annotated[
    list[str] | None,
    typer.Option("--design", metavar="NAME", help="A design, instead of all; may be given several times."),
]
Correct = Annotated[
    float,
    typer.Option("--correct", metavar="SHARE", help="Share of trials that are to select the true MTD, such as 0.6."),
]
Overdose = Annotated[
    float | None,
    typer.Option(
        "--overdose",
        metavar="SHARE",
        help="Largest share of trials that may select a dose above it.",
        show_default=False,
    ),
]
Over = Annotated[
    Truths,
    typer.Option(
        "--over", help="Truths: the file's scenarios, random curves as of ensemble, or the worst as of worst-case."
    ),
]
UpTo = Annotated[
    int | None,
    typer.Option(
        "--up-to", metavar="N", help="Largest number of patients; by default twice the file's.", show_default=False
    ),
]
By = Annotated[
    int | None,
    typer.Option("--by", metavar="N", help="Steps; by default whole cohorts, about 12 steps.", show_default=False),
]
Separation = Annotated[
    float | None,
    typer.Option(
        "--separation",
        metavar="SHARE",
        help="With --over worst: least distance of other doses from the target, by default 0.05.",
        show_default=False,
    ),
]
OddsRatio = Annotated[
    float | None,
    typer.Option(
        "--odds-ratio",
        metavar="RATIO",
        help="From one dose to the next, for dfcrm's approximation; by default around the MTD in the scenarios.",
        show_default=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc size nct04602104 --design BOIN --correct 0.65")(
        size
    )


def size(
    context: typer.Context,
    file: ScenarioFile,
    correct: Correct,
    design: Designs = None,
    overdose: Overdose = None,
    over: Over = Truths.scenarios,
    up_to: UpTo = None,
    by: By = None,
    separation: Separation = None,
    odds_ratio: OddsRatio = None,
    jobs: Jobs = 1,
    out: Out = None,
    figure: FigureFile = None,
    seed: Seed = None,
    trials: Trials = None,
    method: HowToCompute = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Find the smallest number of patients with which designs of FILE reach a goal.

    Each design is looked at with growing numbers of patients (max_n), exactly where it can be enumerated, else by
    simulation with its standard error. More patients can make a design less often right, so the number told is the
    smallest from which on, up to the largest looked at, the goal is kept; where a smaller one reaches it already, that
    is told, too. Where patients arrive over time, so is how long trials last. Beside a CRM stands what dfcrm's
    approximation (getn) asks for, for 4 to 8 doses. With --out DIR the curves are written to DIR/sizes.csv.
    """
    study, sizes, found = variable("study"), variable("sizes"), variable("found")
    drawn = library("doseesc.report.figures", "sizes_figure")(found)
    sized = library("doseesc.planning", "sizes_of")(study, up_to=up_to, by=by)
    options = {
        "overdose": overdose,
        "sizes": sizes,
        "over": None if over == Truths.scenarios else over,
        "separation": separation,
        "odds_ratio": odds_ratio,
        "method": method,
        "trials": trials,
        "seed": seed,
        **shared_by(jobs),
    }
    asked = library("doseesc.planning", "sample_size")
    if show_code:
        names = [name_in_file(file, name) for name in design] if design else None
        steps = {"study": load_call(file), "sizes": sized, "found": asked(study, correct, designs=names, **options)}
        saved = files_call(out, {CSV_FILE: csv_call(found.to_frame())}, force=force)
        print_data(script(steps, [found.to_frame()], saved + figure_call(figure, drawn)))
        return
    loaded = load_study(file, drug_alone=over != Truths.scenarios)
    names = [chosen_design(loaded, name)[0] for name in design] if design else None
    check_figure_file(figure, force=force)
    known = {"study": loaded}
    with refused(named=_OPTIONS):
        known["sizes"] = made(sized, known)
        with TrialProgress(wanted=not quiet, unit="pieces of work") as progress:
            answer: SampleSizes = made(
                asked(study, correct, designs=names, **options),
                known,
                progress=progress,
                enumerating=progress.enumerating,
            )
    written = save_files(out, lambda: {CSV_FILE: csv_text(answer.to_frame())}, force=force)
    written += save_figure(figure, lambda: made(drawn, {"found": answer}))
    if quiet and output_format == Format.table:
        return
    from doseesc.report.terminal import size_lines

    print_found(answer, size_lines, output_format, written, _following(context, file, answer))


def _following(context: typer.Context, file: str, answer: SampleSizes) -> str:
    """Return the next step: the study with as many patients as are needed, more patients, or a goal to be reached."""
    kept = [size for size in map(answer.kept, answer.curves) if size is not None]
    if kept:
        same = ("jobs", "method", "trials", "seed") if answer.over == Truths.scenarios else ("jobs",)
        return next_edit(file, f"write max_n: {min(kept)} in", *given(context, *same))
    best = {name: answer.best(name) for name in answer.curves}
    looked_further = answer.sizes[-_FURTHER:]  # one dip may be that of a last cohort that is smaller, or of chance
    if answer.overdose is None and max(best.values()) < looked_further[0]:
        reached = max(answer.at(name, size)["correct"] for name, size in best.items())
        lower = changed_words(context, {"correct": math.floor(100 * reached) / 100})
        return f"next: more than {max(best.values())} patients have not helped; a goal that is reached: {lower}"
    return again(context, {"up_to": 2 * answer.sizes[-1]})
