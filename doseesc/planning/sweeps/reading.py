"""A sweep as it is asked for, in a file or from Python, made into a plan; whatever is wrong is said at once.

A file names a base study and its axes::

    title: How many patients, and which cut-off      # may be left out, as may all but study and axes
    study: oncology_five_doses.yaml                  # beside this file, or the name of a shipped scenario
    designs: [BOIN, CRM]                             # by default all of the study's
    scenarios: [MTD 1, MTD 3]                        # by default all that are not random curves
    axes:
      max_n: {from: 18, to: 36, by: 6}
      designs.BOIN.elimination_cutoff: [0.9, 0.95]
      patients a month: {field: accrual.per_month, values: [1, 2]}
    conditions: [max_n at least 24]
    combinations: full                               # or a list of combinations, each  {max_n: 24, ...}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from doseesc.errors import FieldPath, Problem, ScenarioError, show, suggestion
from doseesc.planning.sweeps.axes import CHOICES, DESIGNS, SCENARIOS, Axis, axis_of, short_names
from doseesc.planning.sweeps.conditions import Condition, NotUnderstood, condition_of
from doseesc.planning.sweeps.fields import with_values
from doseesc.planning.sweeps.plan import Plan
from doseesc.study import Source, Study, file_beside, parse, read_source, shipped_scenarios, source_of
from doseesc.wording import nearest

KEYS = ("title", "study", DESIGNS, SCENARIOS, "axes", "conditions", "combinations")
FULL = "full"
MOST_POINTS = 10_000_000


@dataclass(frozen=True)
class Asked:
    """What a sweep is to be, not yet checked.

    Attributes
    ----------
    axes : mapping
        As under ``axes`` of a file.
    designs, scenarios : sequence of str, or None
        Names of those that take part; None = all.
    conditions : sequence of str
    combinations : "full" or sequence of mapping
    file : str
        What messages call the sweep.
    lines : mapping
        Lines of its file.
    title : str
        What it is called; "" for the study's title.
    """

    axes: Any
    designs: Any = None
    scenarios: Any = None
    conditions: Any = ()
    combinations: Any = FULL
    file: str = "sweep"
    lines: Mapping[FieldPath, int] | None = None
    title: str = ""


def read_plan(path: str | Path, simulation: Mapping[str, Any] | None = None) -> Plan:
    """Read the file of a sweep, and that of its study.

    Parameters
    ----------
    path : path
    simulation : mapping, optional
        Trials, seed and method instead of the study's.

    Raises
    ------
    ScenarioError
        If anything is wrong in one of them, or in the conditions on its combinations.
    """
    source = read_source(path)
    data = source.data
    if not isinstance(data, dict) or "axes" not in data:
        meant = [name for name in data if nearest(str(name), ["axes"])] if isinstance(data, dict) else []
        if meant:
            raise ScenarioError(source.path, [_no_key(meant[0], source)])
        lacks = "has no  axes:  and so is no sweep"
        raise ScenarioError(source.path, [Problem((), lacks, "for a single study use  doseesc run", 1)])
    problems = list(source.problems)
    problems += [_no_key(name, source) for name in data if name not in KEYS]
    title = data.get("title", "")
    if not isinstance(title, str):
        remedy = "write for example  title: How many patients"
        problems.append(Problem(("title",), f"is {show(title)}, not text", remedy, source.line(("title",))))
    if not isinstance(data.get("study"), str):
        given = "is missing" if "study" not in data else f"is {show(data['study'])}, not the name of a file"
        remedy = "write for example  study: mine.yaml"
        raise ScenarioError(source.path, [*problems, Problem(("study",), given, remedy, source.line(("study",)))])
    if problems:
        raise ScenarioError(source.path, problems)
    base = read_source(_study_file(source, data["study"]))
    chosen = {name: data[name] for name in KEYS[2:] if name in data}
    asked = Asked(**chosen, file=source.path, lines=source.lines, title=title.strip())
    return plan_of(base, asked, simulation)


def _no_key(name: Any, source: Source) -> Problem:
    """Return what is wrong with a key that sweeps do not have."""
    remedy = suggestion(str(name), KEYS, "the keys are")
    return Problem((name,), "is not a key of a sweep", remedy, source.line((name,)))


def _study_file(source: Source, name: str) -> Path:
    """Return the file of a study: one that lies beside the sweep, where there is none a shipped one."""
    beside, shipped, stem = Path(source.path).parent / name, shipped_scenarios(), name.removesuffix(".yaml")
    try:
        file_beside(source.path, name)  # no other file is read
    except ValueError:
        wrong, remedy = "which does not lie in this file's folder", "put the study beside the sweep and write its name"
    else:
        if beside.exists() or stem in shipped:
            return beside if beside.exists() else shipped[stem]
        wrong, remedy = "and no such file lies beside this one", suggestion(stem, shipped, "shipped are")
    problem = Problem(("study",), f"is {show(name)}, {wrong}", remedy, source.line(("study",)))
    raise ScenarioError(source.path, [problem])


def source_of_study(study: Study) -> Source:
    """Return a study as a file's content, that of its own file where it comes from one."""
    if study.source is not None and study.text:
        return source_of(str(study.source), study.text.encode())
    return Source("study", "", "", study.model_dump(mode="json", by_alias=True), {})


