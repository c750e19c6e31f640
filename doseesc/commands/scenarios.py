"""``doseesc scenarios``: the shipped scenario files, and copies of them to change."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._calls import library, script
from doseesc.commands._following import copy_words, next_run, next_step
from doseesc.commands._options import PLANNING, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data, terminal_width
from doseesc.commands._saving import write_with_schema
from doseesc.study import read_source, shipped_scenarios, shipped_summaries, shipped_sweeps
from doseesc.wording import did_you_mean

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a shipped scenario.")]
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="PATH", help="Folder or file to write; by default here.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the command and its part ``copy``."""
    group = typer.Typer(help=list_shipped.__doc__, epilog="Example:  doseesc scenarios")
    group.callback(invoke_without_command=True)(list_shipped)
    group.command("copy", epilog="Example:  doseesc scenarios copy nct04602104")(copy)
    app.add_typer(group, name="scenarios", rich_help_panel=PLANNING)


def list_shipped(context: typer.Context, show_code: ShowCode = False) -> None:
    """List the scenario files that come with doseesc; copy one to change it."""
    if context.invoked_subcommand is not None:
        return
    if show_code:
        print_data(script({}, [library("doseesc.study", "shipped_scenarios")()]))
        return
    found = shipped_summaries()
    width = max(len(name) for name in found) + 2
    for name, each in found.items():
        counts = f"{each.n_doses} doses, {each.max_n} patients, {each.n_scenarios} scenarios"
        words = (each.title, f"{counts}; {', '.join(each.designs)}")
        _print_named(name, words, width)
    for name, path in shipped_sweeps().items():
        words = (str(read_source(path).data["title"]), f"many variants of a study: doseesc sweep {name}")
        _print_named(name, words, width)
    first = next(iter(found))
    typer.echo(f"\n{next_run(first)}, or {copy_words(first)}")


def _print_named(name: str, words: Sequence[str], width: int) -> None:
    lines = [line for text in words for line in textwrap.wrap(text, terminal_width() - width)]
    for head, line in zip([name, *("" for _ in lines[1:])], lines, strict=True):
        typer.echo(f"{head:<{width}}{line}")


def copy(name: Name, to: To = None, force: Force = False, quiet: Quiet = False, show_code: ShowCode = False) -> None:
    """Copy a shipped scenario file, to change it."""
    names = shipped_scenarios() | shipped_sweeps()
    stem = name.removesuffix(".yaml")
    if stem not in names:
        raise typer.BadParameter(
            f"{name!r} is not shipped; {did_you_mean(stem, names)}there are {', '.join(names)}", param_hint="NAME"
        )
    path = Path(f"{stem}.yaml") if to is None else to / f"{stem}.yaml" if to.is_dir() else to
    if show_code:
        listed = "shipped_sweeps" if stem in shipped_sweeps() else "shipped_scenarios"
        text = library("doseesc.study", listed)()[stem].read_text(encoding="utf-8")
        print_data(script({}, done=[library("doseesc.files", "write_file")(str(path), text, force=force or None)]))
        return
    write_with_schema(path, names[stem].read_text(encoding="utf-8"), force=force)
    if not quiet:
        following = next_step("sweep", path) if stem in shipped_sweeps() else next_run(path)
        typer.echo(f"written to {path} · {following}")
