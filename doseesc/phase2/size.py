"""How many patients: the smallest trial with a stated power, found by simulation, and curves of power.

Power is close to  Phi(a + b sqrt(n)).  The search fits this line to what has been simulated, on the probit scale and
weighted by the Monte Carlo error, simulates where the fit meets the stated power, and goes on until that is a size
already simulated.  The standard error of the answer is that of the fitted line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.special import ndtr, ndtri

from designs.checks import require_choice, require_probability, require_whole
from doseesc.finite import finite_numbers
from doseesc.phase2.patients import DrugEffect
from doseesc.phase2.plan import TrialPlan
from doseesc.phase2.power import Power, simulate_power

MEASURES = ("any_ttci", "all_ttci", "any_mortality", "any_claim", "any_reactions")
LARGEST = 20_000

_ROUNDS = 12
_FARTHEST = 4.0  # the next size is at most so many times the last


@dataclass(frozen=True)
class SizePoint:
    """Power at one size: patients in the control arm, power, its Monte Carlo standard error."""

    n: int
    power: float
    mcse: float


@dataclass(frozen=True)
class SampleSize:
    """The smallest trial found.

    Attributes
    ----------
    n : int
        Patients in the control arm; other arms in proportion.
    standard_error : float
        Of ``n``, from the Monte Carlo error.
    plan : TrialPlan
        The trial of that size.
    power : float
        Fitted at ``n``.
    points : tuple of SizePoint
        What was simulated, in order of size.
    """

    n: int
    standard_error: float
    plan: TrialPlan
    power: float
    points: tuple[SizePoint, ...]


@finite_numbers()
def sample_size(
    plan: TrialPlan,
    *,
    power: float = 0.8,
    measure: str = "any_ttci",
    trials: int = 10_000,
    seed: int = 1,
    jobs: int = 1,
) -> SampleSize:
    """Find the smallest trial with a stated power.

    Parameters
    ----------
    plan : TrialPlan
        Its sizes are where the search begins and the proportions of the arms.
    power : float
    measure : {"any_ttci", "all_ttci", "any_mortality", "any_claim", "any_reactions"}
        What is to happen: see :class:`doseesc.phase2.power.Tally`.
    trials, seed, jobs : int
        As for :func:`simulate_power`, for each size.

    Raises
    ------
    ValueError
        If the power cannot be had with 20,000 patients per arm.
    """
    require_probability("power", power)
    require_choice("measure", measure, MEASURES)
    require_whole("trials", trials, 100)
    if not _there(plan, measure):
        raise ValueError(
            f"{measure} must follow from the assumed effects: no number of patients shows what is not there"
        )
    points: dict[int, SizePoint] = {}
    n = plan.control.n
    for _ in range(_ROUNDS):
        if n in points:
            break
        found = simulate_power(plan.with_sizes(n / plan.control.n), trials=trials, seed=seed, jobs=jobs)
        points[n] = SizePoint(n, float(found.share(measure)), float(found.mcse(measure)))
        if n >= LARGEST and points[n].power < power:
            raise ValueError(f"power must be attainable: {LARGEST:,} patients per arm reach {points[n].power:.3g}")
        wanted = _fit(list(points.values()), plan.analysis.alpha, power, trials)[0]
        n = round(min(max(wanted, n / _FARTHEST, 2), n * _FARTHEST, LARGEST))
    root, error, fitted = _fit(list(points.values()), plan.analysis.alpha, power, trials)
    smallest = max(2, math.ceil(root - 1e-9))
    listed = tuple(points[each] for each in sorted(points))
    return SampleSize(smallest, error, plan.with_sizes(smallest / plan.control.n), fitted(smallest), listed)


def _there(plan: TrialPlan, measure: str) -> bool:
    """Return whether an effect to be shown is there."""
    sooner = [arm.effect.shr > 1 for arm in plan.active]
    fewer = [arm.effect.mortality_rr < 1 for arm in plan.active]
    alone = plan.analysis.endpoints == "separate"
    return {
        "any_ttci": any(sooner),
        "all_ttci": all(sooner),
        # Hierarchical: mortality is tested only where every arm has won on improvement.
        "any_mortality": any(fewer) and (alone or all(sooner)),
        "any_claim": any(sooner) or (alone and any(fewer)),
        "any_reactions": any(arm.adverse > plan.control.adverse for arm in plan.active),
    }[measure]


def power_by_size(
    plan: TrialPlan, sizes: Sequence[int], *, trials: int = 10_000, seed: int = 1, jobs: int = 1
) -> list[tuple[int, Power]]:
    """Return the power of the plan with other numbers of patients in the control arm, the others in proportion."""
    return [
        (n, simulate_power(plan.with_sizes(n / plan.control.n), trials=trials, seed=seed, jobs=jobs)) for n in sizes
    ]


def power_by_effect(
    plan: TrialPlan, multiples: Sequence[float], *, trials: int = 10_000, seed: int = 1, jobs: int = 1
) -> list[tuple[float, Power]]:
    """Return the power of the plan with all log effects multiplied: 0 is no effect, 1 the plan's own."""
    return [(each, simulate_power(_scaled(plan, each), trials=trials, seed=seed, jobs=jobs)) for each in multiples]


