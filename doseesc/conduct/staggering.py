"""From which day a study's staggering lets the next patient of a running trial be treated.

The rule is that of the study's simulated trials: after a patient a gap must pass before the next is treated at that
dose or a higher one, and a DLT within it breaks the cohort off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from doseesc.conduct.standing import Entered, Standing

if TYPE_CHECKING:
    import datetime

    from doseesc.engines import Stagger


class Gap(NamedTuple):
    """A gap that is not over: after which patient, of how many days in all, and of how many from today on."""

    after: str
    days: float
    left: int


def open_gap(
    stagger: Stagger | None, standing: Standing, level: int, cohort: int, today: datetime.date | None
) -> Gap | None:
    """Return the gap that lets nobody be treated at a level today, as one of a cohort; None where none is open.

    Where every cohort is staggered for itself, those before hold nobody up.  Without dates it is known only of patients
    pending how long ago they were treated; the others hold nobody up either.
    """
    if stagger is None:
        return None
    gaps = []
    for each in range(1, level + 1):
        here = [
            place
            for place, patient in enumerate(standing.patients)
            if patient.level == each and (stagger.at == "new_dose" or patient.cohort == cohort)
        ]
        since = _days_since(standing.patients[here[-1]], today) if here else None
        if since is None:
            continue
        days = stagger.days_after(_position(stagger, standing.patients[: here[-1] + 1]))
        if days > since:
            gaps.append(Gap(standing.patients[here[-1]].id, days, math.ceil(days - since)))
    return max(gaps, key=lambda gap: gap.left, default=None)


def broken_off(stagger: Stagger | None, standing: Standing) -> bool:
    """Say whether a DLT of the last cohort became known in the gap after its last patient: the cohort is over then.

    It must be known on which day the DLT came.
    """
    cohort = [each for each in standing.patients if each.cohort == standing.last]
    if stagger is None or not cohort or cohort[-1].date is None:
        return False
    began = cohort[-1].date
    through = standing.patients[: standing.patients.index(cohort[-1]) + 1]
    gap = stagger.days_after(_position(stagger, through))
    since = [
        (each.date - began).days + each.dlt_day
        for each in cohort
        if each.dlt and each.date is not None and each.dlt_day is not None
    ]
    return any(0 < days <= gap for days in since)


def gap_after_next(stagger: Stagger | None, standing: Standing, level: int, cohort: int) -> float:
    """Return the days that must pass after the next patient, who is given a level as one of a cohort."""
    if stagger is None:
        return 0.0
    following = Entered("", level, cohort, dlt=None)
    return stagger.days_after(_position(stagger, (*standing.patients, following)))


def _position(stagger: Stagger, patients: Sequence[Entered]) -> int:
    """Return which patient at the dose, or of the cohort, the last of some patients is, from 1."""
    last = patients[-1]
    if stagger.at == "new_dose":
        return sum(each.level == last.level for each in patients)
    return sum(each.cohort == last.cohort for each in patients)


def _days_since(patient: Entered, today: datetime.date | None) -> float | None:
    if patient.date is not None and today is not None:
        return (today - patient.date).days
    return patient.days if patient.dlt is None else None
