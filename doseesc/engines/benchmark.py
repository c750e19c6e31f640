"""The nonparametric optimal benchmark: how well any design could do with the same patients.

O'Quigley, Paoletti and Maccario (2002), *Biostatistics* 3:51-56.  If each patient's outcome were known at every level
(a DLT wherever the latent uniform number falls below the level's DLT probability), the obvious choice would be the
level whose observed rate is nearest the target.  No design sees that much, so its share of correct selections is a
bound to measure designs by.
"""

from __future__ import annotations

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.phases import highest_level
from doseesc.truth import MtdRule

BENCHMARK_REFERENCES = ("O'Quigley, Paoletti and Maccario (2002), Biostatistics 3:51-56",)


def benchmark_choice(
    latent: FloatArray, truth: FloatArray, target: float, rule: MtdRule = "nearest", margin: float = 0.1
) -> IntArray:
    """Return the level (B,) that complete information selects in each trial.

    Parameters
    ----------
    latent : array, shape (N, B)
        Latent uniform numbers of the N patients of B trials.
    truth : array, shape (J,)
        True DLT probabilities.
    target : float
        Target DLT probability.
    rule, margin
        The definition of the true MTD, see :func:`doseesc.truth.true_mtd`; by ``"highest_below"`` the benchmark
        takes the highest level whose observed rate is at most target plus margin, 0 where there is none.

    Notes
    -----
    Of two levels equally near the target, on either side of it, the lower is taken.  Of levels with the same observed
    rate the highest is taken if that rate is at or below the target, else the lowest: the convention for the true MTD.
    Levels of equal *true* DLT probability cannot be told apart; they count as one, named by the same convention.

    Examples
    --------
    >>> latent = np.array([[0.1, 0.9], [0.3, 0.8], [0.7, 0.6]])
    >>> benchmark_choice(latent, np.array([0.2, 0.4, 0.8]), target=0.25)
    array([1, 3])
    """
    dlts = [(latent < probability).sum(axis=0) for probability in truth]
    if rule == "highest_below":
        tolerable = np.stack(dlts, axis=1) <= (target + margin) * len(latent) + 1e-9
        return np.concatenate([[0], _plateau_names(truth, target + margin)])[highest_level(tolerable)]
    best = np.zeros(latent.shape[1], dtype=np.int64)
    best_dlts, best_distance = dlts[0], np.abs(dlts[0] / len(latent) - target)
    for level, count in enumerate(dlts[1:], start=1):
        distance = np.abs(count / len(latent) - target)
        # Distances that differ by rounding only are equal.
        same_and_safe = (count == best_dlts) & (count <= target * len(latent) + 1e-9)
        take = (distance < best_distance - 1e-12) | same_and_safe
        best = np.where(take, level, best)
        best_dlts, best_distance = np.where(take, count, best_dlts), np.where(take, distance, best_distance)
    return _plateau_names(truth, target)[best]


def _plateau_names(truth: FloatArray, target: float) -> IntArray:
    """Return for each level (J,) the one that stands for all levels of the same true DLT probability."""
    levels = np.arange(1, len(truth) + 1)
    same = truth[:, None] == truth
    highest = (same * levels).max(axis=1)
    lowest = len(truth) + 1 - (same * levels[::-1]).max(axis=1)
    return np.where(truth <= target, highest, lowest)
