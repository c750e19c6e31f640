"""How much a pending patient's follow-up counts: the weights of time-to-event designs.

linear
    the share of the window followed, w = u / W  (Cheung and Chappell 2000)
adaptive
    by the times of the DLTs seen so far, s_1 <= ... <= s_z, with s_0 = 0 and s_{z+1} = W: for u with m of them at or
    before it, w = (m + (u - s_m) / (s_{m+1} - s_m)) / (z + 1); linear while there is none  (Cheung and Chappell 2000,
    as in dfcrm)
parts
    by a prior of the time to a DLT, as the shares w_1, ..., w_K of the DLTs in K equal parts of the window:
    w = sum of w_k clip(K u / W - (k - 1), 0, 1)  (Lin and Yuan 2020, with thirds)
"""

from __future__ import annotations

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_numbers, shown
from designs.pending import Pending
from designs.words import percent

SCHEMES = ("linear", "adaptive")


def require_weights(name: str, weights: object) -> str | tuple[float, ...]:
    """Return a scheme's name, or shares as a tuple; raise ValueError unless it is a scheme or shares that sum to 1."""
    if isinstance(weights, str):
        if weights in SCHEMES:
            return weights
    elif isinstance(weights, list | tuple) and len(weights) >= 2:
        shares = require_numbers(name, weights, len(weights))
        if min(shares) >= 0 and abs(sum(shares) - 1) < 1e-9:
            return shares
    raise ValueError(
        f"{name} must be linear, adaptive, or the shares of the DLTs in equal parts of the window, two at least, "
        f"which sum to 1, such as [0.2, 0.3, 0.5]; not {shown(weights)}"
    )


def follow_up_weights(pending: Pending, weights: str | tuple[float, ...] = "linear") -> FloatArray:
    """Return the weight of each pending patient, from 0 to 1, shape (S, P); 0 in empty places.

    Raises
    ------
    ValueError
        If adaptive weights are asked for and ``pending.dlt_days`` is not given.

    Examples
    --------
    >>> pending = Pending(level=[[1, 2]], days=[[7.0, 10.5]], window_days=14, dlt_days=[[3.5, np.nan]])
    >>> follow_up_weights(pending)
    array([[0.5 , 0.75]])
    >>> follow_up_weights(pending, "adaptive").round(4)
    array([[0.6667, 0.8333]])
    >>> follow_up_weights(pending, (0.2, 0.8))
    array([[0.2, 0.6]])
    """
    if weights == "linear":
        return pending.share_followed
    if isinstance(weights, str):
        weight = _adaptive(pending.days, pending.window_days, pending.dlt_days)
    else:
        part = pending.share_followed * len(weights)
        weight = np.sum([share * np.clip(part - before, 0.0, 1.0) for before, share in enumerate(weights)], axis=0)
    return np.where(pending.level > 0, weight, 0.0)


def weights_sentence(weights: str | tuple[float, ...]) -> str:
    """Say how follow-up counts.

    Examples
    --------
    >>> weights_sentence((0.2, 0.3, 0.5))
    'Follow-up counts by the shares of DLTs expected in equal parts of the window: 20 %, 30 %, 50 %.'
    """
    if weights == "linear":
        return "Follow-up counts by the share of the window."
    if isinstance(weights, str):
        return "Follow-up counts by the share of the window, adapted to the times of the DLTs known so far (adaptive)."
    shares = ", ".join(percent(share) for share in weights)
    return f"Follow-up counts by the shares of DLTs expected in equal parts of the window: {shares}."


def _adaptive(days: FloatArray, window: float, dlt_days: FloatArray | None) -> FloatArray:
    if dlt_days is None:
        raise ValueError("dlt_days must be given with adaptive weights: the days from first dose to each known DLT")
    times = np.sort(dlt_days, axis=1)  # NaN last
    known = ~np.isnan(times)
    z = known.sum(axis=1)
    before = (known[:, :, None] & (times[:, :, None] <= days[:, None, :])).sum(axis=1)
    padded = np.concatenate(
        [np.zeros((len(times), 1)), np.where(known, times, window), np.full((len(times), 1), window)], 1
    )
    left = np.take_along_axis(padded, before, 1)
    right = np.take_along_axis(padded, np.minimum(before + 1, padded.shape[1] - 1), 1)
    part = np.where(right > left, (days - left) / np.where(right > left, right - left, 1.0), 0.0)
    result: FloatArray = (before + part) / (z[:, None] + 1)
    return result
