"""``doseesc phase2``: what a file's Phase 2 trial can show, how many patients it needs, the programme's chance."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import (
    LOOKING_INSIDE,
    Force,
    Format,
    Jobs,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    Seed,
    ShowCode,
)
from doseesc.commands._printing import print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure
from doseesc.commands._studies import load_study
from doseesc.errors import ScenarioError
from doseesc.files import add_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    show_code: ShowCode = False,
) -> None:
    """Say what the Phase 2 trial of FILE can show.

    Power and type I error for improvement, 28-day mortality and adverse reactions, expected deaths and reactions; with
    --size the number of patients for a power; with --assurance the chance that Phase 1 and Phase 2 together succeed.
    """
    asked = {"analyses": analyses, "secondary": secondary, "assurance": assurance or assurance_file is not None}
    if show_code:
        from doseesc.commands._phase2_code import phase2_code

        wanted = None if size is None else (size, show.measure)
        drawn = {"power": figure, "assurance": assurance_file, "course": course_file}
        print_data(phase2_code(file, scenario, mtd, wanted, asked, trials, seed, drawn))
        return
    from doseesc.planning import answer, files

    study = load_study(file)
    for each in (figure, assurance_file, course_file):
        check_figure_file(each, force=force)
    level = _checked(study, scenario, mtd)
    try:
        answers = answer(
            study,
            scenario=scenario,
            mtd_level=level,
            size=size,
            measure=show.measure,
            trials=trials,
            seed=seed,
            jobs=jobs,
            analyses=analyses,
            secondary=secondary,
            assurance=assurance or assurance_file is not None,
        )
    except ScenarioError:
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--size") from None
    written = []
    if out is not None:
        written += add_files(files(answers), out, force=force)
    if figure is not None:
        save_figure(_power_figure(answers, trials, jobs), figure)
        written.append(figure)
    if assurance_file is not None:
        save_figure(_assurance_figure(answers), assurance_file)
        written.append(assurance_file)
    if course_file is not None:
        save_figure(_course_figure(answers), course_file)
        written.append(course_file)
    if not quiet:
        _print(answers, output_format, written)


def _checked(study: Study, scenario: str | None, mtd: str | None) -> int | None:
    if not study.truths:
        raise typer.BadParameter("the file has random curves only; add a scenario with dlt", param_hint="--scenario")
    if scenario is not None and scenario not in study.truths:
        names = ", ".join(study.truths)
        raise typer.BadParameter(f"{scenario!r} is not in the file; there are {names}", param_hint="--scenario")
    try:
        return None if mtd is None else study.level_of(mtd)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mtd") from None


def _power_figure(answers: Phase2Answers, trials: int, jobs: int) -> Figure:
    from doseesc.planning import power_curves
    from doseesc.report.figures import power_figure
    from doseesc.study import assumed_words

    curves = power_curves(answers.plan, trials=trials, seed=answers.power.seed, jobs=jobs)
    title = f"Phase 2 with the MTD {answers.mtd_label}"
    return power_figure(curves, title, assumed_words(answers.section))


def _assurance_figure(answers: Phase2Answers) -> Figure:
    from doseesc.report.figures import assurance_figure
    from doseesc.study import assumed_words

    return assurance_figure(answers.programme, answers.study.dose_labels, assumed_words(answers.section))


def _course_figure(answers: Phase2Answers) -> Figure:
    from doseesc.report.figures import course_figure
    from doseesc.study import assumed_words

    return course_figure(answers.plan, seed=answers.power.seed, caption=assumed_words(answers.section))


def _print(answers: Phase2Answers, output_format: Format, written: list[Path]) -> None:
    from doseesc.planning import document, power_csv

    if output_format == Format.csv:
        print_data(power_csv(answers))
        return
    if output_format == Format.json:
        print_data(document(answers))
        return
    from rich.console import Console

    from doseesc.report.terminal import answer_parts

    console = Console(highlight=False)
    for place, lines in enumerate(part for part in answer_parts(answers) if part):
        if place:
            console.print()
        for text in lines:
            console.print(text, soft_wrap=True)
    if written:
        console.print(f"\nwritten to {', '.join(str(path) for path in written)}", soft_wrap=True, markup=False)
