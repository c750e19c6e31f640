"""What differs between ArviZ 0.23, whose results are ``InferenceData``, and ArviZ 1, whose results are ``DataTree``.

It also keeps PyMC and ArviZ quiet.  Results are read by :func:`group` and judged by :func:`rhat`, :func:`ess` and
:func:`quantile_error`.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import xarray as xr

Trace: TypeAlias = Any
"""``arviz.InferenceData`` or ``xarray.DataTree``."""


def group(trace: Trace, name: str) -> xr.Dataset:
    """Return a group, such as ``"posterior"``, as a data set.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    found = trace[name]
    return found if _is_dataset(found) else found.to_dataset()


def groups(trace: Trace) -> tuple[str, ...]:
    """Return the names of the groups."""
    names = trace.groups() if callable(trace.groups) else trace.children
    return tuple(str(name) for name in names)


def with_groups(trace: Trace, added: Mapping[str, xr.Dataset]) -> Trace:
    """Return a trace with further groups, in place of those of the same name."""
    kept = {name: group(trace, name) for name in groups(trace)} | dict(added)
    return trace_of(kept)


def trace_of(groups_by_name: Mapping[str, xr.Dataset]) -> Trace:
    """Return a trace of these groups."""
    az = arviz()
    if az.__version__.startswith("0."):
        return az.InferenceData(**groups_by_name)
    import xarray as xr

    return xr.DataTree.from_dict(dict(groups_by_name))


def write_netcdf(trace: Trace, path: Path) -> None:
    """Write a trace as netCDF, which ``arviz.from_netcdf`` opens under either version."""
    trace.to_netcdf(str(path), engine=_engine())


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what PyMC and PyTensor say while they compile and sample to themselves; convergence is judged elsewhere."""
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def arviz() -> Any:
    """Import ArviZ without its announcements."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import arviz as az
    return az


def rhat(draws: xr.Dataset) -> xr.Dataset:
    """Return the rank-normalised split r-hat of each variable."""
    return _dataset(arviz().rhat(draws, method="rank"))


def ess(draws: xr.Dataset, method: str) -> xr.Dataset:
    """Return the effective sample size of each variable: ``"bulk"``, ``"tail"`` or ``"mean"``."""
    return _dataset(arviz().ess(draws, method=method))


def quantile_error(draws: xr.Dataset, probability: float) -> xr.Dataset:
    """Return the Monte Carlo standard error of a quantile of each variable."""
    return _dataset(arviz().mcse(draws, method="quantile", prob=probability))


def _engine() -> str:
    # h5netcdf comes without h5py, by which it reads and writes.
    return "h5netcdf" if find_spec("h5netcdf") and find_spec("h5py") else "netcdf4"


def _dataset(data: Any) -> xr.Dataset:
    return data if _is_dataset(data) else data.to_dataset()


def _is_dataset(value: object) -> bool:
    import xarray as xr

    return isinstance(value, xr.Dataset)
