"""Play trials whose patients also die, have background events and are lost: see :mod:`doseesc.truth.observation`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.montecarlo import follow, thresholds
from doseesc.engines.patients_at_risk import (
    DEAD,
    DRUG_COUNTED,
    DRUG_DLT,
    OTHER_COUNTED,
    UNUSABLE,
    AtRisk,
    ObservedBlock,
    outcomes,
)

_ENDED = -1.0  # the DLT probability where nobody is treated
_AT_ONCE = 8  # patients of a cohort whose counts fit into one number
_BITS = 15  # per count: with one patient in a hundred evaluable, eight never need 32,768


class Seen(NamedTuple):
    """What happened in each of B trials, besides what the design saw; arrays (B,).

    ``replaced``: patients who were not evaluable.  ``deaths`` and ``drug_dlts``: deaths in the window, and DLTs that
    the drug caused in it, of all patients enrolled.  ``not_caused``: counted DLTs for an event that is not the drug's.
    """

    replaced: IntArray
    deaths: IntArray
    drug_dlts: IntArray
    not_caused: IntArray


def play_observed(graph: DecisionGraph, truth: FloatArray, block: ObservedBlock) -> tuple[IntArray, Seen]:
    """Play one trial per column of the block to its end.

    Parameters
    ----------
    graph : DecisionGraph
    truth : array, shape (J,)
        The drug's DLT probabilities.
    block : ObservedBlock

    Returns
    -------
    node : array, shape (B,)
        Where each trial ends.
    seen : Seen
    """
    trials = block.trials
    node: IntArray = np.zeros(trials, dtype=np.int64)
    position, replaced = np.zeros(trials, dtype=np.int64), np.zeros(trials, dtype=np.int64)
    totals = np.zeros((3, trials), dtype=np.int64)
    while True:
        probability = thresholds(graph, truth)[node]
        if probability.max() == _ENDED:
            return node, Seen(replaced, *totals)
        counts = np.zeros(trials, dtype=np.int64)
        dlt = np.zeros(trials, dtype=np.int64)
        vacant: IntArray = np.zeros(trials, dtype=np.int8)
        for number, (patients, at) in enumerate(_cohort(graph, node, position, probability, block), start=1):
            found = outcomes(patients, at, block.dependent)
            counts += _COUNTS.take(found)
            vacant += _REPLACED.take(found)
            if number % _AT_ONCE == 0:
                _replace(vacant, probability, block, counts, replaced)
                dlt += _unpack(counts, totals)
        _replace(vacant, probability, block, counts, replaced)
        dlt += _unpack(counts, totals)
        position += graph.cohort_size[node]
        node = follow(graph, node, dlt)


def _replace(
    vacant: IntArray, probability: FloatArray, block: ObservedBlock, counts: IntArray, replaced: IntArray
) -> None:
    """Let patients take so many places (B,) in each trial, until all who have are evaluable.

    Those of a cohort meet the same DLT probability, so that it is of no account whose places they take.
    """
    again = np.flatnonzero(vacant)
    left = vacant.take(again)
    while len(again):
        patients = block.replacement(replaced.take(again), again)
        replaced[again] += 1
        found = outcomes(patients, probability.take(again), block.dependent)
        counts[again] += _COUNTS.take(found)
        left -= ~_REPLACED.take(found)
        stay = np.flatnonzero(left)
        again, left = again.take(stay), left.take(stay)
    vacant[:] = 0


def _cohort(
    graph: DecisionGraph, node: IntArray, position: IntArray, probability: FloatArray, block: ObservedBlock
) -> Iterator[tuple[AtRisk, FloatArray]]:
    """Yield each trial's first, second, ... patient of the cohort (B,), with the DLT probabilities they meet."""
    size = graph.cohort_size[node]
    first, largest = int(position.max()), int(size.max())
    together = bool(((position == first) | (size == 0)).all())
    all_alike = bool(((size == largest) | (size == 0)).all())
    for patient in range(largest):
        at = probability if all_alike else np.where(patient < size, probability, _ENDED)
        if together:
            yield block.first(first + patient), at
        else:
            yield block.first_at(np.minimum(position + patient, block.most - 1)), at


def _tables() -> tuple[npt.NDArray[np.int64], BoolArray]:
    """Return for every sum of outcome bits the counts, side by side in one number, and whether to replace."""
    bits = np.arange(32)
    drug, other = bits & DRUG_COUNTED > 0, bits & OTHER_COUNTED > 0
    counted = [drug | other, bits & DEAD > 0, bits & DRUG_DLT > 0, other & ~drug]
    packed = sum(np.int64(1 << _BITS * place) * each.astype(np.int64) for place, each in enumerate(counted))
    return np.asarray(packed), (bits & UNUSABLE > 0) & ~drug


_COUNTS, _REPLACED = _tables()


def _unpack(counts: npt.NDArray[np.int64], totals: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Add counts to the totals and set them back to 0; return the DLTs among them."""
    mask = (1 << _BITS) - 1
    dlt = counts & mask
    for place in range(3):
        totals[place] += (counts >> _BITS * (place + 1)) & mask
    counts[:] = 0
    return dlt
