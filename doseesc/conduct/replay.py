"""A whole trial's record replayed: what a design would have said each time patients were entered, and departures.

A record without days is replayed cohort by cohort, with what is known today.  Where patients have dates and the study
a DLT window, it is replayed day by day, with what was known on the day.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Decision, Design, Reason, Tally
from designs.arrays import FloatArray, IntArray
from designs.rules.base import counted
from doseesc.conduct.dose_estimates import model_estimates
from doseesc.conduct.patients import Patients
from doseesc.conduct.record import Cohort, Record, Step, read_record
from doseesc.conduct.staggering import gap_after_next, open_gap
from doseesc.conduct.standing import Advice, Entered, Standing, advise
from doseesc.conduct.trial import Trial, trial_of
from doseesc.conduct.watch import iso
from doseesc.conduct.words import beyond_notes, follow_up_notes, people
from doseesc.files import plain_rows

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study

_NO_BACKFILL = (
    "the file's  backfill:  is left aside here: everybody listed is taken for a patient of the escalation, and who was "
    "given a lower dose while it waited for a step down against the design"
)


@dataclass(frozen=True)
class Replay:
    """A record of K steps beside what the design said: cohorts, or where days are known those entered on one day.

    Attributes
    ----------
    trial : Trial
        The design, and what the doses are called.
    record : Record
        What was done, what was known before each step, and what the design said to it.
    advice : Advice
        What the design says now.
    """

    trial: Trial
    record: Record
    advice: Advice

    @property
    def dated(self) -> bool:
        """Whether it is replayed day by day."""
        return self.record.patients.dated

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """The patients of each step who count, as is known of them now."""
        counting = {each.id: each for each in self.record.now.patients}
        found = []
        for step in self.record.steps:
            those = [counting[each.id] for each in step.patients if each.id in counting]
            dlts, pending = sum(bool(each.dlt) for each in those), sum(each.dlt is None for each in those)
            found.append(Cohort(step.level, len(those), dlts, pending))
        return tuple(found)

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Where the trial stood before each step, and where it stands now: K + 1."""
        return (*(step.before for step in self.record.steps), self.record.now)

    @cached_property
    def tally(self) -> Tally:
        """The patients whose outcome was known before each step, and now: K + 1 rows."""
        return Tally.concatenate([each.known for each in self.standings])

    @cached_property
    def decision(self) -> Decision:
        """What the design said before each step, and says now: K + 1 rows."""
        said = [*(step.said for step in self.record.steps), self.advice]
        return Decision(
            np.array([each.level for each in said]),
            np.array([each.cohort_size for each in said]),
            np.array([each.reason for each in said], dtype=np.int8),
        )

    @cached_property
    def selected(self) -> IntArray:
        """The MTD on what was known, had the trial ended there, shape (K + 1,); 0 = none."""
        return self.trial.design.select(self.tally)

    @property
    def why(self) -> str:
        """The reason of what the design says now, in a sentence."""
        design, entered = self.trial.design, self.record.now.entered
        return design.why(Reason(int(self.decision.reason_code[-1])), entered, int(self.decision.level[-1]))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the patients."""
        entered = len(self.record.now.patients)
        return (
            *beyond_notes(entered, self.trial.design.max_n),
            *follow_up_notes(self.record.patients, self.trial.exits, self.trial.weighs),
            *((_NO_BACKFILL,) if self.trial.backfilled and entered else ()),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes, and what is to be known of the replay."""
        found = list(self.notes)
        mtd = int(self.selected[-1])
        if mtd and self.tally.n[-1, mtd - 1] == 0:
            found.append(f"nobody has been treated at {self.trial.doses.name(mtd)}, which the design names as the MTD")
        undated = [each.id for each in self.record.patients.patients if each.dlt and each.dlt_day is None]
        if self.dated and undated:
            found.append(
                f"the day of the DLT of {people(undated)} is not given (dlt_date or dlt_day): taken as known when the "
                "next cohort began"
            )
        return tuple(found)

    @cached_property
    def departures(self) -> tuple[str, ...]:
        """For each step how it departs from the design, "" where it does not."""
        last = len(self.record.steps) - 1
        return tuple(self._departure(step, place == last) for place, step in enumerate(self.record.steps))

    @property
    def departed(self) -> list[dict[str, Any]]:
        """The steps that depart from the design, each with how."""
        steps = zip(self.record.steps, self.departures, strict=True)
        return [
            {"cohort": step.cohort + 1, **({"date": iso(step.date)} if self.dated else {}), "departure": words}
            for step, words in steps
            if words
        ]

    @property
    def estimates(self) -> FloatArray | None:
        """The DLT probabilities that the design's model estimates on each row, (K + 1, J); None without a model."""
        return model_estimates(self.trial.design, self.tally)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step.

        Returns
        -------
        DataFrame
            cohort, level, dose, n and dlt as done; asked_level and asked_n as the design had said (0 = stop), and the
            departure; next_level, next_n, reason and mtd as the design said before the next step, or says now.  Where
            somebody is pending or days are known also pending (now), pending_then (when they were entered) and waited
            (the design said to wait); where days are known also date and patients.
        """
        import pandas as pd

        decision, after, steps = self.decision, slice(1, None), self.record.steps
        columns: dict[str, Any] = {"cohort": [step.cohort + 1 for step in steps]}
        if self.dated:
            columns["date"] = [iso(step.date) for step in steps]
            columns["patients"] = [" ".join(each.id for each in step.patients) for step in steps]
        columns |= {
            "level": [step.level for step in steps],
            "dose": [self.trial.doses.words(step.level) for step in steps],
            "n": [cohort.n for cohort in self.cohorts],
            "dlt": [cohort.dlt for cohort in self.cohorts],
        }
        if self.dated or self.record.now.waiting_for:
            columns["pending"] = [cohort.pending for cohort in self.cohorts]
            columns["pending_then"] = [len(step.before.waiting_for) for step in steps]
            columns["waited"] = [step.said.waits for step in steps]
        columns |= {
            "asked_level": decision.level[:-1],
            "asked_n": decision.cohort_size[:-1],
            "departure": self.departures,
            "next_level": decision.level[after],
            "next_n": decision.cohort_size[after],
            "reason": [Reason(int(code)).name for code in decision.reason_code[after]],
            "mtd": self.selected[after],
        }
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        found = self.estimates
        return {
            "design": self.trial.name,
            "cohorts": plain_rows(self.to_frame()),
            "estimates": None if found is None else [[_plain(value) for value in row] for row in found],
            "mtd": int(self.selected[-1]) or None,
            "waits": self.advice.waits,
            "notes": list(self.warnings),
        }

    def _departure(self, step: Step, last: bool) -> str:
        said, doses = step.said, self.trial.doses
        if said.level == 0:
            return f"the design had stopped: {reason_words(said.reason)}"
        if said.waits:
            return f"the design said to wait for {people([each.id for each in step.before.waiting_for])}"
        if said.level != step.level:
            return f"the design asked for {doses.name(said.level)}"
        unfinished = self.dated or (last and self.record.now.missing > 0)
        more = step.n > said.cohort_size and not self._given_one_by_one(step)
        if more or (step.n < said.cohort_size and not unfinished):
            return f"the design asked for {counted(said.cohort_size, 'patient')}"
        return self._too_soon(step)

    def _too_soon(self, step: Step) -> str:
        """Say how patients were treated before staggering let them be; only dates tell."""
        if not self.dated:
            return ""
        gap = open_gap(self.trial.stagger, step.before, step.level, step.cohort, step.date)
        if gap is not None:
            return f"stagger asks for {gap.days:g} days after {people([gap.after])}"
        after = gap_after_next(self.trial.stagger, step.before, step.level, step.cohort)
        if step.n > 1 and after:
            return f"stagger asks for {after:g} days after {people([step.patients[0].id])}"
        return ""

    def _given_one_by_one(self, step: Step) -> bool:
        """Say whether the design gives the dose to each patient of a step while those before are pending.

        As rolling six does, which is asked for every patient and need not wait.
        """
        window = step.before.window_days or 1.0  # of patients who have just been entered
        given = step.said.cohort_size
        while given < step.n:
            earlier = [
                Entered(each.id, step.level, step.cohort, dlt=None, remaining=window) for each in step.patients[:given]
            ]
            patients = (*step.before.patients, *earlier)
            standing = replace(step.before, patients=patients, window_days=window, asked=None, last=step.cohort)
            advice = advise(self.trial.design, standing)
            if advice.waits or advice.level != step.level:
                return False
            given += advice.cohort_size
        return True


def replay(
    study: Study | Design,
    data: str | Path | Patients | pd.DataFrame,
    design: str | Design | None = None,
    *,
    date: datetime.date | str | None = None,
    window_days: float | None = None,
) -> Replay:
    """Replay a record.

    Parameters
    ----------
    study : Study or Design
        The study with its doses and designs, or a design alone.
    data : str, path, Patients or DataFrame
        Outcomes such as ``"1NNN 2NNT"``, with ``P`` for a patient pending and ``P7`` for one followed 7 days; or
        patients: a CSV file's path, a table, or read already.
    design : str or Design, optional
        The design's name in the study; may be left out where there is only one.
    date : date or str, optional
        Of the data, such as "2026-11-29"; by default the day on which this is run.
    window_days : float, optional
        The DLT window, for a design alone.

    Raises
    ------
    ValueError
        If the record cannot be read (:class:`doseesc.conduct.patient_rows.PatientsError` for a file), or no design is
        meant.

    Examples
    --------
    >>> from designs import BOIN
    >>> design = BOIN(target=0.3, n_doses=5, max_n=30)
    >>> replay(design, "1NNN 2NNN 3NTT 1NNN").to_frame()[["level", "asked_level", "departure"]].values.tolist()
    [[1, 1, ''], [2, 2, ''], [3, 3, ''], [1, 2, 'the design asked for level 2']]
    """
    trial = trial_of(study, design, window_days)
    return replayed(trial, read_record(trial, data, date))


def replayed(trial: Trial, record: Record) -> Replay:
    """Return a record, walked through already, beside what the design says now."""
    return Replay(trial, record, advise(trial.design, record.now))


def reason_words(reason: Reason) -> str:
    """Return a stopping reason's sentence without its "Stop: " and full stop."""
    return reason.sentence.removeprefix("Stop: ").rstrip(".")


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
