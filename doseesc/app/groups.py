"""Groups of the form's fields: the sections of a file, made from what ``doseesc explain`` says of each.

A section that the models gain is in the form without a line here; its title is then its first sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doseesc.app.edits import flow
from doseesc.app.fields import Field, field_of, parameter_of, path_name, shown, value_at
from doseesc.errors import FieldPath
from doseesc.study import Parameter, source_of

if TYPE_CHECKING:
    from doseesc.study import Topic

ELSEWHERE = ("study", "doses", "designs", "scenarios")
"""Sections that have places of their own in the form."""

BESIDE = {"accrual": ("max_duration_months",), "phase2_arms": ("phase2_dose_rule",)}
"""Keys that stand alone in a file, by the section that they belong to."""

_TITLES = {
    "true_mtd": "Which dose is right",
    "comparison": "What designs are judged by",
    "observation": "What else happens to patients",
    "accrual": "Arrivals and time",
    "dlt_times": "When DLTs come",
    "stagger": "Days between patients",
    "backfill": "Backfill of lower doses",
    "phase2_arms": "Arms of Phase 2",
    "arm_analysis": "How safe these arms are",
    "phase2": "The Phase 2 trial",
    "optimal": "The best possible design",
    "analysis": "Analysis of the data",
    "simulation": "Simulation",
}
_LISTS = ("phase2_arms", "analysis.borrow.studies")
"""Sections that are lists even where the file has none of them yet."""


@dataclass(frozen=True)
class Group:
    """Fields with a heading.

    Attributes
    ----------
    path : tuple
    title : str
    fields : tuple of Field
    more : tuple of Field
        Those that are looked for less often.
    groups : tuple of Group
        Groups within it: rules of a design, sections of a section, items of a list.
    about : str
    adds : int
        The place of the next item of its list.
    item : str
        What is added there, as YAML; "" where nothing can be.
    given : bool
        Whether the file holds it, so that it can be removed.
    """

    path: FieldPath
    title: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...] = ()
    groups: tuple[Group, ...] = ()
    about: str = ""
    adds: int = 0
    item: str = ""
    given: bool = False

    @property
    def name(self) -> str:
        """The path as the page names it."""
        return path_name(self.path)


def section_groups(data: Mapping[str, Any], known: Mapping[str, Topic]) -> tuple[Group, ...]:
    """Return a group for every section of the scenario file that has no place of its own in the form."""
    keys = [key for key, topic in known.items() if topic.group == "section" and "." not in key and key not in ELSEWHERE]
    return tuple(section_group((key,), key, _TITLES.get(key, known[key].summary), data, known) for key in keys)


def section_group(path: FieldPath, key: str, title: str, data: Mapping[str, Any], known: Mapping[str, Topic]) -> Group:
    """Return the group of a section that stands at a place of the file, and is explained as ``key``."""
    topic, value = known[key], value_at(data, path)
    beside = tuple(field_of((name,), parameter_of(known[name], name), data) for name in BESIDE.get(key, ()))
    given, about = value is not None, topic.summary
    if isinstance(value, list) or (value is None and key in _LISTS):
        items = value or []
        inside = tuple(
            _parts((*path, place), topic, key, shown(each.get("name")) or f"{title} {place + 1}", data, known)
            for place, each in enumerate(items)
            if isinstance(each, dict)
        )
        return Group(path, title, beside, (), inside, about, len(items), _next_item(key, topic, items), given)
    if not isinstance(value, dict) and (given or isinstance(_example(key, topic), str)):  # a word stands for it
        whole = field_of(path, Parameter(str(path[-1]), "value", "", about), data)
        return Group(path, title, (whole, *beside), about=about, given=given)
    found = _parts(path, topic, key, title, data, known)
    return Group(path, title, (*found.fields, *beside), (), found.groups, about, given=given)


def _parts(
    path: FieldPath, topic: Topic, key: str, title: str, data: Mapping[str, Any], known: Mapping[str, Topic]
) -> Group:
    """Return what a section's mapping at a place can hold."""
    fields, groups = [], []
    for each in _parameters(topic, value_at(data, path)):
        place = (*path, each.name)
        inner = f"{key}.{each.name}"
        if each.kind in ("section", "list of sections") and inner in known and inner != "optimal.constraints":
            groups.append(section_group(place, inner, each.name.replace("_", " "), data, known))
        else:
            fields.append(field_of(place, each, data))
    return Group(path, title, tuple(fields), (), tuple(groups), given=value_at(data, path) is not None)


def _parameters(topic: Topic, value: Any) -> list[Parameter]:
    """Return the parameters of a section, of one of several kinds those of its own kind."""
    plain = [each for each in topic.parameters if ": " not in each.name]
    kinds = list(dict.fromkeys(each.name.partition(": ")[0] for each in topic.parameters if ": " in each.name))
    if not kinds:
        return plain
    chosen = value.get("type") if isinstance(value, dict) else None
    own = [
        Parameter(each.name.partition(": ")[2], each.kind, each.default, each.meaning)
        for each in topic.parameters
        if each.name.startswith(f"{chosen}: ") and not each.name.endswith(": type")
    ]
    return [Parameter("type", ", ".join(kinds), "", topic.summary), *own, *plain]


def _next_item(key: str, topic: Topic, items: list[Any]) -> str:
    """Return a further item of a list, from the example of its section, with a name that no other has."""
    example = _example(key, topic)
    first = example[0] if isinstance(example, list) else example
    if not isinstance(first, dict):
        return ""
    taken = [each.get("name") for each in items if isinstance(each, dict)]
    word = str(first.get("name", "further"))
    name = next(each for each in (word, *(f"{word} {k}" for k in range(2, len(items) + 3))) if each not in taken)
    return flow({"name": name, **{each: what for each, what in first.items() if each != "name"}})


def _example(key: str, topic: Topic) -> Any:
    return source_of("", topic.example.encode()).data.get(key.rpartition(".")[2])
