"""A fixed first part: follow a path of levels until the first DLT, then hand over to the design."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.checks import require_number, require_whole, shown
from designs.decision import Decision, Reason
from designs.entered import entered_too_soon
from designs.outcomes import parse_cohorts
from designs.pending import EnteredTally
from designs.rules.base import ProposalRule, RuledDesign, counted
from designs.tally import Tally


@dataclass(frozen=True)
class FollowPath(ProposalRule):
    """Give fixed levels to the first cohorts, until the first DLT or the first departure from the path.

    escalation's ``follow_path``, the vector ``x0`` of dfcrm's two-stage ``crmsim``, and a way to write accelerated
    titration in front of any design: ``FollowPath("1N 2N 3N")``.

    Parameters
    ----------
    path : str or sequence of int
        Cohorts with their sizes, such as ``"1N 2N 3NNN"``; or levels, each given to a full cohort.
    minimum_days : float, optional
        Days since the last patient was entered before the path goes on to another level, where a design does not wait
        for outcomes (``pending=``); by default the DLT window, as ``tgrp`` of dfcrm's two-stage ``titesim``.  Patients
        at the same level follow one another at once.

    Examples
    --------
    >>> from designs import BOIN, Tally
    >>> design = BOIN(target=0.3, n_doses=4, max_n=30, rules=(FollowPath("1N 2N 3N"),))
    >>> decision = design.decide(Tally.parse(["", "1N", "1N 2N 3N", "1N 2T"], n_doses=4))
    >>> decision.level, decision.cohort_size, [reason.name for reason in decision.reason]
    (array([1, 2, 4, 1]), array([1, 1, 3, 3]), ['START', 'FIXED_PATH', 'ESCALATE', 'DEESCALATE'])
    """

    path: str | tuple[int, ...] = field(metadata={"example": "1N 2N 3NNN"})
    minimum_days: float | None = None

    reason = Reason.FIXED_PATH

    def __post_init__(self) -> None:
        if isinstance(self.path, str):
            try:
                cohorts = parse_cohorts(self.path, n_doses=10**6)
            except ValueError as error:
                raise ValueError(f"path cannot be used: its {error}") from None
            if any(dlt > 0 for _, _, dlt in cohorts):
                raise ValueError(f"path must be one without DLTs (N only), not {shown(self.path)}")
        elif isinstance(self.path, list | tuple):
            object.__setattr__(self, "path", tuple(self.path))
            for level in self.path:
                require_whole("path", level, 1)
        else:
            raise ValueError(f"path must be like '1N 2N 3N', or a list of levels, not {shown(self.path)}")
        if not self.path:
            raise ValueError("path must not be empty")
        if self.minimum_days is not None and require_number("minimum_days", self.minimum_days) < 0:
            raise ValueError(f"minimum_days must not be negative, not {self.minimum_days}")

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the path leaves the levels, begins elsewhere than the design, or is too long."""
        steps = self.steps(design)
        highest = max(level for level, _ in steps)
        if highest > design.n_doses:
            raise ValueError(f"path must keep to the levels 1 to {design.n_doses}, not go to {highest}")
        if steps[0][0] != design.start_level:
            raise ValueError(f"path must begin at start_level = {design.start_level}, not {steps[0][0]}")
        patients = sum(size for _, size in steps)
        if patients > design.max_n:
            raise ValueError(f"path must have at most max_n = {design.max_n} patients, not {patients}")

    def steps(self, design: RuledDesign) -> list[tuple[int, int]]:
        """Return the level and size of each cohort."""
        if isinstance(self.path, str):
            return [(level, n) for level, n, _ in parse_cohorts(self.path, n_doses=10**6)]
        within = np.minimum(self.path, design.n_doses)
        sizes = design.full_cohort(Tally.empty(design.n_doses, len(within)), within)
        return list(zip(self.path, sizes.tolist(), strict=True))

    def redirect(self, design: RuledDesign, tally: Tally) -> Decision:
        """See :meth:`ProposalRule.redirect`."""
        level, cohort = np.zeros(tally.size, dtype=np.int64), np.zeros(tally.size, dtype=np.int64)
        calm = tally.total_dlt == 0
        treated, last = np.zeros(tally.n_doses, dtype=np.int64), 0
        for following, size in self.steps(design):
            on_path = calm & (tally.level == last) & (tally.n == treated).all(axis=1)
            level[on_path], cohort[on_path] = following, size
            treated[following - 1] += size
            last = following
        return Decision(level, cohort, np.full(tally.size, self.reason, dtype=np.int8))

    def waits(self, design: RuledDesign, entered: EnteredTally, level: IntArray) -> BoolArray:
        """See :meth:`Rule.waits`: before the path goes on to another level."""
        moves = (self.redirect(design, entered).level > 0) & (level != entered.level)
        return moves & entered_too_soon(entered, self.minimum_days)

    def follow_up_marks(self) -> tuple[float, ...]:
        """See :meth:`Rule.follow_up_marks`."""
        return () if self.minimum_days is None else (self.minimum_days,)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        path = ", ".join(f"{counted(size, 'patient')} at level {level}" for level, size in self.steps(design))
        waits = "" if self.minimum_days is None else f" It {waits_words(self.minimum_days)}."
        return f"Until the first DLT the trial follows a fixed path: {path}.{waits}"


def waits_words(minimum_days: float) -> str:
    """Say when a fixed first part goes on where outcomes are pending.

    Examples
    --------
    >>> waits_words(7)
    'goes on to another level 7 days after the last patient was entered, whoever is pending'
    """
    if minimum_days == 0:
        return "goes on to another level at once, whoever is pending"
    days = "1 day" if minimum_days == 1 else f"{minimum_days:g} days"
    return f"goes on to another level {days} after the last patient was entered, whoever is pending"
