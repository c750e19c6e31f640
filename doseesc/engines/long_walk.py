"""What is told of an enumeration that takes long, where nobody else tells it.

It goes to the log ``doseesc``, by default on standard error.
"""

from __future__ import annotations

import logging
import time

from designs import Design

PATIENCE = 1.0
"""Seconds before anything is told."""
EVERY = 10.0
"""Seconds between what is told then."""


class LongWalk:
    """Is called with the patients treated so far and the most of the trial, and tells them now and then.

    Parameters
    ----------
    design : Design
    """

    def __init__(self, design: Design) -> None:
        self._name = type(design).__name__
        self._began = time.monotonic()
        self._next = self._began + PATIENCE

    def __call__(self, patients: int, most: int) -> None:
        """Tell how far it is, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        logging.getLogger("doseesc").warning(
            "note: %s: all outcomes of %s of %s patients are enumerated after %.0f s; a simulation may be quicker",
            self._name,
            f"{patients:,}",
            f"{most:,}",
            now - self._began,
        )
