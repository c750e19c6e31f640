"""The rows of a decision table with follow-up limits, as papers on time-to-event designs print them.

An interval design that weighs pending patients decides from n patients at the current dose, y DLTs known among them, c
pending, and the total follow-up of these.  Each row holds numbers of pending patients, or of DLTs, that have the same
decision or the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from designs import Design, FollowUpTable, Weighted, follow_up_table
from designs.follow_up import FollowUpDesign, weighing
from designs.rules.base import Rule, StoppingRule
from designs.words import percent
from doseesc.conduct.stopping_cells import STOP, Entry, stops_at

STATISTICS = {
    "imputation": ("STFT", "total follow-up of the patients pending at the dose"),
    "ess": ("ESS", "effective sample size: the patients known at the dose, and the follow-up of those pending"),
}
"""By the policy's estimate, what the limits are on: the name that papers give it, and what it is."""

WAITS = {"W": "wait until more is known of the patients pending"}
"""What the letter beyond those of a table of complete data means."""

_LETTERS = {1: "E", 0: "S", -1: "D"}
_ALMOST = 1 - 1e-9  # of the window

_State: TypeAlias = tuple[int, int, int]  # patients, DLTs, pending
_Cell: TypeAlias = tuple[str, float | None, float | None, float]  # as the last fields of a row


@dataclass(frozen=True)
class FollowUpRow:
    """One row.

    Attributes
    ----------
    n : int
        Patients entered at the dose.
    dlt, pending : (int, int)
        The least and the most DLTs, and patients pending, that the row is about.
    decision : str
        One letter, or several with a slash between: which of them holds is a matter of follow-up.  In place of a letter
        :data:`doseesc.conduct.stopping_cells.STOP` where the design's rules then end the trial at any dose.
    escalate_from, deescalate_to : float or None
        The limits on the statistic of :data:`STATISTICS`: the first letter holds at or above, the D at or below.
    followed : float
        Share of the window that each patient pending must have been followed for an escalation, else wait; 0: none.
    """

    n: int
    dlt: tuple[int, int]
    pending: tuple[int, int]
    decision: str
    escalate_from: float | None
    deescalate_to: float | None
    followed: float


class TabulatedDesign(FollowUpDesign, Protocol):
    """An interval design with a table of complete data."""

    def all_rules(self) -> tuple[Rule, ...]:
        """Return the design's own rules, and those around it."""

    def complete_exclusions(self, max_n: int) -> npt.NDArray[np.bool_]:
        """Return by [n, y] where a level is excluded."""


def weighs_by_limits(design: Design) -> bool:
    """Whether a design has a table with follow-up limits."""
    return design.weighs_pending == "interval" and isinstance(design.pending, Weighted)


def follow_up_rows(design: TabulatedDesign) -> tuple[FollowUpRow, ...]:
    """Return the rows of a design's table, for each number of patients at the dose up to the most in the trial.

    Raises
    ------
    ValueError
        If the design has no such table.

    Examples
    --------
    >>> from designs import BOIN, Weighted
    >>> rows = follow_up_rows(BOIN(target=0.2, n_doses=5, max_n=30, pending=Weighted()))
    >>> [(row.decision, row.pending) for row in rows if row.n == 9 and row.dlt == (1, 1)]
    [('E', (0, 2)), ('E/S', (3, 3)), ('E/S', (4, 4)), ('W', (5, 8))]
    """
    table, policy = follow_up_table(design), weighing(design)
    cells = {
        (n, y, c): _cell(table, policy, (n, y, c), int(design.complete_steps(n)[n][y]))
        for n in range(1, design.max_n + 1)
        for y in range(n + 1)
        if not design.complete_exclusions(n)[n][y]
        for c in range(n - y + 1)
    }
    cells = _with_stops(design, policy, cells)
    return tuple(row for n in range(1, design.max_n + 1) for row in joined(n, list(_rows(cells, n))))


def statistic(design: FollowUpDesign) -> str:
    """Return the name of what the limits are on."""
    policy = weighing(design)
    name = STATISTICS[str(policy.estimate)][0]
    return name if policy.weights == "linear" else f"W{name}"


def follow_up_legend(design: FollowUpDesign, window_days: float | None) -> Mapping[str, str]:
    """Return what is written in the rows beyond the letters of a table of complete data."""
    policy = weighing(design)
    share = policy.minimum_followed
    window = "DLT windows" if window_days is None else f"DLT windows of {window_days:g} days"
    weighted = "" if policy.weights == "linear" else ", weighted"
    legend = {**WAITS, statistic(design): f"{STATISTICS[str(policy.estimate)][1]}, in {window}{weighted}"}
    if share > 0:
        legend["each"] = (
            f"wait unless every patient pending at the dose has been followed for {percent(share)} of the window"
        )
    return legend


