"""What interval designs with an equivalence interval around the target share: where it lies, and how wide it may be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from designs.checks import require_number, shown
from designs.interval import IntervalDesign
from designs.rational import rational
from designs.words import percent

_NARROWEST = 1e-3  # the intervals as wide as it that cover 0 to 1 are a thousand then


@dataclass(frozen=True, kw_only=True)
class EquivalenceIntervalDesign(IntervalDesign):
    """An interval design with the equivalence interval [target - epsilon1, target + epsilon2].

    Parameters
    ----------
    epsilon1 : float
        How far the equivalence interval reaches below the target.
    epsilon2 : float
        How far the equivalence interval reaches above the target.
    """

    epsilon1: float = 0.05
    epsilon2: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= require_number("epsilon1", self.epsilon1) < self.target:
            raise ValueError(f"epsilon1 must lie between 0 and the target {self.target}, not {shown(self.epsilon1)}")
        if not 0 <= require_number("epsilon2", self.epsilon2) < 1 - self.target:
            raise ValueError(
                f"epsilon2 must lie between 0 and what the target {self.target} leaves to 1, not {shown(self.epsilon2)}"
            )
        if self.epsilon1 + self.epsilon2 < _NARROWEST:
            raise ValueError(
                f"epsilon1 and epsilon2 must add up to at least {_NARROWEST:g}, the width of the equivalence interval, "
                f"not {self.epsilon1 + self.epsilon2:g}"
            )

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """The equivalence interval, exactly."""
        target = rational(self.target)
        return target - rational(self.epsilon1), target + rational(self.epsilon2)

    def _interval_words(self) -> str:
        low, high = (percent(float(edge)) for edge in self.interval)
        return f"{low} to {high}"
