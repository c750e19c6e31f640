"""What is known of a patient on a day: a DLT, none, not yet, or that nothing will ever be known.

A patient without a DLT is watched until the DLT window is over; until then "no DLT" is not final, and the patient is
pending.  Patients who die, are lost or withdraw in the window without a DLT are treated as the study's own
observation policy says (the first of its section ``observation``):

=================  =====================================================================================================
``replaced``       not evaluable: the patient leaves the tally, and another takes the place
``all_count``      the death counts as a DLT
``dlt_free``       the patient counts as one without a DLT
``fraction``       a committee judges the death: the column ``dlt`` says its judgement, and until then the patient is
                   pending; a death judged not to be the drug's is treated as ``unattributed`` says
``weight_frozen``  the patient stays pending, followed until that day and no longer, for designs that weigh pending
                   patients; for all others not evaluable (the TITE-CRM's convention, from memory)
=================  =====================================================================================================
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import NamedTuple

LEFT = ("died", "lost", "withdrawn")
"""How a patient may leave the study."""

FROZEN = "weight_frozen"


@dataclass(frozen=True)
class Patient:
    """One patient of a file.

    Attributes
    ----------
    id : str
    level : int
        Dose level, from 1.
    dlt : bool or None
        As the file says; None = not known.
    date : date or None
        Of the first dose.
    cohort : str or None
        As the file names it.
    line : int
        Of the file.
    dlt_day : float or None
        Days from first dose to the DLT.
    last_seen : date or None
    status : str
        One of :data:`LEFT`, or "" on study.
    """

    id: str
    level: int
    dlt: bool | None
    date: datetime.date | None
    cohort: str | None
    line: int
    dlt_day: float | None = None
    last_seen: datetime.date | None = None
    status: str = ""

    def days_until(self, day: datetime.date | None) -> float | None:
        """Return the days from first dose to a day; None where either is not known."""
        return None if self.date is None or day is None else float((day - self.date).days)

    def left_after(self, window_days: float) -> float | None:
        """Return after how many days the patient left within the window without a DLT; None where that is not so."""
        days = self.days_until(self.last_seen)
        if self.status not in LEFT or self.dlt or days is None or days >= window_days:
            return None
        return days


@dataclass(frozen=True)
class Exits:
    """What is made of patients who leave in the window without a DLT.

    Attributes
    ----------
    deaths : {"replaced", "all_count", "dlt_free", "fraction", "weight_frozen"}
    losses : {"replaced", "dlt_free", "weight_frozen"}
        Of patients lost or withdrawn.
    unattributed : {"dlt_free", "replaced"}
        For deaths that a committee judges not to be the drug's.
    assumed : bool
        Whether the study says nothing of it.
    """

    deaths: str = "replaced"
    losses: str = "replaced"
    unattributed: str = "dlt_free"
    assumed: bool = True

    def of(self, patient: Patient, weighs: bool) -> str:
        """Return what becomes of a patient who has left; ``weighs``: whether the design weighs pending patients."""
        policy = self.deaths if patient.status == "died" else self.losses
        if policy == "fraction":
            policy = "pending" if patient.dlt is None else self.unattributed
        return "replaced" if policy == FROZEN and not weighs else policy


class Known(NamedTuple):
    """What is known of a patient on a day.

    Attributes
    ----------
    dlt : bool or None
        None = pending.
    days : float
        Days followed, of a patient pending.
    remaining : float or None
        Days until the window is over, of a patient pending: 0 = it is, and the outcome is overdue; None = nobody will
        ever know.
    evaluable : bool
        False: the patient leaves the tally.
    """

    dlt: bool | None
    days: float = 0.0
    remaining: float | None = None
    evaluable: bool = True


def known_on(
    patient: Patient,
    day: datetime.date | None,
    window_days: float | None,
    exits: Exits,
    *,
    weighs: bool = False,
    dlt_is_known: bool = True,
) -> Known:
    """Return what is known of a patient on a day.

    Parameters
    ----------
    patient : Patient
    day : date or None
        None, like a patient without a date and a study without a window: whatever the file says is known.
    window_days : float or None
    exits : Exits
    weighs : bool
        Whether the design weighs pending patients.
    dlt_is_known : bool
        Whether a DLT of which the day is not given is known by this day.

    Examples
    --------
    >>> patient = Patient("007", 2, None, datetime.date(2026, 11, 20), None, 8)
    >>> known_on(patient, datetime.date(2026, 11, 29), 14, Exits())
    Known(dlt=None, days=9.0, remaining=5.0, evaluable=True)
    """
    elapsed = patient.days_until(day)
    if elapsed is None or window_days is None:
        return Known(patient.dlt)
    if patient.dlt:
        known = elapsed >= patient.dlt_day if patient.dlt_day is not None else dlt_is_known or elapsed >= window_days
        return Known(True) if known else Known(None, elapsed, window_days - elapsed)
    left = patient.left_after(window_days)
    if left is not None and elapsed >= left:
        return _after_leaving(exits.of(patient, weighs), left)
    seen = patient.days_until(patient.last_seen)
    if elapsed < window_days:
        return Known(None, elapsed if seen is None else min(elapsed, seen), window_days - elapsed)
    if patient.dlt is False and (seen is None or seen >= window_days):
        return Known(False)
    # The window is over and nobody has said what came of it: follow-up counts as far as it is known.
    return Known(None, seen if seen is not None and seen < window_days else 0.0, 0.0)


def _after_leaving(policy: str, days: float) -> Known:
    if policy == "replaced":
        return Known(None, days, None, evaluable=False)
    if policy == FROZEN:
        return Known(None, days, None)
    if policy == "pending":
        return Known(None, days, 0.0)
    return Known(policy == "all_count")
