"""``doseesc paths``: what a design does over the next cohorts, whatever they show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import LOOKING_INSIDE, Force, Format, Out, Printed, Quiet, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure
from doseesc.commands._studies import DesignName, chosen_design, load_code, load_study, name_in_file
from doseesc.files import add_files, csv_text

if TYPE_CHECKING:
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
    design: DesignName,
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
    if show_code:
        print_data(_code(file, name_in_file(file, design), cohorts, outcomes, scenario, figure))
        return
    from doseesc.engines import pathways

    study = load_study(file, drug_alone=True)
    design, chosen = chosen_design(study, design)
    truths = _truths(study, scenario)
    check_figure_file(figure, force=force)
    try:
        found = pathways(chosen, cohorts, outcomes)
    except ValueError as error:
        name = "--cohorts" if str(error).startswith("n_cohorts") else "--outcomes"
        raise typer.BadParameter(str(error), param_hint=name) from None
    written = []
    if out is not None:
        written += add_files({CSV_FILE: _csv(found, truths)}, out, force=force)
    if figure is not None:
        from doseesc.report.figures import pathways_figure

        title = f"{design}: {cohorts} cohort{'s' if cohorts > 1 else ''} ahead{f' of {outcomes}' if outcomes else ''}"
        try:
            drawn = pathways_figure(found, truths, study.dose_labels, title)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--cohorts") from None
        save_figure(drawn, figure)
        written.append(figure)
    if not quiet:
        _print(found, study, truths, design, output_format, written)


def _truths(study: Study, names: list[str] | None) -> dict[str, FloatArray]:
    truths = study.truths
    for name in names or []:
        if name not in truths:
            there = f"there are {', '.join(truths)}" if truths else "it lists no scenarios"
            raise typer.BadParameter(f"{name!r} is not in the file; {there}", param_hint="--scenario")
    return {name: truths[name] for name in names} if names else truths


def _csv(found: Pathways, truths: dict[str, FloatArray]) -> str:
    return csv_text(found.to_frame(truths))


def _print(
    found: Pathways,
    study: Study,
    truths: dict[str, FloatArray],
    design: str,
    output_format: Format,
    written: list[Path],
) -> None:
    if output_format == Format.csv:
        print_data(_csv(found, truths))
        return
    if output_format == Format.json:
        import json

        rows = json.loads(found.to_frame(truths).to_json(orient="records", double_precision=15))
        listed = {name: truth.tolist() for name, truth in truths.items()}
        print_data(json.dumps({"design": design, "truths": listed, "paths": rows}, indent=1, ensure_ascii=False) + "\n")
        return
    from rich.console import Console

    from doseesc.report.terminal import pathways_tree
    from doseesc.report.words import MOST_PERCENTAGES

    console = Console(highlight=False)
    names = list(truths)
    which = f"lowest to highest of {len(names)} scenarios" if len(names) > MOST_PERCENTAGES else " · ".join(names)
    head = f"{design} · {found.n_paths} paths over {found.n_cohorts} cohorts"
    head += f" · in brackets: probability, {which}" if names else ""
    console.print(head, soft_wrap=True, markup=False, style="bold")
    console.print(pathways_tree(found, truths, study.dose_labels), soft_wrap=True)
    if written:
        console.print(f"\nwritten to {', '.join(str(path) for path in written)}", soft_wrap=True, markup=False)


def _code(file: str, design: str, cohorts: int, outcomes: str, scenario: list[str] | None, figure: Path | None) -> str:
    truths = "study.truths" if not scenario else f"{{name: study.truths[name] for name in {scenario!r}}}"
    lines = load_code(file)
    lines.insert(1, "from doseesc.engines import pathways")
    lines += [
        f"paths = pathways(study.designs[{design!r}], n_cohorts={cohorts}, outcomes={outcomes!r})",
        f"print(paths.to_frame({truths}))",
    ]
    if figure is not None:
        lines.insert(2, "from doseesc.report.figures import pathways_figure")
        lines.append(f"pathways_figure(paths, {truths}, study.dose_labels).savefig({str(figure)!r})")
    return "\n".join(lines) + "\n"
