"""Where labels of points go so that none lies on another, on a mark, or outside the chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle on the picture, in pixels; ``top`` is smaller than ``bottom``."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Return the area that two share."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)

    def outside(self, frame: Box) -> float:
        """Return the area that lies outside a frame."""
        return (self.right - self.left) * (self.bottom - self.top) - self.overlap(frame)


def clear_place(candidates: Sequence[Box], taken: Sequence[Box], frame: Box) -> int:
    """Return the first candidate that covers nothing and lies within the frame; failing that, the one that is best so.

    Parameters
    ----------
    candidates : sequence of Box
        Where a label may go, the most wanted first.
    taken : sequence of Box
        Marks, and labels that have their places.
    frame : Box

    Examples
    --------
    >>> right, left = Box(5, 0, 25, 10), Box(-25, 0, -5, 10)
    >>> clear_place([right, left], [Box(20, 0, 30, 10)], Box(-50, -50, 50, 50))
    1
    """
    cost = [sum(each.overlap(other) for other in taken) + 10 * each.outside(frame) for each in candidates]
    return cost.index(min(cost))
