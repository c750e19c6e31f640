"""The parameter ``pending`` of a design in a scenario file: what it does about patients still under observation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from designs import Design, PendingPolicy, UnknownName, policy_class, policy_names
from doseesc.errors import FieldPath, Problem, show, suggestion
from doseesc.study.parameters import read_parameters, refusal

_EXAMPLES = "write  settled  or for example  {type: Weighted, suspend_above: 0.5}"


def read_policy(
    given: Any, preset: type[PendingPolicy] | None, what: str, path: FieldPath
) -> tuple[PendingPolicy | None, list[Problem]]:
    """Return the policy of a design, None where it is to be the design's own.

    Parameters
    ----------
    given : object
        A name, or a mapping of parameters with their ``type``; None where the file has none.
    preset : type or None
        The kind of policy that the design's type stands for, whose type then need not be given.
    what : str
        The design's type.
    path : tuple
        Where the policy stands in the file.
    """
    if given is None:
        return None if preset is None else preset(), []
    parameters = {"type": given} if isinstance(given, str) else given
    if not isinstance(parameters, dict):
        return None, [Problem(path, f"is {show(given)}, not a policy with its type", _EXAMPLES)]
    parameters = dict(parameters)
    name = parameters.pop("type", None if preset is None else preset.__name__)
    where = path if isinstance(given, str) else (*path, "type")
    if not isinstance(name, str):
        return None, [Problem(where, "is missing" if name is None else f"is {show(name)}, not a policy", _EXAMPLES)]
    try:
        cls = policy_class(name)
    except UnknownName as error:
        near = f"did you mean  {error.nearest}?" if error.nearest else ""
        meant = near or suggestion(name, policy_names(), "write one of")
        return None, [Problem(where, f"is {show(name)}, which is no known policy", meant)]
    if preset is not None and preset is not cls:
        message = f"is {name}, but {what} lets pending patients count by their follow-up"
        return None, [Problem(where, message, f"write  type: {what.removeprefix('TITE-')}  for the design")]
    values, problems = read_parameters(cls, parameters, None, path, what=cls.__name__)
    if problems:
        return None, problems
    try:
        return cls(**values), []
    except ValueError as error:
        return None, [refusal(error, cls, path)]


def with_policy(design: Design, policy: PendingPolicy, path: FieldPath) -> tuple[Design | None, list[Problem]]:
    """Return the design with a policy, or what stands against it."""
    try:
        policy.check(design)
        return replace(design, pending=policy), []
    except ValueError as error:
        word, _, rest = str(error).partition(" ")
        if word != "pending":
            return None, [refusal(error, type(policy), path)]
        remedy = "leave it out" if rest.startswith("must be left out") else "write  pending: settled"
        return None, [Problem(path, rest, remedy)]
