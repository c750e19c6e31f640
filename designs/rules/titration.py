"""Accelerated titration in front of any design."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.checks import require_flag, require_whole, shown
from designs.decision import Decision, Reason
from designs.rules.base import ProposalRule, RuledDesign
from designs.tally import Tally


@dataclass(frozen=True)
class AcceleratedTitration(ProposalRule):
    """One patient per level, from the start level up to the first DLT or the top level; then the design itself.

    At the level where the titration ends the cohort is completed before the design decides.  After Simon et al. (1997),
    *Journal of the National Cancer Institute* 89:1138-1147, whose trigger is the first DLT here; in front of BOIN it is
    the ``titration`` of the BOIN software.  With ``completes: false`` it is part 1 of crmPack's trials in two parts
    (``DataParts``), whose cohorts are single patients; where part 2 may begin is said by :class:`MaximumIncrement`.

    Parameters
    ----------
    ladder : sequence of int
        Levels of the titration, increasing from the start level; by default all from there up.
    completes : bool
        Whether the cohort is completed where the titration ends; without, the design decides at once.

    Examples
    --------
    >>> from designs import CRM, Tally
    >>> rules = (AcceleratedTitration(),)
    >>> design = CRM(target=0.3, skeleton=(0.1, 0.2, 0.3, 0.5), max_n=30, cohort_size=3, rules=rules)
    >>> decision = design.decide(Tally.parse(["", "1N", "1N 2N", "1N 2T", "1N 2T 2NN"], n_doses=4))
    >>> decision.level, decision.cohort_size
    (array([1, 2, 3, 2, 2]), array([1, 1, 1, 2, 3]))
    """

    ladder: tuple[int, ...] = ()
    completes: bool = True

    references = ("Simon et al. (1997), Journal of the National Cancer Institute 89:1138-1147",)

    reason = Reason.TITRATE

    def __post_init__(self) -> None:
        if not isinstance(self.ladder, list | tuple):
            raise ValueError(f"ladder must be a list of levels, not {shown(self.ladder)}")
        object.__setattr__(self, "ladder", tuple(self.ladder))
        for level in self.ladder:
            require_whole("ladder", level, 1)
        if any(high <= low for low, high in pairwise(self.ladder)):
            raise ValueError(f"ladder must go up, not {shown(self.ladder)}")
        require_flag("completes", self.completes)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless the ladder begins at the start level and has levels of the design only."""
        if self.ladder and (self.ladder[0] != design.start_level or self.ladder[-1] > design.n_doses):
            raise ValueError(
                f"ladder must go from the start level, {design.start_level}, to a level of at most {design.n_doses}, "
                f"not {shown(self.ladder)}"
            )

    def rungs(self, design: RuledDesign) -> IntArray:
        """Return the levels of the titration, lowest first."""
        return np.array(self.ladder or range(design.start_level, design.n_doses + 1), dtype=np.int64)

    def climbs(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """Return where the titration goes on (S,)."""
        return self._singles(design, tally) & (tally.total_dlt == 0) & (tally.level < self.rungs(design)[-1])

    def has_ended(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """Return where it has just ended (S,): nobody but single patients was treated, and any DLT was the last's."""
        at_last = np.take_along_axis(tally.dlt, np.maximum(tally.level, 1)[:, None] - 1, axis=1)[:, 0]
        return self._singles(design, tally) & ~self.climbs(design, tally) & (tally.total_dlt == at_last)

    def redirect(self, design: RuledDesign, tally: Tally) -> Decision:
        """See :meth:`ProposalRule.redirect`."""
        climb, rungs = self.climbs(design, tally), self.rungs(design)
        rest = design.cohort_size - 1
        complete = self._singles(design, tally) & ~climb & (rest > 0) & self.completes
        above = rungs[np.minimum(np.searchsorted(rungs, tally.level, "right"), len(rungs) - 1)]
        level = np.where(climb, above, np.where(complete, tally.level, 0))
        reason = np.where(climb, np.int8(Reason.TITRATE), np.int8(Reason.COMPLETE_COHORT))
        return Decision(level, np.where(climb, 1, np.where(complete, rest, 0)), reason)

    def _singles(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """Return where each level of the ladder up to the current one has one patient, and others have none (S,)."""
        levels = np.arange(1, design.n_doses + 1)
        climbed = np.isin(levels, self.rungs(design)) & (levels <= tally.level[:, None])
        return np.asarray((tally.n == climbed).all(axis=1), dtype=np.bool_)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        where = f"at one level after another, from level {design.start_level} up, until the first DLT or the top level"
        if self.ladder:
            levels = ", ".join(f"level {level}" for level in self.ladder)
            where = f"at {levels} in turn, until the first DLT or the last of them"
        then = "the cohort there is then completed, and" if self.completes else "then"
        return f"Single patients are treated {where}; {then} the design takes over."
