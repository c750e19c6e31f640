"""A design's decisions as a graph, filled in as trials meet them.

A node is a distinct tally with its decision; an edge is the number of DLTs in the next cohort.  The design is asked
once per node, however many trials pass through it, so that a simulated cohort costs two look-ups, the same for every
design.
"""

from __future__ import annotations

import numpy as np

from designs import Decision, Design, Tally
from designs.arrays import FloatArray, IntArray
from doseesc.engines.trial_ends import TrialEnds

UNKNOWN = -1
_MANY = 2**14  # nodes up to which decisions found elsewhere are taken in


class DecisionGraph:
    """The part of a design's decision graph that has been visited.

    Attributes
    ----------
    level, cohort_size : array of int, shape (N,)
        Decision at each node; level 0 = the trial has ended.
    selected, reason_code : array of int, shape (N,)
        At nodes where the trial has ended: the level selected, and why.
    following : array of int, shape (N, largest cohort + 1)
        The node after 0, 1, ... DLTs; :data:`UNKNOWN` where nobody has been yet.
    even_cohorts : bool
        Whether all trials have, after the same number of cohorts, the same number of patients, except those that
        have ended.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        start = Tally.empty(design.n_doses)
        self._memory = design.needed_memory
        self._nodes: dict[bytes, int] = {}
        self.even_cohorts = True
        self.level = self.cohort_size = self.selected = self.reason_code = np.empty(0, dtype=np.int64)
        self.following = np.empty((0, design.cohort_size + 1), dtype=np.int64)
        self.tally = Tally(start.n, start.dlt, start.level, {name: start.memory[name] for name in self._memory})
        self._append(self.tally)

    @property
    def size(self) -> int:
        """Number of nodes N."""
        return len(self.level)

    def expand(self, edges: IntArray) -> None:
        """Learn where edges lead; an edge is ``node * width + DLTs``, each given once."""
        node, dlt = np.divmod(edges, self.following.shape[1])
        target = self.locate(self.tally.take(node).after(self.level[node], self.cohort_size[node], dlt))
        self.following.flat[node * self.following.shape[1] + dlt] = target

    def learn(self, tally: Tally, decision: Decision) -> None:
        """Take in what the design decides at tallies to which its trials can come, found elsewhere; unless too many."""
        if self.size + tally.size <= _MANY:
            self.locate(tally, decision)

    def connect(self) -> None:
        """Find all edges that lead to known nodes, at once."""
        width = self.following.shape[1]
        dlt = np.arange(width)
        going = (self.level[:, None] > 0) & (dlt <= self.cohort_size[:, None]) & (self.following == UNKNOWN)
        node, dlt = np.nonzero(going)
        keys = _row_bytes(self.tally.take(node).after(self.level[node], self.cohort_size[node], dlt))
        self.following[node, dlt] = [self._nodes.get(key, UNKNOWN) for key in keys]

    def locate(self, tally: Tally, decision: Decision | None = None) -> IntArray:
        """Return the nodes of tallies; those that are new are added, with the decisions at all of them, if known."""
        keys = _row_bytes(tally)
        fresh: list[int] = []
        target = np.empty(len(keys), dtype=np.int64)
        for row, key in enumerate(keys):
            known = self._nodes.get(key)
            if known is None:
                known = self._nodes[key] = self.size + len(fresh)
                fresh.append(row)
            target[row] = known
        if fresh:
            new = np.array(fresh)
            self.tally = Tally.concatenate([self.tally, tally.take(new)])
            added = self.tally.take(np.arange(self.size, self.size + len(new)))
            if decision is not None:
                decision = Decision(decision.level[new], decision.cohort_size[new], decision.reason_code[new])
            self._append(added, decision)
        return target

    def ends(self, visits: IntArray) -> tuple[TrialEnds, FloatArray]:
        """Return how trials ended and how many ended so, from the number of visits to each node, (N,)."""
        met = np.flatnonzero(visits)
        ends = TrialEnds(
            self.tally.n[met], self.tally.dlt[met], self.selected[met], self.reason_code[met], self.design.max_n
        )
        return ends, visits[met][ends.order].astype(np.float64)

    def _append(self, new: Tally, decision: Decision | None = None) -> None:
        """Decide at new nodes, already in ``self.tally``, unless the decision is known, and add them."""
        if not self._nodes:
            self._nodes[_row_bytes(new)[0]] = 0
        decision = self.design.decide(new) if decision is None else decision
        ended = decision.level == 0
        selected = np.zeros(new.size, dtype=np.int64)
        if ended.any():
            selected[ended] = self.design.select(new.take(ended))
        width = max(self.following.shape[1], int(decision.cohort_size.max(initial=0)) + 1)
        if width > self.following.shape[1]:
            self.following = np.pad(
                self.following, ((0, 0), (0, width - self.following.shape[1])), constant_values=UNKNOWN
            )
        following = np.full((new.size, width), UNKNOWN, dtype=np.int64)
        first = self.size
        following[ended, 0] = first + np.flatnonzero(ended)
        full = np.minimum(self.design.cohort_size, self.design.max_n - new.total_n)
        even = (decision.cohort_size == full) & (new.total_n % self.design.cohort_size == 0)
        self.even_cohorts &= bool((even | ended).all())
        self.level = np.concatenate([self.level, decision.level])
        self.cohort_size = np.concatenate([self.cohort_size, decision.cohort_size])
        self.reason_code = np.concatenate([self.reason_code, decision.reason_code])
        self.selected = np.concatenate([self.selected, selected])
        self.following = np.concatenate([self.following, following])


def _row_bytes(tally: Tally) -> list[bytes]:
    columns = [tally.n, tally.dlt, tally.level[:, None], *(values[:, None] for values in tally.memory.values())]
    rows = np.ascontiguousarray(np.concatenate(columns, axis=1), dtype=np.int16)
    packed = rows.tobytes()
    width = rows.shape[1] * rows.itemsize
    return [packed[start : start + width] for start in range(0, len(packed), width)]
