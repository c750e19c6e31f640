"""NUTS: posteriors drawn by nutpie against published numbers, within the Monte Carlo error of the draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from doseesc.inference import ToxicityData, densities, ess, group, judge_convergence, sample_density
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import reference

PUBLISHED = (
    "cheung_p21",
    "neuenschwander_one_parameter_a",
    "neuenschwander_one_parameter_b",
    "neuenschwander_two_parameters",
)
_RARE = 0.005  # what is rarer has too few draws for a standard error


class _Draws:
    """The draws of one posterior beside printed figures."""

    def __init__(self, seen: Differences, where: str) -> None:
        self.seen, self.where = seen, where

    def compare(self, what: str, draws: Any, printed: float, within: float) -> None:
        """Compare the mean of draws with a printed figure, beyond its rounding, in Monte Carlo errors."""
        size = float(ess(draws.to_dataset(name="x"), "mean")["x"])
        error = float(draws.std()) / np.sqrt(size)
        self.seen.errors(f"{self.where}, {what}", float(draws.mean()), printed, error, slack=within)


def published_posteriors() -> Comparison:
    """Compare means, deviations, intervals and tails of four published posteriors; chains must have converged."""
    seen = Differences()
    for name in PUBLISHED:
        _compare(seen, name, reference("inference.yaml")[name])
    return seen.result


def _compare(seen: Differences, name: str, case: dict[str, Any]) -> None:
    rows = case["data"]
    data = ToxicityData(study=("t",) * len(rows["n"]), **rows)
    trace = sample_density(getattr(densities, case["model"])(data, **case["arguments"]), draws=3000, seed=3)
    seen.holds(f"{name}, converged", judge_convergence(trace).converged)
    posterior, beside = group(trace, "posterior"), _Draws(seen, name)
    p = posterior["p"]
    for place, mean in enumerate(case["mean"]):
        beside.compare(f"mean at dose {place + 1}", p[..., place], mean, case["within"])
    for place, sd in enumerate(case.get("sd", ())):
        # The printed mean's rounding moves the second moment about it by less than this.
        within = 2 * sd * case["sd_within"] + case["within"] ** 2
        beside.compare(f"variance at dose {place + 1}", (p[..., place] - case["mean"][place]) ** 2, sd**2, within)
    for parameter, mean in case.get("parameters", {}).items():
        beside.compare(parameter, posterior[parameter], mean, case["within"])
    levels = case["arguments"]["levels"]
    for dose, shares in case.get("intervals", {}).items():
        at = p[..., levels.index(dose)]
        for low, high, share in zip((-1, 0.2, 0.35, 0.6), (0.2, 0.35, 0.6, 2), shares, strict=True):
            if share > _RARE:
                beside.compare(f"{low} to {high} at {dose}", 1.0 * ((at > low) & (at <= high)), share, 0.00051)
    for limit, of_doses in case.get("above", {}).items():
        for dose, share in of_doses.items():
            beside.compare(f"above {limit} at {dose}", 1.0 * (p[..., levels.index(dose)] > limit), share, 0.00061)
