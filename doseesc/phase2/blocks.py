"""Blocks of trials shared out over processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from doseesc.phase2.patients.patients import block_sizes

T = TypeVar("T")

Blocks = Sequence[tuple[int, int]]
"""Number of each block, and its trials."""


def over_blocks(play: Callable[[Blocks], T], trials: int, jobs: int) -> list[T]:
    """Return what ``play`` makes of the blocks of so many trials, in at most ``jobs`` parts, one per process."""
    blocks = list(enumerate(block_sizes(trials)))
    if jobs == 1 or len(blocks) == 1:
        return [play(blocks)]
    from joblib import Parallel, delayed

    chunks = [blocks[start::jobs] for start in range(min(jobs, len(blocks)))]
    return list(Parallel(n_jobs=jobs)(delayed(play)(chunk) for chunk in chunks))
