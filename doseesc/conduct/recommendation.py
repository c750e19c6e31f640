"""The next dose for a running trial: what the design says to the data so far, why, and what comes after.

>>> from designs import BOIN
>>> design = BOIN(target=0.25, n_doses=3, max_n=18)
>>> print(recommend(design, "1NNN 2NNT").sentence)
Treat the next 3 patients at level 1
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Design, Reason, Tally
from doseesc.conduct.dose_estimates import DoseEstimates, estimate_doses
from doseesc.conduct.patients import Patients
from doseesc.conduct.replay import Replay, replay
from doseesc.conduct.rule_effects import RuleEffect, rule_effects
from doseesc.conduct.trial import Trial, trial_of
from doseesc.engines import Pathways, pathways
from doseesc.files import plain_rows

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study


@dataclass(frozen=True)
class Recommendation:
    """What a design recommends on the data so far.

    Attributes
    ----------
    trial : Trial
        The design, and what the doses are called.
    tally : Tally
        The data so far.
    level : int
        Level of the next cohort; 0 = stop.
    cohort_size : int
        Patients in it.
    reason : Reason
        Why, in the vocabulary of all designs.
    mtd : int
        The MTD if the trial ended now; 0 = none.
    rules : tuple of RuleEffect
        The rules that had a say.
    estimates : DoseEstimates
        What the data say about each dose.
    next_outcomes : Pathways
        What comes after each outcome of the next cohort.
    record : Replay or None
        The record cohort by cohort, with its departures; None where only a tally is known.
    """

    trial: Trial
    tally: Tally
    level: int
    cohort_size: int
    reason: Reason
    mtd: int
    rules: tuple[RuleEffect, ...]
    estimates: DoseEstimates
    next_outcomes: Pathways
    record: Replay | None = None

    @property
    def sentence(self) -> str:
        """The answer in one line."""
        if self.level == 0:
            found = f"the MTD is {self.trial.doses.words(self.mtd)}" if self.mtd else "no dose can be recommended"
            return f"Stop the trial: {found}"
        patients = "patient" if self.cohort_size == 1 else f"{self.cohort_size} patients"
        return f"Treat the next {patients} at {self.trial.doses.words(self.level)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be known before the answer is followed."""
        found = list(self.record.notes) if self.record else []
        if self.record:
            departed = [each["cohort"] for each in self.record.departed]
            last = self.record.cohorts[-1] if self.record.cohorts else None
            asked = int(self.record.decision.cohort_size[-2]) if last else 0
            same_level = last is not None and int(self.record.decision.level[-2]) == last.level
            if last is not None and same_level and last.n < asked:
                found.append(
                    f"the last cohort has {last.n} of {asked} patients; where the others are still to be treated, "
                    "complete it first"
                )
                departed = departed[:-1]
            if departed:
                which = ", ".join(map(str, departed))
                cohorts = "cohort" if len(departed) == 1 else "cohorts"
                found.append(f"{cohorts} {which} departed from the design; see  doseesc replay")
        if self.level == 0 and self.mtd == self.trial.design.n_doses and self._highest_is_tolerated():
            highest = self.trial.doses.name(self.mtd)
            found.append(f"{highest} is the highest dose of the trial: a higher one might be tolerated too")
        if self.mtd and self.tally.n[0, self.mtd - 1] == 0:
            found.append(
                f"nobody has been treated at {self.trial.doses.name(self.mtd)}, the MTD if the trial ended now"
            )
        return tuple(found)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per dose.

        Returns
        -------
        DataFrame
            level, label, amount, n, dlt, estimate, the 90 % interval's lower and upper, and the probabilities of
            overdosing and underdosing.
        """
        import pandas as pd

        doses, found = self.trial.doses, self.estimates
        return pd.DataFrame(
            {
                "level": range(1, self.trial.design.n_doses + 1),
                "label": doses.labels,
                "amount": doses.amounts if doses.amounts is not None else float("nan"),
                "n": self.tally.n[0],
                "dlt": self.tally.dlt[0],
                "estimate": found.mean,
                "lower": found.lower,
                "upper": found.upper,
                "overdosing": found.overdosing,
                "underdosing": found.underdosing,
            }
        )

    def outcomes_frame(self) -> pd.DataFrame:
        """Return one row per outcome of the next cohort: dlts, next_level (0 = stop), next_n, reason, mtd."""
        import pandas as pd

        paths = self.next_outcomes
        rows = [
            (
                int(paths.dlts[node]),
                int(paths.decision.level[node]),
                int(paths.decision.cohort_size[node]),
                Reason(int(paths.decision.reason_code[node])).name,
                int(paths.selected[node]),
            )
            for node in (paths.children(0) if self.level else ())
        ]
        return pd.DataFrame(rows, columns=["dlts", "next_level", "next_n", "reason", "mtd"])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; what is not known is None."""
        doses = self.trial.doses
        found = self.estimates
        return {
            "design": self.trial.name,
            "recommendation": self.sentence,
            "next": {
                "level": self.level,
                "label": doses.labels[self.level - 1] if self.level else None,
                "amount": doses.amounts[self.level - 1] if self.level and doses.amounts else None,
                "unit": doses.unit or None,
                "patients": self.cohort_size,
            },
            "reason": self.reason.name,
            "why": self.reason.sentence,
            "rules": [effect._asdict() for effect in self.rules],
            "mtd_if_stopped_now": self.mtd or None,
            "overdosing_above": found.over,
            "underdosing_below": found.under,
            "estimates_from": found.basis,
            "doses": plain_rows(self.to_frame()),
            "after_the_next_cohort": plain_rows(self.outcomes_frame()),
            "departures": [] if self.record is None else self.record.departed,
            "notes": list(self.notes),
        }

    def _highest_is_tolerated(self) -> bool:
        n, dlt = int(self.tally.n[0, -1]), int(self.tally.dlt[0, -1])
        return self.trial.target is None or dlt <= self.trial.target * n


def recommend(
    study: Study | Design,
    data: str | Path | Tally | Patients | pd.DataFrame = "",
    design: str | Design | None = None,
) -> Recommendation:
    """Return what a design recommends on the data so far.

    Parameters
    ----------
    study : Study or Design
        The study with its doses and designs, or a design alone.
    data : str, path, Tally, Patients or DataFrame
        Outcomes such as ``"1NNN 2NNT"``; patients (a CSV file's path, a table, or read already); or a tally of one
        trial.  By default nobody has been treated.
    design : str or Design, optional
        The design's name in the study; may be left out where there is only one.

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
    """
    trial = trial_of(study, design)
    record = None
    if isinstance(data, Tally):
        tally = data
    else:
        record = replay(study, data, design)
        tally = record.tally.take(np.array([-1]))
    if tally.size != 1:
        raise ValueError(f"data must be those of one trial, not of {tally.size}")
    decision = trial.design.decide(tally)
    return Recommendation(
        trial=trial,
        tally=tally,
        level=int(decision.level[0]),
        cohort_size=int(decision.cohort_size[0]),
        reason=Reason(int(decision.reason_code[0])),
        mtd=int(trial.design.select(tally)[0]),
        rules=rule_effects(trial.design, tally, trial.doses),
        estimates=estimate_doses(trial.design, tally, trial.target),
        next_outcomes=pathways(trial.design, 1, tally),
        record=record,
    )
