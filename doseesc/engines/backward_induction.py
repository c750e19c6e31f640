"""Backward induction: the policy of the largest expected utility, exactly, under given rules.

From the last cohort to the first, every node of the lattice (:mod:`doseesc.engines.lattice`) gets its value: the larger
of what the trial is worth if it ends here, and of the best move's value, the sum over its outcomes of their numbers of
orders times the values of the nodes reached.  Values are shares (:mod:`designs.stakes`), not divided by the tally's
probability, so that the truths are asked only for what a trial that ends is worth.

Ties go to ending the trial, and then to the lower dose.

Bartroff and Lai (2010), arXiv:1011.6509, put the Phase 1 trial as this problem and solve it approximately, for models
with two continuous parameters; with weighted curves and few doses and cohorts it can be solved as it stands.  Mueller,
Berry, Grieve and Krams, doi:10.1287/deca.1060.0079, approximate backward induction on a grid, for the decision to stop.
Hee et al. (2016), doi:10.1177/0962280215588245, review decision-theoretic designs of small trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray, IntArray
from designs.policy_table import Policy
from designs.stakes import SAME_VALUE, Stakes, first_of_the_best
from doseesc.engines.lattice import STOP, Lattice, Rung

_BLOCK = 2**16  # nodes valued at a time


@dataclass(frozen=True, eq=False)
class Solution:
    """The best policy.

    Attributes
    ----------
    lattice : Lattice
    stakes : Stakes
    value : float
        Expected utility.
    choice : dict of int to array of int8, shape (S,)
        The proposal at each node, by number of patients; 0 = stop.
    """

    lattice: Lattice
    stakes: Stakes
    value: float
    choice: dict[int, npt.NDArray[np.int8]]

    def reached(self) -> tuple[IntArray, npt.NDArray[np.int8]]:
        """Return the nodes that the policy can come to and does not end at the trial's full size, and its proposals.

        Returns
        -------
        keys : array of int64, shape (S,)
            Increasing.
        proposals : array of int8, shape (S,)
        """
        at: dict[int, npt.NDArray[np.bool_]] = {
            patients: np.zeros(len(rung.keys), dtype=np.bool_) for patients, rung in self.lattice.rungs.items()
        }
        at[0][:] = True
        keys, proposals = [], []
        for patients, rung in self.lattice.rungs.items():
            here = np.flatnonzero(at[patients])
            chosen = self.choice[patients][here]
            if patients < self.lattice.design.max_n:
                keys.append(rung.keys[here])
                proposals.append(chosen)
            taken = np.zeros(rung.n_moves, dtype=np.bool_)
            move = rung.leads_to[here, chosen]
            taken[move[move >= 0]] = True
            for moves in rung.moves:
                following = moves.following[:, taken[moves.row]]
                at[patients + moves.patients][following.ravel()] = True
        order = np.argsort(found := np.concatenate(keys))
        return found[order], np.concatenate(proposals)[order]

    def policy(self, *, prior: str, utility: str) -> Policy:
        """Return the policy as a design keeps it; prior and utility in words.

        Raises
        ------
        ValueError
            If tallies cannot be numbered.
        """
        keys, proposals = self.reached()
        design, numbering = self.lattice.design, self.lattice.keys
        return Policy(
            target=design.target,
            n_doses=design.n_doses,
            max_n=design.max_n,
            cohort_size=design.cohort_size,
            start_level=design.start_level,
            rules=design.rules,
            stakes=self.stakes,
            prior=prior,
            utility=utility,
            value=self.value,
            by_level=numbering.by_level,
            memory=numbering.memory,
            keys=keys,
            proposals=proposals,
        )


def solve(lattice: Lattice, stakes: Stakes) -> Solution:
    """Find the policy of the largest expected utility.

    Parameters
    ----------
    lattice : Lattice
        What the rules allow.
    stakes : Stakes
        Weighted truths and what is gained and paid under each.

    Raises
    ------
    ValueError
        If the truths are for another number of doses.
    """
    if stakes.n_doses != lattice.design.n_doses:
        raise ValueError(f"truths are for {stakes.n_doses} doses, the trial has {lattice.design.n_doses}")
    value: dict[int, FloatArray] = {}
    choice: dict[int, npt.NDArray[np.int8]] = {}
    for patients in sorted(lattice.rungs, reverse=True):
        rung = lattice.rungs[patients]
        moving = np.empty(rung.n_moves)
        for moves in rung.moves:
            following = value[patients + moves.patients]
            total = following[moves.following[0]]
            for dlts in range(1, moves.patients + 1):
                total += comb(moves.patients, dlts) * following[moves.following[dlts]]
            moving[moves.row] = total
        value[patients], choice[patients] = _valued(rung, moving, lattice, stakes)
        for larger in [each for each in value if each > patients + lattice.design.cohort_size]:
            del value[larger]  # nothing leads there any more
    return Solution(lattice, stakes, float(value[0][0]), choice)


def _valued(
    rung: Rung, moving: FloatArray, lattice: Lattice, stakes: Stakes
) -> tuple[FloatArray, npt.NDArray[np.int8]]:
    """Return the value of each node and the proposal that has it, from the values of the moves."""
    value, choice = np.empty(len(rung.keys)), np.empty(len(rung.keys), dtype=np.int8)
    for start in range(0, len(rung.keys), _BLOCK):
        rows = slice(start, start + _BLOCK)
        tally = lattice.keys.tally(rung.keys[rows])
        ends, mass = stakes.shares(tally.n, tally.dlt)
        ending = lattice.design.best_named(tally, ends, mass)[1]
        leads_to = rung.leads_to[rows]
        if not rung.n_moves and (leads_to == STOP).all():
            value[rows], choice[rows] = ending, 0
            continue
        shares = np.where(leads_to == STOP, ending[:, None], -np.inf)
        if rung.n_moves:
            shares = np.where(leads_to >= 0, moving[np.maximum(leads_to, 0)], shares)
        best = first_of_the_best(shares, mass)
        here = np.arange(len(mass))
        stops = leads_to == STOP
        stop = np.argmax(stops, axis=1)
        tied = stops[here, stop] & (ending >= shares[here, best] - SAME_VALUE * mass)
        best = np.where(tied, stop, best)
        value[rows], choice[rows] = shares[here, best], best
    return value, choice
