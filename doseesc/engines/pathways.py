"""Dose-transition pathways: what a design will do over the next few cohorts, whatever they show.

Yap, Billingham, Cheung, Craddock and O'Quigley (2017), *Clinical Cancer Research* 23:7440-7447.  From the data so far
every outcome of the next cohorts is followed, and nothing is merged: each node of the tree is one history.  Its
probability is that of its outcomes given the data so far,

    P(node | p) = prod over cohorts of  C(n, y)  p^y (1 - p)^(n - y)

for any true DLT probabilities p; the tree itself does not depend on p.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaln

from designs import Decision, Design, Reason, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.characteristics import check_probabilities

if TYPE_CHECKING:
    import pandas as pd

PATHWAYS_REFERENCES = ("Yap, Billingham, Cheung, Craddock and O'Quigley (2017), Clinical Cancer Research 23:7440-7447",)


NODE_LIMIT = 1_000_000
"""Nodes that a tree may have, unless told otherwise."""


class TooManyPathways(ValueError):
    """The tree would have more nodes than allowed."""


@dataclass(frozen=True)
class Pathways:
    """The tree of a design's next decisions, as arrays over its N nodes.

    Nodes stand in order of depth, and the children of a node next to one another, 0 DLTs first.  Node 0 is the data
    so far.

    Attributes
    ----------
    design : Design
    n_cohorts : int
        Cohorts looked ahead.
    tally : Tally
        The data at each node.
    parent : array of int, shape (N,)
        The node before; -1 at node 0.
    depth : array of int, shape (N,)
        Cohorts since the data so far.
    dlts : array of int, shape (N,)
        DLTs in the cohort that led here; -1 at node 0.
    decision : Decision
        ``level`` (0 = stop), ``cohort_size`` and ``reason`` (N,) at each node.
    selected : array of int, shape (N,)
        The level that would be named as the MTD if the trial ended here; 0 = none.
    log_ways : array, shape (N,)
        Logarithm of the number of orders of single outcomes within the cohorts on the way.
    """

    design: Design
    n_cohorts: int
    tally: Tally
    parent: IntArray
    depth: IntArray
    dlts: IntArray
    decision: Decision
    selected: IntArray
    log_ways: FloatArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes, node 0 included."""
        return self.tally.size

    @cached_property
    def stopped(self) -> BoolArray:
        """Where the trial has ended, shape (N,)."""
        return self.decision.level == 0

    @cached_property
    def ends(self) -> IntArray:
        """The nodes (P,) at which paths end, because the trial does or the last cohort looked ahead to is reached.

        They stand in the order of the paths: by the DLTs of the first cohort, then of the second, and so on.
        """
        nodes = np.flatnonzero(self.stopped | (self.depth == self.n_cohorts))
        route = self.route(nodes)
        outcomes = np.where(route >= 0, self.dlts[route], -1)
        return nodes[np.lexsort(outcomes.T[::-1])]

    @property
    def n_paths(self) -> int:
        """Number of paths."""
        return len(self.ends)

    @property
    def final_level(self) -> IntArray:
        """The MTD selected where the trial has ended, else the level of the next cohort, shape (N,); 0 = none."""
        return np.where(self.stopped, self.selected, self.decision.level)

    def children(self, node: int) -> IntArray:
        """Return the nodes after ``node``, by number of DLTs; none at an end."""
        first, last = np.searchsorted(self.parent[1:], [node, node + 1]) + 1
        return np.arange(first, last)

    def route(self, nodes: IntArray) -> IntArray:
        """Return the nodes on the way, shape (len(nodes), n_cohorts + 1), node 0 first; -1 after the end."""
        steps = np.full((len(nodes), self.n_cohorts + 1), -1)
        rows = np.arange(len(nodes))
        current = np.array(nodes)
        for _ in range(self.n_cohorts + 1):
            steps[rows, self.depth[current]] = current
            current = np.maximum(self.parent[current], 0)
        return steps

    def probability(self, probabilities: Any) -> FloatArray:
        """Return the probability of reaching each node from the data so far.

        Parameters
        ----------
        probabilities : array, shape (J,) or (K, J)
            True DLT probabilities, of one truth or of K.

        Returns
        -------
        array, shape (N,) or (K, N)

        Raises
        ------
        ValueError
            If the number of probabilities is wrong, or one is outside [0, 1].
        """
        truths = check_probabilities(probabilities, self.design.n_doses)
        dlt = self.tally.dlt - self.tally.dlt[0]
        no_dlt = self.tally.n - self.tally.n[0] - dlt
        # A finite stand-in for log 0: times 0 it is 0, times anything else its exponential is 0.
        with np.errstate(divide="ignore"):
            log_p = np.maximum(np.log(truths), -1e300)
            log_q = np.maximum(np.log1p(-truths), -1e300)
        return np.exp(self.log_ways + log_p @ dlt.T + log_q @ no_dlt.T)

    def final(self, probabilities: Any) -> FloatArray:
        """Return the distribution of :attr:`final_level` over the paths, shape (J + 1,) or (K, J + 1)."""
        weight = np.atleast_2d(self.probability(probabilities))[:, self.ends]
        reached = self.final_level[self.ends]
        columns = [weight[:, reached == level].sum(axis=1) for level in range(self.design.n_doses + 1)]
        table = np.stack(columns, axis=1)
        return table if np.ndim(probabilities) == 2 else table[0]

    def to_frame(self, truths: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return one row per path.

        Parameters
        ----------
        truths : mapping of str to array, shape (J,)
            True DLT probabilities by the name of their scenario; each adds a column ``probability NAME``.

        Returns
        -------
        DataFrame
            For each cohort ``cohort1_level``, ``cohort1_size``, ``cohort1_dlts`` and ``cohort1_decision``, the
            :class:`designs.Reason` given after it; then ``stopped``, ``next_level`` or, where the trial has ended,
            ``mtd``, and ``reason``.
        """
        import pandas as pd

        ends = self.ends
        route = self.route(ends)
        reasons = np.array([Reason(int(code)).name for code in self.decision.reason_code], dtype=object)
        columns: dict[str, Any] = {}
        for cohort in range(1, self.n_cohorts + 1):
            before, after = route[:, cohort - 1], route[:, cohort]
            there = after >= 0
            for name, values in (
                ("level", self.decision.level[before]),
                ("size", self.decision.cohort_size[before]),
                ("dlts", self.dlts[after]),
            ):
                columns[f"cohort{cohort}_{name}"] = _with_gaps(values, there)
            columns[f"cohort{cohort}_decision"] = [
                name if is_there else None for name, is_there in zip(reasons[after], there, strict=True)
            ]
        stopped = self.stopped[ends]
        columns["stopped"] = stopped
        columns["next_level"] = _with_gaps(self.decision.level[ends], ~stopped)
        columns["mtd"] = _with_gaps(self.selected[ends], stopped)
        columns["reason"] = reasons[ends]
        for name, truth in (truths or {}).items():
            columns[f"probability {name}"] = self.probability(truth)[ends]
        return pd.DataFrame(columns)


def pathways(
    design: Design, n_cohorts: int = 3, outcomes: str | Tally = "", *, node_limit: int = NODE_LIMIT
) -> Pathways:
    """Follow every outcome of the next cohorts.

    Parameters
    ----------
    design : Design
    n_cohorts : int
        Cohorts to look ahead, at least 1.
    outcomes : str or Tally
        The data so far, such as ``"1NNN 2NNT"``; by default nobody treated.
    node_limit : int
        Nodes that the tree may have.

    Raises
    ------
    TooManyPathways
        If the tree would have more nodes.
    ValueError
        If the outcomes cannot be read, or are not those of one trial.

    Examples
    --------
    >>> from designs import BOIN
    >>> design = BOIN(target=0.25, n_doses=3, max_n=18)
    >>> paths = pathways(design, n_cohorts=1, outcomes="1NNN")
    >>> paths.decision.level
    array([2, 3, 1, 1, 1])
    >>> paths.probability([0.1, 0.25, 0.5]).round(3)
    array([1.   , 0.422, 0.422, 0.141, 0.016])
    """
    if n_cohorts < 1:
        raise ValueError(f"n_cohorts must be at least 1, not {n_cohorts}")
    tally = outcomes if isinstance(outcomes, Tally) else Tally.parse(outcomes, design.n_doses)
    if tally.size != 1:
        raise ValueError(f"outcomes must be those of one trial, not of {tally.size}")
    tally = Tally(tally.n, tally.dlt, tally.level, {name: tally.recall(name) for name in design.needed_memory})
    tallies, decisions = [tally], [design.decide(tally)]
    parents, dlts = [np.array([-1])], [np.array([-1])]
    log_ways = [np.zeros(1)]
    n_nodes = 1
    for ahead in range(1, n_cohorts + 1):
        decision, ways = decisions[-1], log_ways[-1]
        going = np.flatnonzero(decision.level)
        if len(going) == 0:
            break
        outcomes_each = decision.cohort_size[going] + 1
        first_of_layer, n_nodes = n_nodes - len(ways), n_nodes + int(outcomes_each.sum())
        if n_nodes > node_limit:
            raise TooManyPathways(
                f"n_cohorts must be less than {ahead} here: the tree would have over {node_limit:,} nodes; look fewer "
                "cohorts ahead, or give more of the outcomes"
            )
        row = np.repeat(going, outcomes_each)
        dlt = np.concatenate([np.arange(count) for count in outcomes_each])
        size = decision.cohort_size[row]
        tally = tally.take(row).after(decision.level[row], size, dlt)
        tallies.append(tally)
        parents.append(first_of_layer + row)
        dlts.append(dlt)
        log_ways.append(ways[row] + gammaln(size + 1) - gammaln(dlt + 1) - gammaln(size - dlt + 1))
        decisions.append(design.decide(tally))
    whole = Tally.concatenate(tallies)
    return Pathways(
        design=design,
        n_cohorts=n_cohorts,
        tally=whole,
        parent=np.concatenate(parents),
        depth=np.repeat(np.arange(len(tallies)), [each.size for each in tallies]),
        dlts=np.concatenate(dlts),
        decision=Decision(
            np.concatenate([each.level for each in decisions]),
            np.concatenate([each.cohort_size for each in decisions]),
            np.concatenate([each.reason_code for each in decisions]),
        ),
        selected=design.select(whole),
        log_ways=np.concatenate(log_ways),
    )


def _with_gaps(values: IntArray, there: BoolArray) -> Any:
    """Return a column of whole numbers, missing where there is none."""
    import pandas as pd

    return pd.arrays.IntegerArray(np.where(there, values, 0).astype(np.int64), ~there)
