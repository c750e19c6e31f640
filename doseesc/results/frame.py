"""Results as one pandas DataFrame, complete and back: the tidy table, then what it leaves out, provenance in ``attrs``.

The first rows and columns are those of :meth:`doseesc.results.results.Results.to_frame`.  The rows after them hold,
under ``metric``, what the tidy table leaves out; the columns ``sd`` (from trial to trial), ``number`` (of patients or
DLTs, in distributions) and ``reason`` (for which trials end) serve them.  ``attrs["doseesc"]`` holds the study and all
else that ``results.json`` has, as JSON, which Parquet keeps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import BY_LEVEL, DISTRIBUTIONS, FURTHER, METRICS
from doseesc.results.document import FORMAT, results_document
from doseesc.results.reading import results_from_document

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.results.results import Results

COLUMNS = ("scenario", "design", "method", "metric", "level", "value", "mcse", "sd", "number", "reason")
ATTRIBUTE = "doseesc"

_JOINT, _ENDS = "selected_and_patients", "ends"
_KEPT = ("format", "provenance", "run", "study", "truths", "differences", "notes", "scenario_text")


def to_complete_frame(results: Results) -> pd.DataFrame:
    """Return everything but the comparison of observation models; see the module's text."""
    import pandas as pd

    found = [
        (scenario, design, each)
        for (scenario, design), cell in results.cells.items()
        for each in (cell.simulated, cell.exact)
        if each is not None
    ]
    rows: list[tuple[Any, ...]] = []
    for make in (_tidy_rows, _further_rows):
        rows += [(scenario, design, each.method, *row) for scenario, design, each in found for row in make(each)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("level", "number"):
        frame[name] = frame[name].astype("Int64")
    frame["reason"] = frame["reason"].astype("string")
    document = results_document(results)
    kept = {name: document[name] for name in _KEPT}
    kept["phase2"] = {"analysis": document["phase2"]["analysis"]}
    frame.attrs[ATTRIBUTE] = json.dumps(kept, ensure_ascii=False)
    return frame


def from_complete_frame(frame: pd.DataFrame) -> Results:
    """Return the results that a frame of :func:`to_complete_frame` holds.

    Raises
    ------
    ValueError
        If the frame lacks rows, columns or attributes of such a frame.
    """
    missing = [name for name in COLUMNS if name not in frame]
    if ATTRIBUTE not in frame.attrs or missing:
        what = f"the columns {', '.join(missing)}" if missing else f"attrs[{ATTRIBUTE!r}], the study"
        raise ValueError(
            f"the table lacks {what}: results come back from a table made by  to_frame(complete=True)  only"
        )
    document = json.loads(frame.attrs[ATTRIBUTE])
    if document.get("format") != FORMAT:
        raise ValueError(f"the table is not in the format {FORMAT!r}")
    mtd = {row["scenario"]: row["true_mtd"] for row in document["truths"]}
    trials = document["provenance"]["trials"]
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for key, rows in frame.groupby(["scenario", "design", "method"], sort=False):
        scenario, design, method = map(str, key)
        cell = cells.setdefault(
            (scenario, design), {"scenario": scenario, "design": design, "simulated": None, "exact": None}
        )
        exact = method == "exact"
        own = {
            "target": document["study"]["target"],
            "true_mtd": mtd[scenario],
            "method": method,
            "n_trials": 0 if exact else trials,
        }
        cell["exact" if exact else "simulated"] = _characteristics(rows, f"{scenario}, {design}") | own
    return results_from_document({**document, "cells": list(cells.values())})


def _tidy_rows(found: OperatingCharacteristics) -> Iterator[tuple[Any, ...]]:
    for metric in METRICS:
        values, errors, spread = (np.atleast_1d(getattr(each, metric)) for each in (found, found.mcse, found.sd))
        first = 0 if metric == "selected" else 1
        for place, row in enumerate(zip(values, errors, spread, strict=True), start=first):
            yield (metric, place if metric in BY_LEVEL else None, *map(float, row), None, None)


def _further_rows(found: OperatingCharacteristics) -> Iterator[tuple[Any, ...]]:
    nan = float("nan")
    for name in FURTHER:
        yield (name, None, float(getattr(found, name)), nan, nan, None, None)
    for name in DISTRIBUTIONS:
        for number, share in enumerate(getattr(found, name)):
            yield (name, None, float(share), nan, nan, number, None)
    for level, row in enumerate(found.selected_and_patients):
        for number, share in enumerate(row):
            yield (_JOINT, level, float(share), nan, nan, number, None)
    for reason, share in found.reasons.items():
        yield (_ENDS, None, float(share), nan, nan, None, reason)


def _characteristics(rows: pd.DataFrame, where: str) -> dict[str, Any]:
    by_metric = dict(list(rows.groupby("metric", sort=False)))
    missing = [name for name in (*METRICS, *FURTHER, *DISTRIBUTIONS, _JOINT, _ENDS) if name not in by_metric]
    if missing:
        raise ValueError(f"the table lacks rows of {missing[0]} for {where}")

    def of(metric: str, column: str = "value") -> Any:
        found = by_metric[metric].sort_values(["level", "number"])[column].to_numpy(dtype=np.float64)
        return found if metric in (*BY_LEVEL, *DISTRIBUTIONS) else float(found[0])

    joint = by_metric[_JOINT].pivot(index="level", columns="number", values="value")
    ends = by_metric[_ENDS]
    return {
        **{name: of(name) for name in (*METRICS, *FURTHER, *DISTRIBUTIONS)},
        **{part: {name: of(name, part) for name in METRICS} for part in ("sd", "mcse")},
        _JOINT: joint.to_numpy(dtype=np.float64),
        "reasons": dict(zip(map(str, ends["reason"]), map(float, ends["value"]), strict=True)),
    }
