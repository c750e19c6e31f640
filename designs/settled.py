"""Going on while patients are pending as soon as no outcome of theirs can change the decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from designs.arrays import IntArray
from designs.decision import Decision, Reason
from designs.pending import EnteredTally, Pending
from designs.policies import PendingPolicy, PolicyDesign, held, without_outcomes
from designs.tally import Tally

_ROWS = 2**17  # completed tallies decided at a time


@dataclass(frozen=True)
class Settled(PendingPolicy):
    """Go on as soon as the decision is the same whatever the pending outcomes turn out to be; wait otherwise.

    All completions of the pending outcomes are decided, every number of further DLTs at every level, and the trial
    goes on where all agree on the level and the size of the next cohort.  So it never decides otherwise than
    :class:`designs.policies.Complete` would have, only sooner.

    Some known designs are this policy, or near it:

    * The eager 3+3, which leaves a level at its second DLT without waiting for the rest of the group, is a special
      case; A+B designs do that much under :class:`designs.policies.Complete`, too.  Besides, five of six known
      without a DLT are enough here; and with no level left above, two of three are: whatever the third has, three
      more get the level.
    * Rolling six (:class:`designs.RollingSix`, ``variant="protocol"``) is near: it goes up or down only where the
      decision is settled, and in the same states.  But it does not wait for that before it gives the *same* level
      again, to the fourth, fifth and sixth patient while the first three are pending.  So it is no special case: it is
      sooner done, with more patients.  Its variants ``"eager"`` and ``"iq"`` also go up on outcomes not settled.
    * R-TPI (Guo, Ji and Li 2019, *Journal of Biopharmaceutical Statistics* 29:411-424) is ``MTPI2(pending=Settled())``
      with a bound on the number of patients pending, which there is none of here (paper and rule from memory).

    Examples
    --------
    >>> from designs import Pending, ThreePlusThree
    >>> design = ThreePlusThree(n_doses=3, pending=Settled())
    >>> known = Tally(n=[[2, 0, 0], [2, 0, 0]], dlt=[[2, 0, 0], [0, 0, 0]], level=[1, 1])
    >>> decision = design.decide(known, Pending(level=[[1], [1]], days=[[3.0], [3.0]], window_days=14))
    >>> decision.level, decision.waits
    (array([0, 1]), array([False,  True]))
    """

    def decide(self, design: PolicyDesign, known: Tally, pending: Pending) -> Decision:
        """See :meth:`PendingPolicy.decide`."""
        entered = pending.entered(known)
        level, cohort = np.zeros(known.size, dtype=np.int64), np.zeros(known.size, dtype=np.int64)
        reason = np.zeros(known.size, dtype=np.int8)
        for rows, first, completed in _completions(entered, "last_dlt" in design.needed_memory):
            outcome = design.decide(completed)
            level[rows] = outcome.level[first]
            cohort[rows] = outcome.cohort_size[first]
            same = (_least(outcome.level, first) == _most(outcome.level, first)) & (
                _least(outcome.cohort_size, first) == _most(outcome.cohort_size, first)
            )
            reason[rows] = np.where(same, outcome.reason_code[first], np.int8(Reason.WAIT))
        decided = Decision(level, cohort, reason)
        return without_outcomes(design, entered, held(design, entered, decided, reason == Reason.WAIT))

    def describe(self, design: PolicyDesign) -> str:
        """See :meth:`PendingPolicy.describe`."""
        return (
            "While patients are in their DLT window the trial goes on as soon as the decision is the same whatever "
            "their outcomes turn out to be, and waits otherwise."
        )


def _completions(entered: EnteredTally, by_cohort: bool) -> Iterator[tuple[slice, IntArray, Tally]]:
    """Yield blocks of trials with all completions of their pending outcomes.

    Each is the trials' rows, where the completions of each begin, and the completed tallies; the first of a trial is
    that without a further DLT.  The last cohort's outcomes stand apart where rules ask for them (``by_cohort``).
    """
    count = entered.pending.count
    if by_cohort:
        last = entered.pending.in_last_cohort(entered.known)
        earlier = count.copy()
        current = np.arange(entered.size), np.maximum(entered.level, 1) - 1
        earlier[current] -= last
        count = np.concatenate([earlier, last[:, None]], axis=1)
    ways = np.prod(count + 1, axis=1, dtype=np.int64)
    start = 0
    while start < entered.size:
        stop = start + max(1, int(np.searchsorted(np.cumsum(ways[start:]), _ROWS, "right")))
        rows = slice(start, stop)
        first = np.cumsum(ways[rows]) - ways[rows]
        trial = np.repeat(np.arange(stop - start), ways[rows])
        rest = np.arange(len(trial)) - first[trial]
        further = np.empty((len(trial), count.shape[1]), dtype=np.int64)
        for column in range(count.shape[1]):
            rest, further[:, column] = np.divmod(rest, count[rows][trial, column] + 1)
        yield rows, first, _completed(entered.take(np.arange(start, stop)), trial, further)
        start = stop


def _completed(entered: EnteredTally, trial: IntArray, further: IntArray) -> Tally:
    """Return the tallies of trials (R,) with further DLTs (R, J), or (R, J + 1) with the last cohort's apart."""
    doses = entered.n_doses
    dlt = entered.dlt[trial] + further[:, :doses]
    memory = {name: values[trial] for name, values in entered.memory.items()}
    if further.shape[1] > doses:
        dlt[np.arange(len(trial)), entered.level[trial] - 1] += further[:, doses]
        memory["last_dlt"] = memory["last_dlt"] + further[:, doses]
    return Tally._trusted(entered.n[trial], dlt, entered.level[trial], memory)


def _least(values: IntArray, first: IntArray) -> IntArray:
    result: IntArray = np.minimum.reduceat(values, first)
    return result


def _most(values: IntArray, first: IntArray) -> IntArray:
    result: IntArray = np.maximum.reduceat(values, first)
    return result
