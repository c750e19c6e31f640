"""The contract of a dose-escalation design: a pure function of a tally, for many tallies at once.

A new design is one frozen dataclass with two methods:

``propose(tally)``
    where the next cohort would go if the trial goes on, and how large it is;
``pick(tally)``
    the level it would name as the MTD if the trial ended now.

:meth:`Design.decide` and :meth:`Design.select` put the rules around them, phase by phase:
*admissibility* (levels excluded as too toxic) → *proposal* → *limits* (no skipping, coherence) → *stopping* →
*selection*.  Rules of one phase commute, so their order in a file cannot change the design.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.beta_binomial import tail_table
from designs.checks import require_probability, require_whole
from designs.decision import Decision, Reason
from designs.rules import AdmissibilityRule, LimitRule, Rule, SelectionRule, StoppingRule
from designs.tally import MEMORY, IntArray, Tally


@dataclass(frozen=True, kw_only=True)
class Design(ABC):
    """What all designs share.

    Parameters
    ----------
    n_doses : int
        Number of dose levels J.
    max_n : int
        Most patients the trial may treat; the last cohort is smaller where it must be.
    cohort_size : int
        Patients per cohort.
    start_level : int
        Level of the first cohort, from 1.
    rules : tuple of Rule
        Modular constraints and stopping rules.

    Raises
    ------
    ValueError
        If a parameter is out of range; the message begins with its name.
    """

    n_doses: int
    max_n: int
    cohort_size: int = 3
    start_level: int = 1
    target: float | None = field(default=None, init=False)
    rules: tuple[Rule, ...] = ()

    memory: ClassVar[tuple[str, ...]] = ()
    """Names of :data:`designs.tally.MEMORY` that the design itself needs beyond (n, dlt, level)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        require_whole("n_doses", self.n_doses, 1)
        require_whole("cohort_size", self.cohort_size, 1)
        require_whole("max_n", self.max_n, 1)
        require_whole("start_level", self.start_level, 1)
        if self.max_n < self.cohort_size:
            raise ValueError(f"max_n must be at least the cohort size {self.cohort_size}, not {self.max_n}")
        if self.start_level > self.n_doses:
            raise ValueError(f"start_level must be a level from 1 to {self.n_doses}, not {self.start_level}")
        if self.target is not None:
            require_probability("target", self.target)
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise ValueError(f"rules must hold Rule objects, not {rule!r}")
            rule.check(self)

    # What a design implements.

    @abstractmethod
    def propose(self, tally: Tally) -> Decision:
        """Return the design's own decision, before any rule; every tally has somebody treated."""

    @abstractmethod
    def pick(self, tally: Tally) -> IntArray:
        """Return the level (S,) that the design itself would name as the MTD now; 0 = none."""

    def ceiling(self, tally: Tally) -> IntArray | None:
        """Return the highest admissible level (S,), 0 = none; by default all levels are admissible."""
        return None

    def finished(self, tally: Tally) -> npt.NDArray[np.int8] | None:
        """Return stopping :class:`Reason` codes (S,) where the design has run its own course, else 0."""
        return None

    def own_rules(self) -> tuple[Rule, ...]:
        """Return rules that belong to the design itself, in addition to ``rules``."""
        return ()

    def probability_above(self, tally: Tally, level: int, above: float) -> npt.NDArray[np.float64]:
        """Return P(DLT probability at ``level`` > ``above`` | data), shape (S,).

        By default from the level's own data with a uniform prior, Beta(1 + y, 1 + n - y).
        """
        n, dlt = tally.n[:, level - 1], tally.dlt[:, level - 1]
        return tail_table(float(above), max(self.max_n, int(n.max(initial=0))))[n, dlt]

    # What users and engines call.

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """Memory that the design and its rules need, in the order of :data:`designs.tally.MEMORY`."""
        wanted = set(self.memory).union(*(rule.memory for rule in self._all_rules()))
        unknown = wanted - set(MEMORY)
        if unknown:
            raise ValueError(f"memory has no field {sorted(unknown)[0]!r}; known are {', '.join(MEMORY)}")
        return tuple(name for name in MEMORY if name in wanted)

    def decide(self, tally: Tally) -> Decision:
        """Decide the next cohort of each tally.

        Returns
        -------
        Decision
            ``.level`` (S,), 0 = stop; ``.cohort_size`` (S,); ``.reason`` (S,).

        Raises
        ------
        ValueError
            If the tally has another number of doses, or lacks memory that a rule needs.
        """
        if tally.n_doses != self.n_doses:
            raise ValueError(f"tally has {tally.n_doses} doses, the design {self.n_doses}")
        stop = self.finished(tally)
        stop = np.zeros(tally.size, dtype=np.int8) if stop is None else stop.astype(np.int8)
        stop[(stop == 0) & (tally.total_n >= self.max_n)] = Reason.MAX_N
        going = stop == 0
        if going.all():
            return self._decide_going(tally)
        level, cohort = np.zeros(tally.size, dtype=np.int64), np.zeros(tally.size, dtype=np.int64)
        if going.any():
            decision = self._decide_going(tally.take(going))
            level[going], cohort[going], stop[going] = (
                decision.level,
                decision.cohort_size,
                decision.reason_code,
            )
        return Decision(level, cohort, stop)

    def select(self, tally: Tally) -> IntArray:
        """Return the MTD (S,) if each trial ended now; 0 = no dose."""
        if tally.n_doses != self.n_doses:
            raise ValueError(f"tally has {tally.n_doses} doses, the design {self.n_doses}")
        level = np.where(tally.total_n > 0, self.pick(tally), 0)
        for rule in self._all_rules():
            if isinstance(rule, SelectionRule):
                selectable = rule.selectable(self, tally)
                at_or_below = np.arange(1, self.n_doses + 1) <= level[:, None]
                level = highest_level(selectable & at_or_below)
        for rule in self._all_rules():
            if isinstance(rule, StoppingRule) and rule.selects_none:
                level = np.where(rule.stops(self, tally, level), 0, level)
        return level

    def next_level(self, tally: Tally) -> IntArray:
        """Return the level (S,) of the next cohort were the trial not stopped by number; 0 = no safe level."""
        return self._limited(tally).level

    def move_to(self, tally: Tally, level: IntArray) -> Decision:
        """Build the decision to treat a full cohort at ``level``: escalate, stay or de-escalate."""
        step = np.sign(level.astype(np.int64) - tally.level)
        reason = np.array([Reason.STAY, Reason.ESCALATE, Reason.DEESCALATE], dtype=np.int8)[step]
        return Decision(level, np.full(tally.size, self.cohort_size), reason)

    def _all_rules(self) -> tuple[Rule, ...]:
        return self.own_rules() + self.rules

    def _decide_going(self, tally: Tally) -> Decision:
        decision = self._limited(tally)
        level, reason = decision.level, decision.reason_code
        treated = tally.level > 0
        for rule in self._all_rules():
            if isinstance(rule, StoppingRule):
                stops = treated & rule.stops(self, tally, decision.level)
                first = stops & ((level > 0) | (reason > rule.reason))
                reason = np.where(first, np.int8(rule.reason), reason)
                level = np.where(stops, 0, level)
        cohort = np.minimum(decision.cohort_size, self.max_n - tally.total_n)
        return Decision(level, np.where(level > 0, cohort, 0), reason)

    def first_cohort_size(self) -> int:
        """Return the size of the first cohort."""
        return self.cohort_size

    def _limited(self, tally: Tally) -> Decision:
        """Decide up to the phase of limits."""
        untreated = tally.level == 0
        if untreated.any():
            return self._with_starts(tally, untreated)
        proposal = self.propose(tally)
        level, reason = proposal.level, proposal.reason_code
        lowest: IntArray = np.ones(tally.size, dtype=np.int64)
        highest: IntArray = np.full(tally.size, self.n_doses)
        for rule in self._all_rules():
            if isinstance(rule, LimitRule):
                low, high = rule.bounds(self, tally)
                broken = (level > 0) & ((level < low) | (level > high))
                unbroken_so_far = (level >= lowest) & (level <= highest)
                reason = np.where(broken & (unbroken_so_far | (reason > rule.reason)), np.int8(rule.reason), reason)
                lowest, highest = np.maximum(lowest, low), np.minimum(highest, high)
        # Where limits contradict one another, the one that keeps the dose down wins.
        limited = np.where(level > 0, np.minimum(np.maximum(level, lowest), highest), 0)
        ceiling = self._ceiling(tally)
        if ceiling is None:
            return Decision(limited, proposal.cohort_size, reason)
        capped = np.minimum(limited, ceiling)
        lowered = np.where(capped < tally.level, Reason.DEESCALATE, Reason.TOO_TOXIC_ABOVE)
        why = np.where(capped == 0, Reason.NO_SAFE_DOSE, lowered).astype(np.int8)
        return Decision(capped, proposal.cohort_size, np.where(capped < limited, why, reason))

    def _ceiling(self, tally: Tally) -> IntArray | None:
        ceilings = [self.ceiling(tally)]
        ceilings += [rule.ceiling(self, tally) for rule in self._all_rules() if isinstance(rule, AdmissibilityRule)]
        given = [ceiling for ceiling in ceilings if ceiling is not None]
        return np.minimum.reduce(given) if given else None

    def _with_starts(self, tally: Tally, untreated: npt.NDArray[np.bool_]) -> Decision:
        level = np.full(tally.size, self.start_level)
        cohort = np.full(tally.size, self.first_cohort_size())
        reason = np.full(tally.size, Reason.START, dtype=np.int8)
        if not untreated.all():
            rest = self._limited(tally.take(~untreated))
            level[~untreated], cohort[~untreated] = rest.level, rest.cohort_size
            reason[~untreated] = rest.reason_code
        return Decision(level, cohort, reason)


def highest_level(mask: npt.NDArray[np.bool_]) -> IntArray:
    """Return the highest level (S,) whose column of ``mask`` (S, J) is True; 0 where none is.

    Examples
    --------
    >>> highest_level(np.array([[True, True, False], [False, False, False]]))
    array([2, 0])
    """
    levels = np.arange(1, mask.shape[1] + 1)
    result: IntArray = (mask * levels).max(axis=1)
    return result
