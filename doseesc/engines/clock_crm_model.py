"""What decides in a TITE-CRM, as numbers and arrays for compiled code; and which designs are such.

The curve falls as the parameter grows, and so do sums of two neighbouring doses' probabilities: the dose nearest the
target follows from comparing the posterior mean with the parameters at which such a sum is twice the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from designs import (
    CRM,
    CoherentEscalation,
    Design,
    GlobalCoherence,
    MinimumAtMTD,
    NoSkipping,
    SelectTried,
    StopAtRecommended,
    StopTooToxic,
    Weighted,
)
from designs.arrays import FloatArray
from designs.rules import Rule

NEAR = 1e-9
"""So near to a limit, what sums of another order or on other nodes say is not relied on; they differ by about 1e-12."""

_MOST_PATIENTS = 300  # beyond, a likelihood that is not scaled might underflow
_LEAST_SLOPE = 1e-12 / NEAR  # of a sum of two probabilities, so that NEAR is far beyond its rounding
_HALVINGS = 80

# The parameters that are known here, by class.  What is not among them may change decisions in ways unheard of.
_DESIGN = {
    *("target", "skeleton", "n_doses", "max_n", "cohort_size", "start_level", "rules", "pending", "model", "intercept"),
    *("prior_sd", "floor", "floor_prior", "estimate", "selection"),
}
_POLICY = {"weights", "estimate", "suspend_above", "minimum_followed", "minimum_known", "suspend_first"}
_RULES: dict[type[Rule], set[str]] = {
    NoSkipping: {"reference", "down"},
    CoherentEscalation: {"target"},
    GlobalCoherence: {"target"},
    StopTooToxic: {"level", "above", "confidence", "by"},
    StopAtRecommended: {"n"},
    SelectTried: set(),
    MinimumAtMTD: {"n"},
}

R = TypeVar("R", bound=Rule)


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
    up_from_current, up_from_highest, one_down : bool
        Whether a step up is of one level at most, from the current one or the highest tried, and a step down.
    last_rate, level_rate : float
        DLT rates of the last cohort from which, and of the current level above which, there is no step up.
    share : array, shape (G,)
        By how much a node counts towards the probability that a dose is too toxic; empty where nobody asks.
    confidence : float
        From which that ends the trial.
    enough : int
        Patients at the next level from which on the trial ends.
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
    up_from_current: bool
    up_from_highest: bool
    one_down: bool
    last_rate: float
    level_rate: float
    share: FloatArray
    confidence: float
    enough: int


def is_tite_crm(design: Design) -> bool:
    """Say whether the design is a CRM that weighs follow-up and all that it consists of is known here."""
    policy = design.pending
    return (
        _made_of(design, CRM, _DESIGN)
        and isinstance(design, CRM)
        and _made_of(policy, Weighted, _POLICY)
        and design.estimate == "plug_in"
        and design.floor_prior is None
        and design.max_n <= _MOST_PATIENTS
        and not design.own_rules()
        and all(any(_made_of(rule, kind, known) for kind, known in _RULES.items()) for rule in design.rules)
        and len({type(rule) for rule in design.rules}) == len(design.rules)
        and all(rule.by == "design" for rule in design.rules if isinstance(rule, StopTooToxic))
        and _steep(design)
    )


def model_of(design: CRM) -> Model:
    """Return what decides in a CRM that :func:`is_tite_crm`."""
    policy = design.pending
    assert isinstance(policy, Weighted)
    target = float(design.target)
    skipping, safety = _only(design.rules, NoSkipping), _only(design.rules, StopTooToxic)
    last, whole = _only(design.rules, CoherentEscalation), _only(design.rules, GlobalCoherence)
    enough = _only(design.rules, StopAtRecommended)
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
        up_from_current=skipping is not None and skipping.reference == "current",
        up_from_highest=skipping is not None and skipping.reference == "highest_tried",
        one_down=skipping is not None and bool(skipping.down),
        last_rate=_rate(last, target),
        level_rate=_rate(whole, target),
        share=nodes.share if safety is not None else np.empty(0),
        confidence=np.inf if safety is None else float(safety.confidence),
        enough=design.max_n + 1 if enough is None else int(enough.n),
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


def _made_of(thing: object, kind: type, known: set[str]) -> bool:
    """Say whether a dataclass is of this very class and has no parameter but those known."""
    return type(thing) is kind and is_dataclass(kind) and {field.name for field in fields(kind)} == known


def _only(rules: Sequence[Rule], kind: type[R]) -> R | None:
    """Return the one rule of a class; None where there is none."""
    return next((rule for rule in rules if isinstance(rule, kind)), None)


def _rate(rule: CoherentEscalation | GlobalCoherence | None, target: float) -> float:
    if rule is None:
        return np.inf
    return target if rule.target is None else float(rule.target)
