"""How interval designs decide while patients are pending: by limits on the follow-up of those at the current level.

At the current level are n patients entered, y of them with a known DLT, c pending and r = n - c known.  The pending
have been followed for u_i days of a window of W; their total follow-up is F = sum of u_i / W (with weights,
:mod:`designs.weights`, the sum of the weights).  Two estimates of the DLT probability:

``"imputation"``  (TITE-BOIN, Yuan, Lin, Li, Nie and Warren 2018, *Clinical Cancer Research* 24:4921-4930)
    Each pending patient is given the DLTs expected in the rest of the window, with odds from the posterior mean
    p = (y + t/2) / (r + 1) under the prior Beta(t/2, 1 - t/2), t the target: q = (y + (c - F) p/(1 - p)) / n.
    Escalate if q <= lambda_e, de-escalate if q >= lambda_d.  Coherence over the whole data at the level: escalate only
    while y/n < t, de-escalate only once y/n >= t.
``"ess"``  (Lin and Yuan 2020, *Biostatistics* 21:807-824)
    The effective sample size r + F takes the place of n: in the rate, y / (r + F), or in the posterior,
    Beta(alpha + y, beta + r + F - y).  No coherence.

Either way a decision is a limit on F: escalate at or above one, de-escalate at or below another.  The rules in order:

1. A level too toxic is eliminated, on all patients entered, the pending as without DLT (:meth:`Design.ceiling`).
2. Nobody pending: the design's table of complete data.
3. De-escalate where that is the answer whatever the pending outcomes are.
4. Wait while more than ``suspend_above`` of the n are pending (``suspend_first``: this comes before 3, as in the R
   package TITEgBOIN).
5. Escalate by the limit; but wait instead where fewer than ``minimum_known`` are known, or a pending patient has been
   followed for less than ``minimum_followed`` of the window (Chen et al. 2025, *Clinical Cancer Research* 31:2573).
6. De-escalate by the limit, otherwise stay.  At the lowest level, which is given again instead of a lower one, wait
   while patients are pending there (``hold_at_lowest``, as in TITEgBOIN; in case 3 alone with
   ``hold_sure_at_lowest``, as in TITE-MAD; by default not).

With rate limits that are no numbers a trial meets, equality hardly matters; where it does, the dose is the lower one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.decision import Decision, Reason
from designs.pending import EnteredTally
from designs.policies import MOST_WEIGHED, PendingPolicy, PolicyDesign, Weighted
from designs.rational import most_at_or_below, rational
from designs.tally import Tally
from designs.words import listed, percent

if TYPE_CHECKING:
    from collections.abc import Callable

_AT_TARGET = 1e-12  # a rate this little below the target is at it

_HALVINGS = 60

_ELIMINATION = "Patients in the window count as without a DLT where a level may be too toxic."


class FollowUpLimits(NamedTuple):
    """Limits on a statistic of follow-up, in patients: escalate at or above, de-escalate at or below.

    Infinite where there is none: ``escalate_from`` of -inf is always, +inf never; ``deescalate_to`` the other way.
    """

    escalate_from: FloatArray
    deescalate_to: FloatArray


class FollowUpTable(NamedTuple):
    """What an interval design decides with pending patients, by [n, y, c], each from 0 to the most patients.

    n patients entered at the current level, y known DLTs among them, c pending.  Entries with y + c > n mean nothing.
    With F the total follow-up of the c in days and W the days of the window, in this order:

    * ``too_many_pending``: wait;
    * F >= ``escalate_from`` W: escalate, but wait where ``too_few_known``, or where one of the c has been followed for
      fewer days than the policy's ``minimum_followed`` W;
    * F <= ``deescalate_to`` W: de-escalate;
    * else stay.

    Limits that no follow-up of c patients can miss, or reach, are infinite; so are all with nobody pending.
    Elimination comes before all this.
    """

    escalate_from: FloatArray
    deescalate_to: FloatArray
    too_many_pending: BoolArray
    too_few_known: BoolArray


class FollowUpDesign(PolicyDesign, Protocol):
    """What an interval design says of itself."""

    def __hash__(self) -> int:
        """Its table is made once."""

    @property
    def pending(self) -> PendingPolicy:
        """What it does about pending patients."""

    def complete_steps(self, max_n: int) -> npt.NDArray[np.int8]:
        """Return the step (+1, 0, -1) by [n, y] where nobody is pending, for n and y up to ``max_n`` at least."""

    def rate_limits(self) -> tuple[float, float]:
        """Return the DLT rates at or below which the design escalates, and at or above which it de-escalates."""

    def ess_limits(self, max_n: int) -> FollowUpLimits:
        """Return by y = 0..max_n the limits on the effective sample size."""

    def move_to(self, tally: Tally, level: IntArray) -> Decision:
        """Build the decision to treat a full cohort at ``level``."""


def follow_up_table(design: FollowUpDesign, max_n: int | None = None) -> FollowUpTable:
    """Return the table of a design with the policy :class:`designs.Weighted`, for up to ``max_n`` patients at a level.

    Parameters
    ----------
    design : BOIN, Keyboard, MTPI, MTPI2 or CCD
        With ``pending=Weighted(...)``.
    max_n : int, optional
        Most patients at a level; by default, and at least, the most in the trial.

    Returns
    -------
    FollowUpTable
        Arrays of shape (m + 1, m + 1, m + 1), read-only, m the most patients.

    Raises
    ------
    ValueError
        If the design does not weigh pending patients by such limits.

    Examples
    --------
    Nine patients, one DLT, four pending: escalate once these have been followed for 2.15 windows in all.

    >>> from designs import BOIN
    >>> table = follow_up_table(BOIN(target=0.2, n_doses=5, max_n=30, pending=Weighted()))
    >>> float(table.escalate_from[9, 1, 4].round(2))
    2.15
    """
    weighing(design)
    most = max(design.max_n, max_n or 0)
    if most > MOST_WEIGHED:
        raise ValueError(f"max_n must be at most {MOST_WEIGHED} patients at a level, not {most:,}")
    return _make_table(design, most)


def weighing(design: FollowUpDesign) -> Weighted:
    """Return the design's policy with the design's defaults in it.

    Raises
    ------
    ValueError
        If the design does not weigh pending patients by limits on their follow-up.
    """
    policy = design.pending
    if design.weighs_pending != "interval" or not isinstance(policy, Weighted):
        raise ValueError(f"design must be an interval design with pending=Weighted(), not {type(design).__name__}")
    return policy.filled_in(design)


def propose_by_follow_up(design: FollowUpDesign, tally: EnteredTally) -> Decision:
    """Return the design's proposal, before any rule, where patients may be pending.

    A proposal to wait is one for the current level with a reason to wait.
    """
    step, reason = follow_up_step(design, tally)
    moved = design.move_to(tally, np.clip(tally.level + step, 1, design.n_doses))
    return Decision(moved.level, moved.cohort_size, np.where(reason > 0, reason, moved.reason_code))


def follow_up_step(design: FollowUpDesign, tally: EnteredTally) -> tuple[IntArray, npt.NDArray[np.int8]]:
    """Return what the data at the current level call for: the step (S,), +1, 0 or -1, and why to wait (S,), or 0."""
    policy, pending = weighing(design), tally.pending
    table = follow_up_table(design, tally.largest_n)
    at = tally.current_n, tally.current_dlt, tally.at(pending.count)
    window = pending.window_days
    # In days: a quotient misses by rounding the very day on which a limit is reached.
    days = pending.days if policy.weights == "linear" else tally.weight * window
    there = (pending.level == tally.level[:, None]) & (pending.level > 0)
    followed = np.where(there, days, 0.0).sum(axis=1)
    up = followed >= table.escalate_from[at] * window
    down = ~up & (followed <= table.deescalate_to[at] * window)
    reason = np.zeros(tally.size, dtype=np.int8)
    reason[up & table.too_few_known[at]] = Reason.TOO_FEW_KNOWN
    reason[up & (pending.followed_at(tally.level) < policy.minimum_followed * window)] = Reason.FOLLOW_UP_TOO_SHORT
    if policy.hold_at_lowest or policy.hold_sure_at_lowest:
        called = down if policy.hold_at_lowest else down & np.isposinf(table.deescalate_to[at])
        reason[called & (tally.level == 1) & (at[2] > 0)] = Reason.WAIT
    reason[table.too_many_pending[at]] = Reason.TOO_MANY_PENDING
    return np.where(reason > 0, 0, up.astype(np.int64) - down), reason


def imputation_limits(
    n: IntArray, y: IntArray, c: IntArray, target: float, rates: tuple[float, float]
) -> FollowUpLimits:
    """Return the limits on F with imputed outcomes.

    Parameters
    ----------
    n, y, c : array of int
        Patients entered, known DLTs, and pending, of shapes that go together; n at least 1.
    target : float
        The target.
    rates : (float, float)
        The rates at or below which to escalate and at or above which to de-escalate.

    Examples
    --------
    >>> limits = imputation_limits(np.array(9), np.array(1), np.array(4), 0.2, (0.1572418, 0.2384573))
    >>> float(limits.escalate_from.round(2)), float(limits.deescalate_to)
    (2.15, -inf)
    """
    p = (y + target / 2) / (n - c + 1)
    odds = (1 - p) / p
    coherent_down = y / n >= target - _AT_TARGET
    up, down = (c - odds * (n * rate - y) for rate in rates)
    return FollowUpLimits(np.where(coherent_down, np.inf, up), np.where(coherent_down, down, -np.inf))


def ess_limits_of_rates(rates: tuple[float, float], max_n: int) -> FollowUpLimits:
    """Return the limits on the effective sample size of a design that compares y / ESS with two rates; by y.

    Examples
    --------
    >>> [limit.round(2).tolist() for limit in ess_limits_of_rates((0.25, 0.4), 2)]
    [[-inf, 4.0, 8.0], [-inf, 2.5, 5.0]]
    """
    y = np.arange(max_n + 1)
    return FollowUpLimits(*(np.where(y > 0, y / rate, -np.inf) for rate in rates))


def ess_limits_of_steps(steps: Callable[..., npt.NDArray[np.int8]], max_n: int) -> FollowUpLimits:
    """Return the limits on the effective sample size of a design whose step (ESS, y) never falls as the ESS grows.

    Found by halving between y, as patients with a DLT are known, and one more than ``max_n``; by y.
    """
    y = np.arange(max_n + 1)
    least, most = np.maximum(y, 1e-6), np.full(max_n + 1, max_n + 1.0)  # at 0 the posterior is the prior: a tie

    def edge(reached: Callable[[FloatArray], BoolArray]) -> FloatArray:
        """Return where ``reached`` turns true."""
        low, high = least, most
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            there = reached(middle)
            low, high = np.where(there, low, middle), np.where(there, middle, high)
        return np.where(reached(least), -np.inf, np.where(reached(most), high, np.inf))

    up = edge(lambda ess: steps(ess, y) > 0)
    return FollowUpLimits(up, edge(lambda ess: steps(ess, y) >= 0))


def imputation_sentences(target: float) -> str:
    """Say how TITE-BOIN estimates while patients are pending."""
    return (
        "Each patient in the DLT window counts as the part of a DLT still to be expected in the rest of the window, "
        f"with odds from the data at the level under the prior Beta({listed((target / 2, 1 - target / 2))}); the rate "
        "of known and expected DLTs among all patients entered at the level is compared with the boundaries. The level "
        f"is raised only while the known DLTs are fewer than {percent(target)} of all patients entered there, and "
        f"lowered only once they are not. {_ELIMINATION}"
    )


def ess_sentences(what_it_does: str) -> str:
    """Say how the effective sample size stands for the patients at a level."""
    return (
        "While patients are in their DLT window the effective sample size, the patients whose outcome is known and the "
        f"follow-up of the others as parts of a patient, {what_it_does}. {_ELIMINATION}"
    )


@lru_cache(maxsize=64)
def _make_table(design: FollowUpDesign, max_n: int) -> FollowUpTable:
    policy = weighing(design)
    n, y, c = np.ogrid[: max_n + 1, : max_n + 1, : max_n + 1]
    known, possible = n - c, (y + c <= n) & (n > 0)
    step = design.complete_steps(max_n)[: max_n + 1, : max_n + 1, None]
    if policy.estimate == "imputation":
        with np.errstate(divide="ignore", invalid="ignore"):  # in entries that mean nothing
            up, down = imputation_limits(n, y, c, float(design.target or 0), design.rate_limits())
    else:
        up, down = (limit[None, : max_n + 1, None] - known for limit in design.ess_limits(max_n))
    sure = step < 0  # further DLTs, or further follow-up without one, cannot undo it
    up = np.where(up <= 0, -np.inf, np.where((up >= c) | sure, np.inf, up))
    down = np.where(down < 0, -np.inf, np.where((down >= c) | sure, np.inf, down))
    up = np.where(c > 0, up, np.where(step > 0, -np.inf, np.inf))
    down = np.where(c > 0, down, np.where(sure, np.inf, -np.inf))
    suspend_above = 1.0 if policy.suspend_above is None else policy.suspend_above
    too_many = (c > most_at_or_below(rational(suspend_above), max_n)[:, None, None]) & possible
    if not policy.suspend_first:
        too_many = too_many & ~sure
    too_few = (known < (policy.minimum_known or 0)) & (c > 0) & possible
    table = FollowUpTable(up, down, too_many, too_few)
    for array in table:
        array.setflags(write=False)
    return table
