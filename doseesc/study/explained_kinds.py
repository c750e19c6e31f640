"""What each design, rule and policy means, by its docstring and that of its module."""

from __future__ import annotations

import re
import sys
from dataclasses import MISSING, Field, replace
from typing import Any

from designs import Design, design_type
from doseesc.errors import show
from doseesc.study.designs import SHARED
from doseesc.study.example_lines import item_lines
from doseesc.study.parameters import AMOUNTS, from_study, parameter_fields
from doseesc.study.schema import described_parameters
from doseesc.study.topic import LEFT_OUT, Parameter, Topic, paragraphs


def design_topic(name: str) -> Topic:
    """Explain a design by the name of its type, its way with patients still under observation included."""
    cls, policy = design_type(name)
    topic = topic_of(cls, name, "design")
    if policy is None:
        return topic
    own = topic_of(policy, policy.__name__, "policy")
    plain_name = name.removeprefix("TITE-")
    summary = f"{plain_name} in which patients still under observation count by how long they have been followed."
    text = f"It is {plain_name} with  pending: {{type: {policy.__name__}}}:  {own.summary}"
    parameters = tuple(
        replace(each, default=policy.__name__.lower()) if each.name == "pending" else each for each in topic.parameters
    )
    weighing = tuple(replace(each, name=f"pending.{each.name}") for each in own.parameters)
    words = (text, topic.summary, *topic.text)
    return replace(topic, summary=summary, text=words, parameters=parameters + weighing)


def topic_of(cls: type[Any], name: str, group: str) -> Topic:
    """Explain a dataclass by its docstring and that of its module."""
    own = paragraphs(cls.__doc__ or "")
    beyond = [] if group != "design" else paragraphs(sys.modules[cls.__module__].__doc__ or "")[1:]
    described = described_parameters(cls)
    parameters = tuple(
        Parameter(each.name, _kind(described.get(each.name, ("", ""))[0]), _default(cls, each), meaning)
        for each in parameter_fields(cls).values()
        for meaning in [described.get(each.name, ("", ""))[1]]
    )
    summary = own[0] if own else name
    text = (*own[1:], *beyond)
    return Topic(name, group, summary, text, parameters, getattr(cls, "references", ()), _example(cls, name, group))


def _kind(written: str) -> str:
    """Return a docstring's type in words of scenario files."""
    kind = written.replace("tuple of", "list of").replace("sequence of", "list of").replace(", optional", "")
    words = {"int": "whole number", "float": "number", "bool": "true or false", "str": "text"}
    kind = re.sub(r"\b(int|float|bool|str)\b", lambda found: words[found[1]], kind)
    return kind.replace('"', "").strip("{} ") if kind.startswith("{") and kind.endswith("}") else kind


def _default(cls: type[Any], each: Field[Any]) -> str:
    if each.name in AMOUNTS or (each.name in SHARED and issubclass(cls, Design) and from_study(each)):
        return "the study's"
    if each.default is MISSING and each.default_factory is MISSING:
        return ""
    value: Any = each.default if each.default_factory is MISSING else each.default_factory()
    if each.name == "rules":
        return ", ".join(type(rule).__name__ for rule in value) or "none"
    if each.name == "pending":
        return str(type(value).__name__).lower()
    return LEFT_OUT if value is None or value == () or value == "" else _shown(value)


def _shown(value: Any) -> str:
    """Return a value, its numbers to six digits."""
    numbers = isinstance(value, tuple | list) and all(isinstance(each, float) for each in value)
    return show([float(f"{each:.6g}") for each in value] if numbers else value)


def _example(cls: type[Any], name: str, group: str) -> str:
    values = {
        each.name: each.metadata["example"] for each in parameter_fields(cls).values() if "example" in each.metadata
    }
    for each in parameter_fields(cls).values():
        values |= each.metadata.get("with", {})
    if group == "design":
        entry = {"name": name, "type": name, **values}
    else:
        own = {"type": name, **values}
        entry = {"name": "BOIN", "type": "BOIN", **({"pending": own} if group == "policy" else {"rules": [own]})}
    return "\n".join(["designs:", *item_lines(entry, 2)])
