"""How many patients a CRM needs, by a formula instead of by its trials.

Cheung (2013), "Sample size formulae for the Bayesian continual reassessment method", *Clinical Trials* 10:852-861, as
``getn`` of the R package dfcrm (0.2-2) has it.  With K doses, target p, and neighbouring doses an odds ratio psi apart,

    p_L = p / (p + psi (1 - p)),                p_U = psi p / (1 - p + psi p)
    s_L^2 = p (1-p) + p_L (1-p_L) + 2 p_L (1-p),    s_U^2 = p (1-p) + p_U (1-p_U) + 2 p (1-p_U)

and the nonparametric optimal design, which sees what each patient would have had on every dose, is right with n
patients in about

    1/K + (1 - 1/K) (2 Phi(sqrt(n) d) - 1)      of trials, with    d = ((p - p_L) / s_L + (p_U - p) / s_U) / 2

in the mean over each dose being the MTD; with the correction for continuity, the differences are ``p - p_L + 1/(2n)``
and ``p_U - p - 1/(2n)``, at the smallest n that is enough.  A regression on simulated trials tells how often that
design must be right for the CRM to be right in a share a of trials:

    logit(b) = (logit(a) - 2.26 + 0.00235 K^2 + 0.7 psi + 1.903 / psi) / 0.854

The CRM meant is one of single patients with the empiric model, prior variance 1.34, its skeleton by half-width p/4,
that starts at the middle dose; the formula was tried for targets of 10 to 30 %, 4 to 8 doses, psi of 1.25 to 2.5, and
up to 40 patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from designs.checks import require_number, require_probability, require_whole
from doseesc.wording import percent_words

if TYPE_CHECKING:
    from designs.arrays import FloatArray
    from doseesc.study import Study

TARGETS, DOSES, ODDS_RATIOS, PATIENTS = (0.1, 0.3), (4, 8), (1.25, 2.5), 40
"""For what the formula was tried."""


@dataclass(frozen=True)
class CrmSampleSize:
    """What the formula asks for.

    Attributes
    ----------
    correct, target, odds_ratio : float
    n_doses : int
    n : int
        Patients, rounded up.
    patients : float
        Before rounding.
    benchmark_patients : float
        That the nonparametric optimal design needs for the same, before rounding.
    outside : tuple of str
        In words, where the question lies outside what the formula was tried for.
    """

    correct: float
    target: float
    n_doses: int
    odds_ratio: float
    n: int
    patients: float
    benchmark_patients: float
    outside: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return {
            "formula": "Cheung 2013 (getn of dfcrm)",
            "n": self.n,
            "patients": round(self.patients, 6),
            "benchmark_patients": round(self.benchmark_patients, 6),
            "odds_ratio": round(self.odds_ratio, 6),
            "outside": list(self.outside),
        }


def crm_sample_size(
    correct: float, target: float, n_doses: int, odds_ratio: float, *, continuity_correction: bool = True
) -> CrmSampleSize:
    """Return how many patients a CRM needs to be right in a share of trials, by Cheung's formula.

    A start for a search by trials, as :func:`sample_size` makes it, and no substitute for one.

    Parameters
    ----------
    correct : float
        Share of trials that select the MTD, in the mean over each dose being it.
    target : float
    n_doses : int
    odds_ratio : float
        Of DLTs on neighbouring doses, above 1.
    continuity_correction : bool
        As ``correction`` of dfcrm.

    Raises
    ------
    ValueError
        If an argument is out of range, or ``correct`` is what guessing reaches.

    Examples
    --------
    dfcrm's own example:

    >>> crm_sample_size(0.6, 0.25, 5, 1.8).n
    32
    """
    require_probability("correct", correct)
    require_probability("target", target)
    require_whole("n_doses", n_doses, 2)
    if not require_number("odds_ratio", odds_ratio) > 1:
        raise ValueError(f"odds_ratio must be above 1, not {odds_ratio!r}")
    benchmark = _benchmark_share(correct, n_doses, odds_ratio)
    if min(correct, benchmark) <= 1 / n_doses:
        guessed, given = percent_words(1 / n_doses), percent_words(correct)
        raise ValueError(f"correct must be well above {guessed}, which guessing reaches, not {given}")
    needed, least = (
        _of_optimal_design(share, target, n_doses, odds_ratio, continuity_correction) for share in (benchmark, correct)
    )
    size = ceil(needed)
    outside = [
        words
        for words, value, (low, high) in (
            (f"a target of {percent_words(target)}", target, TARGETS),
            (f"{n_doses} doses", n_doses, DOSES),
            (f"an odds ratio of {odds_ratio:.3g}", odds_ratio, ODDS_RATIOS),
            (f"{size} patients", size, (0, PATIENTS)),
        )
        if not low <= value <= high
    ]
    return CrmSampleSize(correct, target, n_doses, odds_ratio, size, needed, least, tuple(outside))


def _benchmark_share(correct: float, n_doses: int, odds_ratio: float) -> float:
    """Return how often the nonparametric optimal design must be right for the CRM to be right in a share of trials."""
    logit = log(correct / (1 - correct)) - 2.26 + 0.00235 * n_doses**2 + 0.7 * odds_ratio + 1.903 / odds_ratio
    return 1 / (1 + exp(-logit / 0.854))


def _of_optimal_design(share: float, target: float, n_doses: int, odds_ratio: float, corrected: bool) -> float:
    """Return how many patients the nonparametric optimal design needs, before rounding."""
    low = target / (target + odds_ratio * (1 - target))
    high = target * odds_ratio / (1 - target + target * odds_ratio)
    spread = target * (1 - target)
    below = sqrt(spread + low * (1 - low) + 2 * low * (1 - target))
    above = sqrt(spread + high * (1 - high) + 2 * target * (1 - high))
    z = float(ndtri(1 - n_doses * (1 - share) / 2 / (n_doses - 1)))
    slope = ((target - low) / below + (high - target) / above) / 2
    if not corrected:
        return (z / slope) ** 2
    shift = (0.5 / below - 0.5 / above) / 2  # of the slope, times n
    # The smallest n with  sqrt(n) slope + shift / sqrt(n) >= z:  1, or beyond the minimum of the left-hand side.
    enough = 1.0 if slope + shift >= z else ((z + sqrt(z * z - 4 * slope * shift)) / (2 * slope)) ** 2
    size = ceil(enough - 1e-9)
    return (z / (slope + shift / size)) ** 2


def odds_ratio_around_mtd(study: Study) -> float | None:
    """Return the odds ratio between the true MTD and its neighbours in a study's scenarios, their geometric mean.

    None where no scenario has a true MTD with a neighbour, or curves are random.
    """
    steps: list[float] = []
    for truth in study.truths.values():
        odds: FloatArray = np.log(truth) - np.log1p(-truth) if ((truth > 0) & (truth < 1)).all() else np.empty(0)
        mtd = study.true_mtd(truth)
        if mtd and len(odds):
            steps += np.diff(odds)[max(mtd - 2, 0) : mtd].tolist()
    return exp(float(np.mean(steps))) if steps else None


def approximation_for(study: Study, correct: float, odds_ratio: float | None = None) -> CrmSampleSize | None:
    """Return what the formula asks for in a study; None where doses are not apart, or guessing does as well.

    Parameters
    ----------
    study : Study
    correct : float
    odds_ratio : float, optional
        By default :func:`odds_ratio_around_mtd`.
    """
    ratio = odds_ratio_around_mtd(study) if odds_ratio is None else odds_ratio
    n_doses = len(study.dose_labels)
    if n_doses < 2 or ratio is None or (odds_ratio is None and ratio <= 1):
        return None
    if min(correct, _benchmark_share(correct, n_doses, max(ratio, 1.0))) <= 1 / n_doses:
        return None
    return crm_sample_size(correct, study.target, n_doses, ratio)
