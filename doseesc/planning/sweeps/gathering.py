"""The cells of a sweep gathered into one table, in the order of its plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import IntArray
from doseesc._version import __version__
from doseesc.errors import CannotCompute
from doseesc.files import write_file_by
from doseesc.planning.sweeps.axes import short_names
from doseesc.planning.sweeps.cells import Cell
from doseesc.planning.sweeps.plan import Plan
from doseesc.planning.sweeps.store import Store
from doseesc.results import (
    Facts,
    OwnWeights,
    SweepResults,
    kind_of,
    piece_of,
    scenario_weights,
    whole_pieces,
    write_table,
)

if TYPE_CHECKING:
    import pandas as pd

_TOGETHER = 500  # cells
_WHAT_IS_RIGHT, _WHAT_IS_TRUE = ("target", "true_mtd"), ("scenarios", "doses")
_ROW = ("scenario", "method", "metric", "level", "value", "mcse")


class Incomplete(CannotCompute):
    """Cells are missing; ``missing`` and ``total`` say how many of how many."""

    def __init__(self, missing: int, total: int) -> None:
        super().__init__(
            f"{missing:,} of {total:,} cells are still to be computed\n"
            "  compute them by  doseesc sweep FILE,  with the same options but without  --gather"
        )
        self.missing, self.total = missing, total


def gathered(plan: Plan, cells: Sequence[Cell], store: Store) -> SweepResults:
    """Return the table of a sweep.

    Parameters
    ----------
    plan : Plan
    cells : sequence of Cell
        All of them, in order; texts are not needed.
    store : Store

    Raises
    ------
    Incomplete
        If the store lacks some, or holds what was not written as it is.
    """
    import pandas as pd

    notes: dict[str, None] = {}
    frame = pd.concat(list(_pieces(plan, cells, store, notes)), ignore_index=True)
    return SweepResults(frame, _facts(plan, notes))


def gather_into(path: Path, plan: Plan, cells: Sequence[Cell], store: Store) -> Path:
    """Write the table of a sweep into a Parquet file, whole or not at all, with few rows in memory at a time.

    Raises
    ------
    Incomplete
        As for :func:`gathered`.
    OutputError
        If the file cannot be written.
    """
    notes: dict[str, None] = {}
    some = whole_pieces(_pieces(plan, cells, store, notes))
    return write_file_by(path, lambda fresh: write_table(fresh, some, lambda: _facts(plan, notes)), force=True)


def _pieces(plan: Plan, cells: Sequence[Cell], store: Store, notes: dict[str, None]) -> Iterator[pd.DataFrame]:
    """Yield the rows of the table, and put down notes."""
    kinds = {axis.name: kind_of(axis.column) for axis in plan.axes}
    values = {axis.name: axis.column for axis in plan.axes}
    missing = 0
    for start in range(0, len(cells), _TOGETHER):
        axes: dict[str, tuple[str, list[Any]]] = {axis.name: (kinds[axis.name], []) for axis in plan.axes}
        columns: dict[str, list[Any]] = {name: [] for name in ("design", *_ROW)}
        for cell in cells[start : start + _TOGETHER]:
            figures = store.read(cell.name)
            if figures is None:
                missing += 1
                continue
            if missing:
                continue
            count = len(figures.rows)
            columns["design"] += [plan.design_name(cell.point)] * count
            for name, column in zip(_ROW, zip(*figures.rows, strict=True), strict=True):
                columns[name] += column
            for name, (_, kept) in axes.items():
                place = cell.point.places.get(name)
                kept += [None if place is None else values[name][place]] * count
            notes.update(dict.fromkeys(figures.notes))
        if not missing:
            yield piece_of(axes, columns)
    if missing:
        raise Incomplete(missing, len(cells))


def _facts(plan: Plan, notes: Iterable[str]) -> Facts:
    study = plan.study
    names = tuple(study.scenarios[place].name for place in plan.scenarios)
    mtds = np.array([study.true_mtd(study.truths[name]) for name in names], dtype=np.int64)
    weights = study.comparison.weights
    if isinstance(weights, dict) and not any(weights.get(name) for name in names):
        weights = "scenarios"  # none of those that take part counts anything
    base = _by_name(weights, names, mtds)
    return Facts(
        doseesc=__version__,
        title=plan.title or study.study.title,
        axes={axis.name: axis.field for axis in plan.axes},
        short=short_names([axis.name for axis in plan.axes]),
        weights=base,
        own_weights=tuple(_own_weights(plan, names, base)) if weights == "true_mtds" else (),
        price=study.comparison.price,
        worst_case=study.comparison.counts == "worst_case",
        notes=(*_other_questions(plan), *notes),
        study_text=study.text,
    )


def _by_name(weights: str | dict[str, float], names: tuple[str, ...], mtds: IntArray) -> dict[str, float]:
    return dict(zip(names, scenario_weights(weights, names, mtds).tolist(), strict=True))


def _own_weights(plan: Plan, names: tuple[str, ...], base: dict[str, float]) -> Iterator[OwnWeights]:
    """Yield what scenarios count where a cell's own true MTDs make it another than the base study's."""
    axes = [axis for axis in plan.axes if axis.field[0] in (*_WHAT_IS_RIGHT, *_WHAT_IS_TRUE)]
    seen: set[tuple[int, ...]] = set()
    for point in plan.points() if axes else ():
        places = tuple(point.places[axis.name] for axis in axes)
        if places in seen:
            continue
        seen.add(places)
        study = plan.variant(point)
        mtds = np.array([study.true_mtd(truth) for truth in study.truths.values()], dtype=np.int64)
        own = _by_name("true_mtds", names, mtds)
        if own != base:
            yield {axis.name: axis.column[place] for axis, place in zip(axes, places, strict=True)}, own


def _other_questions(plan: Plan) -> list[str]:
    """Return a note where cells differ in what is right, so that their figures answer different questions."""
    names = [axis.name for axis in plan.axes if axis.field[0] in _WHAT_IS_RIGHT and len(axis.values) > 1]
    if not names:
        return []
    differ = f"cells differ in which dose is right, since {' and '.join(names)} varies"
    return [f"{differ}: compare their figures with care; in each, scenarios count by its own true MTDs"]
