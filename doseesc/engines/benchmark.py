"""The nonparametric optimal benchmark, exactly: how well any design could do with the same patients.

O'Quigley, Paoletti and Maccario (2002), *Biostatistics* 3:51-56 (cited from memory, no table of theirs was
available; the tests enumerate and simulate by the definition).  If each patient's outcome were known at every level
(a DLT wherever the latent uniform number falls below the level's DLT probability), the obvious choice would be the
level that is the MTD by the observed rates.  No design sees that much, so its share of correct selections is what to
measure designs by.  Where no dose is right it is no bound: a design that stops for less than the definition of "none"
asks for is then right more often.

The observed rates are judged as the true DLT probabilities are, by the study's own definition of the true MTD
(:mod:`doseesc.truth.mtd`): so the benchmark selects no dose where even the lowest dose's rate exceeds the target plus
margin.  Of levels at the same observed rate, or equally near the target, one is taken as ``ties`` says ("any" takes one
as "highest_below").  Levels of equal *true* DLT probability cannot be told apart; they count as one, named by the same
convention.

The paper simulates; nothing needs to be.  Let the levels be sorted by DLT probability.  Whoever has a DLT at one has a
DLT at all that follow, so of n patients the numbers C_j with a DLT are a Markov chain from the most toxic level down,

    C_J ~ Bin(n, p_J),    C_{j-1} given C_j ~ Bin(C_j, p_{j-1} / p_j),

along which the choice is found: it lies at the step that crosses the target, and at levels that tie with one of its two
ends.  The sum over the chain is exact to rounding; counts of probability below 1e-20 are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from designs.arrays import FloatArray, IntArray
from doseesc.truth import MtdRule, Ties, highest_right, right_levels

BENCHMARK_REFERENCES = ("O'Quigley, Paoletti and Maccario (2002), Biostatistics 3:51-56",)

_NEGLIGIBLE = 1e-20
_SAME = 1e-9  # of counts: the target times a number of patients is rarely whole in floating point


def benchmark_selection(
    truth: FloatArray,
    n: int,
    target: float,
    rule: MtdRule = "nearest",
    margin: float = 0.1,
    ties: Ties = "highest_below",
    *,
    named_by: FloatArray | None = None,
) -> FloatArray:
    """Return the exact selection probabilities (J + 1,) of complete information; index 0 is "none".

    Parameters
    ----------
    truth : array, shape (J,)
        True DLT probabilities, in any order.
    n : int
        Patients.
    target : float
        Target DLT probability.
    rule, margin, ties
        The definition of the true MTD, see :func:`doseesc.truth.true_mtd`.
    named_by : array, shape (J,), optional
        Where ``truth`` is what a trial observes: the drug's own DLT probabilities, by which levels that cannot be told
        apart are named.

    Examples
    --------
    >>> benchmark_selection(np.array([0.10, 0.25, 0.45]), n=18, target=0.25).round(3)
    array([0.001, 0.207, 0.667, 0.125])
    """
    truth = np.asarray(truth, dtype=np.float64)
    own = truth if named_by is None else np.asarray(named_by, dtype=np.float64)
    ladder = _Ladder.of(truth, own, target, rule, margin, ties)
    if rule == "highest_below":
        return _by_limit(ladder, n, (target + margin) * n)
    return _Chain(ladder, n, target * n, (target + margin) * n, ties).run()


@dataclass(frozen=True)
class _Ladder:
    """The levels sorted by DLT probability, those of equal probability as one.

    ``p`` (D,) are the distinct probabilities, rising; ``name`` (D,) the level that each is called by; ``first`` is the
    place among them of the lowest dose, which decides whether there is an MTD at all; ``n_doses`` is J.
    """

    p: FloatArray
    name: IntArray
    first: int
    n_doses: int

    @classmethod
    def of(cls, truth: FloatArray, own: FloatArray, target: float, rule: MtdRule, margin: float, ties: Ties) -> _Ladder:
        p, place = np.unique(truth, return_inverse=True)
        # The levels of one probability alone, the others being far away, show how a plateau is named.
        alone = np.where(np.arange(len(p))[:, None] == place, own, np.inf)
        limit = target if rule == "nearest" else target + margin
        right = right_levels(alone, limit, margin=np.inf, ties="highest_below" if ties == "any" else ties)
        return cls(p, highest_right(right), int(place[0]), len(truth))


def _by_limit(ladder: _Ladder, n: int, limit: float) -> FloatArray:
    """Return the selection probabilities where the highest level at or below a limit of the count is taken."""
    law = _binomial(n, np.arange(n + 1), ladder.p[:, None])
    within = law[:, : int(limit + _SAME) + 1].sum(axis=1)  # falls from one probability to the next
    exactly = within - np.append(within[1:], 0.0)
    selected = np.zeros(ladder.n_doses + 1)
    selected[0] = 1 - within[0]
    np.add.at(selected, np.maximum.accumulate(ladder.name), exactly)
    return selected


class _Chain:
    """The chain of counts from the most toxic level down, with the level that would be taken.

    States are (what is known of the choice, count): a matrix of probabilities for each of three phases, whose rows are
    levels and whose columns are counts: ``above`` (all counts so far exceed the target; the row is the best of the
    levels at the lowest count), ``tied`` (the row is the best so far, and levels at the same count may yet be better).
    What is decided is added to ``done`` by level and count, since the lowest dose may still forbid every choice.
    """

    def __init__(self, ladder: _Ladder, n: int, goal: float, limit: float, ties: Ties) -> None:
        self.ladder, self.n, self.goal, self.limit = ladder, n, goal, limit
        self.upwards = ties == "highest"  # of levels above the target at the same rate
        self.downwards = ties == "lowest"  # of levels at or below it
        self.sides = {"highest": np.maximum, "lowest": np.minimum}.get(ties)  # of one on either side; else the lower
        self.none = 0.0

    def run(self) -> FloatArray:
        """Return the selection probabilities."""
        names = self.ladder.name
        rows = self.ladder.n_doses + 1
        last = len(names) - 1
        counts = _support(self.n, self.ladder.p[last])
        above, tied, done = (np.zeros((rows, len(counts))) for _ in range(3))
        start = _binomial(self.n, counts, self.ladder.p[last])
        over = counts > self.goal + _SAME
        above[names[last]] = np.where(over, start, 0.0)
        tied[names[last]] = np.where(over, 0.0, start)
        self._forbid(last, counts, above, tied, done)
        for place in range(last - 1, -1, -1):
            fewer = _support(self.n, self.ladder.p[place])
            ratio = self.ladder.p[place] / self.ladder.p[place + 1]
            step = _binomial(counts[:, None], fewer, ratio)
            above, tied, done = self._step(int(names[place]), step, counts, fewer, (above, tied, done))
            counts = fewer
            self._forbid(place, counts, above, tied, done)
        selected = (above + tied + done).sum(axis=1)
        selected[0] += self.none
        return selected

    def _step(
        self, name: int, step: FloatArray, counts: IntArray, fewer: IntArray, parts: tuple[FloatArray, ...]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Go down to the next level, of this name."""
        above, tied, done = parts
        rows = np.arange(len(above))
        stays = counts[:, None] == fewer
        over = fewer > self.goal + _SAME
        next_done = done @ step + tied @ np.where(stays, 0.0, step)
        next_above, next_tied = np.zeros_like(next_done), np.zeros_like(next_done)
        # The same count at or below the target: the better name of the two.
        better = np.minimum(rows, name) if self.downwards else np.maximum(rows, name)
        np.add.at(next_tied, better, tied @ np.where(stays, step, 0.0))
        # Above the target: the same count, the better name of the two; a lower one, this name.
        better = np.maximum(rows, name) if self.upwards else np.minimum(rows, name)
        np.add.at(next_above, better, above @ np.where(stays & over, step, 0.0))
        next_above[name] += (above @ np.where(~stays & over, step, 0.0)).sum(axis=0)
        # Across the target, to whichever count is nearer it.
        nearer = (counts[:, None] - self.goal) - (self.goal - fewer)
        crosses = np.where(over, 0.0, step)
        next_done += above @ np.where(nearer < -_SAME, crosses, 0.0)
        next_tied[name] += (above @ np.where(nearer > _SAME, crosses, 0.0)).sum(axis=0)
        taken = np.full(len(rows), name) if self.sides is None else self.sides(rows, name)
        np.add.at(next_tied, taken, above @ np.where(np.abs(nearer) <= _SAME, crosses, 0.0))
        return next_above, next_tied, next_done

    def _forbid(self, place: int, counts: IntArray, *parts: FloatArray) -> None:
        """Select nothing where the lowest dose's count exceeds the limit."""
        if place == self.ladder.first:
            beyond = counts > self.limit + _SAME
            for part in parts:
                self.none += float(part[:, beyond].sum())
                part[:, beyond] = 0.0


def _support(n: int, p: float) -> IntArray:
    """Return the counts that n patients of DLT probability p can be thought to have."""
    return np.flatnonzero(_binomial(n, np.arange(n + 1), p) > _NEGLIGIBLE)


def _binomial(n: int | IntArray, count: IntArray, p: float | FloatArray) -> FloatArray:
    """Return the binomial probabilities of counts, 0 where these exceed n; arguments are broadcast."""
    rest = np.maximum(n - count, 0)
    log_ways = gammaln(np.add(n, 1)) - gammaln(count + 1) - gammaln(rest + 1)
    return np.where(count <= n, np.exp(log_ways + xlogy(count, p) + xlog1py(rest, -p)), 0.0)
