"""The contract of a dose-escalation design: a pure function of a tally, for many tallies at once.

A new design is one frozen dataclass with two methods:

``propose(tally)``
    where the next cohort would go if the trial goes on, and how large it is;
``pick(tally)``
    the level it would name as the MTD if the trial ended now.

:meth:`Design.decide` and :meth:`Design.select` put the rules around them; see :mod:`designs.deciding`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from designs import phases
from designs.arrays import BoolArray, IntArray
from designs.checks import (
    MOST_DOSES,
    MOST_IN_COHORT,
    MOST_PATIENTS,
    require_probability,
    require_whole,
    require_within,
    shown,
)
from designs.deciding import before_stopping, decided
from designs.decision import Decision, Reason, merged
from designs.own_data import OwnData
from designs.pending import Pending
from designs.policies import Complete, PendingPolicy, Weighted
from designs.reasons import fitting_sentence
from designs.rules import Rule
from designs.tally import MEMORY, Tally
from designs.weights import weights_sentence
from designs.words import described_by_fields

_LEAST_TARGET = 1e-6


@dataclass(frozen=True, kw_only=True)
class Design(OwnData, ABC):
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
    pending : PendingPolicy
        What is done about patients still under observation: complete waits for every outcome, settled until none can
        change the decision, Weighted lets their follow-up count.

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
    pending: PendingPolicy = field(default_factory=Complete)

    memory: ClassVar[tuple[str, ...]] = ()
    """Names of :data:`designs.tally.MEMORY` that the design itself needs beyond (n, dlt, level)."""

    references: ClassVar[tuple[str, ...]] = ()
    """Publications that the design comes from, each as "Storer (1989), Biometrics 45:925-937"."""

    fixed_cohorts: ClassVar[bool] = False
    """Whether the design's decisions presuppose its own cohort size, so that no rule may set another."""

    weighs_pending: ClassVar[str] = ""
    """How the design weighs pending patients (:class:`designs.Weighted`): by its "likelihood", as an "interval" design,
    or not at all."""

    estimates: ClassVar[tuple[str, ...]] = ()
    """The estimates with which an interval design weighs pending patients, its default first."""

    def __post_init__(self) -> None:
        if not isinstance(self.rules, list | tuple):
            raise ValueError(f"rules must be a list or tuple of Rule objects, not {shown(self.rules)}")
        object.__setattr__(self, "rules", tuple(self.rules))
        require_whole("n_doses", self.n_doses, 1, MOST_DOSES)
        require_whole("cohort_size", self.cohort_size, 1, MOST_IN_COHORT)
        require_whole("max_n", self.max_n, 1, MOST_PATIENTS)
        require_whole("start_level", self.start_level, 1)
        if self.max_n < self.cohort_size:
            raise ValueError(f"max_n must be at least the cohort size {self.cohort_size}, not {self.max_n}")
        if self.start_level > self.n_doses:
            raise ValueError(f"start_level must be a level from 1 to {self.n_doses}, not {self.start_level}")
        if self.target is not None:
            require_probability("target", self.target)
            require_within("target", self.target, _LEAST_TARGET, 1 - _LEAST_TARGET)
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise ValueError(f"rules must hold Rule objects, not {shown(rule)}")
            rule.check(self)
        if not isinstance(self.pending, PendingPolicy):
            raise ValueError(f"pending must be Complete(), Settled() or Weighted(...), not {shown(self.pending)}")
        self.pending.check(self)

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

    def propose_with_ceiling(self, tally: Tally) -> tuple[Decision, IntArray | None]:
        """Return both :meth:`propose` and :meth:`ceiling`; a design may compute them together."""
        return self.propose(tally), self.ceiling(tally)

    def finished(self, tally: Tally) -> npt.NDArray[np.int8] | None:
        """Return stopping :class:`Reason` codes (S,) where the design has run its own course, else 0."""
        return None

    def enlarged(self, max_n: int, rules: tuple[Rule, ...]) -> Self:
        """Return the design for a trial of up to ``max_n`` patients with further rules around it.

        For engines that show it more patients than those of the escalation itself.
        """
        return replace(self, max_n=max_n, rules=(*self.rules, *rules))

    def condemns(self, entered: Tally) -> BoolArray:
        """Return where known DLTs make the current level too toxic for good (S,); asked where groups are fixed."""
        return np.zeros(entered.size, dtype=np.bool_)

    def own_rules(self) -> tuple[Rule, ...]:
        """Return rules that belong to the design itself, in addition to ``rules``."""
        return ()

    def own_follow_up_marks(self) -> tuple[float, ...]:
        """Return days of follow-up that the design itself waits for; see :meth:`follow_up_marks`."""
        return ()

    def describe(self) -> str:
        """Say in a short paragraph, with its numbers, how the design decides; the rules describe themselves.

        By default the first line of the class's documentation and its parameters.
        """
        return described_by_fields(self, usual={each.name for each in fields(Design)} - {"target"})

    def weighing_words(self, policy: Weighted) -> str:
        """Say in plain sentences how pending patients count under ``policy``, its numbers filled in."""
        how = weights_sentence(policy.weights)
        return f"Patients in their DLT window count by how long they have been followed. {how}"

    def notes(self) -> list[str]:
        """Return what a reader of results should know of how decisions were computed; by default nothing."""
        return []

    # What users and engines call.

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """Memory that the design and its rules need, in the order of :data:`designs.tally.MEMORY`."""
        wanted = set(self.memory).union(*(rule.needed_memory for rule in self.all_rules()))
        unknown = wanted - set(MEMORY)
        if unknown:
            raise ValueError(f"memory has no field {sorted(unknown)[0]!r}; known are {', '.join(MEMORY)}")
        return tuple(name for name in MEMORY if name in wanted)

    def decide(self, tally: Tally, pending: Pending | None = None) -> Decision:
        """Decide the next cohort of each tally.

        Parameters
        ----------
        tally : Tally
            The patients whose outcome is known; ``level`` is that of the last cohort, whoever is pending in it.  A
            memory of the last cohort counts its known patients.
        pending : Pending, optional
            The patients still under observation, if there are any.

        Returns
        -------
        Decision
            ``.level`` (S,), 0 = stop; ``.cohort_size`` (S,), 0 also where the trial waits; ``.reason`` (S,).

        Raises
        ------
        ValueError
            If the tally has another number of doses, lacks memory that a rule needs, or does not go with ``pending``.
        """
        if tally.n_doses != self.n_doses:
            raise ValueError(f"tally has {tally.n_doses} doses, the design {self.n_doses}")
        if pending is None:
            return decided(self, tally, self._finished(tally))
        pending = pending.beside(tally)
        observed = pending.total > 0
        if not observed.any():
            return self.decide(tally)
        if (tally.level[observed] == 0).any():
            raise ValueError("level of the tally must be that of the last cohort, although its patients are pending")
        if observed.all():
            return self.pending.decide(self, tally, pending)
        return merged(
            observed,
            self.pending.decide(self, tally.take(observed), pending.take(observed)),
            self.decide(tally.take(~observed)),
        )

    def seen(self, tally: Tally, pending: Pending | None = None) -> Tally:
        """Return the data that the design estimates from where patients are pending.

        Under :class:`designs.Weighted` everybody entered, pending patients by their weights; under other policies the
        patients whose outcome is known.  Tail probabilities, credible intervals and posteriors take it for a tally.

        Raises
        ------
        ValueError
            If ``pending`` does not go with the tally.
        """
        return tally if pending is None else self.pending.seen(tally, pending.beside(tally))

    def follow_up_marks(self, window_days: float) -> tuple[float, ...]:
        """Return the days of follow-up at which a trial that waits may go on though no outcome has become known.

        Increasing, between 0 and the window: what the policy about pending patients and the rules ask for.
        """
        marks = {*self.pending.follow_up_marks(window_days), *self.own_follow_up_marks()}
        for rule in self.all_rules():
            marks.update(rule.follow_up_marks())
        return tuple(sorted(mark for mark in marks if 0 < mark < window_days))

    @property
    def waits_when_full(self) -> bool:
        """Whether with ``max_n`` patients entered it may still be asked, and wait for the last outcomes."""
        return False

    def _finished(self, tally: Tally) -> npt.NDArray[np.int8]:
        """Return codes (S,) of why a trial is over before any rule is asked; else 0."""
        own = self.finished(tally)
        stop = np.zeros(tally.size, dtype=np.int8) if own is None else own.astype(np.int8)
        stop[(stop == 0) & (tally.total_n >= self.max_n)] = Reason.MAX_N
        return stop

    def select(self, tally: Tally) -> IntArray:
        """Return the MTD (S,) if each trial ended now; 0 = no dose."""
        if tally.n_doses != self.n_doses:
            raise ValueError(f"tally has {tally.n_doses} doses, the design {self.n_doses}")
        return self.named(tally, self.pick(tally))

    def named(self, tally: Tally, level: IntArray) -> IntArray:
        """Return the MTD (S,) that the rules leave where ``level`` (S,) would be named; 0 = no dose."""
        return phases.selected(self, self.all_rules(), tally, np.where(tally.total_n > 0, level, 0))

    def next_level(self, tally: Tally) -> IntArray:
        """Return the level (S,) of the next cohort were the trial not stopped by number; 0 = no safe level."""
        return before_stopping(self, tally).level

    def move_to(self, tally: Tally, level: IntArray) -> Decision:
        """Build the decision to treat a full cohort at ``level``: escalate, stay or de-escalate."""
        step = np.sign(level.astype(np.int64) - tally.level)
        reason = np.array([Reason.STAY, Reason.ESCALATE, Reason.DEESCALATE], dtype=np.int8)[step]
        return Decision(level, np.full(tally.size, self.cohort_size), reason)

    def why(self, reason: Reason, tally: Tally | None = None, level: int = 0) -> str:
        """Return the sentence of a reason: that of a rule with words of its own, where only it can be meant.

        Parameters
        ----------
        reason : Reason
        tally : Tally, optional
            The one tally on which the decision was made: the sentence then fits what is seen there.
        level : int
            The level decided on, if a tally is given.
        """
        giving = [rule for rule in self.all_rules() if rule.reason is reason]
        if len(giving) == 1 and giving[0].because:
            return giving[0].because
        return reason.sentence if tally is None else fitting_sentence(reason, tally, level, self.target)

    def all_rules(self) -> tuple[Rule, ...]:
        """Return the design's own rules and those around it."""
        return self.own_rules() + self.rules

    def full_cohort(self, tally: Tally, level: IntArray) -> IntArray:
        """Return how many patients (S,) a full cohort at ``level`` (S,) has: the cohort size, or as rules say."""
        return phases.full_cohort(self, self.all_rules(), tally, level)
