"""Designs under many random truths: exact figures under each, their mean and their spread, per true MTD.

A design's figure, such as the probability of correct selection, is computed exactly under every one of K random curves
(:mod:`doseesc.truth.random_curves`).  Over the curves it has a mean and quantiles: the 5 % quantile of correct
selection and the 95 % quantile of overdose selection tell how bad a design is where it is bad.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from designs import Design
from designs.arrays import BoolArray, FloatArray
from doseesc.engines import (
    BLOCK,
    LATTICE_LIMIT,
    MEMORY_LIMIT,
    METRICS,
    DecisionGraph,
    TooManyStates,
    count_ends,
    enumerate_paths,
)
from doseesc.pieces import answers, block_sizes, workers_for
from doseesc.planning.ensemble_results import DesignFigures, EnsembleResults
from doseesc.results import Attainable, WeightedTruths, asks_attainable, attainable_under, stakes_of, utilities_of
from doseesc.runs import fits_by
from doseesc.study import PseudoUniform, RandomScenarios, Study
from doseesc.truth import highest_right

if TYPE_CHECKING:
    from doseesc.pieces import Cluster, Jobs


def run_ensemble(
    study: Study,
    random: RandomScenarios | None = None,
    *,
    trials: int = 1000,
    jobs: int = 1,
    cluster: str | Cluster | None = None,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    enumerating: Callable[[str, int, int], None] | None = None,
) -> EnsembleResults:
    """Run every design of a study under random truths.

    Parameters
    ----------
    study : Study
        From :func:`doseesc.load`; its named scenarios are left aside.
    random : RandomScenarios, optional
        How the curves are drawn; by default as the file's random scenario says, or where it has none pseudo-uniform
        with the file's seed.
    trials : int
        Trials per curve of a design that is too large to enumerate; a note then says that it was simulated.
    jobs : int
        Processes, of which each takes a design at a time; the answer does not depend on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers compute instead.
    memory_limit : int, optional
        Bytes that an enumeration may use, by default 2 GiB, and the search for the best policy, by default 4 GiB.
    progress : callable, optional
        Called with the designs done and the designs in all.
    enumerating : callable, optional
        Called with a design's name, the patients treated and the most of its trial, while it is enumerated, as far as
        one process does it.

    Raises
    ------
    ValueError
        If ``trials`` is not positive, the random curves do not suit the study, or the file has several random scenarios
        and none is given.
    doseesc.pieces.ClusterError
        If the cluster cannot be used.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study.random_section import PseudoUniform
    >>> from doseesc.study import shipped_scenarios
    >>> study = doseesc.load(shipped_scenarios()["nct04602104"])
    >>> found = run_ensemble(study, PseudoUniform(count=100, seed=1))
    >>> found.mean("BOIN", "correct_selection") > found.quantile("BOIN", "correct_selection", 0.05)
    True
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, not {trials}")
    began = time.perf_counter()
    random = file_random(study) if random is None else random
    truths = study.draw(random)
    right = study.right_levels(truths)
    with workers_for(jobs, cluster, study.design_types) as workers, fits_by(study, workers) as others:
        figures, notes = ensemble_figures(
            study,
            truths,
            trials=trials,
            seed=random.seed,
            jobs=others,
            memory_limit=MEMORY_LIMIT if memory_limit is None else memory_limit,
            progress=progress,
            enumerating=enumerating,
        )
    largest = LATTICE_LIMIT if memory_limit is None else memory_limit
    attainable = _attainable(study, truths, figures, largest) if asks_attainable(study, len(truths)) else None
    if attainable is not None:
        notes.append(attainable.words)
    elapsed = time.perf_counter() - began
    return EnsembleResults(study, random, truths, highest_right(right), figures, notes, elapsed, attainable)