def _rows(cells: Mapping[_State, _Cell], n: int) -> Iterator[FollowUpRow]:
    """Yield the rows of n patients, by DLTs; states without a cell are excluded."""
    for y in range(n + 1):
        if (n, y, 0) not in cells:
            yield FollowUpRow(n, (y, y), (0, n - y), "DU", None, None, 0.0)
            continue
        for cell, same in groupby(((c, cells[n, y, c]) for c in range(n - y + 1)), key=itemgetter(1)):
            pending = [c for c, _ in same]
            yield FollowUpRow(n, (y, y), (pending[0], pending[-1]), *cell)


def _with_stops(design: TabulatedDesign, policy: Weighted, cells: Mapping[_State, _Cell]) -> dict[_State, _Cell]:
    """Return the cells with :data:`STOP` in place of letters at which the rules end the trial."""
    if not any(isinstance(rule, StoppingRule) for rule in design.all_rules()):
        return dict(cells)
    asked = [
        (state, letter, Entry(state[0], state[1], state[2], followed))
        for state, cell in cells.items()
        if state[0] < design.max_n
        for letter in cell[0].split("/")
        if (followed := _followed(policy, state, cell, letter)) is not None
    ]
    stops = stops_at(cast("Design", design), [entry for *_, entry in asked])
    stopped = {(state, letter) for (state, letter, _), stop in zip(asked, stops, strict=True) if stop}
    return {
        state: _stopped(cell, [letter for letter in cell[0].split("/") if (state, letter) in stopped])
        for state, cell in cells.items()
    }


def _stopped(cell: _Cell, stopped: list[str]) -> _Cell:
    """Return a cell in which some letters are stops; a limit between two stops is none."""
    decision, up, down, followed = cell
    letters = [STOP if letter in stopped else letter for letter in decision.split("/")]
    if not stopped:
        return cell
    if set(letters) == {STOP}:
        return STOP, None, None, 0.0
    if letters[-2:] == [STOP, STOP]:
        letters, down = letters[:-1], None
    if letters[:2] == [STOP, STOP]:
        letters, up = letters[1:], None
    return "/".join(letters), up, down, followed if letters[0] == "E" else 0.0


def _followed(policy: Weighted, state: _State, cell: _Cell, letter: str) -> float | None:
    """Return for how much of the window each pending patient is followed where a letter holds; None where not known."""
    n, _, pending = state
    if letter == "W":
        return None
    if pending == 0 or "/" not in cell[0]:
        return _ALMOST if pending else 0.0
    if letter in "ED":
        return _ALMOST if letter == "E" else 0.0
    if policy.weights != "linear":
        return None
    known = n - pending if policy.estimate == "ess" else 0
    up, down = (limit if limit is None else limit - known for limit in cell[1:3])
    low, high = 0.0 if down is None else max(down, 0.0), float(pending) if up is None else min(up, float(pending))
    return min((low + high) / 2 / pending, _ALMOST)


def _cell(table: FollowUpTable, policy: Weighted, at: _State, step: int) -> _Cell:
    """Return decision, limits and the share to be followed of one state."""
    n, _, c = at
    if c == 0:
        return _LETTERS[step], None, None, 0.0
    if table.too_many_pending[at]:
        return "W", None, None, 0.0
    up, down = float(table.escalate_from[at]), float(table.deescalate_to[at])
    known = n - c if policy.estimate == "ess" else 0
    first = "W" if table.too_few_known[at] else "E"
    letters = [
        *([first] if up < np.inf else []),
        *(["S"] if up > -np.inf and down < np.inf else []),
        *(["D"] if down > -np.inf else []),
    ]
    return (
        "/".join(letters),
        round(up + known, 10) if np.isfinite(up) else None,  # what differs by rounding is the same limit
        round(down + known, 10) if np.isfinite(down) else None,
        policy.minimum_followed if letters[0] == "E" else 0.0,
    )


def joined(n: int, rows: list[FollowUpRow]) -> Iterator[FollowUpRow]:
    """Join rows of n patients that follow one another with the same decision whoever is pending."""
    for whole, group in groupby(rows, key=_whatever_is_pending):
        same = list(group)
        if whole is None or len(same) == 1:
            yield from same
            continue
        low, high = same[0], same[-1]
        yield FollowUpRow(n, (low.dlt[0], high.dlt[1]), low.pending, *whole)


def _whatever_is_pending(row: FollowUpRow) -> _Cell | None:
    """Return what a row says where it holds for all numbers pending, else None."""
    if row.pending != (0, row.n - row.dlt[0]):
        return None
    return row.decision, row.escalate_from, row.deescalate_to, row.followed
