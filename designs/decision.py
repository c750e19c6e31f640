"""What a design answers: the next level, how many patients, and why, in one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, IntArray


class Reason(IntEnum):
    """Why a decision was made; simulation tables, conduct and text all use these words.

    Codes from 40 on wait for outcomes, those from 50 on end the trial.  Where several apply to one decision the
    smallest code of its kind is given, so that the order of rules cannot matter.
    """

    START = 1
    FIXED_PATH = 5
    TITRATE = 10
    COMPLETE_COHORT = 11
    RESCUE = 12
    TOO_TOXIC_ABOVE = 20
    INCREMENT_LIMITED = 21
    SKIPPING_FORBIDDEN = 22
    NOT_COHERENT = 23
    BACKFILL_POOLED = 24
    RULE_LIMITS = 25
    ESCALATE = 30
    STAY = 31
    DEESCALATE = 32
    WAIT = 40
    TOO_MANY_PENDING = 41
    FOLLOW_UP_TOO_SHORT = 42
    TOO_FEW_KNOWN = 43
    NO_SAFE_DOSE = 50
    LEVEL_TOO_TOXIC = 51
    MTD_FOUND = 60
    MAX_N = 70
    MAX_DAYS = 71
    ENOUGH_AT_DOSE = 80
    STAYING_AT_DOSE = 81
    PRECISE = 82
    SAME_LEVEL_REPEATED = 83
    RULES_MET = 84
    ENOUGH_KNOWN = 85

    @property
    def stops(self) -> bool:
        """Whether the trial ends here."""
        return self >= Reason.NO_SAFE_DOSE

    @property
    def waits(self) -> bool:
        """Whether nobody is treated until more is known of patients under observation."""
        return Reason.WAIT <= self < Reason.NO_SAFE_DOSE

    @property
    def sentence(self) -> str:
        """One plain sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.START: "Nobody has been treated yet: begin at the starting level.",
    Reason.FIXED_PATH: "The fixed first part of the design prescribes this level.",
    Reason.TITRATE: "No DLT so far in the titration: treat one patient at the next level.",
    Reason.COMPLETE_COHORT: "Complete the cohort at this level before deciding.",
    Reason.RESCUE: "Before stopping for toxicity, try this level.",
    Reason.TOO_TOXIC_ABOVE: "The design would go higher, but the level above is excluded as too toxic.",
    Reason.INCREMENT_LIMITED: "The design would go higher, but the largest allowed increment is reached.",
    Reason.SKIPPING_FORBIDDEN: "The design would move further, but no level may be skipped.",
    Reason.NOT_COHERENT: "The design would move against what the last cohort showed; that is not allowed.",
    Reason.BACKFILL_POOLED: "Backfilled lower doses call for more caution: their data are pooled with those here.",
    Reason.RULE_LIMITS: "The design would move further, but a rule of the trial forbids it.",
    Reason.ESCALATE: "The data support the next higher level.",
    Reason.STAY: "The data support treating more patients at this level.",
    Reason.DEESCALATE: "The data call for a lower level.",
    Reason.WAIT: "Wait: the decision depends on patients who are still in their DLT window.",
    Reason.TOO_MANY_PENDING: "Wait: too many patients at this level are still in their DLT window.",
    Reason.FOLLOW_UP_TOO_SHORT: "Wait: a patient at this level has not been followed long enough to go higher.",
    Reason.TOO_FEW_KNOWN: "Wait: too few outcomes at this level are known to go higher.",
    Reason.NO_SAFE_DOSE: "Stop: even the lowest level is too toxic.",
    Reason.LEVEL_TOO_TOXIC: "Stop: the DLT probability is too likely to exceed the limit.",
    Reason.MTD_FOUND: "Stop: the design has found its MTD.",
    Reason.MAX_N: "Stop: the maximum number of patients has been treated.",
    Reason.MAX_DAYS: "Stop: the time for entering patients is over.",
    Reason.ENOUGH_AT_DOSE: "Stop: enough patients have been treated at the level.",
    Reason.STAYING_AT_DOSE: "Stop: enough patients at this level, and the decision is to stay.",
    Reason.PRECISE: "Stop: the MTD is estimated precisely enough.",
    Reason.SAME_LEVEL_REPEATED: "Stop: the same level has been recommended often enough in a row.",
    Reason.RULES_MET: "Stop: a stopping rule of the trial is met.",
    Reason.ENOUGH_KNOWN: "Stop: further patients would not raise the expected utility.",
}


def waits_for_outcomes(reason_code: npt.NDArray[np.int8]) -> BoolArray:
    """Return where reasons (S,) are ones to wait."""
    return (reason_code >= Reason.WAIT) & (reason_code < Reason.NO_SAFE_DOSE)


_REASONS = np.full(128, None, dtype=object)
for _reason in Reason:
    _REASONS[_reason] = _reason


@dataclass(frozen=True, eq=False)
class Decision:
    """Decisions for S tallies.

    Attributes
    ----------
    level : array of int, shape (S,)
        Level of the next cohort, from 1; 0 means stop.
    cohort_size : array of int, shape (S,)
        Patients in the next cohort; 0 where the trial stops or waits.
    reason_code : array of int8, shape (S,)
        Codes of :class:`Reason`; ``.reason`` gives the members.
    """

    level: IntArray
    cohort_size: IntArray
    reason_code: npt.NDArray[np.int8]

    @property
    def waits(self) -> BoolArray:
        """Where nobody is treated until more is known, shape (S,): a level above 0 and a cohort of 0."""
        return (self.level > 0) & (self.cohort_size == 0)

    @property
    def reason(self) -> npt.NDArray[Any]:
        """The reasons as :class:`Reason` members, shape (S,)."""
        members: npt.NDArray[Any] = _REASONS[self.reason_code]
        return members


def merged(mask: BoolArray, there: Decision, elsewhere: Decision) -> Decision:
    """Put decisions of the trials under a mask (S,) and of the others back in order."""
    level, cohort = np.empty(len(mask), dtype=np.int64), np.empty(len(mask), dtype=np.int64)
    reason = np.empty(len(mask), dtype=np.int8)
    for rows, part in ((mask, there), (~mask, elsewhere)):
        level[rows], cohort[rows], reason[rows] = part.level, part.cohort_size, part.reason_code
    return Decision(level, cohort, reason)


def require_decision(value: object, size: int, source: str) -> None:
    """Raise TypeError unless what ``source`` has returned is a decision for ``size`` tallies."""
    arrays = (value.level, value.cohort_size, value.reason_code) if isinstance(value, Decision) else ()
    if not arrays or any(np.shape(each) != (size,) or np.asarray(each).dtype.kind not in "iu" for each in arrays):
        raise TypeError(
            f"{source} must return a designs.Decision of three arrays of whole numbers, each "
            f"with one entry for each of the {size} tallies: level, cohort_size and reason_code;  "
            "self.move_to(tally, level)  makes it from the levels alone"
        )