def plan_of(base: Source, asked: Asked, simulation: Mapping[str, Any] | None = None) -> Plan:
    """Return the plan of a sweep.

    Parameters
    ----------
    base : Source
        The base study's file.
    asked : Asked
    simulation : mapping, optional
        Trials, seed and method instead of the study's.

    Raises
    ------
    ScenarioError
        If anything is wrong; only the cells are still to be checked.
    """
    changed: dict[FieldPath, Any] = {
        ("simulation", name): value for name, value in (simulation or {}).items() if value is not None
    }
    study = parse(base)
    base = replace(base, data=with_values(base.data, changed))
    if changed:
        study = parse(base)
    problems: list[Problem] = []
    wanted, axes = _axes(asked, base.data, problems)
    if any(axis.field in changed for axis in axes):
        name = next(axis.name for axis in axes if axis.field in changed)
        problems.append(Problem(("axes", name), "is an axis, and an option sets it, too", "leave the option out"))
    names = {axis.name: axis for axis in axes}
    designs = _chosen(wanted.get(DESIGNS, asked.designs), study.names, DESIGNS, problems)
    alone = [each.name for each in study.scenarios if each.random is None]
    scenarios = _chosen(wanted.get(SCENARIOS, asked.scenarios), alone, SCENARIOS, problems)
    for axis in axes:
        if axis.design is not None and axis.design not in {study.names.index(name) for name in designs}:
            left_out = f"is of the design {study.names[axis.design]}, which does not take part"
            problems.append(Problem(("axes", axis.name), left_out, "leave it out, or add the design to  designs"))
    conditions = _conditions(asked.conditions, names, problems)
    listed = _listed(asked.combinations, names, problems)
    if not problems and not alone:
        problems.append(Problem((SCENARIOS,), "holds random curves only", "add a scenario with dlt or curve"))
    if problems:
        raise ScenarioError(asked.file, [_with_line(each, asked) for each in problems])
    every = [each.name for each in study.scenarios]
    plan = Plan(
        source=base,
        study=study,
        axes=tuple(axes),
        designs=tuple(study.names.index(name) for name in designs),
        scenarios=tuple(every.index(name) for name in scenarios),
        conditions=tuple(conditions),
        listed=listed,
        file=asked.file,
        title=asked.title,
    )
    _check_size(plan, asked)
    return plan


def _axes(asked: Asked, data: Any, problems: list[Problem]) -> tuple[dict[str, Any], list[Axis]]:
    """Return the choices of designs and scenarios among the axes, and the axes."""
    if not isinstance(asked.axes, Mapping) or not asked.axes:
        given = f"is {show(asked.axes)}, not fields with their values"
        problems.append(Problem(("axes",), given, "write for example  max_n: [18, 24]"))
        return {}, []
    wanted = {str(name): given for name, given in asked.axes.items() if name in CHOICES}
    axes = []
    for name, given in asked.axes.items():
        if name not in CHOICES:
            axis, wrong = axis_of(str(name), given, data, asked.lines)
            problems += wrong
            axes += [] if axis is None else [axis]
    for axis in axes:
        twice = next((each for each in axes if each is not axis and each.field[: len(axis.field)] == axis.field), None)
        if twice is not None:
            problems.append(Problem(("axes", twice.name), f"lies within {axis.name}, another axis", "keep one of them"))
    return wanted, axes


