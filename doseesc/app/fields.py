"""Fields of the form: what can be typed at a place of the file, from what ``doseesc explain`` says of its parameter."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import doseesc.study  # whose parts are loaded when they are asked for
from doseesc.app.edits import flow
from doseesc.errors import FieldPath, ScenarioError
from doseesc.study import source_of

if TYPE_CHECKING:
    from doseesc.study import Parameter, Topic

_SLIDERS = {"target": (0.05, 0.5, 0.01), "cohort_size": (1, 6, 1), "max_n": (6, 60, 3)}
_NAMES = {
    "amounts": "doses",
    "labels": "names of the doses",
    "max_n": "most patients",
    "cohort_size": "patients per cohort",
    "dlt_window_days": "DLT window, days",
    "start_level": "first dose",
    "dlt": "DLT probabilities",
    "response": "probabilities of a response",
    "max_duration_months": "most months of enrolment",
    "phase2_dose_rule": "doses of the arms",
}
_GATHERING = Lock()  # Python 3.11 cannot parse source code in two threads at once
_CHOICES = re.compile(r"[\w+.-]+(?:, [\w+.-]+)*(?: or [\w+.-]+)?")
_NO_CHOICE = ("number", "numbers", "text", "list", "section", "tuple", "None", "optional")


@dataclass(frozen=True)
class Field:
    """Something to type or to choose.

    Attributes
    ----------
    path : tuple
        Where it stands in the file.
    label : str
    kind : {"text", "number", "list", "choice", "flag", "value"}
        ``value`` is anything YAML can write on a line.
    value : str
        As typed.
    default : str
        What holds where nothing is typed.
    meaning : str
    choices : tuple of str
    slider : tuple of float or None
        Least, most and step of one.
    """

    path: FieldPath
    label: str
    kind: str
    value: str = ""
    default: str = ""
    meaning: str = ""
    choices: tuple[str, ...] = ()
    slider: tuple[float, float, float] | None = None

    @property
    def name(self) -> str:
        """The path as the page names it."""
        return path_name(self.path)


def path_name(path: FieldPath) -> str:
    """Return how the page names a place in the file."""
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


def known_topics() -> dict[str, Topic]:
    """Return everything that can be explained, which takes a second to gather."""
    with _GATHERING:
        return _gathered()


@cache
def _gathered() -> dict[str, Topic]:
    return dict(doseesc.study.topics())


def typed(written: str, kind: str) -> Any:
    """Return the value that was meant by what was typed into a field; None where it was emptied.

    What cannot be read is the text itself, so that it is refused in the words of the command line.

    Examples
    --------
    >>> typed("2, 8, 16", "list"), typed(" 0.25", "number"), typed("25 %", "number"), typed("12", "text")
    ([2, 8, 16], 0.25, '25 %', '12')
    >>> typed("{halfwidth: 0.05, prior_mtd: 2}", "value"), typed("[1, 2", "list"), typed("", "number")
    ({'halfwidth': 0.05, 'prior_mtd': 2}, '[1, 2', None)
    """
    written = " ".join(written.split())
    if not written:
        return None
    if kind in ("text", "choice"):
        return written
    line = f"[{written}]" if kind == "list" and written[0] not in "[{" else written
    try:
        source = source_of("", f"value: {line}".encode())
    except ScenarioError:
        return written
    value = source.data.get("value")
    return written if source.problems or len(source.data) != 1 or value is None else value


def shown(value: Any) -> str:
    """Return a value as it is typed."""
    if value is None:
        return ""
    return value if isinstance(value, str) else flow(value)


def value_at(data: Any, path: FieldPath) -> Any:
    """Return what a file holds at a place; None where there is no such place."""
    for step in path:
        inside = isinstance(data, Mapping) and step in data
        inside = inside or (isinstance(data, list) and isinstance(step, int) and step < len(data))
        data = data[step] if inside else None
    return data


def field_of(path: FieldPath, parameter: Parameter, data: Any) -> Field:
    """Return a field by what is said of its parameter, with what the file holds there."""
    value = value_at(data, path)
    kind, choices = _kind(parameter.kind)
    kind, written = "value" if isinstance(value, dict) else kind, shown(value)
    if kind == "choice" and written not in ("", *choices):
        choices = (*choices, written)
    key = str(path[-1])
    return Field(
        path,
        _NAMES.get(key, key.replace("_", " ")),
        kind,
        written.removeprefix("[").removesuffix("]") if kind == "list" else written,
        parameter.default,
        parameter.meaning,
        choices,
        _SLIDERS.get(key) if len(path) == 1 else None,
    )


def parameter_of(topic: Topic, name: str) -> Parameter:
    """Return what is said of a parameter of a topic."""
    return next(each for each in topic.parameters if each.name == name)


def _kind(words: str) -> tuple[str, tuple[str, ...]]:
    if words in ("number", "whole number"):
        return "number", ()
    if words.startswith("list of") and "section" not in words:
        return "list", ()
    if words == "true or false":
        return "flag", ()
    if words == "text":
        return "text", ()
    if _CHOICES.fullmatch(words) and ("," in words or " or " in words):
        parts = tuple(re.split(r", | or ", words))
        if not any(each in _NO_CHOICE for each in parts):
            return "choice", parts
    return "value", ()
