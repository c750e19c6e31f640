"""The outcomes of a trial that are known, for analyses that have nothing to say about patients pending."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designs import Pending, Tally
from designs.outcomes import parse_patients
from designs.rules.base import counted
from doseesc.conduct.follow_up import known_on
from doseesc.conduct.patients import read_patients
from doseesc.conduct.trial import watched
from doseesc.conduct.words import follow_up_notes, people

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study


def known_outcomes(
    study: Study, data: str | Path | pd.DataFrame, date: datetime.date | str | None = None
) -> tuple[Tally, tuple[str, ...]]:
    """Return the tally of the patients whose outcome is known, and what was made of the others.

    Parameters
    ----------
    study : Study
    data : str, path or DataFrame
        Outcomes such as ``"1NNN 2NP7P"``; or patients: a CSV file's path, or a table.
    date : date or str, optional
        Of the data; by default the day on which this is run.

    Raises
    ------
    ValueError
        If the data cannot be read (:class:`doseesc.conduct.patient_rows.PatientsError` for a file).
    """
    window, exits = watched(study)
    if isinstance(data, str) and not data.lower().endswith(".csv"):
        words = [each for _, cohort in parse_patients(data, study.n_doses) for each in cohort]
        pending = [str(place) for place, each in enumerate(words, 1) if each.startswith("P")]
        return Pending.parse(data, study.n_doses, window)[0], _left_out(pending)
    doses = study.named_doses
    patients = read_patients(data, doses, window_days=window, date=date)
    outcomes = {each: known_on(each, patients.date, window, exits) for each in patients.patients}
    known = [(each.level, found.dlt) for each, found in outcomes.items() if found.evaluable and found.dlt is not None]
    pending = [each.id for each, found in outcomes.items() if found.evaluable and found.dlt is None]
    n, dlt = np.zeros((2, study.n_doses), dtype=np.int64)
    for level, had in known:
        n[level - 1] += 1
        dlt[level - 1] += had
    last = patients.patients[-1].level if patients.patients else 0
    tally = Tally(n=n[None], dlt=dlt[None], level=np.array([last]))
    return tally, (*follow_up_notes(patients, exits), *_left_out(pending))


def _left_out(pending: Sequence[str]) -> tuple[str, ...]:
    return (f"{counted(len(pending), 'patient')} pending left out: {people(pending)}",) if pending else ()
