"""The analysis of the Phase 2 arms as variables of an xarray Dataset, and back.

Each figure of :data:`doseesc.results.arm_figures.ARM_METRICS` is a variable ``arm_NAME`` over scenario, design, arm,
engine and level, with its Monte Carlo standard error ``arm_NAME_mcse``.  Level 0 stands for all trials that open
Phase 2, the others for those with that level as the MTD.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.results.arm_figures import ARM_METRICS
from doseesc.results.plain import figures_of

if TYPE_CHECKING:
    import xarray as xr

_AXES = ("scenario", "design", "arm", "engine", "level")


def arm_variables(
    rows: Sequence[Mapping[str, Any]], scenarios: list[str], designs: list[str], n_levels: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the variables, NaN where there is nothing, and the coordinates ``arm`` and ``engine``.

    ``rows`` are those of ``phase2.analysis.figures`` in ``results.json``.
    """
    found = [figures_of(row) for row in rows]
    arms, engines = (list(dict.fromkeys(getattr(each, name) for each in found)) for name in ("arm", "method"))
    axes, names = (scenarios, designs, arms, engines), ("scenario", "design", "arm", "method")
    shape = (*map(len, axes), n_levels)
    values = {name + ending: np.full(shape, np.nan) for name in ARM_METRICS for ending in ("", "_mcse")}
    for each in found:
        place = tuple(axis.index(getattr(each, name)) for axis, name in zip(axes, names, strict=True))
        for name in ARM_METRICS:
            values[name][place] = getattr(each, name)
            values[f"{name}_mcse"][place] = getattr(each.mcse, name)
    variables = {
        f"arm_{name}": (_AXES, value, {"long_name": _words(name), "units": "1"}) for name, value in values.items()
    }
    return variables, {"arm": arms, "engine": engines}


def arm_analysis_part(dataset: xr.Dataset) -> dict[str, Any] | None:
    """Return the figures as ``results.json`` has them in ``phase2.analysis``; None where there are none."""
    if "arm" not in dataset.coords:
        return None
    figures = []
    axes = ("scenario", "design", "engine", "arm")
    for scenario, design, engine, arm in product(*(map(str, dataset[axis].values) for axis in axes)):
        at = dataset.sel(scenario=scenario, design=design, engine=engine, arm=arm)
        if not np.isnan(at["arm_probability"].values).all():
            figures.append(
                {
                    "scenario": scenario,
                    "design": design,
                    "method": engine,
                    "arm": arm,
                    "n_trials": 0 if engine == "exact" else int(dataset.attrs["trials"]),
                    **{name: at[f"arm_{name}"].values for name in ARM_METRICS},
                    "mcse": {name: at[f"arm_{name}_mcse"].values for name in ARM_METRICS},
                }
            )
    return {"figures": figures}


def _words(name: str) -> str:
    figure = name.removesuffix("_mcse").replace("_", " ")
    kind = "Monte Carlo standard error of " if name.endswith("_mcse") else ""
    return f"{kind}{figure}, analysis of the Phase 2 arms"
