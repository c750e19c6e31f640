"""The keyboard design.

Yan, Mandrekar and Yuan (2017), *Clinical Cancer Research* 23:3994-4003.  The unit interval is divided into keys as wide
as the target key [t - epsilon1, t + epsilon2], laid side by side from it in both directions; the keys at the ends are
cut off at 0 and 1.  With y DLTs in n patients at the current level and the posterior Beta(alpha + y, beta + n - y) of
its DLT probability, the key with the greatest posterior probability is the strongest.  Escalate if it lies below the
target key, stay if it is the target key, de-escalate if it lies above.

Variants, by what is done with the cut-off keys at the ends (``end_keys``), which matters with low targets:

``"scaled"`` (default)
    their probability is scaled up to the width of a whole key, as in the R package Keyboard; so the decisions are those
    of mTPI-2;
``"plain"``
    it is taken as it is, as in the paper.

Exclusion of toxic levels and selection of the MTD: :mod:`designs.interval`; the MTD is estimated with the prior
Beta(0.05, 0.05), as in the R package.  Levels are excluded from 3 patients on, as the paper and the package's manual
say; the table that the package prints, ``get.boundary.kb``, excludes at 1 and 2 patients, too, which is
``exclusion_min_n=1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.checks import require_choice
from designs.equivalence_interval import EquivalenceIntervalDesign
from designs.interval import index_of_greatest, posterior_cdf
from designs.words import listed

END_KEYS = ("scaled", "plain")


@dataclass(frozen=True, kw_only=True)
class Keyboard(EquivalenceIntervalDesign):
    """The keyboard design.

    Parameters
    ----------
    target, n_doses, max_n, cohort_size, start_level, rules
        As for :class:`designs.design.Design`.
    alpha, beta, exclusion_certainty, exclusion_min_n, mtd_alpha, mtd_beta, mtd_fit
        As for :class:`designs.interval.IntervalDesign`: priors, exclusion of levels, selection of the MTD.
    epsilon1 : float
        How far the target key, [target - epsilon1, target + epsilon2], reaches below the target.
    epsilon2 : float
        How far the target key reaches above the target.
    end_keys : {"scaled", "plain"}
        Whether the probability of the keys cut off at 0 and 1 is scaled up to a whole key's width, as in the R package,
        or taken as it is, as in the paper.

    Examples
    --------
    >>> Keyboard(target=0.3, n_doses=5, max_n=30).decision_table()[6]
    'EESDUUU'
    """

    references = ("Yan, Mandrekar and Yuan (2017), Clinical Cancer Research 23:3994-4003",)
    weighs_pending: ClassVar[str] = "interval"

    mtd_alpha: float = 0.05
    mtd_beta: float = 0.05
    end_keys: str = "scaled"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("end_keys", self.end_keys, END_KEYS)

    def _how(self) -> str:
        ends = "scaled up to a whole key" if self.end_keys == "scaled" else "taken as they are"
        return (
            f"The keyboard design with the target key {self._interval_words()} and prior "
            f"Beta({listed((self.alpha, self.beta))}): one level "
            "up, stay, or one level down as the key with the greatest posterior probability lies below the target key, "
            f"is it, or lies above it; the cut-off keys at both ends are {ends}."
        )

    def steps(self, n: IntArray, y: IntArray) -> npt.NDArray[np.int8]:
        """See :meth:`IntervalDesign.steps`."""
        return steps_to_target_key(n, y, self.alpha, self.beta, self.interval, scaled=self.end_keys == "scaled")


def key_edges(interval: tuple[Fraction, Fraction]) -> tuple[list[Fraction], int]:
    """Return the edges of all keys, from 0 to 1, and the index of the target key.

    Examples
    --------
    >>> edges, target_key = key_edges((Fraction(1, 5), Fraction(2, 5)))
    >>> [float(edge) for edge in edges], target_key
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1)
    """
    lower, upper = interval
    width = upper - lower
    below, above = [lower], [upper]
    while below[-1] > 0:
        below.append(max(below[-1] - width, Fraction(0)))
    while above[-1] < 1:
        above.append(min(above[-1] + width, Fraction(1)))
    return below[::-1] + above, len(below) - 1


def steps_to_target_key(
    n: IntArray, y: IntArray, a: float, b: float, interval: tuple[Fraction, Fraction], *, scaled: bool
) -> npt.NDArray[np.int8]:
    """Return the step (+1, 0, -1) from where the strongest key lies to the target key; ties: the higher key."""
    edges, target_key = key_edges(interval)
    cdf = [posterior_cdf(n, y, a, b, float(edge)) for edge in edges]
    masses = [high - low for low, high in pairwise(cdf)]
    if scaled:
        widths = [float(high - low) for low, high in pairwise(edges)]
        masses = [mass / width for mass, width in zip(masses, widths, strict=True)]
    return np.sign(target_key - index_of_greatest(masses)).astype(np.int8)
