"""``doseesc calibrate``: the parameters with which a design does best on given truths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import PLANNING, Force, Format, Jobs, Out, Printed, Quiet, ScenarioFile, Seed, ShowCode
from doseesc.commands._printing import TrialProgress, print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure
from doseesc.commands._studies import DesignName, chosen_design, load_code, load_study, name_in_file
from doseesc.files import add_files, csv_text

if TYPE_CHECKING:
    from doseesc.planning import Calibration, OptimalSkeleton

CSV_FILE = "calibration.csv"


class CriterionName(StrEnum):
    """What is to be as large as possible."""

    mean = "mean"
    minimum = "minimum"
    penalised = "penalised"


ChosenCriterion = Annotated[
    CriterionName,
    typer.Option(
        "--criterion",
        help="Of correct selection: mean over the truths, minimum over them, or mean minus --penalty x overdosing.",
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
Curves = Annotated[
    int | None,
    typer.Option(
        "--curves", min=1, help="Judge on so many random curves (pseudo-uniform) instead of the file's scenarios."
    ),
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
    file: ScenarioFile,
    design: DesignName,
    criterion: ChosenCriterion = CriterionName.mean,
    penalty: Penalty = 1.0,
    grid: Grid = None,
    curves: Curves = None,
    optimal: Optimal = False,
    starts: Starts = 1,
    out: Out = None,
    figure: FigureFile = None,
    seed: Seed = None,
    jobs: Jobs = 1,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Find the parameters with which a design of FILE does best.

    Each candidate of a grid is judged exactly, on the scenarios of the file or on random curves. By default the grid
    is for a CRM that of the half-width of the indifference interval and the prior standard deviation, for BOIN that of
    p_safe and p_toxic. With --out DIR all candidates are written to DIR/calibration.csv.
    """
    axes = dict(_axis(text) for text in grid or []) or None
    if show_code:
        design = name_in_file(file, design)
        print_data(_code(file, design, criterion, penalty, axes, curves, seed, optimal, starts, jobs, figure))
        return
    from doseesc.planning import truths_of

    study = load_study(file, drug_alone=True)
    design, chosen = chosen_design(study, design)
    check_figure_file(figure, force=force)
    with _user_errors("--curves"):
        truths = truths_of(study, curves, seed)
    mtd = [study.true_mtd(truth) for truth in truths]
    if optimal:
        from doseesc.planning import optimal_skeleton

        with _user_errors("--design"):
            best = optimal_skeleton(
                chosen,  # type: ignore[arg-type]  # the search itself refuses what is no CRM
                truths,
                criterion=criterion.value,
                penalty=penalty,
                target=study.target,
                true_mtd=mtd,
                starts=starts,
                jobs=jobs,
            )
        if not quiet:
            _print_skeleton(best, design, output_format)
        return
    from doseesc.planning import calibrate as calibrate_design

    with _user_errors("--grid"), TrialProgress(wanted=not quiet, unit="candidates") as progress:
        found = calibrate_design(
            chosen,
            truths,
            axes,
            criterion=criterion.value,
            penalty=penalty,
            target=study.target,
            true_mtd=mtd,
            jobs=jobs,
            progress=progress,
        )
    written = _save(found, design, out, figure, force)
    if not quiet:
        _print(found, design, output_format, written)


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


@contextmanager
def _user_errors(option: str) -> Iterator[None]:
    """Turn what the library refuses into a message about an option."""
    from doseesc.engines import TooManyStates

    try:
        yield
    except TooManyStates as error:
        raise typer.BadParameter(
            f"the design is too large to be judged exactly: {error}", param_hint="--design"
        ) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _save(found: Calibration, design: str, out: Path | None, figure: Path | None, force: bool) -> list[Path]:
    written = []
    if out is not None:
        text = csv_text(found.to_frame())
        written += add_files({CSV_FILE: text}, out, force=force)
    if figure is not None:
        from doseesc.report.figures import calibration_figure

        with _user_errors("--figure"):
            drawn = calibration_figure(found, f"Calibration of {design}")
        save_figure(drawn, figure)
        written.append(figure)
    return written


def _print(found: Calibration, design: str, output_format: Format, written: list[Path]) -> None:
    if output_format != Format.table:
        frame = found.to_frame()
        as_json = output_format == Format.json
        print_data(
            frame.to_json(orient="records", indent=1, double_precision=15) + "\n" if as_json else csv_text(frame)
        )
        return
    from rich.console import Console

    from doseesc.report.terminal import calibration_lines

    console = Console(highlight=False)
    for text in calibration_lines(found, design):
        console.print(text, soft_wrap=True)
    if written:
        console.print(f"written to {', '.join(str(path) for path in written)}", soft_wrap=True, markup=False)


def _print_skeleton(best: OptimalSkeleton, design: str, output_format: Format) -> None:
    import json

    guesses = [round(guess, 6) for guess in best.design.skeleton]
    if output_format != Format.table:
        found = {"skeleton": guesses, "score": best.score, "score_before": best.start_score}
        names = ",".join(["score", "score_before", *(f"skeleton_{level + 1}" for level in range(len(guesses)))])
        numbers = ",".join(str(value) for value in (best.score, best.start_score, *guesses))
        print_data(json.dumps(found, indent=1) + "\n" if output_format == Format.json else f"{names}\n{numbers}\n")
        return
    from doseesc.report.words import score_words

    before, after = f"{100 * best.start_score:.1f}", f"{100 * best.score:.1f}"
    ended = "" if best.converged else ", the last search ended unfinished: give more with --starts"
    lines = [
        f"{design}: {score_words(best.judge)}: {before} before, {after} with the best skeleton found",
        f"{best.evaluations} skeletons judged exactly{ended}",
        f"in the file: skeleton: {guesses}",
    ]
    mtds = sorted(set(best.judge.true_mtd.tolist()))
    if len(mtds) == 1:
        lines.append(f"all truths have MTD {mtds[0]}: the best is the one that favours that level, whatever the data")
    for text in lines:
        typer.echo(text)


def _code(
    file: str,
    design: str,
    criterion: str,
    penalty: float,
    axes: dict[str, tuple[float, ...]] | None,
    curves: int | None,
    seed: int | None,
    optimal: bool,
    starts: int,
    jobs: int,
    figure: Path | None,
) -> str:
    function = "optimal_skeleton" if optimal else "calibrate"
    lines = load_code(file)
    imports = ["from doseesc.planning import truths_of", f"from doseesc.{function} import {function}"]
    drawn = "" if curves is None else f", curves={curves}" + ("" if seed is None else f", seed={seed}")
    if figure is not None and not optimal:
        imports.append("from doseesc.report.figures import calibration_figure")
    options = [f"criterion={str(criterion)!r}"]
    if criterion == CriterionName.penalised:
        options.append(f"penalty={penalty}")
    options += ["target=study.target", "true_mtd=[study.true_mtd(truth) for truth in truths]"]
    if optimal:
        options.append(f"starts={starts}")
    if jobs != 1:
        options.append(f"jobs={jobs}")
    first = f"study.designs[{design!r}], truths" + (f", {axes!r}" if axes and not optimal else "")
    lines[1:1] = imports
    lines += [f"truths = truths_of(study{drawn})", f"found = {function}({first}, {', '.join(options)})"]
    lines.append("print(found.design.skeleton, found.score)" if optimal else "print(found.best_values)")
    if figure is not None and not optimal:
        lines.append(f"calibration_figure(found).savefig({str(figure)!r})")
    return "\n".join(lines) + "\n"
