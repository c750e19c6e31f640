"""Trials on the calendar of designs that do not ask how long patients have been followed.

Such a decision depends on counts alone: patients entered, DLTs known and patients pending at each dose, the current
level, and what the rules remember.  So a state is decided once, however many trials come to it, and from then on looked
up in compiled code.  States nobody has come to yet are collected and decided in batches, as
:mod:`doseesc.engines.clock_batches` would.

A state is packed into whole numbers, so many bits to a count, and found by hashing; equal numbers are equal states.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from designs import Decision, Design
from designs.arrays import BoolArray, IntArray
from designs.tally import MEMORY
from doseesc.engines.clock_arrays import (
    COHORT_FIRST,
    COHORTS,
    IN_A_ROW,
    LEVEL,
    LOOK,
    PATIENTS,
    PENDING,
    SHORT,
    Setting,
    Trials,
    check_not_stuck,
)
from doseesc.engines.clock_batches import MoreNumbers, followed_to_the_end, ignores_follow_up, seen
from doseesc.engines.clock_known import has_left, is_known
from doseesc.engines.clock_mechanics import advance, apply, note_decision
from doseesc.engines.clock_numba import compiled, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE

_BITS = 63  # of a whole number that is not negative


class Layout(NamedTuple):
    """How states are packed: ``bits`` to a count, ``doses`` to a word, and which memory is part of a state."""

    bits: int
    doses: int
    last_n: bool
    last_dlt: bool
    cohorts: bool
    in_a_row: bool


class Answers(NamedTuple):
    """Decisions by state, with the hash table that finds them.

    Attributes
    ----------
    slot : array of int, shape (2^m,)
        Row of the state found there; -1 = empty.
    key : array of int, shape (M, W)
        States; the first ``size[0]`` rows hold some.
    level, cohort, reason : array of int, shape (M,)
    size : array of int, shape (1,)
    """

    slot: IntArray
    key: IntArray
    level: IntArray
    cohort: IntArray
    reason: IntArray
    size: IntArray


class PlayByStates:
    """Plays trials of one design; what it has decided it knows in later blocks.

    Parameters
    ----------
    design : Design
        One that :meth:`can_play`.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._layout = layout = _layout_of(design)
        self._words = -(-design.n_doses // layout.doses) + 1
        self._answers = _empty(1024, self._words)

    @staticmethod
    def can_play(design: Design) -> bool:
        """Say whether the design's decisions depend on counts alone, and these on so few patients that they fit."""
        layout = _layout_of(design)
        counts = 3 * (layout.last_n or layout.last_dlt) + layout.cohorts + layout.in_a_row
        rest = int(design.n_doses).bit_length() + layout.bits * counts
        return ignores_follow_up(design) and layout.doses > 0 and rest <= _BITS

    def play(self, trials: Trials, setting: Setting, more: MoreNumbers) -> Trials:
        """Play trials to their ends; return them, whose numbers for arrivals may have been added to."""
        running = np.arange(len(trials.counts))
        while len(running):
            status = _play(trials, setting, self._layout, self._answers, running)
            check_not_stuck(status, self._design)
            if (status == SHORT).any():
                trials = trials._replace(number=more(trials.number.shape[1]))
            looking = running[status == LOOK]
            if len(looking):
                self._learn(trials, setting, looking)
            running = running[(status == LOOK) | (status == SHORT)]
        return trials

    def _learn(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        """Decide the states of trials at their looks, and those of the same patients followed to the end."""
        design, memory = self._design, self._design.needed_memory
        for later in (False, True):
            keys = _keys(trials, setting, self._layout, looking, self._words, later)
            fresh = _unknown(self._answers, keys)
            if not fresh.any():
                continue
            _, first = np.unique(keys[fresh], axis=0, return_index=True)
            rows = np.flatnonzero(fresh)[first]
            tally, pending, looks = seen(trials, setting, looking[rows], memory)
            if later:
                decision = design.decide(followed_to_the_end(trials, looking[rows], looks, memory))
            else:
                decision = design.decide(tally, pending)
            self._add(keys[rows], decision)

    def _add(self, keys: IntArray, decision: Decision) -> None:
        known = int(self._answers.size[0])
        if known + len(keys) > len(self._answers.key):
            old = self._answers
            self._answers = _empty(2 * (known + len(keys)), self._words)
            _insert(self._answers, old.key[:known], old.level[:known], old.cohort[:known], old.reason[:known])
        _insert(
            self._answers,
            keys,
            decision.level.astype(np.int64),
            decision.cohort_size.astype(np.int64),
            decision.reason_code.astype(np.int64),
        )


def _layout_of(design: Design) -> Layout:
    memory = design.needed_memory
    bits = int(design.max_n).bit_length()
    return Layout(bits, _BITS // (3 * bits), *(name in memory for name in MEMORY))


def _empty(states: int, words: int) -> Answers:
    slots = 2 ** int(np.ceil(np.log2(2 * states)))
    level, cohort, reason = (np.zeros(states, dtype=np.int64) for _ in range(3))
    key = np.zeros((states, words), dtype=np.int64)
    return Answers(np.full(slots, -1), key, level, cohort, reason, np.zeros(1, dtype=np.int64))


@compiled
def _play(x: Trials, setting: Setting, layout: Layout, answers: Answers, running: IntArray) -> IntArray:
    status = np.empty(len(running), dtype=np.int64)
    key = np.empty(answers.key.shape[1], dtype=np.int64)
    _play_on(x, setting, layout, answers, running, key, status)
    return status


@compiled_inner
def _play_on(
    x: Trials, setting: Setting, layout: Layout, answers: Answers, running: IntArray, key: IntArray, status: IntArray
) -> None:
    for r in range(len(running)):
        s = running[r]
        while True:
            status[r] = advance(x, setting, s)
            if status[r] != LOOK:
                break
            _pack(x, layout, s, False, key)
            row = _find(answers, key)
            if row < 0:
                break
            level, cohort = answers.level[row], answers.cohort[row]
            if not (level > 0 and cohort == 0):
                changed = False
                if x.counts[s, PENDING] > 0:
                    _pack(x, layout, s, True, key)
                    then = _find(answers, key)
                    if then < 0:
                        break
                    changed = answers.level[then] != level
                note_decision(x, s, answers.reason[row], changed)
            apply(x, setting, s, level, cohort, answers.reason[row])


@compiled
def _keys(x: Trials, setting: Setting, layout: Layout, rows: IntArray, words: int, later: bool) -> IntArray:
    keys = np.empty((len(rows), words), dtype=np.int64)
    for r in range(len(rows)):
        _pack(x, layout, rows[r], later, keys[r])
    return keys


@compiled_inner
def _pack(x: Trials, layout: Layout, s: int, later: bool, key: IntArray) -> None:
    """Pack the state of trial ``s``, or that of the same patients once all are known."""
    counts, bits, doses = x.counts[s], layout.bits, x.n.shape[1]
    key[:] = 0
    for j in range(doses):
        word = j // layout.doses
        pending = 0 if later else x.n[s, j] - x.known[s, j]
        key[word] = (((((key[word] << bits) | x.n[s, j]) << bits) | x.dlt[s, j]) << bits) | pending
    if later:
        for k in range(counts[PENDING]):
            i = x.place[s, k]
            j = x.level[s, i] - 1
            word = j // layout.doses
            after = min((word + 1) * layout.doses, doses) - 1 - j  # doses packed after this one
            if x.has_dlt[s, i]:
                key[word] += 1 << (bits * (3 * after + 1))
            elif x.what[s, i] & UNUSABLE:
                key[word] -= 1 << (bits * (3 * after + 2))
    last = len(key) - 1
    rest = counts[LEVEL]
    if layout.last_n or layout.last_dlt:
        known, dlt, open_outcomes = 0, 0, 0
        for i in range(counts[COHORT_FIRST], counts[PATIENTS]):
            if has_left(x, s, i) or (later and x.what[s, i] & UNUSABLE):
                continue
            if later or is_known(x, s, i):
                known += 1
                dlt += x.has_dlt[s, i]
            else:
                open_outcomes += 1
        rest = (((((rest << bits) | known) << bits) | dlt) << bits) | open_outcomes
    if layout.cohorts:
        rest = (rest << bits) | counts[COHORTS]
    if layout.in_a_row:
        rest = (rest << bits) | counts[IN_A_ROW]
    key[last] = rest


@compiled_inner
def _slot_of(answers: Answers, key: IntArray) -> Any:
    """Return the slot where a state is, or belongs."""
    mask = len(answers.slot) - 1
    mixed = np.uint64(0)
    for word in key:
        mixed = (mixed ^ np.uint64(word)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    slot = np.int64(mixed & np.uint64(mask))
    while True:
        row = answers.slot[slot]
        if row < 0:
            return slot
        same = True
        for w in range(len(key)):
            if answers.key[row, w] != key[w]:
                same = False
                break
        if same:
            return slot
        slot = (slot + 1) & mask


@compiled_inner
def _find(answers: Answers, key: IntArray) -> Any:
    return answers.slot[_slot_of(answers, key)]


@compiled
def _unknown(answers: Answers, keys: IntArray) -> BoolArray:
    fresh = np.empty(len(keys), dtype=np.bool_)
    for r in range(len(keys)):
        fresh[r] = _find(answers, keys[r]) < 0
    return fresh


@compiled
def _insert(answers: Answers, keys: IntArray, level: IntArray, cohort: IntArray, reason: IntArray) -> None:
    for r in range(len(keys)):
        slot = _slot_of(answers, keys[r])
        if answers.slot[slot] < 0:
            row = answers.size[0]
            answers.slot[slot] = row
            answers.key[row] = keys[r]
            answers.level[row], answers.cohort[row], answers.reason[row] = level[r], cohort[r], reason[r]
            answers.size[0] += 1
