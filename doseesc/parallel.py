"""Work shared out among processes.

Answers do not depend on how many there are: work is cut into pieces of fixed size, and what the pieces give is put
together in their order.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

Blocks = Sequence[tuple[int, int]]
"""Number of each block of trials, and its trials."""


def answers(
    ask: Callable[[Task], Answer],
    tasks: Iterable[Task],
    jobs: int = 1,
    *,
    in_order: bool = True,
    together: int | Literal["auto"] = "auto",
) -> Iterator[Answer]:
    """Yield what ``ask`` answers to each task, as soon as it is there.

    Parameters
    ----------
    ask : callable
        Of one task; a function that other processes can import, or a partial one.
    tasks : iterable
    jobs : int
        Processes; with one, or with one task, the work is done in this one.
    in_order : bool
        False yields what is ready first.
    together : int or "auto"
        Tasks handed to a process at a time, so that many short ones do not spend their time on talking.
    """
    tasks = list(tasks)
    if jobs == 1 or len(tasks) == 1:
        yield from map(ask, tasks)
        return
    from joblib import Parallel, delayed

    how = "generator" if in_order else "generator_unordered"
    parallel = Parallel(n_jobs=min(jobs, len(tasks)), return_as=how, batch_size=together)
    yield from parallel(delayed(ask)(task) for task in tasks)


def answered_groups(ask: Callable[[Task], Answer], tasks: Iterable[Task], jobs: int) -> Iterator[tuple[int, Answer]]:
    """Yield each task's number and the answer to it, as soon as it is there; tasks are made as they are needed.

    Parameters
    ----------
    ask : callable
        Of one task; a function that other processes can import.
    tasks : iterable
        Of which at most twice as many are made ahead as there are processes.
    jobs : int
        Processes.
    """
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="2 * n_jobs")
    yield from parallel(delayed(_numbered)(ask, number, task) for number, task in enumerate(tasks))


def _numbered(ask: Callable[[Task], Answer], number: int, task: Task) -> tuple[int, Answer]:
    return number, ask(task)


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


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the linear algebra of NumPy and SciPy to one thread.

    The products of an enumeration are many and small.  Spread over threads they are no faster on an idle machine, and
    several times slower on a busy one, where the threads wait for one another.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
