"""What the data say about each dose: estimate, interval, and the probabilities of over- and under-dosing.

A model-based design answers from its model, through ``posterior(tally).dlt_probability`` and ``probability_above``.
For all others each dose is judged by its own patients alone, with a uniform prior; a dose without patients has no
estimate then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from designs import Design, Tally
from designs.arrays import FloatArray
from designs.crm_mle import CRMMLE
from designs.equivalence_interval import EquivalenceIntervalDesign
from designs.interval_choice import ChoosingDesign

CREDIBILITY = 0.9


@runtime_checkable
class HasPosterior(Protocol):
    """A design with a model; its posterior has ``dlt_probability`` (S, J)."""

    def posterior(self, tally: Tally) -> Any:
        """Return the posterior."""
        ...


@dataclass(frozen=True)
class DoseEstimates:
    """Estimates of one tally, each (J,); NaN where there is none.

    Attributes
    ----------
    mean : array
        Estimated DLT probability.
    lower, upper : array
        Ends of the equal-tailed 90 % interval.
    overdosing, underdosing : array
        Probability that the DLT probability is above ``over``, and below ``under``.
    over, under : float or None
        The target or, where the design has one, the ends of its target interval.
    basis : str
        "the design's model" or "each dose alone, ...".
    """

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    overdosing: FloatArray
    underdosing: FloatArray
    over: float | None
    under: float | None
    basis: str


def estimate_doses(design: Design, tally: Tally, target: float | None = None) -> DoseEstimates:
    """Estimate the DLT probability of every dose from one tally.

    Parameters
    ----------
    design : Design
    tally : Tally
        Of one trial.
    target : float, optional
        For designs that have none of their own.

    Examples
    --------
    >>> from designs import BOIN
    >>> estimates = estimate_doses(BOIN(target=0.25, n_doses=3, max_n=18), Tally.parse("1NNN 2NNT", n_doses=3))
    >>> estimates.mean[:2].round(2), estimates.overdosing[:2].round(2)
    (array([0.2, 0.4]), array([0.32, 0.74]))
    """
    under, over = target_interval(design, target)
    levels = range(1, design.n_doses + 1)
    by_model = type(design).probability_above is not Design.probability_above
    ends = np.array([design.credible_interval(tally, level, CREDIBILITY) for level in levels])[..., 0]
    nothing = np.full(design.n_doses, np.nan)
    above = nothing if over is None else _above(design, tally, over)
    below = nothing if under is None else 1 - _above(design, tally, under)
    untreated = tally.n[0] == 0
    curves = model_estimates(design, tally)
    mean = np.where(untreated, np.nan, (1 + tally.dlt[0]) / (2 + tally.n[0])) if curves is None else curves[0]
    lower, upper = ends.T
    if not by_model:
        lower, upper, above, below = (np.where(untreated, np.nan, each) for each in (lower, upper, above, below))
    basis = "the design's model" if by_model else "each dose alone, uniform prior; the design's own rule picks the dose"
    if curves is not None and not by_model:
        basis = "estimate: the design's model; the rest: each dose alone, uniform prior"
    return DoseEstimates(mean, lower, upper, above, below, over, under, basis)


def model_estimates(design: Design, tally: Tally) -> FloatArray | None:
    """Return the DLT probabilities (S, J) that a design's model estimates; None for a design without a model."""
    if isinstance(design, CRMMLE):
        mixed = (tally.total_dlt > 0) & (tally.total_dlt < tally.total_n)  # otherwise the likelihood has no maximum
        return np.where(mixed[:, None], design.curve(design.estimate(tally)), np.nan)
    if isinstance(design, HasPosterior):
        return np.asarray(design.posterior(tally).dlt_probability, dtype=np.float64)
    return None


def target_interval(design: Design, target: float | None = None) -> tuple[float | None, float | None]:
    """Return the DLT probabilities below which a dose is under-dosing and above which over-dosing.

    The ends of the design's target interval where it has one, else the target.
    """
    if isinstance(design, ChoosingDesign):
        return design.cut_points[0], design.overdose_limit
    if isinstance(design, EquivalenceIntervalDesign):
        lower, upper = design.interval
        return float(lower), float(upper)
    own = target if design.target is None else design.target
    return own, own


def _above(design: Design, tally: Tally, limit: float) -> FloatArray:
    levels = range(1, design.n_doses + 1)
    return np.array([design.probability_above(tally, level, limit)[0] for level in levels])
