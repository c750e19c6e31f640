"""Every cell of a sweep checked before anything runs; what is wrong names the axis and its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from doseesc.errors import FieldPath, Problem, ScenarioError, field_name, show
from doseesc.planning.sweeps.axes import Axis
from doseesc.planning.sweeps.cells import Cell, Point
from doseesc.planning.sweeps.plan import Plan, Shard

MOST_PROBLEMS = 20
KEPT = 20_000
"""Cells that are kept once they are made; of larger sweeps they are made again when their turn comes."""


def checked_cells(plan: Plan, shard: Shard = (0, 1)) -> list[Cell]:
    """Make every cell of a part of a plan.

    Returns
    -------
    list of Cell
        In the order of the plan, those after the first :data:`KEPT` without their texts.

    Raises
    ------
    ScenarioError
        With all that is wrong, up to :data:`MOST_PROBLEMS`.
    """
    problems: dict[tuple[FieldPath, int | None, FieldPath, str], Problem] = {}

    def refused(point: Point, error: ScenarioError) -> None:
        for problem in error.problems:
            told = _told(plan, point, problem)
            # What is wrong in many points alike is told of the first.
            problems.setdefault((told.path, told.line, problem.path, problem.message), told)
        if len(problems) >= MOST_PROBLEMS:
            raise ScenarioError(plan.file, list(problems.values())[:MOST_PROBLEMS])

    cells: list[Cell] = []
    for cell in plan.cells(shard, refused):
        cells.append(cell if len(cells) < KEPT else replace(cell, text=""))
    if problems:
        raise ScenarioError(plan.file, list(problems.values()))
    return cells


def _told(plan: Plan, point: Point, problem: Problem) -> Problem:
    """Say of a problem in a variant which axis, at which value, makes it."""
    axis = next((each for each in _moving(plan, point) if _within(problem.path, each.field)), None)
    if axis is not None:
        place = point.places[axis.name]
        inner = field_name(problem.path[len(axis.field) :], axis.values[place])
        own = problem.message if not inner else f"{inner}: {problem.message}"
        shown = show(axis.values[place])
        message = own if own.startswith(f"is {shown}") else f"at {shown}: {own}"
        return Problem(("axes", axis.name), message, problem.remedy, axis.lines[place])
    field = field_name(problem.path, plan.source.data)
    where = f"{plan.source.path}:{problem.line}" if plan.source.lines else plan.source.path
    message = f"at {plan.words(point)}: {where}  {field} {problem.message}"
    return Problem(("axes",), message, problem.remedy)


def _moving(plan: Plan, point: Point) -> Iterator[Axis]:
    """Yield the axes of a point, those of the longest fields first."""
    own = [axis for axis in plan.axes if axis.name in point.places]
    yield from sorted(own, key=lambda axis: -len(axis.field))


def _within(path: FieldPath, field: FieldPath) -> bool:
    """Tell whether a path leads into a field, or to the section that lacks it."""
    return path[: len(field)] == field
