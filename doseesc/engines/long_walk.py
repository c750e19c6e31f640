"""What is told of an enumeration that takes long: at first how long is expected, then how far it is.

How many states a design has is not known before they are walked.  But there are many more of them the more patients
have been treated, so that the first fifth of a second, which reaches far, tells about how long all of it will take.
Where nobody else watches, what is told goes to the log ``doseesc``, by default on standard error.
"""

from __future__ import annotations

import logging
import time
from itertools import pairwise

import numpy as np

from designs import Design

LOOK = 0.2
"""Seconds after which it is first asked how long all of it will take."""
PATIENCE = 1.0
"""Seconds before anything is told of how far it is."""
LONG = 3.0
"""Seconds expected from which it is told that it will be long."""
EVERY = 10.0
"""Seconds between what is told then."""

_RECENT = 0.75  # of the patients so far: the growth since then goes on
_SEEN = 4  # steps before anything is concluded from them
_ENDS = 2.0  # by which sorting, and selecting in all ends, exceed the last step
_SHORTEST = 1e-3  # seconds that are told from none


class WalkForecast:
    """Tells how long an enumeration will take, from the time that it has taken so far.

    The time grows with the patients treated about by a power, that of its recent growth, which falls where trials end.
    A single step that took long, as when something is loaded, or others have the processor, is no growth.
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._steps: list[tuple[int, float]] = []
        self._latest = 0.0
        self._answered = False

    def expected(self, patients: int, most: int, now: float) -> float | None:
        """Return how many seconds all of it will take, once and where that is long; None otherwise.

        Fewer patients than before begin another enumeration.

        Parameters
        ----------
        patients, most : int
            Treated in the states that come next, and in the longest trials.
        now : float
            In seconds, of the clock that told when it began.
        """
        if self._steps and patients <= self._steps[-1][0]:
            self._began, self._steps, self._latest, self._answered = now, [], 0.0, False
        taken = now - self._began
        self._steps.append((patients, taken))
        if self._answered or taken < LOOK or len(self._steps) < _SEEN:
            return None
        before = [step for step in self._steps if 0 < step[0] <= _RECENT * patients]
        if not before:
            return None
        power = min(_power(before[-1], self._steps[-1]), *(_power(*pair) for pair in pairwise(self._steps[-3:])))
        beyond = most + patients - self._steps[-2][0]
        latest, self._latest = self._latest, _ENDS * taken * (beyond / patients) ** power
        seconds = min(latest, self._latest)
        self._answered = seconds >= LONG
        return seconds if self._answered else None


def _power(earlier: tuple[int, float], later: tuple[int, float]) -> float:
    """Return by what power of the patients the time has grown from one step to another."""
    return float(np.log(later[1] / max(earlier[1], _SHORTEST)) / np.log(later[0] / earlier[0]))


def expected_words(seconds: float, most: int) -> str:
    """Return that an enumeration will be long.

    Examples
    --------
    >>> expected_words(37.2, 60), expected_words(900, 1000)
    ('all outcomes of 60 patients take about 40 s', 'all outcomes of 1,000 patients take about 20 min')
    """
    shown = f"{seconds:.0e} s" if seconds < 100 else f"{seconds / 60:.0e} min"
    number, unit = shown.split()
    return f"all outcomes of {most:,} patients take about {float(number):,.0f} {unit}"


class LongWalk:
    """Is called with the patients treated so far and the most of the trial; tells what is expected, then how far it is.

    Parameters
    ----------
    design : Design
    """

    def __init__(self, design: Design) -> None:
        self._name = type(design).__name__
        self._began = time.monotonic()
        self._next = self._began + PATIENCE
        self._forecast = WalkForecast(self._began)

    def __call__(self, patients: int, most: int) -> None:
        """Tell what is expected, or how far it is, if it is time."""
        now = time.monotonic()
        expected = self._forecast.expected(patients, most, now)
        if expected is not None:
            self._tell(expected_words(expected, most))
            self._next = now + EVERY
        elif now >= self._next:
            self._tell(
                f"all outcomes of {patients:,} of {most:,} patients are enumerated after {now - self._began:.0f} s"
            )
            self._next = now + EVERY

    def _tell(self, words: str) -> None:
        logging.getLogger("doseesc").warning("note: %s: %s; a simulation may be quicker", self._name, words)
