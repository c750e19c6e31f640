"""Results as one file, by its ending: .parquet and .nc hold everything and can be read back, .csv the tidy table."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doseesc.engines import METRICS, TIME_METRICS
from doseesc.files import OutputError, csv_text
from doseesc.results.cells import CHARACTERISTICS_COLUMNS
from doseesc.results.dataset import dataset_of
from doseesc.results.dataset import document_of as document_of_dataset
from doseesc.results.frame import document_of as document_of_frame
from doseesc.results.frame import frame_of

SUFFIXES = (".parquet", ".nc", ".csv")


def check_ending(path: Path) -> None:
    """Refuse a file whose ending says nothing.

    Raises
    ------
    OutputError
        If it is none of :data:`SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path} must end in {', '.join(SUFFIXES)}\n  the ending says how the results are written")


def content(document: Mapping[str, Any], suffix: str) -> bytes:
    """Return what a file of that ending holds.

    Parameters
    ----------
    document : mapping
        As ``results.json`` has it.
    suffix : str
        One of :data:`SUFFIXES`.
    """
    if suffix == ".nc":
        return bytes(dataset_of(document).to_netcdf(engine="h5netcdf"))
    frame = frame_of(document)
    if suffix == ".csv":
        tidy = frame["metric"].isin((*METRICS, *TIME_METRICS))
        return csv_text(frame.loc[tidy, list(CHARACTERISTICS_COLUMNS)]).encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def document_in(path: Path) -> dict[str, Any]:
    """Return what of ``results.json`` results are made of, from a .parquet or .nc file.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError, AttributeError
        If it is no such file.
    """
    if path.suffix.lower() == ".parquet":
        import pandas as pd

        return document_of_frame(pd.read_parquet(path))
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        return document_of_dataset(dataset.load())
