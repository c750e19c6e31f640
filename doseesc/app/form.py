"""The form: what can be typed on the page, made from the scenario model and the texts of ``doseesc explain``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from doseesc.app.fields import Field, field_of, known_topics, parameter_of, shown
from doseesc.app.groups import BESIDE, Group, section_group, section_groups
from doseesc.errors import FieldPath

if TYPE_CHECKING:
    from doseesc.study import Parameter, Topic

_DOSES = ("amounts", "unit", "labels")
_FIRST = ("target", "max_n", "cohort_size", "dlt_window_days", "start_level")
_OF_THE_STUDY = ("n_doses", "doses", "amounts")
"""Parameters of designs that a file has elsewhere."""


@dataclass(frozen=True)
class Form:
    """Everything that can be typed."""

    trial: tuple[Field, ...]
    sections: tuple[Group, ...]
    designs: tuple[Group, ...]
    scenarios: tuple[Group, ...]
    design_types: Mapping[str, str] = field(default_factory=dict)
    rule_types: Mapping[str, str] = field(default_factory=dict)


def form_of(data: Mapping[str, Any]) -> Form:
    """Return the form for a file's content, as far as it is one.

    Parameters
    ----------
    data : mapping
        From :func:`doseesc.study.source_of`.
    """
    known = known_topics()
    labels = _labels(data.get("doses"))
    trial = [field_of(("study", "title"), parameter_of(known["study"], "title"), data)]
    trial += [field_of(("doses", key), parameter_of(known["doses"], key), data) for key in _DOSES]
    beside = {key for keys in BESIDE.values() for key in keys}
    alone = [key for key, each in known.items() if each.group == "key" and "." not in key and key not in beside]
    for key in sorted(alone, key=lambda each: _FIRST.index(each) if each in _FIRST else len(_FIRST)):
        made = field_of((key,), parameter_of(known[key], key), data)
        if key == "start_level" and labels:
            made = replace(made, kind="choice", default=labels[0], choices=tuple(labels))
        trial.append(made)
    return Form(
        tuple(trial),
        (*section_groups(data, known), _names(known, data)),
        tuple(_design(place, entry, known, data) for place, entry in _entries(data, "designs")),
        tuple(_scenario(place, entry, labels, known, data) for place, entry in _entries(data, "scenarios")),
        {name: each.summary for name, each in known.items() if each.group == "design"},
        {name: each.summary for name, each in known.items() if each.group == "rule"},
    )


def _names(known: Mapping[str, Topic], data: Mapping[str, Any]) -> Group:
    """Return what a study is called besides its title; what is noted and assumed takes sentences, in the file."""
    fields = [
        field_of(("study", key), parameter_of(known["study"], key), data) for key in ("short_title", "registry_id")
    ]
    return Group(("study",), "Short title and registration", tuple(fields))


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
            return [shown(each) for each in found]
    return []


def _design(place: int, entry: Mapping[str, Any], known: Mapping[str, Topic], data: Mapping[str, Any]) -> Group:
    path: FieldPath = ("designs", place)
    kinds = tuple(name for name, each in known.items() if each.group == "design")
    written = str(entry.get("type", ""))
    topic = known.get(written) or next((known[each] for each in kinds if each.lower() == written.lower()), None)
    heads = (
        Field((*path, "name"), "name", "text", shown(entry.get("name"))),
        Field((*path, "type"), "type", "choice", topic.name if topic else written, "", "", kinds),
    )
    own = [each for each in (topic.parameters if topic else ()) if each.name not in (*_OF_THE_STUDY, "rules")]
    pending = () if topic is None else _pending(path, topic, entry, known, data)
    more = tuple(_option((*path, each.name), each, known, data) for each in own if "." not in each.name)
    more = tuple(
        each for each in more if each.path[-1] != "pending" or not pending or isinstance(entry.get("pending"), str)
    )
    rules = entry.get("rules")
    given = [
        _rule((*path, "rules", number), rule, known, data)
        for number, rule in enumerate(rules if isinstance(rules, list) else [])
        if isinstance(rule, dict)
    ]
    title = shown(entry.get("name")) or f"design {place + 1}"
    about = "" if topic is None else topic.summary
    return Group(path, title, heads, more, (*pending, *given), about, len(rules) if isinstance(rules, list) else 0)


def _option(path: FieldPath, parameter: Parameter, known: Mapping[str, Topic], data: Mapping[str, Any]) -> Field:
    """Return the field of a design's option; what is done about pending patients is chosen among the policies."""
    made = field_of(path, parameter, data)
    if path[-1] != "pending" or made.value.startswith("{"):
        return made
    policies = [name.lower() for name, each in known.items() if each.group == "policy"]
    return replace(made, kind="choice", choices=tuple(dict.fromkeys([*policies, *filter(None, [made.value])])))


def _pending(
    path: FieldPath, topic: Topic, entry: Mapping[str, Any], known: Mapping[str, Topic], data: Mapping[str, Any]
) -> tuple[Group, ...]:
    """Return the options of what a design does about pending patients, where it has any."""
    value = entry.get("pending")
    options = [replace(each, name=each.name[8:]) for each in topic.parameters if each.name.startswith("pending.")]
    if not options and isinstance(value, dict):
        policy = str(value.get("type", "")).lower()
        options = [
            p
            for name, each in known.items()
            if each.group == "policy" and name.lower() == policy
            for p in each.parameters
        ]
    if not options or isinstance(value, str):
        return ()
    fields = tuple(field_of((*path, "pending", each.name), each, data) for each in options)
    return (Group((*path, "pending"), "While outcomes are pending", fields, given=isinstance(value, dict)),)


def _rule(path: FieldPath, rule: Mapping[str, Any], known: Mapping[str, Topic], data: Mapping[str, Any]) -> Group:
    name = str(rule.get("type", ""))
    topic = known.get(name)
    if topic is None:
        return Group(path, name, (), given=True)
    fields = tuple(field_of((*path, each.name), each, data) for each in topic.parameters)
    return Group(path, name, fields, about=topic.summary, given=True)


def _scenario(
    place: int, entry: Mapping[str, Any], labels: list[str], known: Mapping[str, Topic], data: Mapping[str, Any]
) -> Group:
    path: FieldPath = ("scenarios", place)
    heads = [field_of((*path, key), parameter_of(known["scenarios"], key), data) for key in ("name", "description")]
    dlt = entry.get("dlt")
    if isinstance(dlt, list):
        names = labels if len(labels) == len(dlt) else [str(each + 1) for each in range(len(dlt))]
        curve = [Field((*path, "dlt", k), names[k], "number", shown(each)) for k, each in enumerate(dlt)]
    elif isinstance(dlt, dict):
        curve = [Field((*path, "dlt", key), str(key), "number", shown(each)) for key, each in dlt.items()]
    else:
        key = next((each for each in ("curve", "random") if each in entry), None)
        if key is None:
            curve = [field_of((*path, "dlt"), parameter_of(known["scenarios"], "dlt"), data)]
        else:
            curve = [*section_group((*path, key), f"scenarios.{key}", key, data, known).fields]
    rest = [field_of((*path, key), parameter_of(known["scenarios"], key), data) for key in ("response", "monotone")]
    further = Group(path, "More", tuple(rest))
    return Group(path, shown(entry.get("name")) or f"scenario {place + 1}", tuple(heads), tuple(curve), (further,))
