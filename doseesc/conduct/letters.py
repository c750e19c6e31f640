"""The letters of a design that decides from the patients and DLTs at the current dose alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from designs import BOIN, Design
from designs.a_plus_b import APlusB
from designs.interval import IntervalDesign
from designs.table_design import TableDesign

MOST_LETTERED = 1_000
"""Patients of a trial whose decisions are written as letters, half a million of them; those of larger ones are not."""


def decision_letters(design: Design) -> dict[int, tuple[str, ...]] | None:
    """Return the letters of a design by patients n at the current level.

    None where the design looks at more, and where a trial of more than :data:`MOST_LETTERED` patients has too many.
    """
    if design.max_n > MOST_LETTERED and not isinstance(design, APlusB):
        return None
    if isinstance(design, TableDesign):
        if design.by_pending:  # what the largest number of patients leads to is not in the letters
            return None
        return {n: _spelled(row) for n, row in design.known_rows if n <= design.max_n}
    if isinstance(design, IntervalDesign):
        return {n: _spelled(row) for n, row in enumerate(design.decision_table()) if n > 0}
    if isinstance(design, APlusB):
        return {
            design.a: _a_plus_b(design.a, design.c - 1, design.d),
            design.a + design.b: _a_plus_b(design.a + design.b, design.e, design.e),
        }
    if type(design) is BOIN:  # what is made from BOIN may look at more
        return {
            int(n): tuple(
                "DU" if y >= out else "E" if y <= up else "D" if y >= down else "S" for y in range(int(n) + 1)
            )
            for n, up, down, out in zip(*design.boundaries(), strict=True)
        }
    return None


def last_telling(rows: Iterable[Sequence[str]]) -> int:
    """Return the DLTs from which on every row, a letter for 0, 1, ... DLTs, repeats its last letter."""
    return max((next((y for y in range(len(row) - 1, 0, -1) if row[y] != row[y - 1]), 0) for row in rows), default=0)


def _spelled(row: str) -> tuple[str, ...]:
    return tuple("DU" if letter == "U" else letter for letter in row)


def _a_plus_b(n: int, most_to_escalate: int, most_to_stay: int) -> tuple[str, ...]:
    return tuple("E" if y <= most_to_escalate else "S" if y <= most_to_stay else "DU" for y in range(n + 1))
