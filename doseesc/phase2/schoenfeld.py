"""Schoenfeld's formula: events and power of a log-rank test (Schoenfeld 1983, Biometrics 39:499).

    D = (z_{1-alpha} + z_{power})^2 / (p_A p_B (log HR)^2),        N = D / P(event)

with allocation p_A : p_B and alpha one-sided.  For the subdistribution of improvement HR is the subdistribution hazard
ratio and P(event) the mean cumulative incidence, where the dead are censored at the last day.
"""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri

from designs.checks import require_positive, require_probability
from doseesc.phase2.plan import TrialPlan


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
    quantiles = float(ndtri(1 - alpha) + ndtri(power))
    return quantiles**2 / (share * (1 - share) * math.log(hazard_ratio) ** 2)


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
    return float(ndtr(drift - ndtri(1 - analysis.alpha)))
