"""A whole trial's record replayed: what a design would have said before every cohort, and where the trial departed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Decision, Design, Reason, Tally
from designs.arrays import FloatArray, IntArray
from doseesc.conduct.cohorts import Cohort, history, read_outcomes
from doseesc.conduct.dose_estimates import model_estimates
from doseesc.conduct.patients import Patients, read_patients
from doseesc.conduct.trial import Trial, trial_of
from doseesc.files import plain_rows

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study


@dataclass(frozen=True)
class Replay:
    """A record of K cohorts beside what the design said.

    Attributes
    ----------
    trial : Trial
        The design, and what the doses are called.
    cohorts : tuple of Cohort
        What was done.
    tally : Tally
        The data before the first cohort, after the first and so on: K + 1 rows.
    decision : Decision
        What the design says on each row.
    selected : array of int, shape (K + 1,)
        The MTD if the trial had ended there; 0 = none.
    notes : tuple of str
        What the patients' file has to say.
    """

    trial: Trial
    cohorts: tuple[Cohort, ...]
    tally: Tally
    decision: Decision
    selected: IntArray
    notes: tuple[str, ...] = ()

    @cached_property
    def departures(self) -> tuple[str, ...]:
        """For each cohort how it departs from the design, "" where it does not."""
        return tuple(self._departure(row) for row in range(len(self.cohorts)))

    @property
    def departed(self) -> list[dict[str, Any]]:
        """The cohorts that depart from the design, each with how."""
        return [{"cohort": place, "departure": words} for place, words in enumerate(self.departures, 1) if words]

    @property
    def estimates(self) -> FloatArray | None:
        """The DLT probabilities that the design's model estimates on each row, (K + 1, J); None without a model."""
        return model_estimates(self.trial.design, self.tally)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cohort.

        Returns
        -------
        DataFrame
            cohort, level, dose, n and dlt as done; asked_level and asked_n as the design had said (0 = stop), and the
            departure; next_level, next_n, reason and mtd as the design says after the cohort.
        """
        import pandas as pd

        decision, after = self.decision, slice(1, None)
        return pd.DataFrame(
            {
                "cohort": range(1, len(self.cohorts) + 1),
                "level": [cohort.level for cohort in self.cohorts],
                "dose": [self.trial.doses.words(cohort.level) for cohort in self.cohorts],
                "n": [cohort.n for cohort in self.cohorts],
                "dlt": [cohort.dlt for cohort in self.cohorts],
                "asked_level": decision.level[:-1],
                "asked_n": decision.cohort_size[:-1],
                "departure": self.departures,
                "next_level": decision.level[after],
                "next_n": decision.cohort_size[after],
                "reason": [Reason(int(code)).name for code in decision.reason_code[after]],
                "mtd": self.selected[after],
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        found = self.estimates
        return {
            "design": self.trial.name,
            "cohorts": plain_rows(self.to_frame()),
            "estimates": None if found is None else [[_plain(value) for value in row] for row in found],
            "mtd": int(self.selected[-1]) or None,
            "notes": list(self.notes),
        }

    def _departure(self, row: int) -> str:
        cohort, doses = self.cohorts[row], self.trial.doses
        level, size = int(self.decision.level[row]), int(self.decision.cohort_size[row])
        if level == 0:
            return f"the design had stopped: {reason_words(Reason(int(self.decision.reason_code[row])))}"
        if level != cohort.level:
            return f"the design asked for {doses.name(level)}"
        if size != cohort.n:
            return f"the design asked for {size} {'patient' if size == 1 else 'patients'}"
        return ""


def replay(
    study: Study | Design, data: str | Path | Patients | pd.DataFrame, design: str | Design | None = None
) -> Replay:
    """Replay a record.

    Parameters
    ----------
    study : Study or Design
        The study with its doses and designs, or a design alone.
    data : str, path, Patients or DataFrame
        Outcomes such as ``"1NNN 2NNT"``; or patients: a CSV file's path, a table, or read already.
    design : str or Design, optional
        The design's name in the study; may be left out where there is only one.

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
    trial = trial_of(study, design)
    cohorts, notes = cohorts_of(trial, data)
    tally = history(cohorts, trial.design.n_doses)
    return Replay(trial, cohorts, tally, trial.design.decide(tally), trial.design.select(tally), notes)


def cohorts_of(trial: Trial, data: str | Path | Patients | pd.DataFrame) -> tuple[tuple[Cohort, ...], tuple[str, ...]]:
    """Return the cohorts of a record, and what its file has to say."""
    if isinstance(data, str) and not data.lower().endswith(".csv"):
        return read_outcomes(data, trial.design.n_doses), ()
    patients = data if isinstance(data, Patients) else read_patients(data, trial.doses, window_days=trial.window_days)
    return patients.cohorts(trial.design), patients.notes


def reason_words(reason: Reason) -> str:
    """Return a stopping reason's sentence without its "Stop: " and full stop."""
    return reason.sentence.removeprefix("Stop: ").rstrip(".")


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
