"""What no section can check alone: dose labels, numbers of doses, duplicate names, and the designs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from designs import Design
from designs.arrays import FloatArray
from designs.checks import MOST_IN_COHORT
from doseesc.errors import FieldPath, Problem, show
from doseesc.study.analysis_section import Analysis, analysis_problems
from doseesc.study.calendar_section import BackfillSection, StaggerSection, TimeParts, calendar_problems
from doseesc.study.comparison_section import Comparison, comparison_problems
from doseesc.study.designs import Shared, build_design
from doseesc.study.dlt_times_section import AnyTimes, Late
from doseesc.study.label_checks import label_problems
from doseesc.study.levels import DoseLabels, Level, dose_meant, resolve_level
from doseesc.study.observation_section import Observation, freezing_problems, observation_problems, one_or_more
from doseesc.study.optimal_section import Optimal, optimal_problems
from doseesc.study.random_section import ProbitSteps, PseudoUniform, RandomScenarios
from doseesc.study.sections import Arm, DesignEntry, Doses, PowerCurve, Scenario
from doseesc.study.values import Positive, Probability, Whole
from doseesc.truth import EVEN_TIMES
from doseesc.wording import in_a_row

_T = TypeVar("_T")


@dataclass(frozen=True)
class Parts:
    """The parts of a file that are right in themselves; None, or absent from a list, where they are not.

    Items of lists come with their index.  A ``start_level`` of None is also one that is not given.
    """

    doses: Doses | None
    target: float | None
    cohort_size: int | None
    max_n: int | None
    start_level: int | str | None
    designs: Sequence[tuple[int, DesignEntry]]
    scenarios: Sequence[tuple[int, Scenario]]
    arms: Sequence[tuple[int, Arm]]
    window: int | None
    observations: Sequence[tuple[int, Observation]]
    analysis: Analysis | None
    comparison: Comparison | None
    optimal: Optimal | None
    time: TimeParts

    @staticmethod
    def of(data: dict[str, Any]) -> Parts:
        """Take what is usable from a file's content."""
        return Parts(
            doses=_usable(Doses, data.get("doses")),
            target=_usable(Probability, data.get("target")),
            cohort_size=_usable(Whole, data.get("cohort_size")),
            max_n=_usable(Whole, data.get("max_n")),
            start_level=_usable(Level, data.get("start_level")),
            designs=_usable_items(DesignEntry, data.get("designs")),
            scenarios=_usable_items(Scenario, data.get("scenarios")),
            arms=_usable_items(Arm, data.get("phase2_arms")),
            window=_usable(Whole, data.get("dlt_window_days")),
            observations=_usable_items(Observation, one_or_more(data.get("observation"))),
            analysis=_usable(Analysis, data.get("analysis")),
            comparison=_usable(Comparison, data.get("comparison")),
            optimal=_usable(Optimal, data.get("optimal")),
            time=TimeParts(
                data.get("accrual") is not None,
                _usable(AnyTimes, data.get("dlt_times")),
                _usable(StaggerSection, data.get("stagger")),
                _usable(BackfillSection, data.get("backfill")),
                _usable(Positive, data.get("max_duration_months")),
            ),
        )


