"""Our simulated figures beside those of another program's simulation, within the Monte Carlo error of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from doseesc.validation.comparing import Differences

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Of durations, as other programs print them."""


def compare_with_exact(
    seen: Differences, where: str, simulated: Any, exact: Any, *, metrics: Sequence[str], trials: int, max_n: int
) -> None:
    """Compare simulated with exact characteristics, in exact standard errors.

    A figure that hangs on a few rare trials is not nearly normal: two trials more are let pass there, each worth 1 for
    shares and ``max_n`` for numbers of patients.  What is asked of a true MTD must be left open in both where there is
    none.
    """
    for metric in metrics:
        ours, theirs = (np.asarray(getattr(each, metric), dtype=float) for each in (simulated, exact))
        if np.isnan(theirs).all():
            seen.holds(f"{where}{metric} is left open in both", np.isnan(ours))
            continue
        sd = np.asarray(getattr(exact.sd, metric), dtype=float)
        unit = max_n if "patients" in metric or "dlts" in metric else 1
        few = np.where(trials * sd**2 < 5 * unit**2, 2 * unit / trials, 0.0)
        seen.errors(f"{where}{metric}", ours, theirs, sd / np.sqrt(trials), slack=few + 1e-9)


@dataclass(frozen=True)
class Simulated:
    """A simulation beside another.

    Parameters
    ----------
    seen : Differences
        Takes the comparisons.
    where : str
        What is simulated.
    ours : OperatingCharacteristics
        With ``mcse`` and, for durations, those of the calendar.
    trials, their_trials : int
    """

    seen: Differences
    where: str
    ours: Any
    trials: int
    their_trials: int

    def mean(self, name: str, theirs: Any, largest: float = 1.0, more: float = 0.0) -> None:
        """Compare a figure, or several, within the error of the difference; ``more`` is added to ours.

        Their error is not printed for means: it is ours, scaled to their number of trials.  Where none of our trials
        differs from the others the error cannot be estimated; it is at least what one trial in all can do, by a value
        of ``largest``.
        """
        floor = largest / (self.trials + self.their_trials)
        error = np.maximum(getattr(self.ours.mcse, name), floor) * np.sqrt(1 + self.trials / self.their_trials)
        self.seen.errors(f"{self.where} {name}", np.asarray(getattr(self.ours, name)) + more, theirs, error)

    def shares(self, name: str, ours: Any, theirs: Any) -> None:
        """Compare shares of trials, their error from both programs' trials together."""
        ours, theirs = np.asarray(ours), np.asarray(theirs)
        both = self.trials + self.their_trials
        pooled = (ours * self.trials + theirs * self.their_trials + 1) / (both + 2)
        error = np.sqrt(pooled * (1 - pooled) * (1 / self.trials + 1 / self.their_trials))
        self.seen.errors(f"{self.where} {name}", ours, theirs, error)

    def quantiles(self, theirs: Sequence[float]) -> None:
        """Compare how many of our trials have ended by their quantiles; some durations are shared by many trials."""
        share = np.array(QUANTILES)
        error = np.sqrt(share * (1 - share) * (1 / self.trials + 1 / self.their_trials))
        for days, wanted, each in zip(theirs, QUANTILES, error, strict=True):
            before, after = (self.ours.duration_at_most(days * factor) for factor in (0.999, 1.001))
            nearest = float(np.clip(wanted, before, after))
            self.seen.errors(f"{self.where} ended by quantile {wanted}", nearest, wanted, each, slack=0.005)
