"""Questions to any tally about the patients entered in it, whether some of them are pending or none."""

from __future__ import annotations

import numpy as np

from designs.arrays import BoolArray
from designs.pending import EnteredTally
from designs.tally import Tally


def known_part(tally: Tally) -> Tally:
    """Return the tally of the patients whose outcome is known."""
    return tally.known if isinstance(tally, EnteredTally) else tally


def entered_too_soon(tally: Tally, minimum_days: float | None) -> BoolArray:
    """Return in which trials (S,) the last patient at the current level was entered less than so many days ago.

    By default the whole window.  A tally without pending patients does not say when they were entered: nobody then was
    entered too soon.

    Raises
    ------
    ValueError
        If the minimum is longer than the window, beyond which nobody's time is known.
    """
    if not isinstance(tally, EnteredTally):
        return np.zeros(tally.size, dtype=np.bool_)
    window = tally.pending.window_days
    days = window if minimum_days is None else minimum_days
    if days > window:
        raise ValueError(f"minimum_days must be at most the window of {window:g} days, not {days:g}")
    return tally.pending.followed_at(tally.level) < days
