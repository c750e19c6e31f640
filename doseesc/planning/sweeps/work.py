"""Cells computed: in this process while that is quickest, in several, or on the workers of a cluster.

What a cell finds depends on its text alone, so that nothing here changes a figure.  The time of the first cells decides
whether others are worth their start, and how many cells go into one task.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from doseesc.pieces import Workers, one_blas_thread, shared_out
from doseesc.planning.sweeps.cells import Cell, CellError, run_cell
from doseesc.planning.sweeps.store import Store

ALONE = 1.0
"""Seconds for which this process computes alone, to learn how long a cell takes."""

WORTH = 4.0
"""Seconds that the rest must take for the start of other processes to be worth it."""

Outcome = bytes | str
"""What a cell found, or why it cannot be computed."""


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
                keep(cell, outcome_of(cell.text, memory_limit))
                seconds = (time.perf_counter() - began) / computed
                rest = seconds * (total - waiting.done_before - computed)
                if workers is not None and time.perf_counter() - began > ALONE and rest > WORTH:
                    break
            else:
                return failed
    assert workers is not None
    under_way: dict[int, Cell] = {}

    def texts() -> Iterator[str]:
        for number, cell in enumerate(waiting):
            under_way[number] = cell
            yield cell.text

    for number, outcome in shared_out(partial(outcome_of, memory_limit=memory_limit), texts(), workers, total, seconds):
        computed += 1
        keep(under_way.pop(number), outcome)
    return failed


def outcome_of(text: str, memory_limit: int | None = None) -> Outcome:
    """Compute a cell; return what :func:`doseesc.planning.sweeps.cells.run_cell` does, or what it raises in words."""
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
