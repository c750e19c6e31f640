"""The figures about time in the complete table of results (:mod:`doseesc.results.frame`), and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.engines import DURATION_LEVELS, TIME_METRICS, duration_name
from doseesc.results.times import CALENDAR, Times

if TYPE_CHECKING:
    import pandas as pd

_CURVE, _TRIALS, _WINDOW = "duration_curve", "n_trials", "window_days"
_QUANTILES = tuple(duration_name(level) for level in DURATION_LEVELS)


def tidy_time_rows(times: Times) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that the tidy table has, too, with the standard deviations."""
    for key, figures in times.items():
        spread = dict(zip(_QUANTILES, figures.sd.duration_quantiles, strict=True))
        for row in figures.rows():
            sd = float(spread[row.metric] if row.metric in spread else getattr(figures.sd, row.metric))
            yield (*key, CALENDAR, *row, sd, None, None)


def curve_rows(times: Times) -> Iterator[tuple[Any, ...]]:
    """Yield what the tidy table leaves out: the curve of durations, and what the figures are of."""
    nan = float("nan")
    for key, figures in times.items():
        for name in (_TRIALS, _WINDOW):
            yield (*key, CALENDAR, name, None, float(getattr(figures, name)), nan, nan, None, None)
        for number, day in enumerate(figures.duration_curve):
            yield (*key, CALENDAR, _CURVE, None, float(day), nan, nan, number, None)


def is_time(frame: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows of a complete table are about time."""
    return frame["metric"].isin((*TIME_METRICS, _CURVE, _TRIALS, _WINDOW))


def time_part_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the part ``time`` of ``results.json`` from those rows.

    Raises
    ------
    ValueError
        If one is missing.
    """
    return [
        {"scenario": str(key[0]), "design": str(key[1]), **_figures(rows, ", ".join(map(str, key)))}
        for key, rows in frame.groupby(["scenario", "design"], sort=False)
    ]


def _figures(rows: pd.DataFrame, where: str) -> dict[str, Any]:
    single: Any = rows[rows["metric"] != _CURVE].set_index("metric")
    missing = [name for name in (*TIME_METRICS, _TRIALS, _WINDOW) if name not in single.index]
    if missing:
        raise ValueError(f"the table lacks rows of {missing[0]} for {where}")

    def part(column: str) -> dict[str, Any]:
        value = {name: float(single.loc[name, column]) for name in TIME_METRICS}
        quantiles = np.array([value.pop(name) for name in _QUANTILES])
        return value | {"duration_quantiles": quantiles}

    curve = rows[rows["metric"] == _CURVE].sort_values("number")["value"].to_numpy(dtype=np.float64)
    return {
        _TRIALS: int(single.loc[_TRIALS, "value"]),
        _WINDOW: float(single.loc[_WINDOW, "value"]),
        _CURVE: curve,
        **part("value"),
        "sd": part("sd"),
        "mcse": part("mcse"),
    }
