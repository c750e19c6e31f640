"""The design that decides by a policy: the best one under a stated prior, utility and constraints.

With few doses and cohorts the trial is a finite decision problem, which backward induction solves exactly
(``doseesc.optimal_design``).  What comes out is a proposal for every tally that the trial can come to; the rules, which
were the constraints, go around it as around any design.  The MTD named is that of the largest posterior expected
utility among the levels that the rules allow.

A tally that the trial cannot come to under the policy (a cohort of another size, a dose given against the policy's
advice) is in no table.  There the proposal is the level whose next cohort is worth most if the trial then ended, found
from the same prior and utility: one step of the induction instead of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.at_will import AtWillDesign
from designs.checks import shown
from designs.decision import Decision, Reason
from designs.policy_table import Policy
from designs.policy_text import policy_from_text, policy_text
from designs.rules.base import Rule
from designs.stakes import first_of_the_best
from designs.tally import Tally, unchecked

_MOVES = {
    Reason.ESCALATE: "going to a higher level",
    Reason.STAY: "staying at this level",
    Reason.DEESCALATE: "going to a lower level",
}


@dataclass(frozen=True, kw_only=True)
class PolicyDesign(AtWillDesign):
    """The best policy under a prior, a utility and constraints, found by ``doseesc optimal``.

    Parameters
    ----------
    file : str
        In a scenario file the file with the policy, beside it.
    policy : str
        The policy itself, as text: from that file, not written by hand.
    target : float
        Target DLT probability; like the trial below that for which the policy was found.
    n_doses, max_n, cohort_size, start_level
        As for :class:`Design`.
    rules
        By default, and otherwise necessarily, the constraints under which the policy was found.

    Raises
    ------
    ValueError
        If there is no policy, or one for another trial or under other rules.
    """

    file: str = field(default="", metadata={"example": "optimum.npz"})
    policy: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.policy, str) or not self.policy:
            raise ValueError("file must be given: the name of a file that doseesc optimal has written")
        try:
            policy = self.table
        except ValueError as error:
            raise ValueError(f"policy {error}") from None
        super().__post_init__()
        for name in ("n_doses", "target", "max_n", "cohort_size", "start_level"):
            needed, given = getattr(policy, name), getattr(self, name)
            if given != needed:
                raise ValueError(f"{name} must be {needed}, for which the policy was found, not {shown(given)}")
        if not self.rules:
            object.__setattr__(self, "rules", policy.rules)
        if sorted(map(repr, self.rules)) != sorted(map(repr, policy.rules)):
            names = ", ".join(type(rule).__name__ for rule in policy.rules) or "none"
            raise ValueError(f"rules must be those under which the policy was found ({names}); leave them out")

    @classmethod
    def of(cls, policy: Policy) -> PolicyDesign:
        """Return the design that decides by a policy, its trial and rules those of the policy.

        Raises
        ------
        ValueError
            If a rule has no name in files.
        """
        return cls(
            policy=policy_text(policy),
            target=policy.target,
            n_doses=policy.n_doses,
            max_n=policy.max_n,
            cohort_size=policy.cohort_size,
            start_level=policy.start_level,
        )

    def enlarged(self, max_n: int, rules: tuple[Rule, ...]) -> PolicyDesign:
        """See :meth:`Design.enlarged`; what the policy was found for stays what it is."""
        return unchecked(type(self), {**vars(self), "max_n": max_n, "rules": (*self.rules, *rules)})

    @property
    def table(self) -> Policy:
        """The policy."""
        return policy_from_text(self.policy)

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        proposed = self.table.look_up(tally).astype(np.int64)
        unknown = np.flatnonzero(proposed < 0)
        if len(unknown):
            here = tally.take(unknown)
            _, mass = self.table.stakes.shares(here.n, here.dlt)
            proposed[unknown] = first_of_the_best(self._looking_ahead(here), mass) + 1
        # A stop is a matter of the rule; where other rules hold it back, which a policy never relies on, it stays.
        return self.move_to(tally, np.where(proposed > 0, proposed, np.maximum(tally.level, 1)))

    def wants_to_stop(self, tally: Tally) -> BoolArray:
        """See :meth:`AtWillDesign.wants_to_stop`."""
        proposed = self.table.look_up(tally)
        stops: BoolArray = proposed == 0
        if not self.table.stakes.free:
            unknown = np.flatnonzero(proposed < 0)
            here = tally.take(unknown)
            stops[unknown] = self._ending(here) > self._looking_ahead(here).max(axis=1)
        return stops

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`: the best level that the rules leave."""
        shares, mass = self.table.stakes.shares(tally.n, tally.dlt)
        return self.best_named(tally, shares, mass)[0]

    def why(self, reason: Reason, tally: Tally | None = None, level: int = 0) -> str:
        """See :meth:`Design.why`: a policy moves to where most is learnt, whatever the rate at the level in use."""
        if reason not in _MOVES:
            return super().why(reason, tally, level)
        move = _MOVES[reason]
        if tally is not None and self.table.look_up(tally)[0] < 0:
            return f"These data are on no path of the policy: {move} is worth most if the trial ends after that cohort."
        said = f"{move.capitalize()} leads to the largest expected utility at the end of the trial"
        if tally is not None:
            excess = int(tally.current_dlt[0]) - self.target * int(tally.current_n[0])
            if reason is Reason.ESCALATE and excess > 0:
                return f"{said}, though the DLT rate seen here is above the target."
            if reason is Reason.DEESCALATE and excess < 0:
                return f"{said}, though the DLT rate seen here is below the target."
        return f"{said}."

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        policy = self.table
        return (
            "Every decision is the one that leads to the largest expected utility at the end of the trial, found by "
            f"backward induction over all outcomes still to come. The utility is {policy.utility}; the prior is "
            f"{policy.prior}. The expected utility of the whole trial is {policy.value:.4g}. The dose named as the MTD "
            "is the one of the largest expected utility given the data. At a tally that the trial cannot come to under "
            "this policy the next cohort goes where it is worth most if the trial then ended."
        )

    def _ending(self, tally: Tally) -> FloatArray:
        shares, mass = self.table.stakes.shares(tally.n, tally.dlt)
        return self.best_named(tally, shares, mass)[1]

    def _looking_ahead(self, tally: Tally) -> FloatArray:
        """Return the share (S, J) of a trial that ends after one more cohort, at each level."""
        shares = np.zeros((tally.size, self.n_doses))
        for level in range(1, self.n_doses + 1):
            at = np.full(tally.size, level)
            after = tally.outcomes(at, self.cohort_size)
            orders = np.array([comb(self.cohort_size, k) for k in range(self.cohort_size + 1)], dtype=np.float64)
            shares[:, level - 1] = orders @ self._ending(after).reshape(self.cohort_size + 1, tally.size)
        return shares
