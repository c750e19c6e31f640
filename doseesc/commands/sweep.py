"""``doseesc sweep``: one study in many variants, on one machine or on many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, script, variable
from doseesc.commands._clusters import shared_by
from doseesc.commands._following import again, changed_words, next_report, results_folder
from doseesc.commands._options import (
    PLANNING,
    ClusterAddress,
    Force,
    Format,
    HowToCompute,
    Jobs,
    Out,
    Printed,
    Quiet,
    Seed,
    ShowCode,
    Trials,
)
from doseesc.commands._printing import TrialProgress, print_answer, print_data
from doseesc.commands._saving import FigureFile, check_figure_file, figure_call, save_figure
from doseesc.commands._shards import ShardOption, shard_of
from doseesc.commands._studies import study_path
from doseesc.files import csv_text, json_text, rounded_rows

if TYPE_CHECKING:
    from doseesc.planning import Cell, Plan
    from doseesc.results import SweepResults

SweepFile = Annotated[
    str,
    typer.Argument(metavar="FILE", help="File of the sweep; where there is no such file, the name of a shipped one."),
]
PlanOnly = Annotated[
    bool, typer.Option("--plan", help="Check all cells, say how many there are and how long they take, and stop.")
]
Status = Annotated[bool, typer.Option("--status", help="Say how many cells are there, and stop.")]
Gather = Annotated[
    bool, typer.Option("--gather", help="Compute nothing: make the table from the cells that are there.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=PLANNING, epilog="Example:  doseesc sweep sweep_boin")(sweep)


def sweep(
    context: typer.Context,
    file: SweepFile,
    out: Out = None,
    plan: PlanOnly = False,
    status: Status = False,
    gather: Gather = False,
    shard: ShardOption = None,
    jobs: Jobs = 1,
    cluster: ClusterAddress = None,
    seed: Seed = None,
    trials: Trials = None,
    method: HowToCompute = None,
    figure: FigureFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Run one study in many variants: how many patients, which cohorts, which cut-off.

    FILE names a study and axes: fields of it by their dotted paths, and their values. All cells are checked before any
    is computed. They are kept as files in DIR, by default results/NAME, and what is there is never computed again: call
    it again after an interrupt, or as shards in several places at once, with --gather at the end. The table is
    DIR/sweep.parquet, the same whoever computed it.
    """
    folder = out or results_folder(file)
    path = sweep_path(file)
    if show_code:
        options = {"method": method, "trials": trials, "seed": seed, **shared_by(jobs, cluster)}
        called = library("doseesc").sweep(str(path), folder=str(folder), **options)
        drawn = library("doseesc.report.figures", "sweep_figure")(library("doseesc").read(str(folder)))
        print_data(script({"found": called}, [variable("found")], figure_call(figure, drawn)))
        return
    check_figure_file(figure, force=force)
    _one_of({"--plan": plan, "--status": status, "--gather": gather})
    if gather and shard is not None:
        raise typer.BadParameter("the table is made of all cells; leave the shard out", param_hint="--gather")
    from doseesc.planning import (
        Folder,
        checked_cells,
        compute_cells,
        gather_into,
        on_workers,
        read_plan,
        run_into,
    )
    from doseesc.results import SWEEP_FILE, SweepResults, fits_into_memory
    from doseesc.results import read as read_results

    read = read_plan(path, {"method": method and method.value, "trials": trials, "seed": seed})
    part = None if gather else shard_of(shard, quiet)
    cells = checked_cells(read, part or (0, 1))
    if plan:
        _print_plan(read, cells, jobs)
        typer.echo(again(context, {"plan": False, "out": out}))
        return
    store = Folder(folder)
    store.check()
    names = {cell.name for cell in cells}
    if status:
        missing = len(names - store.present())
        typer.echo(f"{len(names) - missing:,} of {len(names):,} cells are in {folder}")
        typer.echo(again(context, {"status": False, "out": out}) if missing else f"next: {_gathered(context, folder)}")
        return
    table = folder / SWEEP_FILE
    if gather:
        gather_into(table, read, cells, store)
        store.clean()
    else:
        with on_workers(read, cluster) as workers, TrialProgress(not quiet, "cells", in_logs=True) as progress:
            if workers is not None and not quiet:
                typer.echo(workers.words, err=True)
            if part is None:
                run_into(table, read, cells, store, jobs=jobs, workers=workers, progress=progress)
            else:
                compute_cells(read, cells, store, part, jobs=jobs, workers=workers, progress=progress)
    if part is not None:
        if not quiet:
            typer.echo(f"shard {part[0]}/{part[1]}: all its {len(names):,} cells are in {folder}")
            typer.echo(f"next, when all shards are done: {_gathered(context, folder)}")
        return
    if not fits_into_memory(table):
        typer.echo(f"written to {table}, which is too large to be summed up here; read it by columns, as with polars")
        return
    answer = read_results(table)
    assert isinstance(answer, SweepResults)
    if figure is not None:
        from doseesc.report.figures import sweep_figure

        save_figure(figure, lambda: sweep_figure(answer))
    if not (quiet and output_format == Format.table):
        _print(answer, output_format, folder)


