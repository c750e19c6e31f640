"""What a design does next, where a fit tells the patients and DLTs at each dose but not the order of the cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs import Reason, Tally
from designs.rules.base import counted

if TYPE_CHECKING:
    from designs import Design
    from designs.arrays import IntArray
    from doseesc.report.page.look import Look
    from doseesc.results import SavedFit

_MOST = 20_000  # histories side by side


@dataclass(frozen=True)
class NextDose:
    """What follows if the last cohort was at a dose.

    Attributes
    ----------
    last : str
        That dose.
    decision : str
        Such as ``Treat the next 3 patients at medium (8 mg)``.
    reason : str
    """

    last: str
    decision: str
    reason: str


def next_doses(look: Look, fit: SavedFit) -> list[NextDose]:
    """Return what the design shown first does next: one answer, or one for each dose at which the last cohort may be.

    Empty where the fit's data are none that the design leads to, or not of whole cohorts.
    """
    study = look.results.study
    levels = {float(amount): level for level, amount in enumerate(study.dose_amounts)}
    n, dlt = np.zeros(study.n_doses, dtype=np.int64), np.zeros(study.n_doses, dtype=np.int64)
    for each in fit.own:
        if each.amount not in levels:
            return []
        n[levels[each.amount]] += each.n
        dlt[levels[each.amount]] += each.dlt
    design = study.designs[look.best]
    found: dict[tuple[int, int, int], NextDose] = {}
    for (level, size, code, last), tally in _decisions(design, n, dlt).items():
        words = (
            "Stop the trial"
            if level == 0
            else f"Treat the next {counted(size, 'patient')} at {look.doses.words(level)}"
        )
        reason = look.doses.in_words(design.why(Reason(code), tally, level))
        key = (level, size, code)
        at = look.doses.name(last) if last else ""
        known = found.get(key)
        found[key] = NextDose(f"{known.last} or {at}" if known and at not in known.last else at, words, reason)
    return list(found.values())


def _decisions(design: Design, n: IntArray, dlt: IntArray) -> dict[tuple[int, int, int, int], Tally]:
    """Return level, cohort size, reason and current level of all decisions at these data, whatever led to them.

    Each with a tally of one trial in which it is made.
    """
    start = Tally.empty(design.n_doses)
    tally = Tally(start.n, start.dlt, start.level, {name: start.recall(name) for name in design.needed_memory})
    found: dict[tuple[int, int, int, int], Tally] = {}
    while 0 < tally.size <= _MOST:
        decision = design.decide(tally)
        reached = ((tally.n == n) & (tally.dlt == dlt)).all(axis=1)
        for place in np.flatnonzero(reached):
            values = decision.level, decision.cohort_size, decision.reason_code, tally.level
            level, size, code, last = (int(each[place]) for each in values)
            found.setdefault((level, size, code, last), tally.take(np.array([place])))
        going = np.flatnonzero(~reached & (decision.level > 0))
        outcomes = decision.cohort_size[going] + 1
        row = np.repeat(going, outcomes)
        counts = np.concatenate([np.arange(each) for each in outcomes]) if len(going) else np.zeros(0, dtype=np.int64)
        tally = tally.take(row).after(decision.level[row], decision.cohort_size[row], counts)
        within = ((tally.dlt <= dlt) & (tally.n - tally.dlt <= n - dlt)).all(axis=1)
        tally = _distinct(tally.take(np.flatnonzero(within)))
    return found


def _distinct(tally: Tally) -> Tally:
    if not tally.size:
        return tally
    parts = [tally.n, tally.dlt, tally.level[:, None], *(values[:, None] for values in tally.memory.values())]
    _, first = np.unique(np.concatenate(parts, axis=1), axis=0, return_index=True)
    return tally.take(np.sort(first))