def ensemble_figures(
    study: Study,
    truths: FloatArray,
    *,
    trials: int,
    seed: int,
    jobs: Jobs = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: Callable[[int, int], None] | None = None,
    enumerating: Callable[[str, int, int], None] | None = None,
) -> tuple[dict[str, DesignFigures], list[str]]:
    """Return what every design of a study does under truths, and notes on what was simulated.

    Parameters
    ----------
    study : Study
    truths : array, shape (K, J)
    trials, seed
        Of a design that is too large to enumerate.
    jobs, memory_limit, progress, enumerating
        As for :func:`run_ensemble`.
    """
    right = study.right_levels(truths)
    notes: list[str] = []
    figures: dict[str, DesignFigures] = {}
    designs = study.designs
    told = enumerating if jobs == 1 else None
    ask = partial(_figures, study, truths, right, trials, seed, memory_limit, told)
    if progress is not None:
        progress(0, len(designs))
    for name, (own, note) in zip(designs, answers(ask, designs.items(), jobs), strict=True):
        figures[name] = own
        notes += note
        if progress is not None:
            progress(len(figures), len(designs))
    return figures, notes


def _figures(
    study: Study,
    truths: FloatArray,
    right: BoolArray,
    trials: int,
    seed: int,
    memory_limit: int,
    enumerating: Callable[[str, int, int], None] | None,
    named: tuple[str, Design],
) -> tuple[DesignFigures, list[str]]:
    """Return the figures of a design under the curves, and what is to be noted of it."""
    name, design = named
    try:
        told = None if enumerating is None else partial(enumerating, name)
        paths = enumerate_paths(design, memory_limit=memory_limit, progress=told)
    except TooManyStates as error:
        note = f"{name} is simulated, {trials:,} trials per curve, which widens its quantiles: {error}"
        return DesignFigures("monte_carlo", _simulated(design, study, truths, right, trials, seed)), [note]
    found = paths.characteristics(truths, target=study.target, true_mtd=right)
    return DesignFigures("exact", {metric: getattr(found, metric) for metric in METRICS}), []


def _attainable(study: Study, truths: FloatArray, figures: dict[str, DesignFigures], memory_limit: int) -> Attainable:
    """Return how much of the attainable the designs reach on the curves."""
    words = f"these {len(truths):,} curves"
    stakes = stakes_of(study, WeightedTruths(truths, np.full(len(truths), 1 / len(truths)), words, True))
    designs = {
        name: float(stakes.weight @ utilities_of(SimpleNamespace(**each.values), stakes))
        for name, each in figures.items()
    }
    return attainable_under(study, stakes, designs, words, memory_limit)


def file_random(study: Study, name: str | None = None) -> RandomScenarios:
    """Return a study's random scenario, by name where it has several; pseudo-uniform curves where it has none.

    Raises
    ------
    ValueError
        If there is no random scenario of that name, or there are several and no name is given.
    """
    known = study.random_scenarios
    if name is not None and name not in known:
        raise ValueError(f"random scenario {name!r} is not in the file; there are {', '.join(known) or 'none'}")
    if name is None and len(known) > 1:
        raise ValueError(f"random must be given: the file has several random scenarios, {', '.join(known)}")
    if name is None and not known:
        return PseudoUniform(seed=study.simulation.seed)
    return known[next(iter(known)) if name is None else name]


def _simulated(
    design: Design, study: Study, truths: FloatArray, right: BoolArray, trials: int, seed: int
) -> dict[str, FloatArray]:
    """Simulate trials under every curve, each with patients of its own; the decisions are shared."""
    graph = DecisionGraph(design)
    sizes = block_sizes(trials, BLOCK)
    rows = []
    for row, truth in enumerate(truths):
        blocks = [(row * len(sizes) + index, size) for index, size in enumerate(sizes)]
        ends, count = graph.ends(count_ends(graph, truth, seed, blocks))
        rows.append(ends.summarise(count[None], truth[None], study.target, right[row : row + 1], trials))
    return {metric: np.concatenate([getattr(found, metric) for found in rows]) for metric in METRICS}