def problems_across(parts: Parts) -> list[Problem]:
    """Return everything that is wrong between the parts."""
    problems = _duplicates("designs", parts.designs) + _duplicates("scenarios", parts.scenarios)
    problems += _duplicates("phase2_arms", parts.arms) + _duplicates("observation", parts.observations)
    wrong_doses = _doses(parts.doses) if parts.doses else []
    doses = None if wrong_doses else parts.doses
    labels = doses.names if doses else None
    problems += wrong_doses
    start = 1 if parts.start_level is None else None
    if labels and parts.start_level is not None:
        resolved = resolve_level(parts.start_level, labels, ("start_level",))
        if isinstance(resolved, Problem):
            problems.append(resolved)
        else:
            start = resolved
    size, most = parts.cohort_size, parts.max_n
    if size is not None and most is not None and most < size:
        if size <= MOST_IN_COHORT:  # a larger one is what is wrong
            remedy = f"write a multiple of {size}, for example  max_n: {size * 6}"
            problems.append(Problem(("max_n",), f"is {most}, less than one cohort of {size}", remedy))
        most = None
    shared = None
    if doses and start and parts.target is not None and 0 < parts.target < 1 and size and size > 0 and most:
        shared = Shared(doses.names, doses.amounts, parts.target, size, most, start)
    built: dict[str, Design] = {}
    for place, entry in parts.designs:
        design, wrong = build_design(entry, shared, labels, ("designs", place))
        problems += wrong
        if design is not None:
            built[entry.name] = design
    for place, scenario in parts.scenarios:
        problems += _scenario(scenario, doses, ("scenarios", place))
    for place, arm in parts.arms:
        problems += _arm(arm, ("phase2_arms", place))
    if parts.analysis is not None:
        problems += analysis_problems(parts.analysis, labels, parts.target)
    if parts.comparison is not None:
        names = [each.name for _, each in parts.scenarios if each.random is None]
        problems += comparison_problems(parts.comparison, names, ("comparison",))
    if parts.optimal is not None:
        listed = [each.name for _, each in parts.scenarios if each.random is None]
        given = [entry.name for _, entry in parts.designs]
        problems += optimal_problems(parts.optimal, shared, built, given, listed, ("optimal",))
    problems += _calendar(parts, doses)
    times = parts.time.dlt_times
    law = EVEN_TIMES if times is None or isinstance(times, Late) else times.law()
    truths = [] if doses is None or problems else _truths(parts.scenarios, doses)
    for place, observation in parts.observations:
        problems += observation_problems(observation, parts.window, law, truths, ("observation", place))
        problems += freezing_problems(observation, built, parts.time.accrual_given, ("observation", place))
    return problems


def _calendar(parts: Parts, doses: Doses | None) -> list[Problem]:
    """Check what is said about time, where the scenarios' responses are right in themselves."""
    responses = [(place, each.response) for place, each in parts.scenarios if each.random is None]
    own_times = [each.dlt_times is not None for _, each in parts.observations]
    names = [each.name for _, each in parts.designs]
    return calendar_problems(parts.time, doses.names if doses else None, responses, own_times, names)


def _truths(scenarios: Sequence[tuple[int, Scenario]], doses: Doses) -> list[tuple[str, FloatArray]]:
    return [(each.name, each.probabilities(doses)) for _, each in scenarios if each.random is None]


def _doses(doses: Doses) -> list[Problem]:
    problems = []
    amounts, labels = doses.amounts, doses.labels
    for place in range(1, len(amounts)):
        if amounts[place] <= amounts[place - 1]:
            message = f"is {show(amounts[place])}, not above the {show(amounts[place - 1])} before it"
            problems.append(Problem(("doses", "amounts", place), message, "write the amounts in increasing order"))
            break
    if len(labels) != len(amounts):
        message = f"has {len(labels)} labels for {len(amounts)} amounts: {show(labels)}"
        problems.append(Problem(("doses", "labels"), message, "write one label for each amount"))
    return problems + label_problems(labels, amounts, doses.unit)


def _duplicates(section: str, items: Sequence[tuple[int, DesignEntry | Scenario | Arm | Observation]]) -> list[Problem]:
    problems = []
    seen: set[str] = set()
    for place, item in items:
        if item.name.casefold() in seen:
            message = f"is {show(item.name)}, a name already used above"
            problems.append(Problem((section, place, "name"), message, "give each its own name"))
        seen.add(item.name.casefold())
    return problems


def _arm(arm: Arm, path: FieldPath) -> list[Problem]:
    if arm.control and arm.fraction is not None:
        return [Problem((*path, "fraction"), f"is {arm.fraction:g} in a control arm", "leave out fraction or control")]
    if not arm.control and arm.fraction is None:
        return [Problem(path, "has neither fraction nor control", "write  fraction: 0.25  or  control: true")]
    return []