def _scaled(plan: TrialPlan, multiple: float) -> TrialPlan:
    arms = [
        replace(arm, effect=DrugEffect(arm.effect.shr**multiple, arm.effect.mortality_rr**multiple))
        for arm in plan.active
    ]
    return plan.with_active(arms)


def _on_line(intercept: float, slope: float, n: float) -> float:
    """Return power, whose probit is a line in sqrt(n)."""
    return float(ndtr(intercept + slope * math.sqrt(n)))


def _fit(
    points: list[SizePoint], alpha: float, power: float, trials: int
) -> tuple[float, float, Callable[[float], float]]:
    """Return the size with the power, its standard error, and the line.

    The line starts at level alpha without patients where only one size is known, or sizes too far from the power say
    little.
    """
    root = np.sqrt([point.n for point in points])
    share = np.clip([point.power for point in points], 0.5 / trials, 1 - 0.5 / trials)
    probit = ndtri(share)
    # Standard error on the probit scale, by the delta method.
    density = np.exp(-(probit**2) / 2) / math.sqrt(2 * math.pi)
    weight = (density / np.sqrt(share * (1 - share) / trials)) ** 2
    target = float(ndtri(power))
    near = np.abs(probit - target) < 1.0
    if near.sum() < 2:
        start = float(ndtri(alpha))
        closest = int(np.argmin(np.abs(probit - target)))
        slope = max(float(probit[closest]) - start, 0.05) / float(root[closest])
        size = ((target - start) / slope) ** 2
        error = 2 * size / (slope * float(root[closest]) * math.sqrt(float(weight[closest])))
        return size, error, partial(_on_line, start, slope)
    x, y, w = root[near], probit[near], weight[near]
    centre, level = float((w * x).sum() / w.sum()), float((w * y).sum() / w.sum())
    spread = float((w * (x - centre) ** 2).sum())
    # Where the sizes are nearly equal the slope is that of a line from level alpha.
    slope = float((w * (x - centre) * (y - level)).sum()) / spread if spread > 0 else 0.0
    expected = (level - float(ndtri(alpha))) / centre
    if not 0.5 * expected < slope < 2 * expected:
        slope, spread = expected, math.inf
    at = centre + (target - level) / slope
    # All sizes meet the same random numbers: many near ones say little more than the best of them.
    variance = 1 / float(w.max()) + ((at - centre) ** 2 / spread if spread > 0 else 0.0)
    return at**2, 2 * at * math.sqrt(variance) / slope, partial(_on_line, level - slope * centre, slope)
