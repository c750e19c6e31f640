"""Entries of a decision table at which the trial stops, wherever on the ladder they are met.

The letters of a table are the design's own answer to the data at one dose; its rules may end the trial all the same
(enough patients at the dose, say).  Which entries those are is found by asking the design: an entry is a stop where the
design, rules included, stops at whatever dose the data are met and whatever went before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from designs import Design, Pending, Reason, Tally
from designs.arrays import BoolArray

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
    entries = [Entry(n, dlts) for n, letters in cells.items() for dlts in range(len(letters)) if n < design.max_n]
    stops = {(each.entered, each.dlts) for each, stop in zip(entries, stops_at(design, entries), strict=True) if stop}
    return {
        n: tuple(STOP if (n, dlts) in stops else letter for dlts, letter in enumerate(letters))
        for n, letters in cells.items()
    }


class Entry(NamedTuple):
    """Data at one dose.

    Attributes
    ----------
    entered, dlts : int
        Patients, those pending included, and DLTs known.
    pending : int
    followed : float
        Share of the window, below 1, for which each patient pending has been followed.
    """

    entered: int
    dlts: int
    pending: int = 0
    followed: float = 0.0


def stops_at(design: Design, entries: Sequence[Entry]) -> BoolArray:
    """Return at which entries the trial stops, whatever the dose and what went before, but by the largest number alone.

    Nowhere for a design whose rules look at the course of the trial.
    """
    going = np.zeros(len(entries), dtype=np.bool_)
    met = [
        (place, level, lower)
        for place, entry in enumerate(entries)
        for level in range(1, design.n_doses + 1)
        for lower in ((0,) if level == 1 else (0, design.cohort_size))
        if entry.entered + lower * (level - 1) < design.max_n
    ]
    if design.needed_memory or not met:
        return going
    n, dlt = np.zeros((2, len(met), design.n_doses), dtype=np.int64)
    places = max(entry.pending for entry in entries)
    where, days = np.zeros((len(met), places), dtype=np.int64), np.zeros((len(met), places))
    for row, (place, level, lower) in enumerate(met):
        entry = entries[place]
        n[row, : level - 1] = lower
        n[row, level - 1], dlt[row, level - 1] = entry.entered - entry.pending, entry.dlts
        where[row, : entry.pending], days[row, : entry.pending] = level, entry.followed
    tally = Tally(n=n, dlt=dlt, level=np.array([level for _, level, _ in met]))
    pending = Pending(level=where, days=days, window_days=1.0, n_doses=design.n_doses) if places else None
    decision = design.decide(tally, pending)
    goes_on = (decision.level > 0) | (decision.reason_code == Reason.MAX_N)
    asked = [place for place, _, _ in met]
    np.logical_or.at(going, asked, goes_on)
    stops = ~going
    stops[np.setdiff1d(np.arange(len(entries)), asked)] = False
    return stops
