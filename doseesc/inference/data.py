"""What a trial, or several, observed: patients and DLTs by study and dose amount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from designs import Tally
from designs.arrays import IntArray
from designs.checks import require_amounts

TRIAL = "trial"
"""Name of the study in hand, where none is given."""


@dataclass(frozen=True, kw_only=True)
class ToxicityData:
    """Rows of patients and DLTs; a row is a group of patients, or a single one, at one dose of one study.

    Parameters
    ----------
    study : sequence of str
        Name of the study of each row.
    amount : sequence of float
        Dose amounts, positive, in one unit for all studies.
    n, dlt : sequence of int
        Patients and, of them, those with a DLT.  A row may have no patients.

    Raises
    ------
    ValueError
        If the lengths differ, an amount is not positive, or there are more DLTs than patients.

    Examples
    --------
    >>> data = ToxicityData.from_outcomes("1NNN 2NNT", amounts=[2, 8, 16])
    >>> data.n, data.dlt
    ((3, 3, 0), (0, 1, 0))
    >>> earlier = ToxicityData(study=["volunteers"] * 2, amount=[2, 4], n=[3, 3], dlt=[0, 0])
    >>> (data + earlier).studies
    ('trial', 'volunteers')
    """

    study: tuple[str, ...]
    amount: tuple[float, ...]
    n: tuple[int, ...]
    dlt: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "study", tuple(str(name) for name in self.study))
        object.__setattr__(self, "amount", tuple(float(amount) for amount in self.amount))
        object.__setattr__(self, "n", _counts("n", self.n))
        object.__setattr__(self, "dlt", _counts("dlt", self.dlt))
        lengths = {name: len(getattr(self, name)) for name in ("study", "amount", "n", "dlt")}
        if len(set(lengths.values())) != 1:
            listed = ", ".join(f"{length} of {name}" for name, length in lengths.items())
            raise ValueError(f"study, amount, n and dlt must be equally long, not {listed}")
        for amount in self.amount:
            if not 0 < amount < float("inf"):
                raise ValueError(f"amount must be positive, not {amount:g}")
        for n, dlt in zip(self.n, self.dlt, strict=True):
            if not 0 <= dlt <= n:
                raise ValueError(f"dlt must lie between 0 and the {n} patients of its row, not {dlt}")

    @classmethod
    def from_tally(cls, tally: Tally, amounts: Sequence[float], study: str = TRIAL) -> ToxicityData:
        """Take the counts of a single tally, one row per level, levels without patients included.

        Parameters
        ----------
        tally : Tally
            One tally (S = 1) of J levels.
        amounts : sequence of float, length J
            Dose amounts of the levels.
        study : str
            Name of the study.

        Raises
        ------
        ValueError
            If there are several tallies, or as many amounts as levels are not given.
        """
        amounts = require_amounts("amounts", amounts)
        if tally.size != 1:
            raise ValueError(f"tally must be a single one, not {tally.size}")
        if tally.n_doses != len(amounts):
            raise ValueError(f"amounts must have one for each of the {tally.n_doses} levels, not {len(amounts)}")
        n, dlt = ([int(count) for count in counts[0]] for counts in (tally.n, tally.dlt))
        return cls(study=(study,) * len(amounts), amount=amounts, n=tuple(n), dlt=tuple(dlt))

    @classmethod
    def from_outcomes(cls, outcomes: str, amounts: Sequence[float], study: str = TRIAL) -> ToxicityData:
        """Read an outcome string such as ``"1NNN 2NNT"``; see :meth:`from_tally`."""
        return cls.from_tally(Tally.parse(outcomes, n_doses=len(amounts)), amounts, study)

    @classmethod
    def from_patients(
        cls, amounts: Iterable[float], dlt: Iterable[bool], study: str | Iterable[str] = TRIAL
    ) -> ToxicityData:
        """Count patients given one by one.

        Parameters
        ----------
        amounts : iterable of float
            Dose amount of each patient.
        dlt : iterable of bool
            Whether the patient had a DLT.
        study : str or iterable of str
            Study of all patients, or of each.

        Raises
        ------
        ValueError
            If the lengths differ, or ``dlt`` holds anything but true and false.

        Examples
        --------
        >>> ToxicityData.from_patients([2, 2, 8, 2], [False, True, False, False])
        ToxicityData(study=('trial', 'trial'), amount=(2.0, 8.0), n=(3, 1), dlt=(1, 0))
        """
        doses, events = [float(amount) for amount in amounts], list(dlt)
        studies = [study] * len(doses) if isinstance(study, str) else list(study)
        if not len(doses) == len(events) == len(studies):
            raise ValueError(
                f"amounts, dlt and study must have one entry per patient, not {len(doses)}, {len(events)} and "
                f"{len(studies)}"
            )
        for event in events:
            if event not in (0, 1):
                raise ValueError(f"dlt must be true or false for each patient, not {event!r}")
        ones = (1,) * len(doses)
        rows = cls(study=tuple(studies), amount=tuple(doses), n=ones, dlt=tuple(int(event) for event in events))
        return rows.aggregated()

    def __add__(self, other: ToxicityData) -> ToxicityData:
        """Join the rows of two data sets."""
        if not isinstance(other, ToxicityData):
            return NotImplemented
        return ToxicityData(
            study=self.study + other.study,
            amount=self.amount + other.amount,
            n=self.n + other.n,
            dlt=self.dlt + other.dlt,
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies in order of appearance."""
        return tuple(dict.fromkeys(self.study))

    @property
    def study_index(self) -> IntArray:
        """Position of each row's study among :attr:`studies`."""
        studies = self.studies
        return np.array([studies.index(name) for name in self.study], dtype=np.int64)

    @property
    def patients(self) -> int:
        """Patients in all."""
        return sum(self.n)

    def of_study(self, study: str) -> ToxicityData:
        """Return the rows of one study.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        if study not in self.study:
            raise ValueError(f"there is no study {study!r}; there are {', '.join(self.studies) or 'none'}")
        kept = [name == study for name in self.study]
        return ToxicityData(**{name: tuple(compress(column, kept)) for name, column in vars(self).items()})

    def aggregated(self) -> ToxicityData:
        """Return one row per study and dose: studies in order of appearance, doses from low to high."""
        counts: dict[tuple[int, float], list[int]] = {}
        for place, amount, n, dlt in zip(self.study_index.tolist(), self.amount, self.n, self.dlt, strict=True):
            row = counts.setdefault((place, amount), [0, 0])
            row[0] += n
            row[1] += dlt
        keys = sorted(counts)
        return ToxicityData(
            study=tuple(self.studies[place] for place, _ in keys),
            amount=tuple(amount for _, amount in keys),
            n=tuple(counts[key][0] for key in keys),
            dlt=tuple(counts[key][1] for key in keys),
        )

    def by_patient(self) -> ToxicityData:
        """Return one row per patient; within a row, patients with a DLT come first."""
        rows = [row for row, n in enumerate(self.n) for _ in range(n)]
        events = [int(patient < dlt) for n, dlt in zip(self.n, self.dlt, strict=True) for patient in range(n)]
        return ToxicityData(
            study=tuple(self.study[row] for row in rows),
            amount=tuple(self.amount[row] for row in rows),
            n=(1,) * len(rows),
            dlt=tuple(events),
        )


def _counts(name: str, values: Iterable[int]) -> tuple[int, ...]:
    counts = list(values)
    for count in counts:
        if isinstance(count, bool) or count != int(count):
            raise ValueError(f"{name} must hold whole numbers, not {count!r}")
    return tuple(int(count) for count in counts)


NOBODY = ToxicityData(study=(), amount=(), n=(), dlt=())
"""No data."""
