"""Patients as a trial enrols them: when each has a DLT, a background event, dies or is lost, and what is made of it.

Every patient is a few latent uniform numbers: u for the drug, and one each for the background event, death, loss and
the judgements.  The drug's DLT comes at the time t at which p F(t) reaches u, so that a DLT before any other event at
time e is one of p > u / F(e): whatever else happens to a patient can be worked out once for all doses, and what a
trial makes of a patient at a dose is a comparison of p with a few numbers.

Patients who are not evaluable are replaced from a second row of patients, in the order of their enrolment, so that
the first patients asked are those of a trial without any of this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.montecarlo import BLOCK, TrialBlock
from doseesc.truth import DEATH_TIMES, ObservationModel

OTHER_COUNTED, UNUSABLE, DEAD, DRUG_COUNTED, DRUG_DLT = (np.uint8(1 << bit) for bit in range(5))
"""What is made of a patient; see :func:`outcomes`."""

# A patient's fate is the first three bits, as without a drug DLT; where one changes it, shifted, also those with one.
_FATE, _SHIFT = np.uint8(7), np.uint8(3)
_ROWS = 2  # replacements per trial drawn at a time

DRUG, _BACKGROUND, _DEATH, _LOSS, _SENSITIVITY, _SPECIFICITY, _ATTRIBUTION = range(7)


class AtRisk(NamedTuple):
    """Patients, independent of the dose; arrays of one shape.

    ``counted_above``: the drug's DLT is the first event counted where p is above; ``happens_above``: the drug causes
    a DLT before death; ``prone_above``: it would in the window, were the patient to live; ``fate``: bits.
    """

    counted_above: FloatArray
    happens_above: FloatArray
    prone_above: FloatArray
    fate: npt.NDArray[np.uint8]

    def each(self, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> AtRisk:
        """Return the patients with every array changed in the same way."""
        return AtRisk(
            change(self.counted_above), change(self.happens_above), change(self.prone_above), change(self.fate)
        )

    def put(self, rows: slice, patients: AtRisk) -> None:
        """Write patients into rows."""
        self.counted_above[rows] = patients.counted_above
        self.happens_above[rows] = patients.happens_above
        self.prone_above[rows] = patients.prone_above
        self.fate[rows] = patients.fate


def outcomes(patients: AtRisk, probability: FloatArray, dependent: bool) -> npt.NDArray[np.uint8]:
    """Return what is made of patients at doses with these DLT probabilities of the drug, as bits.

    Parameters
    ----------
    patients : AtRisk
        Arrays (B,).
    probability : array, shape (B,)
        Below 0 for nobody.
    dependent : bool
        Whether a drug DLT changes the probability of death.

    Returns
    -------
    array, shape (B,)
        Sums of :data:`OTHER_COUNTED` (a DLT is counted for something else, unless for the drug), :data:`UNUSABLE`
        (not evaluable, unless a drug DLT is counted), :data:`DEAD`, :data:`DRUG_COUNTED` and :data:`DRUG_DLT`.
    """
    fate = patients.fate
    if dependent:
        fate = np.where(patients.prone_above < probability, fate >> _SHIFT, fate & _FATE)
    bits = (patients.counted_above < probability).view(np.uint8) * DRUG_COUNTED
    bits |= (patients.happens_above < probability).view(np.uint8) * DRUG_DLT
    bits |= fate
    bits *= probability >= 0
    return bits


class ObservedBlock:
    """The patients of one block of trials after the other, drawn as far as trials have come.

    The drug's latent numbers of the first patients are the block's own; everything else comes from streams of its
    own, spawned from the seed.

    Parameters
    ----------
    model : ObservationModel
    seed : int
        That the blocks are drawn with.
    """

    def __init__(self, model: ObservationModel, seed: int) -> None:
        self._seed, self._begun = seed, (-1, 0, 0)
        self.most = self.trials = 0
        self.dependent = model.death_relative_risk != 1
        self._first, self._replacements = _Rows(model), _Rows(model)

    def begin(self, block: TrialBlock, index: int) -> None:
        """Go on to block ``index``, or stay there."""
        if self._begun == (index, *block.latent.shape):
            return
        self._begun = (index, *block.latent.shape)
        self.most, self.trials = block.latent.shape
        self._first.begin(latent_streams(self._seed, index, 0), self.trials, block.latent)
        self._replacements.begin(latent_streams(self._seed, index, 1), self.trials, None)

    def first(self, row: int) -> AtRisk:
        """Return the patients of one row, one of each trial."""
        return self._first.up_to(row).each(lambda array: array[row])

    def first_at(self, number: IntArray) -> AtRisk:
        """Return each trial's patient of this number (B,), from 0."""
        return self._take(self._first, number, np.arange(self.trials))

    def replacement(self, number: IntArray, trial: IntArray) -> AtRisk:
        """Return the replacements with these numbers, from 0, in these trials."""
        return self._take(self._replacements, number, trial)

    def _take(self, rows: _Rows, number: IntArray, trial: IntArray) -> AtRisk:
        patients = rows.up_to(int(number.max()))
        entry = number * self.trials + trial
        prone = patients.prone_above.take(entry) if self.dependent else np.empty(0)  # nobody asks for it
        counted, happens = patients.counted_above.take(entry), patients.happens_above.take(entry)
        return AtRisk(counted, happens, prone, patients.fate.take(entry))


