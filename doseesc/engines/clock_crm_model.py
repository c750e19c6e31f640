"""What decides in a TITE-CRM, as numbers and arrays for compiled code; and which designs are such.

The curve falls as the parameter grows, and so do sums of two neighbouring doses' probabilities: the dose nearest the
target follows from comparing the posterior mean with the parameters at which such a sum is twice the target.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs import CRM, Design, StopTooToxic, Weighted
from designs.arrays import FloatArray
from doseesc.engines.clock_rules import Rules, knows_rules, made_of, rule_of, rules_of

NEAR = 1e-9
"""So near to a limit, what sums of another order or on other nodes say is not relied on; they differ by about 1e-12."""

_MOST_PATIENTS = 300  # beyond, a likelihood that is not scaled might underflow
_LEAST_SLOPE = 1e-12 / NEAR  # of a sum of two probabilities, so that NEAR is far beyond its rounding
_HALVINGS = 80

# The parameters that are known here; see :mod:`doseesc.engines.clock_rules`.
_DESIGN = {
    *("target", "skeleton", "n_doses", "max_n", "cohort_size", "start_level", "rules", "pending", "model", "intercept"),
    *("prior_sd", "floor", "floor_prior", "estimate", "selection"),
}


class Model(NamedTuple):
    """What decides in a TITE-CRM.

    Attributes
    ----------
    node, prior : array, shape (G,)
        Nodes of the parameter and weights of the prior.
    has_dlt, no_dlt : array, shape (J, G)
        Probabilities of a DLT and of none.
    beyond : array, shape (J - 1,)
        Parameter above which the 2nd, 3rd, ... dose is nearer the target than the one below it.
    shares : array
        Of the DLTs in equal parts of the window; a single one is linear weights, none adaptive ones.
    start_level, cohort_size : int
    suspend_above, minimum_followed : float
    minimum_known : int
        As in :class:`designs.Weighted`; infinite and 0 where nothing is said.
    share : array, shape (G,)
        By how much a node counts towards the probability that a dose is too toxic; empty where nobody asks.
    confidence : float
        From which that ends the trial.
    rules : Rules
    """

    node: FloatArray
    prior: FloatArray
    has_dlt: FloatArray
    no_dlt: FloatArray
    beyond: FloatArray
    shares: FloatArray
    start_level: int
    cohort_size: int
    suspend_above: float
    minimum_followed: float
    minimum_known: int
    share: FloatArray
    confidence: float
    rules: Rules


def is_tite_crm(design: Design) -> bool:
    """Say whether the design is a CRM that weighs follow-up and all that it consists of is known here."""
    safety = rule_of(design, StopTooToxic)
    return (
        made_of(design, CRM, _DESIGN)
        and isinstance(design, CRM)
        and knows_rules(design)
        and (safety is None or safety.by == "design")
        and design.estimate == "plug_in"
        and design.floor_prior is None
        and design.max_n <= _MOST_PATIENTS
        and _steep(design)
    )


def model_of(design: CRM) -> Model:
    """Return what decides in a CRM that :func:`is_tite_crm`."""
    policy = design.pending
    assert isinstance(policy, Weighted)
    target = float(design.target)
    safety = rule_of(design, StopTooToxic)
    above = target if safety is None or safety.above is None else float(safety.above)
    nodes = design.quadrature() if safety is None else design.quadrature(level=safety.level, above=above)
    shares = {"linear": (1.0,), "adaptive": ()}[policy.weights] if isinstance(policy.weights, str) else policy.weights
    return Model(
        node=nodes.parameter,
        prior=np.exp(nodes.log_weight - nodes.log_weight.max()),
        has_dlt=np.exp(nodes.log_dlt),
        no_dlt=np.exp(nodes.log_no_dlt),
        beyond=dose_boundaries(design),
        shares=np.array(shares, dtype=np.float64),
        start_level=int(design.start_level),
        cohort_size=int(design.cohort_size),
        suspend_above=np.inf if policy.suspend_above is None else float(policy.suspend_above),
        minimum_followed=float(policy.minimum_followed),
        minimum_known=int(policy.minimum_known or 0),
        share=nodes.share if safety is not None else np.empty(0),
        confidence=np.inf if safety is None else float(safety.confidence),
        rules=rules_of(design),
    )


def dose_boundaries(design: CRM) -> FloatArray:
    """Return the parameters (J - 1,) above which the 2nd, 3rd, ... dose is nearer the target than the one below.

    Examples
    --------
    >>> design = CRM(target=0.25, skeleton=(0.05, 0.12, 0.25, 0.40, 0.55), max_n=24)
    >>> edges = dose_boundaries(design)
    >>> edges.round(3)
    array([-0.592, -0.203,  0.216,  0.637])
    >>> design.curve(edges)[[0, 1, 2, 3], [0, 1, 2, 3]] + design.curve(edges)[[0, 1, 2, 3], [1, 2, 3, 4]]
    array([0.5, 0.5, 0.5, 0.5])
    """
    reach = float(np.abs(design.quadrature().parameter).max())
    low, high = np.full(design.n_doses - 1, -reach), np.full(design.n_doses - 1, reach)
    twice = 2 * float(design.target)
    always, never = _pairs(design, low) < twice, _pairs(design, high) >= twice
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there = _pairs(design, middle) < twice
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.where(always, -np.inf, np.where(never, np.inf, low))


def _pairs(design: CRM, parameter: FloatArray) -> FloatArray:
    """Return the sum of the DLT probabilities of each dose and the next, each pair at its own parameter (J - 1,)."""
    if design.n_doses == 1:
        return np.empty(0)
    curve, pair = design.curve(parameter), np.arange(design.n_doses - 1)
    total: FloatArray = curve[pair, pair] + curve[pair, pair + 1]
    return total


def _steep(design: CRM) -> bool:
    """Say whether no rounding of the curve can matter further from a boundary than ``NEAR``."""
    edges = dose_boundaries(design)
    there = np.where(np.isfinite(edges), edges, 0.0)
    slope = (_pairs(design, there - NEAR) - _pairs(design, there + NEAR)) / (2 * NEAR)
    return bool((slope[np.isfinite(edges)] > _LEAST_SLOPE).all())
