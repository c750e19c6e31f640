"""The general A+B design, of which 3+3 is the best-known instance.

Treat ``a`` patients.  Fewer than ``c`` DLTs: go up.  From ``c`` to ``d`` DLTs: treat ``b`` more at the same level; at
most ``e`` DLTs in all: go up.  More than ``d`` among ``a``, or more than ``e`` among ``a + b``: the level is too toxic.

``"escalation_only"``
    On a too toxic level the trial ends; the level below is the MTD whatever its number of patients.  The top level is
    accepted with fewer than ``c`` DLTs in ``a``.
``"deescalation"``
    On a too toxic level ``b`` more patients are treated at the level below if it has only ``a``; the MTD is the
    highest level with at most ``e`` DLTs in ``a + b``, except that the top level is accepted as before.
``"six_at_mtd"`` (default)
    As before, but ``a + b`` patients (six in a 3+3) are needed at any MTD, the top level included.

Lin and Shih (2001), *Biostatistics* 2:203-215, designs without and with dose de-escalation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray
from designs.checks import MOST_IN_COHORT, require_choice, require_whole, shown
from designs.decision import Decision, Reason
from designs.design import Design
from designs.phases import highest_level
from designs.rules.base import counted
from designs.tally import Tally

VARIANTS = ("six_at_mtd", "deescalation", "escalation_only")


@dataclass(frozen=True, kw_only=True)
class APlusB(Design):
    """The A+B design; it has no target.

    Parameters
    ----------
    n_doses : int
        Number of dose levels.
    a : int
        Patients in the first group at a level.
    b : int
        Patients in the second group at a level.
    c : int
        Fewest DLTs among the first ``a`` that call for ``b`` more patients; with fewer the next level is given.
    d : int
        Most DLTs among the first ``a`` that call for ``b`` more patients; with more the level is too toxic.
    e : int
        Most DLTs among ``a + b`` that still allow escalation.
    variant : {"six_at_mtd", "deescalation", "escalation_only"}
        Whether a too toxic level ends the trial, or the level below is filled up to ``a + b`` patients first, and
        whether that many are needed at any MTD, the top level included.
    max_n : int, optional
        Most patients; by default ``a + b`` per level, which never cuts a trial short.
    cohort_size : int, optional
        Must be ``a``, which it is by default.
    start_level, rules
        As for :class:`Design`.

    Examples
    --------
    >>> design = APlusB(n_doses=3, a=2, b=4, c=1, d=1, e=1)
    >>> decision = design.decide(Tally.parse(["1NN", "1NT", "1TT", "1NN 2TT"], n_doses=3))
    >>> decision.level, decision.cohort_size
    (array([2, 1, 0, 1]), array([2, 4, 0, 4]))
    """

    references: ClassVar[tuple[str, ...]] = ("Lin and Shih (2001), Biostatistics 2:203-215",)

    fixed_cohorts: ClassVar[bool] = True

    max_n: int = 0
    cohort_size: int = 0
    a: int = 3
    b: int = 3
    c: int = 1
    d: int = 1
    e: int = 1
    variant: str = "six_at_mtd"

    def __post_init__(self) -> None:
        require_choice("variant", self.variant, VARIANTS)
        require_whole("a", self.a, 1, MOST_IN_COHORT)
        require_whole("b", self.b, 1, MOST_IN_COHORT)
        require_whole("c", self.c, 1)
        require_whole("d", self.d, self.c)
        require_whole("e", self.e, 1)
        if not self.d <= self.a:
            raise ValueError(f"d must be at most a = {self.a}, not {shown(self.d)}")
        if not self.e < self.a + self.b:
            raise ValueError(f"e must be below a + b = {self.a + self.b}, not {shown(self.e)}")
        if self.cohort_size == 0:
            object.__setattr__(self, "cohort_size", self.a)
        if self.max_n == 0 and isinstance(self.n_doses, int | np.integer):
            object.__setattr__(self, "max_n", (self.a + self.b) * self.n_doses)
        super().__post_init__()
        if self.cohort_size != self.a:
            raise ValueError(f"cohort_size must be {self.a} in this A+B design, not {self.cohort_size}")

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        a, b, c, d, e = self.a, self.b, self.c, self.d, self.e
        full = a + b
        some = counted(c, "DLT") if c == d else f"{c} to {d} DLTs"
        return (
            f"The {a}+{b} design treats groups of {a} patients. With {_fewer(c)} among them the "
            f"next "
            f"group gets the next higher level. With {some}, {b} more patients are treated at the same level, and "
            f"with at most {counted(e, 'DLT')} among all {full} the trial goes up. More than {counted(d, 'DLT')} among "
            f"the first {a}, or more than {e} among all {full}, make a level too toxic. {self._variant_words()}"
        )

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        n, dlt, level = tally.current_n, tally.current_dlt, tally.level
        toxic = self._toxic(n, dlt)
        # Where a group is not complete (real trials), it is filled up first.
        unfilled = ~toxic & (n != self.a) & (n < self.a + self.b)
        more = unfilled | ((n == self.a) & (dlt >= self.c))
        blocked = self._ceiling_from_data(tally) <= level
        move = self.move_to(tally, level + (~toxic & ~more & ~blocked) - toxic)
        there = tally.at(tally.n, move.level)
        cohort = np.maximum(np.where(there < self.a, self.a, self.a + self.b) - there, 1)
        reason = np.where(unfilled, np.int8(Reason.COMPLETE_COHORT), move.reason_code)
        return Decision(move.level, cohort, reason)

    def finished(self, tally: Tally) -> npt.NDArray[np.int8]:
        """See :meth:`Design.finished`."""
        n, dlt, level = tally.current_n, tally.current_dlt, tally.level
        full = self.a + self.b
        toxic = self._toxic(n, dlt)
        if self.variant == "escalation_only":
            found = toxic
            nothing_left = toxic & (self.pick(tally) == 0)
        else:
            found = toxic & (tally.at(tally.n, np.maximum(level - 1, 0)) >= full)
            nothing_left = toxic & (level == 1)
        accepted = (n >= full) & (dlt <= self.e)
        if self.variant != "six_at_mtd":
            accepted |= (level == self.n_doses) & (n == self.a) & (dlt < self.c)
        found = found | (accepted & (level >= self._ceiling_from_data(tally)))
        code = np.where(found, np.int8(Reason.MTD_FOUND), np.int8(0))
        code = np.where(nothing_left, np.int8(Reason.NO_SAFE_DOSE), code)
        return np.where(level > 0, code, 0).astype(np.int8)

    def condemns(self, entered: Tally) -> BoolArray:
        """See :meth:`Design.condemns`."""
        return self._toxic(entered.current_n, entered.current_dlt)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the highest level that the variant accepts, below any too toxic one."""
        accepted = (tally.n >= self.a + self.b) & (tally.dlt <= self.e)
        cleared = (tally.n >= self.a) & (tally.dlt < self.c)
        ceiling = self._ceiling_from_data(tally)[:, None]
        levels = np.arange(1, self.n_doses + 1)
        if self.variant == "escalation_only":
            # The level below a too toxic one, whatever its number of patients (few after a titration).
            accepted |= cleared | ((levels == ceiling) & (ceiling < self.n_doses) & (tally.n > 0))
        elif self.variant == "deescalation":
            accepted[:, -1] |= cleared[:, -1]
        return highest_level(accepted & (levels <= ceiling))

    def _variant_words(self) -> str:
        full = self.a + self.b
        top = f"the highest level is accepted with {_fewer(self.c)} among its first {self.a}"
        if self.variant == "escalation_only":
            return (
                "A too toxic level ends the trial, and the level below is the MTD, whatever its number of patients; "
                f"{top}."
            )
        found = (
            f"On a too toxic level {self.b} more patients are treated at the level below if only {self.a} have been; "
            f"the MTD is the highest level with at most {counted(self.e, 'DLT')} among {full} patients"
        )
        exception = f"; the highest level, too, needs {full}" if self.variant == "six_at_mtd" else f", but {top}"
        return f"{found}{exception}."

    def _toxic(self, n: IntArray, dlt: IntArray) -> BoolArray:
        return dlt > np.where(n <= self.a, self.d, self.e)

    def _ceiling_from_data(self, tally: Tally) -> IntArray:
        """Return the highest level below the lowest too toxic one, (S,)."""
        toxic = self._toxic(tally.n, tally.dlt)
        return np.where(toxic.any(axis=1), np.argmax(toxic, axis=1), self.n_doses)


def _fewer(c: int) -> str:
    return "no DLT" if c == 1 else f"fewer than {counted(c, 'DLT')}"
