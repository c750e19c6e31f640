"""Patients to be backfilled as an observation model shows them: they die, are lost and leave as any others do.

They are a third row of patients beside the first ones and the replacements of :mod:`doseesc.engines.watched_patients`,
from streams of their own, so that nobody of the escalation is another patient for it.  In a model in which nobody
leaves they are the patients who are backfilled without one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designs.arrays import FloatArray
from doseesc.engines.backfill_responses import (
    DLT_DAYS,
    LATENT,
    LATENT_BESIDE_REPLACEMENTS,
    NEVER_GONE,
    BlockNumbers,
    DrawnResponses,
    Responses,
)
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.clock_arrays import Fates
from doseesc.engines.clock_patients import DrawnPatients, fates_of
from doseesc.engines.patients_at_risk import latent_streams
from doseesc.engines.watched_patients import OTHERS, Watched, day_gone, watched
from doseesc.truth import ObservationModel

_AT_ONCE = 40  # patients to be backfilled for whom there is room at a time: their days at every dose are large arrays


class DrawnOthers:
    """The patients of one block of trials who may be backfilled, as many as are needed, and the responses of all.

    Parameters
    ----------
    escalation : DrawnPatients
        The patients of the escalation, drawn with the same model.
    model : ObservationModel
    truth : array, shape (J,)
    rules : Backfill
    most : int
        Most patients who may be backfilled at a time.
    seed, index : int
        Block ``index`` of all trials with this seed.
    numbers : BlockNumbers
    responses : DrawnResponses
    """

    def __init__(
        self,
        escalation: DrawnPatients,
        model: ObservationModel,
        truth: FloatArray,
        rules: Backfill,
        most: int,
        *,
        seed: int,
        index: int,
        numbers: BlockNumbers,
        responses: DrawnResponses,
    ) -> None:
        self._escalation, self._model, self._truth, self._numbers = escalation, model, truth, numbers
        self._streams = latent_streams(seed, index, OTHERS)
        self._latent = LATENT_BESIDE_REPLACEMENTS if model.replaces else LATENT
        # One more than may be needed, so that none is asked for where no more can be.
        self._enough = np.inf if rules.replace_unevaluable and model.replaces else most + 1
        self._parts: list[Watched] = []
        self._fate: npt.NDArray[np.uint8] = np.zeros((0, 0, 0), dtype=np.uint8)
        self._fate_day: FloatArray = np.zeros((0, 0, 0))
        self._sees_gone = rules.min_responses > 0 and max(model.death, model.death_after_dlt, model.loss) > 0
        self._drawn_responses = responses
        self._responses: Responses | None = None

    @property
    def responses(self) -> Responses:
        """Those of all patients of :meth:`beside`, in that order."""
        assert self._responses is not None, "asked for after the patients"
        return self._responses

    def beside(self, escalation: Fates, more: bool = False) -> Fates:
        """Return what becomes of the patients of the escalation, which is given, and then of those to be backfilled.

        There are more of these than before if ``more``, as long as more may be needed.
        """
        if not self._parts or (more and self._fate.shape[2] < self._enough):
            self._read_more()
        others = self._fate.shape[2]
        first = self._escalation.latent.shape[1]
        self._responses = self._drawn_responses.of(escalation.fate.shape[2] - first, others, self._gone())
        return Fates(
            np.concatenate([escalation.fate, self._fate], axis=2),
            np.concatenate([escalation.fate_day, self._fate_day], axis=2),
            others,
        )

    def _read_more(self) -> None:
        count = int(min(_AT_ONCE, self._enough - self._fate.shape[2]))
        latent, fresh = (self._numbers.rows(purpose, count) for purpose in (self._latent, DLT_DAYS))
        part = watched(self._model, latent, fresh, self._streams)
        fate, day = fates_of(part, self._truth)
        if self._parts:
            fate = np.concatenate([self._fate, fate], axis=2)
            day = np.concatenate([self._fate_day, day], axis=2)
        self._parts.append(part)
        self._fate, self._fate_day = fate, day

    def _gone(self) -> FloatArray:
        if not self._sees_gone:
            return NEVER_GONE
        parts = [*self._escalation.watched(), *self._parts]
        by_dose = [np.concatenate([day_gone(part, float(each)) for part in parts]) for each in self._truth]
        return np.stack([np.ascontiguousarray(each.T) for each in by_dose], axis=1)
