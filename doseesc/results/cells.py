"""One design under one scenario, and two designs compared: what results are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from doseesc.engines import OperatingCharacteristics, tidy_rows

T = TypeVar("T")

CHARACTERISTICS_COLUMNS = ("scenario", "design", "method", "metric", "level", "value", "mcse")
"""Columns of the tidy table."""


@dataclass(frozen=True)
class Cell(Generic[T]):
    """One design under one scenario: what was simulated and what was computed exactly, where it was."""

    simulated: T | None
    exact: T | None

    @property
    def best(self) -> T:
        """The exact figures where there are any, else the simulated ones."""
        return self.parts[-1]

    @property
    def parts(self) -> tuple[T, ...]:
        """What there is of the two, the simulated ones first."""
        found = tuple(each for each in (self.simulated, self.exact) if each is not None)
        assert found, "a cell holds at least one of the two"
        return found

    def map(self, change: Callable[[T], Any]) -> Cell[Any]:
        """Return the cell with what there is of the two changed."""
        return Cell(*(None if each is None else change(each) for each in (self.simulated, self.exact)))


Cells = Mapping[tuple[str, str], Cell[OperatingCharacteristics]]
"""By scenario and design."""


@dataclass(frozen=True)
class Difference:
    """``design_a`` minus ``design_b`` in one figure, on the same simulated patients."""

    scenario: str
    design_a: str
    design_b: str
    metric: str
    difference: float
    mcse: float


def characteristics_rows(cells: Cells) -> Iterator[tuple[str, str, str, str, int | None, float, float]]:
    """Yield the rows of the tidy table, of :data:`CHARACTERISTICS_COLUMNS`."""
    for (scenario, design), cell in cells.items():
        for found in cell.parts:
            for row in tidy_rows(found):
                yield (scenario, design, found.method, *row)
