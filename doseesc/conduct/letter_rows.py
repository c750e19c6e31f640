"""The rows of a decision table over patients entered, DLTs and patients pending, of designs that are such a table.

Rolling six is one, and so is a user's table that says what happens while patients are pending.  Their rows are those of
:mod:`doseesc.conduct.follow_up_rows`, without limits: a letter does not depend on how long anybody has been followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from typing import cast

from designs import Design, RollingSix
from designs.pending_letters import LETTERS
from designs.pending_rows import PendingRows, State, states_of
from designs.rolling_six import MOST_AT_DOSE
from designs.table_design import TableDesign
from doseesc.conduct.follow_up_rows import WAITS, FollowUpRow, joined

_TO_FILL_UP = 6  # patients of a rolling six, where no higher dose is open
_WRITTEN = {"U": "DU"}


def decides_by_pending(design: Design) -> bool:
    """Whether a design is a table of letters over patients pending, too."""
    return isinstance(design, RollingSix) or (isinstance(design, TableDesign) and design.by_pending)


def letter_rows(design: RollingSix | TableDesign) -> tuple[FollowUpRow, ...]:
    """Return the rows of such a design, for each number of patients entered at the dose.

    States of which a user's table says nothing, since no trial reaches them, are in no row.

    Examples
    --------
    >>> rows = letter_rows(RollingSix(n_doses=3))
    >>> [(row.dlt, row.pending, row.decision) for row in rows if row.n == 6]
    [((0, 0), (0, 1), 'E'), ((0, 0), (2, 6), 'W'), ((1, 1), (0, 0), 'E'), ((1, 1), (1, 5), 'W'), ((2, 6), (0, 4), 'DU')]
    """
    states = _states(design)
    sizes = sorted({n for n, _, _ in states})
    return tuple(row for n in sizes for row in joined(n, list(_rows(states, n))))


def letter_legend(design: RollingSix | TableDesign, usual: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the table's letters mean, those of ``usual`` and W and M, and what E means with no dose above."""
    if isinstance(design, RollingSix):
        full, enough = _TO_FILL_UP, " with at most one DLT"
        if design.variant == "iq":
            enough = f"{enough}, or five without one,"
    else:
        full, enough = max(n for n, _, _ in cast("PendingRows", design.table)), ""
    until = f"stay until {full} have been entered; once nobody is pending{enough} it is the MTD, and the trial stops"
    own = {"E": f"escalate; where no higher dose is open, {until}", **WAITS, "M": "the trial stops: this is the MTD"}
    used = {row.decision for row in letter_rows(design)}
    return {letter: meaning for letter, meaning in {**usual, **own}.items() if letter in used}


def _states(design: RollingSix | TableDesign) -> Mapping[State, str]:
    """Return the letter of each (entered, DLTs, pending) that the table has one for."""
    if isinstance(design, TableDesign):
        return states_of(cast("PendingRows", design.table))
    letter = design.letter_table().letter
    sizes = range(1, MOST_AT_DOSE[design.variant] + 1)
    return {(n, y, c): LETTERS[letter[n, y, c]] for n in sizes for y in range(n + 1) for c in range(n - y + 1)}


def _rows(states: Mapping[State, str], n: int) -> Iterator[FollowUpRow]:
    """Yield the rows of n patients, by DLTs and runs of numbers pending."""
    for y in range(n + 1):
        there = [c for c in range(n - y + 1) if (n, y, c) in states]
        breaks = [place for place, (c, after) in enumerate(pairwise(there), 1) if after > c + 1]
        runs = [there[start:stop] for start, stop in pairwise([0, *breaks, len(there)])]
        for run in runs:
            for letter, same in groupby(run, key=lambda c: states[n, y, c]):
                pending = list(same)
                decision = _WRITTEN.get(letter, letter)
                yield FollowUpRow(n, (y, y), (pending[0], pending[-1]), decision, None, None, 0.0)
