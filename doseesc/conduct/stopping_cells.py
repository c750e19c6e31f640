"""Entries of a decision table at which the trial stops, wherever on the ladder they are met.

The letters of a table are the design's own answer to the data at one dose; its rules may end the trial all the same
(enough patients at the dose, say).  Which entries those are is found by asking the design: an entry is a stop where the
design, rules included, stops at whatever dose the data are met and whatever went before.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from designs import Design, Reason, Tally

STOP = "stop"

Cells = dict[int, tuple[str, ...]]


def with_stops(design: Design, cells: Mapping[int, tuple[str, ...]]) -> Cells:
    """Return the letters with :data:`STOP` where the trial stops.

    Data are met at each level in turn, below it nobody treated, or a cohort without a DLT at every lower level.  What
    the largest number of patients alone ends is left as it is.  A design whose rules look at the course of the trial,
    not at its numbers alone, keeps its letters.

    Parameters
    ----------
    design : Design
    cells : mapping of int to tuple of str
        For n patients at the current level the letters after 0..n DLTs.

    Examples
    --------
    >>> from designs import BOIN
    >>> with_stops(BOIN(target=0.3, n_doses=3, max_n=18, stop_at_n=6), {6: ("E", "E", "S", "D", "DU", "DU", "DU")})[6]
    ('E', 'E', 'stop', 'D', 'DU', 'DU', 'DU')
    """
    if design.needed_memory:
        return dict(cells)
    entries = [(n, dlts) for n, letters in cells.items() for dlts in range(len(letters)) if n < design.max_n]
    met = [
        (place, level, lower)
        for place, (n, _) in enumerate(entries)
        for level in range(1, design.n_doses + 1)
        for lower in ((0,) if level == 1 else (0, design.cohort_size))
        if n + lower * (level - 1) < design.max_n
    ]
    if not met:
        return dict(cells)
    n, dlt = np.zeros((2, len(met), design.n_doses), dtype=np.int64)
    for row, (place, level, lower) in enumerate(met):
        n[row, : level - 1] = lower
        n[row, level - 1], dlt[row, level - 1] = entries[place]
    decision = design.decide(Tally(n=n, dlt=dlt, level=np.array([level for _, level, _ in met])))
    goes_on = (decision.level > 0) | (decision.reason_code == Reason.MAX_N)
    going = np.zeros(len(entries), dtype=np.bool_)
    np.logical_or.at(going, [place for place, _, _ in met], goes_on)
    stops = {entry for entry, on in zip(entries, going, strict=True) if not on}
    return {
        n: tuple(STOP if (n, dlts) in stops else letter for dlts, letter in enumerate(letters))
        for n, letters in cells.items()
    }
