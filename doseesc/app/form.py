"""The form: what can be typed on the page, made from the scenario model and the texts of ``doseesc explain``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import doseesc.study  # whose parts are loaded when they are asked for
from doseesc.app.edits import flow
from doseesc.errors import FieldPath, ScenarioError
from doseesc.study import source_of

if TYPE_CHECKING:
    from doseesc.study import Parameter, Topic

_SHARED = ("target", "n_doses", "max_n", "start_level", "doses", "amounts")
_TRIAL = ("target", "max_n", "cohort_size", "dlt_window_days", "start_level")
_SLIDERS = {"target": (0.05, 0.5, 0.01), "cohort_size": (1, 6, 1), "max_n": (6, 60, 3)}
_SECTIONS = {
    "true_mtd": "Which dose is right",
    "comparison": "What designs are judged by",
    "accrual": "Arrivals and time",
    "simulation": "Simulation",
}
_NAMES = {
    "amounts": "doses",
    "labels": "names of the doses",
    "max_n": "most patients",
    "cohort_size": "patients per cohort",
    "dlt_window_days": "DLT window, days",
    "start_level": "first dose",
    "dlt": "DLT probabilities",
}
_GATHERING = Lock()  # Python 3.11 cannot parse source code in two threads at once
_LONG = ("basis", "weights", "basis_of_exclusions", "exclusions")
_CHOICES = re.compile(r"[\w+.-]+(?:, [\w+.-]+)*(?: or [\w+.-]+)?")
_TYPES = {"number", "text", "whole number", "list of numbers"}


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


@dataclass(frozen=True)
class Group:
    """Fields with a heading; ``rules`` are groups within a design, ``kinds`` what can be added to them."""

    path: FieldPath
    title: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...] = ()
    rules: tuple[Group, ...] = ()
    about: str = ""
    adds: int = 0

    @property
    def name(self) -> str:
        """The path as the page names it."""
        return path_name(self.path)


@dataclass(frozen=True)
class Form:
    """Everything that can be typed."""

    trial: tuple[Field, ...]
    sections: tuple[Group, ...]
    designs: tuple[Group, ...]
    scenarios: tuple[Group, ...]
    design_types: Mapping[str, str] = field(default_factory=dict)
    rule_types: Mapping[str, str] = field(default_factory=dict)


def path_name(path: FieldPath) -> str:
    """Return how the page names a place in the file."""
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


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


def form_of(data: Mapping[str, Any]) -> Form:
    """Return the form for a file's content, as far as it is one.

    Parameters
    ----------
    data : mapping
        From :func:`doseesc.study.source_of`.
    """
    known = known_topics()
    labels = _labels(data.get("doses"))
    trial = [_of(("study", "title"), "title", known["study"], data)]
    trial += [_of(("doses", key), key, known["doses"], data) for key in ("amounts", "unit", "labels")]
    for key in _TRIAL:
        made = _of((key,), key, known[key], data)
        if key == "start_level" and labels:
            made = Field(made.path, made.label, "choice", made.value, labels[0], made.meaning, tuple(labels))
        trial.append(made)
    sections = [
        Group((key,), title, tuple(_of((key, each.name), each.name, known[key], data) for each in _plain(known[key])))
        for key, title in _SECTIONS.items()
    ]
    return Form(
        tuple(trial),
        tuple(sections),
        tuple(_design(place, entry, known, data) for place, entry in _entries(data, "designs")),
        tuple(_scenario(place, entry, labels, known, data) for place, entry in _entries(data, "scenarios")),
        {name: each.summary for name, each in known.items() if each.group == "design"},
        {name: each.summary for name, each in known.items() if each.group == "rule"},
    )


def known_topics() -> dict[str, Topic]:
    """Return everything that can be explained, which takes a second to gather."""
    with _GATHERING:
        return _gathered()


@cache
def _gathered() -> dict[str, Topic]:
    return dict(doseesc.study.topics())


def _plain(topic: Topic) -> list[Parameter]:
    return [
        each
        for each in topic.parameters
        if "section" not in each.kind and ":" not in each.name and each.name not in _LONG
    ]


def _entries(data: Mapping[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    entries = data.get(key)
    return [
        (place, each)
        for place, each in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(each, dict)
    ]


def _labels(doses: Any) -> list[str]:
    if not isinstance(doses, dict):
        return []
    for key in ("labels", "amounts"):
        found = doses.get(key)
        if isinstance(found, list) and found:
            return [_shown(each) for each in found]
    return []


def _design(place: int, entry: Mapping[str, Any], known: Mapping[str, Topic], data: Mapping[str, Any]) -> Group:
    path: FieldPath = ("designs", place)
    kinds = tuple(name for name, each in known.items() if each.group == "design")
    written = str(entry.get("type", ""))
    topic = known.get(written) or next((known[each] for each in kinds if each.lower() == written.lower()), None)
    heads = (
        Field((*path, "name"), "name", "text", _shown(entry.get("name"))),
        Field((*path, "type"), "type", "choice", topic.name if topic else written, "", "", kinds),
    )
    options = () if topic is None else topic.parameters
    own = [each for each in options if each.name not in (*_SHARED, "rules", "pending") and "." not in each.name]
    more = tuple(_of((*path, each.name), each.name, topic, data) for each in own if topic is not None)
    rules = entry.get("rules")
    groups = [
        _rule((*path, "rules", number), rule, known, data)
        for number, rule in enumerate(rules if isinstance(rules, list) else [])
        if isinstance(rule, dict)
    ]
    title = _shown(entry.get("name")) or f"design {place + 1}"
    about = "" if topic is None else topic.summary
    return Group(path, title, heads, more, tuple(groups), about, len(rules) if isinstance(rules, list) else 0)


def _rule(path: FieldPath, rule: Mapping[str, Any], known: Mapping[str, Topic], data: Mapping[str, Any]) -> Group:
    name = str(rule.get("type", ""))
    topic = known.get(name)
    if topic is None:
        return Group(path, name, ())
    return Group(path, name, tuple(_of((*path, each.name), each.name, topic, data) for each in topic.parameters))


def _scenario(
    place: int, entry: Mapping[str, Any], labels: list[str], known: Mapping[str, Topic], data: Mapping[str, Any]
) -> Group:
    path: FieldPath = ("scenarios", place)
    heads = [
        Field((*path, "name"), "name", "text", _shown(entry.get("name"))),
        Field((*path, "description"), "description", "text", _shown(entry.get("description"))),
    ]
    dlt = entry.get("dlt")
    if isinstance(dlt, list):
        names = labels if len(labels) == len(dlt) else [str(each + 1) for each in range(len(dlt))]
        more = [Field((*path, "dlt", k), names[k], "number", _shown(each)) for k, each in enumerate(dlt)]
    elif isinstance(dlt, dict):
        more = [Field((*path, "dlt", key), str(key), "number", _shown(each)) for key, each in dlt.items()]
    else:
        key = "curve" if "curve" in entry else "random" if "random" in entry else "dlt"
        meaning = known[f"scenarios.{key}"].summary
        more = [Field((*path, key), key, "value", _shown(entry.get(key)), "", meaning)]
    return Group(path, _shown(entry.get("name")) or f"scenario {place + 1}", tuple(heads), tuple(more))


def _of(path: FieldPath, key: str, topic: Topic, data: Any) -> Field:
    """Return a field by what is said of its parameter."""
    parameter = next(each for each in topic.parameters if each.name == key)
    value: Any = data
    for step in path:
        inside = isinstance(value, dict) and step in value
        inside = inside or (isinstance(value, list) and isinstance(step, int) and step < len(value))
        value = value[step] if inside else None
    kind, choices = _kind(parameter.kind)
    kind, written = "value" if isinstance(value, dict) else kind, _shown(value)
    if kind == "choice" and written not in ("", *choices):
        choices = (*choices, written)
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


def _kind(words: str) -> tuple[str, tuple[str, ...]]:
    if words in ("number", "whole number"):
        return "number", ()
    if words.startswith("list of"):
        return "list", ()
    if words == "true or false":
        return "flag", ()
    if words == "text":
        return "text", ()
    if words not in _TYPES and _CHOICES.fullmatch(words) and ("," in words or " or " in words):
        parts = tuple(re.split(r", | or ", words))
        if not any(each in ("number", "text", "list", "section", "tuple", "None") for each in parts):
            return "choice", parts
    return "value", ()


def _shown(value: Any) -> str:
    """Return a value as it is typed."""
    if value is None:
        return ""
    return value if isinstance(value, str) else flow(value)
