"""Decisions from a table over (patients entered, DLTs, patients pending) at each dose, one dose after the other.

Designs for continuous accrual are such tables: rolling six, or whatever a committee wrote down.  At a decision every
dose has a letter of its own, and so late outcomes at a dose already left count too:

======  ==================================================================================================
letter  meaning
======  ==================================================================================================
E       escalate
S       stay: the next patients get this dose
W       wait for outcomes
M       this dose is the MTD: stop
D       de-escalate; the dose may be given again
U       de-escalate and close the dose and all above for good; with the lowest dose closed: stop, no MTD
======  ==================================================================================================

The trial looks at its current dose and goes where the letter says, but never above the highest open dose.  Where no
higher dose is open (it is the highest level, or the next one is closed), and at a dose that it comes down to, a second
letter holds, which knows that there is nothing above: S, W or M.

A closed dose stays closed although its other pending patients have no DLT and its letter becomes milder: a dose above
the current one is closed also where its letter was U while some of today's known outcomes were still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray
from designs.decision import Decision, Reason
from designs.pending import EnteredTally, Pending
from designs.policies import PendingPolicy, PolicyDesign
from designs.tally import Tally
from designs.waiting import held, wait_where

LETTERS = "ESWMDU"
"""From the mildest to the most severe: with more DLTs among as many patients no letter may become milder."""

Letters = npt.NDArray[np.int8]
"""Places in :data:`LETTERS`."""

E, S, W, M, D, U = (np.int8(place) for place in range(len(LETTERS)))


class LetterTable(NamedTuple):
    """Letters by patients entered n, DLTs y and patients pending c, each array with axes (n, y, c).

    Attributes
    ----------
    letter : array of int8
        What to do where higher doses are open; entries with y + c > n mean nothing.
    at_top : array of int8
        S, W or M: what to do where none is.
    closed : array of bool
        Whether the letter is U, or was while some of the outcomes known by now were open.
    """

    letter: Letters
    at_top: Letters
    closed: BoolArray

    @classmethod
    def of(cls, letter: Letters, at_top: Letters) -> LetterTable:
        """Complete a table; its arrays can then no longer be changed."""
        size = len(letter)
        n, y, pending = np.ogrid[:size, :size, :size]
        closed = (letter == U) & (y + pending <= n)
        for c in range(size - 2, -1, -1):  # one more outcome is known, with a DLT or without
            closed[:, :, c] |= closed[:, :, c + 1]
            closed[:, 1:, c] |= closed[:, :-1, c + 1]
        table = cls(letter.astype(np.int8), at_top.astype(np.int8), closed)
        for array in table:
            array.setflags(write=False)
        return table


class Course(NamedTuple):
    """Where S trials go.

    Attributes
    ----------
    level : array of int, shape (S,)
        The dose that the letter is about; 0 where the lowest is closed.
    letter : array of int8, shape (S,)
        S (treat), W (wait), M (stop, this is the MTD), or U (stop without one).
    ceiling : array of int, shape (S,)
        The highest open dose; 0 where the lowest is closed.
    """

    level: IntArray
    letter: Letters
    ceiling: IntArray


@dataclass(frozen=True)
class ByTable(PendingPolicy):
    """The policy of designs whose own table says what happens while patients are pending; no other design takes it."""

    def check(self, design: PolicyDesign) -> None:
        """Raise ValueError unless the design has a table over pending patients."""
        if not hasattr(design, "letter_table"):
            raise ValueError(
                f"pending must be Complete(), Settled() or Weighted(...) for {type(design).__name__}, which has no "
                "table over pending patients"
            )

    def decide(self, design: PolicyDesign, known: Tally, pending: Pending) -> Decision:
        """See :meth:`PendingPolicy.decide`."""
        entered = pending.entered(known)
        decided = design.decide(entered)
        decided = wait_where(entered, decided, np.where(decided.waits, decided.reason_code, 0))
        return held(design, entered, decided, np.zeros(known.size, dtype=np.bool_))

    def describe(self, design: PolicyDesign) -> str:
        """See :meth:`PendingPolicy.describe`."""
        return "What happens while patients are in their DLT window is part of the design's own table."


def require_own_policy(design: object, pending: object) -> None:
    """Raise ValueError where a design with a table over pending patients is given another policy."""
    if not isinstance(pending, ByTable):
        raise ValueError(
            f"pending must be left out for {type(design).__name__}: its own table says what happens while patients "
            f"are pending, so it cannot be {pending!r}"
        )


def course(table: LetterTable, tally: Tally) -> Course:
    """Return where trials go in which somebody has been treated; ``table`` must reach to the largest n of a dose."""
    n, dlt, level, pending = tally.n, tally.dlt, tally.level, pending_count(tally)
    rows, doses = np.arange(len(n)), n.shape[1]
    levels = np.arange(1, doses + 1)
    letter, at_top = table.letter[n, dlt, pending], table.at_top[n, dlt, pending]
    ceiling = highest_open(table, tally)
    here = letter[rows, level - 1]
    place = np.minimum(np.maximum(level + (here == E) - (here == D), 1), ceiling)
    for _ in range(doses - 1):  # past doses that were tried before and are full
        there = np.maximum(place, 1) - 1
        full = (letter[rows, there] == E) & (at_top[rows, there] != S)
        passed = full & (place > level) & (place < ceiling)
        if not passed.any():
            break
        place = place + passed
    final = np.where(place > 0, at_top[rows, np.maximum(place, 1) - 1], U)
    # What may still close a lower dose, or make it the MTD, is waited for before this one is named.
    worst = table.letter[n, dlt + pending, 0]
    open_below = ((levels < place[:, None]) & (pending > 0) & ((worst == U) | (worst == M))).any(axis=1)
    return Course(place, np.where((final == M) & open_below, W, final).astype(np.int8), ceiling)


def highest_open(table: LetterTable, tally: Tally) -> IntArray:
    """Return the highest dose (S,) that is neither closed nor above one found to be the MTD; 0 = none."""
    n, dlt, pending = tally.n, tally.dlt, pending_count(tally)
    doses = tally.n_doses
    from_current = np.arange(1, doses + 1) - tally.level[:, None]
    letter = table.letter[n, dlt, pending]
    closed = np.where(from_current > 0, table.closed[n, dlt, pending], letter == U)
    ceiling = np.where(closed.any(axis=1), np.argmax(closed, axis=1), doses)
    found_below = (letter == M) & (from_current < 0)
    lowest = np.where(found_below.any(axis=1), np.argmax(found_below, axis=1) + 1, doses)
    return np.minimum(ceiling, lowest)


def pending_count(tally: Tally) -> IntArray:
    """Return the patients pending at each dose, shape (S, J); a tally of known outcomes has none."""
    return tally.pending.count if isinstance(tally, EnteredTally) else np.zeros_like(tally.n)


def stops(table: LetterTable, tally: Tally, max_n: int, waits_when_full: bool) -> npt.NDArray[np.int8]:
    """Return stopping :class:`Reason` codes (S,): the MTD is found, the lowest dose is closed, ``max_n`` entered.

    Where every dose may be filled within ``max_n``, a trial with so many waits for its last outcomes all the same: they
    are what the MTD is named from.
    """
    letter = np.where(tally.level > 0, course(table, tally).letter, S)
    code = np.where(letter == M, np.int8(Reason.MTD_FOUND), np.int8(0))
    code = np.where(letter == U, np.int8(Reason.NO_SAFE_DOSE), code)
    full = (tally.total_n >= max_n) & ~((letter == W) & waits_when_full)
    return np.where((code == 0) & full, np.int8(Reason.MAX_N), code)


def proposed(course: Course, tally: Tally, cohort: IntArray) -> Decision:
    """Return the decision to treat ``cohort`` patients (S,), or to wait, at the dose that the letter is about."""
    step = np.sign(course.level.astype(np.int64) - tally.level)
    reason = np.array([Reason.STAY, Reason.ESCALATE, Reason.DEESCALATE], dtype=np.int8)[step]
    return Decision(course.level, cohort, np.where(course.letter == W, np.int8(Reason.WAIT), reason))
