"""What every design, rule, policy, section and key of the scenario file means.

The words are those of the docstrings and of the sections' fields, from which the JSON Schema is made too: there is no
other text about them.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from designs import Design, design_type, policy_class, policy_names, rule_class, rule_names, type_names
from doseesc.errors import show, word_meant
from doseesc.other_names import squeezed
from doseesc.study.designs import AMOUNTS, SHARED
from doseesc.study.keys_elsewhere import models_in
from doseesc.study.meanings import meanings
from doseesc.study.parameters import from_study, parameter_fields
from doseesc.study.schema import described_parameters
from doseesc.study.study import Study

_LEFT_OUT = "left out"
_LONGEST_LINE = 70  # columns of a line of an example


@dataclass(frozen=True)
class Parameter:
    """A parameter or key: its name, what it holds, what it is if left out ("" where it must be given), its meaning."""

    name: str
    kind: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Topic:
    """What can be explained.

    Attributes
    ----------
    name : str
        As users write it: the type of a design or rule, the path of a key.
    group : str
        "design", "rule", "policy", "section" or "key".
    summary : str
        One sentence.
    text : tuple of str
        Further paragraphs, formulas among them; lines that begin with blanks are to be shown as they are.
    parameters : tuple of Parameter
    sources : tuple of str
        Publications.
    example : str
        Lines of a scenario file.
    """

    name: str
    group: str
    summary: str
    text: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    sources: tuple[str, ...] = ()
    example: str = ""


class UnknownTopic(ValueError):
    """Nothing has this name; the text says what may be meant."""


def topics() -> dict[str, Topic]:
    """Return everything that can be explained, by name.

    Examples
    --------
    >>> topics()["accrual.per_month"].summary
    'Patients a month, over all arms and sites.'
    """
    found = [_design(name) for name in type_names()]
    found += [_made_of(rule_class(name), name, "rule") for name in rule_names()]
    found += [_made_of(policy_class(name), name, "policy") for name in policy_names()]
    found += _keys(Study, "")
    return {topic.name: topic for topic in found}


def explain(name: str) -> list[Topic]:
    """Return what a name means: a design, rule or policy, a key by its path, or by its last part if that is enough.

    Raises
    ------
    UnknownTopic
        If nothing is called so.

    Examples
    --------
    >>> [topic.name for topic in explain("deaths")]
    ['observation.deaths']
    """
    known = topics()
    wanted = squeezed(name)
    same = [topic for each, topic in known.items() if squeezed(each) == wanted or each == name.strip().rstrip(":")]
    same = same or [topic for each, topic in known.items() if each.rpartition(".")[2] == name.strip().rstrip(":")]
    same = same or _parameters_called(name, known)
    if same:
        return same
    last = {each.rpartition(".")[2]: each for each in reversed(known)}
    near = word_meant(name, known) or word_meant(name.rpartition(".")[2], last)
    meant = f"did you mean  {last.get(near, near)}?  " if near else ""
    raise UnknownTopic(f"{name!r} is no design, rule, section or key; {meant}doseesc explain  lists what there is")


def _parameters_called(name: str, known: dict[str, Topic]) -> list[Topic]:
    """Return the parameters of designs and rules that a name means: ``BOIN.p_safe``, or ``p_safe`` of all with it."""
    owner, _, word = name.rpartition(".")
    found = []
    for topic in known.values():
        if topic.group in ("section", "key") or (owner and squeezed(topic.name) != squeezed(owner)):
            continue
        found += [
            Topic(f"{topic.name}.{each.name}", "key", each.meaning, (), (each,), topic.sources)
            for each in topic.parameters
            if each.name == word and not (each.name in SHARED and not owner)
        ]
    return found


def _design(name: str) -> Topic:
    cls, policy = design_type(name)
    topic = _made_of(cls, name, "design")
    if policy is None:
        return topic
    own = _made_of(policy, policy.__name__, "policy")
    plain_name = name.removeprefix("TITE-")
    summary = f"{plain_name} in which patients still under observation count by how long they have been followed."
    text = f"It is {plain_name} with  pending: {{type: {policy.__name__}}}:  {own.summary}"
    weighing = tuple(replace(each, name=f"pending.{each.name}") for each in own.parameters)
    words = (text, topic.summary, *topic.text)
    return replace(topic, summary=summary, text=words, parameters=topic.parameters + weighing)


def _made_of(cls: type[Any], name: str, group: str) -> Topic:
    """Explain a dataclass by its docstring and that of its module."""
    paragraphs = _paragraphs(cls.__doc__ or "")
    beyond = [] if group != "design" else _paragraphs(sys.modules[cls.__module__].__doc__ or "")[1:]
    described = described_parameters(cls)
    parameters = tuple(
        Parameter(each.name, _kind(described.get(each.name, ("", ""))[0]), _default(cls, each), meaning)
        for each in parameter_fields(cls).values()
        for meaning in [described.get(each.name, ("", ""))[1]]
    )
    summary = paragraphs[0] if paragraphs else name
    text = (*paragraphs[1:], *beyond)
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
    return _LEFT_OUT if value is None or value == () or value == "" else _shown(value)


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
    return "\n".join(["designs:", *_item(entry, 2)])


def _block(key: str, value: Any, indent: int) -> list[str]:
    """Return a key with its value on one line where that is short, else its parts below one another."""
    line = f"{'':{indent}}{key}: {_flow(value)}"
    if len(line) <= _LONGEST_LINE or not isinstance(value, dict | list | tuple):
        return [line]
    head = f"{'':{indent}}{key}:"
    if isinstance(value, dict):
        return [head, *(line for inner, item in value.items() for line in _block(inner, item, indent + 2))]
    return [head, *(line for item in value for line in _item(item, indent + 2))]


def _item(value: Any, indent: int) -> list[str]:
    line = f"{'':{indent}}- {_flow(value)}"
    if len(line) <= _LONGEST_LINE or not isinstance(value, dict):
        return [line]
    lines = [line for key, item in value.items() for line in _block(key, item, indent + 2)]
    return [f"{'':{indent}}- {lines[0].lstrip()}", *lines[1:]]


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return show(value)


def _keys(model: type[BaseModel], path: str, within: Sequence[type[BaseModel]] = ()) -> Iterator[Topic]:
    """Explain the keys of a section, and the sections in it."""
    texts = _texts(model)
    for name, info in model.model_fields.items():
        key = info.alias or name
        place = f"{path}.{key}" if path else key
        inner = [each for each in models_in(info.annotation) if each not in within]
        kinds = {_tag(each) or "" for each in inner}
        parameters = tuple(
            Parameter(
                f"{_tag(each)}: {one.alias or field}" if len(kinds) > 1 else one.alias or field,
                *_of_key(one),
                inner_texts[field],
            )
            for each in inner
            for inner_texts in [_texts(each)]
            for field, one in each.model_fields.items()
        )
        yield Topic(
            place,
            "section" if inner else "key",
            texts[name],
            tuple(paragraph for each in inner for paragraph in _paragraphs(each.__doc__ or "")),
            parameters or (Parameter(key, *_of_key(info), texts[name]),),
            (),
            _key_example(key, info),
        )
        for each in inner:
            tag = _tag(each) if len(kinds) > 1 else ""
            yield from _keys(each, f"{place}.{tag}" if tag else place, (*within, model, each))


def _tag(model: type[BaseModel]) -> str:
    field = model.model_fields.get("type")
    tags = get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
    return str(tags[0]) if tags else ""


def _of_key(info: FieldInfo) -> tuple[str, str]:
    if info.is_required():
        default = ""
    elif info.default_factory is not None:
        default = "from the other keys"
    elif isinstance(info.default, BaseModel):
        default = "as without it"
    else:
        default = _LEFT_OUT if info.default is None or info.default == () or info.default == "" else show(info.default)
    return _words_of(info.annotation), default


def _texts(model: type[BaseModel]) -> dict[str, str]:
    """Return the meanings of a section's keys, each on one line."""
    return {name: " ".join(text.split()) for name, text in meanings(model).items()}


