"""What an analysis starts from: the data, the MTD of which the arms' doses are fractions, and the doses of the answer.

>>> import doseesc
>>> from doseesc.study import shipped_scenarios
>>> study = doseesc.load(shipped_scenarios()["nct04602104"])
>>> [dose.label for dose in reported_doses(study, mtd=2)]
['low', 'medium', 'high', 'dosage 1', 'dosage 2']
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designs import Tally
from doseesc.conduct import known_outcomes
from doseesc.inference import ToxicityData, doses_of_interest
from doseesc.results import arm_amounts

if TYPE_CHECKING:
    from doseesc.study import Study


@dataclass(frozen=True)
class ReportedDose:
    """A dose of the answer: a level, or that of a Phase 2 arm; ``place`` is that among the doses of the model."""

    label: str
    amount: float
    kind: str
    place: int


def reported_doses(study: Study, mtd: int) -> tuple[ReportedDose, ...]:
    """Return the levels and, where there is an MTD, the active Phase 2 arms with their doses."""
    levels = study.doses.amounts
    found = [ReportedDose(label, levels[place], "level", place) for place, label in enumerate(study.dose_labels)]
    active = [arm for arm in study.phase2_arms if not arm.control] if mtd else []
    amounts = [arm_amounts(study, arm, levels[mtd - 1])[1] for arm in active]
    places = doses_of_interest(levels, amounts)
    for arm, amount in zip(active, amounts, strict=True):
        place = int(np.argmin(np.abs(np.log(places) - np.log(amount))))
        found.append(ReportedDose(arm.name, places[place], "arm", place))
    return tuple(found)


def read_data(
    study: Study, data: str | Path | ToxicityData | Tally, date: datetime.date | str | None = None
) -> tuple[ToxicityData, Tally, tuple[str, ...]]:
    """Return data as rows of the model and as the tally that a design sees, and what was made of patients pending.

    Raises
    ------
    ValueError
        If they cannot be read, or a tally has not the study's levels.
    """
    amounts = study.doses.amounts
    if isinstance(data, ToxicityData):
        trial = data.of_study(data.studies[0]).aggregated() if data.n else data
        return data, tally_at(amounts, zip(trial.amount, trial.n, trial.dlt, strict=True)), ()
    tally, notes = (data, ()) if isinstance(data, Tally) else known_outcomes(study, data, date)
    return ToxicityData.from_tally(tally, amounts), tally, notes


def tally_at(amounts: Sequence[float], rows: Iterable[tuple[float, int, int]]) -> Tally:
    """Return rows of amount, patients and DLTs as a tally whose current dose is the highest given."""
    counts = {amount: (n, dlt) for amount, n, dlt in rows}
    n, dlt = np.array([counts.get(amount, (0, 0)) for amount in amounts], dtype=np.int64).T
    last = int(np.max(np.flatnonzero(n), initial=-1)) + 1
    return Tally(n=n[None], dlt=dlt[None], level=np.array([last]))


def mtd_of(study: Study, tally: Tally, given: int | str | None) -> tuple[int, str]:
    """Return the MTD and where it comes from."""
    if given is not None:
        return study.level_of(given), "as given"
    for name, design in study.designs.items():
        level = int(design.select(tally)[0])
        if level:
            return level, f"as {name} selects on these data"
    return 0, "no design selects a level on these data"
