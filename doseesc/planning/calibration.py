"""Calibration of a design: every candidate of a grid of its parameters, judged exactly.

For the CRM the parameters are usually the half-width of the indifference interval, from which the skeleton follows (Lee
and Cheung 2009, *Clinical Trials* 6:227-238), and the prior standard deviation (Lee and Cheung 2011, *Statistics in
Medicine* 30:2081-2089); for BOIN the rates ``p_safe`` and ``p_toxic``.  Each candidate is enumerated once and its
characteristics computed for all truths, so that candidates differ by what they do and by no simulation error.
What makes a candidate good is told in :mod:`doseesc.planning.objective`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import BOIN, CRM, Design, skeleton
from designs.arrays import FloatArray
from designs.checks import require_whole
from doseesc.pieces import answers, one_blas_thread, workers_for
from doseesc.planning.objective import FIGURES, Objective, objective_of
from doseesc.planning.widening import Axes, at_edge, widened
from doseesc.wording import nearest

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.pieces import Cluster


_SKELETON = ("halfwidth", "prior_mtd")  # not fields of a design: they make its skeleton


@dataclass(frozen=True)
class Calibration:
    """Candidates of a design and how they do.

    Attributes
    ----------
    design : Design
        The design that was varied.
    objective : Objective
    grid : dict of str to tuple of float
        The values tried of each parameter, those added by widening included.
    given : dict of str to tuple of float
        The values that were to be tried at first.
    values : array, shape (C, P)
        The parameters of each candidate, the last parameter varying fastest.
    figures : array, shape (C, 4, K), or (C, 5, K) with the expected utility
        See :data:`doseesc.planning.objective.FIGURES`.
    score : array, shape (C,)
        The criterion; larger is better.
    best : int
        The candidate of the highest score; of equal ones that nearest the middle of the grid.
    design_figures : array, shape (4, K) or (5, K)
        The same of ``design`` as it was.
    design_score : float
        Its score.
    """

    design: Design
    objective: Objective
    grid: Axes
    given: Axes
    values: FloatArray
    figures: FloatArray
    score: FloatArray
    best: int
    design_figures: FloatArray
    design_score: float

    @property
    def added(self) -> Axes:
        """The values that widening added, by parameter; only of those to which it added any."""
        more = {name: tuple(each for each in self.grid[name] if each not in self.given[name]) for name in self.grid}
        return {name: values for name, values in more.items() if values}

    @property
    def at_edge(self) -> tuple[str, ...]:
        """The parameters of which the best value is still the smallest or largest of several tried."""
        return tuple(name for name, value in self.best_values.items() if at_edge(self.grid[name], value))

    @property
    def best_values(self) -> dict[str, float]:
        """The parameters of the best candidate."""
        return dict(zip(self.grid, self.values[self.best].tolist(), strict=True))

    @property
    def best_design(self) -> Design:
        """The best candidate."""
        return candidate(self.design, self.best_values)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per candidate: its parameters, score, and figures summed up over the truths."""
        import pandas as pd

        correct, overdose, above, patients = (self.figures[:, k] for k in range(len(FIGURES)))
        weights = self.objective.weights
        frame = pd.DataFrame(self.values, columns=list(self.grid))
        frame["score"] = self.score
        frame["correct_mean"] = correct @ weights
        frame["correct_minimum"] = correct.min(axis=1)
        frame["overdose_mean"] = overdose @ weights
        frame["overdose_maximum"] = overdose.max(axis=1)
        frame["patients_above_mtd_mean"] = above @ weights
        frame["total_patients_mean"] = patients @ weights
        frame["best"] = np.arange(len(frame)) == self.best
        return frame


def calibrate(
    design: Design,
    objective: Objective | Any,
    grid: Mapping[str, Sequence[float]] | None = None,
    *,
    widen: int = 0,
    jobs: int = 1,
    cluster: str | Cluster | None = None,
    progress: Callable[[int, int], None] | None = None,
    enumerating: Callable[[str, int, int], None] | None = None,
) -> Calibration:
    """Judge every candidate of a grid exactly, and name the best.

    Parameters
    ----------
    design : Design
        What the grid does not vary.
    objective : Objective or array, shape (J,) or (K, J)
        From :func:`doseesc.planning.make_objective`; true DLT probabilities alone stand for mean correct selection.
    grid : mapping of str to sequence of float, optional
        Values of the design's parameters by name; for a CRM also ``halfwidth`` and ``prior_mtd``, which make its
        skeleton.  By default that of :func:`default_grid`.
    widen : int
        How often the grid is widened at most, and searched again, while the best candidate lies at an edge of it
        (:mod:`doseesc.planning.widening`).
    jobs : int
        Processes; the answer does not depend on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers compute instead, such as ``"tcp://10.0.0.1:8786"``.
    progress : callable, optional
        Called with the candidates done and the candidates in all.
    enumerating : callable, optional
        Called with the candidate being enumerated, its patients so far and its most, as far as one process does it.

    Raises
    ------
    ValueError
        If a parameter does not exist or a value of it is not possible.
    doseesc.engines.states.TooManyStates
        If the design is too large to enumerate.
    doseesc.pieces.ClusterError
        If the cluster cannot be used.

    Examples
    --------
    >>> from designs import BOIN
    >>> design = BOIN(target=0.25, n_doses=3, max_n=12)
    >>> found = calibrate(design, [0.1, 0.25, 0.45], {"p_safe": [0.05, 0.1, 0.15, 0.2]})
    >>> found.score.round(4), found.best_values
    (array([0.5902, 0.5902, 0.5445, 0.5687]), {'p_safe': 0.1})
    """
    chosen = default_grid(design) if grid is None else grid
    axes = {name: tuple(float(value) for value in values) for name, values in chosen.items()}
    if not axes or not all(axes.values()):
        raise ValueError("grid must give at least one value of at least one parameter")
    require_whole("widen", widen, 0)
    objective = objective_of(design, objective)
    own = _figures(objective, enumerating, (type(design).__name__, design))
    judged: dict[tuple[float, ...], FloatArray] = {}
    given = axes
    with one_blas_thread(), workers_for(jobs, cluster) as workers:
        for again in range(widen + 1):
            rows = list(product(*axes.values()))
            new = [row for row in rows if row not in judged]
            candidates = [_candidate(design, dict(zip(axes, row, strict=True))) for row in new]
            ask = partial(_figures, objective, enumerating if workers == 1 else None)
            for row, part in zip(new, answers(ask, candidates, workers), strict=True):
                judged[row] = part
                if progress is not None:
                    progress(len(judged), len(rows))
            figures = np.stack([judged[row] for row in rows])
            score = objective.score(figures)
            best = _best(score, [len(axis) for axis in axes.values()])
            wider = widened(axes, dict(zip(axes, rows[best], strict=True)), partial(_possible, design))
            if again == widen or wider == axes:
                break
            axes = wider
    return Calibration(
        design=design,
        objective=objective,
        grid=axes,
        given=given,
        values=np.array(rows),
        figures=figures,
        score=score,
        best=best,
        design_figures=own,
        design_score=float(objective.score(own)),
    )


