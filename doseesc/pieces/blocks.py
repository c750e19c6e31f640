"""Simulated trials in blocks of fixed size, so that their figures do not depend on who plays how many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from doseesc.pieces.sharing import answers

Answer = TypeVar("Answer")

Blocks = Sequence[tuple[int, int]]
"""Number of each block of trials, and its trials."""


def block_sizes(trials: int, block: int) -> list[int]:
    """Return how many trials each block holds, ``block`` or, in the last, what is left.

    Examples
    --------
    >>> block_sizes(2500, 1024)
    [1024, 1024, 452]
    """
    whole, rest = divmod(trials, block)
    return [block] * whole + ([rest] if rest else [])


def over_blocks(play: Callable[[Blocks], Answer], trials: int, block: int, jobs: int) -> list[Answer]:
    """Return what ``play`` makes of the blocks of so many trials, in at most ``jobs`` parts, one per process."""
    blocks = list(enumerate(block_sizes(trials, block)))
    return list(answers(play, [blocks[start::jobs] for start in range(min(jobs, len(blocks)))], jobs))
