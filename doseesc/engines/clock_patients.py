"""The patients of trials on the calendar: who has a DLT, when it comes, and when patients arrive.

Drawn, they come from three streams per block of trials, patient by patient: the latent numbers of
:class:`doseesc.engines.TrialBlock`, and one stream each for arrivals and for times to DLT.  Given, they are those of a
paper, a package or a trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import BLOCK, TrialBlock
from doseesc.truth import Accrual, DltTimes, LateWeibull, days_to_dlt

_STREAM = 2**31  # far from the rows that other streams of a block are numbered by
_ARRIVALS, _TIMES = 0, 1


class ComingPatients(Protocol):
    """Whatever says who comes to S trials, when, and what becomes of them."""

    @property
    def latent(self) -> FloatArray:
        """A DLT happens where this (S, P) falls below the DLT probability."""

    @property
    def dlt_day(self) -> FloatArray:
        """Days from first dose to the DLT if there is one, (S, 1 or J, P)."""

    def numbers(self, beyond: int = 0) -> FloatArray:
        """Return expected numbers of patients between arrivals, (S, G), more than ``beyond`` per trial."""


class DrawnPatients:
    """The patients of one block of trials, drawn from its streams.

    Parameters
    ----------
    calendar : Calendar
    truth : array, shape (J,)
    window_days : float
    patients, trials : int
        Most patients per trial, and trials.
    seed, index : int
        Of the streams: block ``index`` of all trials with this seed.
    """

    def __init__(
        self,
        calendar: Calendar,
        truth: FloatArray,
        window_days: float,
        *,
        patients: int,
        trials: int,
        seed: int,
        index: int,
    ) -> None:
        self.latent = by_trial(TrialBlock.draw(seed, index, patients, trials).latent)
        fresh = by_trial(stream(seed, index, _TIMES).random((patients, BLOCK))[:, :trials])
        self.dlt_day = days_drawn(calendar.times, fresh, truth, window_days)
        self._arrivals = stream(seed, index, _ARRIVALS)
        self._accrual = calendar.accrual
        self._patients = patients
        self._drawn: FloatArray = np.empty((trials, 0))

    def numbers(self, beyond: int = 0) -> FloatArray:
        """Return expected numbers of patients between arrivals, (S, G), more than ``beyond`` per trial."""
        trials = len(self._drawn)
        while self._drawn.shape[1] <= beyond:
            # A trial that turns nobody away needs as many as it has patients.
            rows = self._arrivals.random((self._patients, BLOCK))[:, :trials]
            self._drawn = np.concatenate([self._drawn, by_trial(self._accrual.numbers(rows))], axis=1)
        return self._drawn


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenPatients:
    """Patients whose arrivals and times to DLT are given.

    Parameters
    ----------
    latent : array, shape (S, P)
        A DLT happens where this falls below the DLT probability of the level given.
    dlt_day : array, shape (S, P) or (S, J, P)
        Days from first dose to the DLT if there is one; by level where they depend on it.
    gaps : array, shape (S, G)
        Days from the opening to the first arrival and then from arrival to arrival; where who meets a suspension
        waits, from one first dose to the next arrival.
    """

    latent: FloatArray
    dlt_day: FloatArray
    gaps: FloatArray

    def __post_init__(self) -> None:
        for name in ("latent", "dlt_day", "gaps"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
        if self.dlt_day.ndim == 2:
            object.__setattr__(self, "dlt_day", np.ascontiguousarray(self.dlt_day[:, None, :]))
        if self.latent.ndim != 2 or self.dlt_day.shape[::2] != self.latent.shape:
            raise ValueError(f"dlt_day must have one day per patient, {self.latent.shape}, not {self.dlt_day.shape}")
        if self.gaps.ndim != 2 or len(self.gaps) != len(self.latent):
            raise ValueError(f"gaps must have {len(self.latent)} rows, one per trial, not shape {self.gaps.shape}")
        if not (self.gaps >= 0).all():
            raise ValueError("gaps must not be negative")

    def numbers(self, beyond: int = 0) -> FloatArray:
        """Return the gaps, which at a rate of one a day are the expected numbers.

        Raises
        ------
        ValueError
            If a trial needs more than there are.
        """
        if self.gaps.shape[1] <= beyond:
            raise ValueError(f"gaps must be given for more than {beyond} arrivals: a trial has turned so many away")
        return self.gaps


DAILY = Accrual(per_month=365.25 / 12)
"""A rate of one a day, at which given gaps are in days."""


def days_drawn(times: DltTimes, fresh: FloatArray, probability: FloatArray, window_days: float) -> FloatArray:
    """Return days to events (S, 1 or J, P) from fresh numbers (S, P), by a law that may know the probabilities (J,)."""
    if isinstance(times, LateWeibull):
        return days_to_dlt(times, fresh[:, None, :] * probability[:, None], probability[:, None], window_days)
    return np.asarray(times.quantile(fresh, window_days))[:, None, :]


def by_trial(rows: FloatArray) -> FloatArray:
    """Turn numbers drawn patient by patient (P, S) into rows of trials."""
    return np.ascontiguousarray(rows.T)


def stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    """Return the stream of random numbers of a block of trials for a purpose."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index, _STREAM, purpose))))
