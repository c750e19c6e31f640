"""Results read back, as if they had just been computed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from doseesc.durable import recover
from doseesc.files import OutputError
from doseesc.input_files import json_of, read_bounded
from doseesc.results.consistency import check_form
from doseesc.results.digest import check_digest
from doseesc.results.fit import SavedFit, read_fit
from doseesc.results.folder import FIT_FILE, RESULTS_FILE, SWEEP_FILE
from doseesc.results.formats import MOST_BYTES, SUFFIXES, document_in, table_in
from doseesc.results.results import Results
from doseesc.results.sweep import SweepResults
from doseesc.results.sweep_table import ATTRIBUTE
from doseesc.results.versions import FORMAT, check_format, check_version
from doseesc.study import Study
from doseesc.wording import plain_words, shorten

if TYPE_CHECKING:
    import pandas as pd

_READABLE = "a results folder, or a .parquet or .nc file of results"


@dataclass(frozen=True)
class SavedRun:
    """A run as it was written.

    Attributes
    ----------
    results : Results
    fit : SavedFit or None
        A Bayesian analysis that lies beside the results.
    """

    results: Results
    fit: SavedFit | None = None


def read(path: str | Path) -> Results | SweepResults:
    """Read results from a results folder, or from a file of :meth:`doseesc.results.Results.save`; or those of a sweep.

    Returns
    -------
    Results, or SweepResults where it is the folder or the Parquet file of a sweep

    Raises
    ------
    OutputError
        If it holds no results, or a table alone.
    """
    path = Path(path)
    if os.path.isfile(path / SWEEP_FILE):
        path = path / SWEEP_FILE
    suffix = path.suffix.lower()
    if os.path.isdir(path) or suffix not in SUFFIXES:
        return read_results(path.parent if path.name == RESULTS_FILE else path).results
    if suffix == ".csv":
        raise OutputError(f"{path} is a table without the study it is of\n  give {_READABLE}")
    if not os.path.isfile(path):  # also where its name is too long
        raise OutputError(f"{path} cannot be read: there is no such file\n  give {_READABLE}")
    try:
        if suffix == ".parquet":
            return _results_of_table(table_in(path))
        return Results.from_document(document_in(path))
    except ValidationError as error:
        raise OutputError(f"{path} holds no results: {_first(error)}\n  give {_READABLE}") from error
    except Exception as error:  # whatever the readers of Parquet and netCDF make of other people's bytes
        reason = plain_words(str(error)) or type(error).__name__
        raise OutputError(f"{path} holds no results: {reason}\n  give {_READABLE}") from error


def _results_of_table(frame: pd.DataFrame) -> Results | SweepResults:
    return SweepResults.from_frame(frame) if ATTRIBUTE in frame.attrs else Results.from_frame(frame)


def read_results(folder: str | Path) -> SavedRun:
    """Read a results folder.

    Raises
    ------
    OutputError
        If the folder holds no results, or not such as this version writes, or a fit that cannot be read.
    """
    path = Path(folder) / RESULTS_FILE
    run_first = "write results with  doseesc run FILE --out DIR"
    try:
        recover(Path(folder))
        document = json_of(read_bounded(path, MOST_BYTES))
    except NotADirectoryError as error:
        message = f"{folder} is a file, not a folder of results"
        raise OutputError(f"{message}\n  give the folder that  doseesc run FILE --out DIR  has written") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror or error}\n  {run_first}") from error
    except ValueError as error:
        raise OutputError(f"{path} is not JSON: {error}\n  {run_first}") from error
    try:
        results = _results_in(document)
    except ValueError as error:
        raise OutputError(f"{path}: {error}\n  {run_first}") from error
    fit = read_fit(folder)
    if fit is not None and not _is_of(fit, results.study):
        left_out = f"{FIT_FILE} beside these results is of other doses or another target, and is left out"
        return SavedRun(replace(results, notes=[*results.notes, left_out]))
    return SavedRun(results, fit)


def _results_in(document: Any) -> Results:
    """Return what ``results.json`` holds.

    Raises
    ------
    ValueError
        If this is not what a run has written.
    """
    if not isinstance(document, dict):
        raise ValueError(f"it is not in the format {FORMAT!r}")
    check_format(document.get("format"))
    provenance = document.get("provenance")
    if isinstance(provenance, dict) and isinstance(provenance.get("doseesc"), str):
        check_version(provenance["doseesc"])  # before its form, which a newer version may have changed
    try:
        check_form(document)
    except ValidationError as error:
        raise ValueError(f"it is incomplete or was changed: {_first(error)}") from error
    if document["format"] == FORMAT:
        check_digest(document)
    try:
        return Results.from_document(document)
    except ValidationError as error:
        raise ValueError(f"it is no study of this version: {_first(error)}") from error
    except (LookupError, TypeError) as error:
        raise ValueError(f"it is incomplete: {error}") from error


def _first(error: ValidationError) -> str:
    """Return the first thing wrong, with its place in the document."""
    first = error.errors()[0]
    place = shorten(".".join(str(each) for each in first["loc"]))
    more = error.error_count() - 1
    return f"{place}: {plain_words(first['msg'])}" + (f" (and {more} more)" if more else "")


def _is_of(fit: SavedFit, study: Study) -> bool:
    """Return whether an analysis is of the study's doses and target."""
    levels = {(dose.label, dose.amount) for dose in fit.doses if dose.kind == "level"}
    own = set(zip(study.dose_labels, study.dose_amounts, strict=True))
    return levels <= own and (fit.unit, fit.target) == (study.doses.unit, study.target)