def _words_of(annotation: Any) -> str:
    """Return what a key holds, in a few words."""
    plain_types = {int: "whole number", float: "number", bool: "true or false", str: "text"}
    if annotation in plain_types:
        return plain_types[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(map(str, parts[:-1])) + (" or " if len(parts) > 1 else "") + str(parts[-1])
    if models_in(annotation):
        several = origin is tuple or any(get_origin(part) is tuple for part in parts)
        return "list of sections" if several else "section"
    if origin is tuple:
        return f"list of {_several(_words_of(parts[0]))}"
    if origin is dict and parts[1] is Any:
        return "section"
    if origin is dict:
        return f"{_several(_words_of(parts[1]))} by name"
    kinds = [_words_of(part) for part in parts if part is not type(None) and not isinstance(part, FieldInfo)]
    kinds = [kind for kind in dict.fromkeys(kinds) if kind]
    return " or ".join(kinds)


def _several(kind: str) -> str:
    return {"section": "sections", "text": "texts", "number": "numbers", "whole number": "whole numbers"}.get(
        kind, kind
    )


def _key_example(key: str, info: FieldInfo) -> str:
    if info.examples:
        return "\n".join(_block(key, info.examples[0], 0))
    kinds = (info.annotation, *get_args(info.annotation))
    literal = next((part for part in kinds if get_origin(part) is Literal), None)
    if literal is not None:
        choices = get_args(literal)
        other = [each for each in choices if each != info.default]
        return f"{key}: {show((other or list(choices))[0])}"
    if isinstance(info.default, bool):
        return f"{key}: {show(not info.default)}"
    if isinstance(info.default, int | float):
        return f"{key}: {show(info.default)}"
    absent = info.default in (None, (), "") or models_in(info.annotation)
    return "" if absent else f"{key}: {_flow(info.default)}"


def _paragraphs(docstring: str) -> list[str]:
    """Return the paragraphs of a docstring before its sections; indented ones keep their lines."""
    text = inspect.cleandoc(docstring)
    text = re.split(r"^\w[^\n]*\n-{3,}$", text, maxsplit=1, flags=re.MULTILINE)[0]
    found = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if re.search(r"^ ", paragraph, flags=re.MULTILINE):
            found.append(_unmarked(paragraph))
        elif paragraph.strip():
            found.append(_unmarked(" ".join(paragraph.split())))
    return found


def _unmarked(text: str) -> str:
    """Take reStructuredText's marks off, but not the stars of formulas."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text).replace("`", "")
    return re.sub(r"(?<![\w*])\*([^*\s][^*\n]*)\*(?!\w)", r"\1", text)
