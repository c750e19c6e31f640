"""``doseesc worst-case``: the truths under which designs do least well."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._following import next_edit
from doseesc.commands._options import PLANNING, Force, Format, Out, Printed, Quiet, ScenarioFile, ShowCode, refused
from doseesc.commands._printing import TrialProgress, print_data, print_found, terminal_width
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
    from doseesc.planning import WorstCases

CSV_FILE = "worst_case.csv"

OneDesign = Annotated[
    str | None, typer.Option("--design", metavar="NAME", help="One design of the file; by default all.")
]
Separation = Annotated[
    float, typer.Option("--separation", help="Least distance of the other doses' P(DLT) from the target.")
]
Band = Annotated[float, typer.Option("--band", help="How far from the target the MTD itself may be.")]
Bound = Annotated[
    float | None,
    typer.Option(
        "--bound",
        help="P(DLT) from which a dose is too toxic; by default the target and the true MTD's margin.",
        show_default=False,
    ),
]
Steepest = Annotated[
    float | None,
    typer.Option(
        "--steepest",
        help="Largest rise of P(DLT) from one dose to the next, such as 0.3; by default any, a jump from 0 to 1 too.",
        show_default=False,
    ),
]
Begin = Annotated[
    list[str] | None,
    typer.Option(
        "--begin",
        metavar="P,P,...",
        help="A curve from which the search begins, too, such as 0.05,0.1,0.25; may be given several times.",
        show_default=False,
    ),
]
Starts = Annotated[int, typer.Option("--starts", min=1, max=500, help="Searches per level.")]
SearchSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the searches' random starts.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "worst-case", rich_help_panel=PLANNING, epilog="Example:  doseesc worst-case nct04602104 --design BOIN"
    )(worst_case)


def worst_case(
    file: ScenarioFile,
    design: OneDesign = None,
    separation: Separation = 0.05,
    band: Band = 0.0,
    bound: Bound = None,
    steepest: Steepest = None,
    begin: Begin = None,
    starts: Starts = 12,
    seed: SearchSeed = 1,
    out: Out = None,
    figure: FigureFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Find the truths under which the designs of FILE do least well.

    For each level as the true MTD, among the monotone curves whose other doses are at least SEPARATION away from the
    target: the curve with the least chance of correct selection. And the curve with the greatest chance that a dose is
    selected whose P(DLT) is at the bound or above. --steepest leaves out curves that rise as no drug's is likely to.
    With --out DIR they are written to DIR/worst_case.csv.
    """
    study, found = variable("study"), variable("found")
    searched = library("doseesc.planning", "worst_cases")
    drawn = library("doseesc.report.figures", "worst_case_figure")(found)
    limits: dict[str, Any] = {"separation": separation, "band": band, "bound": bound, "steepest": steepest}
    limits |= {"starts": starts, "seed": seed, "begin": [_curve(text) for text in begin] if begin else None}
    if show_code:
        names = None if design is None else [name_in_file(file, design)]
        steps = {"study": load_call(file), "found": searched(study, designs=names, **limits)}
        saved = files_call(out, {CSV_FILE: csv_call(found.to_frame())}, force=force)
        print_data(script(steps, [found.to_frame()], saved + figure_call(figure, drawn)))
        return
    loaded = load_study(file, drug_alone=True)
    names = None if design is None else [chosen_design(loaded, design)[0]]
    check_figure_file(figure, force=force)
    with (
        TrialProgress(wanted=not quiet, unit="designs") as progress,
        refused("--separation", named=("separation", "band", "bound", "steepest", "begin")),
    ):
        answer: WorstCases = made(
            searched(study, designs=names, **limits),
            {"study": loaded},
            progress=progress,
            enumerating=progress.enumerating,
        )
    written = save_files(out, lambda: {CSV_FILE: csv_text(answer.to_frame())}, force=force)
    written += save_figure(figure, lambda: made(drawn, {"found": answer}))
    if quiet:
        return
    from doseesc.report.terminal import worst_case_lines

    following = next_edit(file, "make a curve a scenario of")
    print_found(answer, partial(worst_case_lines, width=terminal_width()), output_format, written, following)


def _curve(text: str) -> list[float]:
    """Read a curve's DLT probabilities."""
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        message = f"{text!r} cannot be read; write one DLT probability for each dose:  --begin 0.05,0.1,0.25"
        raise typer.BadParameter(message, param_hint="--begin") from None
