"""The skeleton of a CRM that does best on given truths, by a direct search.

Every skeleton is a point x in R^J,

    logit s_1 = x_1,    logit s_j = logit s_{j-1} + exp(x_j),

so that all are increasing and the search needs no bounds.  The score of a skeleton is exact but a step function (it
changes where a decision does), hence the simplex search of Nelder and Mead (1965), *Computer Journal* 7:308-313.  The
idea of such a search is from Norris (2021), the vignette "MCSE-Free CRM Performance and Safety Assessment" of the R
package precautionary.

A caution: judged on truths with one and the same MTD, the best skeleton is the one that names that dose whatever the
data.  Judge on truths in which each dose in turn is the MTD.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from designs import CRM, skeleton
from designs.arrays import FloatArray
from doseesc.pieces import answers, one_blas_thread, workers_for
from doseesc.planning.objective import Objective, objective_of

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.pieces import Cluster

_STEP = 0.25  # size of the first simplex, in units of x
_STARTS = ((0.5, 0.20), (0.0, 0.20), (1.0, 0.20), (0.5, 0.32), (0.5, 0.12), (0.25, 0.28), (0.75, 0.28))
"""Further starting points: place of the prior MTD on the ladder, half-width as a share of the target."""


@dataclass(frozen=True)
class OptimalSkeleton:
    """What the search found.

    Attributes
    ----------
    design : CRM
        With the best skeleton (and prior standard deviation, if that was searched too).
    score, start_score : float
        Its criterion, and that of the design the search began with.
    figures, start_figures : array, shape (4, K)
        Their :data:`doseesc.planning.objective.FIGURES` under each truth.
    objective : Objective
    evaluations : int
        Designs enumerated.
    converged : bool
        Whether the best search ended before its limit of evaluations.
    """

    design: CRM
    score: float
    start_score: float
    figures: FloatArray
    start_figures: FloatArray
    objective: Objective
    evaluations: int
    converged: bool

    @property
    def guesses(self) -> list[float]:
        """The skeleton, to six digits."""
        return [round(guess, 6) for guess in self.design.skeleton]

    def to_frame(self) -> pd.DataFrame:
        """Return one row: ``score, score_before, skeleton_1 ... skeleton_J``, and the figures of :meth:`to_dict`."""
        import pandas as pd

        names = [f"skeleton_{level}" for level in range(1, len(self.guesses) + 1)]
        means = self._means()
        row = [self.score, self.start_score, *self.guesses, *means.values()]
        return pd.DataFrame([row], columns=["score", "score_before", *names, *means])

    def to_dict(self) -> dict[str, Any]:
        """Return the skeleton, both scores, and the mean figures with it and before, for JSON."""
        return {"skeleton": self.guesses, "score": self.score, "score_before": self.start_score, **self._means()}

    def _means(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for ending, figures in (("", self.figures), ("_before", self.start_figures)):
            correct, overdose, above, *_ = figures @ self.objective.weights
            named = {"correct_mean": correct, "overdose_mean": overdose, "patients_above_mtd_mean": above}
            found |= {f"{name}{ending}": float(value) for name, value in named.items()}
        return found


def optimal_skeleton(
    design: CRM,
    objective: Objective | Any,
    *,
    with_prior_sd: bool = False,
    starts: int = 1,
    tolerance: float = 1e-4,
    max_evaluations: int = 1000,
    jobs: int = 1,
    cluster: str | Cluster | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OptimalSkeleton:
    """Search the skeleton of the highest score, beginning with the design's own.

    Parameters
    ----------
    design : CRM
    objective : Objective or array, shape (J,) or (K, J)
        As for :func:`doseesc.planning.calibrate`.
    with_prior_sd : bool
        Whether the prior standard deviation is searched too.
    starts : int
        Searches, from 1 to 8; the first begins at the design's own skeleton, the others at skeletons of other prior
        MTDs and half-widths.  The best is returned.
    tolerance : float
        A search ends when the scores of its simplex lie within this.
    max_evaluations : int
        Most designs enumerated in one search.
    jobs : int
        Processes; the answer does not depend on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers compute instead, such as ``"tcp://10.0.0.1:8786"``.
    progress : callable, optional
        Called with the skeletons judged and the most that may be; with several processes after each search.

    Raises
    ------
    ValueError
        If an argument is out of range.
    doseesc.pieces.ClusterError
        If the cluster cannot be used.
    """
    if not isinstance(design, CRM):
        raise ValueError(f"design must be a CRM, not {type(design).__name__}")
    if not 1 <= starts <= 1 + len(_STARTS):
        raise ValueError(f"starts must lie between 1 and {1 + len(_STARTS)}, not {starts}")
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, not {tolerance}")
    if max_evaluations < 1:
        raise ValueError(f"max_evaluations must be at least 1, not {max_evaluations}")
    objective = objective_of(design, objective)
    judged: list[OptimalSkeleton] = []

    def tell(evaluations: int) -> None:
        if progress is not None:
            progress(sum(each.evaluations for each in judged) + evaluations, starts * max_evaluations)

    with workers_for(jobs, cluster) as workers:
        watch = tell if workers == 1 else None
        search = partial(_search, objective, design, with_prior_sd, tolerance, max_evaluations, watch)
        for each in answers(search, _first_designs(design, starts), workers):
            judged.append(each)
            tell(0)
    best = max(judged, key=lambda each: each.score)
    own = judged[0]
    return replace(
        best,
        start_score=own.start_score,
        start_figures=own.start_figures,
        evaluations=sum(each.evaluations for each in judged),
    )


def _first_designs(design: CRM, starts: int) -> list[CRM]:
    first = [design]
    for place, share in _STARTS[: starts - 1]:
        guesses = skeleton(
            target=design.target,
            halfwidth=share * min(design.target, 1 - design.target),
            prior_mtd=1 + round(place * (design.n_doses - 1)),
            n_doses=design.n_doses,
            model=design.model,
            intercept=design.intercept,
        )
        first.append(replace(design, skeleton=tuple(guesses.tolist())))
    return first


def _search(
    objective: Objective,
    design: CRM,
    with_prior_sd: bool,
    tolerance: float,
    max_evaluations: int,
    watch: Callable[[int], None] | None,
    first: CRM,
) -> OptimalSkeleton:
    from scipy.optimize import minimize

    def design_at(point: FloatArray) -> CRM | None:
        prior_sd = float(np.exp(point[-1])) if with_prior_sd else design.prior_sd
        try:
            return replace(design, skeleton=_skeleton_at(point[: design.n_doses]), prior_sd=prior_sd)
        except ValueError:  # far out, neighbours become equal numbers, or a logistic curve cannot reach them
            return None

    count = itertools.count(1)

    def loss(point: FloatArray) -> float:
        if watch is not None:
            watch(next(count))
        there = design_at(point)
        return np.inf if there is None else -float(objective.score(objective.figures(there)))

    point = _point_of(first.skeleton)
    if with_prior_sd:
        point = np.append(point, np.log(first.prior_sd))
    with one_blas_thread():
        start = design_at(point)
        assert start is not None, "the search begins at a design that exists"
        start_figures = objective.figures(start)
        found = minimize(
            loss,
            point,
            method="Nelder-Mead",
            options={
                "initial_simplex": np.vstack([point, point + _STEP * np.eye(len(point))]),
                "xatol": np.inf,
                "fatol": tolerance,
                "maxfev": max_evaluations,
            },
        )
        best = design_at(found.x)
        assert best is not None, "what a search ends at is no worse than where it began"
        figures = objective.figures(best)
    return OptimalSkeleton(
        design=best,
        score=float(objective.score(figures)),
        start_score=float(objective.score(start_figures)),
        figures=figures,
        start_figures=start_figures,
        objective=objective,
        evaluations=int(found.nfev) + 2,
        converged=bool(found.success),
    )


def _point_of(guesses: tuple[float, ...]) -> FloatArray:
    steps = logit(np.array(guesses))
    steps[1:] = np.log(np.diff(steps))
    return steps


def _skeleton_at(point: FloatArray) -> tuple[float, ...]:
    with np.errstate(over="ignore"):
        steps = np.concatenate([point[:1], np.exp(point[1:])])
    return tuple(expit(np.cumsum(steps)).tolist())
