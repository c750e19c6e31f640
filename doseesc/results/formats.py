"""Results as one file, by its ending: .parquet and .nc hold everything and can be read back, .csv the tidy table."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.engines import METRICS, TIME_METRICS
from doseesc.files import OutputError, bytes_of_file, csv_text
from doseesc.results.cells import CHARACTERISTICS_COLUMNS
from doseesc.results.dataset import dataset_of
from doseesc.results.dataset import document_of as document_of_dataset
from doseesc.results.frame import frame_of
from doseesc.results.sweep_table import ATTRIBUTE, stamp_of

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 1_000_000_000
"""Of a file of results, unfolded."""

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
        dataset = dataset_of(document)
        return bytes_of_file(lambda path: dataset.to_netcdf(path, engine="h5netcdf"), "results.nc")
    frame = frame_of(document)
    if suffix == ".csv":
        tidy = frame["metric"].isin((*METRICS, *TIME_METRICS))
        return csv_text(frame.loc[tidy, list(CHARACTERISTICS_COLUMNS)]).encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def document_in(path: Path) -> dict[str, Any]:
    """Return what of ``results.json`` results are made of, from a .nc file.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError, AttributeError
        If it is no such file.
    """
    import h5py
    import xarray as xr

    with h5py.File(path, "r"):  # it says what is wrong, where h5netcdf leaves a file half open
        pass
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        if dataset.nbytes > MOST_BYTES:
            raise ValueError(f"it unfolds to more than {MOST_BYTES / 1e6:,.0f} MB")
        return document_of_dataset(dataset.load())


def table_in(path: Path) -> pd.DataFrame:
    """Return the table of a .parquet file, with what it says of a sweep in its ``attrs``.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError, AttributeError
        If it is no such file.
    """
    import pandas as pd

    _check_parquet(path)
    frame = pd.read_parquet(path)
    stamp = stamp_of(path)
    if stamp is not None:
        frame.attrs[ATTRIBUTE] = stamp
    return frame


def _check_parquet(path: Path) -> None:
    """Refuse a file whose few bytes unfold to many."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        facts = file.metadata
    unfolded = sum(facts.row_group(each).total_byte_size for each in range(facts.num_row_groups))
    if max(unfolded, 8 * facts.num_rows * facts.num_columns) > MOST_BYTES:
        raise ValueError(f"it unfolds to more than {MOST_BYTES / 1e6:,.0f} MB")
