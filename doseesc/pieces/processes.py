"""Further processes on this machine, by joblib's loky."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from doseesc.pieces.piece import Piece, do

Answer = TypeVar("Answer")


class Processes:
    """Processes that do pieces of work, each with one thread.

    Parameters
    ----------
    threads : int
        How many.
    """

    here = True

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def each(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, tuple[list[Any], float]]]:
        """Yield the number of each piece with its answers and the seconds they took, as soon as they are there."""
        from joblib import Parallel, delayed, parallel_config

        with parallel_config("loky", inner_max_num_threads=1):
            parallel = Parallel(
                n_jobs=self.threads, return_as="generator_unordered", batch_size=1, pre_dispatch="2 * n_jobs"
            )
        yield from parallel(delayed(_numbered)(number, piece) for number, piece in enumerate(pieces))


def begin(work: Callable[[], Answer]) -> Callable[[], Answer]:
    """Begin work in a second process, and return what waits for its answer.

    Where there is a single processor, or this process may start no other, the work is done at once, in this one.
    """
    from joblib import Parallel, delayed

    processes = 1 if multiprocessing.current_process().daemon else min(2, os.cpu_count() or 1)
    begun = Parallel(n_jobs=processes, return_as="generator")([delayed(work)()])
    return lambda: next(iter(begun))


def end_workers() -> None:
    """End the processes that this one has started, whatever they are at; for when it is itself to end."""
    loky = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(loky, "_executor", None)
    if executor is not None:
        with suppress(Exception):  # of executors that are ending already
            executor.shutdown(wait=True, kill_workers=True)


def _numbered(number: int, piece: Piece) -> tuple[int, tuple[list[Any], float]]:
    return number, do(piece)
