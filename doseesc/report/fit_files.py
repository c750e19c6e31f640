"""The files of an analysis, written whole or not at all.

``fit.json`` (everything but the draws), ``summary.csv`` (one row per dose and method), ``fit.nc`` (the draws, which
``arviz.from_netcdf`` opens) and the figures.  The folder may be one of results: then they are added to it.
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
        DRAWS_FILE: bytes_of_file(lambda path: write_netcdf(fit.trace, path), DRAWS_FILE),
    }
    if fit.borrowed is not None:
        for name in ("sizes", "conflict", "sensitivity", "strata"):
            table = getattr(fit.borrowed, name)
            if table is not None:
                files[f"borrowing_{name}.csv"] = csv_text(table)
    for name, figure in fit_figures(fit).items():
        for kind in FIGURE_KINDS:
            files[f"{name}.{kind}"] = figure_bytes(figure, kind)
    return write_folder(files, folder, keep=True)
