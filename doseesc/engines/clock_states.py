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
    Setting,
    Trials,
)
from doseesc.engines.clock_batches import MoreNumbers, followed_to_the_end, ignores_follow_up, seen, to_their_ends
from doseesc.engines.clock_known import has_left, is_known
from doseesc.engines.clock_mechanics import advance, apply, is_counted, note_decision
from doseesc.engines.clock_numba import compiled, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE

_FIRST = 512
_BITS = 63  # of a whole number that is not negative
_COHORT, _REASON = 24, 48  # where in a number the parts of a decision begin
_PART = (1 << 24) - 1


class Layout(NamedTuple):
    """How states are packed.

    Attributes
    ----------
    bits : int
        To a count.
    word, shift : array of int, shape (J,)
        Word of the counts of each dose, and the bit that they begin at.
    words : int
        The last holds, in its lowest bits, the level and what rules remember.
    last_n, last_dlt, cohorts, in_a_row : bool
        Which memory is part of a state.
    """

    bits: int
    word: IntArray
    shift: IntArray
    words: int
    last_n: bool
    last_dlt: bool
    cohorts: bool
    in_a_row: bool


class Answers(NamedTuple):
    """Decisions by state: a hash table.

    Attributes
    ----------
    row : array of int, shape (2^m, W + 1)
        A state and the decision: reason, cohort and level in one number; -1 = empty.
    size : array of int, shape (1,)
        Rows taken.
    """

    row: IntArray
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
        layout = _layout_of(design)
        assert layout is not None, "asked only of a design that can be played"
        self._layout = layout
        self._answers = _empty(1024, layout.words)

    @staticmethod
    def can_play(design: Design) -> bool:
        """Say whether the design's decisions depend on counts alone, and these on so few patients that they fit."""
        return ignores_follow_up(design) and _layout_of(design) is not None

    def play(self, trials: Trials, setting: Setting, more: MoreNumbers) -> Trials:
        """Play trials to their ends; return them, whose numbers for arrivals may have been added to."""
        everyone = np.arange(len(trials.counts))
        # Most states are met by the first few trials; later ones then hardly ever come to one that is not known.
        for share in (everyone[:_FIRST], everyone[_FIRST:]):
            trials = self._play_share(trials, setting, more, share)
        return trials

    def _play_share(self, trials: Trials, setting: Setting, more: MoreNumbers, running: IntArray) -> Trials:
        return to_their_ends(
            trials,
            running,
            self._design,
            more,
            step=lambda there, rows: _play(there, setting, self._layout, self._answers, rows),
            look=lambda there, looking: self._learn(there, setting, looking),
        )

    def _learn(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        """Decide the states of trials at their looks, and where it is asked for those of all followed to the end."""
        design, memory = self._design, self._design.needed_memory
        for later in (False, True):
            asked = looking[_asks_later(trials, self._layout, self._answers, looking)] if later else looking
            keys = _keys(trials, setting, self._layout, asked, later)
            fresh = _unknown(self._answers, keys)
            if not fresh.any():
                continue
            rows = np.flatnonzero(fresh)
            rows = rows[_first_of_each(keys[rows])]
            tally, pending, looks = seen(trials, setting, asked[rows], memory)
            if later:
                decision = design.decide(followed_to_the_end(trials, asked[rows], looks, memory))
            else:
                decision = design.decide(tally, pending)
            self._add(keys[rows], decision)

    def _add(self, keys: IntArray, decision: Decision) -> None:
        answers = self._answers
        needed = 2 * (int(answers.size[0]) + len(keys))
        if needed > len(answers.row):
            taken = answers.row[answers.row[:, -1] >= 0]
            self._answers = _empty(2 * needed, self._layout.words)
            _insert(self._answers, np.ascontiguousarray(taken[:, :-1]), np.ascontiguousarray(taken[:, -1]))
        _insert(self._answers, keys, _packed(decision))


def _layout_of(design: Design) -> Layout | None:
    """Return how the design's states are packed; None where a dose's counts or what rules remember fit no word."""
    memory = design.needed_memory
    bits = int(design.max_n).bit_length()
    flags = [name in memory for name in MEMORY]
    last_n, last_dlt, cohorts, in_a_row = flags
    rest = int(design.n_doses).bit_length() + bits * (3 * (last_n or last_dlt) + cohorts + in_a_row)
    if 3 * bits > _BITS or rest > _BITS:
        return None
    word, shift = np.zeros((2, design.n_doses), dtype=np.int64)
    last, taken = 0, 0
    for j in range(design.n_doses):
        if taken + 3 * bits > _BITS:
            last, taken = last + 1, 0
        word[j], shift[j] = last, taken
        taken += 3 * bits
    if taken + rest > _BITS:
        last += 1
    shift[word == last] += rest
    return Layout(bits, word, shift, last + 1, *flags)


def _empty(states: int, words: int) -> Answers:
    row = np.full((2 ** int(np.ceil(np.log2(states))), words + 1), -1, dtype=np.int64)
    return Answers(row, np.zeros(1, dtype=np.int64))


def _first_of_each(keys: IntArray) -> IntArray:
    """Return where each state stands first."""
    found = _empty(2 * len(keys), keys.shape[1])
    _insert(found, keys, np.arange(len(keys)))
    first = found.row[:, -1]
    return np.sort(first[first >= 0])


def _packed(decision: Decision) -> IntArray:
    """Return level, cohort and reason of each decision in one number."""
    cohort, reason = decision.cohort_size.astype(np.int64), decision.reason_code.astype(np.int64)
    return decision.level.astype(np.int64) | (cohort << _COHORT) | (reason << _REASON)


@compiled
def _play(x: Trials, setting: Setting, layout: Layout, answers: Answers, running: IntArray) -> IntArray:
    status = np.empty(len(running), dtype=np.int64)
    key = np.empty(layout.words, dtype=np.int64)
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
            answer = _find(answers, key)
            if answer < 0:
                break
            level, cohort, reason = answer & _PART, (answer >> _COHORT) & _PART, answer >> _REASON
            if _is_noted(answer):
                changed = False
                if x.counts[s, PENDING] > 0:
                    _pack(x, layout, s, True, key)
                    then = _find(answers, key)
                    if then < 0:
                        break
                    changed = then & _PART != level
                note_decision(x, s, reason, changed)
            apply(x, setting, s, level, cohort, reason)


@compiled_inner
def _is_noted(answer: int) -> bool:
    """Say whether a decision in one number is none to wait, and is counted."""
    waits = answer & _PART > 0 and (answer >> _COHORT) & _PART == 0
    return not waits and is_counted(answer >> _REASON)


@compiled
def _asks_later(x: Trials, layout: Layout, answers: Answers, rows: IntArray) -> BoolArray:
    """Return which trials, whose states are known, are compared with the same patients followed to the end."""
    asks = np.empty(len(rows), dtype=np.bool_)
    key = np.empty(layout.words, dtype=np.int64)
    for r in range(len(rows)):
        _pack(x, layout, rows[r], False, key)
        asks[r] = x.counts[rows[r], PENDING] > 0 and _is_noted(_find(answers, key))
    return asks


@compiled
def _keys(x: Trials, setting: Setting, layout: Layout, rows: IntArray, later: bool) -> IntArray:
    keys = np.empty((len(rows), layout.words), dtype=np.int64)
    for r in range(len(rows)):
        _pack(x, layout, rows[r], later, keys[r])
    return keys


@compiled_inner
def _pack(x: Trials, layout: Layout, s: int, later: bool, key: IntArray) -> None:
    """Pack the state of trial ``s``, or that of the same patients once all are known."""
    counts, bits = x.counts[s], layout.bits
    key[:] = 0
    for j in range(x.n.shape[1]):
        pending = 0 if later else x.n[s, j] - x.known[s, j]
        key[layout.word[j]] |= ((((x.n[s, j] << bits) | x.dlt[s, j]) << bits) | pending) << layout.shift[j]
    if later:
        for k in range(counts[PENDING]):
            i = x.place[s, k]
            j = x.level[s, i] - 1
            if x.has_dlt[s, i]:
                key[layout.word[j]] += 1 << (layout.shift[j] + bits)
            elif x.what[s, i] & UNUSABLE:
                key[layout.word[j]] -= 1 << (layout.shift[j] + 2 * bits)
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
    key[layout.words - 1] |= rest


@compiled_inner
def _slot_of(answers: Answers, key: IntArray) -> Any:
    """Return the row where a state is, or belongs."""
    mask = len(answers.row) - 1
    mixed = np.uint64(0)
    for word in key:
        mixed = (mixed ^ np.uint64(word)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    slot = np.int64(mixed & np.uint64(mask))
    while answers.row[slot, len(key)] >= 0:
        same = True
        for w in range(len(key)):
            same &= answers.row[slot, w] == key[w]
        if same:
            break
        slot = (slot + 1) & mask
    return slot


@compiled_inner
def _find(answers: Answers, key: IntArray) -> Any:
    """Return the decision at a state in one number; -1 = not known."""
    return answers.row[_slot_of(answers, key), len(key)]


@compiled
def _unknown(answers: Answers, keys: IntArray) -> BoolArray:
    fresh = np.empty(len(keys), dtype=np.bool_)
    for r in range(len(keys)):
        fresh[r] = _find(answers, keys[r]) < 0
    return fresh


@compiled
def _insert(answers: Answers, keys: IntArray, decision: IntArray) -> None:
    for r in range(len(keys)):
        slot = _slot_of(answers, keys[r])
        if answers.row[slot, keys.shape[1]] < 0:
            answers.row[slot, : keys.shape[1]] = keys[r]
            answers.row[slot, keys.shape[1]] = decision[r]
            answers.size[0] += 1
