"""``doseesc script``: a design's decisions and figures recomputed by a script in R, or in the library's calls."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import Call, library, made, variable
from doseesc.commands._calls import script as script_of
from doseesc.commands._conduct import OneDesign, design_name
from doseesc.commands._following import command_words, free
from doseesc.commands._options import RESULTS, Force, Quiet, ScenarioFile, Seed, ShowCode, refused
from doseesc.commands._printing import print_data, print_lines
from doseesc.commands._studies import load_call, load_study
from doseesc.files import write_file

if TYPE_CHECKING:
    from doseesc.study import Study


class Language(StrEnum):
    """What the script is written in."""

    r = "r"
    python = "python"


InLanguage = Annotated[Language, typer.Option("--language", help="What the script is written in.")]
SimulatedTrials = Annotated[
    int | None,
    typer.Option(
        "--trials",
        min=1,
        max=10_000_000,
        help="Trials that the script simulates under each scenario; by default it enumerates all outcomes where they "
        "are few enough for R, else simulates the file's number.",
        show_default=False,
    ),
]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="File to write; by default the script is printed.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc script nct04602104 --design BOIN --language r --out boin.R"
    app.command(rich_help_panel=RESULTS, epilog=example)(script)


def script(
    file: ScenarioFile,
    design: OneDesign = None,
    language: InLanguage = Language.r,
    trials: SimulatedTrials = None,
    seed: Seed = None,
    out: OutFile = None,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Write a script that recomputes a design's decisions and figures, for double programming.

    In R: base R alone, readable, from the design's published rules; where BOIN, dfcrm or escalation is installed, its
    answers too. In Python: this library's calls. Either prints rows that  doseesc compare-script  sets beside ours. A
    rule or option that the script in R cannot express is refused by name.
    """
    study = load_study(file, warn=False)
    name = design_name(study, design)
    asked = library("doseesc.scripts", "r_script")(variable("study"), name, trials=trials, seed=seed)
    if show_code and language is Language.r:
        steps, shown = {"study": load_call(file), "text": asked}, variable("text")
        written = [] if out is None else [library("doseesc.files", "write_file")(str(out), shown, force=force or None)]
        print_data(script_of(steps, [] if written else [shown], written))
        return
    if show_code and out is not None:
        raise typer.BadParameter(
            "the script in Python is that code itself; leave this out, and it is written to the file",
            param_hint="--show-code",
        )
    with refused("--seed"):
        text = made(asked, {"study": study}) if language is Language.r else _in_python(file, study, name, trials, seed)
    if out is None:
        print_data(text)
        return
    write_file(out, text, force=force)
    if not quiet:
        run, rows = "Rscript" if language is Language.r else "python", free(Path("rows.csv"))
        print_lines(
            [
                f"written to {out}; next:",
                f"  {shlex.join([run, str(out)])} > {rows}",
                f"  {command_words('compare-script', file, rows, '--design', name)}",
            ]
        )


def _in_python(file: str, study: Study, name: str, trials: int | None, seed: int | None) -> str:
    """Return the script in this library's calls."""
    from doseesc.scripts import can_be_enumerated, refuse_calendar, truths_seen

    refuse_calendar(study, name)
    known, design, paths, truths = (variable(each) for each in ("study", "design", "paths", "truths"))
    steps: dict[str, Call] = {
        "study": load_call(file),
        "design": known.designs[name],
        "truths": library("doseesc.scripts", "truths_seen")(known),
    }
    simulated = trials if trials is not None or can_be_enumerated(study.designs[name]) else study.simulation.trials
    if simulated is None:
        steps["paths"] = library("doseesc.engines", "enumerate_paths")(design)
        found = {scenario: paths.characteristics(truths[scenario]) for scenario in truths_seen(study)}
    else:
        start = study.simulation.seed if seed is None else seed
        simulate = library("doseesc.engines", "simulate")
        found = {
            scenario: simulate(design, truths[scenario], n_trials=simulated, seed=start)
            for scenario in truths_seen(study)
        }
    rows = library("doseesc.scripts", "script_rows")(known, name, found)
    steps["rows"] = rows
    return script_of(steps, [library("doseesc.files", "csv_text")(variable("rows")).strip()])
