"""Trials on the calendar of designs whose decisions are compiled: one after the other in one place, or side by side.

What a trial needs while it is played is some three kilobytes.  In one place for all, these stay in the processor's
cache, and only what is left of a trial in the end is kept (:mod:`doseesc.engines.clock_followed`).  A trial that comes
to a look which is not decided in compiled code is begun anew beside others such, as :func:`to_their_ends` plays them.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from designs import Design
from designs.arrays import IntArray
from doseesc.engines.clock_arrays import OVER, TURN_AWAY, Setting, Trials, new_trials
from doseesc.engines.clock_batches import MoreNumbers, PlayInBatches, to_their_ends
from doseesc.engines.clock_followed import Followed, followed_up, room_for
from doseesc.engines.clock_one_place import one_place
from doseesc.engines.clock_patients import ComingPatients

_NOWHERE = room_for(0, 0)


class Decisions(Protocol):
    """The compiled decisions of one design."""

    def know(self, setting: Setting) -> bool:
        """Say whether they can be made in this setting."""

    def run(self, trials: Trials, setting: Setting, running: IntArray, ends: Followed) -> IntArray:
        """Run trials to their ends, or to looks that are not decided here; return their status.

        With room in ``ends`` each of them is begun anew in the one place that ``trials`` has for all, and noted there
        if it ends.
        """

    def look(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        """Decide about trials at such looks, now or in the next run."""


class PlayCompiled:
    """Plays trials of one design.

    Parameters
    ----------
    design : Design
    decisions : Decisions
        Those of the design.
    first : int
        So many trials of a block are played side by side before the others: what is learned from them is known then.
    """

    def __init__(self, design: Design, decisions: Decisions, first: int = 0) -> None:
        self.decisions = decisions
        self._design, self._first = design, first

    def play(self, trials: Trials, setting: Setting, more: MoreNumbers) -> Trials:
        """Play trials to their ends; return them, whose numbers for arrivals may have been added to."""
        if not self.decisions.know(setting):
            return PlayInBatches(self._design).play(trials, setting, more)
        everyone = np.arange(len(trials.counts))
        for share in (everyone[: self._first], everyone[self._first :]):
            trials = to_their_ends(
                trials,
                share,
                self._design,
                more,
                step=lambda there, running: self.decisions.run(there, setting, running, _NOWHERE),
                look=lambda there, looking: self.decisions.look(there, setting, looking),
            )
        return trials

    def can_follow(self, setting: Setting) -> bool:
        """Say whether :meth:`follow` can play in this setting, and is quicker than :meth:`play`.

        Who turns patients away needs more numbers for arrivals than there are at first, and would begin anew each time.
        """
        return self.decisions.know(setting) and not setting.observed and setting.policy != TURN_AWAY

    def follow(self, patients: ComingPatients, setting: Setting) -> Followed:
        """Play one trial for each row of patients, and return what is left of them."""
        size, doses = len(patients.latent), len(setting.probability)
        ends, everyone = room_for(size, doses), np.arange(size)
        self._side_by_side(patients, setting, everyone[: self._first], ends)
        place = one_place(patients.latent, patients.dlt_day, patients.numbers(), doses)
        running = everyone[self._first :]
        status = self.decisions.run(place, setting, running, ends)
        self._side_by_side(patients, setting, running[status != OVER], ends)
        return ends

    def _side_by_side(self, patients: ComingPatients, setting: Setting, rows: IntArray, ends: Followed) -> None:
        if not len(rows):
            return
        given = (patients.latent[rows], patients.dlt_day[rows], patients.numbers()[rows])
        trials = self.play(
            new_trials(*given, len(setting.probability)), setting, lambda beyond: patients.numbers(beyond)[rows]
        )
        ends.put(rows, followed_up(trials, True))
