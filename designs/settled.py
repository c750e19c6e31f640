"""Going on while patients are pending as soon as no outcome of theirs can change the decision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.decision import Decision, Reason
from designs.pending import EnteredTally, Pending
from designs.policies import PendingPolicy, PolicyDesign
from designs.tally import Tally
from designs.waiting import held, without_outcomes

MOST_COMPLETIONS = 2**22
"""Ways in which the pending outcomes of one trial may turn out where all have to be decided."""

_ROWS = 2**17  # completed tallies decided at a time


class TooManyCompletions(ValueError):
    """More ways in which pending outcomes may turn out than can be decided.

    Parameters
    ----------
    words : str
    design : PolicyDesign
        The design that would have to decide them.
    """

    def __init__(self, words: str, design: PolicyDesign) -> None:
        super().__init__(words, design)  # both, so that it comes whole from other processes
        self.design = design

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Settled(PendingPolicy):
    """Go on as soon as the decision is the same whatever the pending outcomes turn out to be; wait otherwise.

    All completions of the pending outcomes are decided, every number of further DLTs at every level, and the trial
    goes on where all agree on the level and the size of the next cohort.  So it never decides otherwise than
    :class:`designs.policies.Complete` would have, only sooner.  Where no further DLT and a DLT of everybody are already
    decided otherwise, nothing else is asked; a trial in which they are not, and in which so many are pending that they
    can end in more than :data:`MOST_COMPLETIONS` ways, is refused (:class:`TooManyCompletions`).

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
        count = _open_outcomes(entered, "last_dlt" in design.needed_memory)
        without = design.decide(_completed(entered, np.arange(entered.size), np.zeros_like(count)))
        same = np.ones(entered.size, dtype=np.bool_)
        some = np.flatnonzero(count.any(axis=1))
        same[some] = _alike(without, some, design.decide(_completed(entered, some, count[some])))
        # Most trials that wait do so by these two alone; of the others all completions in between are decided.
        open_still = np.flatnonzero(same & (count.sum(axis=1) > 1) & (entered.total_n < design.max_n))
        same[open_still] = _agreed(design, entered, count, open_still, without)
        reason = np.where(same, without.reason_code, np.int8(Reason.WAIT))
        decided = Decision(without.level, without.cohort_size, reason)
        return without_outcomes(design, entered, held(design, entered, decided, ~same))

    def describe(self, design: PolicyDesign) -> str:
        """See :meth:`PendingPolicy.describe`."""
        return (
            "While patients are in their DLT window the trial goes on as soon as the decision is the same whatever "
            "their outcomes turn out to be, and waits otherwise."
        )


def _open_outcomes(entered: EnteredTally, by_cohort: bool) -> IntArray:
    """Return the patients pending at every level (S, J); the last cohort's apart (S, J + 1) where ``by_cohort``."""
    count = entered.pending.count
    if not by_cohort:
        return count
    last = entered.pending.in_last_cohort(entered.known)
    earlier = count.copy()
    earlier[np.arange(entered.size), np.maximum(entered.level, 1) - 1] -= last
    return np.concatenate([earlier, last[:, None]], axis=1)


def _agreed(
    design: PolicyDesign, entered: EnteredTally, count: IntArray, rows: IntArray, decided: Decision
) -> BoolArray:
    """Return for trials ``rows`` whether all completions of their pending outcomes are decided alike."""
    same = np.ones(len(rows), dtype=np.bool_)
    ways = np.prod(count[rows] + 1.0, axis=1)
    if ways.max(initial=0.0) > MOST_COMPLETIONS:
        patients = int(count[rows[ways.argmax()]].sum())
        raise TooManyCompletions(
            f"{patients:,} patients are pending in one trial, who can end in {ways.max():.2g} ways, more than "
            f"{MOST_COMPLETIONS:,}, all of which it would have to decide; give another policy",
            design,
        )
    ends = np.cumsum(ways.astype(np.int64))
    begins, start = ends - ways.astype(np.int64), 0
    while len(rows) and start < ends[-1]:
        stop = int(min(start + _ROWS, ends[-1]))
        index = np.arange(start, stop)
        place = np.searchsorted(ends, index, side="right")
        rest, further = index - begins[place], np.empty((len(index), count.shape[1]), dtype=np.int64)
        for column in range(count.shape[1]):
            rest, further[:, column] = np.divmod(rest, count[rows[place], column] + 1)
        alike = _alike(decided, rows[place], design.decide(_completed(entered, rows[place], further)))
        same[place[~alike]] = False
        start = stop if same[place[-1]] else int(ends[place[-1]])
    return same


def _alike(decided: Decision, rows: IntArray, other: Decision) -> BoolArray:
    """Tell where level and size of the next cohort are those decided for the rows."""
    return (decided.level[rows] == other.level) & (decided.cohort_size[rows] == other.cohort_size)


def _completed(entered: EnteredTally, trial: IntArray, further: IntArray) -> Tally:
    """Return the tallies of trials (R,) with further DLTs (R, J), or (R, J + 1) with the last cohort's apart."""
    doses = entered.n_doses
    dlt = entered.dlt[trial] + further[:, :doses]
    memory = {name: values[trial] for name, values in entered.memory.items()}
    if further.shape[1] > doses:
        dlt[np.arange(len(trial)), entered.level[trial] - 1] += further[:, doses]
        memory["last_dlt"] = memory["last_dlt"] + further[:, doses]
    return Tally._trusted(entered.n[trial], dlt, entered.level[trial], memory)
