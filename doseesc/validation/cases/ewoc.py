"""EWOC's posterior of the MTD against integration by Gauss and Legendre's rules in panels."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, logit
from scipy.stats import beta

from designs import EWOC, Tally
from doseesc.validation.comparing import Comparison, Differences

DOSES = (10.0, 20.0, 30.0, 45.0, 60.0)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"minimum": 4.0, "maximum": 100.0},
    {"prior_mtd": (2.0, 1.5), "prior_rho": (1.5, 3.0)},
    {"prior_mtd": (0.6, 0.7), "prior_rho": (0.7, 1.0)},
    {"maximum": 60.0},
)
"""Ranges and priors: uniform, a wider range, beta, beta with poles, to the top dose."""


def random_tallies(size: int, n_doses: int = 5, max_n: int = 18, seed: int = 1) -> Tally:
    """Return tallies of up to so many patients, under rising truths."""
    rng = np.random.default_rng(seed)
    n = np.array([rng.multinomial(rng.integers(1, max_n), rng.dirichlet(np.full(n_doses, 0.7))) for _ in range(size)])
    dlt = rng.binomial(n, np.sort(rng.beta(0.6, 1.0, (size, n_doses)), axis=1))
    return Tally(n=n, dlt=dlt, level=np.argmax(n > 0, axis=1) + 1)


def ewoc_density(design: EWOC, tally: Tally) -> tuple[float, float, Callable[..., Any], Callable[..., Any]]:
    """Return the range of the MTD, logits of the DLT probabilities by (MTD, rho), and their density, not normalised."""
    low, high = design.minimum or 0.0, design.maximum or 4 * design.doses[-1] - 3 * design.doses[-2]
    theta, x = design.target, np.array(design.doses)
    n, y = tally.n[0], tally.dlt[0]

    def curve(gamma: Any, rho: Any) -> Any:
        share = (x - low) / (np.asarray(gamma)[..., None] - low)
        base = logit(np.asarray(rho))[..., None]
        return base + (logit(theta) - base) * share

    def density(gamma: Any, rho: Any) -> Any:
        z = curve(gamma, rho)
        log_likelihood = (y * log_expit(z) + (n - y) * log_expit(-z)).sum(axis=-1)
        prior = beta.pdf(rho / theta, *design.prior_rho) * beta.pdf((gamma - low) / (high - low), *design.prior_mtd)
        return np.exp(log_likelihood + 10) * prior

    return low, high, curve, density


def ewoc_dense(design: EWOC, tally: Tally) -> tuple[Any, Any, float]:
    """Return means (J,), overdose probabilities (J,) and mean MTD by Gauss-Legendre rules in panels."""
    low, high, curve, density = ewoc_density(design, tally)
    node, weight = np.polynomial.legendre.leggauss(300)
    part = ((node + 1) / 2) ** 6  # dense near 0, where a power of rho has no derivatives
    rho = design.target * part[:, None]
    rho_weight = (weight * 3 * ((node + 1) / 2) ** 5)[:, None]
    total, mtd, cumulative = 0.0, 0.0, {low: 0.0}
    mean = np.zeros(design.n_doses)
    node, weight = np.polynomial.legendre.leggauss(60)
    for left, right in pairwise(sorted({low, high, *(dose for dose in design.doses if low < dose < high)})):
        inner = (node + 1) / 2
        inner, inner_weight = inner**2 * (3 - 2 * inner), weight * 3 * inner * (1 - inner)
        gamma = left + (right - left) * inner[None, :]
        mass = rho_weight * inner_weight * (right - left) * density(gamma, rho)
        total += mass.sum()
        mtd += (mass * gamma).sum()
        mean = mean + (mass[..., None] * expit(curve(gamma, rho))).sum(axis=(0, 1))
        cumulative[right] = total
    overdose = [cumulative[dose] / total if dose > low else 0.0 for dose in design.doses]
    return mean / total, np.array(overdose), mtd / total


def posteriors() -> Comparison:
    """Compare posterior means, probabilities of overdosing and the mean MTD, for five ranges and priors."""
    seen = Differences()
    for number, more in enumerate(OPTIONS, start=1):
        design = EWOC(target=0.3, doses=DOSES, max_n=30, **more)
        tallies = random_tallies(8, max_n=30, seed=2)
        posterior = design.posterior(tallies)
        # The rule held against converges slowly where the prior density is infinite.
        within = 1e-6 if more.get("prior_mtd", (1.0,))[0] >= 1 else 2e-5
        for row in range(tallies.size):
            mean, overdose, mtd = ewoc_dense(design, tallies.take(np.array([row])))
            where = f"prior {number}, tally {row + 1}"
            seen.close(f"{where}, means", posterior.dlt_probability[row], mean, within=within)
            seen.close(f"{where}, overdosing", posterior.overdose_probability[row], overdose, within=within)
            seen.close(f"{where}, MTD", posterior.mtd[row], mtd, within=100 * within)
    return seen.result
