"""The posterior by which the arms of Phase 2 are judged, against the plainest sums over both parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from designs import Tally
from doseesc.engines import DoseModel
from doseesc.validation.comparing import Comparison, Differences

_DOSES, _REFERENCE, _ABOVE = (2.0, 8.0, 16.0), 16.0, 0.35
_AMOUNTS = (2.0, 4.0, 16.0)  # the second is given to nobody
_STEP = 0.01  # of log alpha: the tail and the interval are good to some ten-thousandths


def posteriors() -> Comparison:
    """Compare means, tails and 90 % intervals at tested and untested doses, with and without a floor."""
    seen = Differences()
    for floor in (0.0, 0.05):
        model = DoseModel(
            doses=_DOSES, reference=_REFERENCE, mean=(np.log(0.5), 0.0), sd=(2.0, 1.0), correlation=0.2, floor=floor
        )
        for outcomes in ("1NNN", "1NNN 2NNN 3NTTNNN", "1NNT 1NTT"):
            tally = Tally.parse(outcomes, n_doses=3)
            ours = model.posterior(tally, _AMOUNTS, above=_ABOVE, credibility=0.9)
            sums = _Sums(model, tally)
            for place, amount in enumerate(_AMOUNTS):
                where = f"{outcomes}, {amount} mg, floor {floor}"
                mean, lower, upper, above = sums.at(amount)
                seen.close(f"{where}, mean", ours.mean[0, place], mean, within=2e-6)
                seen.close(f"{where}, above {_ABOVE}", ours.above[0, place], above, within=5e-4)
                limits = [ours.lower[0, place], ours.upper[0, place]]
                seen.close(f"{where}, interval", limits, [lower, upper], within=1e-3)
    return seen.result


class _Sums:
    """The posterior on a fine grid of both parameters."""

    def __init__(self, model: DoseModel, tally: Tally) -> None:
        (mean_a, mean_b), (sd_a, sd_b), rho = model.mean, model.sd, model.correlation
        self.alpha = np.arange(mean_a - 6.5 * sd_a, mean_a + 6.5 * sd_a, _STEP)[:, None]
        self.slope = np.exp(np.linspace(mean_b - 6.5 * sd_b, mean_b + 6.5 * sd_b, 121))[None]
        u, v = (self.alpha - mean_a) / sd_a, (np.log(self.slope) - mean_b) / sd_b
        log_weight = -(u**2 - 2 * rho * u * v + v**2) / (2 * (1 - rho**2))
        for dose, n, dlt in zip(model.doses, tally.n[0], tally.dlt[0], strict=True):
            if n:
                p = model.floor + (1 - model.floor) * self._curve(dose)
                log_weight = log_weight + dlt * np.log(p) + (n - dlt) * np.log1p(-p)
        weight = np.exp(log_weight - log_weight.max())
        self.weight = weight / weight.sum()

    def _curve(self, amount: float) -> Any:
        return np.clip(expit(self.alpha + self.slope * np.log(amount / _REFERENCE)), 1e-300, 1 - 1e-16)

    def at(self, amount: float) -> tuple[float, float, float, float]:
        """Return mean, ends of the 90 % interval, and P(above)."""
        p, weight = self._curve(amount).ravel(), self.weight.ravel()
        bins = np.linspace(0, 1, 20_001)
        below = np.append(0, np.cumsum(np.histogram(p, bins, weights=weight)[0]))
        lower, upper = np.interp([0.05, 0.95], below, bins)
        return float(weight @ p), float(lower), float(upper), float(1 - np.interp(_ABOVE, bins, below))
