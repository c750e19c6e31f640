"""What a design does about patients still under observation: the policies of its parameter ``pending=``.

:class:`Complete`
    waits until every outcome is known;
:class:`designs.settled.Settled`
    goes on as soon as the decision is the same whatever the pending outcomes turn out to be;
:class:`Weighted`
    lets pending patients count by how long they have been followed, as the time-to-event (TITE) designs do.

The escalation rule itself does not change.  Under any policy the trial stops entering patients once ``max_n`` have
been entered, and a 3+3 or A+B completes a group that it has begun, unless known DLTs already condemn the level: then it
leaves the level at once, whoever else is pending there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from designs.checks import require_choice, require_flag, require_probability, require_whole
from designs.decision import Decision, Reason
from designs.pending import EnteredTally, Pending
from designs.tally import Tally
from designs.waiting import DecidingDesign, held, wait_where, waiting, without_outcomes
from designs.weights import follow_up_weights, require_weights
from designs.words import percent

_FLAGS = ("suspend_first", "hold_at_lowest", "hold_sure_at_lowest")

MOST_WEIGHED = 300
"""Patients of a trial whose interval design weighs pending ones: its table takes about 70 bytes times the cube."""


class PolicyDesign(DecidingDesign, Protocol):
    """What policies ask of a design beyond what rules do, and what it takes to wait."""

    @property
    def weighs_pending(self) -> str:
        """How pending patients are weighed: by the "likelihood", as in an "interval" design, or "" for not at all."""

    @property
    def estimates(self) -> tuple[str, ...]:
        """The estimates of an interval design that weighs pending patients, its default first."""

    def weighing_words(self, policy: Weighted) -> str:
        """Say in plain sentences how pending patients count under a policy with its numbers filled in."""

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """Memory that the design and its rules need."""


class PendingPolicy(ABC):
    """What a design does about pending patients; a frozen dataclass of its parameters."""

    def check(self, design: PolicyDesign) -> None:  # noqa: B027 - most policies fit every design
        """Raise ValueError if the policy cannot go with ``design``."""

    @abstractmethod
    def decide(self, design: PolicyDesign, known: Tally, pending: Pending) -> Decision:
        """Decide where somebody is pending in every trial."""

    def seen(self, known: Tally, pending: Pending) -> Tally:
        """Return the data that estimates come from: of the patients whose outcome is known, unless others weigh in."""
        return known

    def follow_up_marks(self, window_days: float) -> tuple[float, ...]:
        """Return the days of follow-up, short of the window, at which the policy may cease to wait for a patient."""
        return ()

    @abstractmethod
    def describe(self, design: PolicyDesign) -> str:
        """Say in one plain sentence what happens while patients are pending."""


@dataclass(frozen=True)
class Complete(PendingPolicy):
    """Wait until every outcome is known."""

    def decide(self, design: PolicyDesign, known: Tally, pending: Pending) -> Decision:
        """See :meth:`PendingPolicy.decide`."""
        entered = pending.entered(known)
        return without_outcomes(design, entered, waiting(entered, Reason.WAIT))

    def describe(self, design: PolicyDesign) -> str:
        """See :meth:`PendingPolicy.describe`."""
        return "While patients are in their DLT window the trial waits: the next cohort begins when all are known."


@dataclass(frozen=True)
class Weighted(PendingPolicy):
    """Let pending patients count by how long they have been followed: the time-to-event (TITE) designs.

    Model-based designs weigh the likelihood of a pending patient, 1 - w p (Cheung and Chappell 2000, *Biometrics*
    56:1177-1182); interval designs replace the DLT rate by an estimate from the total follow-up (Yuan et al. 2018,
    *Clinical Cancer Research* 24:4921-4930; Lin and Yuan 2020, *Biostatistics* 21:807-824).

    Parameters
    ----------
    weights : {"linear", "adaptive"} or sequence of float
        What a pending patient's follow-up counts: its share of the window, the same adapted to the times of the DLTs
        seen so far, or the shares of the DLTs expected in equal parts of the window, such as [0.2, 0.3, 0.5].
    estimate : {"imputation", "ess"}, optional
        How an interval design estimates: by imputing pending outcomes (2018) or by the effective sample size (2020).
        By default imputation for BOIN and the effective sample size for the others, which know no other; model-based
        designs have none.
    suspend_above : float, optional
        Share of the patients at the current level above which accrual is suspended while they are pending.  By default
        0.5 with imputation, and never otherwise; 1 is never.
    minimum_followed : float
        Share of the window that every pending patient at the current level must have been followed for an escalation.
    minimum_known : int, optional
        Patients at the current level whose outcome must be known for an escalation.  By default 2 with the effective
        sample size, and 0 otherwise.
    suspend_first : bool
        Whether the share pending holds back even a de-escalation that no pending outcome can change, as in the R
        package TITEgBOIN; elimination it never holds back.  Interval designs only.
    hold_at_lowest : bool
        Whether the trial waits at the lowest level while patients there are pending and the data call for a lower
        one, instead of giving it to more patients, as in TITEgBOIN.  Interval designs only.
    hold_sure_at_lowest : bool
        Whether it waits there only where no pending outcome can change that they do, as in the R code TITE-MAD.
        Interval designs only.
    """

    weights: str | tuple[float, ...] = "linear"
    estimate: str | None = None
    suspend_above: float | None = None
    minimum_followed: float = 0.0
    minimum_known: int | None = None
    suspend_first: bool = False
    hold_at_lowest: bool = False
    hold_sure_at_lowest: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", require_weights("weights", self.weights))
        if self.estimate is not None:
            require_choice("estimate", self.estimate, ("imputation", "ess"))
        if self.suspend_above is not None:
            require_probability("suspend_above", self.suspend_above, closed=True)
        require_probability("minimum_followed", self.minimum_followed, closed=True)
        if self.minimum_known is not None:
            require_whole("minimum_known", self.minimum_known, 0)
        for flag in _FLAGS:
            require_flag(flag, getattr(self, flag))
        if self.hold_at_lowest and self.hold_sure_at_lowest:
            raise ValueError("hold_sure_at_lowest must be left out where hold_at_lowest is true, which waits oftener")

    def check(self, design: PolicyDesign) -> None:
        """Raise ValueError unless the design can weigh pending patients in this way."""
        name = type(design).__name__
        if not design.weighs_pending:
            raise ValueError(
                f"pending must be Complete or Settled for {name}, which has no way to weigh the follow-up of a "
                "pending patient"
            )
        if design.weighs_pending == "likelihood" and self.estimate is not None:
            raise ValueError(f"estimate must be left out for {name}, which weighs its likelihood")
        if design.weighs_pending == "interval" and self.estimate not in (None, *design.estimates):
            raise ValueError(f"estimate must be {' or '.join(design.estimates)} for {name}, not {self.estimate}")
        if design.weighs_pending == "interval" and design.max_n > MOST_WEIGHED:
            raise ValueError(
                f"max_n must be at most {MOST_WEIGHED} where {name} weighs pending patients, since its table grows "
                f"with the cube, not {design.max_n}"
            )
        for flag in _FLAGS:
            if design.weighs_pending == "likelihood" and getattr(self, flag):
                raise ValueError(f"{flag} must be false for {name}; it is about interval designs")

    def filled_in(self, design: PolicyDesign) -> Weighted:
        """Return the policy with what ``design`` takes where nothing is said."""
        if design.weighs_pending != "interval":
            return self
        estimate = self.estimate or design.estimates[0]
        share = {"imputation": 0.5, "ess": 1.0}[estimate] if self.suspend_above is None else self.suspend_above
        known = {"imputation": 0, "ess": 2}[estimate] if self.minimum_known is None else self.minimum_known
        return replace(self, estimate=estimate, suspend_above=share, minimum_known=known)

    def decide(self, design: PolicyDesign, known: Tally, pending: Pending) -> Decision:
        """See :meth:`PendingPolicy.decide`."""
        entered = self.seen(known, pending)
        decided = design.decide(entered)
        if design.weighs_pending == "likelihood":
            decided = self._suspended(entered, decided)
        return held(design, entered, decided, np.zeros(known.size, dtype=np.bool_))

    def seen(self, known: Tally, pending: Pending) -> EnteredTally:
        """See :meth:`PendingPolicy.seen`: everybody entered, pending patients by their weights.

        Raises
        ------
        ValueError
            If adaptive weights lack the days of a known DLT.
        """
        if self.weights == "adaptive" and pending.dlt_days is not None:
            told = (~np.isnan(pending.dlt_days)).sum(axis=1)
            for row in np.flatnonzero(told < known.total_dlt)[:1]:
                raise ValueError(
                    f"dlt_days must hold the days of every known DLT, {known.total_dlt[row]}, not {told[row]}"
                )
        return pending.entered(known, follow_up_weights(pending, self.weights))

    def follow_up_marks(self, window_days: float) -> tuple[float, ...]:
        """See :meth:`PendingPolicy.follow_up_marks`."""
        return (self.minimum_followed * window_days,) if self.minimum_followed > 0 else ()

    def describe(self, design: PolicyDesign) -> str:
        """See :meth:`PendingPolicy.describe`."""
        policy = self.filled_in(design)
        said = [design.weighing_words(policy)]
        if policy.suspend_above is not None and policy.suspend_above < 1:
            unless = (
                ", unless known DLTs already call for a lower level"
                if design.weighs_pending == "interval" and not policy.suspend_first
                else ""
            )
            said.append(
                f"The trial waits while more than {percent(policy.suspend_above)} of the patients at the current level "
                f"are pending{unless}."
            )
        if policy.minimum_followed > 0:
            said.append(
                f"The dose is raised only when every pending patient at the current level has been followed for "
                f"{percent(policy.minimum_followed)} of the window."
            )
        if policy.minimum_known:
            said.append(
                f"The dose is raised only when at least {policy.minimum_known} outcomes at the current level are known."
            )
        if policy.hold_at_lowest or policy.hold_sure_at_lowest:
            call = "the data call" if policy.hold_at_lowest else "known DLTs already call"
            said.append(f"While patients at the lowest level are pending and {call} for a lower one, the trial waits.")
        return " ".join(said)

    def _suspended(self, entered: EnteredTally, decided: Decision) -> Decision:
        """Hold back a model-based design; interval designs have these limits in their tables, in their own order."""
        pending, level = entered.pending, decided.level
        there = entered.at(pending.count)
        up, going = level > entered.level, level > 0
        reason = np.zeros(entered.size, dtype=np.int8)
        if self.minimum_known:
            reason[up & (entered.current_n - there < self.minimum_known)] = Reason.TOO_FEW_KNOWN
        least = self.minimum_followed * pending.window_days
        reason[up & (pending.followed_at(entered.level) < least)] = Reason.FOLLOW_UP_TOO_SHORT
        if self.suspend_above is not None:
            many = there > self.suspend_above * entered.current_n
            reason[going & (level >= entered.level) & many] = Reason.TOO_MANY_PENDING
        return wait_where(entered, decided, reason)
