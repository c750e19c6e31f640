"""``doseesc fit``: the Bayesian analysis of a trial's data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._conduct import DataDate, DataFile, Outcomes, check_one_source
from doseesc.commands._options import (
    DURING_THE_TRIAL,
    Force,
    Format,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    ShowCode,
    refused,
)
from doseesc.commands._printing import print_data, print_found, terminal_width
from doseesc.commands._studies import load_call, load_study

if TYPE_CHECKING:
    from doseesc.analysis import Fit

NOT_CONVERGED = 3


class Model(StrEnum):
    """The dose-toxicity model."""

    crm_power = "crm_power"
    crm_logistic = "crm_logistic"
    blrm = "blrm"
    monotone = "monotone"


class SamplerName(StrEnum):
    """What samples."""

    auto = "auto"
    pymc = "pymc"
    nutpie = "nutpie"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = 'Example:  doseesc fit nct04602104 --outcomes "1NNN 2NNN 3NNT"'
    app.command(rich_help_panel=DURING_THE_TRIAL, epilog=example)(fit)


def fit(
    file: ScenarioFile,
    outcomes: Outcomes = None,
    data: DataFile = None,
    date: DataDate = None,
    model: Annotated[Model | None, typer.Option("--model", help="Instead of the file's model.")] = None,
    mtd: Annotated[
        str | None,
        typer.Option(
            "--mtd",
            metavar="LEVEL",
            help="MTD, by label or level, from which the Phase 2 arms get their doses; by default as the first "
            "design selects.",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Draws of each chain that are kept.")] = 2000,
    tune: Annotated[int, typer.Option("--tune", min=1, help="Draws of each chain before them.")] = 1000,
    chains: Annotated[int, typer.Option("--chains", min=1, help="Chains.")] = 4,
    sampler: Annotated[
        SamplerName, typer.Option("--sampler", help="auto is nutpie where it is installed, else pymc.")
    ] = SamplerName.auto,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random numbers.")] = 1,
    out: Out = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Fit a model to the data of a trial: the DLT probability at every level and Phase 2 dose.

    By the no-U-turn sampler, judged for convergence, and by quadrature too where the model has at most three
    parameters. The prior is that of the file's section  analysis:. Without data it is the prior's answer. --out
    writes fit.json, summary.csv, the draws as netCDF, and figures; DIR may hold
    results of  doseesc run,  and  doseesc report DIR  then shows the posterior, too.

    Exit code 3: the chains have not converged; what was found is printed and written, and marked.
    """
    check_one_source(outcomes, data)
    arguments = {
        "model": model,
        "mtd": mtd,
        "draws": None if draws == 2000 else draws,
        "tune": None if tune == 1000 else tune,
        "chains": None if chains == 4 else chains,
        "sampler": None if sampler == SamplerName.auto else sampler,
        "seed": None if seed == 1 else seed,
        "date": date,
    }
    study, found = variable("study"), variable("found")
    fitted = library("doseesc.analysis", "fit")(study, data or outcomes or "", **arguments)
    if show_code:
        saved = library("doseesc.report", "write_fit")(found, str(out), force=force or None)
        steps = {"study": load_call(file), "found": fitted}
        shown = [found.convergence.verdict, found.to_frame()]
        print_data(script(steps, shown, [] if out is None else [saved]))
        return
    from doseesc.results import check_fit_folder

    loaded = load_study(file, warn=False)
    if out is not None:
        check_fit_folder(out, force=force)
    with refused(), _status(wanted=not quiet) as tell:
        answer: Fit = made(fitted, {"study": loaded}, progress=tell)
    if out is not None:
        from doseesc.report import write_fit

        write_fit(answer, out, force=force)
    if not (quiet and output_format == Format.table):
        _print(answer, output_format, out)
    if not answer.convergence.converged:
        typer.echo(answer.convergence.verdict, err=True)
        raise typer.Exit(NOT_CONVERGED)


def _print(answer: Fit, output_format: Format, out: Path | None) -> None:
    from doseesc.report.terminal import fit_lines

    print_found(answer, partial(fit_lines, width=terminal_width()), output_format)
    if output_format == Format.table and out is not None:
        from doseesc.results import RESULTS_FILE

        following = f" · next: doseesc report {out} --force" if (out / RESULTS_FILE).is_file() else ""
        typer.echo(f"\nwritten to {out}/{following}")


@contextmanager
def _status(wanted: bool) -> Iterator[Callable[[str], None]]:
    """Say on standard error what is being done, where that is a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("loading PyMC") as status:
        yield lambda text: status.update(text)
