"""From expected numbers of patients to days: the arrivals' change of time.

Patients arrive with an intensity r(t) >= 0, in patients a day, t days after the opening, and
L(t) = int_0^t r  are expected by day t.  In the time L the process is one of rate 1, so that the patient who comes
after an expected number g more than at day t arrives at the day where  L = L(t) + g.  The intensity is linear on
pieces, r(t) = rate + slope (t - start), so that L is solved for exactly: with e expected beyond a piece's start,

    t - start = 2 e / (rate + sqrt(rate^2 + 2 slope e))

which loses no digits where the slope is small, and is e / rate where it is 0.

A table of pieces is an array (K, 4) of start (day), expected (L there), rate (a day) and slope (a day, a day); the
last piece goes on for ever.  Pieces of rate 0 are holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from designs.arrays import FloatArray

START, EXPECTED, RATE, SLOPE = range(4)
"""Columns of a table of pieces."""

_AT_ONCE = 1e-6  # days: a ramp-up so short is none, and would be too steep to compute with


def steady_table(per_day: float, ramp_up_days: float = 0.0) -> FloatArray:
    """Return the pieces of a rate that is reached linearly from 0.

    Examples
    --------
    >>> steady_table(0.5, ramp_up_days=100)
    array([[0.0e+00, 0.0e+00, 0.0e+00, 5.0e-03],
           [1.0e+02, 2.5e+01, 5.0e-01, 0.0e+00]])
    """
    if ramp_up_days < _AT_ONCE:
        return np.array([[0.0, 0.0, per_day, 0.0]])
    full = [ramp_up_days, per_day * ramp_up_days / 2, per_day, 0.0]
    return np.array([[0.0, 0.0, 0.0, per_day / ramp_up_days], full])


def profile_table(per_day: Sequence[float], days: float) -> FloatArray:
    """Return the pieces of rates that last ``days`` each, the last one for ever.

    Examples
    --------
    >>> profile_table([0.0, 0.5], days=30)
    array([[ 0. ,  0. ,  0. ,  0. ],
           [30. ,  0. ,  0.5,  0. ]])
    """
    rates = np.asarray(per_day, dtype=np.float64)
    table = np.zeros((len(rates), 4))
    table[:, START] = days * np.arange(len(rates))
    table[1:, EXPECTED] = days * np.cumsum(rates[:-1])
    table[:, RATE] = rates
    return table


def expected_by(table: FloatArray, day: Any) -> FloatArray:
    """Return the number of patients expected by each day, of any shape."""
    days = np.asarray(day, dtype=np.float64)
    piece = table[_piece(table[:, START], days)]
    beyond = days - piece[..., START]
    return piece[..., EXPECTED] + beyond * (piece[..., RATE] + piece[..., SLOPE] * beyond / 2)


def day_gap(table: FloatArray, day: Any, number: Any) -> FloatArray:
    """Return the days from ``day`` until so many patients more are expected; shapes are broadcast.

    At a steady rate this is ``number / rate`` to the last digit, whatever the day.
    """
    days, numbers = np.asarray(day, dtype=np.float64), np.asarray(number, dtype=np.float64)
    if len(table) == 1:
        return np.broadcast_arrays(numbers / table[0, RATE], days)[0]
    here = _piece(table[:, START], days)
    piece = table[here]
    beyond = days - piece[..., START]
    reached = piece[..., EXPECTED] + beyond * (piece[..., RATE] + piece[..., SLOPE] * beyond / 2) + numbers
    there = _piece(table[:, EXPECTED], reached)
    within = _days_within(numbers, piece[..., RATE] + piece[..., SLOPE] * beyond, piece[..., SLOPE])
    final = table[there]
    later = _days_within(reached - final[..., EXPECTED], final[..., RATE], final[..., SLOPE])
    return np.where(there == here, within, final[..., START] + later - days)


def next_gap(table: FloatArray, day: float, number: float) -> float:
    """Return :func:`day_gap` of one day and number, in plain arithmetic that Numba compiles.

    Examples
    --------
    >>> float(next_gap(profile_table([0.5, 0.0, 0.25], days=30), 20.0, 6.0))  # 5 by day 30, a hold, 1 more after it
    44.0
    """
    if len(table) == 1:
        return number / table[0, RATE]
    last = len(table) - 1
    here = 0
    while here < last and table[here + 1, START] <= day:
        here += 1
    rate = table[here, RATE] + table[here, SLOPE] * (day - table[here, START])
    beyond = day - table[here, START]
    reached = table[here, EXPECTED] + beyond * (table[here, RATE] + table[here, SLOPE] * beyond / 2) + number
    there = here
    while there < last and table[there + 1, EXPECTED] <= reached:
        there += 1
    if there == here:
        e, before = number, 0.0
    else:
        e, before = reached - table[there, EXPECTED], table[there, START] - day
        rate = table[there, RATE]
    slope = table[there, SLOPE]
    divisor = 2 * rate if slope == 0 else rate + math.sqrt(rate * rate + 2 * slope * e)
    return before if e == 0 else before + 2 * e / divisor


def _piece(starts: FloatArray, values: FloatArray) -> Any:
    """Return the last piece that has begun at each value, so that holds are passed over."""
    return np.maximum(np.searchsorted(starts, values, side="right") - 1, 0)


def _days_within(number: FloatArray, rate: FloatArray, slope: FloatArray) -> FloatArray:
    """Return the days in which a piece of this rate and slope brings the number; 0 for none, even in a hold."""
    wanted = np.maximum(number, 0.0)
    divisor = np.where(slope == 0, 2 * rate, rate + np.sqrt(rate * rate + 2 * slope * wanted))
    return 2 * wanted / np.where(divisor > 0, divisor, np.inf)
