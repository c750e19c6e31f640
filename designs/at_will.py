"""Designs that may propose any level, or to stop: what the rules around them leave of that is what a policy may do.

The rules of a trial are the constraints of the policy that is best under them.  They are asked as they always are: what
becomes of a proposal to go to level 1, 2, ... J, or to stop?  So no rule is written twice, and a rule of somebody
else's constrains a policy like the built-in ones.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import cast

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.decision import Decision, Reason
from designs.design import Design
from designs.rules.base import Rule, RuledDesign, StoppingRule
from designs.stakes import first_of_the_best
from designs.tally import Tally


@dataclass(frozen=True)
class StopAtWill(StoppingRule):
    """Stop where the design itself wants to: rules that hold back a stop hold back this one."""

    reason = Reason.ENOUGH_KNOWN

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return cast("AtWillDesign", design).wants_to_stop(tally)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return "The trial stops where further patients would not raise the expected utility."


@dataclass(frozen=True, kw_only=True)
class AtWillDesign(Design):
    """A design that proposes levels and stops as it likes."""

    target: float

    def own_rules(self) -> tuple[Rule, ...]:
        """See :meth:`Design.own_rules`."""
        return (StopAtWill(),)

    def best_named(self, tally: Tally, shares: FloatArray, mass: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return the best level to name as the MTD that the rules leave (S,), and its share (S,).

        Parameters
        ----------
        tally : Tally
        shares : array, shape (S, J + 1)
            Share of each selection, :meth:`designs.stakes.Stakes.shares`.
        mass : array, shape (S,)
            Probability of each tally; ties go to the lower level.
        """
        levels = range(self.n_doses + 1)
        named = np.stack([self.named(tally, np.full(tally.size, level)) for level in levels], axis=1)
        offered = np.take_along_axis(shares, named, axis=1)
        rows, best = np.arange(tally.size), first_of_the_best(offered, mass)
        return named[rows, best], offered[rows, best]

    @abstractmethod
    def wants_to_stop(self, tally: Tally) -> BoolArray:
        """Return where the design would end the trial (S,); every tally has somebody treated."""


@dataclass(frozen=True, kw_only=True)
class Proposing(AtWillDesign):
    """A design that always proposes the same level and names it as the MTD; level 0: it stops, and names none.

    What becomes of that is up to the rules.

    Parameters
    ----------
    proposal : int
        The level.
    target : float
        Target DLT probability, for the rules.
    n_doses, max_n, cohort_size, start_level, rules
        As for :class:`Design`.

    Examples
    --------
    >>> from designs import NoSkipping
    >>> design = Proposing(proposal=3, target=0.25, n_doses=3, max_n=18, rules=(NoSkipping(),))
    >>> design.decide(Tally.parse(["1NNN", "1NNN 2NNT"], n_doses=3)).level
    array([2, 3])
    """

    proposal: int

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        level = np.full(tally.size, self.proposal) if self.proposal else tally.level.astype(np.int64)
        return self.move_to(tally, level)

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`."""
        return np.full(tally.size, self.proposal)

    def wants_to_stop(self, tally: Tally) -> BoolArray:
        """See :meth:`AtWillDesign.wants_to_stop`."""
        return np.full(tally.size, self.proposal == 0)
