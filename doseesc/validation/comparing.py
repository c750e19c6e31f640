"""Differences between our figures and others, gathered until one line can say how the comparison went."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

STANDARD_ERRORS = "standard errors"
"""The unit of differences between simulated figures."""

MARGIN = 4.0
"""Standard errors that two simulations, or a simulation and an exact figure, may lie apart."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How a case went.

    Attributes
    ----------
    largest : float
        The difference that came nearest to what is allowed, or went farthest beyond it; infinite where one of the
        figures is no number or where there was nothing to compare.
    tolerance : float
        What is allowed there; 0 for what must be equal.
    comparisons : int
        Figures compared.
    unit : str
        ``"standard errors"``, or empty for the figures' own.
    where : str
        Which figure it is.
    """

    largest: float
    tolerance: float
    comparisons: int
    unit: str = ""
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether every difference was within its tolerance."""
        return self.comparisons > 0 and self.largest <= self.tolerance


def is_case(function: Callable[..., Any]) -> bool:
    """Return whether a function is a comparison to be run: it needs nothing, and gives a :class:`Comparison`."""
    return function.__annotations__ == {"return": Comparison.__name__}


class Differences:
    """Gathers differences, each with its own tolerance, and keeps the one that comes nearest to it.

    Examples
    --------
    >>> seen = Differences()
    >>> seen.close("lambda_e", 0.2365, 0.23649, within=5e-5)
    >>> seen.equal("boundaries", [0, 1, 1], [0, 1, 2])
    >>> seen.result
    Comparison(largest=1.0, tolerance=0.0, comparisons=4, unit='', where='boundaries')
    """

    def __init__(self) -> None:
        self._worst: tuple[float, float, str, str] | None = None  # difference, tolerance, unit, where
        self._count = 0

    def close(self, where: str, ours: Any, theirs: Any, *, within: Any) -> None:
        """Compare figures, or arrays of them, by their absolute difference; ``within`` may be an array, too."""
        self._add(where, *_difference(ours, theirs), within, "")

    def relative(self, where: str, ours: Any, theirs: Any, *, within: float) -> None:
        """Compare figures by their difference as a share of the expected one."""
        difference, fits = _difference(ours, theirs)
        scale = np.abs(np.asarray(theirs, dtype=float))
        self._add(where, difference / np.where(scale > 0, scale, 1.0) if fits else difference, fits, within, "")

    def equal(self, where: str, ours: Any, theirs: Any) -> None:
        """Compare what must be the same: whole numbers, lists of them, or texts, where each that differs counts 1."""
        ours, theirs = np.asarray(ours), np.asarray(theirs)
        if ours.dtype.kind in "biuf" and theirs.dtype.kind in "biuf":
            self._add(where, *_difference(ours, theirs), 0.0, "")
        elif ours.shape == theirs.shape:
            self._add(where, np.asarray(ours != theirs, dtype=float), True, 0.0, "")
        else:
            self._add(where, np.array(np.inf), False, 0.0, "")

    def holds(self, where: str, condition: Any) -> None:
        """Take note of what must be true, one condition or an array of them."""
        self.equal(where, np.asarray(condition, dtype=bool), np.ones(np.shape(condition), dtype=bool))

    def errors(self, where: str, ours: Any, theirs: Any, error: Any, *, margin: float = MARGIN, slack: Any = 0) -> None:
        """Compare simulated figures in standard errors of their difference.

        ``slack`` is what printed digits leave open, in the figures' own unit.
        """
        difference, fits = _difference(ours, theirs)
        difference = np.where(np.isnan(difference), np.inf, difference)
        error = np.asarray(error, dtype=float)
        beyond = np.maximum(difference - slack, 0.0) if fits else difference
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(beyond > 0, beyond / error, 0.0) if fits else beyond
        self._add(where, share, fits, margin, STANDARD_ERRORS)

    def include(self, where: str, other: Comparison) -> None:
        """Take another comparison in."""
        self._count += other.comparisons
        worst = other.largest, other.tolerance, other.unit, f"{where}: {other.where}"
        if other.comparisons == 0:
            worst = (math.inf, *worst[1:])
        if self._worst is None or _rank(*worst[:2]) > _rank(*self._worst[:2]):
            self._worst = worst

    def _add(self, where: str, difference: np.ndarray, fits: bool, within: Any, unit: str) -> None:
        difference = np.where(np.isnan(difference), np.inf, difference)
        self._count += difference.size
        if difference.size == 0:
            return
        within = np.broadcast_to(np.asarray(within, dtype=float), difference.shape)
        flat, allowed = difference.ravel(), within.ravel()
        place = max(range(flat.size), key=lambda each: _rank(float(flat[each]), float(allowed[each])))
        one = float(flat[place]), float(allowed[place]), unit, where
        if self._worst is None or _rank(*one[:2]) > _rank(*self._worst[:2]):
            self._worst = one
        if not fits:
            self._worst = (math.inf, one[1], unit, f"{where}: not as many figures as expected")

    @property
    def result(self) -> Comparison:
        """How the comparison went so far."""
        if self._worst is None:
            return Comparison(largest=math.inf, tolerance=0.0, comparisons=0, where="nothing was compared")
        largest, tolerance, unit, where = self._worst
        return Comparison(largest=largest, tolerance=tolerance, comparisons=self._count, unit=unit, where=where)


def _difference(ours: Any, theirs: Any) -> tuple[np.ndarray, bool]:
    """Return absolute differences, 0 where both are the same infinity, and whether the shapes agree."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if ours.shape != theirs.shape and ours.ndim and theirs.ndim:
        return np.array(np.inf), False
    with np.errstate(invalid="ignore"):
        return np.where(ours == theirs, 0.0, np.abs(ours - theirs)), True


def _rank(difference: float, within: float) -> tuple[float, float]:
    """Order differences by their share of the tolerance; what exceeds a tolerance of nothing comes first, by size."""
    if difference == 0:
        return (0.0, within)
    return (difference / within if within > 0 else math.inf, difference)