def _gathered(context: typer.Context, folder: Path) -> str:
    """Return the command that makes the table of the same sweep's cells: those of the same trials, seed and method."""
    changed = {"status": False, "gather": True, "out": folder}
    return changed_words(context, changed, without=("shard", "jobs", "cluster"))


def sweep_path(name: str) -> Path:
    """Return the file that a name means: a file, or what is shipped; a shipped study is told that it is no sweep."""
    from doseesc.study import shipped_sweeps

    stem = name.removesuffix(".yaml")
    return shipped_sweeps()[stem] if not Path(name).exists() and stem in shipped_sweeps() else study_path(name)


def _one_of(options: dict[str, bool]) -> None:
    """Refuse more than one of some options.

    Raises
    ------
    typer.BadParameter
        Of the second.
    """
    given = [name for name, wanted in options.items() if wanted]
    if len(given) > 1:
        raise typer.BadParameter(f"cannot be given together with {given[0]}", param_hint=given[1])


def _print_plan(plan: Plan, cells: Sequence[Cell], jobs: int) -> None:
    from doseesc.planning import estimated_seconds
    from doseesc.report.words import span_of_seconds

    names = {cell.name for cell in cells}
    points = len({cell.point.number for cell in cells})
    truths = f"{len(plan.scenarios)} scenarios" if len(plan.scenarios) > 1 else "1 scenario"
    each = "each a cell for every scenario" if plan.by_truth else "each a cell with all scenarios"
    typer.echo(f"{len(names):,} cells: {points:,} combinations of designs and axes under {truths}, {each}")
    for axis in plan.axes:
        typer.echo(f"  {axis.name}: {len(axis.values):,} value{'s' if len(axis.values) > 1 else ''}")
    alone = estimated_seconds(cells) * len(names) / max(len(cells), 1)
    shared = f", {span_of_seconds(alone / jobs)} with --jobs {jobs}" if jobs > 1 else ""
    typer.echo(f"about {span_of_seconds(alone)} of computing in one process{shared}, by a few of them tried")


def _print(answer: SweepResults, output_format: Format, folder: Path) -> None:
    from doseesc.report.terminal import sweep_lines
    from doseesc.results import SWEEP_FILE

    print_answer(
        output_format,
        lines=lambda: sweep_lines(answer),
        csv=lambda: csv_text(answer.summary()),
        json=lambda: json_text(rounded_rows(answer.summary())),
    )
    if output_format == Format.table:
        typer.echo(f"written to {folder / SWEEP_FILE} · all figures: doseesc.read({str(folder)!r}).to_frame()")
        typer.echo(next_report(folder))
