"""Patients as an observation model shows them, day by day: what becomes of each at every dose, and on which day.

They are the patients of :mod:`doseesc.engines.patients_at_risk`, the first ones and those who replace them, from the
same latent numbers, so that what is made of a patient is the same with a calendar as without.  A patient in whom
nothing but the drug's DLT can happen has it on the day that a clock without an observation model says; where a death,
a loss or a background event may come first, on the day t at which p F(t) reaches the latent number u, since that is
what decides which is first.  Both days have the law F.

Follow-up ends with the first event counted, with death, with loss, or with the window.  On that day it is known what is
made of the patient: a death or loss taken for DLT-free is known as such at once, and who is replaced leaves then.  With
``weight_frozen`` the outcome will never be known, and the follow-up counts as far as it went.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.patients_at_risk import (
    DRUG,
    DRUG_COUNTED,
    DRUG_DLT,
    OTHER_COUNTED,
    UNUSABLE,
    AtRisk,
    at_risk,
    latent_events,
    latent_streams,
    outcomes,
    uniforms,
)
from doseesc.truth import ObservationModel

DIED, LOST, FROZEN = (np.uint8(1 << bit) for bit in range(5, 8))
"""Further bits of an outcome: follow-up ended with death, with loss, and without ever an outcome."""

COUNTED = DRUG_COUNTED | OTHER_COUNTED
"""Bits of a patient who is counted as a DLT."""

FIRST, REPLACEMENT, OTHERS = range(3)
"""Rows of patients: those of a trial in which everybody is evaluable, those who replace them, and those backfilled."""


class Touched(NamedTuple):
    """Patients to whom more may happen than a DLT of the drug, arrays of shape (T,).

    Attributes
    ----------
    place : array of int
        Their flat places among all patients.
    latent, at_risk : array, AtRisk
        The drug's latent numbers, and what else may happen.
    until : array, shape (V, T)
        The day on which their follow-up ends, unless the drug's DLT is counted first; for those with a DLT of the drug
        in the window and, where it changes the chance of death, those without.
    ending : array of uint8, shape (V, T)
        :data:`DIED`, :data:`LOST` and :data:`FROZEN`.
    """

    place: IntArray
    latent: FloatArray
    at_risk: AtRisk
    until: FloatArray
    ending: npt.NDArray[np.uint8]

    @classmethod
    def joined(cls, parts: Sequence[Touched]) -> Touched:
        """Put several together, one after the other."""
        at_risk = AtRisk(*(np.concatenate(arrays) for arrays in zip(*(part.at_risk for part in parts), strict=True)))
        place, latent = (np.concatenate([getattr(part, name) for part in parts]) for name in ("place", "latent"))
        until, ending = (np.hstack([getattr(part, name) for part in parts]) for name in ("until", "ending"))
        return cls(place, latent, at_risk, until, ending)

    def take(self, which: IntArray) -> Touched:
        """Return some of them."""
        at_risk = self.at_risk.each(lambda array: array.take(which))
        until, ending = self.until.take(which, axis=1), self.ending.take(which, axis=1)
        return Touched(self.place.take(which), self.latent.take(which), at_risk, until, ending)

    def outcomes(
        self, model: ObservationModel, probability: FloatArray, drug: BoolArray
    ) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return what is made of them at doses with these DLT probabilities (T,), and when, as :func:`what_and_when`.

        ``drug`` tells in whom a DLT of the drug is counted.
        """
        bits = outcomes(self.at_risk, probability, model.death_relative_risk != 1)
        until, ending = self.until[0], self.ending[0]
        if len(self.until) > 1:
            way = (self.at_risk.prone_above >= probability).astype(np.int64)
            column = np.arange(len(way))
            until, ending = self.until[way, column], self.ending[way, column]
        what = np.where(drug, bits & ~(OTHER_COUNTED | UNUSABLE), bits | ending)
        return what, _with_drug_days(until.copy(), model, self.latent, probability, drug)

    def ends(
        self, model: ObservationModel, which: IntArray, probability: FloatArray, drug: BoolArray
    ) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return the same of some of them, but of what is made of them only what the trial goes on by.

        That is :data:`COUNTED` and whether they leave.
        """
        if len(self.until) > 1:
            return self.take(which).outcomes(model, probability, drug)
        what = np.where(drug, DRUG_COUNTED, self.at_risk.fate.take(which))
        latent = self.latent.take(which)
        return what, _with_drug_days(self.until[0].take(which), model, latent, probability, drug)


def _with_drug_days(
    until: FloatArray, model: ObservationModel, latent: FloatArray, probability: FloatArray, drug: BoolArray
) -> FloatArray:
    """Return days on which follow-up ends, put into ``until``: for some with the drug's DLT."""
    some = np.flatnonzero(drug)
    share = np.minimum(latent.take(some) / np.maximum(probability.take(some), 1e-300), 1.0)
    until[some] = np.minimum(model.dlt_times.quantile(share, model.horizon), until.take(some))
    return until


