"""From the entries under ``rules:`` to rules of any registered class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from designs import Rule, UnknownName, rule_class, rule_names
from doseesc.errors import FieldPath, Problem, show, suggestion
from doseesc.study.parameters import AMOUNTS, missing_parameters, parameter_fields, read_parameters, refusal


def read_rules(
    given: Any, labels: tuple[str, ...] | None, amounts: tuple[float, ...] | None, path: FieldPath
) -> tuple[tuple[Rule, ...] | None, list[Problem]]:
    """Build rules as a file has them.

    Parameters
    ----------
    given : list of dict
    labels, amounts : tuple or None
        Of the doses; None where they are wrong.
    path : tuple
        Where the list stands in the file.

    Returns
    -------
    rules : tuple of Rule or None
        Those that are right; None where none are given.
    problems : list of Problem
        What is wrong with the others.
    """
    return _rules(given, _Context(labels, amounts), path)


@dataclass(frozen=True)
class _Context:
    """What rules are read with; None where it is wrong in the file."""

    labels: tuple[str, ...] | None
    amounts: tuple[float, ...] | None


def _rules(given: Any, context: _Context, path: FieldPath) -> tuple[tuple[Rule, ...] | None, list[Problem]]:
    """Build the rules of a design; None where the design's own default is to be used."""
    if given is None:
        return None, []
    if not isinstance(given, list):
        return None, [Problem(path, f"is {show(given)}, not a list", "write for example  rules: [{type: NoSkipping}]")]
    rules: list[Rule] = []
    problems: list[Problem] = []
    for place, item in enumerate(given):
        rule, wrong = _rule(item, context, (*path, place))
        problems += wrong
        if rule is not None:
            rules.append(rule)
    return tuple(rules), problems


def _rule(given: Any, context: _Context, path: FieldPath) -> tuple[Rule | None, list[Problem]]:
    given = _spelt_out(given)
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(kind, str):
        meant = given if isinstance(given, str) else "NoSkipping"
        reason = "has no type" if isinstance(given, dict) else f"is {show(given)}, not a rule with its type"
        return None, [Problem(path, reason, f"write for example  {{type: {show(meant)}}}")]
    try:
        cls = rule_class(kind)
    except UnknownName:
        return None, [_unknown(kind, (*path, "type"))]
    own = parameter_fields(cls)
    parameters = {key: value for key, value in given.items() if key != "type"}
    present = [*parameters, *AMOUNTS]
    inner: dict[str, Any] = {}
    problems: list[Problem] = []
    if "rules" in parameters and "rules" in own:  # a rule made of rules
        rules, problems = _rules(parameters.pop("rules"), context, (*path, "rules"))
        inner["rules"] = rules or ()
    values, wrong = read_parameters(cls, parameters, context.labels, path, what=kind)
    problems += wrong + missing_parameters(cls, present, path)
    if context.amounts is not None:
        inner |= {name: context.amounts for name in AMOUNTS if name in own and name not in parameters}
    # What cannot be looked up in a file whose doses are wrong is not there, and the rule cannot be built.
    unknown = len(values) < len(parameters) or missing_parameters(cls, [*values, *inner], path)
    if problems or unknown:
        return None, problems
    try:
        return cls(**values, **inner), []
    except ValueError as error:
        return None, [refusal(error, cls, path)]


def _spelt_out(given: Any) -> Any:
    """Return ``{all: [...], label: ...}`` and ``{any: [...]}`` as the rules that they stand for."""
    for short, kind in (("all", "AllOf"), ("any", "AnyOf")):
        if isinstance(given, dict) and short in given and "type" not in given:
            rest = {key: value for key, value in given.items() if key != short}
            return {"type": kind, "rules": given[short], **rest}
    return given


def _unknown(name: str, path: FieldPath) -> Problem:
    return Problem(path, f"is {show(name)}, which is no known rule", suggestion(name, rule_names()))
