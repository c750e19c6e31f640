"""Results of other versions: older ones are read and named, newer ones refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from doseesc._version import __version__
from doseesc.results.plain import plain_values
from doseesc.study import Study

FORMAT = "doseesc results 2"
OLDER = "doseesc results 1"
"""Without a hash of what it holds; otherwise the same."""

NEW_METRICS = ("untried_selection",)
"""Figures that earlier states of the formats lack."""

_KINDS = ("simulated", "exact")
_VERSION = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,4})[-+.\w]{0,40}")
_FORMAT = re.compile(r"doseesc results (\d{1,9})")


def check_format(given: object) -> None:
    """Refuse what is not in a format that this version reads.

    Raises
    ------
    ValueError
        If it is in another.
    """
    if given in (FORMAT, OLDER):
        return
    number = _FORMAT.fullmatch(given) if isinstance(given, str) else None
    if number:
        raise ValueError(
            f"it is in the format {given!r}, which doseesc {__version__} does not know: it reads {FORMAT!r}"
        )
    raise ValueError(f"it is not in the format {FORMAT!r}")


def check_version(version: str) -> None:
    """Refuse what a newer version has written, whose figures this one may misread.

    Raises
    ------
    ValueError
        If it is newer, or no version.
    """
    if _release(version) > _release(__version__):
        raise ValueError(f"it was written by doseesc {version}, which is newer than this one, {__version__}")


def upgraded(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document with what earlier states of its format left out.

    Without ``right`` the true MTD alone was right to select, and a benchmark of one value for each level never selected
    none.  How often a level is selected at which nobody was treated is null where that was not looked at.  Sections of
    the scenario file that there were not yet are as in a file that leaves them out.
    """
    truths = [
        row
        | {"right": row.get("right") or [row["true_mtd"]]}
        | {"benchmark": _with_none(row["benchmark"], len(row["probabilities"]))}
        | {"benchmark_observed": row.get("benchmark_observed")}
        for row in document["truths"]
    ]
    whole = {**document, "truths": truths, "study": _with_new_sections(document["study"])}
    nothing_right = {row["scenario"] for row in truths if row["right"] == [0]}
    whole["cells"] = [
        row
        | ({"efficiency": None} if row["scenario"] in nothing_right else {})
        | {kind: _with_untried(row[kind]) for kind in _KINDS}
        for row in document["cells"]
    ]
    policies = document.get("policies")
    if policies is not None:
        lists = {
            name: [row | {kind: _with_untried(row[kind]) for kind in _KINDS} for row in policies[name]]
            for name in ("drug_alone", "cells")
        }
        whole["policies"] = {**policies, **lists}
    if "arms" in document["phase2"]:
        phase2 = document["phase2"]
        summary = [
            row | {"arms": [{"never_given": None} | dict(arm) for arm in row["arms"]]} for row in phase2["summary"]
        ]
        arms = [{"never_given": None} | dict(row) for row in phase2["arms"]]
        whole["phase2"] = {**phase2, "arms": arms, "summary": summary}
    return whole


def _with_new_sections(study: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {
        field.alias or name: field.get_default(call_default_factory=True)
        for name, field in Study.model_fields.items()
        if not field.is_required()
    }
    return {key: plain_values(value) for key, value in left_out.items() if key not in study} | dict(study)


def _with_untried(part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return figures with nothing in the place of what they lack."""
    if part is None:
        return None
    nothing: dict[str, Any] = dict.fromkeys(NEW_METRICS)
    spread = {name: nothing | dict(part[name]) for name in ("sd", "mcse") if name in part}
    if "selected_and_patients" in part:
        levels = len(part["patients"])
        nothing["selected_and_untried"] = [[None] * levels for _ in range(levels + 1)]
    return nothing | dict(part) | spread


def _with_none(benchmark: list[float] | None, n_doses: int) -> list[float] | None:
    return [0.0, *benchmark] if benchmark is not None and len(benchmark) == n_doses else benchmark


def version_notes(document: Mapping[str, Any]) -> list[str]:
    """Say what the reader of older results should know."""
    version = document["provenance"]["doseesc"]
    notes = []
    if version != __version__:
        notes.append(
            f"these figures are of doseesc {version}; what is worked out from the study again, such as decision "
            f"tables, is of doseesc {__version__}"
        )
    if document["format"] == OLDER:
        notes.append("these results are in an older format without a hash: what was changed since cannot be seen")
    return notes


def _release(version: str) -> tuple[int, ...]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError("provenance.doseesc is no version")
    numbers = [int(each) for each in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