class _Rows:
    """Rows of patients, a few of them drawn at a time so that the work stays in the processor's cache.

    The room for them is kept from block to block, since fresh memory costs as much as the patients.
    """

    def __init__(self, model: ObservationModel) -> None:
        self._model = model
        self._streams: dict[int, np.random.Generator] = {}
        self._latent: FloatArray | None = None
        self._drawn = 0
        self._patients = self._room(0, 0)

    def begin(self, streams: dict[int, np.random.Generator], trials: int, latent: FloatArray | None) -> None:
        """Forget the patients; the drug's latent numbers are given, or drawn like the others."""
        self._streams, self._latent, self._drawn = streams, latent, 0
        rows = _ROWS if latent is None else len(latent)
        if self._patients.fate.shape[1] != trials or len(self._patients.fate) < rows:
            self._patients = self._room(rows, trials)

    def up_to(self, row: int) -> AtRisk:
        """Return the patients, those of ``row`` and all before it drawn."""
        while self._drawn <= row:
            self._draw()
        return self._patients

    def _draw(self) -> None:
        first, trials = self._drawn, self._patients.fate.shape[1]
        if self._latent is None:
            latent = uniforms(self._streams[DRUG], _ROWS, trials)
        else:
            latent = self._latent[first : first + _ROWS]
        self._drawn = end = first + len(latent)
        if end > len(self._patients.fate):
            larger = self._room(2 * end, trials)
            larger.put(slice(0, first), self._patients.each(lambda array: array[:first]))
            self._patients = larger
        self._patients.put(
            slice(first, end), at_risk(self._model, latent, *latent_events(self._model, self._streams, *latent.shape))
        )

    def _room(self, rows: int, trials: int) -> AtRisk:
        shape = (rows, trials)
        return AtRisk(np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.uint8))


def latent_streams(seed: int, index: int, row: int) -> dict[int, np.random.Generator]:
    """Return a stream for each kind of latent number of the first patients (row 0) or the replacements (1)."""
    return {
        kind: np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index, row, kind))))
        for kind in range(7)
    }


def uniforms(stream: np.random.Generator, rows: int, trials: int) -> FloatArray:
    """Draw whole rows, so that a trial's patients do not depend on how many trials are kept."""
    drawn = stream.random((rows, BLOCK))
    return drawn if trials == BLOCK else np.ascontiguousarray(drawn[:, :trials])


def latent_events(
    model: ObservationModel, streams: dict[int, np.random.Generator], rows: int, trials: int
) -> tuple[dict[int, FloatArray], Events]:
    """Draw the latent numbers of some rows of patients besides the drug's, flat by kind, and find their events."""
    # Numbers that no patient needs are not drawn; each kind has a stream of its own, so that none shifts another.
    uniform = {
        kind: uniforms(streams[kind], rows, trials).ravel()
        for kind, needed in (
            (_BACKGROUND, model.background > 0 and model.specificity < 1),
            (_DEATH, model.death > 0),
            (_LOSS, model.loss > 0),
            (_SENSITIVITY, model.sensitivity < 1),
            (_SPECIFICITY, model.background > 0 and 0 < model.specificity < 1),
            (_ATTRIBUTION, model.death > 0 and 0 < model.attributed < 1),
        )
        if needed
    }
    return uniform, Events.of(model, uniform)


