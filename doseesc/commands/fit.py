"""``doseesc fit``: the Bayesian analysis of a trial's data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._conduct import DataDate, DataFile, Outcomes, check_one_source
from doseesc.commands._following import next_report, next_run, next_step
from doseesc.commands._options import (
    DURING_THE_TRIAL,
    Force,
    Format,
    Full,
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
            help="MTD, by label or level, from which the Phase 2 arms get their doses; by default that of "
            "the file's first design that selects one, which is named.",
            show_default=False,
        ),
    ] = None,
    nuts: Annotated[
        bool, typer.Option("--nuts", help="Draw by NUTS too where quadrature would do, and compare the two.")
    ] = False,
    draws: Annotated[
        int | None,
        typer.Option("--draws", min=1, help="Draws of each chain that are kept.", show_default="2000"),
    ] = None,
    tune: Annotated[
        int | None,
        typer.Option("--tune", min=1, help="Draws of each chain before them.", show_default="1000"),
    ] = None,
    chains: Annotated[int | None, typer.Option("--chains", min=1, help="Chains.", show_default="4")] = None,
    sampler: Annotated[
        SamplerName | None,
        typer.Option(
            "--sampler",
            help="auto is nutpie, which compiles nothing here; pymc does so first, for most of a minute.",
            show_default="auto",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Seed of the random numbers.", show_default="1")
    ] = None,
    out: Out = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    full: Full = False,
    show_code: ShowCode = False,
) -> None:
    """Fit a model to the data of a trial: the DLT probability at every level and Phase 2 dose.

    By quadrature, at once, where the model has at most three parameters; by the no-U-turn sampler (NUTS), judged for
    convergence, where it has more, or by --nuts, or where one of --draws, --tune, --chains, --sampler and --seed
    asks for it. The prior is that of the file's section  analysis:. Without data it is the prior's answer. --out
    writes fit.json, summary.csv, figures, and the draws as netCDF where there are some; DIR may hold
    results of  doseesc run,  and  doseesc report DIR  then shows the posterior, too.

    Exit code 3: the chains have not converged; what was found is printed and written, and marked.
    """
    check_one_source(outcomes, data)
    of_nuts = {"draws": draws, "tune": tune, "chains": chains, "sampler": sampler, "seed": seed}
    arguments = {
        "model": model,
        "mtd": mtd,
        "nuts": nuts or any(each is not None for each in of_nuts.values()) or None,
        **of_nuts,
        "date": date,
    }
    study, found = variable("study"), variable("found")
    fitted = library("doseesc.analysis", "fit")(study, data or outcomes or "", **arguments)
    if show_code:
        saved = library("doseesc.report", "write_fit")(found, str(out), force=force or None)
        steps = {"study": load_call(file), "found": fitted}
        shown = [found.verdict, found.to_frame()]
        print_data(script(steps, shown, [] if out is None else [saved]))
        return
    loaded = load_study(file, warn=False)
    from doseesc.results import check_fit_folder

    if out is not None:
        check_fit_folder(out, force=force)
    with refused(), _status(wanted=not quiet) as tell:
        answer: Fit = made(fitted, {"study": loaded}, progress=tell)
    if out is not None:
        from doseesc.report import write_fit

        write_fit(answer, out, force=force)
    if not (quiet and output_format == Format.table):
        following = _following(answer, file, out, {"--outcomes": outcomes, "--data": data, "--date": date})
        _print(answer, output_format, full, [] if out is None else [f"{out}/"], following)
    if not answer.converged:
        typer.echo(answer.verdict, err=True)
        raise typer.Exit(NOT_CONVERGED)


def _print(answer: Fit, output_format: Format, full: bool, written: Sequence[str], following: str) -> None:
    from doseesc.report.terminal import fit_lines

    print_found(answer, partial(fit_lines, width=terminal_width(), full=full), output_format, written, following)


def _following(answer: Fit, file: str, out: Path | None, known: Mapping[str, str | Path | None]) -> str:
    """Return the next step: the page of the run that the fit now belongs to, else the next dose on the same data."""
    from doseesc.results import RESULTS_FILE

    if out is not None and (out / RESULTS_FILE).is_file():
        return next_report(out)
    names = answer.study.names
    if not names:
        return next_run(file)
    design = next((name for name in names if answer.mtd_source.startswith(f"as {name} ")), names[0])
    same = [word for option, value in known.items() if value is not None for word in (option, value)]
    return next_step("next", file, "--design", design, *same)


@contextmanager
def _status(wanted: bool) -> Iterator[Callable[[str], None]]:
    """Say on standard error what is being done, where that is a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda text: status.update(text)
