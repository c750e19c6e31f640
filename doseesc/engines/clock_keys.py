"""States of trials on the calendar, packed into whole numbers: equal numbers are states that a design decides alike.

A state is what a design goes by that does not ask how long patients have been followed: at each dose the patients
entered, the DLTs known and the patients pending, and beside them the current level and what the rules remember.  So
many bits are given to each.  Where more is known of which counts are decided alike (:mod:`designs.alike`), a dose has
the number of its kind of counts instead, and the states are far fewer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from designs import Design
from designs.alike import kinds_of
from designs.arrays import IntArray
from designs.tally import MEMORY
from doseesc.engines.clock_arrays import (
    COHORT_FIRST,
    COHORTS,
    IN_A_ROW,
    LEVEL,
    PATIENTS,
    TRIED,
    Setting,
    Trials,
)
from doseesc.engines.clock_known import has_left, is_known
from doseesc.engines.clock_numba import as_index, compiled, compiled_inner
from doseesc.engines.patients_at_risk import UNUSABLE

_BITS = 63  # of a whole number that is not negative


class Layout(NamedTuple):
    """How states are packed.

    Attributes
    ----------
    bits : int
        To a count.
    first : array of int, shape (W + 1,)
        The doses, from 0, that words begin with, and J.
    shift : array of int, shape (J,)
        The bit that each dose begins at in its word.
    words, level_bits : int
        The last word holds in its lowest bits the level, so many, and what rules remember.
    kind : array of uint8, shape (5 * 8^bits,) or (0,)
        Kinds by counts, see :class:`designs.alike.Kinds`, so many bits to each; if there are none, a dose has its
        counts.  Those of a dose that nobody has been given are 0, so that doses never tried need not be looked at.
    most : int
        Where there are kinds: so many patients still to be entered are as good as more.
    last_n, last_dlt, cohorts, in_a_row : bool
        Which memory is part of a state.
    """

    bits: int
    first: IntArray
    shift: IntArray
    words: int
    level_bits: int
    kind: npt.NDArray[np.uint8]
    most: int
    last_n: bool
    last_dlt: bool
    cohorts: bool
    in_a_row: bool


def layout_of(design: Design) -> Layout | None:
    """Return how a design's states are packed; None where those of a dose or what rules remember fit no word."""
    memory = design.needed_memory
    flags = [name in memory for name in MEMORY]
    last_n, last_dlt, cohorts, in_a_row = flags
    bits, most, kind = int(design.max_n).bit_length(), 0, np.zeros(0, dtype=np.uint8)
    of_dose = 3 * bits
    kinds = None if any(flags) else kinds_of(design)
    if kinds is not None:
        room = np.zeros((len(kinds.kind), *(1 << bits,) * 3), dtype=np.uint8)
        nobody = kinds.kind[:, :1, :1, :1]
        room[(slice(None), *(slice(size) for size in kinds.kind.shape[1:]))] = kinds.kind ^ nobody
        kind, most, of_dose = room.ravel(), kinds.largest_cohort, (kinds.number - 1).bit_length()
    rest = int(design.n_doses).bit_length() + bits * (3 * (last_n or last_dlt) + cohorts + in_a_row) + most.bit_length()
    if of_dose > _BITS or rest > _BITS:
        return None
    first, shift, taken = [0], np.zeros(design.n_doses, dtype=np.int64), 0
    for j in range(design.n_doses):
        if taken + of_dose > _BITS:
            first.append(j)
            taken = 0
        shift[j] = taken
        taken += of_dose
    if taken + rest > _BITS:
        first.append(design.n_doses)
    shift[first[-1] :] += rest
    words = len(first)
    starts = np.array([*first, design.n_doses], dtype=np.int64)
    return Layout(bits, starts, shift, words, int(design.n_doses).bit_length(), kind, most, *flags)


@compiled
def keys_of(x: Trials, setting: Setting, layout: Layout, rows: IntArray, later: bool) -> IntArray:
    """Return the states of trials, (S, W); see :func:`pack`."""
    keys = np.empty((len(rows), layout.words), dtype=np.int64)
    for r in range(len(rows)):
        pack(x, setting, layout, rows[r], later, keys[r])
    return keys


@compiled_inner
def pack(x: Trials, setting: Setting, layout: Layout, s: int, later: bool, key: IntArray) -> None:
    """Pack the state of trial ``s``; with ``later`` that of the same patients once all are known."""
    tried = x.counts[s, TRIED]
    place, entered = 3 - x.counts[s, LEVEL], 0
    for w in range(layout.words):
        packed = 0
        for dose in range(layout.first[w], min(layout.first[w + 1], tried)):
            j = as_index(dose)
            if later:
                n, dlt, pending = x.all_n[s, j], x.all_dlt[s, j], 0
            else:
                n, dlt = x.n[s, j], x.dlt[s, j]
                pending = n - x.known[s, j]
            packed |= _of_dose(layout, place + dose, n, dlt, pending) << layout.shift[j]
            entered += n
        key[w] = packed
    key[layout.words - 1] |= _rest(x, setting, layout, s, entered, later)


@compiled_inner
def _of_dose(layout: Layout, place: int, n: int, dlt: int, pending: int) -> Any:
    """Pack the counts of a dose ``place - 2`` levels above the current one."""
    counts = (((n << layout.bits) | dlt) << layout.bits) | pending
    if layout.most == 0:
        return counts
    where = min(max(place, 0), 4)
    return np.int64(layout.kind[as_index((where << (3 * layout.bits)) | counts)])


@compiled_inner
def _rest(x: Trials, setting: Setting, layout: Layout, s: int, entered: int, later: bool) -> int:
    """Pack the level and what rules remember."""
    counts, bits = x.counts[s], layout.bits
    rest = counts[LEVEL]
    if layout.most > 0:
        rest |= min(setting.max_n - entered, layout.most) << layout.level_bits
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
    return rest
