"""JSON Schema of the scenario file, from which editors complete keys and explain them.

Designs and rules are described from their dataclass fields and docstrings, so that a new one needs no schema.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import MISSING, Field
from typing import Any

from pydantic import BaseModel

from designs import Design, design_type, policy_class, policy_names, rule_class, rule_names
from doseesc.study.designs import SHARED, SkeletonRule
from doseesc.study.keys_elsewhere import models_in
from doseesc.study.meanings import meanings
from doseesc.study.parameters import AMOUNTS, from_study, is_level, is_levels, parameter_adapter, parameter_fields
from doseesc.study.sections import RandomOnly

_NAME = {"type": ["string", "number"], "description": "Name in tables and commands."}
_LEVEL = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
_ENTRY = re.compile(r"(?P<names>\w+(?:, \w+)*) : (?P<type>.*)")


def scenario_schema(model: type[BaseModel], designs: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema of a scenario file.

    Parameters
    ----------
    model : type
        The pydantic model of the whole file; its definition ``DesignEntry`` is replaced by one for each design.
    designs : sequence of str
        Names of the designs.
    """
    schema = model.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    described: list[type[BaseModel]] = [*sections(model), RandomOnly]  # the last is a way to write, and not kept
    for each in described:
        _describe(schema if each is model else definitions[each.__name__], each)
    definitions["DesignEntry"] = {
        "description": "A design to compare: a name, a type, and the type's own parameters.",
        "oneOf": [_design(name) for name in designs],
    }
    definitions["Rule"] = {
        "description": "A constraint or stopping rule.",
        "oneOf": [_object(rule_class(name), name, {}, []) for name in rule_names()],
    }
    definitions["Optimal"]["properties"]["constraints"]["items"] = {"$ref": "#/$defs/Rule"}
    definitions["PendingPolicy"] = {
        "description": "What a design does about patients still under observation.",
        "anyOf": [
            {"enum": [spelt for name in policy_names() for spelt in (name.lower(), name)]},
            {"oneOf": [_object(policy_class(name), name, {}, []) for name in policy_names()]},
        ],
    }
    definitions["SkeletonRule"] = SkeletonRule.model_json_schema()
    _describe(definitions["SkeletonRule"], SkeletonRule)
    schema["title"] = "doseesc scenario"
    return {"$schema": "http://json-schema.org/draft-07/schema#", **_on_one_line(schema)}


def sections(model: type[BaseModel], above: Sequence[type[BaseModel]] = ()) -> list[type[BaseModel]]:
    """Return a model and those of all sections in it."""
    found = [*above, model]
    for info in model.model_fields.values():
        for each in models_in(info.annotation):
            if each not in found:
                found = sections(each, found)
    return found


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Say in a model's schema what its keys mean."""
    properties, texts = schema["properties"], meanings(model)
    for name, info in model.model_fields.items():
        if texts[name]:
            key = info.alias or name
            properties[key] = dict(sorted({**properties[key], "description": texts[name]}.items()))


def _design(name: str) -> dict[str, Any]:
    design, policy = design_type(name)
    described = _object(design, name, {"name": _NAME}, ["name"])
    if policy is not None:
        own = _object(policy, policy.__name__, {}, [])
        own["required"].remove("type")  # which the design's type says
        described["properties"]["pending"] = {
            "anyOf": [{"enum": [policy.__name__.lower(), policy.__name__]}, own],
            "description": "How patients still under observation count; by default as published.",
        }
    return described


def _object(cls: type[Any], name: str, first: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Describe a dataclass as an object with a ``type`` and its parameters."""
    explained = described_parameters(cls)
    summary = _plain((inspect.getdoc(cls) or name).splitlines()[0])
    properties = dict(first) | {"type": {"const": name, "description": f"The type {name}."}}
    required = [*required, "type"]
    for field in parameter_fields(cls).values():
        properties[field.name] = _parameter(cls, field, *explained.get(field.name, ("", "")))
        if field.default is MISSING and field.default_factory is MISSING and field.name not in SHARED:
            required.append(field.name)
    return {
        "title": name,
        "description": summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _parameter(cls: type[Any], field: Field[Any], kind: str, description: str) -> dict[str, Any]:
    schema: dict[str, Any]
    if field.name == "rules":
        schema = {"type": "array", "items": {"$ref": "#/$defs/Rule"}}
    elif field.name == "pending":
        schema = {"$ref": "#/$defs/PendingPolicy"}
    elif is_level(field.name):
        schema = dict(_LEVEL)
    elif is_levels(field.name):
        several: dict[str, Any] = {"type": "array", "items": dict(_LEVEL)}
        schema = {"anyOf": [several, {"type": "string"}]} if kind.startswith("str") else several
    else:
        adapter = parameter_adapter(cls, field.name)
        schema = adapter.json_schema() if adapter else {}
        if "$defs" in schema:
            schema = {}
        if field.name == "skeleton":
            schema = {"anyOf": [schema, {"$ref": "#/$defs/SkeletonRule"}]}
        choices = re.findall(r'"([^"]*)"', kind) if kind.startswith("{") else []
        if choices:
            other = [each for each in schema.get("anyOf", []) if each["type"] != "string"] if "} or " in kind else []
            schema = {"anyOf": [{"enum": choices}, *other]} if other else {"enum": choices}
    if field.name in AMOUNTS or (field.name in SHARED and issubclass(cls, Design) and from_study(field)):
        description = f"{description} In a file, by default the study's.".strip()
    elif isinstance(field.default, bool | int | float | str):
        schema["default"] = field.default
    return {**schema, "description": description} if description else schema


def described_parameters(cls: type[Any]) -> dict[str, tuple[str, str]]:
    """Return type and description of each parameter in the numpy docstrings of a class and its bases.

    Examples
    --------
    >>> from designs import BOIN
    >>> described_parameters(BOIN)["cohort_size"]
    ('int', 'Patients per cohort.')
    """
    found: dict[str, tuple[str, str]] = {}
    for base in reversed(cls.__mro__):
        text = inspect.cleandoc(base.__doc__ or "") if "__doc__" in vars(base) else ""
        section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n---|\Z)", text, flags=re.MULTILINE | re.DOTALL)
        names: list[str] = []
        for line in section[1].splitlines() if section else ():
            entry = _ENTRY.fullmatch(line)
            if entry or re.fullmatch(r"\w+(?:, \w+)*", line):
                names = re.split(", ", entry["names"] if entry else line)
                kind = entry["type"] if entry else ""
                fresh = {name: found[name] for name in names if name in found and not entry}
                found |= dict.fromkeys(names, (kind, "")) | fresh
                names = [name for name in names if name not in fresh]
            elif line.startswith(" "):
                found |= {name: (found[name][0], _plain(f"{found[name][1]} {line.strip()}")) for name in names}
    return found


def _on_one_line(schema: Any) -> Any:
    """Take the line breaks of the source out of all descriptions."""
    if isinstance(schema, list):
        return [_on_one_line(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: " ".join(item.split()) if key == "description" and isinstance(item, str) else _on_one_line(item)
        for key, item in schema.items()
    }


def _plain(text: str) -> str:
    """Take reStructuredText's marks off."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    return text.replace("`", "").replace("*", "").strip()
