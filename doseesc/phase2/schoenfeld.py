"""Schoenfeld's formula: events and power of a log-rank test (Schoenfeld 1983, Biometrics 39:499).

    D = (z_{1-alpha} + z_{power})^2 / (p_A p_B (log HR)^2),        N = D / P(event)

with allocation p_A : p_B and alpha one-sided.  For the subdistribution of improvement HR is the subdistribution hazard
ratio and P(event) the mean cumulative incidence, where the dead are censored at the last day.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from designs.checks import require_positive, require_probability
from doseesc.finite import finite_numbers
from doseesc.phase2.plan import TrialPlan

_REACH, _POINTS = 9.0, 181  # standard deviations, and points over which the control is integrated


@finite_numbers()
def schoenfeld_events(hazard_ratio: float, *, alpha: float = 0.025, power: float = 0.8, share: float = 0.5) -> float:
    """Return the number of events that a log-rank test needs.

    Parameters
    ----------
    hazard_ratio : float
    alpha : float
        One-sided level.
    power : float
    share : float
        Share of the patients in one of the arms.

    Raises
    ------
    ValueError
        If an argument is out of range.
    NotFinite
        If the number is beyond all bounds.

    Examples
    --------
    >>> round(schoenfeld_events(1.5)), round(schoenfeld_events(2.0))
    (191, 65)
    """
    require_positive("hazard_ratio", hazard_ratio)
    for name, value in (("alpha", alpha), ("power", power), ("share", share)):
        require_probability(name, value)
    if hazard_ratio == 1:
        raise ValueError("hazard_ratio must not be 1: no number of events shows it")
    quantiles = ndtri(power) - ndtri(alpha)  # of 1 - alpha, were it not rounded
    return float(quantiles**2 / (share * (1 - share) * np.float64(math.log(hazard_ratio)) ** 2))


@finite_numbers()
def schoenfeld_power(plan: TrialPlan, place: int) -> float | None:
    """Return the power that the formula expects of one active arm against control, unadjusted, nobody being lost.

    None where the formula does not apply: other tests than log-rank and Cox with the dead censored at day 28.
    """
    analysis = plan.analysis
    if analysis.ttci not in ("log_rank", "cox_score") or analysis.death != "day_28":
        return None
    laws = plan.laws()
    arm, control = laws[place + 1], laws[0]
    events = arm.n * arm.course.improved[-1] + control.n * control.course.improved[-1]
    share = arm.n / (arm.n + control.n)
    drift = math.log(plan.active[place].effect.shr) * math.sqrt(share * (1 - share) * events)
    return float(ndtr(drift + ndtri(analysis.alpha)))


@finite_numbers()
def any_power(plan: TrialPlan) -> float | None:
    """Return the power that the formula expects of showing that at least one active arm improves sooner.

    The statistics of the arms are jointly normal, of correlations that follow from the control that they share (a half
    for arms of equal size); the smallest p-value is held to the level, or to its share where it is adjusted by
    Bonferroni or Holm.  The integral over the control's part of the statistics is a sum over even steps, exact to
    rounding for a smooth function times a normal density.

    None where :func:`schoenfeld_power` is, and for other adjustments.

    Examples
    --------
    >>> from doseesc.phase2.patients.effect import DrugEffect
    >>> from doseesc.phase2.plan import TrialArm
    >>> mtd = TrialArm(name="MTD", n=50, amount=1, effect=DrugEffect(1.5, 0.75))
    >>> plan = TrialPlan(control=TrialArm(name="saline", n=50), active=(mtd,))
    >>> round(any_power(plan), 12) == round(schoenfeld_power(plan, 0), 12)
    True
    """
    alone = [schoenfeld_power(plan, place) for place in range(len(plan.active))]
    analysis = plan.analysis
    known = [each for each in alone if each is not None]
    if len(known) < len(alone) or analysis.multiplicity not in ("none", "bonferroni", "holm"):
        return None
    level = analysis.alpha / (1 if analysis.multiplicity == "none" else len(alone))
    shared = np.linspace(-_REACH, _REACH, _POINTS)
    weight = np.exp(-0.5 * shared**2)
    none_wins = np.ones(_POINTS)
    for arm, power in zip(plan.active, known, strict=True):
        drift = float(ndtri(power)) - float(ndtri(analysis.alpha))
        share = arm.n / (arm.n + plan.control.n)  # of the variance that is the control's
        least = -float(ndtri(level)) - drift
        none_wins *= ndtr((least - math.sqrt(share) * shared) / math.sqrt(1 - share))
    return float(1 - none_wins @ weight / weight.sum())
