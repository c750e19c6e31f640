"""What a posterior says of each dose, from draws and from quadrature, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from designs.arrays import FloatArray
from doseesc.inference.arviz_compat import Trace, ess, group, quantile_error
from doseesc.inference.quadrature import GridPosterior
from doseesc.truth import true_mtd

CREDIBILITY = 0.90
_TAIL = (1 - CREDIBILITY) / 2


@dataclass(frozen=True, eq=False)
class DoseSummary:
    """The DLT probability at A doses.

    Attributes
    ----------
    mean, low, high : array, shape (A,)
        Posterior mean and the central 90 % interval.
    over_target, unsafe : array, shape (A,)
        Probability of exceeding the target, and what is unsafe.
    intervals : array, shape (A, L + 1)
        Probability of each interval between L limits.
    mtd : array, shape (J + 1,)
        Probability that no level is the MTD, and that each is.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    over_target: FloatArray
    unsafe: FloatArray
    intervals: FloatArray
    mtd: FloatArray


@dataclass(frozen=True)
class Question:
    """What is asked of the posterior besides its mean.

    Attributes
    ----------
    target : float
    limits : tuple of float
        Increasing limits of the intervals.
    n_levels : int
        How many of the doses, the first ones, are levels, of which one is the MTD.
    rule, margin
        How the MTD is defined; see :func:`doseesc.truth.true_mtd`.
    unsafe_above : float
        DLT probability above which a dose is unsafe; by default none is.
    """

    target: float
    limits: tuple[float, ...]
    n_levels: int
    rule: str = "nearest"
    margin: float = 0.1
    unsafe_above: float = 1.0


def summarise_draws(trace: Trace, question: Question) -> DoseSummary:
    """Summarise draws of ``p``."""
    p = group(trace, "posterior")["p"].values
    p = p.reshape(-1, p.shape[-1])
    low, high = np.quantile(p, [_TAIL, 1 - _TAIL], axis=0)
    above = np.stack([(p > limit).mean(axis=0) for limit in question.limits], axis=-1)
    rule, margin = question.rule, question.margin
    level = true_mtd(p[:, : question.n_levels], question.target, rule, margin)  # type: ignore[arg-type]
    return DoseSummary(
        mean=p.mean(axis=0),
        low=low,
        high=high,
        over_target=(p > question.target).mean(axis=0),
        unsafe=(p > question.unsafe_above).mean(axis=0),
        intervals=_between(above),
        mtd=np.bincount(level, minlength=question.n_levels + 1) / len(p),
    )


def summarise_grid(posterior: GridPosterior, question: Question) -> DoseSummary:
    """Summarise a posterior by quadrature."""
    above = np.stack([posterior.above(limit) for limit in question.limits], axis=-1)
    return DoseSummary(
        mean=posterior.mean(),
        low=posterior.quantile(_TAIL),
        high=posterior.quantile(1 - _TAIL),
        over_target=posterior.above(question.target),
        unsafe=posterior.above(question.unsafe_above),
        intervals=_between(above),
        mtd=_mtd_on_grid(posterior, question),
    )


def _mtd_on_grid(posterior: GridPosterior, question: Question) -> FloatArray:
    """Return the probability of each level, 0 = none, of being the MTD.

    Curves increase, so that a level above the k-th is nearest the target where the mean of the two DLT probabilities
    is below it.
    """
    most = question.target + question.margin
    too_toxic = posterior.above(most)[: question.n_levels]
    at_least = np.zeros(question.n_levels + 2)
    at_least[0] = 1.0
    at_least[1:-1] = 1 - too_toxic
    if question.rule == "nearest":
        for level in range(1, question.n_levels):
            at_least[level + 1] = 1 - posterior.midpoint_above(level - 1, level, question.target)
    return np.maximum(-np.diff(at_least), 0.0)


@dataclass(frozen=True)
class Comparison:
    """The largest difference between draws and quadrature.

    Attributes
    ----------
    quantity : str
        Of what.
    dose : int
        Place of the dose.
    draws, quadrature : float
        The two answers.
    errors : float
        Their difference in Monte Carlo standard errors of the draws.
    numbers : int
        How many pairs were compared.
    """

    quantity: str
    dose: int
    draws: float
    quadrature: float
    errors: float
    numbers: int


def compare(trace: Trace, draws: DoseSummary, grid: DoseSummary, question: Question) -> Comparison | None:
    """Find where draws and quadrature differ most, in Monte Carlo standard errors.

    That of a mean is its standard deviation over the root of its effective sample size; that of a probability P the
    root of P(1 - P) over the effective sample size of the indicator, with P by quadrature; that of a quantile is
    ArviZ's.  Vehtari et al. (2021).  Where draws are too few for any such error there is nothing to find: None.
    """
    posterior = group(trace, "posterior")[["p"]]
    size = ess(posterior, "mean")["p"].values
    deviation = posterior["p"].std(("chain", "draw")).values
    pairs: list[tuple[str, FloatArray, FloatArray, FloatArray]] = [
        ("mean", draws.mean, grid.mean, deviation / np.sqrt(size)),
        ("5 % quantile", draws.low, grid.low, quantile_error(posterior, _TAIL)["p"].values),
        ("95 % quantile", draws.high, grid.high, quantile_error(posterior, 1 - _TAIL)["p"].values),
    ]
    probabilities = (
        (question.target, draws.over_target, grid.over_target),
        (question.unsafe_above, draws.unsafe, grid.unsafe),
    )
    for limit, mine, exact in probabilities:
        effective = ess((posterior > limit).astype(float), "mean")["p"].values
        # Where all draws lie on one side there is no such size, and that of p itself must do.
        effective = np.where(np.isfinite(effective) & (mine > 0) & (mine < 1), effective, size)
        # Nor can draws tell a probability from 0 that is below one over their number.
        error = np.sqrt(np.maximum(exact * (1 - exact), 1 / effective) / effective)
        pairs.append((f"P(p > {limit:.4g})", mine, exact, error))
    worst = None
    for quantity, mine, exact, error in pairs:
        distance = np.abs(mine - exact) / np.maximum(error, 1e-12)
        if np.isnan(distance).all():
            continue
        dose = int(np.nanargmax(distance))
        if worst is None or distance[dose] > worst.errors:
            found = (float(mine[dose]), float(exact[dose]), float(distance[dose]))
            worst = Comparison(quantity, dose, *found, numbers=sum(len(pair[1]) for pair in pairs))
    return worst


def interval_names(limits: Sequence[float]) -> tuple[str, ...]:
    """Name the intervals between limits.

    Examples
    --------
    >>> interval_names([0.2, 0.35])
    ('below 20%', '20% to 35%', 'above 35%')
    """
    shown = [f"{100 * limit:g}%" for limit in limits]
    middle = [f"{low} to {high}" for low, high in pairwise(shown)]
    return (f"below {shown[0]}", *middle, f"above {shown[-1]}")


def _between(above: FloatArray) -> FloatArray:
    ends = np.concatenate([np.ones_like(above[..., :1]), above, np.zeros_like(above[..., :1])], axis=-1)
    return np.maximum(-np.diff(ends, axis=-1), 0.0)
