"""Whether a study is the one that the text of its file describes."""

from __future__ import annotations

from typing import Any

from doseesc.errors import ScenarioError
from doseesc.study.parsing import validated
from doseesc.study.study import Study
from doseesc.study.yaml_source import source_of

_FROM_OTHER_FILES = (
    "table",
    "fitted",
    "policy",
)  # keys of designs that are filled in from files beside the scenario file


def part_unlike_text(study: Study) -> str | None:
    """Return the first section of a study that is not what its file's text says; None where all are, or it has none."""
    if not study.text:
        return None
    try:
        data = source_of("scenario_text", study.text.encode("utf-8", "surrogatepass")).data
    except ScenarioError:
        return "scenario_text"
    written = validated(data)[1]
    if written is None:
        return "scenario_text"
    parts = _parts(study), _parts(written)
    return next((name for name in parts[0] if parts[0][name] != parts[1][name]), None)


def _parts(study: Study) -> dict[str, Any]:
    dumped = study.model_dump(mode="json", by_alias=True)
    for entry in dumped["designs"]:
        for key in _FROM_OTHER_FILES:
            entry.pop(key, None)
    return dumped
