"""The nonparametric optimal benchmark: how well any design could do with the same patients.

O'Quigley, Paoletti and Maccario (2002), *Biostatistics* 3:51-56.  If each patient's outcome were known at every level
(a DLT wherever the latent uniform number falls below the level's DLT probability), the obvious choice would be the
level whose observed rate is nearest the target.  No design sees that much, so its share of correct selections is a
bound to measure designs by.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]


def benchmark_choice(latent: FloatArray, truth: FloatArray, target: float) -> IntArray:
    """Return the level (B,) that complete information selects in each trial.

    Parameters
    ----------
    latent : array, shape (N, B)
        Latent uniform numbers of the N patients of B trials.
    truth : array, shape (J,)
        True DLT probabilities.
    target : float
        Target DLT probability.

    Notes
    -----
    Ties go to the lower level.  Levels of equal true DLT probability cannot be told apart; they count as one, named
    by the level that would be the true MTD among them (the highest at or below the target, the lowest above it).

    Examples
    --------
    >>> latent = np.array([[0.1, 0.9], [0.3, 0.8], [0.7, 0.6]])
    >>> benchmark_choice(latent, np.array([0.2, 0.4, 0.8]), target=0.25)
    array([1, 1])
    """
    distance = np.empty((len(truth), latent.shape[1]))
    for level, probability in enumerate(truth):
        rate = (latent < probability).sum(axis=0) / len(latent)
        distance[level] = np.abs(rate - target)
    # Equal distances on both sides of the target differ by rounding only; the lower level takes them.
    nearest = np.argmax(distance <= distance.min(axis=0) + 1e-12, axis=0)
    return _plateau_names(truth, target)[nearest]


def _plateau_names(truth: FloatArray, target: float) -> IntArray:
    """Return for each level (J,) the one that stands for all levels of the same true DLT probability."""
    levels = np.arange(1, len(truth) + 1)
    same = truth[:, None] == truth
    highest = (same * levels).max(axis=1)
    lowest = len(truth) + 1 - (same * levels[::-1]).max(axis=1)
    return np.where(truth <= target, highest, lowest)
