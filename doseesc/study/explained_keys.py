"""What each section and key of the scenario file means, by the text under its field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from doseesc.errors import show
from doseesc.study.example_lines import block_lines, on_one_line
from doseesc.study.keys_elsewhere import models_in
from doseesc.study.meanings import meanings
from doseesc.study.topic import LEFT_OUT, Parameter, Topic, paragraphs


def keys(
    model: type[BaseModel], path: str = "", within: Sequence[type[BaseModel]] = ()
) -> Iterator[tuple[str, Callable[[], Topic]]]:
    """Yield the path of each key of a section and of the sections in it, with what explains it when called."""
    for name, info in model.model_fields.items():
        key = info.alias or name
        place = f"{path}.{key}" if path else key
        inner = [each for each in models_in(info.annotation) if each not in within]
        yield place, partial(_topic, model, name, place, inner)
        tagged = len({_tag(each) for each in inner}) > 1
        for each in inner:
            tag = _tag(each) if tagged else ""
            yield from keys(each, f"{place}.{tag}" if tag else place, (*within, model, each))


def _topic(model: type[BaseModel], name: str, place: str, inner: Sequence[type[BaseModel]]) -> Topic:
    """Explain a key of a section, and with it the keys of the sections that it may hold."""
    info, text = model.model_fields[name], _texts(model)[name]
    key = info.alias or name
    tagged = len({_tag(each) for each in inner}) > 1
    parameters = tuple(
        Parameter(
            f"{_tag(each)}: {one.alias or field}" if tagged else one.alias or field,
            *_of_key(one),
            inner_texts[field],
        )
        for each in inner
        for inner_texts in [_texts(each)]
        for field, one in each.model_fields.items()
    )
    return Topic(
        place,
        "section" if inner else "key",
        text,
        tuple(paragraph for each in inner for paragraph in paragraphs(each.__doc__ or "")),
        parameters or (Parameter(key, *_of_key(info), text),),
        (),
        _key_example(key, info),
    )


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
        default = LEFT_OUT if info.default is None or info.default == () or info.default == "" else show(info.default)
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
        return "\n".join(block_lines(key, info.examples[0], 0))
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
    return "" if absent else f"{key}: {on_one_line(info.default)}"
