"""Trials on the calendar of designs that do not ask how long patients have been followed.

Such a decision depends on counts alone: patients entered, DLTs known and patients pending at each dose, the current
level, and what the rules remember.  So a state (:mod:`doseesc.engines.clock_keys`) is decided once, however many trials
come to it, and from then on looked up in compiled code (:mod:`doseesc.engines.clock_answers`).  States nobody has come
to yet are collected and decided in batches, as :mod:`doseesc.engines.clock_batches` would.
"""

from __future__ import annotations

import numpy as np

from designs import Decision, Design
from designs.arrays import BoolArray, IntArray
from doseesc.engines.clock_answers import (
    Answers,
    distinct,
    find,
    insert,
    is_noted,
    no_answers,
    packed,
    parts_of,
    unknown,
)
from doseesc.engines.clock_arrays import LOOK, PENDING, Setting, Trials
from doseesc.engines.clock_batches import ignores_follow_up
from doseesc.engines.clock_followed import Followed, follow_if_over
from doseesc.engines.clock_keys import Layout, keys_of, layout_of, pack
from doseesc.engines.clock_looks import followed_to_the_end, seen
from doseesc.engines.clock_mechanics import advance, apply, note_decision
from doseesc.engines.clock_numba import compiled, compiled_inner
from doseesc.engines.clock_one_place import placed


class StateDecisions:
    """Decisions of one design by states; what has been decided is known in later blocks.

    Parameters
    ----------
    design : Design
        One that :meth:`can_decide`.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        layout = layout_of(design)
        assert layout is not None, "asked only of a design whose states can be packed"
        self._layout = layout
        self._now, self._later = np.empty((2, layout.words), dtype=np.int64)
        self._answers = no_answers(1024, layout.words)

    @staticmethod
    def can_decide(design: Design) -> bool:
        """Say whether the design's decisions depend on counts alone, and these on so few patients that they fit."""
        return ignores_follow_up(design) and layout_of(design) is not None

    def know(self, setting: Setting) -> bool:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: in any."""
        return True

    def run(self, trials: Trials, setting: Setting, running: IntArray, ends: Followed) -> IntArray:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: until a state is not known."""
        return _play(trials, setting, self._layout, self._answers, self._now, self._later, running, ends)

    def look(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: decide the states, for the next run.

        Where it is asked for also those of all followed to the end.
        """
        design, memory = self._design, self._design.needed_memory
        asked = looking
        for later in (False, True):
            keys = keys_of(trials, setting, self._layout, asked, later)
            rows = np.flatnonzero(unknown(self._answers, keys))
            if len(rows):
                rows = rows[distinct(keys[rows])[0]]
                tally, pending, looks = seen(trials, setting, asked[rows], memory)
                if later:
                    decision = design.decide(followed_to_the_end(trials, asked[rows], looks, memory))
                else:
                    decision = design.decide(tally, pending)
                self._add(keys[rows], decision)
            if not later:
                asked = looking[_asks_later(trials, self._answers, looking, keys)]

    def _add(self, keys: IntArray, decision: Decision) -> None:
        answers = self._answers
        needed = 2 * (int(answers.size[0]) + len(keys))
        if needed > len(answers.row):
            taken = answers.row[answers.row[:, 0] >= 0]
            self._answers = no_answers(2 * needed, self._layout.words)
            insert(self._answers, np.ascontiguousarray(taken[:, 1:]), np.ascontiguousarray(taken[:, 0]))
        insert(self._answers, keys, packed(decision))


@compiled
def _play(
    x: Trials,
    setting: Setting,
    layout: Layout,
    answers: Answers,
    now: IntArray,
    later: IntArray,
    running: IntArray,
    ends: Followed,
) -> IntArray:
    status = np.empty(len(running), dtype=np.int64)
    for r in range(len(running)):
        s = placed(x, ends, running[r])
        status[r] = _play_one(x, setting, layout, answers, now, later, s)
        follow_if_over(x, s, ends, running[r])
    return status


@compiled_inner
def _play_one(
    x: Trials, setting: Setting, layout: Layout, answers: Answers, now: IntArray, later: IntArray, s: int
) -> int:
    """Run trial ``s`` to its end, or to a state that is not known; return its status."""
    while True:
        status = advance(x, setting, s)
        if status != LOOK:
            return status
        pack(x, setting, layout, s, False, now)
        answer = find(answers, now)
        if answer < 0:
            return status
        level, cohort, reason = parts_of(answer)
        if is_noted(answer):
            changed = False
            if x.counts[s, PENDING] > 0:
                pack(x, setting, layout, s, True, later)
                then = find(answers, later)
                if then < 0:
                    return status
                changed = parts_of(then)[0] != level
            note_decision(x, s, reason, changed)
        apply(x, setting, s, level, cohort, reason)


@compiled
def _asks_later(x: Trials, answers: Answers, rows: IntArray, keys: IntArray) -> BoolArray:
    """Return which trials, whose states are known, are compared with the same patients followed to the end."""
    asks = np.empty(len(rows), dtype=np.bool_)
    for r in range(len(rows)):
        asks[r] = x.counts[rows[r], PENDING] > 0 and is_noted(find(answers, keys[r]))
    return asks
