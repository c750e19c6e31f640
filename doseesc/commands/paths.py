"""``doseesc paths``: what a design does over the next cohorts, whatever they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from doseesc.commands._calls import Call, library, made, script, variable
from doseesc.commands._conduct import OneDesign, design_name
from doseesc.commands._following import next_step
from doseesc.commands._options import LOOKING_INSIDE, Force, Format, Out, Printed, Quiet, ScenarioFile, ShowCode
from doseesc.commands._printing import print_answer, print_data
from doseesc.commands._saving import (
    FigureFile,
    check_figure_file,
    csv_call,
    figure_call,
    files_call,
    save_figure,
    save_files,
)
from doseesc.commands._studies import check_scenario, load_call, load_study
from doseesc.files import csv_text, json_text, rounded_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from designs.arrays import FloatArray
    from doseesc.engines import Pathways
    from doseesc.study import Study

CSV_FILE = "pathways.csv"

Cohorts = Annotated[int, typer.Option("--cohorts", min=1, max=12, help="Cohorts to look ahead.")]
Outcomes = Annotated[
    str, typer.Option("--outcomes", metavar="TEXT", help='The data so far, such as "1NNN 2NNT"; by default none.')
]
Scenarios = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="NAME", help="Scenario for the probabilities; by default all. Repeatable."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = 'Example:  doseesc paths nct04602104 --design BOIN --cohorts 2 --outcomes "1NNN"'
    app.command(rich_help_panel=LOOKING_INSIDE, epilog=example)(paths)


def paths(
    file: ScenarioFile,
    design: OneDesign = None,
    cohorts: Cohorts = 3,
    outcomes: Outcomes = "",
    scenario: Scenarios = None,
    out: Out = None,
    figure: FigureFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Show every path that a design of FILE can take over the next cohorts.

    Prints a tree: what a cohort shows, what the design decides then, and in brackets how likely that is from now on,
    under each scenario. Neighbouring outcomes that end in the same decision share a line. With --out DIR all paths are
    written to DIR/pathways.csv, one per row; --format csv or json prints them instead of the tree.
    """
    study, tree = variable("study"), variable("paths")
    loaded = load_study(file, warn=not show_code, drug_alone=not show_code)
    name = design_name(loaded, design)
    for each in scenario or []:
        check_scenario(loaded, each)
    named = {each: study.truths[each] for each in scenario} if scenario else study.truths
    if show_code:
        asked = _call(study, name, cohorts, outcomes)
        drawn = library("doseesc.report.figures", "pathways_figure")(tree, named, study.dose_labels)
        steps = {"study": load_call(file), "paths": asked}
        saved = files_call(out, {CSV_FILE: csv_call(tree.to_frame(named))}, force=force)
        print_data(script(steps, [tree.to_frame(named)], saved + figure_call(figure, drawn)))
        return
    truths = {each: loaded.truths[each] for each in scenario} if scenario else loaded.truths
    check_figure_file(figure, force=force)
    try:
        found: Pathways = made(_call(study, name, cohorts, outcomes), {"study": loaded})
    except ValueError as error:
        hint = "--cohorts" if str(error).startswith("n_cohorts") else "--outcomes"
        raise typer.BadParameter(str(error), param_hint=hint) from None
    written = save_files(out, lambda: {CSV_FILE: csv_text(found.to_frame(truths))}, force=force)
    written += save_figure(figure, lambda: _figure(found, loaded, truths, name, outcomes), "--cohorts")
    if quiet:
        return
    from doseesc.report.terminal import pathways_lines

    print_answer(
        output_format,
        lines=lambda: pathways_lines(found, truths, loaded.dose_labels, name),
        csv=lambda: csv_text(found.to_frame(truths)),
        json=lambda: json_text(_plain(found, truths, name)),
        written=written,
        following=next_step("next", file, "--design", name, *(["--outcomes", outcomes] if outcomes else [])),
    )


def _call(study: Call, design: str, cohorts: int, outcomes: str) -> Call:
    return library("doseesc.engines", "pathways")(study.designs[design], n_cohorts=cohorts, outcomes=outcomes)


def _figure(tree: Pathways, study: Study, truths: dict[str, FloatArray], design: str, outcomes: str) -> Figure:
    from doseesc.report.figures import pathways_figure

    cohorts = f"{tree.n_cohorts} cohort{'s' if tree.n_cohorts > 1 else ''} ahead"
    title = f"{design}: {cohorts}{f' of {outcomes}' if outcomes else ''}"
    return pathways_figure(tree, truths, study.dose_labels, title)


def _plain(tree: Pathways, truths: dict[str, FloatArray], design: str) -> dict[str, Any]:
    listed = {name: truth.tolist() for name, truth in truths.items()}
    return {"design": design, "truths": listed, "paths": rounded_rows(tree.to_frame(truths))}
