"""Win ratio: every patient of the active arm against every control, by death first and then by improvement.

Of two patients the one who dies later, or lives, wins; where neither death decides, the one who improves sooner; both
as far as both are observed (Pocock et al. 2012).  Improvement and death exclude one another here, so that a patient
lost to follow-up ties with one who died or improved later.  With w_i and l_i the shares of controls that patient i
beats and loses to, and likewise for controls, log(W/L) has the variance of a two-sample U-statistic (Bebu and Lachin
2016):

    Var log(W/L) = Var_active(w/W - l/L) / n_active + Var_control(w/W - l/L) / n_control
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from designs.arrays import FloatArray
from doseesc.phase2.analyses.day_counts import CENSORED, DIED, IMPROVED, DayCounts, check_arms


@dataclass(frozen=True)
class WinRatio:
    """Shares of pairs won, lost and tied by the active arm, and the variance of log(won/lost), per trial.

    Attributes
    ----------
    won, lost : array, shape (T,)
    variance : array, shape (T,)
        Of log(won/lost); 0 where one of them is 0.
    """

    won: FloatArray
    lost: FloatArray
    variance: FloatArray

    @property
    def tied(self) -> FloatArray:
        """Share of pairs that tie."""
        return 1 - self.won - self.lost

    @property
    def ratio(self) -> FloatArray:
        """Win ratio; infinite where nothing is lost, and 1 where nothing is decided."""
        undecided = (self.won == 0) & (self.lost == 0)
        decided = np.where(self.lost > 0, self.won / np.where(self.lost > 0, self.lost, 1.0), np.inf)
        return np.where(undecided, 1.0, decided)

    @property
    def z(self) -> FloatArray:
        """log(won/lost) over its standard error; 0 where only one of them happens or nothing varies."""
        possible = (self.won > 0) & (self.lost > 0) & (self.variance > 0)
        log_ratio = np.log(np.where(possible, self.won, 1.0)) - np.log(np.where(possible, self.lost, 1.0))
        return np.where(possible, log_ratio / np.sqrt(np.where(possible, self.variance, 1.0)), 0.0)

    @property
    def p_two_sided(self) -> FloatArray:
        """Two-sided p-value."""
        return np.minimum(2 * ndtr(-np.abs(self.z)), 1.0)


def win_ratio(treated: DayCounts, control: DayCounts) -> WinRatio:
    """Compare two arms by all pairs of their patients.

    Raises
    ------
    ValueError
        If an arm is empty in some trial.

    Examples
    --------
    >>> treated = DayCounts.of(kind=[0, 2], day=[3, 4], horizon=4)
    >>> control = DayCounts.of(kind=[1, 2], day=[2, 4], horizon=4)
    >>> found = win_ratio(treated, control)
    >>> float(found.won[0]), float(found.lost[0]), float(found.tied[0])
    (0.75, 0.0, 0.25)
    """
    check_arms(treated, control)
    wins = winning(treated.horizon)
    counts = [
        np.concatenate([arm.improved, arm.died, arm.censored], axis=1).astype(np.float64) for arm in (treated, control)
    ]
    share = [each / each.sum(axis=1, keepdims=True) for each in counts]
    beats = [share[1] @ wins.T, share[0] @ wins.T]
    loses = [share[1] @ wins, share[0] @ wins]
    won, lost = (share[0] * beats[0]).sum(axis=1), (share[0] * loses[0]).sum(axis=1)
    by_won, by_lost = (np.where(each > 0, each, 1.0)[:, None] for each in (won, lost))
    variance = np.zeros(len(won))
    for arm, (up, down) in enumerate(((by_won, by_lost), (by_lost, by_won))):
        # For a control a win of the active arm is a loss; the square does not see the sign.
        influence = beats[arm] / up - loses[arm] / down
        mean = (share[arm] * influence).sum(axis=1, keepdims=True)
        spread = (share[arm] * (influence - mean) ** 2).sum(axis=1)
        variance += spread / counts[arm].sum(axis=1)
    return WinRatio(won, lost, np.where((won > 0) & (lost > 0), variance, 0.0))


def winning(horizon: int) -> FloatArray:
    """Return 1 where a patient of the row's kind and day beats one of the column's; index  kind * horizon + day - 1."""
    kind, day = (each.ravel() for each in np.divmod(np.arange(3 * horizon), horizon))
    row_kind, row_day, column_kind, column_day = kind[:, None], day[:, None], kind[None], day[None]
    # Followed to the end, where it is a day later than any event on the last day; an improved patient lives to the end.
    until = np.where((kind == IMPROVED) | ((kind == CENSORED) & (day == horizon - 1)), horizon, day)
    outlives = (column_kind == DIED) & (until[:, None] >= column_day)
    outlives &= (row_kind != DIED) | (row_day > column_day)
    no_death = (row_kind != DIED) & (column_kind != DIED)
    sooner = (row_kind == IMPROVED) & (column_kind == IMPROVED) & (row_day < column_day)
    only = (row_kind == IMPROVED) & (column_kind == CENSORED) & (until[None] >= row_day)
    return (outlives | (no_death & (sooner | only))).astype(np.float64)
