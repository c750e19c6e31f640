"""From an entry under ``designs:`` to a design of any registered class."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, ValidationError

from designs import Design, Rule, UnknownName, design_type, skeleton, type_names
from doseesc.errors import FieldPath, Problem, show, suggestion
from doseesc.other_names import squeezed
from doseesc.study.levels import Level, resolve_level
from doseesc.study.parameters import AMOUNTS, from_study, missing_parameters, parameter_fields, read_parameters, refusal
from doseesc.study.pending_parameter import read_policy, with_policy
from doseesc.study.rules import read_rules
from doseesc.study.sections import DesignEntry
from doseesc.study.validation import problems_of
from doseesc.study.values import Number, Section

SHARED = ("target", "n_doses", "cohort_size", "max_n", "start_level", *AMOUNTS)
"""Parameters that a design takes from the study unless its entry sets them."""


@dataclass(frozen=True)
class Shared:
    """What the study gives its designs; ``labels`` and ``amounts`` are those of the doses."""

    labels: tuple[str, ...]
    amounts: tuple[float, ...]
    target: float
    cohort_size: int
    max_n: int
    start_level: int

    @property
    def n_doses(self) -> int:
        """Number of dose levels."""
        return len(self.labels)

    def given_to(self, cls: type[Design]) -> dict[str, Any]:
        """Return what a design takes from the study."""
        own = parameter_fields(cls)
        facts = {name: getattr(self, "amounts" if name in AMOUNTS else name) for name in SHARED}
        return {name: value for name, value in facts.items() if name in own and from_study(own[name])}


class SkeletonRule(Section):
    """A skeleton from indifference intervals (Lee and Cheung 2009)."""

    halfwidth: Number = Field(examples=[0.05])
    """Half-width of the indifference interval around the target."""
    prior_mtd: Level = Field(examples=[2])
    """The dose believed to be the MTD, by label or level; its prior DLT probability is the target."""


def build_design(
    entry: DesignEntry, shared: Shared | None, labels: tuple[str, ...] | None, path: FieldPath
) -> tuple[Design | None, list[Problem]]:
    """Build the design of an entry.

    Parameters
    ----------
    entry : DesignEntry
        The entry.
    shared : Shared or None
        What the study gives; None where that is itself wrong, so that only the entry's own fields can be checked.
    labels : tuple of str or None
        Dose labels; None where they are wrong.
    path : tuple
        Where the entry stands in the file.

    Returns
    -------
    design : Design or None
        None where there are problems, or ``shared`` is None.
    problems : list of Problem
        What is wrong.
    """
    try:
        cls, preset = design_type(entry.type)
    except UnknownName:
        return None, [_unknown(entry.type, type_names(), (*path, "type"))]
    except (ImportError, AttributeError, TypeError) as error:  # what is wrong with somebody else's package
        return None, [Problem((*path, "type"), f"is {entry.type}, which cannot be loaded: {error}", "mend its package")]
    given = entry.parameters
    present = [*given, *SHARED]
    amounts = shared.amounts if shared else None
    rules, problems = read_rules(given.pop("rules", None), labels, amounts, (*path, "rules"))
    policy, wrong = read_policy(given.pop("pending", None), preset, entry.type, (*path, "pending"))
    problems += wrong
    interval: SkeletonRule | None = None
    if isinstance(given.get("skeleton"), dict) and "skeleton" in parameter_fields(cls):
        interval, wrong = _skeleton_rule(given.pop("skeleton"), labels, (*path, "skeleton"))
        problems += wrong
    values, wrong = read_parameters(cls, given, labels, path, what=entry.type)
    problems += wrong + missing_parameters(cls, present, path)
    if labels is not None:
        problems += _wrong_number_of_doses(values, labels, path)
    if problems or shared is None:
        return None, problems
    values = shared.given_to(cls) | values
    try:
        if interval is not None:
            values["skeleton"] = _intervals(interval, values, shared)
    except ValueError as error:
        return None, [_skeleton_refusal(error, cls, path)]
    design, problems = _construct(cls, values, rules, entry.parameters, shared.labels, path)
    return (design, problems) if design is None or policy is None else with_policy(design, policy, (*path, "pending"))


def _construct(
    cls: type[Design],
    values: dict[str, Any],
    rules: tuple[Rule, ...] | None,
    given: Collection[str],
    labels: tuple[str, ...],
    path: FieldPath,
) -> tuple[Design | None, list[Problem]]:
    try:
        design = cls(**values) if rules is None else cls(**values, rules=())
    except ValueError as error:
        return None, [_design_refusal(error, cls, given, labels, path)]
    problems = []
    for place, rule in enumerate(rules or ()):
        try:
            rule.check(design)
        except ValueError as error:
            problems.append(refusal(error, type(rule), (*path, "rules", place)))
    if problems:
        return None, problems
    if design.n_doses != len(labels):
        return None, [Problem(path, f"is for {design.n_doses} doses in a study of {len(labels)}", "give it all doses")]
    try:
        return (design if rules is None else replace(design, rules=rules)), []
    except ValueError as error:
        return None, [_design_refusal(error, cls, given, labels, path)]


def _design_refusal(
    error: ValueError, cls: type[Design], given: Collection[str], labels: tuple[str, ...], path: FieldPath
) -> Problem:
    problem = refusal(error, cls, path)
    name = problem.path[-1]
    if name == "skeleton":
        return replace(problem, remedy=_skeleton_remedy(labels))
    if name in SHARED and name not in given:
        needed = re.match(r"must be (\d+(?:\.\d+)?)\b", problem.message)
        remedy = f"write  {name}: {needed[1] if needed else '...'}  in this design, or change the study's {name}"
        return Problem(problem.path, f"{problem.message} (from the study's {name})", remedy)
    return problem


def _skeleton_rule(
    given: dict[str, Any], labels: tuple[str, ...] | None, path: FieldPath
) -> tuple[SkeletonRule | None, list[Problem]]:
    try:
        rule = SkeletonRule.model_validate(given)
    except ValidationError as error:
        return None, problems_of(error, given, SkeletonRule, path)
    level = 1 if labels is None else resolve_level(rule.prior_mtd, labels, (*path, "prior_mtd"))
    if isinstance(level, Problem):
        return None, [level]
    return rule.model_copy(update={"prior_mtd": level}), []


def _intervals(rule: SkeletonRule, values: Mapping[str, Any], shared: Shared) -> tuple[float, ...]:
    return tuple(
        float(probability)
        for probability in skeleton(
            target=values.get("target", shared.target),
            halfwidth=rule.halfwidth,
            prior_mtd=int(rule.prior_mtd),
            n_doses=shared.n_doses,
            **{name: values[name] for name in ("model", "intercept") if name in values},
        )
    )


def _skeleton_refusal(error: ValueError, cls: type[Design], path: FieldPath) -> Problem:
    word, _, rest = str(error).partition(" ")
    if word == "halfwidth":
        return Problem((*path, "skeleton", word), rest, "write for example  halfwidth: 0.05")
    return refusal(error, cls, path)


def _wrong_number_of_doses(values: Mapping[str, Any], labels: tuple[str, ...], path: FieldPath) -> list[Problem]:
    doses = f"{len(labels)} doses ({', '.join(labels)})"
    if "skeleton" in values and len(values["skeleton"]) != len(labels):
        message = f"has {len(values['skeleton'])} values for {doses}: {show(values['skeleton'])}"
        return [Problem((*path, "skeleton"), message, _skeleton_remedy(labels))]
    if values.get("n_doses", len(labels)) != len(labels):
        return [Problem((*path, "n_doses"), f"is {show(values['n_doses'])} in a study of {doses}", "leave it out")]
    return []


def _skeleton_remedy(labels: tuple[str, ...]) -> str:
    middle = labels[(len(labels) - 1) // 2]
    return f"write {len(labels)} increasing probabilities, or  skeleton: {{halfwidth: 0.05, prior_mtd: {middle}}}"


def _unknown(name: str, known: list[str], path: FieldPath) -> Problem:
    message = f"is {show(name)}, which is no known design"
    plain = re.sub(r"(?i)^tite[\s_-]*", "", name)
    like = next((each for each in known if plain != name and squeezed(each) == squeezed(plain)), None)
    if like:
        policy = "weighted" if design_type(like).design.weighs_pending else "settled"
        remedy = f"{like} has no version of its own for this: write  type: {like}, pending: {policy}"
        return Problem(path, message, remedy)
    return Problem(path, message, suggestion(name, known))
