"""The price of attribution: what an observation model adds to a design's operating characteristics.

The design meets the observed DLT probabilities of :meth:`doseesc.truth.ObservationModel.law`, so that both
engines give its characteristics as ever.  Everything else follows from how trials end, exactly: each of the n_j
evaluable patients at dose j takes a geometric number of patients enrolled, so that the number enrolled is a sum of
negative binomials given the end, and expected numbers of events are those of patients enrolled times probabilities.
The simulation counts the same figures among its patients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from designs.arrays import FloatArray, IntArray
from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.observed_play import Seen
from doseesc.engines.states import row_keys
from doseesc.engines.trial_ends import TrialEnds
from doseesc.truth import PatientLaw

OBSERVED_METRICS = (
    "enrolled",
    "replaced",
    "deaths",
    "drug_dlts",
    "not_caused_share",
    "safe_stopped",
    "below_mtd",
    "bias_at_mtd",
)
"""The figures that an observation model adds, in the order of tables."""


@dataclass(frozen=True)
class Observed:
    """What an observation model adds to the characteristics of a design under a truth.

    Attributes
    ----------
    law : PatientLaw
        What becomes of a patient enrolled at each dose.
    enrolled, replaced : float
        Expected patients enrolled, and those of them who were not evaluable.
    deaths : float
        Expected deaths in the window among all enrolled.
    drug_dlts : float
        Expected patients, among all enrolled, in whom the drug causes a DLT in the window while they live.
    not_caused_share : float
        Share of all counted DLTs that are background events or deaths.
    safe_stopped : float
        Probability that no dose is selected although there is a true MTD; NaN where there is none.
    below_mtd : float
        Probability that a dose below the true MTD is selected; NaN where there is none.
    bias_at_mtd : float
        Expected difference of the DLT rate seen at the dose selected and the drug's true DLT probability there, given
        that one is selected at which patients were treated.
    enrolled_distribution : array
        Probability of each number of patients enrolled, from 0.
    mcse : namespace
        Monte Carlo standard errors of the figures of :data:`OBSERVED_METRICS`; zeros where exact.
    """

    law: PatientLaw
    enrolled: float
    replaced: float
    deaths: float
    drug_dlts: float
    not_caused_share: float
    safe_stopped: float
    below_mtd: float
    bias_at_mtd: float
    enrolled_distribution: FloatArray
    mcse: SimpleNamespace


class Enrolment:
    """How many patients are enrolled until trials have the evaluable ones they need.

    Parameters
    ----------
    ends : TrialEnds
    """

    def __init__(self, ends: TrialEnds) -> None:
        _, first, self._place = np.unique(row_keys(ends.n), return_index=True, return_inverse=True)
        self._n = ends.n[first].astype(np.float64)

    def distribution(self, weight: FloatArray, evaluable: FloatArray) -> FloatArray:
        """Return the probability of each number enrolled, from 0, to about 1e-12.

        The sum over ends of products of geometric generating functions, (e z / (1 - (1-e) z))^n, at the roots of
        unity, and a discrete Fourier transform.

        Parameters
        ----------
        weight : array, shape (T,)
            Probability of each end.
        evaluable : array, shape (J,)
            Probability that a patient at each dose is evaluable.
        """
        most, least = self._n.sum(axis=1).max(), float(evaluable.min())
        lost = 1 - least
        size = most + 1
        if lost > 0:
            size += most * lost / least + 10 * np.sqrt(most * lost) / least + 35 / -np.log(lost)
        size = 2 ** int(np.ceil(np.log2(size)))
        z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
        one = np.log(evaluable[:, None] * z / (1 - (1 - evaluable[:, None]) * z))
        share = np.bincount(self._place, weights=weight, minlength=len(self._n))
        transform = np.zeros(len(z), dtype=np.complex128)
        for start in range(0, len(self._n), 4096):
            rows = slice(start, start + 4096)
            transform += share[rows] @ np.exp(self._n[rows] @ one)
        chance = np.maximum(np.fft.irfft(transform, size), 0.0)
        chance[chance < 1e-16] = 0.0
        return chance[: int(np.flatnonzero(chance)[-1]) + 1]


def exact_observed(
    characteristics: OperatingCharacteristics,
    ends: TrialEnds,
    weight: FloatArray,
    enrolment: Enrolment,
    law: PatientLaw,
) -> Observed:
    """Return the exact figures.

    Parameters
    ----------
    characteristics : OperatingCharacteristics
        Of the design under the observed probabilities, with the drug's own probabilities and true MTD.
    ends : TrialEnds
    weight : array, shape (T,)
        Probability of each end.
    enrolment : Enrolment
        Of the ends.
    law : PatientLaw
    """
    enrolled = characteristics.patients / law.evaluable
    counted = float(enrolled @ law.counted)
    safe_stopped, below, _ = _selections(characteristics)
    return Observed(
        law=law,
        enrolled=float(enrolled.sum()),
        replaced=float((enrolled * (1 - law.evaluable)).sum()),
        deaths=float(enrolled @ law.death),
        drug_dlts=float(enrolled @ law.drug_dlt),
        not_caused_share=float(enrolled @ law.not_caused) / counted if counted > 0 else float("nan"),
        safe_stopped=safe_stopped,
        below_mtd=below,
        bias_at_mtd=_bias(ends, weight, characteristics.probabilities)[0],
        enrolled_distribution=enrolment.distribution(weight, law.evaluable),
        mcse=SimpleNamespace(**dict.fromkeys(OBSERVED_METRICS, 0.0)),
    )


class SeenSums:
    """Sums over simulated trials of what happened in them; whole numbers, so that their order does not matter."""

    def __init__(self) -> None:
        self._totals = np.zeros(6, dtype=np.int64)
        self._products = np.zeros((6, 6), dtype=np.int64)
        self._enrolled = np.zeros(1, dtype=np.int64)

    def add(self, seen: Seen, patients: IntArray, dlts: IntArray) -> None:
        """Add trials with these numbers of evaluable patients and counted DLTs, (B,)."""
        enrolled = patients + seen.replaced
        figures = np.stack([enrolled, seen.replaced, seen.deaths, seen.drug_dlts, seen.not_caused, dlts], axis=1)
        self._products += figures.T @ figures
        counts = np.bincount(enrolled)
        size = max(len(counts), len(self._enrolled))
        self._enrolled = np.pad(self._enrolled, (0, size - len(self._enrolled)))
        self._enrolled[: len(counts)] += counts
        self._totals += figures.sum(axis=0)

    @classmethod
    def merged(cls, parts: Iterable[SeenSums]) -> SeenSums:
        """Put several together."""
        whole = cls()
        for part in parts:
            whole._totals = whole._totals + part._totals
            whole._products = whole._products + part._products
            size = max(len(whole._enrolled), len(part._enrolled))
            padded = [np.pad(each, (0, size - len(each))) for each in (whole._enrolled, part._enrolled)]
            whole._enrolled = padded[0] + padded[1]
        return whole

    def observed(
        self, characteristics: OperatingCharacteristics, ends: TrialEnds, visits: FloatArray, law: PatientLaw
    ) -> Observed:
        """Return the figures; ``visits`` (T,) are the trials that ended in each end."""
        trials = characteristics.n_trials
        mean, square = self._totals / trials, np.diag(self._products) / trials
        error = np.sqrt(np.maximum(square - mean**2, 0.0) / trials)
        counted = mean[5]
        share, share_error = float("nan"), float("nan")
        if counted > 0:
            share = float(mean[4] / counted)
            spread = square[4] - 2 * share * self._products[4, 5] / trials + share**2 * square[5]
            share_error = float(np.sqrt(max(spread, 0.0) / trials) / counted)
        safe_stopped, below, selection_errors = _selections(characteristics)
        bias, bias_error = _bias(ends, visits, characteristics.probabilities)
        errors = [*(float(each) for each in error[:4]), share_error, *selection_errors, bias_error]
        return Observed(
            law=law,
            enrolled=float(mean[0]),
            replaced=float(mean[1]),
            deaths=float(mean[2]),
            drug_dlts=float(mean[3]),
            not_caused_share=share,
            safe_stopped=safe_stopped,
            below_mtd=below,
            bias_at_mtd=bias,
            enrolled_distribution=self._enrolled / trials,
            mcse=SimpleNamespace(**dict(zip(OBSERVED_METRICS, errors, strict=True))),
        )


def _selections(characteristics: OperatingCharacteristics) -> tuple[float, float, tuple[float, float]]:
    """Return the chances that a safe product is stopped and that a dose below the MTD is selected, and their errors."""
    if int(characteristics.true_mtd) < 1:
        nothing = float("nan")
        return nothing, nothing, (nothing, nothing)
    selected, lowest = characteristics.selected, int(np.argmax(characteristics.right))
    stopped, below = float(selected[0]), float(selected[1:lowest].sum())
    trials = max(characteristics.n_trials, 1)
    errors = (float(np.sqrt(stopped * (1 - stopped) / trials)), float(np.sqrt(below * max(1 - below, 0.0) / trials)))
    return stopped, below, errors


def _bias(ends: TrialEnds, weight: FloatArray, probabilities: FloatArray) -> tuple[float, float]:
    """Return the bias of the DLT rate at the dose selected, and its standard error where weights count trials."""
    rows = np.flatnonzero(ends.selected > 0)
    column = ends.selected[rows] - 1
    n = ends.n[rows, column]
    rows, column, n = rows[n > 0], column[n > 0], n[n > 0]
    total = float(weight[rows].sum())
    if total == 0:
        return float("nan"), float("nan")
    off = ends.dlt[rows, column] / n - probabilities[column]
    # Exact sums: the order of the ends depends on which process met them first.
    bias = math.fsum(weight[rows] * off) / total
    return bias, math.sqrt(math.fsum(weight[rows] * (off - bias) ** 2)) / total
