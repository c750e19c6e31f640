"""A decision table as a design: whatever a committee wrote down, simulated and enumerated like any other.

Rows are the numbers of patients n treated at the current level, and in each row one letter per number of DLTs 0..n:
E escalate (stay at the highest level), S stay, D de-escalate (stay at the lowest level), U de-escalate and exclude the
level and all above (at the lowest level stop); files with one decision per line may write DU for U.

The MTD is the level, tested and not excluded, whose isotonic estimate is nearest the target (:mod:`designs.interval`).

A table may also say what happens while patients are pending: rows then are by the numbers of patients entered and of
patients pending, with two more letters, W wait and M stop, this level being the MTD (:mod:`designs.pending_letters`,
:mod:`designs.pending_rows`).  The largest number of patients in it is the most that a level is given, and where there
is no level above to go to, a level with that many is the MTD once nobody is pending; so rolling six can be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray
from designs.checks import MOST_PATIENTS, shown
from designs.decision import Decision
from designs.interval import IntervalDesign
from designs.pending_letters import (
    ByTable,
    LetterTable,
    M,
    course,
    highest_open,
    proposed,
    require_own_policy,
    stops,
)
from designs.pending_rows import PendingRows, known_letters, letters_of, pending_rows, require_decisions
from designs.policies import Complete, PendingPolicy
from designs.tally import Tally

LETTERS = "ESDU"

PatientRows = tuple[tuple[int, str], ...]
"""(patients, letters) in order."""


@dataclass(frozen=True, kw_only=True)
class TableDesign(IntervalDesign):
    """A design given by its decision table.

    Parameters
    ----------
    table : mapping of int to str
        For each number of patients at the current level the decisions after 0, 1, ... DLTs, as in
        ``{3: "ESDU", 6: "EESDUUU"}``.  Every number of patients that cohorts can add up to must be there.  Kept as
        (n, letters) pairs.  In a scenario file also the name of a CSV file with the columns n, dlts, decision.
        With patients pending: for each number entered and each number pending, as in
        ``{3: {0: "ESU", 1: "SSU", 2: "SS", 3: "S"}, ...}``, with every state that a trial can reach; kept as
        (n, pending, letters) triples; in a file with the columns n, dlts, pending, decision.
    target : float
        Target DLT probability, for the selection of the MTD.
    n_doses, max_n, cohort_size, start_level, rules
        As for :class:`designs.Design`.
    pending
        As for :class:`designs.Design` where the table has no patients pending, and else to be left out.
    mtd_alpha, mtd_beta, mtd_fit
        See :mod:`designs.interval`.

    Raises
    ------
    ValueError
        If a row is missing, has another length than its number of patients, a letter that is none of the table's,
        or a decision that becomes milder with more DLTs; or if a trial can reach a state that the table leaves out.

    Examples
    --------
    >>> design = TableDesign(target=0.3, n_doses=3, max_n=12, table={3: "ESDU", 6: "EESDUUU", 9: "EEESDUUUUU"})
    >>> from designs import Tally
    >>> design.decide(Tally.parse(["1NNN", "1NNN 2NNT", "1NNN 2TTT", "1TTT"], n_doses=3)).level
    array([2, 2, 1, 0])
    """

    table: PatientRows | PendingRows | dict[int, str | dict[int, str]] | str = field(
        default=(), metadata={"example": {3: "ESDU", 6: "EESDUUU", 9: "EEESDUUUUU"}, "with": {"max_n": 9}}
    )
    exclusion_certainty: float | None = None
    pending: PendingPolicy = field(default_factory=ByTable)

    def __post_init__(self) -> None:
        if _has_pending(self.table):
            object.__setattr__(self, "table", pending_rows(self.table))  # triples, so that the design can be hashed
            require_own_policy(self, self.pending)
        else:
            object.__setattr__(self, "table", _as_rows(self.table))
            if isinstance(self.pending, ByTable):
                object.__setattr__(self, "pending", Complete())
        super().__post_init__()
        if self.exclusion_certainty is not None:
            raise ValueError("exclusion_certainty must not be given: the table says what is excluded")
        if self.by_pending:
            require_decisions(cast("PendingRows", self.table), self.cohort_size, self.max_n)
            return
        # A level with max_n patients ends the trial, so that row is never asked for.
        needed = set(range(self.cohort_size, self.max_n, self.cohort_size))
        missing = sorted(needed - {n for n, _ in self.known_rows})
        if missing:
            raise ValueError(
                f"table must have a row for every number of patients that cohorts of {self.cohort_size} add up to; "
                f"missing: {', '.join(map(str, missing))}"
            )

    @property
    def by_pending(self) -> bool:
        """Whether the table says what happens while patients are pending."""
        return len(self.table[0]) == 3

    @property
    def known_rows(self) -> PatientRows:
        """The letters where nobody is pending, as (patients, letters) pairs."""
        if self.by_pending:
            return tuple(known_letters(cast("PendingRows", self.table)).items())
        return cast("PatientRows", self.table)

    def letter_table(self, largest_n: int = 0) -> LetterTable:
        """Return the letters by patients entered, DLTs and patients pending, of a table that has them.

        Raises
        ------
        ValueError
            If the table has no patients pending.
        """
        if not self.by_pending:
            raise ValueError("table has no patients pending")
        return letters_of(cast("PendingRows", self.table), largest_n)

    def _how(self) -> str:
        if self.by_pending:
            rows = "; ".join(f"{n} entered, {c} pending: {row}" for n, c, row in cast("PendingRows", self.table))
            return (
                "The decisions are those of a table: for each number of patients entered at the current level and of "
                "those pending one letter per number of DLTs from 0 (E escalate, S stay, W wait, M stop, the level "
                "being the MTD, D de-escalate, U de-escalate and close the level and all above): "
                f"{rows}. The largest number entered is the most that a level is given; with E there and no open level "
                "above it is the MTD once nobody is pending."
            )
        rows = "; ".join(f"{n} patients: {row}" for n, row in self.known_rows)
        return (
            "The decisions are those of a table: for each number of patients at the current level one letter per "
            "number "
            "of DLTs from 0 (E escalate, S stay, D de-escalate, U de-escalate and exclude the level and all above): "
            f"{rows}."
        )

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        return self.propose_with_ceiling(tally)[0] if self.by_pending else super().propose(tally)

    def ceiling(self, tally: Tally) -> IntArray:
        """See :meth:`Design.ceiling`."""
        if self.by_pending:
            return highest_open(self.letter_table(tally.largest_n), tally)
        return super().ceiling(tally)

    def propose_with_ceiling(self, tally: Tally) -> tuple[Decision, IntArray | None]:
        """See :meth:`Design.propose_with_ceiling`."""
        if not self.by_pending:
            return super().propose_with_ceiling(tally)
        going = course(self.letter_table(tally.largest_n), tally)
        room = self.known_rows[-1][0] - tally.at(tally.n, going.level)
        return proposed(going, tally, np.clip(room, 1, self.cohort_size)), going.ceiling

    @property
    def waits_when_full(self) -> bool:
        """See :attr:`Design.waits_when_full`: where ``max_n`` never cuts a trial short."""
        return self.by_pending and self.max_n >= self.known_rows[-1][0] * self.n_doses

    def finished(self, tally: Tally) -> npt.NDArray[np.int8] | None:
        """See :meth:`Design.finished`."""
        return self._finished(tally) if self.by_pending else None

    def _finished(self, tally: Tally) -> npt.NDArray[np.int8]:
        if not self.by_pending:
            return super()._finished(tally)
        return stops(self.letter_table(tally.largest_n), tally, self.max_n, self.waits_when_full)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: where the table has found its MTD, that, and else the nearest to the target."""
        nearest = super().pick(tally)
        if not self.by_pending:
            return nearest
        going = course(self.letter_table(tally.largest_n), tally)
        return np.where(going.letter == M, going.level, np.minimum(nearest, going.ceiling))

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`; where the table has no row (an incomplete cohort): stay."""
        steps = np.zeros(y.shape, dtype=np.int8)
        for patients, letters in self.known_rows:
            row = np.array([{"E": 1, "D": -1, "U": -1}.get(letter, 0) for letter in letters], dtype=np.int8)
            steps = np.where(n == patients, row[np.minimum(y, patients)], steps)
        return steps

    def exclusions(self, n: IntArray, y: IntArray) -> BoolArray:
        """See :meth:`IntervalDesign.exclusions`."""
        excluded = np.zeros(y.shape, dtype=np.bool_)
        for patients, letters in self.known_rows:
            row = np.array([letter == "U" for letter in letters])
            excluded |= (n == patients) & row[np.minimum(y, patients)]
        return excluded


def table_from_rows(rows: Iterable[tuple[int, int, str]]) -> dict[int, str]:
    """Return a table from (patients, DLTs, decision) rows, as a CSV file has them; decisions E, S, D, DU or U.

    Raises
    ------
    ValueError
        If an entry is given twice, or one is missing in a row.

    Examples
    --------
    >>> table_from_rows([(2, 0, "E"), (2, 1, "S"), (2, 2, "DU")])
    {2: 'ESU'}
    """
    cells: dict[int, dict[int, str]] = {}
    for patients, dlts, decision in rows:
        row = cells.setdefault(int(patients), {})
        if int(dlts) in row:
            raise ValueError(f"table has two decisions for {dlts} DLTs in {patients} patients")
        letter = str(decision).strip().upper()
        row[int(dlts)] = "U" if letter == "DU" else letter
    for patients, row in cells.items():
        if sorted(row) != list(range(patients + 1)):
            raise ValueError(
                f"table must have decisions for 0 to {patients} DLTs in {patients} patients, not {sorted(row)}"
            )
    return {patients: "".join(row[dlts] for dlts in sorted(row)) for patients, row in sorted(cells.items())}


def _has_pending(table: object) -> bool:
    if isinstance(table, Mapping):
        return any(isinstance(row, Mapping) for row in table.values())
    triples = isinstance(table, list | tuple) and len(table) > 0
    return triples and all(isinstance(row, list | tuple) and len(row) == 3 for row in cast("tuple[object, ...]", table))


def _as_rows(table: object) -> tuple[tuple[int, str], ...]:
    pairs = table.items() if isinstance(table, Mapping) else table
    if not isinstance(pairs, Iterable) or isinstance(pairs, str):
        raise ValueError(f"table must map numbers of patients to letters, not {shown(table)}")
    rows = [_as_row(pair) for pair in pairs]
    if not rows:
        raise ValueError("table must be given: for each number of patients the decisions after 0, 1, ... DLTs")
    if len({patients for patients, _ in rows}) < len(rows):
        raise ValueError("table has two rows for the same number of patients")
    return tuple(sorted(rows))


def _as_row(pair: object) -> tuple[int, str]:
    row = cast("Sequence[Any]", pair)
    try:
        patients, letters = int(row[0]), str(row[1]).strip().upper()
    except (TypeError, ValueError, IndexError, OverflowError):
        raise ValueError(f"table must map numbers of patients to letters, not {shown(pair)}") from None
    if abs(patients) > MOST_PATIENTS:
        raise ValueError(f"table must have 1 to {MOST_PATIENTS:,} patients, not {shown(row[0])}")
    if patients < 1 or len(letters) != patients + 1:
        raise ValueError(
            f"table row {patients} must have {patients + 1} letters, for 0 to {patients} DLTs, not {shown(letters)}"
        )
    if set(letters) - set(LETTERS):
        raise ValueError(f"table row {patients} must hold the letters E, S, D and U only, not {shown(letters)}")
    if list(letters) != sorted(letters, key=LETTERS.index):
        raise ValueError(f"table row {patients} must not become milder with more DLTs, as {shown(letters)} does")
    return patients, letters
