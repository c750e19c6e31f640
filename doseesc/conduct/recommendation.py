"""What a design recommends on the data so far: the answer, why, and what comes after."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Complete, Reason, Tally
from designs.arrays import IntArray
from designs.rules.base import counted
from doseesc.conduct.dose_estimates import DoseEstimates
from doseesc.conduct.replay import Replay
from doseesc.conduct.rule_effects import RuleEffect
from doseesc.conduct.staggering import gap_after_next, open_gap
from doseesc.conduct.standing import Advice
from doseesc.conduct.trial import Trial
from doseesc.conduct.watch import Moment, Watch, iso
from doseesc.conduct.words import beyond_notes, day_words, short_words, stop_words, treat_words, wait_words
from doseesc.engines import Pathways
from doseesc.files import plain_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Recommendation:
    """What a design recommends on the data so far.

    Attributes
    ----------
    trial : Trial
        The design, and what the doses are called.
    tally : Tally
        The patients whose outcome is known.
    level : int
        Level of the next cohort; 0 = stop.  Where the answer is to wait, that of the last cohort.
    cohort_size : int
        Patients to be treated now; 0 also where the answer is to wait.
    reason : Reason
        Why, in the vocabulary of all designs.
    mtd : int
        The MTD on the known outcomes, if the trial ended now; 0 = none.
    rules : tuple of RuleEffect
        The rules that had a say.
    estimates : DoseEstimates
        What the data say about each dose.
    next_outcomes : Pathways or None
        What comes after each outcome of the next cohort; None while somebody is pending.
    record : Replay or None
        The record with its departures; None where only a tally is known.
    watch : Watch or None
        The patients pending; None where nobody is.
    """

    trial: Trial
    tally: Tally
    level: int
    cohort_size: int
    reason: Reason
    mtd: int
    rules: tuple[RuleEffect, ...]
    estimates: DoseEstimates
    next_outcomes: Pathways | None
    record: Replay | None = None
    watch: Watch | None = None

    @property
    def waits(self) -> bool:
        """Whether nobody may be treated until more is known of patients pending."""
        return self._advice.waits

    @property
    def sentence(self) -> str:
        """The answer in one line."""
        if self.level == 0:
            mtds = sorted(self.watch.settled_mtds) if self.watch is not None else []
            return stop_words(self.trial.doses, mtds or [self.mtd], self.watch)
        if self.watch is not None and self.waits:
            return wait_words(self.watch)
        said = treat_words(self._advice, self.trial.doses) + self._completing + self._on_follow_up_alone
        return said + self._from_when

    @property
    def not_before(self) -> Moment | None:
        """From when the study's ``stagger`` lets the next patient be treated; None where it does now."""
        if self.record is None or not self.cohort_size:
            return None
        today = self.record.record.patients.date if self.record.dated else None
        gap = open_gap(self.trial.stagger, self.record.record.now, self.level, self._cohort, today)
        if gap is None:
            return None
        return Moment(gap.left, None if today is None else today + datetime.timedelta(days=gap.left))

    @property
    def _cohort(self) -> int:
        """Which cohort the next patient is one of."""
        last = self.record.record.now.last if self.record is not None else -1
        return last if self.reason is Reason.COMPLETE_COHORT else last + 1

    @property
    def why(self) -> str:
        """The reason in a sentence that fits the DLT rate among everybody entered, the pending without one so far."""
        seen = self.tally if self.record is None else self.record.record.now.entered
        return self.trial.design.why(self.reason, seen, self.level)

    @property
    def _advice(self) -> Advice:
        return Advice(self.level, self.cohort_size, self.reason)

    @property
    def _completing(self) -> str:
        standing = self.record.record.now if self.record is not None else None
        if self.reason is not Reason.COMPLETE_COHORT or standing is None or not standing.missing:
            return ""
        size = standing.asked.patients if standing.asked is not None else 0
        return "" if size == self.cohort_size else f", to complete the cohort of {size}"

    @property
    def _from_when(self) -> str:
        """What the headline adds where staggering does not let the next patient be treated now."""
        moment = self.not_before
        if moment is None:
            return ""
        if moment.date is None:
            return f", not before {counted(moment.days, 'more day')} have passed"
        return f", not before {day_words(moment.date)}"

    @property
    def _staggers(self) -> bool:
        """Whether a gap must pass before one of the patients who are to be treated."""
        if self.record is None or not self.cohort_size:
            return False
        gap = gap_after_next(self.trial.stagger, self.record.record.now, self.level, self._cohort)
        between = self.cohort_size > 1 and gap > 0
        return between or self.not_before is not None

    @property
    def _on_follow_up_alone(self) -> str:
        """What the headline adds where a design that weighs follow-up goes up from a dose of which nothing is known."""
        if self.watch is None or self.record is None or not self.record.record.now.patients:
            return ""
        last = self.record.record.now.patients[-1].level
        if self.level <= last or self.tally.n[0, last - 1]:
            return ""
        return f", on follow-up alone: no outcome at {self.trial.doses.name(last)} is known"

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be known before the answer is followed."""
        only_tally = beyond_notes(int(self.tally.total_n[0]), self.trial.design.max_n)
        found = list(self.record.notes if self.record else only_tally)
        if self.trial.stagger is not None and self._staggers:
            found.append(f"the file's  stagger:  {self.trial.stagger.describe()}")
        departed = [each["cohort"] for each in self.record.departed] if self.record else []
        if self.record and self._last_is_short:
            found.append(
                f"the last cohort has {self.record.cohorts[-1].n} of {self.record.decision.cohort_size[-2]} patients; "
                "where the others are still to be treated, complete it first"
            )
            departed = departed[:-1]
        if departed:
            which = ", ".join(map(str, dict.fromkeys(departed)))
            cohorts = "cohort" if len(set(departed)) == 1 else "cohorts"
            found.append(f"{cohorts} {which} departed from the design; see  doseesc replay")
        if self.level == 0 and self.mtd == self.trial.design.n_doses and self._highest_is_tolerated():
            highest = self.trial.doses.name(self.mtd)
            found.append(f"{highest} is the highest dose of the trial: a higher one might be tolerated too")
        if self.watch is not None:
            found += self._about_waiting(self.watch)
        if self.mtd and self.tally.n[0, self.mtd - 1] == 0:
            found.append(
                f"nobody has been treated at {self.trial.doses.name(self.mtd)}, the MTD if the trial ended now"
            )
        return tuple(found)

    @property
    def _last_is_short(self) -> bool:
        """Whether a record without days, of known outcomes, ends with a cohort smaller than the design asked for."""
        if self.record is None or not self.record.cohorts or self.record.dated or self.record.record.now.asked:
            return False
        last, asked = self.record.cohorts[-1], self.record.decision
        return bool(asked.level[-2] == last.level and last.n < asked.cohort_size[-2])

    def _about_waiting(self, watch: Watch) -> list[str]:
        found = []
        answers = {each.then[:2] for each in watch.outcomes}
        if self.waits and len(answers) == 1 and isinstance(self.trial.design.pending, Complete):
            then = short_words(watch.outcomes[0].then, self.trial.doses)
            found.append(
                f"no pending outcome can change the answer, {then};  pending: settled  would not wait for them"
            )
        if self.cohort_size and watch.earliest is not None and self.trial.weighs:
            found.append(
                f"the answer rests on follow-up so far; ask again when the patients arrive, at the latest "
                f"{_when(watch.earliest)}, when it may change"
            )
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return one row per dose.

        Returns
        -------
        DataFrame
            level, label, amount, n and dlt (of known outcomes), pending, estimate, the 90 % interval's lower and
            upper, and the probabilities of overdosing and underdosing.
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
                "pending": self.pending_by_level,
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
        rows = (
            [
                (
                    int(paths.dlts[node]),
                    int(paths.decision.level[node]),
                    int(paths.decision.cohort_size[node]),
                    Reason(int(paths.decision.reason_code[node])).name,
                    int(paths.selected[node]),
                )
                for node in (paths.children(0) if self.level else ())
            ]
            if paths is not None
            else []
        )
        return pd.DataFrame(rows, columns=["dlts", "next_level", "next_n", "reason", "mtd"])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; what is not known is None."""
        doses, watch = self.trial.doses, self.watch
        found = self.estimates
        level = 0 if self.waits else self.level
        return {
            "design": self.trial.name,
            "recommendation": self.sentence,
            "date": None if watch is None else iso(watch.date),
            "waits": self.waits,
            "next": {
                "level": None if self.waits else level,
                "label": doses.labels[level - 1] if level else None,
                "amount": doses.amounts[level - 1] if level and doses.amounts else None,
                "unit": doses.unit or None,
                "patients": self.cohort_size,
            },
            "not_before": _moment(self.not_before),
            "until": None if watch is None else _moment(watch.latest),
            "may_change": None if watch is None else _moment(watch.earliest),
            "pending": [] if watch is None else watch.to_rows(),
            "outcomes": [] if watch is None else watch.outcome_rows(),
            "reason": self.reason.name,
            "why": self.why,
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

    @property
    def pending_by_level(self) -> IntArray:
        """How many patients are pending at each level, shape (J,)."""
        counts = np.zeros(self.trial.design.n_doses, dtype=np.int64)
        for each in self.watch.patients if self.watch is not None else ():
            counts[each.level - 1] += 1
        return counts

    def _highest_is_tolerated(self) -> bool:
        n, dlt = int(self.tally.n[0, -1]), int(self.tally.dlt[0, -1])
        return self.trial.target is None or dlt <= self.trial.target * n


def _moment(moment: Moment | None) -> dict[str, Any] | None:
    return None if moment is None else {"days": moment.days, "date": iso(moment.date)}


def _when(moment: Moment) -> str:
    return f"in {counted(moment.days, 'day')}" if moment.date is None else f"on {day_words(moment.date)}"
