"""Monte Carlo: many trials side by side.

Every patient is one latent uniform number, in order of enrolment: a DLT happens where it falls below the DLT
probability of the level given.  So all designs meet the same patients.  The numbers come from streams spawned per
block of :data:`BLOCK` trials and drawn patient by patient, which makes trial t's patient i the same number whatever
the number of trials, the largest number of patients, or the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from designs import Design
from designs.arrays import FloatArray, IntArray
from designs.checks import require_whole
from doseesc.engines.characteristics import OperatingCharacteristics, check_probabilities, marks_of_right, one_truth
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.trial_ends import TrialEnds
from doseesc.finite import finite_numbers
from doseesc.pieces import Blocks, over_blocks

BLOCK = 16_384
"""Trials per block: the working set of one step stays in the processor's cache."""


def simulate(
    design: Design,
    probabilities: Any,
    n_trials: int = 10_000,
    seed: int = 1,
    *,
    target: float | None = None,
    true_mtd: Any = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> OperatingCharacteristics:
    """Simulate trials of a design under one truth.

    Parameters
    ----------
    design : Design
    probabilities : array, shape (J,)
        True DLT probability of each level.
    n_trials : int
        Number of trials.
    seed : int
        Same seed, same answer, for any ``jobs``.
    target : float, optional
        Target that defines the true MTD; by default the design's.
    true_mtd : int or array of bool, shape (J + 1,), optional
        Level of the true MTD (0 = none), or which levels ("none" first) are right to select, if it is not to follow
        from the target.
    jobs : int
        Processes.
    progress : callable, optional
        Called with the trials done and the trials in all.

    Raises
    ------
    ValueError
        If an argument is out of range; the message begins with its name.

    Examples
    --------
    >>> from designs import BOIN
    >>> oc = simulate(BOIN(target=0.25, n_doses=3, max_n=18), [0.10, 0.25, 0.45], n_trials=2000, seed=1)
    >>> bool(abs(oc.selected.sum() - 1) < 1e-12)
    True
    """
    truth = check_probabilities(probabilities, design.n_doses)
    if truth.ndim != 1:
        raise ValueError("probabilities must be those of one truth, shape (J,)")
    require_whole("n_trials", n_trials, 1)
    require_whole("seed", seed, 0)
    require_whole("jobs", jobs, 1)
    target = design.target if target is None else target
    right = marks_of_right(truth[None], target, true_mtd)
    ends, count = _play_all(design, truth, int(n_trials), seed, jobs, progress)
    return one_truth(ends.summarise(count[None], truth[None], target, right, int(n_trials)))


@dataclass(frozen=True)
class TrialBlock:
    """The patients of a block of trials.

    Attributes
    ----------
    latent : array, shape (patients, trials)
        One uniform number per patient, patient by patient.
    """

    latent: FloatArray

    @classmethod
    def draw(cls, seed: int, index: int, patients: int, trials: int) -> TrialBlock:
        """Draw block ``index``: always a whole block's width, of which the first ``trials`` are kept."""
        latent = latent_stream(seed, index).random((patients, BLOCK))
        return cls(latent if trials == BLOCK else np.ascontiguousarray(latent[:, :trials]))


def latent_stream(seed: int, index: int) -> np.random.Generator:
    """Return the stream of the latent numbers of a block of trials, which come patient by patient."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index,))))


def play(graph: DecisionGraph, truth: FloatArray, block: TrialBlock) -> IntArray:
    """Play one trial per column of the block to its end; return the node (B,) where each ends."""
    node: IntArray = np.zeros(block.latent.shape[1], dtype=np.int64)
    position = 0
    while graph.even_cohorts:
        threshold = thresholds(graph, truth)[node]
        if threshold.max() < 0:
            return node
        size = min(graph.design.cohort_size, graph.design.max_n - position)
        patients = block.latent[position : position + size]
        dlt = (patients[0] < threshold).view(np.int8)
        for latent in patients[1:]:
            dlt = dlt + (latent < threshold)
        node = follow(graph, node, dlt)
        position += size
    return _play_unevenly(graph, truth, block)


def _play_unevenly(graph: DecisionGraph, truth: FloatArray, block: TrialBlock) -> IntArray:
    """Play trials whose cohorts differ in size, each at its own position in its row of patients."""
    trials = block.latent.shape[1]
    node: IntArray = np.zeros(trials, dtype=np.int64)
    position, column = np.zeros(trials, dtype=np.int64), np.arange(trials)
    latent = block.latent.ravel()
    while True:
        threshold, size = thresholds(graph, truth)[node], graph.cohort_size[node]
        largest = int(size.max())
        if largest == 0:
            return node
        dlt = np.zeros(trials, dtype=np.int64)
        for patient in range(largest):
            treated = np.flatnonzero(patient < size)
            entry = (position[treated] + patient) * trials + column[treated]
            dlt[treated] += latent[entry] < threshold[treated]
        node = follow(graph, node, dlt)
        position += size


def thresholds(graph: DecisionGraph, truth: FloatArray) -> FloatArray:
    """Return per node the DLT probability of the level given there; below 0 where the trial has ended."""
    return np.concatenate([[-1.0], truth])[graph.level]


def follow(graph: DecisionGraph, node: IntArray, dlt: IntArray) -> IntArray:
    """Return the nodes (B,) that trials reach from theirs after a cohort with these DLTs."""
    edge = node * graph.following.shape[1]
    edge += dlt
    following = graph.following.ravel().take(edge)
    if following.min(initial=0) < 0:
        unknown = np.zeros(graph.following.size, dtype=np.bool_)
        unknown[edge[following < 0]] = True
        width = graph.following.shape[1]
        graph.expand(np.flatnonzero(unknown))
        if graph.following.shape[1] != width:
            edge = node * graph.following.shape[1] + dlt
        following = graph.following.ravel().take(edge)
    return following


def _play_all(
    design: Design,
    truth: FloatArray,
    n_trials: int,
    seed: int,
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[TrialEnds, FloatArray]:
    alone = jobs == 1 or n_trials <= BLOCK  # other processes cannot tell how far they are
    watch = None if progress is None or not alone else lambda done: progress(done, n_trials)
    parts = over_blocks(partial(_play_chunk, design, truth, seed, watch), n_trials, BLOCK, jobs)
    n, dlt, selected, reason, visits = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if progress is not None and not alone:
        progress(n_trials, n_trials)
    ends = TrialEnds(n, dlt, selected, reason, design.max_n)
    return ends, visits[ends.order].astype(np.float64)


@finite_numbers()
def _play_chunk(
    design: Design, truth: FloatArray, seed: int, watch: Callable[[int], None] | None, blocks: Blocks
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    graph = DecisionGraph(design)
    visits = count_ends(graph, truth, seed, blocks, watch)
    met = np.flatnonzero(visits)
    return graph.tally.n[met], graph.tally.dlt[met], graph.selected[met], graph.reason_code[met], visits[met]


def count_ends(
    graph: DecisionGraph, truth: FloatArray, seed: int, blocks: Blocks, watch: Callable[[int], None] | None = None
) -> IntArray:
    """Return how many trials end at each node; ``watch`` is told the trials done after each block."""
    visits, done = np.zeros(0, dtype=np.int64), 0
    for index, trials in blocks:
        node = play(graph, truth, TrialBlock.draw(seed, index, graph.design.max_n, trials))
        visits = np.pad(visits, (0, graph.size - len(visits))) + np.bincount(node, minlength=graph.size)
        done += trials
        if watch is not None:
            watch(done)
    return visits