class Watched(NamedTuple):
    """Patients and what may happen to them, arrays of shape (P, S), patient by patient.

    Attributes
    ----------
    model : ObservationModel
    latent, dlt_day : array, shape (P, S)
        The drug's latent numbers, and the day of its DLT in patients to whom nothing else can happen.
    at_risk : AtRisk
    touched : Touched
        The patients to whom anything else can happen.
    gone : array, shape (V, T)
        The day on which each of these dies or is lost, whatever else happens; infinite where neither happens.
    """

    model: ObservationModel
    latent: FloatArray
    dlt_day: FloatArray
    at_risk: AtRisk
    touched: Touched
    gone: FloatArray


def watched(
    model: ObservationModel, latent: FloatArray, fresh: FloatArray, streams: dict[int, np.random.Generator]
) -> Watched:
    """Find out what may happen to patients.

    Parameters
    ----------
    model : ObservationModel
    latent, fresh : array, shape (P, S)
        The drug's latent numbers, and fresh uniform ones for the days of its DLTs.
    streams : dict
        Of all other latent numbers, from :func:`doseesc.engines.patients_at_risk.latent_streams`.
    """
    uniform, events = latent_events(model, streams, *latent.shape)
    until, ending, gone = [], [], []
    for with_dlt in (True, False) if model.death_relative_risk != 1 else (True,):
        dies = events.death_time(model.death_after_dlt if with_dlt else model.death)
        _, died, lost = events.first(dies)
        gone.append(np.minimum(dies, events.lost))
        until.append(np.minimum(np.minimum(events.background, gone[-1]), model.window))
        frozen = np.zeros(len(dies), dtype=np.bool_)
        if model.deaths == "weight_frozen":
            frozen |= died
        if model.losses == "weight_frozen":
            frozen |= lost
        ending.append(died * DIED | lost * LOST | frozen * FROZEN)
    share = float(model.dlts_by(model.window))
    day = np.asarray(model.dlt_times.quantile(fresh if share == 1 else share * fresh, model.horizon))
    found = at_risk(model, latent, uniform, events)
    place = events.patient
    some = found.each(lambda array: array.ravel()[place])
    touched = Touched(place, latent.ravel()[place], some, np.array(until), np.array(ending))
    return Watched(model, latent, day, found, touched, np.array(gone))


def what_and_when(patients: Watched, probability: float) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """Return what is made of each patient at a dose with this DLT probability of the drug, and on which day.

    Returns
    -------
    array of uint8, shape (P, S)
        Bits as of :func:`doseesc.engines.patients_at_risk.outcomes` and of this module; of who has a DLT of the drug
        counted, no others but deaths.
    array, shape (P, S)
        Days from first dose to the end of follow-up.
    """
    model, touched = patients.model, patients.touched
    counted = patients.at_risk.counted_above.ravel() < probability
    if model.sensitivity == 1:  # whoever else has one has it after another event, and is touched
        bits = counted.view(np.uint8) * (DRUG_COUNTED | DRUG_DLT)
    else:
        happens = patients.at_risk.happens_above.ravel() < probability
        bits = counted.view(np.uint8) * DRUG_COUNTED | happens.view(np.uint8) * DRUG_DLT
    day = np.where(counted, patients.dlt_day.ravel(), model.window)
    if len(touched.place):
        where = touched.place
        bits[where], day[where] = touched.outcomes(model, np.full(len(where), probability), counted[where])
    return bits.reshape(patients.latent.shape), day.reshape(patients.latent.shape)


def day_gone(patients: Watched, probability: float) -> FloatArray:
    """Return the day on which each patient dies or is lost at a dose with this DLT probability; infinite without.

    Returns
    -------
    array, shape (P, S)
        Days from first dose.  It may come after a DLT, which ends the follow-up of :func:`what_and_when`.
    """
    touched = patients.touched
    found = np.full(patients.latent.size, np.inf)
    gone = patients.gone[0]
    if len(patients.gone) > 1:
        gone = np.where(touched.at_risk.prone_above >= probability, patients.gone[1], gone)
    found[touched.place] = gone
    return found.reshape(patients.latent.shape)


class WatchedBlock:
    """The patients of one block of trials: the first ones, and as many replacements as are asked for.

    Parameters
    ----------
    model : ObservationModel
    seed, index : int
        Block ``index`` of all trials with this seed.
    latent, fresh : array, shape (P, S)
        The first patients' latent numbers and those of their DLTs' days.
    later : numpy.random.Generator
        A stream for the days of the replacements' DLTs.
    """

    def __init__(
        self,
        model: ObservationModel,
        seed: int,
        index: int,
        latent: FloatArray,
        fresh: FloatArray,
        later: np.random.Generator,
    ) -> None:
        self._model, self._later = model, later
        self._streams = latent_streams(seed, index, REPLACEMENT)
        self.first = watched(model, latent, fresh, latent_streams(seed, index, FIRST))

    def more_replacements(self, count: int) -> Watched:
        """Return so many further replacements of each trial."""
        trials = self.first.latent.shape[1]
        latent = uniforms(self._streams[DRUG], count, trials)
        fresh = uniforms(self._later, count, trials)
        return watched(self._model, latent, fresh, self._streams)
