"""``doseesc ensemble``: every design of a file under many random truths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import PLANNING, Force, Format, Out, Printed, Quiet, ScenarioFile, Seed, ShowCode
from doseesc.commands._printing import TrialProgress, print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure
from doseesc.commands._studies import load_code, load_study
from doseesc.files import add_files, csv_text

if TYPE_CHECKING:
    from doseesc.planning import EnsembleResults

SUMMARY_FILE = "ensemble.csv"
CURVES_FILE = "ensemble_curves.csv"

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
    trials: TrialsPerCurve = 1000,
    out: Out = None,
    figure: FigureFile = None,
    seed: Seed = None,
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
    if show_code:
        print_data(_code(file, scenario, count, seed, trials, figure))
        return
    from doseesc.planning import file_random, run_ensemble

    study = load_study(file, drug_alone=True)
    check_figure_file(figure, force=force)
    try:
        random = file_random(study, scenario)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--scenario") from None
    changed = {"count": count, "seed": seed}
    random = random.model_copy(update={name: value for name, value in changed.items() if value is not None})
    with TrialProgress(wanted=not quiet, unit="designs") as progress:
        found = run_ensemble(study, random, trials=trials, progress=progress)
    written = _save(found, out, figure, force)
    if not quiet:
        _print(found, output_format, written)


def _save(found: EnsembleResults, out: Path | None, figure: Path | None, force: bool) -> list[Path]:
    written = []
    if out is not None:
        for name, frame in ((SUMMARY_FILE, found.to_frame()), (CURVES_FILE, found.curves_to_frame())):
            written += add_files({name: csv_text(frame)}, out, force=force)
    if figure is not None:
        from doseesc.report.figures import ensemble_figure

        save_figure(ensemble_figure(found, f"{len(found.truths):,} random truths"), figure)
        written.append(figure)
    return written


def _print(found: EnsembleResults, output_format: Format, written: list[Path]) -> None:
    if output_format == Format.csv:
        print_data(csv_text(found.to_frame()))
        return
    if output_format == Format.json:
        summary = json.loads(found.to_frame().to_json(orient="records", double_precision=15))
        document = {
            "random": found.random.model_dump(mode="json"),
            "curves": found.truths.tolist(),
            "true_mtd": found.true_mtd.tolist(),
            "summary": summary,
            "notes": found.notes,
        }
        print_data(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return
    from rich.console import Console

    from doseesc.report.terminal import ensemble_lines

    console = Console(highlight=False)
    for text in ensemble_lines(found):
        console.print(text, soft_wrap=True)
    if written:
        console.print(f"\nwritten to {', '.join(str(path) for path in written)}", soft_wrap=True, markup=False)


def _code(
    file: str, scenario: str | None, count: int | None, seed: int | None, trials: int, figure: Path | None
) -> str:
    lines = load_code(file)
    lines.insert(1, "from doseesc.planning import file_random, run_ensemble")
    changed = {"count": count, "seed": seed}
    update = {name: value for name, value in changed.items() if value is not None}
    copied = f".model_copy(update={update!r})" if update else ""
    named = "" if scenario is None else f", {scenario!r}"
    lines.append(f"random = file_random(study{named}){copied}")
    more = "" if trials == 1000 else f", trials={trials}"
    lines += [f"found = run_ensemble(study, random{more})", "print(found.to_frame())"]
    if figure is not None:
        lines.insert(2, "from doseesc.report.figures import ensemble_figure")
        lines.append(f"ensemble_figure(found).savefig({str(figure)!r})")
    return "\n".join(lines) + "\n"