def at_risk(model: ObservationModel, latent: FloatArray, uniform: dict[int, FloatArray], events: Events) -> AtRisk:
    """Work out what happens to patients (R, S) besides the drug's DLT, and when that still comes first."""
    drug = latent.ravel()
    in_window = float(model.dlts_by(model.window))
    prone = drug if in_window == 1 else drug / in_window
    counted, happens = prone.copy(), prone.copy()
    fate = np.zeros(drug.size, dtype=np.uint8)
    touched = events.patient
    for with_dlt in (True, False) if model.death_relative_risk != 1 else (True,):
        dies = events.death_time(model.death_after_dlt if with_dlt else model.death)
        seen = _fates(model, events, dies)
        if with_dlt:
            # A DLT is the first event counted if it comes before these, and happens if it comes before death.
            before = np.minimum(np.minimum(events.background, dies), events.lost)
            counted[touched] = drug[touched] / _positive(model.dlts_by(np.minimum(before, model.window)))
            happens[touched] = drug[touched] / _positive(model.dlts_by(np.minimum(dies, model.window)))
            fate[touched] = seen << _SHIFT if model.death_relative_risk != 1 else seen
        else:
            fate[touched] |= seen
    if _SENSITIVITY in uniform:
        counted[uniform[_SENSITIVITY] >= model.sensitivity] = np.inf
    return AtRisk(counted, happens, prone, fate).each(lambda array: array.reshape(latent.shape))


def _positive(share: FloatArray) -> FloatArray:
    return np.maximum(share, 1e-300)


class Events(NamedTuple):
    """Times of the events of those patients to whom any may happen; infinite where it does not."""

    patient: IntArray
    background: FloatArray
    lost: FloatArray
    attributed: BoolArray
    death: FloatArray
    window: float

    @classmethod
    def of(cls, model: ObservationModel, uniform: dict[int, FloatArray]) -> Events:
        """Find the patients with events, and when these come."""
        largest = max(model.death, model.death_after_dlt)
        limits = {_BACKGROUND: model.background, _DEATH: largest, _LOSS: model.loss}
        touched = [uniform[kind] < limit for kind, limit in limits.items() if kind in uniform]
        index = np.flatnonzero(np.logical_or.reduce(touched)) if touched else np.zeros(0, dtype=np.int64)
        taken = {kind: values[index] for kind, values in uniform.items()}

        def even(kind: int, probability: float) -> FloatArray:
            if kind not in taken:
                return np.full(len(index), np.inf)
            return np.where(taken[kind] < probability, taken[kind] / max(probability, 1e-300) * model.window, np.inf)

        background = even(_BACKGROUND, model.background)
        if _SPECIFICITY in taken:
            background[taken[_SPECIFICITY] < model.specificity] = np.inf
        attributed = np.full(len(index), model.attributed == 1)
        if _ATTRIBUTION in taken:
            attributed = taken[_ATTRIBUTION] < model.attributed
        death = taken.get(_DEATH, np.full(len(index), np.inf))
        return cls(index, background, even(_LOSS, model.loss), attributed, death, model.window)

    def death_time(self, probability: float) -> FloatArray:
        """Return the times of death of patients who die with this probability."""
        times = np.full(len(self.patient), np.inf)
        dying = np.flatnonzero(self.death < probability)
        times[dying] = DEATH_TIMES.quantile(self.death[dying] / max(probability, 1e-300), self.window)
        return times

    def first(self, dies: FloatArray) -> tuple[BoolArray, BoolArray, BoolArray]:
        """Return for whom a counted background event, death, or loss comes first, for these times of death."""
        background = self.background < np.minimum(dies, self.lost)
        died = (dies <= self.lost) & np.isfinite(dies) & ~background
        return background, died, (self.lost < dies) & ~background


def _fates(model: ObservationModel, events: Events, dies: FloatArray) -> npt.NDArray[np.uint8]:
    """Read a patient's record as a data manager does, up to the first event counted or the end of follow-up."""
    background, died, lost = events.first(dies)
    counted = background | (died & events.attributed)
    replaced = np.zeros(len(dies), dtype=np.bool_)
    if model.replaces_deaths:
        replaced |= died & ~events.attributed
    if model.replaces_losses:
        replaced |= lost
    return counted * OTHER_COUNTED | replaced * UNUSABLE | np.isfinite(dies) * DEAD
