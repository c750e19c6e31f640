"""The 3+3 design in its three usual variants.

Treat three patients.  No DLT: go up.  One DLT: treat three more at the same level; one DLT in six: go up.  Two or
more DLTs: the level is too toxic.

``"escalation_only"``
    On a too toxic level the trial ends; the level below is the MTD whatever its number of patients.  The top level
    is accepted with 0 of 3 or at most 1 of 6 DLTs.
``"deescalation"``
    On a too toxic level three more patients are treated at the level below if it has only three; the MTD is the
    highest level with at most 1 DLT in six, except that the top level is accepted with 0 of 3.
``"six_at_mtd"`` (default)
    As before, but six patients are needed at any MTD, the top level included.

Storer (1989), *Biometrics* 45:925-937; Korn et al. (1994), *Statistics in Medicine* 13:1799-1806.  Packages differ
silently in the variant, which changes the results at the top level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs.checks import require_choice
from designs.decision import Decision, Reason
from designs.design import Design, highest_level
from designs.tally import IntArray, Tally

VARIANTS = ("six_at_mtd", "deescalation", "escalation_only")


@dataclass(frozen=True, kw_only=True)
class ThreePlusThree(Design):
    """The 3+3 design; it has no target.

    Parameters
    ----------
    n_doses : int
        Number of dose levels.
    variant : {"six_at_mtd", "deescalation", "escalation_only"}
        See the module's text.
    max_n : int, optional
        Most patients; by default six per level, which never cuts a trial short.
    cohort_size : int
        Must be 3.
    start_level, rules
        As for :class:`Design`.

    Examples
    --------
    >>> design = ThreePlusThree(n_doses=3)
    >>> decision = design.decide(Tally.parse(["1NNN", "1NNT", "1NTT", "1NNN 2NTT"], n_doses=3))
    >>> decision.level, [reason.name for reason in decision.reason]
    (array([2, 1, 0, 1]), ['ESCALATE', 'STAY', 'NO_SAFE_DOSE', 'DEESCALATE'])
    """

    max_n: int = 0
    variant: str = "six_at_mtd"

    def __post_init__(self) -> None:
        require_choice("variant", self.variant, VARIANTS)
        if self.max_n == 0 and isinstance(self.n_doses, int):
            object.__setattr__(self, "max_n", 6 * self.n_doses)
        super().__post_init__()
        if self.cohort_size != 3:
            raise ValueError(f"cohort_size must be 3 in a 3+3 design, not {self.cohort_size}")

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        n, dlt, level = tally.current_n, tally.current_dlt, tally.level
        toxic = dlt >= 2
        # Where data do not come in threes (real trials), the group at hand is filled up first.
        unfilled = ~toxic & (n % 3 != 0)
        more = unfilled | ((n == 3) & (dlt == 1))
        blocked = self._ceiling_from_data(tally) <= level
        up = ~toxic & ~more & ~blocked
        move = self.move_to(tally, level + up - toxic)
        cohort = np.where(unfilled, 3 - n % 3, 3)
        reason = np.where(unfilled, np.int8(Reason.COMPLETE_COHORT), move.reason_code)
        return Decision(move.level, cohort, reason)

    def finished(self, tally: Tally) -> npt.NDArray[np.int8]:
        """See :meth:`Design.finished`."""
        n, dlt, level = tally.current_n, tally.current_dlt, tally.level
        treated = level > 0
        ceiling = self._ceiling_from_data(tally)
        toxic = dlt >= 2
        below = np.maximum(level - 1, 0)
        found = toxic if self.variant == "escalation_only" else toxic & (tally.at(tally.n, below) >= 6)
        accepted = (n >= 6) & (dlt <= 1)
        if self.variant != "six_at_mtd":
            accepted |= (level == self.n_doses) & (n == 3) & (dlt == 0)
        found |= accepted & (level >= ceiling)
        code = np.where(found, np.int8(Reason.MTD_FOUND), np.int8(0))
        nothing_left = toxic & (level == 1)
        if self.variant == "escalation_only":
            nothing_left |= toxic & (self.pick(tally) == 0)
        code = np.where(nothing_left, np.int8(Reason.NO_SAFE_DOSE), code)
        return np.where(treated, code, 0).astype(np.int8)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the highest level that the variant accepts, below any too toxic one."""
        accepted = (tally.n >= 6) & (tally.dlt <= 1)
        cleared = (tally.n >= 3) & (tally.dlt == 0)
        if self.variant == "escalation_only":
            accepted |= cleared
        elif self.variant == "deescalation":
            accepted[:, -1] |= cleared[:, -1]
        tolerable = np.arange(1, self.n_doses + 1) <= self._ceiling_from_data(tally)[:, None]
        return highest_level(accepted & tolerable)

    def _ceiling_from_data(self, tally: Tally) -> IntArray:
        """Return the highest level below the lowest too toxic one, (S,)."""
        toxic = tally.dlt >= 2
        return np.where(toxic.any(axis=1), np.argmax(toxic, axis=1), self.n_doses)
