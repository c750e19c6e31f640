"""Files that commands write beside what they print."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.results.folder import OutputError, write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")

FigureFile = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Figure to write: .png, .svg or .pdf.", show_default=False),
]


def save_text(text: str, folder: Path, name: str, *, force: bool) -> Path:
    """Write a text file into a folder, which is made if need be.

    Raises
    ------
    OutputError
        If the file exists and ``force`` is not given, or writing fails.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{folder} cannot be made: {reason}\n  choose another folder with  --out DIR") from error
    path = folder / name
    write_file(path, text, force=force)
    return path


def check_figure_file(path: Path | None, *, force: bool) -> None:
    """Refuse a figure that could not be written; worth calling before a long computation.

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
        raise typer.BadParameter(f"{path} must end in {', '.join(SUFFIXES)}", param_hint="--figure")
    if path.exists() and not (force and path.is_file()):
        raise OutputError(f"{path} exists already\n  replace it with  --force,  or choose another name")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure, the same bytes each time.

    Raises
    ------
    OutputError
        If writing fails.
    """
    from matplotlib import rc_context

    kind = path.suffix.lower().removeprefix(".")
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "doseesc"}):
        figure.savefig(buffer, format=kind, metadata=undated)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}\n  choose another name") from error
