"""Files that commands write beside what they print."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from doseesc.commands._calls import Call, library
from doseesc.commands._options import refused
from doseesc.files import add_files, check_absent, write_file
from doseesc.study import shipped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")

FigureFile = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Figure to write: .png, .svg or .pdf.", show_default=False),
]


def check_figure_file(path: Path | None, *, force: bool, hint: str = "--figure") -> None:
    """Refuse a figure that could not be written, by the option ``hint``; worth calling before a long computation.

    Raises
    ------
    typer.BadParameter
        If the file's ending is none of :data:`SUFFIXES`.
    OutputError
        If the file exists and ``force`` is not given.
    """
    if path is None:
        return
    if path.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(
            f"{path} must end in {', '.join(SUFFIXES)}; write  {hint} {path.with_suffix('.png')}", param_hint=hint
        )
    check_absent([path], force=force)


def save_figure(path: Path | None, draw: Callable[[], Figure], hint: str = "--figure") -> list[Path]:
    """Draw a figure into a file that :func:`check_figure_file` let pass; return the file, nothing where none is wanted.

    Raises
    ------
    typer.BadParameter
        If what was found cannot be drawn; it speaks of the option ``hint``.
    OutputError
        If writing fails.
    """
    if path is None:
        return []
    from doseesc.report.figures import figure_bytes

    with refused(hint):
        content = figure_bytes(draw(), path.suffix.lower().removeprefix("."))
    return [write_file(path, content, force=True, parents=True)]


def figure_call(path: Path | None, drawn: Call) -> list[Call]:
    """Return the call that writes a drawn figure as :func:`save_figure` does; none where none is wanted."""
    if path is None:
        return []
    content = library("doseesc.report.figures", "figure_bytes")(drawn, path.suffix.lower().removeprefix("."))
    return [library("doseesc.files", "write_file")(str(path), content, force=True)]


def save_files(out: Path | None, files: Callable[[], Mapping[str, str | bytes]], *, force: bool) -> list[Path]:
    """Write tables into the folder asked for; return what was written, nothing where none is asked for.

    Raises
    ------
    OutputError
        If one exists and ``force`` is not given, or writing fails.
    """
    return [] if out is None else add_files(files(), out, force=force)


def files_call(out: Path | None, texts: Mapping[str, Call], *, force: bool) -> list[Call]:
    """Return the call that writes tables as :func:`save_files` does; none where none is asked for."""
    return [] if out is None else [library("doseesc.files", "add_files")(dict(texts), str(out), force=force or None)]


def csv_call(frame: Call) -> Call:
    """Return the call that gives a table as CSV."""
    return library("doseesc.files", "csv_text")(frame)


def write_with_schema(path: Path, text: str, *, force: bool = False) -> None:
    """Write a scenario file, and the schema by which editors complete its keys where there is none beside it.

    Raises
    ------
    OutputError
        If the scenario file exists and ``force`` is not given, or writing fails.
    """
    write_file(path, text, force=force)
    beside = path.with_name(shipped.SCHEMA_FILE)
    if not beside.exists():
        write_file(beside, scenario_schema_text())


def scenario_schema_text(*, made_anew: bool = False) -> str:
    """Return the JSON Schema of scenario files as text: the shipped one where it knows all designs."""
    from doseesc.study import shipped_schema

    known = None if made_anew else shipped_schema()
    if known is not None:
        return known
    from doseesc.study import json_schema

    return schema_text(json_schema())


def schema_text(schema: Any) -> str:
    """Return a JSON Schema as text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
