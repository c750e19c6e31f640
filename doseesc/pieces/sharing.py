"""Work shared out: the same question asked of many tasks, by this process or by workers.

Answers do not depend on who gives them, nor on how many there are: a task is a whole piece of work, and what tasks give
is put together in their order.  One process asks itself, and loads nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from designs.checks import require_whole

if TYPE_CHECKING:
    from doseesc.pieces.cluster import Cluster
    from doseesc.pieces.piece import Piece

Task = TypeVar("Task")
Answer = TypeVar("Answer")

TASK = 1.0
"""Seconds that a piece of several tasks is to take, so that handing it over costs little."""

HANDED_OVER = 0.004
"""Seconds that a scheduler needs for a piece, at most: with a thousand workers a piece is to take four seconds."""


class Workers(Protocol):
    """Whoever does pieces of work elsewhere."""

    @property
    def here(self) -> bool:
        """Whether they run on this machine, and understand live objects where a thing has no text."""

    @property
    def threads(self) -> int:
        """How many pieces they do at a time."""

    def each(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, tuple[list[Any], float]]]:
        """Yield the number of each piece with its answers and the seconds they took, as soon as they are there.

        Pieces are made as they are needed.
        """


Jobs: TypeAlias = "int | Workers"
"""How many processes of this machine, or workers."""


def answers(
    ask: Callable[[Task], Answer], tasks: Iterable[Task], jobs: Jobs = 1, *, in_order: bool = True
) -> Iterator[Answer]:
    """Yield what ``ask`` answers to each task, as soon as it is there.

    Parameters
    ----------
    ask : callable
        Of one task: a function of a module, or ``functools.partial`` of one.
    tasks : iterable
    jobs : int or Workers
        With one process, or one task and no workers, the work is done in this one.
    in_order : bool
        False yields what is ready first.

    Raises
    ------
    Exception
        What ``ask`` raises.
    """
    tasks = list(tasks)
    if jobs == 1 or (isinstance(jobs, int) and len(tasks) <= 1):
        yield from map(ask, tasks)
        return
    if isinstance(jobs, int):
        from doseesc.pieces.processes import Processes

        jobs = Processes(min(jobs, len(tasks)))
    early: dict[int, Answer] = {}
    following = 0
    for number, answer in shared_out(ask, tasks, jobs, len(tasks)):
        if not in_order:
            yield answer
            continue
        early[number] = answer
        while following in early:
            yield early.pop(following)
            following += 1


@contextmanager
def workers_for(jobs: int, cluster: str | Cluster | None, design_types: Collection[str] = ()) -> Iterator[Jobs]:
    """Give those who are to share work: processes here, or a cluster, with a connection for as long as this lasts.

    Parameters
    ----------
    jobs : int
        Processes of this machine.
    cluster : str or Cluster, optional
        Address of a scheduler, or one whose workers have been asked.
    design_types : collection of str
        See :func:`doseesc.pieces.connected`.

    Raises
    ------
    ValueError
        If both are asked for, or ``jobs`` is no such number.
    doseesc.pieces.ClusterError
        If the cluster cannot be used.
    """
    require_whole("jobs", jobs, 1)
    if cluster is None:
        yield jobs
        return
    if jobs != 1:
        raise ValueError("jobs counts processes here, and a cluster has workers of its own")
    if not isinstance(cluster, str):
        yield cluster
        return
    from doseesc.pieces.cluster import connected

    with connected(cluster, design_types) as found:
        yield found


def shared_out(
    ask: Callable[[Task], Answer], tasks: Iterable[Task], workers: Workers, total: int, seconds: float = 0.0
) -> Iterator[tuple[int, Answer]]:
    """Yield each task's number and the answer to it, as soon as it is there; tasks are made as they are needed.

    Parameters
    ----------
    ask : callable
    tasks : iterable
    workers : Workers
    total : int
        How many tasks there are, at most.
    seconds : float
        That a task takes, as far as is known; what is learnt decides how many go into a piece.
    """
    from doseesc.pieces.piece import Asked

    waiting, firsts = iter(tasks), []
    begun = 0

    def pieces() -> Iterator[Piece]:
        nonlocal begun
        asked = Asked(ask, workers.here)  # here, where a cluster says in its own words that there is no text
        while group := list(islice(waiting, _together(seconds, total - begun, workers.threads))):
            firsts.append(begun)
            begun += len(group)
            yield asked.of(group)

    for number, (found, taken) in workers.each(pieces()):
        seconds = taken / len(found)
        yield from enumerate(found, firsts[number])


def _together(seconds: float, left: int, threads: int) -> int:
    """Return how many tasks the next piece is to hold: enough to last, and not so many that workers stand idle."""
    enough = round(max(TASK, HANDED_OVER * threads) / seconds) if seconds else 1
    return max(1, min(enough, left // (2 * threads)))
