"""Variants of a study: what of its file a cell needs, with one design and the truths that take part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from doseesc.planning.sweeps.axes import WITHOUT_EFFECT
from doseesc.study import Study

_OF_TIME = {"accrual": None, "stagger": None, "backfill": None, "max_duration_months": None}


def with_effect(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's content without what no figure of a sweep depends on."""
    return {name: value for name, value in data.items() if name not in WITHOUT_EFFECT} | {"study": {"title": "a cell"}}


def prepared(data: Any, scenarios: Sequence[int]) -> dict[str, Any]:
    """Return a file's content without what no figure of a sweep depends on, with some of its scenarios."""
    kept = with_effect(data)
    kept["scenarios"] = [data["scenarios"][place] for place in scenarios]
    return kept


def one_design(data: dict[str, Any], place: int) -> dict[str, Any]:
    """Return a file's content with one of its designs; backfill that names others only is left out."""
    entry = data["designs"][place]
    kept = {**data, "designs": [entry]}
    backfill = data.get("backfill")
    if isinstance(backfill, dict) and isinstance(backfill.get("designs"), list):
        if str(entry.get("name")) in map(str, backfill["designs"]):
            kept["backfill"] = {**backfill, "designs": [entry["name"]]}
        else:
            del kept["backfill"]
    return kept


def one_truth(study: Study, place: int) -> Study:
    """Return a study with one of its scenarios."""
    return study.model_copy(update={"scenarios": (study.scenarios[place],)})


def without_time(study: Study) -> Study:
    """Return a study in which every outcome is known before the next decision, or the study where it is so anyhow."""
    if study.accrual is None:
        return study
    # Times of DLTs say when deaths hide them, too; where nobody dies they matter on the calendar alone.
    return study.model_copy(update=_OF_TIME if study.observation else {**_OF_TIME, "dlt_times": None})
