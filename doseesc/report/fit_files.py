"""The files of an analysis, written whole or not at all.

``fit.json`` (everything but the draws), ``summary.csv`` (one row per dose and method), the figures, and where there are
draws ``fit.nc``, which ``arviz.from_netcdf`` opens.  The folder may be one of results: then they are added to it.  What
an earlier analysis left and this one does not write is taken away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from doseesc.files import bytes_of_file, csv_text, json_text, write_folder
from doseesc.inference import write_netcdf
from doseesc.report.figures import figure_bytes, fit_figures
from doseesc.results import FIT_FILE, check_fit_folder

if TYPE_CHECKING:
    from doseesc.analysis import Fit

SUMMARY_FILE = "summary.csv"
DRAWS_FILE = "fit.nc"
FIGURE_KINDS = ("png", "svg")
_BORROWED = ("sizes", "conflict", "sensitivity", "strata")


def write_fit(fit: Fit, folder: str | Path, *, force: bool = False) -> Path:
    """Write the files of an analysis into a folder.

    Parameters
    ----------
    fit : Fit
    folder : path
        New, empty, or a folder of results, to which the files are added.
    force : bool
        Replace an earlier analysis.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        If the folder may not be written, or writing fails.
    """
    check_fit_folder(folder, force=force)
    files: dict[str, str | bytes] = {
        FIT_FILE: json_text(fit.to_dict()),
        SUMMARY_FILE: csv_text(fit.to_frame()),
    }
    if fit.sampled is not None:
        trace = fit.sampled.trace
        files[DRAWS_FILE] = bytes_of_file(lambda path: write_netcdf(trace, path), DRAWS_FILE)
    if fit.borrowed is not None:
        for name in _BORROWED:
            table = getattr(fit.borrowed, name)
            if table is not None:
                files[_borrowed_file(name)] = csv_text(table)
    for name, figure in fit_figures(fit).items():
        for kind in FIGURE_KINDS:
            files[f"{name}.{kind}"] = figure_bytes(figure, kind)
    return write_folder(files, folder, keep=True, drop=[name for name in _possible_files() if name not in files])


def _possible_files() -> list[str]:
    """Return the names of files that some analyses have and others have not."""
    figures = [f"{name}.{kind}" for name in ("fit_chains", "fit_borrowing") for kind in FIGURE_KINDS]
    return [DRAWS_FILE, *figures, *map(_borrowed_file, _BORROWED)]


def _borrowed_file(name: str) -> str:
    return f"borrowing_{name}.csv"