def _scenario(scenario: Scenario, doses: Doses | None, path: FieldPath) -> list[Problem]:
    given = [name for name in ("dlt", "curve", "random") if getattr(scenario, name) is not None]
    if len(given) > 1:
        return [Problem((*path, given[1]), f"is given together with {given[0]}", "keep one of them")]
    if not given:
        return [
            Problem(path, "has no DLT probabilities", "write  dlt:  with one probability for each dose, or  curve:")
        ]
    if doses is None:
        return []
    if scenario.random is not None:
        return _random(scenario.random, doses.names, (*path, "random"))
    problems: list[Problem] = []
    if scenario.response is not None:
        problems = _per_dose(scenario.response, doses.names, (*path, "response"))
    where: FieldPath = (*path, given[0])
    if scenario.dlt is not None:
        problems += _per_dose(scenario.dlt, doses.names, where)
    elif isinstance(scenario.curve, PowerCurve):
        problems += _per_dose(scenario.curve.skeleton, doses.names, (*where, "skeleton"))
    if problems or not scenario.monotone:
        return problems
    return _not_monotone(scenario.probabilities(doses), doses.labels, where)


def _random(random: RandomScenarios, labels: tuple[str, ...], path: FieldPath) -> list[Problem]:
    """Check the MTD of random curves; 0, where it is allowed, stands for none."""
    mtd = random.mtd if isinstance(random, PseudoUniform | ProbitSteps) else None
    if mtd is None or (mtd == 0 and isinstance(random, PseudoUniform)):
        return []
    level = resolve_level(mtd, labels, (*path, "mtd"))
    return [level] if isinstance(level, Problem) else []


def _per_dose(values: dict[str, float] | tuple[float, ...], doses: DoseLabels, path: FieldPath) -> list[Problem]:
    if not isinstance(values, dict):
        if len(values) == len(doses):
            return []
        message = f"has {len(values)} values for {len(doses)} doses ({', '.join(doses)}): {show(values)}"
        return [Problem(path, message, f"write {len(doses)} probabilities")]
    given = {dose: doses.level(dose) for dose in values}
    absent = [label for level, label in enumerate(doses, start=1) if level not in given.values()]
    strange = [dose for dose, level in given.items() if level is None]
    if len(strange) > 1:
        message = f"names {in_a_row(strange)}, which are no doses"
        return [Problem(path, message, f"the doses are  {doses.listed};  or write a list, lowest dose first")]
    problems = [Problem((*path, dose), "is no dose", dose_meant(dose, doses, absent)) for dose in strange]
    twice = [dose for dose, level in given.items() if level and list(given.values()).count(level) > 1]
    if twice:
        problems.append(Problem((*path, twice[-1]), f"is the same dose as {twice[0]}", "keep one of them"))
    if absent and len(absent) > len(problems):  # else they are the misspelt ones
        problems.append(Problem(path, f"lacks {', '.join(absent)}", f"write  {absent[0]}:  and its probability"))
    return problems


def _not_monotone(p: np.ndarray[Any, np.dtype[np.float64]], labels: tuple[str, ...], path: FieldPath) -> list[Problem]:
    falls = np.flatnonzero(np.diff(p) < 0)
    if not len(falls):
        return []
    j = int(falls[0])
    message = f"falls from {p[j]:.4g} at {labels[j]} to {p[j + 1]:.4g} at {labels[j + 1]}"
    return [Problem(path, message, "write probabilities that do not fall with the dose, or add  monotone: false")]


def _usable(kind: Any, value: Any) -> Any:
    with contextlib.suppress(ValidationError):
        return TypeAdapter(kind).validate_python(value)
    return None


def _usable_items(kind: Callable[..., _T], value: Any) -> list[tuple[int, _T]]:
    items = [(place, _usable(kind, item)) for place, item in enumerate(value if isinstance(value, list) else [])]
    return [(place, item) for place, item in items if item is not None]
