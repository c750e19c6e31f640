"""The patients of trials with backfill: those of the escalation, those to be backfilled after them, and responses.

The first are those of trials without backfill.  The others come from streams of their own, so that the first patient
backfilled is the same whatever the design, as the first of the escalation is; what an observation model makes of them
is in :mod:`doseesc.engines.backfill_observed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from designs import Design
from designs.arrays import FloatArray
from doseesc.engines.backfill_observed import DrawnOthers
from doseesc.engines.backfill_responses import DLT_DAYS, LATENT, BlockNumbers, DrawnResponses, Responses
from doseesc.engines.clock_arrays import UNOBSERVED, Fates
from doseesc.engines.clock_patients import ComingPatients, DrawnPatients, GivenPatients, by_trial, days_drawn
from doseesc.engines.enrolment import Calendar
from doseesc.truth import ObservationModel


class WatchedOthers(Protocol):
    """Whatever says what an observation model makes of patients to be backfilled, and of the responses of all."""

    @property
    def responses(self) -> Responses:
        """Of the patients of :meth:`beside`, in that order."""

    def beside(self, escalation: Fates, more: bool = False) -> Fates:
        """Return what becomes of the escalation's patients, which is given, and of the others, if needed of more."""


class BackfillPatients:
    """The patients who come to S trials: those of the escalation first, then those to be backfilled.

    Parameters
    ----------
    escalation : ComingPatients
        They say when anybody arrives, too.
    latent, dlt_day : arrays, shape (S, Q) and (S, 1 or J, Q)
        Of the patients to be backfilled.
    responses : Responses
        Of all P = N + Q.
    """

    def __init__(
        self, escalation: ComingPatients, latent: FloatArray, dlt_day: FloatArray, responses: Responses
    ) -> None:
        self._escalation, self._others, self._responses = escalation, latent.shape[1], responses
        self.latent = np.ascontiguousarray(np.concatenate([escalation.latent, latent], axis=1))
        self.dlt_day = np.ascontiguousarray(np.concatenate([escalation.dlt_day, dlt_day], axis=2))
        self._watched: WatchedOthers | None = None

    @classmethod
    def watched(cls, escalation: ComingPatients, others: WatchedOthers) -> BackfillPatients:
        """Return patients as an observation model shows them, those of the escalation drawn with it."""
        fates = others.beside(escalation.fates())
        nobody = escalation.latent[:, :0], escalation.dlt_day[:, :, :0]
        patients = cls(escalation, *nobody, others.responses)
        patients._others, patients._watched = fates.backfilled, others
        return patients

    @property
    def responses(self) -> Responses:
        """Of all patients there are by now."""
        return self._responses if self._watched is None else self._watched.responses

    def numbers(self, beyond: int = 0) -> FloatArray:
        """Return expected numbers of patients between arrivals; see :class:`ComingPatients`."""
        return self._escalation.numbers(beyond)

    def fates(self, more: bool = False) -> Fates:
        """Return what an observation model makes of patients; see :class:`ComingPatients`."""
        if self._watched is None:
            return UNOBSERVED._replace(backfilled=self._others)
        return self._watched.beside(self._escalation.fates(more), more)


def patients_of(
    design: Design,
    truth: FloatArray,
    window_days: float,
    calendar: Calendar,
    *,
    trials: int,
    seed: int,
    index: int,
    model: ObservationModel | None = None,
) -> DrawnPatients | BackfillPatients:
    """Draw the patients of one block of trials of a design; see :class:`DrawnPatients`."""
    most = design.max_n
    drawn = DrawnPatients(
        *(calendar, truth, window_days),
        patients=most,
        trials=trials,
        seed=seed,
        index=index,
        arrivals=most + design.waits_when_full,
        model=model,
    )
    rules = calendar.backfill
    if rules is None:
        return drawn
    others, numbers = rules.most(design), BlockNumbers(seed, index, trials)
    responses = DrawnResponses(
        rules,
        calendar.times if model is None else model.dlt_times,
        len(truth),
        curve_days=window_days,
        window_days=window_days if model is None else model.window,
        numbers=numbers,
        patients=most,
        others=others,
    )
    if model is not None:
        watched = DrawnOthers(
            *(drawn, model, truth, rules, others), seed=seed, index=index, numbers=numbers, responses=responses
        )
        return BackfillPatients.watched(drawn, watched)
    uniform, latent = (by_trial(numbers.rows(which, others), others, trials) for which in (DLT_DAYS, LATENT))
    dlt_day = days_drawn(calendar.times, uniform, truth, window_days)
    return BackfillPatients(drawn, latent, dlt_day, responses.of(0, others))


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenBackfill:
    """Patients with backfill whose arrivals, DLTs and responses are given.

    Parameters
    ----------
    escalation : GivenPatients
        Those of the escalation, and all arrivals.
    latent, dlt_day : arrays, shape (S, Q) and (S, Q) or (S, J, Q)
        Of the patients to be backfilled, in this order; as for :class:`GivenPatients`.
    response_day : array, shape (S, N + Q)
        Days from first dose to the response of each patient, the N of the escalation first; infinite without one.
    """

    escalation: GivenPatients
    latent: FloatArray
    dlt_day: FloatArray
    response_day: FloatArray

    def patients(self) -> BackfillPatients:
        """Return them as engines take them.

        Raises
        ------
        ValueError
            If shapes disagree.
        """
        first = self.escalation
        others = GivenPatients(latent=self.latent, dlt_day=self.dlt_day, gaps=first.gaps)
        day = np.ascontiguousarray(self.response_day, dtype=np.float64)
        everybody = (len(first.latent), first.latent.shape[1] + others.latent.shape[1])
        if day.shape != everybody:
            raise ValueError(f"response_day must have one day per patient, {everybody}, not {day.shape}")
        latent = np.where(np.isfinite(day), 0.0, 1.0)
        certain = np.full(1, 0.5)
        responses = Responses(latent, day[:, None, :], certain, np.zeros(everybody))
        return BackfillPatients(first, others.latent, others.dlt_day, responses)
