"""The rolling six design: one patient at a time, up to six at a dose while others are still under observation.

At a dose n patients have been entered; y have had a DLT and c are pending.

``"protocol"`` (default)
    Two DLTs: one dose down, this dose and all above closed.  Otherwise the next patient gets

    * the next dose if the open outcomes cannot forbid it: among three to five patients no DLT and nobody pending, among
      six at most one with a DLT or pending;
    * the same dose while fewer than six have been entered;
    * else the patient waits.
``"eager"``
    As the table of the R package RollingSix: with four or five entered the next dose as soon as three are known to have
    had no DLT, whoever else is pending; with six only once all are known.  (The package's own simulation goes up from
    six, too, when one is pending and five have had no DLT.)
``"iq"``
    The IQ rolling six.  Up to eight at a dose; the next dose as soon as three are known to have had no DLT, or six at
    most one.  Without DLT a seventh and an eighth may enter while fewer than six are pending, with one DLT while fewer
    than three are.  Two DLTs close a dose when they are known among at most six patients; two among seven or eight, all
    known, make it the MTD, and three always close it.

Where there is no next dose (the highest, or the next one is closed) the dose is filled up to six, and it is the MTD
once six are known with at most one DLT and nobody is pending (``"iq"``: five without a DLT are enough).  A dose that
the trial comes down to is treated in the same way.  With dose 1 closed there is no MTD.  A patient who cannot be
evaluated is replaced, and counts neither as entered nor as pending.

In ``"protocol"`` no dose is left upwards while open outcomes could forbid it: with any of them the decision would be
the same.  Outcomes that could call for the next dose, or for the one below, are not waited for before the *same* dose
is given again, up to six times.  That makes it quicker than 3+3 with :class:`designs.settled.Settled`, which waits for
them, and is why it treats more patients.

With nobody pending, that is with complete data, every variant selects as 3+3 does with six patients at the MTD.

Skolnik et al. (2008), *Journal of Clinical Oncology* 26:190-195; its table beside that of IQ rolling six is Table 2 of
Frankel et al. (2020), *JAMA Network Open* 3:e204787.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.checks import require_choice
from designs.decision import Decision
from designs.design import Design
from designs.pending_letters import (
    ByTable,
    E,
    Letters,
    LetterTable,
    M,
    S,
    U,
    W,
    course,
    highest_open,
    proposed,
    require_own_policy,
    stops,
)
from designs.phases import highest_level
from designs.policies import PendingPolicy
from designs.tally import Tally

VARIANTS = ("protocol", "eager", "iq")

MOST_AT_DOSE = {"protocol": 6, "eager": 6, "iq": 8}
"""Patients entered at a dose."""


@dataclass(frozen=True, kw_only=True)
class RollingSix(Design):
    """The rolling six design; it has no target, and its own way with patients pending.

    Parameters
    ----------
    n_doses : int
        Number of dose levels.
    variant : {"protocol", "eager", "iq"}
        The published rule; the table of the R package, which goes up earlier; or the IQ rolling six, up to eight at a
        dose.
    max_n : int, optional
        Most patients; by default six per level (eight with ``"iq"``), which never cuts a trial short.
    cohort_size : int
        Must be 1.
    start_level, rules
        As for :class:`designs.Design`.
    pending : PendingPolicy
        Not for this design: its table says what happens while patients are pending.

    Examples
    --------
    Four at dose 1 of whom two are pending, six of whom two are pending, and six of whom one is:

    >>> from designs import Pending, Tally
    >>> design = RollingSix(n_doses=3)
    >>> known = Tally(n=[[2, 0, 0], [4, 0, 0], [5, 0, 0]], dlt=[[0, 0, 0]] * 3, level=[1, 1, 1])
    >>> pending = Pending(level=[[1, 1], [1, 1], [1, 0]], days=[[20.0, 9.0], [20.0, 9.0], [9.0, 0]], window_days=28)
    >>> decision = design.decide(known, pending)
    >>> decision.level, [reason.name for reason in decision.reason]
    (array([1, 1, 2]), ['STAY', 'WAIT', 'ESCALATE'])
    """

    references = (
        "Skolnik et al. (2008), Journal of Clinical Oncology 26:190-195",
        "Frankel et al. (2020), JAMA Network Open 3:e204787",
    )
    fixed_cohorts: ClassVar[bool] = True

    max_n: int = 0
    cohort_size: int = field(default=1, metadata={"own": True})
    pending: PendingPolicy = field(default_factory=ByTable)
    variant: str = "protocol"

    def __post_init__(self) -> None:
        require_choice("variant", self.variant, VARIANTS)
        if self.max_n == 0 and isinstance(self.n_doses, int | np.integer):
            object.__setattr__(self, "max_n", MOST_AT_DOSE[self.variant] * self.n_doses)
        require_own_policy(self, self.pending)
        super().__post_init__()
        if self.cohort_size != 1:
            raise ValueError(f"cohort_size must be 1 in a rolling six design, not {self.cohort_size}")

    def letter_table(self, largest_n: int = 0) -> LetterTable:
        """Return the design's letters by patients entered, DLTs and patients pending at a dose."""
        return _letter_table(self.variant, max(largest_n, MOST_AT_DOSE[self.variant]))

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        toxic = "After two DLTs the trial goes down a level, and the level and all above are closed."
        go_on = {
            "protocol": (
                "After three to five patients, all known, without a DLT, and after six of whom at most one has had a "
                "DLT or is pending, the next patient gets the next level. Otherwise patients get the same level until "
                f"six have been entered, and then wait. {toxic}"
            ),
            "eager": (
                "As soon as three of up to five patients are known to have had no DLT, and none is known to have had "
                "one, the next patient gets the next level, whoever else is pending; after six, once all are known "
                "with at most one DLT. Otherwise patients get the same level until six have been entered, and then "
                f"wait. {toxic}"
            ),
            "iq": (
                "As soon as three patients are known to have had no DLT, or six to have had at most one, the next "
                "patient gets the next level, whoever else is pending. Otherwise patients get the same level until six "
                "have been entered; a seventh and an eighth enter while fewer than six are pending, after one DLT "
                "fewer than three; and then they wait. After two DLTs among at most six known, or three, the trial "
                "goes down a level, and the level and all above are closed; two among seven or eight, all known, make "
                "it the MTD."
            ),
        }[self.variant]
        enough = " or five without one" if self.variant == "iq" else ""
        return (
            f"The rolling six design treats one patient at a time, while others may still be in their DLT window. "
            f"{go_on} Where there is no higher level, or the next one is closed, the level is filled up to six, and it "
            f"is the MTD once six are known with at most one DLT{enough}, and nobody is pending there. With the lowest "
            "level closed there is no MTD."
        )

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        return self.propose_with_ceiling(tally)[0]

    def ceiling(self, tally: Tally) -> IntArray:
        """See :meth:`Design.ceiling`: the highest open level."""
        return highest_open(self.letter_table(tally.largest_n), tally)

    def propose_with_ceiling(self, tally: Tally) -> tuple[Decision, IntArray]:
        """See :meth:`Design.propose_with_ceiling`."""
        going = course(self.letter_table(tally.largest_n), tally)
        return proposed(going, tally, np.ones(tally.size, dtype=np.int64)), going.ceiling

    @property
    def waits_when_full(self) -> bool:
        """See :attr:`Design.waits_when_full`: where ``max_n`` never cuts a trial short."""
        return self.max_n >= MOST_AT_DOSE[self.variant] * self.n_doses

    def finished(self, tally: Tally) -> npt.NDArray[np.int8]:
        """See :meth:`Design.finished`."""
        return self._finished(tally)

    def _finished(self, tally: Tally) -> npt.NDArray[np.int8]:
        table = self.letter_table(tally.largest_n)
        return stops(table, tally, self.max_n, self.waits_when_full)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the highest open level with enough known patients and few enough DLTs."""
        table = self.letter_table(tally.largest_n)
        nobody = np.zeros_like(tally.n)
        accepted = table.at_top[tally.n, tally.dlt, nobody] == M
        levels = np.arange(1, self.n_doses + 1)
        return highest_level(accepted & (levels <= highest_open(table, tally)[:, None]))


@lru_cache(maxsize=64)
def _letter_table(variant: str, largest_n: int) -> LetterTable:
    n, y, c = np.ogrid[: largest_n + 1, : largest_n + 1, : largest_n + 1]
    letter = {"protocol": _protocol, "eager": _eager, "iq": _iq}[variant](n, y, c)
    enough = n - c >= 6 if variant != "iq" else (n - c >= 6) | ((n - c >= 5) & (y == 0))
    filled_up = np.where((c == 0) & enough, M, np.where(n < 6, S, W))
    return LetterTable.of(letter, np.where(letter == E, filled_up, letter))


def _protocol(n: IntArray, y: IntArray, c: IntArray) -> Letters:
    may_have_had_one = y + c
    up = (n >= 3) & (may_have_had_one <= np.where(n < 6, 0, 1))
    return np.select([y >= 2, up, n < 6], [U, E, S], W)


def _eager(n: IntArray, y: IntArray, c: IntArray) -> Letters:
    up = np.where(n < 6, (y == 0) & (n - c >= 3), c == 0)
    return np.select([y >= 2, up, n < 6], [U, E, S], W)


def _iq(n: IntArray, y: IntArray, c: IntArray) -> Letters:
    known = n - c
    closed = (y >= 3) | ((y == 2) & (known <= 6))
    up = (y <= 1) & (known >= np.where(y == 0, 3, 6))
    room = (n < 6) | ((n < 8) & (c < np.where(y == 0, 6, 3)))
    return np.select([closed, (y == 2) & (c == 0), y == 2, up, room], [U, M, W, E, S], W)