def candidate(design: Design, values: Mapping[str, float]) -> Design:
    """Return the design with other parameters; for a CRM ``halfwidth`` and ``prior_mtd`` make its skeleton.

    Where ``prior_mtd`` is not given it is the level whose prior guess is nearest the target now.

    Raises
    ------
    ValueError
        If a parameter does not exist or a value is not possible.

    Examples
    --------
    >>> design = CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=18)
    >>> np.round(candidate(design, {"halfwidth": 0.05, "prior_sd": 1.0}).skeleton, 3)
    array([0.157, 0.25 , 0.355])
    """
    whole = {each.name for each in fields(design) if each.type in ("int", "int | None")}
    known = [each.name for each in fields(design) if each.init]
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name in _SKELETON and isinstance(design, CRM):
            continue
        if name not in known:
            close = nearest(name, [*known, *_SKELETON])
            hint = f"; did you mean {close}?" if close else ""
            raise ValueError(f"grid names {name!r}, which is no parameter of {type(design).__name__}{hint}")
        changes[name] = int(value) if name in whole and float(value).is_integer() else value
    if isinstance(design, CRM) and any(name in values for name in _SKELETON):
        if "halfwidth" not in values:
            raise ValueError("grid must give halfwidth where it gives prior_mtd")
        at_target = int(np.argmin(np.abs(np.array(design.skeleton) - design.target))) + 1
        prior_mtd = values.get("prior_mtd", at_target)
        if prior_mtd != int(prior_mtd):
            raise ValueError(f"prior_mtd must be a level, not {prior_mtd}")
        guesses = skeleton(
            target=changes.get("target", design.target),
            halfwidth=values["halfwidth"],
            prior_mtd=int(prior_mtd),
            n_doses=design.n_doses,
            model=design.model,
            intercept=changes.get("intercept", design.intercept),
        )
        changes["skeleton"] = tuple(guesses.tolist())
    return replace(design, **changes)


def default_grid(design: Design) -> dict[str, tuple[float, ...]]:
    """Return the values tried where none are given.

    Raises
    ------
    ValueError
        If there are none for this kind of design.
    """
    if isinstance(design, CRM):
        halfwidths = design.target * np.arange(0.08, 0.42, 0.04)
        return {
            "halfwidth": tuple(np.round(halfwidths, 4).tolist()),
            "prior_sd": (0.3, 0.5, 0.7, 0.85, 1.0, 1.34**0.5, 1.4, 1.8),
        }
    if isinstance(design, BOIN):
        return {
            "p_safe": tuple(round(design.target * share, 4) for share in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)),
            "p_toxic": tuple(round(design.target * share, 4) for share in (1.2, 1.3, 1.35, 1.4, 1.45, 1.5, 1.6, 1.8)),
        }
    raise ValueError(f"grid must be given for {type(design).__name__}; it has no usual one")


def _possible(design: Design, values: Mapping[str, float]) -> bool:
    try:
        candidate(design, values)
    except ValueError:
        return False
    return True


def _candidate(design: Design, values: Mapping[str, float]) -> tuple[str, Design]:
    """Return a candidate, with its name."""
    words = ", ".join(f"{name} {value:g}" for name, value in values.items())
    return f"{type(design).__name__} with {words}", candidate(design, values)


def _figures(
    objective: Objective, enumerating: Callable[[str, int, int], None] | None, named: tuple[str, Design]
) -> FloatArray:
    name, design = named
    with one_blas_thread():
        return objective.figures(design, None if enumerating is None else partial(enumerating, name))


def _best(score: FloatArray, shape: list[int]) -> int:
    """Return the candidate of the highest score, of several the one nearest the middle of the grid."""
    place = np.stack(np.unravel_index(np.arange(len(score)), shape), axis=1)
    size = np.array(shape)
    distance = (((place - (size - 1) / 2) / size) ** 2).sum(axis=1)
    equal = np.flatnonzero(score >= score.max() - 1e-12)
    return int(equal[np.argmin(distance[equal])])
