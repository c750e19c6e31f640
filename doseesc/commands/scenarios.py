"""``doseesc scenarios``: the shipped scenario files, and copies of them to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doseesc.commands._calls import library, script
from doseesc.commands._options import PLANNING, Force, Quiet, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._saving import write_with_schema
from doseesc.study import shipped_scenarios, shipped_summaries

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
        typer.echo(f"{name:<{width}}{each.title}")
        typer.echo(f"{'':<{width}}{counts}; {', '.join(each.designs)}")
    first = next(iter(found))
    typer.echo(f"\nnext: doseesc run {first}, or doseesc scenarios copy {first}")


def copy(name: Name, to: To = None, force: Force = False, quiet: Quiet = False, show_code: ShowCode = False) -> None:
    """Copy a shipped scenario file, to change it."""
    names = shipped_scenarios()
    stem = name.removesuffix(".yaml")
    if stem not in names:
        raise typer.BadParameter(f"{name!r} is not shipped; there are {', '.join(names)}", param_hint="NAME")
    path = Path(f"{stem}.yaml") if to is None else to / f"{stem}.yaml" if to.is_dir() else to
    if show_code:
        text = library("doseesc.study", "shipped_scenarios")()[stem].read_text(encoding="utf-8")
        print_data(script({}, done=[library("doseesc.files", "write_file")(str(path), text)]))
        return
    write_with_schema(path, names[stem].read_text(encoding="utf-8"), force=force)
    if not quiet:
        typer.echo(f"written to {path} · next: doseesc run {path}")
