"""Reading YAML from strangers: plain values, and the line of every field.

A file is read event by event and never turned into objects: no tags, no merge keys, aliases only within limits.
ruamel.yaml's own loaders do not fit: the safe one forgets lines, and the one that keeps them takes any tag and any
number of aliases.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from doseesc.errors import FieldPath, Problem, ScenarioError
from doseesc.study.yaml_commas import is_empty, number_parted, unparted_key, with_decimal_commas
from doseesc.study.yaml_scalars import plain_value
from doseesc.study.yaml_syntax import syntax_problem

MAX_DEPTH = 30
MAX_VALUES = 50_000
MAX_ALIASED = 1_000  # values that aliases may add in all; a bomb of nine lines asks for a billion

_NESTED = re.compile(rf"(?:[\[{{]\s*){{{MAX_DEPTH + 1}}}")


@dataclass(frozen=True)
class Source:
    """A YAML file as read.

    Attributes
    ----------
    path : str
        The file as the user named it.
    text : str
        The file, verbatim.
    sha256 : str
        Hash of its bytes.
    data : object
        Its content: dict (keys are text), list, str, int, float, bool, None.
    lines : dict
        Line, from 1, of every field, by its path of keys and indices.
    problems : list of Problem
        What YAML allows and a scenario file does not: tags, duplicate keys.
    """

    path: str
    text: str
    sha256: str
    data: Any
    lines: dict[FieldPath, int]
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: FieldPath) -> int:
        """Return the line of a field, or of the nearest thing around it that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def source_of(name: str, raw: bytes) -> Source:
    """Turn a YAML file's bytes into what it holds.

    Raises
    ------
    ScenarioError
        If they are not UTF-8, or no YAML.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused(name, "is not UTF-8 text", "save the file as UTF-8", line) from error
    nested = _NESTED.search(text)
    if nested:  # seen at once; the parser looks ahead at every bracket
        line = text.count("\n", 0, nested.end()) + 1
        raise refused(name, f"is nested more than {MAX_DEPTH} deep", "write a plain scenario file", line)
    composer = _Composer(name)
    try:
        data = composer.compose(text)
    except YAMLError as error:
        raise ScenarioError(name, [syntax_problem(text, error)]) from error
    return Source(name, text, hashlib.sha256(raw).hexdigest(), data, composer.lines, composer.problems)


class _Composer:
    """Turns parser events into plain values and notes lines and problems on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[FieldPath, int] = {}
        self.problems: list[Problem] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open_anchors: set[str] = set()
        self._aliased = 0
        self._values = 0

    def compose(self, text: str) -> Any:
        events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        data: Any = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refusal("has a second document (---)", "keep one study in one file", event)
            elif isinstance(event, NodeEvent):
                data, _ = self._value(event, events, ())
        if data is None:
            raise refused(self.name, "is empty but for comments", "start from  doseesc init")
        return data

    def _value(self, event: Event, events: Iterator[Event], path: FieldPath) -> tuple[Any, int]:
        """Return the value that begins with ``event``, and how many values are in it."""
        self.lines.setdefault(path, _line(event))
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refusal(f"has more than {MAX_VALUES:,} values", "name a scenario file, not data", event)
        if len(path) > MAX_DEPTH:
            raise self._refusal(f"is nested more than {MAX_DEPTH} deep", "write a plain scenario file", event)
        if isinstance(event, AliasEvent):
            return self._alias(event, path)
        self._refuse_tag(event, path)
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        if anchor:
            self._open_anchors.add(anchor)
        value: Any
        if isinstance(event, ScalarEvent):
            value, size = self._scalar(event, path), 1
        elif isinstance(event, SequenceStartEvent):
            value, size = self._sequence(events, path)
        else:
            value, size = self._mapping(events, path, bool(getattr(event, "flow_style", False)))
        if anchor:
            self._open_anchors.discard(anchor)
            self._anchors[anchor] = (value, size)
        return value, size

    def _sequence(self, events: Iterator[Event], path: FieldPath) -> tuple[list[Any], int]:
        items: list[Any] = []
        written: list[Event] = []
        total = 1
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            value, size = self._value(event, events, (*path, len(items)))
            items.append(value)
            written.append(event)
            total += size
        return with_decimal_commas(items, written), total

    def _mapping(self, events: Iterator[Event], path: FieldPath, flow: bool) -> tuple[dict[str, Any], int]:
        items: dict[str, Any] = {}
        before: tuple[str, Event] | None = None
        total = 1
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                raise self._refusal("has a key that is not a word", "write  key: value", event)
            key, line = event.value, _line(event)
            if key == "<<" and event.implicit[0]:
                raise self._refusal("has a merge key (<<)", "write the keys out", event)
            self._refuse_tag(event, path)
            following = next(events)
            alone = flow and event.implicit[0] and is_empty(following)
            if alone and before and (number := number_parted(before[1], key)):
                items[before[0]] = number
                continue
            if alone and (parts := unparted_key(key)):
                message = f"has no blank after the colon: {key}"
                self.problems.append(Problem((*path, parts[0]), message, f"write  {parts[0]}: {parts[1]}", line))
                items[parts[0]] = plain_value(parts[1])
                continue
            first = self.lines.setdefault((*path, key), line)
            known = key in items
            value, size = self._value(following, events, (*path, key))
            before = key, following
            total += size
            if known:
                self.problems.append(
                    Problem((*path, key), f"is given twice; first in line {first}", "keep one of them", line)
                )
            else:
                items[key] = value
        return items, total

    def _alias(self, event: AliasEvent, path: FieldPath) -> tuple[Any, int]:
        name = event.anchor
        if name in self._open_anchors:
            raise self._refusal(f"has an alias *{name} inside what it stands for", "write the value out", event)
        if name not in self._anchors:
            raise self._refusal(
                f"has an alias *{name} without an anchor &{name} before it", "write the value out", event
            )
        value, size = self._anchors[name]
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise self._refusal(
                f"has aliases that expand to more than {MAX_ALIASED:,} values", "write the values out", event
            )
        return value, size

    def _scalar(self, event: ScalarEvent, path: FieldPath) -> Any:
        if not event.implicit[0]:  # quoted, or in block style
            return event.value
        try:
            return plain_value(event.value)
        except OverflowError:
            self.problems.append(
                Problem(path, f"is a number of {len(event.value):,} digits", "write a smaller number", _line(event))
            )
            return None

    def _refuse_tag(self, event: Any, path: FieldPath) -> None:
        if event.tag is not None:
            self.problems.append(Problem(path, f"has a YAML tag, {event.tag}", "leave the tag out", _line(event)))

    def _refusal(self, message: str, remedy: str, event: Event) -> ScenarioError:
        return refused(self.name, message, remedy, _line(event))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def refused(name: str, message: str, remedy: str, line: int | None = None) -> ScenarioError:
    """Return what to raise where a file cannot be read at all."""
    return ScenarioError(name, [Problem((), message, remedy, line)])
