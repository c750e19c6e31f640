"""Responses of patients in trials with backfill: who responds, when, and until when that can be seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_patients import by_trial, days_drawn, stream
from doseesc.engines.patients_at_risk import uniforms
from doseesc.truth import DltTimes

LATENT, DLT_DAYS, _RESPONSES, _RESPONSE_DAYS, _CHOICE = range(2, 7)
# The stream 2 gives the days of replacements' DLTs, too; so where there are any, those backfilled have another.
LATENT_BESIDE_REPLACEMENTS, _RESPONSES_OF_REPLACEMENTS, _RESPONSE_DAYS_OF_REPLACEMENTS = range(7, 10)

NEVER_GONE = np.zeros((1, 1, 0))
"""Stands for the days on which patients die or are lost where nobody does."""


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
    gone : array, shape (S, J, P), or (1, 1, 0)
        Days from first dose to death or loss at each level, after which no response is seen; infinite without, and no
        numbers where nobody dies or is lost.
    """

    latent: FloatArray
    day: FloatArray
    probability: FloatArray
    choice: FloatArray
    gone: FloatArray = NEVER_GONE


class BlockNumbers:
    """Random numbers of one block of trials, each purpose from a stream of its own that goes on where it was.

    Parameters
    ----------
    seed, index, trials : int
    """

    def __init__(self, seed: int, index: int, trials: int) -> None:
        self._seed, self._index, self._trials = seed, index, trials
        self._streams: dict[int, np.random.Generator] = {}

    def rows(self, purpose: int, count: int) -> FloatArray:
        """Return numbers from 0 to 1 patient by patient, (count, S)."""
        if purpose not in self._streams:
            self._streams[purpose] = stream(self._seed, self._index, purpose)
        return uniforms(self._streams[purpose], count, self._trials)


class DrawnResponses:
    """The responses of one block of trials, drawn from its streams.

    Parameters
    ----------
    rules : Backfill
    times : law of event times
        For responses that come as DLTs do.
    n_doses : int
    curve_days, window_days : float
        The days to which that law refers, and those for which patients are watched.
    numbers : BlockNumbers
    patients, others : int
        First patients of the escalation, and patients to be backfilled at first.
    """

    def __init__(
        self,
        rules: Backfill,
        times: DltTimes,
        n_doses: int,
        *,
        curve_days: float,
        window_days: float,
        numbers: BlockNumbers,
        patients: int,
        others: int,
    ) -> None:
        self._how, self._times = rules.response_days, times
        self._curve_days, self._window_days = curve_days, window_days
        self._probability = np.array(rules.response_probabilities or [0.0] * n_doses, dtype=np.float64)
        at = numbers, patients, others
        self._latent = _Places(*at, _RESPONSES, _RESPONSES_OF_REPLACEMENTS)
        self._choice = _Places(*at, _CHOICE, None)
        self._days = None
        if self._how != "window_end":
            self._days = _Places(*at, _RESPONSE_DAYS, _RESPONSE_DAYS_OF_REPLACEMENTS)

    def of(self, replacements: int, others: int, gone: FloatArray = NEVER_GONE) -> Responses:
        """Return those of the first patients, of so many replacements, and of so many to be backfilled."""
        latent = self._latent.of(replacements, others)
        if self._days is None:
            day = np.full((len(latent), 1, latent.shape[1]), self._window_days)
        elif self._how == "as_dlts":
            day = days_drawn(self._times, self._days.of(replacements, others), self._probability, self._curve_days)
        else:
            day = self._days.of(replacements, others)[:, None, :] * self._window_days
        return Responses(latent, day, self._probability, self._choice.of(replacements, others), gone)


class _Places:
    """One number for every patient: those of the first patients and those backfilled do not change as more are drawn.

    ``purpose_of_replacements`` is None where these need none.
    """

    def __init__(
        self, numbers: BlockNumbers, patients: int, others: int, purpose: int, purpose_of_replacements: int | None
    ) -> None:
        self._numbers, self._purpose, self._of_replacements = numbers, purpose, purpose_of_replacements
        drawn = numbers.rows(purpose, patients + others)
        self._first, self._replacements, self._others = drawn[:patients], drawn[:0], drawn[patients:]

    def of(self, replacements: int, others: int) -> FloatArray:
        """Return them trial by trial, (S, P)."""
        if (missing := others - len(self._others)) > 0:
            self._others = np.concatenate([self._others, self._numbers.rows(self._purpose, missing)])
        if (missing := replacements - len(self._replacements)) > 0:
            more = (
                np.zeros((missing, self._first.shape[1]))
                if self._of_replacements is None
                else self._numbers.rows(self._of_replacements, missing)
            )
            self._replacements = np.concatenate([self._replacements, more])
        rows = np.concatenate([self._first, self._replacements[:replacements], self._others[:others]])
        return by_trial(rows, *rows.shape)
