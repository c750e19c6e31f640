"""Figures about time as variables of an xarray Dataset, and back.

Each figure of :data:`doseesc.engines.CALENDAR_METRICS` is a variable over scenario and design, with ``NAME_sd`` and
``NAME_mcse`` beside it; ``duration_quantiles``, with the same, is over ``quantile`` besides, and ``duration_curve``
over ``ended``, the share of trials that have ended by that day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.engines import CALENDAR_METRICS, DURATION_LEVELS
from doseesc.results.plain import figures_of
from doseesc.results.times import SPREAD

if TYPE_CHECKING:
    import xarray as xr

_BASE = ("scenario", "design")
_AXIS = MappingProxyType({"duration_quantiles": "quantile", "duration_curve": "ended"})
_TRIALS, _WINDOW = "time_trials", "time_window_days"
_DAYS = "d"  # as UDUNITS writes days; what is called "days" some versions of xarray read as time spans
_UNITS = MappingProxyType(
    dict.fromkeys(("turned_away", "backfilled", "pending_at_decision"), "patients")
    | {"patients_per_month": "patients per month", "changed_decisions": "1", "suspensions": "1"}
)
_ENDINGS = (("", "expected"), ("_sd", "standard deviation of"), ("_mcse", "Monte Carlo standard error of"))


def time_variables(
    rows: Sequence[Mapping[str, Any]], scenarios: list[str], designs: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the variables, NaN where there is nothing, and their coordinates, from ``time`` in ``results.json``."""
    found = {(row["scenario"], row["design"]): figures_of(row) for row in rows}
    axes = {"quantile": np.array(DURATION_LEVELS), "ended": np.linspace(0, 1, len(rows[0]["duration_curve"]))}

    def variable(name: str, get: Any, words: str, units: str) -> tuple[Any, ...]:
        axis = _AXIS.get(name)
        empty = np.nan if axis is None else np.full(len(axes[axis]), np.nan)
        values = [[get(found[s, d]) if (s, d) in found else empty for d in designs] for s in scenarios]
        dimensions = _BASE if axis is None else (*_BASE, axis)
        return dimensions, np.array(values, dtype=np.float64), {"long_name": words, "units": units}

    variables = {}
    for name in SPREAD:
        units = _UNITS.get(name, _DAYS)
        for ending, kind in _ENDINGS:
            get = attrgetter(f"{ending.removeprefix('_')}.{name}" if ending else name)
            variables[name + ending] = variable(name, get, f"{kind} {name.replace('_', ' ')}", units)
    words = "days by which a share of trials has ended"
    variables["duration_curve"] = variable("duration_curve", attrgetter("duration_curve"), words, _DAYS)
    variables[_TRIALS] = variable(_TRIALS, attrgetter("n_trials"), "trials on the calendar", "1")
    variables[_WINDOW] = variable(_WINDOW, attrgetter("window_days"), "DLT window", _DAYS)
    return variables, axes


def time_part(dataset: xr.Dataset) -> list[dict[str, Any]] | None:
    """Return the part ``time`` of ``results.json``; None where there is none."""
    if "duration_curve" not in dataset:
        return None
    rows = []
    for scenario, design in product(*(map(str, dataset[axis].values) for axis in _BASE)):
        at = dataset.sel(scenario=scenario, design=design)
        if np.isnan(at[_TRIALS].item()):
            continue

        def part(ending: str, at: Any = at) -> dict[str, Any]:
            single = {name: float(at[name + ending]) for name in CALENDAR_METRICS}
            return single | {"duration_quantiles": at["duration_quantiles" + ending].values}

        rows.append(
            {
                "scenario": scenario,
                "design": design,
                "n_trials": int(at[_TRIALS]),
                "window_days": float(at[_WINDOW]),
                **part(""),
                "duration_curve": at["duration_curve"].values,
                "sd": part("_sd"),
                "mcse": part("_mcse"),
            }
        )
    return rows
