"""Designs under many random truths: exact figures under each, their mean and their spread, per true MTD.

A design's figure, such as the probability of correct selection, is computed exactly under every one of K random curves
(:mod:`doseesc.truth.random_curves`).  Over the curves it has a mean and quantiles: the 5 % quantile of correct
selection and the 95 % quantile of overdose selection tell how bad a design is where it is bad.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from designs import Design
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines import BLOCK, MEMORY_LIMIT, METRICS, DecisionGraph, TooManyStates, count_ends, enumerate_paths
from doseesc.files import rounded_rows
from doseesc.parallel import answers, block_sizes
from doseesc.results import Attainable, WeightedTruths, asks_attainable, attainable_under, stakes_of, utilities_of
from doseesc.study import PseudoUniform, RandomScenarios, Study
from doseesc.truth import highest_right

if TYPE_CHECKING:
    import pandas as pd


FIGURES = METRICS[3:]
"""The figures of the summary: those of the tidy table that are one number per truth."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Distribution(NamedTuple):
    """A figure over the curves: sorted values and the share of curves up to each."""

    value: FloatArray
    share: FloatArray


@dataclass(frozen=True)
class DesignFigures:
    """One design under all curves.

    Attributes
    ----------
    method : {"exact", "monte_carlo"}
    values : dict of str to array
        The figures of :data:`doseesc.engines.METRICS`, each with leading axis K.
    """

    method: str
    values: dict[str, FloatArray]


@dataclass(frozen=True)
class EnsembleResults:
    """What designs do under random truths.

    Attributes
    ----------
    study : Study
    random : RandomScenarios
        How the curves were drawn.
    truths : array, shape (K, J)
        The curves.
    true_mtd : array of int, shape (K,)
        The level of each curve's true MTD by the study's definition, 0 = none.
    figures : dict of str to DesignFigures
        By design.
    notes : list of str
        What the reader should know, such as a design that was too large to enumerate.
    elapsed : float
        Seconds.
    attainable : Attainable or None
        How much of the attainable the designs reach on these curves; None where that takes long.
    """

    study: Study
    random: RandomScenarios
    truths: FloatArray
    true_mtd: IntArray
    figures: dict[str, DesignFigures]
    notes: list[str] = field(default_factory=list)
    elapsed: float = 0.0
    attainable: Attainable | None = None

    def distribution(self, design: str, metric: str = "correct_selection", mtd: int | None = None) -> Distribution:
        """Return a figure's distribution over the curves, all or those of one true MTD."""
        value = np.sort(self._values(design, metric)[self._rows(mtd)])
        return Distribution(value, np.arange(1, len(value) + 1) / max(len(value), 1))

    def mean(self, design: str, metric: str = "correct_selection", mtd: int | None = None) -> float:
        """Return a figure's mean over the curves, all or those of one true MTD; NaN where there are none."""
        value = self.distribution(design, metric, mtd).value
        return float(value.mean()) if len(value) else float("nan")

    def quantile(self, design: str, metric: str, level: float, mtd: int | None = None) -> float:
        """Return a figure's quantile over the curves, interpolated between values; NaN where there are none."""
        value = self.distribution(design, metric, mtd).value
        return float(np.quantile(value, level)) if len(value) else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Return the summary: one row per design, true MTD (missing = all curves) and figure of :data:`FIGURES`.

        Columns: ``design, method, true_mtd, curves, metric, mean, se, q05, q25, q50, q75, q95``; ``se`` is the standard
        error of the mean that comes from the number of curves.
        """
        import pandas as pd

        rows = []
        for design, figures in self.figures.items():
            for mtd in (None, *(int(level) for level in np.unique(self.true_mtd))):
                for metric in FIGURES:
                    value = self.distribution(design, metric, mtd).value
                    se = value.std(ddof=1) / np.sqrt(len(value)) if len(value) > 1 else np.nan
                    spread = np.quantile(value, QUANTILES)
                    rows.append((design, figures.method, mtd, len(value), metric, value.mean(), se, *spread))
        names = [f"q{round(100 * level):02d}" for level in QUANTILES]
        frame = pd.DataFrame(rows, columns=["design", "method", "true_mtd", "curves", "metric", "mean", "se", *names])
        frame["true_mtd"] = frame["true_mtd"].astype("Int64")
        return frame

    def curves_to_frame(self) -> pd.DataFrame:
        """Return every curve under every design: ``curve, true_mtd, p_1 ... p_J, design, method`` and the figures."""
        import pandas as pd

        frames = []
        for design, figures in self.figures.items():
            frame = pd.DataFrame(self.truths, columns=[f"p_{level + 1}" for level in range(self.truths.shape[1])])
            frame.insert(0, "true_mtd", self.true_mtd)
            frame.insert(0, "curve", np.arange(1, len(frame) + 1))
            frame["design"], frame["method"] = design, figures.method
            for metric in FIGURES:
                frame[metric] = figures.values[metric]
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return how the curves were drawn, the curves with their true MTDs, and the summary, for JSON."""
        return {
            "random": self.random.model_dump(mode="json"),
            "curves": self.truths.tolist(),
            "true_mtd": self.true_mtd.tolist(),
            "summary": rounded_rows(self.to_frame()),
            "notes": self.notes,
            **({} if self.attainable is None else {"attainable": self.attainable.to_dict()}),
        }

    def _values(self, design: str, metric: str) -> FloatArray:
        if design not in self.figures:
            raise ValueError(f"design must be one of {', '.join(self.figures)}, not {design!r}")
        if metric not in FIGURES:
            raise ValueError(f"metric must be one of {', '.join(FIGURES)}, not {metric!r}")
        return self.figures[design].values[metric]

    def _rows(self, mtd: int | None) -> BoolArray:
        return np.ones(len(self.true_mtd), dtype=np.bool_) if mtd is None else self.true_mtd == mtd


def run_ensemble(
    study: Study,
    random: RandomScenarios | None = None,
    *,
    trials: int = 1000,
    jobs: int = 1,
    memory_limit: int = MEMORY_LIMIT,
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
    memory_limit : int
        Bytes that an enumeration may use.
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
    figures, notes = ensemble_figures(
        study,
        truths,
        trials=trials,
        seed=random.seed,
        jobs=jobs,
        memory_limit=memory_limit,
        progress=progress,
        enumerating=enumerating,
    )
    attainable = _attainable(study, truths, figures) if asks_attainable(study, len(truths)) else None
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
    jobs: int = 1,
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


def _attainable(study: Study, truths: FloatArray, figures: dict[str, DesignFigures]) -> Attainable:
    """Return how much of the attainable the designs reach on the curves."""
    words = f"these {len(truths):,} curves"
    stakes = stakes_of(study, WeightedTruths(truths, np.full(len(truths), 1 / len(truths)), words, True))
    designs = {
        name: float(stakes.weight @ utilities_of(SimpleNamespace(**each.values), stakes))
        for name, each in figures.items()
    }
    return attainable_under(study, stakes, designs, words)


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
