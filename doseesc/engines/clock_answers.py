"""Decisions by state: a hash table for compiled code, and decisions in one number."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from designs import Decision
from designs.arrays import BoolArray, IntArray
from doseesc.engines.clock_mechanics import is_counted
from doseesc.engines.clock_numba import compiled, compiled_inner

_COHORT, _REASON = 24, 48  # where in a number the parts of a decision begin
_PART = (1 << 24) - 1


class Answers(NamedTuple):
    """Decisions by state: a hash table.

    Attributes
    ----------
    row : array of int, shape (2^m, W + 1)
        The decision, that is reason, cohort and level in one number, and the state; -1 = empty.
    size : array of int, shape (1,)
        Rows taken.
    shift : int
        Of 64 bits those that do not tell where a state is.
    """

    row: IntArray
    size: IntArray
    shift: int


def no_answers(states: int, words: int) -> Answers:
    """Return an empty table with so many rows, of states of so many words."""
    bits = max((states - 1).bit_length(), 1)
    return Answers(np.full((1 << bits, words + 1), -1, dtype=np.int64), np.zeros(1, dtype=np.int64), 64 - bits)


def distinct(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return where each state (S, W) stands first, in this order, and which of these each state is."""
    first, which = np.empty((2, len(keys)), dtype=np.int64)
    number = _numbered(no_answers(2 * len(keys), keys.shape[1]), keys, first, which)
    return first[:number], which


def packed(decision: Decision) -> IntArray:
    """Return level, cohort and reason of each decision in one number."""
    cohort, reason = decision.cohort_size.astype(np.int64), decision.reason_code.astype(np.int64)
    return decision.level.astype(np.int64) | (cohort << _COHORT) | (reason << _REASON)


@compiled_inner
def is_noted(answer: int) -> bool:
    """Say whether a decision in one number is none to wait, and is counted."""
    waits = answer & _PART > 0 and (answer >> _COHORT) & _PART == 0
    return not waits and is_counted(answer >> _REASON)


@compiled_inner
def parts_of(answer: int) -> tuple[int, int, int]:
    """Return level, cohort and reason of a decision in one number."""
    return answer & _PART, (answer >> _COHORT) & _PART, answer >> _REASON


@compiled_inner
def _slot_of(answers: Answers, key: IntArray) -> Any:
    """Return the row where a state is, or belongs."""
    mixed = np.uint64(0)
    for word in key:
        mixed = (mixed ^ np.uint64(word)) * np.uint64(0x9E3779B97F4A7C15)
    slot, last = mixed >> np.uint64(answers.shift), np.uint64(len(answers.row) - 1)
    while answers.row[slot, 0] >= 0:
        same = True
        for w in range(len(key)):
            same &= answers.row[slot, w + 1] == key[w]
        if same:
            break
        slot = (slot + np.uint64(1)) & last
    return slot


@compiled_inner
def find(answers: Answers, key: IntArray) -> Any:
    """Return the decision at a state in one number; -1 = not known."""
    return answers.row[_slot_of(answers, key), 0]


@compiled
def unknown(answers: Answers, keys: IntArray) -> BoolArray:
    """Return which states have no decision."""
    fresh = np.empty(len(keys), dtype=np.bool_)
    for r in range(len(keys)):
        fresh[r] = find(answers, keys[r]) < 0
    return fresh


@compiled
def insert(answers: Answers, keys: IntArray, decision: IntArray) -> None:
    """Put in the decisions of states, those that are there already left as they are."""
    for r in range(len(keys)):
        slot = _slot_of(answers, keys[r])
        if answers.row[slot, 0] < 0:
            answers.row[slot, 0] = decision[r]
            answers.row[slot, 1:] = keys[r]
            answers.size[0] += 1


@compiled
def _numbered(answers: Answers, keys: IntArray, first: IntArray, which: IntArray) -> int:
    """Give states numbers in the order of their first places; return how many there are."""
    number = 0
    for r in range(len(keys)):
        slot = _slot_of(answers, keys[r])
        if answers.row[slot, 0] < 0:
            answers.row[slot, 0] = number
            answers.row[slot, 1:] = keys[r]
            first[number] = r
            number += 1
        which[r] = answers.row[slot, 0]
    return number
