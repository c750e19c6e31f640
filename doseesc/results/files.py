"""Results in one file, by its ending: .parquet and .nc hold everything and can be read back, .csv the tidy table.

The comparison of observation models is in ``results.json`` and ``attribution.csv`` only.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from doseesc.files import OutputError, write_file

if TYPE_CHECKING:
    from doseesc.results.results import Results

SUFFIXES = (".parquet", ".nc", ".csv")
_READABLE = "a results folder, or a .parquet or .nc file of results"


def save_results(results: Results, path: str | Path, *, force: bool = False) -> Path:
    """Write results as one file, whole or not at all.

    Parameters
    ----------
    results : Results
    path : path
        Its ending says how: ``.parquet`` (:mod:`doseesc.results.frame`), ``.nc`` for netCDF
        (:mod:`doseesc.results.dataset`), or ``.csv``, the tidy table alone.
    force : bool
        Replace an earlier file.

    Raises
    ------
    OutputError
        If the ending is another, the file exists and ``force`` is not given, or writing fails.
    """
    path = Path(path)
    check_ending(path)
    write_file(path, _content(results, path.suffix.lower()), force=force)
    return path


def read(path: str | Path) -> Results:
    """Read results from a results folder, or from a file of :func:`save_results`.

    Raises
    ------
    OutputError
        If it holds no results, or a table alone.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in (".parquet", ".nc", ".csv"):
        from doseesc.results.reading import read_results

        return read_results(path.parent if path.name == "results.json" else path).results
    if suffix == ".csv":
        raise OutputError(f"{path} is a table without the study it is of\n  give {_READABLE}")
    if not path.is_file():
        raise OutputError(f"{path} cannot be read: there is no such file\n  give {_READABLE}")
    try:
        return _from_parquet(path) if suffix == ".parquet" else _from_netcdf(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OutputError(f"{path} holds no results: {reason}\n  give {_READABLE}") from error


def check_ending(path: Path) -> None:
    """Refuse a file whose ending says nothing.

    Raises
    ------
    OutputError
        If it is none of :data:`SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path} must end in {', '.join(SUFFIXES)}\n  the ending says how the results are written")


def _content(results: Results, suffix: str) -> bytes:
    if suffix == ".csv":
        from doseesc.results.document import characteristics_csv

        return characteristics_csv(results).encode()
    if suffix == ".parquet":
        from doseesc.results.frame import to_complete_frame

        buffer = io.BytesIO()
        to_complete_frame(results).to_parquet(buffer, index=False)
        return buffer.getvalue()
    from doseesc.results.dataset import to_xarray

    return bytes(to_xarray(results).to_netcdf(engine="h5netcdf"))


def _from_parquet(path: Path) -> Results:
    import pandas as pd

    from doseesc.results.frame import from_complete_frame

    return from_complete_frame(pd.read_parquet(path))


def _from_netcdf(path: Path) -> Results:
    import xarray as xr

    from doseesc.results.dataset import from_xarray

    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        return from_xarray(dataset.load())