def _chosen(given: Any, known: Sequence[str], what: str, problems: list[Problem]) -> list[str]:
    """Return the names of those designs or scenarios that take part, in the order of the study."""
    if given is None:
        return list(known)
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        problems.append(
            Problem((what,), f"is {show(given)}, not a list of names", f"the {what} are  {', '.join(known)}")
        )
        return list(known)
    names = [str(each) for each in given]
    for name in names:
        if name not in known:
            remedy = suggestion(name, known, f"the {what} are")
            problems.append(Problem((what,), f"names {show(name)}, which the study does not have", remedy))
    return [name for name in known if name in names]


def _conditions(given: Any, axes: Mapping[str, Axis], problems: list[Problem]) -> list[Condition]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, Sequence) or not all(isinstance(each, str) for each in texts):
        wrong = f"is {show(given)}, not a list of sentences"
        problems.append(Problem(("conditions",), wrong, "write for example  [p_toxic above p_safe]"))
        return []
    found = []
    for place, text in enumerate(texts):
        try:
            found.append(condition_of(text, list(axes), short_names(list(axes))))
        except NotUnderstood as error:
            problems.append(Problem(("conditions", place), str(error), error.remedy))
    return found


def _listed(given: Any, axes: Mapping[str, Axis], problems: list[Problem]) -> tuple[Mapping[str, int], ...] | None:
    """Return listed combinations as places of values; None where all are wanted."""
    if given == FULL:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        wrong = f"is {show(given)}, neither full nor a list of combinations"
        problems.append(Problem(("combinations",), wrong, "write  full,  or  - {max_n: 18, ...}  for each"))
        return None
    rows = []
    for place, row in enumerate(given):
        here: FieldPath = ("combinations", place)
        if not isinstance(row, Mapping) or set(map(str, row)) != set(axes):
            problems.append(Problem(here, f"is {show(row)}", f"give a value to each axis:  {', '.join(axes)}"))
            continue
        unknown = [name for name, axis in axes.items() if row[name] not in axis.values]
        for name in unknown:
            values = show(list(axes[name].values))
            problems.append(Problem((*here, name), f"is {show(row[name])}, no value of the axis", f"it has  {values}"))
        if not unknown:
            rows.append({name: axis.values.index(row[name]) for name, axis in axes.items()})
    return tuple(rows)


def _check_size(plan: Plan, asked: Asked) -> None:
    """Refuse a sweep of nothing, or of more than anybody can mean.

    Raises
    ------
    ScenarioError
        If it is one.
    """
    most = sum(
        _product(len(axis.values) for axis in plan.axes if axis.design in (None, design)) for design in plan.designs
    )
    problem = None
    if plan.listed is None and most > MOST_POINTS:
        problem = Problem(("axes",), f"give {most:,} combinations", f"at most {MOST_POINTS:,} are possible")
    else:
        try:
            if not plan.n_points:
                problem = Problem(("conditions",), "leave no combination", "drop one of the conditions")
        except NotUnderstood as error:
            problem = Problem(("conditions",), str(error), error.remedy)
    if problem is not None:
        raise ScenarioError(asked.file, [_with_line(problem, asked)])


def _product(sizes: Any) -> int:
    whole = 1
    for size in sizes:
        whole *= size
    return whole


def _with_line(problem: Problem, asked: Asked) -> Problem:
    """Return a problem with its line in the sweep's file."""
    lines, path = asked.lines, problem.path
    if problem.line is not None or lines is None:
        return problem
    while path and path not in lines:
        path = path[:-1]
    return replace(problem, line=lines.get(path, 1))
