"""What happened to the patients of a cohort in one simulated trial, patient by patient and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from doseesc.engines import DEAD, DRUG_COUNTED, DRUG_DLT, OTHER_COUNTED, UNUSABLE, AtRisk, ObservedBlock, outcomes

if TYPE_CHECKING:
    from designs.arrays import FloatArray


class Enrolled(NamedTuple):
    """What was made of one patient.

    ``not_caused``: the DLT is counted for something else than the drug; ``died``: in the window; ``missed``: the drug
    caused a DLT that is not counted.
    """

    counted: bool
    not_caused: bool = False
    replaced: bool = False
    died: bool = False
    missed: bool = False


class PatientRow:
    """The patients of one simulated trial, in the order in which it enrols them.

    Parameters
    ----------
    latent : array, shape (patients,)
        The trial's latent numbers.
    observed : ObservedBlock or None
        Its patients at risk of more than the drug's DLTs; None where only the drug matters.
    trial : int
        The trial's number in the block, from 0.
    """

    def __init__(self, latent: FloatArray, observed: ObservedBlock | None, trial: int) -> None:
        self._latent, self._observed, self._trial = latent, observed, trial
        self._asked = self._replacements = 0

    def next_evaluable(self, probability: float) -> list[Enrolled]:
        """Enrol patients at a dose of this DLT probability until one is evaluable; that one comes last."""
        number = self._asked
        self._asked += 1
        if self._observed is None:
            return [Enrolled(bool(self._latent[number] < probability))]
        trial = np.array([self._trial])
        one = slice(self._trial, self._trial + 1)
        found = [self._seen(self._observed.first(number).each(lambda array: array[one]), probability)]
        while found[-1].replaced:
            patients = self._observed.replacement(np.array([self._replacements]), trial)
            self._replacements += 1
            found.append(self._seen(patients, probability))
        return found

    def _seen(self, patients: AtRisk, probability: float) -> Enrolled:
        assert self._observed is not None, "asked only where patients are observed"
        bits = int(outcomes(patients, np.array([probability]), self._observed.dependent)[0])
        drug, other = bool(bits & DRUG_COUNTED), bool(bits & OTHER_COUNTED)
        return Enrolled(
            counted=drug or other,
            not_caused=other and not drug,
            replaced=bool(bits & UNUSABLE) and not drug,
            died=bool(bits & DEAD),
            missed=bool(bits & DRUG_DLT) and not drug,
        )


@dataclass(frozen=True)
class CohortStory:
    """What happened in a cohort besides its DLTs.

    Attributes
    ----------
    enrolled : int
    replaced : int
        Enrolled, but not evaluable.
    not_caused : int
        Counted DLTs that the drug did not cause.
    deaths : int
        Of all enrolled, in the window.
    missed : int
        Patients with a DLT of the drug that was not counted, such as those who were replaced.
    """

    enrolled: int
    replaced: int = 0
    not_caused: int = 0
    deaths: int = 0
    missed: int = 0

    @classmethod
    def of(cls, patients: Sequence[Enrolled]) -> CohortStory:
        """Count."""
        return cls(
            len(patients),
            sum(each.replaced for each in patients),
            sum(each.not_caused for each in patients),
            sum(each.died for each in patients),
            sum(each.missed for each in patients),
        )

    def __str__(self) -> str:
        """Return it in words; empty where nothing happened besides the drug's DLTs.

        Examples
        --------
        >>> str(CohortStory(enrolled=4, replaced=1, not_caused=1, deaths=1))
        '4 enrolled: 1 death in the window, 1 replaced; 1 DLT not caused by the drug'
        """
        words = []
        if self.deaths:
            words.append(f"{self.deaths} death{'s' if self.deaths > 1 else ''} in the window")
        if self.replaced:
            words.append(f"{self.replaced} replaced")
        parts = [f"{self.enrolled} enrolled: {', '.join(words)}"] if words else []
        if self.not_caused:
            parts.append(f"{self.not_caused} DLT{'s' if self.not_caused > 1 else ''} not caused by the drug")
        if self.missed:
            parts.append(f"{self.missed} DLT{'s' if self.missed > 1 else ''} of the drug not counted")
        return "; ".join(parts)
