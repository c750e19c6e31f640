"""The next dose for a running trial, asked of a design.

>>> from designs import BOIN
>>> design = BOIN(target=0.25, n_doses=3, max_n=18)
>>> print(recommend(design, "1NNN 2NNT").sentence)
Treat the next 3 patients at level 1
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from designs import Design, Reason, Tally
from designs.pending import EnteredTally
from doseesc.conduct.dose_estimates import estimate_doses
from doseesc.conduct.patients import Patients, as_date
from doseesc.conduct.recommendation import Recommendation
from doseesc.conduct.record import read_record
from doseesc.conduct.replay import Replay, replayed
from doseesc.conduct.rule_effects import RuleEffect, rule_effects
from doseesc.conduct.standing import Advice
from doseesc.conduct.trial import Trial, trial_of
from doseesc.conduct.watch import Watch
from doseesc.engines import pathways

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study


def recommend(
    study: Study | Design,
    data: str | Path | Tally | Patients | pd.DataFrame = "",
    design: str | Design | None = None,
    *,
    date: datetime.date | str | None = None,
    window_days: float | None = None,
) -> Recommendation:
    """Return what a design recommends on the data so far.

    Parameters
    ----------
    study : Study or Design
        The study with its doses and designs, or a design alone.
    data : str, path, Tally, Patients or DataFrame
        Outcomes such as ``"1NNN 2NNT"``, with ``P`` for a patient pending and ``P7`` for one followed 7 days; patients
        (a CSV file's path, a table, or read already); or a tally of one trial, with nobody pending.  By default nobody
        has been treated.
    design : str or Design, optional
        The design's name in the study; may be left out where there is only one.
    date : date or str, optional
        Of the data, such as "2026-11-29".  By default the day on which this is run; for outcomes none, and waiting is
        told in days.
    window_days : float, optional
        The DLT window, for a design alone.

    Raises
    ------
    ValueError
        If the data cannot be read (:class:`doseesc.conduct.patient_rows.PatientsError` for a file), or no design is
        meant.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study import shipped_scenarios
    >>> study = doseesc.load(shipped_scenarios()["nct04602104"])
    >>> doseesc.recommend(study, "1NNN 2NNN", design="BOIN").sentence
    'Treat the next 3 patients at high (16 x 1e8 particles per day)'
    >>> doseesc.recommend(study, "1NNN 2NNP9", design="BOIN", date="2026-11-29").sentence
    'Wait for patient 6, followed 9 of 14 days; if no DLT by 4 December: high; with a DLT: low'
    """
    trial = trial_of(study, design, window_days)
    if isinstance(data, Tally):
        if data.size != 1:
            raise ValueError(f"data must be those of one trial, not of {data.size}")
        decision = trial.design.decide(data)
        advice = Advice(int(decision.level[0]), int(decision.cohort_size[0]), Reason(int(decision.reason_code[0])))
        return _recommendation(trial, data, advice)
    record = replayed(trial, read_record(trial, data, date))
    now = record.record.now
    on = record.record.patients.date if record.dated else as_date(date)
    watch = Watch(trial, now, record.advice, on) if now.waiting_for else None
    return _recommendation(trial, now.known, record.advice, record, watch)


def _recommendation(
    trial: Trial, tally: Tally, advice: Advice, record: Replay | None = None, watch: Watch | None = None
) -> Recommendation:
    now = None if record is None else record.record.now
    completing = now is not None and now.missing > 0 and advice.reason is Reason.COMPLETE_COHORT
    return Recommendation(
        trial=trial,
        tally=tally,
        level=advice.level,
        cohort_size=advice.cohort_size,
        reason=advice.reason,
        mtd=int(trial.design.select(tally)[0]),
        rules=() if advice.waits or completing else _rules(trial, tally if now is None else now.entered),
        estimates=estimate_doses(
            trial.design, now.entered if now is not None and trial.weighs_likelihood else tally, trial.target
        ),
        next_outcomes=None if watch is not None or completing else pathways(trial.design, 1, tally),
        record=record,
        watch=watch,
    )


def _rules(trial: Trial, tally: Tally) -> tuple[RuleEffect, ...]:
    """Return the rules' effects: a policy that does not weigh pending patients goes on where none can change them."""
    if isinstance(tally, EnteredTally) and not trial.weighs:
        tally = tally.taken_as_known()
    return rule_effects(trial.design, tally, trial.doses)
