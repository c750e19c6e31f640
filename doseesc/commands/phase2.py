"""``doseesc phase2``: what a file's Phase 2 trial can show, how many patients it needs, the programme's chance."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import Call, library, made, script, variable
from doseesc.commands._clusters import shared_by
from doseesc.commands._following import again, given, next_run
from doseesc.commands._options import (
    LOOKING_INSIDE,
    Force,
    Format,
    Full,
    Jobs,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    Seed,
    ShowCode,
    refused,
)
from doseesc.commands._printing import print_answer, print_data
from doseesc.commands._saving import FigureFile, check_figure_file, figure_call, save_figure, save_files
from doseesc.commands._studies import check_scenario, load_call, load_study
from doseesc.files import json_text

if TYPE_CHECKING:
    from doseesc.planning import Phase2Answers
    from doseesc.study import Study


class Shown(StrEnum):
    """What a trial found by --size is to show."""

    any_dosage = "any-dosage"
    every_dosage = "every-dosage"
    mortality = "mortality"
    any_claim = "any-claim"
    reactions = "reactions"

    @property
    def measure(self) -> str:
        """Its name in the library."""
        return _MEASURES[self]


_MEASURES = {
    Shown.any_dosage: "any_ttci",
    Shown.every_dosage: "all_ttci",
    Shown.mortality: "any_mortality",
    Shown.any_claim: "any_claim",
    Shown.reactions: "any_reactions",
}

ToxicityScenario = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="Toxicity scenario for adverse reactions; by default the first."),
]
DeclaredMtd = Annotated[
    str | None, typer.Option("--mtd", metavar="DOSE", help="The MTD to plan with, by label, instead of the file's.")
]
WantedPower = Annotated[
    float | None,
    typer.Option("--size", metavar="POWER", min=0.05, max=0.999, help="Find the smallest trial with this power."),
]
WhatToShow = Annotated[
    Shown,
    typer.Option(
        "--for", help="With --size: improvement by any or every dosage, fewer deaths, either of them, more reactions."
    ),
]
AllAnalyses = Annotated[bool, typer.Option("--analyses", help="Also the same trials by every analysis.")]
Programme = Annotated[
    bool, typer.Option("--assurance", help="Also average over the MTD that each design declares in each scenario.")
]
Secondary = Annotated[
    bool, typer.Option("--secondary", help="Also the secondary outcomes at their visits, in at most 1,000 trials.")
]
AssuranceFigure = Annotated[
    Path | None,
    typer.Option(
        "--assurance-figure", metavar="FILE", help="Figure of the assurance: .png, .svg or .pdf.", show_default=False
    ),
]
CourseFigure = Annotated[
    Path | None,
    typer.Option(
        "--course-figure",
        metavar="FILE",
        help="Figure of improvement and death by day, assumed and in one trial.",
        show_default=False,
    ),
]
Phase2Trials = Annotated[int, typer.Option("--trials", min=100, max=10_000_000, help="Simulated Phase 2 trials.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=LOOKING_INSIDE, epilog="Example:  doseesc phase2 nct04602104 --size 0.8 --assurance")(
        phase2
    )


def phase2(
    context: typer.Context,
    file: ScenarioFile,
    scenario: ToxicityScenario = None,
    mtd: DeclaredMtd = None,
    size: WantedPower = None,
    show: WhatToShow = Shown.any_dosage,
    analyses: AllAnalyses = False,
    assurance: Programme = False,
    secondary: Secondary = False,
    trials: Phase2Trials = 10_000,
    out: Out = None,
    figure: FigureFile = None,
    assurance_file: AssuranceFigure = None,
    course_file: CourseFigure = None,
    seed: Seed = None,
    jobs: Jobs = 1,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    full: Full = False,
    show_code: ShowCode = False,
) -> None:
    """Say what the Phase 2 trial of FILE can show.

    Power and type I error for improvement, 28-day mortality and adverse reactions, expected deaths and reactions; with
    --size the number of patients for a power; with --assurance the chance that Phase 1 and Phase 2 together succeed.
    """
    study, answers = variable("study"), variable("answers")
    wanted = {
        "scenario": scenario,
        "mtd_level": None if mtd is None else study.level_of(mtd),
        "size": size,
        "measure": None if size is None else show.measure,
        "analyses": analyses or None,
        "secondary": secondary or None,
        "assurance": assurance or assurance_file is not None or None,
        "trials": trials,
        "seed": seed,
        **shared_by(jobs),
    }
    asked = library("doseesc.planning", "answer")(study, **wanted)
    texts = library("doseesc.planning", "phase2_files")(answers)
    files = (figure, assurance_file, course_file)
    calls = _figures(study, answers, trials, jobs)
    drawn = {path: call for path, call in zip(files, calls, strict=True) if path is not None}
    if show_code:
        done = [] if out is None else [library("doseesc.files", "add_files")(texts, str(out), force=force or None)]
        done += [each for path, call in drawn.items() for each in figure_call(path, call)]
        parts = {"size": size is not None, "analyses": analyses, "secondary": secondary, "programme": assurance}
        shown = [getattr(answers, name) for name, asked_for in parts.items() if asked_for]
        shown.insert(0, library("doseesc.planning", "phase2_power_csv")(answers))
        print_data(script({"study": load_call(file), "answers": asked}, shown, done))
        return
    loaded = load_study(file)
    for hint, path in zip(("--figure", "--assurance-figure", "--course-figure"), files, strict=True):
        check_figure_file(path, force=force, hint=hint)
    _check(loaded, scenario, mtd)
    with refused("--size"):
        answer: Phase2Answers = made(asked, {"study": loaded})
    known = {"study": loaded, "answers": answer}
    written = save_files(out, lambda: made(texts, known), force=force)
    for place, call in drawn.items():
        written += save_figure(place, lambda call=call: made(call, known))  # type: ignore[misc]
    if quiet:
        return
    from doseesc.planning import phase2_document, phase2_power_csv
    from doseesc.report.terminal import answer_lines

    print_answer(
        output_format,
        lines=lambda: answer_lines(answer, full),
        csv=lambda: phase2_power_csv(answer),
        json=lambda: json_text(phase2_document(answer)),
        written=written,
        following=_following(context, file, size=size, assurance=assurance),
    )


def _following(context: typer.Context, file: str, *, size: float | None, assurance: bool) -> str:
    """Return the next step: the number of patients for a power, the programme's chance, then the study itself."""
    if size is not None and assurance:
        return next_run(file, "--report", *given(context, "jobs"))
    return again(context, {"size": 0.8 if size is None else size, "assurance": True})


def _figures(study: Call, answers: Call, trials: int, jobs: int) -> tuple[Call, Call, Call]:
    """Return the calls that draw power, assurance, and the course of a trial."""
    caption = library("doseesc.study", "assumed_words")(answers.section)
    curves = library("doseesc.planning", "power_curves")(
        answers.plan, trials=trials, seed=answers.power.seed, **shared_by(jobs)
    )
    return (
        library("doseesc.report.figures", "power_figure")(curves, title=answers.title, caption=caption),
        library("doseesc.report.figures", "assurance_figure")(answers.programme, study.dose_labels, caption=caption),
        library("doseesc.report.figures", "course_figure")(answers.plan, seed=answers.power.seed, caption=caption),
    )


def _check(study: Study, scenario: str | None, mtd: str | None) -> None:
    if not study.truths:
        raise typer.BadParameter("the file has random curves only; add a scenario with dlt", param_hint="--scenario")
    check_scenario(study, scenario)
    if mtd is not None:
        with refused("--mtd"):
            study.level_of(mtd)
