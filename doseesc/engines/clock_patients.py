"""The patients of trials on the calendar: who has a DLT, when it comes, and when patients arrive.

Drawn, they come from three streams per block of trials, patient by patient: the latent numbers of
:class:`doseesc.engines.TrialBlock`, and one stream each for arrivals and for times to DLT; with an observation model
also from those of :mod:`doseesc.engines.watched_patients`.  Given, they are those of a
paper, a package or a trial.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray
from doseesc.engines.clock_arrays import UNOBSERVED, Fates
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import BLOCK, latent_stream
from doseesc.engines.watched_patients import Watched, WatchedBlock, what_and_when
from doseesc.truth import Accrual, DltTimes, LateWeibull, ObservationModel, days_to_dlt

_STREAM = 2**31  # far from the rows that other streams of a block are numbered by
_ARRIVALS, _TIMES, _TIMES_OF_REPLACEMENTS = range(3)
_SPARE = 6  # standard deviations of the number of replacements for which there is room at first


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

    def fates(self, more: bool = False) -> Fates:
        """Return what an observation model makes of patients: more than before if it replaces any and ``more``."""


class DrawnPatients:
    """The patients of one block of trials, drawn from its streams.

    Parameters
    ----------
    calendar : Calendar
    truth : array, shape (J,)
    window_days : float
    patients, trials : int
        Most patients per trial, and trials.
    arrivals : int, optional
        Arrivals per trial that are drawn at once; by default as many as patients.
    seed, index : int
        Of the streams: block ``index`` of all trials with this seed.
    model : ObservationModel, optional
        What else happens to patients; the days of the drug's DLTs are then the model's.
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
        arrivals: int | None = None,
        model: ObservationModel | None = None,
    ) -> None:
        latent: Iterable[FloatArray] = rows_of(latent_stream(seed, index), patients, trials)
        uniform: Iterable[FloatArray] = rows_of(stream(seed, index, _TIMES), patients, trials)
        times = calendar.times if model is None else model.dlt_times
        self._watched: list[Watched] = []
        self._fates, self._read = UNOBSERVED, 0
        if model is not None:
            first, fresh = np.array(list(latent)), np.array(list(uniform))
            latent, uniform = first, fresh
            later = stream(seed, index, _TIMES_OF_REPLACEMENTS)
            self._block = WatchedBlock(model, seed, index, first, fresh, later)
            self._watched.append(self._block.first)
            self._more = _room_for_replacements(patients, float(model.law(truth).evaluable.min()))
        self.latent = by_trial(latent, patients, trials)
        self.dlt_day = days_drawn(times, by_trial(uniform, patients, trials), truth, window_days)
        self._arrivals = stream(seed, index, _ARRIVALS)
        self._accrual = calendar.accrual
        self._truth = truth
        self._at_once = patients if arrivals is None else arrivals
        self._drawn: FloatArray = np.empty((trials, 0))

    def numbers(self, beyond: int = 0) -> FloatArray:
        """Return expected numbers of patients between arrivals, (S, G), more than ``beyond`` per trial."""
        trials = len(self._drawn)
        while self._drawn.shape[1] <= beyond:
            # A trial that turns nobody away needs as many as it has patients.
            rows = rows_of(self._arrivals, self._at_once, trials)
            drawn = by_trial(map(self._accrual.numbers, rows), self._at_once, trials)
            self._drawn = drawn if self._drawn.size == 0 else np.concatenate([self._drawn, drawn], axis=1)
        return self._drawn

    def watched(self, rows: int = 0, more: bool = False) -> list[Watched]:
        """Return the first patients of an observation model and their replacements, further ones if ``more``.

        ``rows`` are the replacements per trial drawn at a time, by default so many that hardly any trial needs more.
        """
        if self._watched and self._more > 0 and (more or len(self._watched) == 1):
            self._watched.append(self._block.more_replacements(rows or self._more))
        return self._watched

    def fates(self, more: bool = False) -> Fates:
        """Return what an observation model makes of patients: more than before if it replaces any and ``more``."""
        for part in self.watched(more=more)[self._read :]:
            fate, day = fates_of(part, self._truth)
            if self._read:
                fate = np.concatenate([self._fates.fate, fate], axis=2)
                day = np.concatenate([self._fates.fate_day, day], axis=2)
            self._fates, self._read = Fates(fate, day), self._read + 1
        return self._fates


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

    def fates(self, more: bool = False) -> Fates:
        """Return that nothing but the drug's DLTs happens to these patients."""
        return UNOBSERVED


DAILY = Accrual(per_month=365.25 / 12)
"""A rate of one a day, at which given gaps are in days."""


def fates_of(patients: Watched, truth: FloatArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """Return what becomes of patients at each dose, and when, both (S, J, P)."""
    found = [what_and_when(patients, float(probability)) for probability in truth]
    fate, day = (np.stack([np.ascontiguousarray(each[place].T) for each in found], axis=1) for place in (0, 1))
    return fate, day


def _room_for_replacements(patients: int, evaluable: float) -> int:
    """Return how many replacements hardly any trial needs more of; 0 where nobody is replaced."""
    lost = 1 - evaluable
    if lost <= 0:
        return 0
    return math.ceil((patients * lost + _SPARE * (math.sqrt(patients * lost) + 1)) / evaluable)


def days_drawn(times: DltTimes, fresh: FloatArray, probability: FloatArray, window_days: float) -> FloatArray:
    """Return days to events (S, 1 or J, P) from fresh numbers (S, P), by a law that may know the probabilities (J,)."""
    if isinstance(times, LateWeibull):
        return days_to_dlt(times, fresh[:, None, :] * probability[:, None], probability[:, None], window_days)
    return np.asarray(times.quantile(fresh, window_days))[:, None, :]


def rows_of(generator: np.random.Generator, patients: int, trials: int) -> Iterator[FloatArray]:
    """Draw uniform numbers patient by patient: a whole block's width each, of which the first ``trials`` are kept."""
    for _ in range(patients):
        yield generator.random(BLOCK)[:trials]


def by_trial(rows: Iterable[FloatArray], patients: int, trials: int) -> FloatArray:
    """Put numbers that come patient by patient into rows of trials, (S, P).

    One row at a time, while the processor's cache holds it: to draw all of them first takes twice as long.
    """
    result = np.empty((trials, patients))
    for patient, numbers in enumerate(rows):
        result[:, patient] = numbers
    return result


def stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    """Return the stream of random numbers of a block of trials for a purpose."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index, _STREAM, purpose))))
