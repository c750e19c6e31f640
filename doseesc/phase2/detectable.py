"""The smallest effect that a trial of a given size sees with a stated power, by simulation.

One active arm is compared with the control at level alpha, not adjusted.  Its log relative risk of death goes with its
log hazard ratio of improvement as in the plan, and is lowered where the patients who improve leave no room for the
deaths.  All effects meet the same patients, so that power rises with the effect; the search goes by its probit over the
log hazard ratio, within a bracket, and the answer's standard error is the Monte Carlo error over the slope there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from designs.checks import require_probability, require_whole
from doseesc.finite import finite_numbers
from doseesc.phase2.patients import DrugEffect
from doseesc.phase2.plan import TrialPlan
from doseesc.phase2.power import simulate_power

LARGEST = 30.0
"""Hazard ratio beyond which none is sought."""

_ROUNDS = 12
_CLOSE = 0.002  # of power
_LEAST_RR = 1e-15


@dataclass(frozen=True)
class DetectableEffect:
    """Subdistribution hazard ratio with the stated power, and its standard error from the Monte Carlo error."""

    shr: float
    standard_error: float


@finite_numbers()
def detectable_shr(
    plan: TrialPlan, place: int = -1, *, power: float = 0.8, trials: int = 4000, seed: int = 1, jobs: int = 1
) -> DetectableEffect | None:
    """Return the smallest hazard ratio of improvement that the trial sees with a stated power.

    Parameters
    ----------
    plan : TrialPlan
    place : int
        Of the active arm; by default the highest dose.
    power : float
    trials, seed, jobs : int
        As for :func:`doseesc.phase2.simulate_power`, for each effect tried.

    Returns
    -------
    DetectableEffect, or None
        None where even a hazard ratio of 30 is seen less often.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    require_probability("power", power)
    require_whole("trials", trials, 100)

    def found(log_ratio: float) -> float:
        share = simulate_power(_alone(plan, place, log_ratio), trials=trials, seed=seed, jobs=jobs).share("ttci_alone")
        return float(share[0])

    low, high = 0.0, math.log(LARGEST)
    at_low, at_high = found(low), found(high)
    if at_high < power:
        return None
    for _ in range(_ROUNDS):
        # The probit is nearly a line, but ends in 1: halve where it says nothing.
        ends = ndtri(np.clip([at_low, at_high], 0.5 / trials, 1 - 0.5 / trials))
        share = float((ndtri(power) - ends[0]) / (ends[1] - ends[0])) if at_high < 0.999 else 0.5
        middle = low + (high - low) * min(max(share, 0.05), 0.95)
        at_middle = found(middle)
        if at_middle < power:
            low, at_low = middle, at_middle
        else:
            high, at_high = middle, at_middle
        if abs(at_middle - power) < _CLOSE or high - low < 1e-3:
            break
    probit = ndtri(np.clip([at_low, at_high], 0.5 / trials, 1 - 0.5 / trials))
    slope = max(float(probit[1] - probit[0]) / max(high - low, 1e-9), 1e-6)
    root = min(max(low + float(ndtri(power) - probit[0]) / slope, low), high)
    slope = max(float(ndtri(power) - ndtri(plan.analysis.alpha)) / root, 1e-6)
    density = math.exp(-(float(ndtri(power)) ** 2) / 2) / math.sqrt(2 * math.pi)
    error = math.sqrt(power * (1 - power) / trials) / density / slope
    return DetectableEffect(math.exp(root), math.exp(root) * error)


def _alone(plan: TrialPlan, place: int, log_ratio: float) -> TrialPlan:
    """Return the trial of one active arm with a hazard ratio of exp(log_ratio)."""
    arm = plan.active[place]
    planned = math.log(arm.effect.shr)
    log_risk = math.log(arm.effect.mortality_rr) * log_ratio / planned if planned > 0 else 0.0
    courses = [each.course for each in plan.strata] or [plan.course]
    shr = math.exp(log_ratio)
    room = min(((1 - each.improved) ** shr / each.died for each in courses if each.died), default=math.inf)
    risk = max(min(math.exp(log_risk), room), _LEAST_RR)
    analysis = replace(plan.analysis, multiplicity="none", endpoints="separate")
    return replace(plan, active=(replace(arm, effect=DrugEffect(shr, risk)),), analysis=analysis)
