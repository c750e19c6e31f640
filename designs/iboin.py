"""BOIN with an informative prior (iBOIN).

Zhou, Lee, Wang, Bailey and Yuan (2021), *Pharmaceutical Statistics* 20.  BOIN compares three hypotheses at
level j: p_j = p1 (sub-therapeutic), p_j = t (the target), p_j = p2 (overly toxic).  With prior probabilities
pi_1j, pi_0j, pi_2j other than equal ones the boundaries of Liu and Yuan (2015), equation (2), move with the level and
with the number of patients n there: escalate if y <= n lambda_e + s_ej, de-escalate if y >= n lambda_d + s_dj, where

    s_ej = log(pi_1j / pi_0j) / log(t (1 - p1) / (p1 (1 - t)))
    s_dj = log(pi_0j / pi_2j) / log(p2 (1 - t) / (t (1 - p2)))

The prior probabilities come from a prior guess q_j of the DLT probability (the skeleton) worth m_j patients (the prior
effective sample size): each hypothesis's posterior probability after x DLTs in m_j imagined patients, averaged over
x ~ Binomial(m_j, q_j).  m_j = 0 gives BOIN itself.  A level without any DLT is never left
downwards, however strong the prior.  Elimination and the selection of the MTD are BOIN's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, softmax, xlog1py, xlogy

from designs.arrays import FloatArray, IntArray
from designs.boin import BOIN
from designs.boin_boundaries import whole_boundaries
from designs.checks import increasing_probabilities, require_within, shown
from designs.decision import Decision
from designs.tally import Tally
from designs.words import listed

_LARGEST_PRIOR = 1_000


@dataclass(frozen=True, kw_only=True)
class IBOIN(BOIN):
    """BOIN with an informative prior.

    Parameters
    ----------
    skeleton : sequence of float, length J
        Prior guesses of the DLT probabilities, strictly increasing.
    prior_n : float or sequence of float, length J
        Prior effective sample size, in patients, at every level or level by level; whole numbers.
    target, n_doses, max_n, cohort_size, start_level, rules, and BOIN's own
        As for :class:`designs.BOIN`.

    Examples
    --------
    A prior that expects little toxicity at level 1 lets it pass one DLT in three, and one that expects much at level 3
    does not keep it there:

    >>> design = IBOIN(target=0.3, n_doses=3, max_n=18, skeleton=(0.05, 0.3, 0.5), prior_n=3)
    >>> tally = Tally.parse(["1NNT", "1NNN 2NNT", "1NNN 2NNN 3NNT"], n_doses=3)
    >>> design.decide(tally).level, BOIN(target=0.3, n_doses=3, max_n=18).decide(tally).level
    (array([2, 2, 2]), array([1, 2, 3]))
    """

    weighs_pending: ClassVar[str] = ""  # its boundaries differ by level, and no rule for pending patients is published
    references = ("Zhou, Lee, Wang, Bailey and Yuan (2021), Pharmaceutical Statistics 20",)

    skeleton: tuple[float, ...] = field(metadata={"example": [0.1, 0.25, 0.4]})
    prior_n: float | tuple[float, ...] = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "skeleton", increasing_probabilities("skeleton", self.skeleton))
        if len(self.skeleton) != self.n_doses:
            raise ValueError(
                f"skeleton must have {self.n_doses} values, one per dose, not {shown(list(self.skeleton))}"
            )
        several = isinstance(self.prior_n, list | tuple | np.ndarray)
        given = list(self.prior_n) if isinstance(self.prior_n, list | tuple | np.ndarray) else [self.prior_n]
        if several and len(given) != self.n_doses:
            raise ValueError(f"prior_n must have {self.n_doses} values, one per dose, not {shown(given)}")
        sizes = tuple(require_within("prior_n", size, 0, _LARGEST_PRIOR) for size in given)
        if any(size != int(size) for size in sizes):
            raise ValueError(f"prior_n must hold whole numbers of at least 0, not {shown(self.prior_n)}")
        object.__setattr__(self, "prior_n", sizes if several else sizes[0])

    def prior_probabilities(self) -> FloatArray:
        """Return the prior probabilities of the three hypotheses at each level, shape (J, 3): p1, target, p2."""
        sizes = np.broadcast_to(np.asarray(self.prior_n, dtype=np.int64), self.n_doses)
        hypotheses = np.array([self._p_safe, self.target, self._p_toxic])
        rows = []
        for guess, size in zip(self.skeleton, sizes, strict=True):
            x = np.arange(size + 1)
            log_likelihood = xlogy(x[:, None], hypotheses) + xlog1py(size - x[:, None], -hypotheses)
            log_ways = gammaln(size + 1) - gammaln(x + 1) - gammaln(size - x + 1)
            weight = np.exp(log_ways + xlogy(x, guess) + xlog1py(size - x, -guess))
            rows.append(weight @ softmax(log_likelihood, axis=1))
        return np.array(rows)

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        worth = listed(np.broadcast_to(np.asarray(self.prior_n, dtype=np.float64), self.n_doses))
        return (
            f"{super().describe()} An informative prior moves the boundaries level by level (iBOIN): the DLT "
            f"probabilities are guessed to be {listed(self.skeleton)}, guesses worth {worth} patients."
        )

    def propose(self, tally: Tally) -> Decision:
        """See :meth:`Design.propose`."""
        n, dlt = tally.current_n, tally.current_dlt
        escalate, deescalate = _shifted_boundaries(self, max(self.max_n, tally.largest_n))
        row = np.maximum(tally.level, 1) - 1
        up = (dlt <= escalate[row, n]) & (tally.level < self.n_doses)
        down = (dlt >= np.minimum(deescalate[row, n], self._table(tally.largest_n).eliminate[n])) & (tally.level > 1)
        return self.move_to(tally, tally.level + (up & ~down) - down)


@lru_cache(maxsize=64)
def _shifted_boundaries(design: IBOIN, max_n: int) -> tuple[IntArray, IntArray]:
    """Return the largest y that escalates and the least that de-escalates, each (J, max_n + 1)."""
    prior = design.prior_probabilities()
    target, safe, toxic = design.target, design._p_safe, design._p_toxic
    down_shift = np.log(prior[:, 1] / prior[:, 2]) / np.log(toxic * (1 - target) / (target * (1 - toxic)))
    up_shift = np.log(prior[:, 0] / prior[:, 1]) / np.log(target * (1 - safe) / (safe * (1 - target)))
    n = np.arange(max_n + 1)
    most, first = whole_boundaries(design.lambda_e * n + up_shift[:, None], design.lambda_d * n + down_shift[:, None])
    return most, np.maximum(first, 1)
