"""A grid that goes on where its best candidate lies at an edge.

Beyond the edge an axis gets values at the distance of its last two, where the design allows them; below the smallest of
positive values, halves of it, so that none reaches 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

Axes = dict[str, tuple[float, ...]]

_MORE = 2  # values beyond an edge at a time
_DIGITS = 10


def widened(axes: Axes, best: Mapping[str, float], possible: Callable[[Mapping[str, float]], bool]) -> Axes:
    """Return the axes with values beyond the edges at which the best candidate lies.

    Parameters
    ----------
    axes : dict of str to tuple of float
        The values tried of each parameter; one of a single value is left as it is.
    best : mapping of str to float
        The best candidate.
    possible : callable
        Whether a candidate can be made; values with which one cannot are left out.

    Returns
    -------
    dict
        ``axes`` again, in the same order; equal where no edge is reached, or nothing lies beyond it.

    Examples
    --------
    >>> widened({"p": (0.1, 0.15, 0.2)}, {"p": 0.2}, lambda values: values["p"] < 0.3)
    {'p': (0.1, 0.15, 0.2, 0.25)}
    """
    found = {}
    for name, values in axes.items():
        rest = [axes[other] for other in axes if other != name]
        names = [other for other in axes if other != name]
        new = [
            value
            for value in _beyond(values, best[name])
            if all(possible(dict(zip(names, each, strict=True)) | {name: value}) for each in product(*rest))
        ]
        found[name] = tuple(sorted({*values, *new})) if new else values
    return found


def at_edge(tried: tuple[float, ...], value: float) -> bool:
    """Return whether a value is the smallest or largest of several tried."""
    return len(tried) > 1 and value in (min(tried), max(tried))


def _beyond(values: tuple[float, ...], best: float) -> list[float]:
    if not at_edge(values, best):
        return []
    ordered = sorted(values)
    if best == ordered[-1]:
        step = ordered[-1] - ordered[-2]
        return [round(ordered[-1] + k * step, _DIGITS) for k in range(1, _MORE + 1)]
    step = ordered[1] - ordered[0]
    further = [ordered[0] - k * step for k in range(1, _MORE + 1)]
    if ordered[0] > 0 and further[-1] <= 0:
        further = [ordered[0] / 2**k for k in range(1, _MORE + 1)]
    return [round(value, _DIGITS) for value in further]
