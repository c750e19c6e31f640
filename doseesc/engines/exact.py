"""Complete enumeration of a design, equal states merged: exact operating characteristics for any truth.

A design is a pure function of the tally, so the trial is a walk over tallies.  Walking all of them once, by number of
patients, gives every terminal tally s a coefficient c_s, the number of orders of outcomes that lead to it, and

    P(s | p) = c_s  prod_j  p_j^y_j (1 - p_j)^(n_j - y_j)

for any DLT probabilities p.  The walk does not depend on p.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from designs import Design, Tally
from designs.arrays import FloatArray, IntArray
from doseesc.engines.characteristics import (
    OperatingCharacteristics,
    check_probabilities,
    combined,
    marks_of_right,
    one_truth,
)
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.long_walk import LongWalk
from doseesc.engines.polynomial import Polynomial, weights
from doseesc.engines.states import MEMORY_LIMIT, walk_states
from doseesc.engines.trial_ends import TrialEnds
from doseesc.finite import finite_numbers
from doseesc.truth import MtdRule, Ties

_BLOCK = 2**22  # entries of the (truths x ends) matrix of probabilities held at a time


@dataclass(frozen=True)
class Paths:
    """All ways in which trials of a design can end.

    Attributes
    ----------
    design : Design
    tally : Tally
        The T distinct terminal tallies.
    selected : array of int, shape (T,)
        The level selected in each; 0 = none.
    reason_code : array of int8, shape (T,)
        Why each ended (:class:`designs.Reason`).
    log_coefficient : array, shape (T,)
        Logarithm of the number of orders of outcomes that lead to each.
    n_states : int
        Distinct states met, the start and the terminal ones included.
    n_paths : int
        Distinct sequences of cohort outcomes.
    """

    design: Design
    tally: Tally
    selected: IntArray
    reason_code: npt.NDArray[np.int8]
    log_coefficient: FloatArray
    n_states: int
    n_paths: int

    def characteristics(
        self,
        probabilities: Any,
        *,
        target: float | None = None,
        true_mtd: Any = None,
        mtd_rule: MtdRule = "nearest",
        mtd_margin: float = 0.1,
        ties: Ties = "highest_below",
    ) -> OperatingCharacteristics:
        """Return the exact operating characteristics.

        Parameters
        ----------
        probabilities : array, shape (J,) or (K, J)
            True DLT probabilities, of one truth or of K.
        target : float, optional
            Target that defines the true MTD; by default the design's.
        true_mtd : int, array of int, shape (K,), or of bool, shape (K, J + 1), optional
            The true MTD, or which levels ("none" first) are right to select, if it is not to follow from the target.
        mtd_rule, mtd_margin, ties
            See :func:`doseesc.truth.true_mtd`.

        Raises
        ------
        ValueError
            If the number of probabilities is wrong, or one is outside [0, 1].

        Examples
        --------
        >>> from designs import ThreePlusThree
        >>> paths = enumerate_paths(ThreePlusThree(n_doses=3))
        >>> paths.characteristics([0.1, 0.2, 0.3]).selected.round(4)
        array([0.1004, 0.2854, 0.3443, 0.2698])
        """
        given = check_probabilities(probabilities, self.design.n_doses)
        truths = np.atleast_2d(given)
        target = self.design.target if target is None else target
        right = marks_of_right(truths, target, true_mtd, mtd_rule, mtd_margin, ties)
        step = max(1, _BLOCK // max(1, self.tally.size))
        parts = []
        for start in range(0, len(truths), step):
            rows = slice(start, start + step)
            weight = self._end_probabilities(truths[rows])
            parts.append(self._ends.summarise(weight, truths[rows], target, None if right is None else right[rows]))
        whole = combined(parts, np.concatenate)
        return whole if given.ndim == 2 else one_truth(whole)

    def polynomial(self, value: npt.ArrayLike) -> Polynomial:
        """Return the expectation of a quantity as a polynomial, from its value in each of ``tally``, shape (T,).

        Examples
        --------
        >>> from designs import BOIN
        >>> paths = enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18))
        >>> top = paths.polynomial(paths.selected == 3)
        >>> top([0.1, 0.2, 0.3]).round(4), top.value_and_gradient([0.1, 0.2, 0.3])[1].round(2)
        (array([0.366]), array([-0.61, -1.74, -1.19]))
        """
        return Polynomial.of(self.tally, self.log_coefficient, value)

    def weighted_ends(self, probabilities: Any) -> tuple[TrialEnds, FloatArray]:
        """Return how trials end, and the probability of each end under K truths (K, J), shape (K, T)."""
        truths = np.atleast_2d(check_probabilities(probabilities, self.design.n_doses))
        return self._ends, self._end_probabilities(truths)

    @cached_property
    def _ends(self) -> TrialEnds:
        return TrialEnds(self.tally.n, self.tally.dlt, self.selected, self.reason_code, self.design.max_n)

    def _end_probabilities(self, truths: FloatArray) -> FloatArray:
        dlt = self._ends.dlt.astype(np.float64)
        no_dlt = (self._ends.n - self._ends.dlt).astype(np.float64)
        return weights(truths, dlt, no_dlt, self.log_coefficient[self._ends.order])


def enumerate_paths(
    design: Design,
    *,
    merge: bool = True,
    memory_limit: int = MEMORY_LIMIT,
    progress: Callable[[int, int], None] | None = None,
    graph: DecisionGraph | None = None,
) -> Paths:
    """Walk all reachable tallies of a design.

    Parameters
    ----------
    design : Design
    merge : bool
        Whether equal states are merged; without, every sequence of outcomes is kept apart (for tests).
    memory_limit : int
        Bytes that the walk may use, about.
    progress : callable, optional
        Called with the patients treated so far and the most of the trial, again and again; by default what takes
        longer than a second is told on standard error.
    graph : DecisionGraph, optional
        Of the design; learns what is decided, unless that is too much.

    Raises
    ------
    TooManyStates
        If more memory would be needed; as soon as that can be foreseen.
    NotFinite
        If a decision would rest on a number that is not finite.
    """
    tell = LongWalk(design) if progress is None else progress
    with finite_numbers():
        decided = None if graph is None else graph.learn
        ended = walk_states(design, merge=merge, memory_limit=memory_limit, progress=tell, decided=decided)
        if graph is not None:
            graph.connect()
        selected = design.select(ended.batch.tally)
    return Paths(
        design=design,
        tally=ended.batch.tally,
        selected=selected,
        reason_code=ended.reason_code,
        log_coefficient=np.log(ended.batch.orders).astype(np.float64),
        n_states=ended.n_states,
        n_paths=int(ended.batch.paths.sum()),
    )
