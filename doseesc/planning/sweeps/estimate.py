"""How long a sweep will take, by a few of its cells."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from doseesc.pieces import one_blas_thread
from doseesc.planning.sweeps.cells import Cell, CellError, cell_name, read_cell, run_cell

_TRIED = 5
_MOST_TRIALS = 500
_MOST_SECONDS = 5.0


def estimated_seconds(cells: Sequence[Cell]) -> float:
    """Return the seconds that one process needs for all cells, from some of them that stand far from one another.

    Simulated cells are tried with fewer trials, which tells rather too much: what is learnt of a design's decisions is
    learnt once.
    """
    with_text = [cell for cell in cells if cell.text]
    if not with_text:  # a shard may have no cells
        return 0.0
    step = max(1, len(with_text) // _TRIED)
    began, tried = time.perf_counter(), []
    with one_blas_thread():
        _seconds(with_text[0])  # what is loaded or compiled once is not to count
        for cell in with_text[::step][:_TRIED]:
            tried.append(_seconds(cell))
            if time.perf_counter() - began > _MOST_SECONDS:
                break
    return sum(tried) / len(tried) * len(cells)


def _seconds(cell: Cell) -> float:
    document = json.loads(cell.text)
    simulation = document["study"]["simulation"]
    trials = simulation["trials"]
    simulation["trials"] = min(trials, _MOST_TRIALS)
    text = json.dumps(document)
    began = time.perf_counter()
    try:
        content = run_cell(text)
    except CellError:  # the sweep itself will say so
        return time.perf_counter() - began
    seconds = time.perf_counter() - began
    rows = read_cell(content, cell_name(text)).rows
    simulated = any(method != "exact" for _, method, *_ in rows)
    return seconds * trials / simulation["trials"] if simulated else seconds
