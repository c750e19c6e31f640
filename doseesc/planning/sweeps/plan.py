"""The plan of a sweep: which variants of which study, design by design, and the cells they give.

Every design meets the combinations of the axes that concern it: an axis on a field of one design leaves the others
alone.  Under a truth of its own a design is enumerated anew, so that one cell takes all truths of an exact variant;
where trials are simulated, each truth is a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from doseesc.errors import FieldPath, Problem, ScenarioError
from doseesc.planning.sweeps.axes import Axis
from doseesc.planning.sweeps.cells import Cell, Point, cell_name, cell_text
from doseesc.planning.sweeps.conditions import Condition
from doseesc.planning.sweeps.fields import with_values
from doseesc.planning.sweeps.variants import one_design, one_truth, prepared, without_time
from doseesc.study import Source, Study, parse

Shard = tuple[int, int]
"""Number of a part, from 0, and how many parts there are."""


@dataclass(frozen=True)
class Plan:
    """A sweep that has been read and checked, but for its cells.

    Attributes
    ----------
    source : Source
        The base study's file, with trials, seed and method as the sweep wants them.
    study : Study
        The base study.
    axes : tuple of Axis
    designs, scenarios : tuple of int
        Places of those that take part.
    conditions : tuple of Condition
    listed : tuple of dict, or None
        Combinations, each the places of the values of all axes; None = all that there are.
    file : str
        The sweep's own file, for messages.
    on_calendar : bool
        Whether trials are played in time where the study has accrual; False leaves time out.
    title : str
        What the sweep is called; "" for the study's title.
    """

    source: Source
    study: Study
    axes: tuple[Axis, ...]
    designs: tuple[int, ...]
    scenarios: tuple[int, ...]
    conditions: tuple[Condition, ...] = ()
    listed: tuple[Mapping[str, int], ...] | None = None
    file: str = "sweep"
    on_calendar: bool = True
    title: str = ""

    def points(self) -> Iterator[Point]:
        """Yield the points, design by design, the last axis varying fastest."""
        number = 0
        for design in self.designs:
            axes = [axis for axis in self.axes if axis.design in (None, design)]
            for places in self._combinations(axes):
                values = {axis.name: axis.values[places[axis.name]] for axis in axes}
                if all(condition.holds(values) for condition in self.conditions):
                    yield Point(number, design, places)
                    number += 1

    def _combinations(self, axes: Sequence[Axis]) -> Iterator[dict[str, int]]:
        if self.listed is None:
            for places in product(*(range(len(axis.values)) for axis in axes)):
                yield {axis.name: place for axis, place in zip(axes, places, strict=True)}
            return
        seen = set()
        for row in self.listed:
            places = tuple(row[axis.name] for axis in axes)
            if places not in seen:
                seen.add(places)
                yield {axis.name: place for axis, place in zip(axes, places, strict=True)}

    @cached_property
    def n_points(self) -> int:
        """Number of points."""
        return sum(1 for _ in self.points())

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.n_points * (len(self.scenarios) if self.by_truth else 1)

    @cached_property
    def by_truth(self) -> bool:
        """Whether each truth is a cell of its own: where all is simulated, or on a calendar."""
        timed = self.study.accrual is not None or any(axis.field[0] == "accrual" for axis in self.axes)
        named = [axis.values for axis in self.axes if axis.field == ("simulation", "method")]
        methods = named[0] if named else (self.study.simulation.method,)
        return (timed and self.on_calendar) or "monte_carlo" in methods

    def cells(
        self, shard: Shard = (0, 1), refused: Callable[[Point, ScenarioError], None] | None = None
    ) -> Iterator[Cell]:
        """Yield the cells of a part of the plan, in order; part ``i`` of ``n`` holds every n-th.

        Parameters
        ----------
        shard : tuple of int
        refused : callable, optional
            Called with a point that cannot be, and why; without it that is raised.

        Raises
        ------
        ScenarioError
            At the first cell that cannot be, unless ``refused`` is given.
        """
        number, parts = shard
        truths = range(len(self.scenarios)) if self.by_truth else range(1)
        for point in self.points():
            mine = [truth for truth in truths if (point.number + truth) % parts == number]
            if not mine:
                continue
            try:
                study = self.variant(point)
            except ScenarioError as error:
                if refused is None:
                    raise
                refused(point, error)
                continue
            for truth in mine:
                text = cell_text(one_truth(study, truth) if self.by_truth else study)
                yield Cell(cell_name(text), text, point)

    def variant(self, point: Point) -> Study:
        """Return the study of a point: one design, and the truths that take part.

        Raises
        ------
        ScenarioError
            If something is wrong in it; fields are those of the base study's file.
        """
        data = one_design(self._varied(point), point.design)
        try:
            study = parse(replace(self._prepared, data=data))
        except ScenarioError as error:
            raise ScenarioError(error.name, [self._placed(each, point) for each in error.problems]) from error
        return study if self.on_calendar else without_time(study)

    def _varied(self, point: Point) -> Any:
        values = {axis.field: axis.values[point.places[axis.name]] for axis in self.axes if axis.name in point.places}
        return prepared(with_values(self.source.data, values), self.scenarios)

    @cached_property
    def _prepared(self) -> Source:
        return replace(self.source, problems=[])

    def _placed(self, problem: Problem, point: Point) -> Problem:
        """Return a problem of a variant with the field as the base study's file has it."""
        path: FieldPath = problem.path
        if len(path) > 1 and path[0] == "designs":
            path = ("designs", point.design, *path[2:])
        if len(path) > 1 and path[0] == "scenarios" and isinstance(path[1], int) and path[1] < len(self.scenarios):
            path = ("scenarios", self.scenarios[path[1]], *path[2:])
        return replace(problem, path=path, line=self.source.line(path))

    def values(self, point: Point) -> dict[str, Any]:
        """Return the values of a point's axes, by name."""
        return {axis.name: axis.values[point.places[axis.name]] for axis in self.axes if axis.name in point.places}

    def design_name(self, point: Point) -> str:
        """Return the name of a point's design."""
        return self.study.names[point.design]

    def words(self, point: Point) -> str:
        """Return a point in words: its design, and the values of its axes."""
        axes = [axis.words(point.places[axis.name]) for axis in self.axes if axis.name in point.places]
        return ", ".join([self.design_name(point), *axes])
