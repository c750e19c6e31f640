"""``doseesc optimal``: the best possible design of a file, by backward induction."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._following import again, free, next_edit
from doseesc.commands._options import (
    PLANNING,
    Force,
    Format,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    ShowCode,
    refused,
)
from doseesc.commands._printing import TrialProgress, print_answer, print_data
from doseesc.commands._saving import csv_call, files_call, save_files
from doseesc.commands._studies import load_call, load_study
from doseesc.files import csv_text, json_text

if TYPE_CHECKING:
    from doseesc.planning import OptimalDesign

POLICY_FILE = "optimum.npz"
CSV_FILE = "optimum.csv"

HeldOut = Annotated[
    int | None,
    typer.Option("--held-out", min=10, max=100_000, help="Curves that it is judged on and not made for."),
]
WholeTable = Annotated[bool, typer.Option("--whole-table", help="Show the table of its decisions to the end.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc optimal nct04602104 --out optimum")(optimal)


def optimal(
    context: typer.Context,
    file: ScenarioFile,
    held_out: HeldOut = None,
    whole_table: WholeTable = False,
    out: Out = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Find the best possible design for FILE, and how near to it the designs of FILE come.

    With few doses and cohorts the best of all designs can be found exactly, by backward induction: for the truths of a
    prior, a utility and rules to keep to, as the section optimal of the file says (doseesc explain optimal). With
    --out DIR it is written to DIR/optimum.npz; beside a scenario file it is a design like any other there:
    {name: optimum, type: policy, file: optimum.npz}.
    """
    study, found = variable("study"), variable("found")
    sought = library("doseesc", "optimal_design")(study, held_out=held_out)
    if show_code:
        texts = {
            POLICY_FILE: library("doseesc.study", "policy_file")(found.policy),
            CSV_FILE: csv_call(found.to_frame()),
        }
        saved = files_call(out, texts, force=force)
        print_data(script({"study": load_call(file), "found": sought}, [found.to_frame()], saved))
        return
    loaded = load_study(file, drug_alone=True)
    from doseesc.study import SMALLER_LATTICE, bounded, policy_file

    progress_shown = TrialProgress(wanted=not quiet, unit="patients")
    with refused("FILE"), bounded(loaded, remedy=SMALLER_LATTICE), progress_shown as progress:
        answer: OptimalDesign = made(sought, {"study": loaded}, progress=progress)
    written = save_files(
        out,
        lambda: {POLICY_FILE: policy_file(answer.policy), CSV_FILE: csv_text(answer.to_frame())},
        force=force,
    )
    if quiet:
        return
    from doseesc.planning import differences, policy_table
    from doseesc.report.terminal import optimal_lines

    print_answer(
        output_format,
        lines=lambda: optimal_lines(
            answer,
            policy_table(answer),
            {name: differences(answer, loaded.designs[name]) for name in answer.rivals},
            whole_table=whole_table,
        ),
        csv=lambda: csv_text(answer.to_frame()),
        json=lambda: json_text(answer.to_dict()),
        written=written,
        following=_following(context, file, out),
    )


def _following(context: typer.Context, file: str, out: Path | None) -> str:
    """Return the next step: to keep the policy, or once it is kept to run it as a design beside the others."""
    if out is None:
        return again(context, {"out": free(Path("optimum"))})
    beside = Path(os.path.relpath(out / POLICY_FILE, Path(file).parent)) if Path(file).exists() else out / POLICY_FILE
    design = f"{{name: optimum, type: policy, file: {beside}}}"
    return next_edit(file, f"add {design} to the designs of")
