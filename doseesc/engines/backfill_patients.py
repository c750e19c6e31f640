"""The patients of trials with backfill: those of the escalation, those to be backfilled after them, and responses.

The first are those of trials without backfill.  The others come from streams of their own, so that the first patient
backfilled is the same whatever the design, as the first of the escalation is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from designs import Design
from designs.arrays import FloatArray
from doseesc.engines.clock_arrays import UNOBSERVED, Fates
from doseesc.engines.clock_patients import ComingPatients, DrawnPatients, GivenPatients, by_trial, days_drawn, stream
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import BLOCK
from doseesc.truth import ObservationModel

_LATENT, _DLT_DAYS, _RESPONSES, _RESPONSE_DAYS, _CHOICE = range(2, 7)


class Responses(NamedTuple):
    """Who responds, and when.

    Attributes
    ----------
    latent : array, shape (S, P)
        A response happens where this falls below the probability of a response at the level given.
    day : array, shape (S, 1 or J, P)
        Days from first dose to the response, if there is one.
    probability : array, shape (J,)
    choice : array, shape (S, P)
        A number from 0 to 1 for each patient, for whoever picks a dose at random.
    """

    latent: FloatArray
    day: FloatArray
    probability: FloatArray
    choice: FloatArray


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
        self._escalation = escalation
        self.latent = np.ascontiguousarray(np.concatenate([escalation.latent, latent], axis=1))
        self.dlt_day = np.ascontiguousarray(np.concatenate([escalation.dlt_day, dlt_day], axis=2))
        self.responses = responses

    def numbers(self, beyond: int = 0) -> FloatArray:
        """Return expected numbers of patients between arrivals; see :class:`ComingPatients`."""
        return self._escalation.numbers(beyond)

    def fates(self, more: bool = False) -> Fates:
        """Return that nothing but the drug's DLTs happens to these patients."""
        return UNOBSERVED


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
    """Draw the patients of one block of trials of a design; see :class:`DrawnPatients`.

    Raises
    ------
    ValueError
        If there is both backfill and an observation model: nothing says what becomes of backfilled patients who leave.
    """
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
    if model is not None:
        raise ValueError("backfill must be left out where an observation model is given; trials are played with one")
    others = rules.most(design)
    everybody = most + others

    def numbers(purpose: int, count: int) -> FloatArray:
        return by_trial(stream(seed, index, purpose).random((count, BLOCK))[:, :trials])

    probability = np.array(rules.response_probabilities or [0.0] * len(truth), dtype=np.float64)
    if rules.response_days == "as_dlts":
        day = days_drawn(calendar.times, numbers(_RESPONSE_DAYS, everybody), probability, window_days)
    elif rules.response_days == "uniform":
        day = numbers(_RESPONSE_DAYS, everybody)[:, None, :] * window_days
    else:
        day = np.full((trials, 1, everybody), window_days)
    responses = Responses(numbers(_RESPONSES, everybody), day, probability, numbers(_CHOICE, everybody))
    dlt_day = days_drawn(calendar.times, numbers(_DLT_DAYS, others), truth, window_days)
    return BackfillPatients(drawn, numbers(_LATENT, others), dlt_day, responses)


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
