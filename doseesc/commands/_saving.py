"""Files that commands write beside what they print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.files import check_absent, write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")

FigureFile = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Figure to write: .png, .svg or .pdf.", show_default=False),
]


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
    check_absent([path], force=force)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a file that :func:`check_figure_file` let pass.

    Raises
    ------
    OutputError
        If writing fails.
    """
    from doseesc.report.figures import figure_bytes

    write_file(path, figure_bytes(figure, path.suffix.lower().removeprefix(".")), force=True, parents=True)
