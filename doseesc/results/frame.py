"""``results.json`` as one pandas DataFrame, and back: the tidy table, then what it leaves out, the rest in ``attrs``.

The first rows and columns are those of :meth:`doseesc.results.Results.to_frame`.  The rows after them hold,
under ``metric``, what the tidy table leaves out; the columns ``sd`` (from trial to trial), ``number`` (of patients or
DLTs, in distributions) and ``reason`` (for which trials end) serve them; of a study with a calendar the curve of
durations is ``duration_curve``, ``number`` counting its points.  ``attrs["doseesc"]`` holds the study, the
comparison of observation models and all else, as JSON, which Parquet keeps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.engines import BY_LEVEL, DISTRIBUTIONS, FURTHER, METRICS, tidy_rows
from doseesc.results.digest import DIGEST, check_digest, digest
from doseesc.results.frame_time import curve_rows, is_time, tidy_time_rows, time_part_of
from doseesc.results.plain import figures_of
from doseesc.results.times import times_from
from doseesc.results.versions import FORMAT, NEW_METRICS, check_format

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("scenario", "design", "method", "metric", "level", "value", "mcse", "sd", "number", "reason")
ATTRIBUTE = "doseesc"

_JOINT, _UNTRIED, _ENDS = "selected_and_patients", "selected_and_untried", "ends"
_KEPT = ("format", "provenance", "run", "study", "truths", "differences", "notes", "scenario_text", "policies")


def frame_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return everything that ``results.json`` holds as a table; see the module's text."""
    import pandas as pd

    found = [
        (cell["scenario"], cell["design"], part["method"], figures_of(part))
        for cell in document["cells"]
        for part in (cell["simulated"], cell["exact"])
        if part is not None
    ]
    times = times_from(document.get("time"))
    rows = [(*key, *row) for *key, each in found for row in _main_rows(each)]
    rows += tidy_time_rows(times)
    rows += [(*key, *row) for *key, each in found for row in _further_rows(each)]
    rows += curve_rows(times)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"level": "Int64", "number": "Int64", "reason": "string"})
    kept = {name: document[name] for name in _KEPT if name in document}
    kept["phase2"] = {"analysis": document["phase2"]["analysis"]}
    kept["format"] = FORMAT
    kept[DIGEST] = digest(_document(frame, kept))
    frame.attrs[ATTRIBUTE] = json.dumps(kept, ensure_ascii=False)
    return frame


def document_of(frame: pd.DataFrame) -> dict[str, Any]:
    """Return what of ``results.json`` results are made of, from a frame of :func:`frame_of`.

    Raises
    ------
    ValueError
        If the frame lacks rows, columns or attributes of such a frame, or was changed since.
    """
    missing = [name for name in COLUMNS if name not in frame]
    if ATTRIBUTE not in frame.attrs or missing:
        what = f"the columns {', '.join(missing)}" if missing else f"attrs[{ATTRIBUTE!r}], the study"
        raise ValueError(
            f"the table lacks {what}: results come back from a table made by  to_frame(complete=True)  only"
        )
    kept = json.loads(frame.attrs[ATTRIBUTE])
    check_format(kept["format"])
    document = _document(frame, kept)
    if kept["format"] == FORMAT:
        check_digest(document, "the table")
    return document


def _document(frame: pd.DataFrame, document: Mapping[str, Any]) -> dict[str, Any]:
    mtd = {row["scenario"]: row["true_mtd"] for row in document["truths"]}
    trials = document["provenance"]["trials"]
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    of_time = is_time(frame)
    for key, rows in frame[~of_time].groupby(["scenario", "design", "method"], sort=False):
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
    time = {"time": time_part_of(frame[of_time])} if of_time.any() else {}
    return {**document, "cells": list(cells.values()), **time}


def _main_rows(figures: SimpleNamespace) -> Iterator[tuple[Any, ...]]:
    spread = tidy_rows(SimpleNamespace(**vars(figures.sd), mcse=figures.mcse))
    for row, its_spread in zip(tidy_rows(figures), spread, strict=True):
        yield (*row, its_spread.value, None, None)


def _further_rows(figures: SimpleNamespace) -> Iterator[tuple[Any, ...]]:
    nan = float("nan")
    for name in FURTHER:
        yield (name, None, float(getattr(figures, name)), nan, nan, None, None)
    for name in DISTRIBUTIONS:
        for number, share in enumerate(getattr(figures, name)):
            yield (name, None, float(share), nan, nan, number, None)
    for level, row in enumerate(figures.selected_and_patients):
        for number, share in enumerate(row):
            yield (_JOINT, level, float(share), nan, nan, number, None)
    for level, row in enumerate(figures.selected_and_untried):
        for number, share in enumerate(row, start=1):  # the level at which nobody was treated
            yield (_UNTRIED, level, float(share), nan, nan, number, None)
    for reason, share in vars(figures.reasons).items():
        yield (_ENDS, None, float(share), nan, nan, None, reason)


def _characteristics(rows: pd.DataFrame, where: str) -> dict[str, Any]:
    by_metric = dict(list(rows.groupby("metric", sort=False)))
    known = tuple(name for name in METRICS if name in by_metric or name not in NEW_METRICS)
    missing = [name for name in (*known, *FURTHER, *DISTRIBUTIONS, _JOINT, _ENDS) if name not in by_metric]
    if missing:
        raise ValueError(f"the table lacks rows of {missing[0]} for {where}")

    def of(metric: str, column: str = "value") -> Any:
        found = by_metric[metric].sort_values(["level", "number"])[column].to_numpy(dtype=np.float64)
        return found if metric in (*BY_LEVEL, *DISTRIBUTIONS) else float(found[0])

    tables = {
        name: by_metric[name].pivot(index="level", columns="number", values="value").to_numpy(dtype=np.float64)
        for name in (_JOINT, _UNTRIED)
        if name in by_metric
    }
    ends = by_metric[_ENDS]
    return {
        **{name: of(name) for name in (*known, *FURTHER, *DISTRIBUTIONS)},
        **{part: {name: of(name, part) for name in known} for part in ("sd", "mcse")},
        **tables,
        "reasons": dict(zip(map(str, ends["reason"]), map(float, ends["value"]), strict=True)),
    }
