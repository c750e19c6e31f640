"""Tests stratified by severity: arms are compared within each stratum, and what the strata say is added up.

Scores and variances of the log-rank, Cox and Gray tests add up over strata.  Cochran, Mantel and Haenszel's test does
the same with deaths: with a_s deaths among the n1_s treated, m_s deaths among all N_s patients of stratum s,

    z = sum_s (a_s - n1_s m_s / N_s) / sqrt( sum_s n1_s n0_s m_s (N_s - m_s) / (N_s^2 (N_s - 1)) )

without continuity correction (Mantel and Haenszel 1959, JNCI 22:719).  A stratum that an arm lacks says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.phase2.analyses.day_counts import DayCounts
from doseesc.phase2.analyses.gray import gray_score
from doseesc.phase2.analyses.log_rank import ScoreTest, score_test

Strata = Sequence[DayCounts]


def stratified_log_rank(treated: Strata, control: Strata, *, death: str = "day_28") -> ScoreTest:
    """Compare the times to improvement of two arms by the stratified log-rank test.

    Parameters
    ----------
    treated, control : sequence of DayCounts
        One for each stratum.
    death : {"day_28", "at_death"}
        When the dead are censored.

    Raises
    ------
    ValueError
        If the arms differ in strata, or an arm is empty in some trial.

    Examples
    --------
    >>> mild = DayCounts.of([0, 0], [2, 3], 4), DayCounts.of([0, 2], [3, 4], 4)
    >>> severe = DayCounts.of([0, 1], [3, 2], 4), DayCounts.of([2, 1], [4, 1], 4)
    >>> stratified_log_rank((mild[0], severe[0]), (mild[1], severe[1])).z.round(3)
    array([1.569])
    """
    return _summed(partial(score_test, death=death, exact_ties=True), treated, control)


def stratified_cox_score(treated: Strata, control: Strata, *, death: str = "day_28") -> ScoreTest:
    """Compare two arms by the score test of Cox's model stratified; see :func:`stratified_log_rank`."""
    return _summed(partial(score_test, death=death, exact_ties=False), treated, control)


def stratified_gray(treated: Strata, control: Strata) -> ScoreTest:
    """Compare two arms by Gray's test stratified; see :func:`stratified_log_rank`."""
    return _summed(gray_score, treated, control)


def mantel_haenszel_z(x1: Any, n1: Any, x0: Any, n0: Any) -> FloatArray:
    """Return Cochran, Mantel and Haenszel's z, positive where events are more frequent in the first arm.

    Parameters
    ----------
    x1, n1, x0, n0 : array, shape (..., S)
        Events and patients of the first and the second arm in each stratum.

    Returns
    -------
    array, shape (...)
        0 where nothing can be compared.

    Raises
    ------
    ValueError
        If an arm is empty in all strata, or has more events than patients.

    Examples
    --------
    >>> mantel_haenszel_z([[2, 5]], [[20, 20]], [[6, 11]], [[20, 20]]).round(3)
    array([-2.469])
    """
    x1, n1, x0, n0 = (np.asarray(each, dtype=np.float64) for each in (x1, n1, x0, n0))
    for name, events, patients in (("1", x1, n1), ("0", x0, n0)):
        if (patients.sum(axis=-1) < 1).any():
            raise ValueError(f"n{name} must be at least 1 in every trial: an arm is empty")
        if (events < 0).any() or (events > patients).any():
            raise ValueError(f"x{name} must lie in 0 to n{name}")
    total, events = n1 + n0, x1 + x0
    by = np.maximum(total, 1)
    excess = (x1 - n1 * events / by).sum(axis=-1)
    variance = (n1 * n0 * events * (total - events) / (by**2 * np.maximum(total - 1, 1))).sum(axis=-1)
    return ScoreTest(excess, variance).z


def _summed(test: Callable[[DayCounts, DayCounts], ScoreTest], treated: Strata, control: Strata) -> ScoreTest:
    if len(treated) != len(control):
        raise ValueError(f"control must have as many strata as treated, {len(treated)}, not {len(control)}")
    for name, arm in (("treated", treated), ("control", control)):
        empty = int((np.sum([each.n for each in arm], axis=0) == 0).sum())
        if empty:
            raise ValueError(f"{name} must have patients; it is empty in {empty} of {len(arm[0].n)} trials")
    parts = [test(one, other) for one, other in zip(treated, control, strict=True)]
    return ScoreTest(np.sum([each.score for each in parts], axis=0), np.sum([each.variance for each in parts], axis=0))
