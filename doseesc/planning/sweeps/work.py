"""Cells computed: in this process while that is quickest, in several, or on the workers of a cluster.

What a cell finds depends on its text alone, so that nothing here changes a figure.  The time of the first cells decides
whether others are worth their start, and how many cells go into one task.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Protocol

from doseesc.parallel import answered_groups, one_blas_thread
from doseesc.planning.sweeps.cells import Cell, CellError, run_cell
from doseesc.planning.sweeps.store import Store

ALONE = 1.0
"""Seconds for which this process computes alone, to learn how long a cell takes."""

WORTH = 4.0
"""Seconds that the rest must take for the start of other processes to be worth it."""

TASK = 1.0
"""Seconds that a task of several cells is to take, so that handing it over costs little."""

Outcome = bytes | str
"""What a cell found, or why it cannot be computed."""


Answer = tuple[list[Outcome], float]
"""Of some cells, in order, and the seconds they took."""


class Workers(Protocol):
    """Whoever computes groups of cells elsewhere."""

    def groups(self, ask: Callable[[list[str]], Answer], groups: Iterable[list[str]]) -> Iterator[tuple[int, Answer]]:
        """Yield each group's number and what ``ask`` returns for it, as soon as it is there."""


class LocalWorkers:
    """Further processes on this machine.

    Parameters
    ----------
    jobs : int
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def groups(self, ask: Callable[[list[str]], Answer], groups: Iterable[list[str]]) -> Iterator[tuple[int, Answer]]:
        """Yield each group's number and what ``ask`` returns for it, as soon as it is there."""
        yield from answered_groups(ask, groups, self.jobs)


def compute(
    cells: Iterable[Cell],
    total: int,
    store: Store,
    *,
    workers: Workers | None = None,
    at_once: bool = False,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[tuple[Cell, str]]:
    """Compute those cells that a store lacks, and put them there.

    Parameters
    ----------
    cells : iterable of Cell
        With their texts.
    total : int
        How many there are.
    store : Store
    workers : Workers, optional
        Without any, this process does it all.
    at_once : bool
        Let workers begin at once, as those of a cluster, which run already.
    memory_limit : int, optional
        As for :func:`doseesc.planning.sweeps.cells.run_cell`; only with a store that forgets.
    progress : callable, optional
        Called with the cells done and the cells in all.

    Returns
    -------
    list of (Cell, str)
        Those that cannot be computed, and why.
    """
    failed: list[tuple[Cell, str]] = []
    waiting = _Missing(cells, store)
    began = time.perf_counter()

    def keep(cell: Cell, outcome: Outcome) -> None:
        if isinstance(outcome, str):
            failed.append((cell, outcome))
        else:
            store.write(cell.name, outcome)
        if progress is not None:
            progress(waiting.done_before + computed, total)

    computed = 0
    seconds = 0.0
    if not (at_once and workers is not None):
        with one_blas_thread():
            for cell in waiting:
                computed += 1
                keep(cell, _outcome(cell.text, memory_limit))
                seconds = (time.perf_counter() - began) / computed
                rest = seconds * (total - waiting.done_before - computed)
                if workers is not None and time.perf_counter() - began > ALONE and rest > WORTH:
                    break
            else:
                return failed
    assert workers is not None
    groups: list[list[Cell]] = []

    def texts() -> Iterator[list[str]]:
        while group := list(islice(waiting, max(1, round(TASK / seconds)) if seconds else 1)):
            groups.append(group)
            yield [cell.text for cell in group]

    for number, (outcomes, taken) in workers.groups(partial(run_cells, memory_limit=memory_limit), texts()):
        seconds = taken / len(outcomes)
        for cell, outcome in zip(groups[number], outcomes, strict=True):
            computed += 1
            keep(cell, outcome)
        groups[number] = []
    return failed


def run_cells(texts: Sequence[str], memory_limit: int | None = None) -> Answer:
    """Compute cells one after the other, as :func:`doseesc.planning.sweeps.cells.run_cell` does; tell how long."""
    began = time.perf_counter()
    with one_blas_thread():
        outcomes = [_outcome(text, memory_limit) for text in texts]
    return outcomes, time.perf_counter() - began


def _outcome(text: str, memory_limit: int | None) -> Outcome:
    try:
        return run_cell(text, memory_limit)
    except CellError as error:
        return str(error)


class _Missing:
    """The cells that a store lacks, each once; how many were passed over is counted."""

    def __init__(self, cells: Iterable[Cell], store: Store) -> None:
        self._cells, self._store = iter(cells), store
        self._seen: set[str] = set()
        self.done_before = 0

    def __iter__(self) -> Iterator[Cell]:
        return self

    def __next__(self) -> Cell:
        for cell in self._cells:
            if cell.name in self._seen or self._store.has(cell.name):
                self.done_before += 1
                continue
            self._seen.add(cell.name)
            return cell
        raise StopIteration
