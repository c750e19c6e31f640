"""Rates compared exactly: 5 DLTs in 20 patients against 0.25 is a tie, whatever the floating-point numbers say."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np

from designs.arrays import IntArray


def rational(value: float) -> Fraction:
    """Return the number that a float stands for: the simple fraction, else the decimal, that it is written as.

    Examples
    --------
    >>> rational(0.25), rational(0.3) - rational(0.05), rational(1 / 3), rational(0.123456789)
    (Fraction(1, 4), Fraction(1, 4), Fraction(1, 3), Fraction(123456789, 1000000000))
    """
    simple = Fraction(float(value)).limit_denominator(10_000)
    return simple if float(simple) == float(value) else Fraction(repr(float(value)))


def most_at_or_below(rate: Fraction, max_n: int) -> IntArray:
    """Return per n = 0..max_n the largest y with y / n <= rate (0 for n = 0).

    Examples
    --------
    >>> most_at_or_below(Fraction(1, 4), 8)
    array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    """
    return np.array([floor(n * rate) for n in range(max_n + 1)])


def least_at_or_above(rate: Fraction, max_n: int) -> IntArray:
    """Return per n = 0..max_n the smallest y with y / n >= rate (0 for n = 0).

    Examples
    --------
    >>> least_at_or_above(Fraction(1, 4), 8)
    array([0, 1, 1, 1, 1, 2, 2, 2, 2])
    """
    return np.array([ceil(n * rate) for n in range(max_n + 1)])
