"""A sweep run, from its axes to its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from designs.checks import require_whole
from doseesc.cluster import Cluster, connected
from doseesc.errors import CannotCompute
from doseesc.planning.sweeps.cells import Cell
from doseesc.planning.sweeps.checks import KEPT, checked_cells
from doseesc.planning.sweeps.gathering import Incomplete, gather_into, gathered
from doseesc.planning.sweeps.plan import Plan, Shard
from doseesc.planning.sweeps.reading import FULL, Asked, plan_of, read_plan, source_of_study
from doseesc.planning.sweeps.store import Folder, Memory, Store
from doseesc.planning.sweeps.work import LocalWorkers, Workers, compute
from doseesc.results import SweepResults
from doseesc.study import Study

if TYPE_CHECKING:
    import pandas as pd

Found = TypeVar("Found")

_SHOWN = 3
ALL: Shard = (0, 1)


class SweepError(CannotCompute):
    """Cells of a sweep that cannot be computed; the text says which, and why."""


def sweep(
    study: Study | str | Path,
    axes: Mapping[str, Any] | None = None,
    *,
    designs: Sequence[str] | None = None,
    scenarios: Sequence[str] | None = None,
    conditions: Sequence[str] = (),
    combinations: str | Sequence[Mapping[str, Any]] = FULL,
    method: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    folder: str | Path | None = None,
    jobs: int = 1,
    cluster: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Run a study in many variants, and return one table.

    Parameters
    ----------
    study : Study or path
        The base study; or the file of a sweep (``doseesc sweep``), which says all that follows up to ``combinations``.
    axes : mapping
        Values of fields by their dotted paths, as errors name them: ``{"max_n": [18, 24]}``,
        ``{"designs.BOIN.p_safe": {"from": 0.1, "to": 0.2, "by": 0.05}}``.  ``designs`` and ``scenarios`` choose by
        name.  Designs of which an axis is no field are left alone by it; values of ``simulation.seed`` are replicates.
    designs, scenarios : sequence of str, optional
        By default all, but for random curves.
    conditions : sequence of str
        Such as ``"p_toxic above p_safe"``: combinations that do not meet them are left out.
    combinations : "full" or sequence of mapping
        Which combinations of the axes' values, each a value by axis.
    method, trials, seed : optional
        By default the study's.
    folder : path, optional
        Keeps cells as files: what is there is not computed again, and processes may share it.
    jobs : int
        Processes; the answer does not depend on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers compute instead, such as ``"tcp://10.0.0.1:8786"``.
    progress : callable, optional
        Called with the cells done and the cells in all.

    Returns
    -------
    DataFrame
        One row per figure: the axes' columns, then ``design, scenario, method, metric, level, value, mcse`` as in
        ``characteristics.csv``.  :meth:`doseesc.results.SweepResults.from_frame` says more of it.

    Raises
    ------
    ScenarioError
        If something is wrong, in any cell, before any is computed.
    SweepError
        If a cell cannot be computed.
    doseesc.cluster.ClusterError
        If the cluster cannot be used.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study import shipped_scenarios
    >>> study = doseesc.load(shipped_scenarios()["nct04602104"])
    >>> found = sweep(study, {"max_n": [12, 15], "designs": ["BOIN"], "scenarios": ["S2"]}, method="exact")
    >>> found[found.metric == "total_patients"][["max_n", "design", "value"]].round(2).values.tolist()
    [[12, 'BOIN', 11.98], [15, 'BOIN', 14.97]]
    """
    simulation = {"method": method, "trials": trials, "seed": seed}
    require_whole("jobs", jobs, 1)
    if axes is None:
        if isinstance(study, Study):
            raise ValueError("axes must be given where study is no file of a sweep")
        plan = read_plan(study, simulation)
    else:
        if not isinstance(study, Study):
            from doseesc.study import load

            study = load(study)
        asked = Asked(axes, designs, scenarios, conditions, combinations)
        plan = plan_of(source_of_study(study), asked, simulation)
    store = Memory() if folder is None else Folder(folder)
    with on_workers(plan, cluster) as workers:
        return run_plan(plan, store, jobs=jobs, workers=workers, progress=progress).stamped()


@contextmanager
def on_workers(plan: Plan, cluster: str | None) -> Iterator[Cluster | None]:
    """Connect to a cluster whose workers know the designs of a plan; None where none is wanted.

    Raises
    ------
    doseesc.cluster.ClusterError
        If it cannot be used.
    """
    if cluster is None:
        yield None
        return
    types = {plan.study.design_entries[place].type for place in plan.designs}
    with connected(cluster, sorted(types)) as found:
        yield found


def run_plan(
    plan: Plan,
    store: Store,
    *,
    jobs: int = 1,
    workers: Workers | None = None,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SweepResults:
    """Compute what a store lacks of a plan, and gather it; see :func:`sweep`.

    Parameters
    ----------
    plan : Plan
    store : Store
    jobs : int
        Processes on this machine.
    workers : Workers, optional
        Others, instead.
    memory_limit : int, optional
        As for :func:`doseesc.runs.run`; only with a store that forgets.
    progress : callable, optional
    """
    cells = checked_cells(plan)
    work = partial(compute_cells, jobs=jobs, workers=workers, memory_limit=memory_limit, progress=progress)
    return _again_if_damaged(
        lambda: work(plan, cells, store),
        lambda: gathered(plan, cells, store),
    )


def run_into(
    path: Path,
    plan: Plan,
    cells: Sequence[Cell],
    store: Folder,
    *,
    jobs: int = 1,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Compute what a folder lacks of checked cells, and write the table of all; see :func:`run_plan`.

    Parameters
    ----------
    path : Path
        The table, a Parquet file.
    """
    _again_if_damaged(
        lambda: compute_cells(plan, cells, store, jobs=jobs, workers=workers, progress=progress),
        lambda: gather_into(path, plan, cells, store),
    )
    store.clean()
    return path


def _again_if_damaged(work: Callable[[], None], gather: Callable[[], Found]) -> Found:
    """Compute and gather; what is there but is found damaged is computed again, once."""
    work()
    try:
        return gather()
    except Incomplete:
        work()
        return gather()


def compute_cells(
    plan: Plan,
    cells: Sequence[Cell],
    store: Store,
    shard: Shard = ALL,
    *,
    jobs: int = 1,
    workers: Workers | None = None,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Compute those of the cells of a shard that a store lacks.

    Raises
    ------
    SweepError
        If one cannot be computed; all others are.
    """
    own = LocalWorkers(jobs) if jobs > 1 else None
    failed = compute(
        with_texts(plan, cells, shard),
        len(cells),
        store,
        workers=own if workers is None else workers,
        at_once=workers is not None,
        memory_limit=memory_limit,
        progress=progress,
    )
    if failed:
        told = [f"{plan.words(cell.point)}\n  {reason}" for cell, reason in failed[:_SHOWN]]
        more = f"\n\nand {len(failed) - _SHOWN:,} more" if len(failed) > _SHOWN else ""
        raise SweepError("cannot be computed:\n\n" + "\n\n".join(told) + more)


def with_texts(plan: Plan, cells: Sequence[Cell], shard: Shard = ALL) -> Iterator[Cell]:
    """Yield checked cells with their texts, those of large sweeps made again."""
    kept: Iterable[Cell] = cells if len(cells) <= KEPT else plan.cells(shard)
    yield from kept
