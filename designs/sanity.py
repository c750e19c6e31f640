"""A start-up check: can a design escalate, can it stop, does it name a dose that nobody was given.

A few made-up trials are played: in one nobody has a DLT, in the others everybody has, or one of each cohort has, from
some level on.  A rigid prior, a limit that no step satisfies or a missing safety rule shows at once, before a
simulation hides it in averages.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from designs.decision import Reason
from designs.design import Design
from designs.rules.base import counted
from designs.tally import Tally

_LARGE = 500  # patients of a trial that is not played to its end
_COHORTS_PER_LEVEL, _FEWEST_COHORTS = 4, 30  # that such a trial is played for
_SHOWN = 6  # cohorts at the beginning and at the end of a trial that are written out
_LONGEST = 20  # letters of a cohort


def check_design(design: Design) -> list[str]:
    r"""Return one sentence, with its numbers, for each thing that a design cannot do or should not.

    Examples
    --------
    A prior so narrow that data do not move the dose, and nothing that stops the trial:

    >>> from designs import CRM
    >>> design = CRM(target=0.25, skeleton=(0.15, 0.25, 0.36), max_n=12, cohort_size=3, prior_sd=0.05)
    >>> print(*check_design(design), sep="\n")
    cannot reach level 3: without any DLT it gets no higher than level 2 in 12 patients (1NNN 2NNN 2NNN 2NNN)
    cannot go down: all of 9 patients from level 2 on have DLTs (1NNN 2TTT 2TTT 2TTT)
    cannot stop: it treats 12 patients who all have a DLT, and selects level 2 (1TTT 2TTT 2TTT 2TTT)
    """
    trials = _play(design)
    toxic = trials[1 : design.n_doses + 1]
    return [
        *_on_escalation(design, trials[0]),
        *_on_deescalation(toxic[1:]),
        *_on_stopping(toxic[0]),
        *_on_untried(trials),
    ]


@dataclass
class _Trial:
    """A made-up trial: its cohorts as (level, patients, DLTs), why it ended, and the level selected."""

    cohorts: list[tuple[int, int, int]] = field(default_factory=list)
    reason: Reason = Reason.START
    selected: int = 0

    @property
    def patients(self) -> int:
        return sum(n for _, n, _ in self.cohorts)

    @property
    def highest(self) -> int:
        return max(level for level, _, _ in self.cohorts)

    def __str__(self) -> str:
        words = [f"{level}{'N' * (n - dlt)}{'T' * dlt}" for level, n, dlt in self.cohorts]
        words = [word if len(word) <= _LONGEST else f"{word[:_LONGEST]}..." for word in words]
        left_out = len(words) - 2 * _SHOWN
        return " ".join(words if left_out <= 1 else [*words[:_SHOWN], f"... {left_out:,} more ...", *words[-_SHOWN:]])


def _play(design: Design) -> list[_Trial]:
    """Play a trial without DLTs, J with DLTs in all patients from level 1..J on, and J with DLTs in some."""
    toxic_from = np.concatenate(
        [[design.n_doses + 1], np.arange(1, design.n_doses + 1), np.arange(1, design.n_doses + 1)]
    )
    partly = np.arange(len(toxic_from)) > design.n_doses
    trials = [_Trial() for _ in toxic_from]
    tally = Tally.empty(design.n_doses, len(trials))
    rows, ends = np.arange(len(trials)), []
    large = design.max_n > _LARGE
    most = max(_COHORTS_PER_LEVEL * design.n_doses, _FEWEST_COHORTS) if large else design.max_n
    for cohort in range(most + 1):
        decision = design.decide(tally)
        going = decision.level > 0
        for ended, reason in zip(rows[~going], decision.reason[~going], strict=True):
            trials[ended].reason = reason
        ends.append((rows[~going], tally.take(~going)))
        rows, tally = rows[going], tally.take(going)
        if not len(rows):
            break
        level, n = decision.level[going], decision.cohort_size[going]
        some = np.where(n > 1, -(-n // 3), cohort % 2)
        dlt = np.where(level < toxic_from[rows], 0, np.where(partly[rows], some, n))
        for row, *outcome in zip(rows.tolist(), level.tolist(), n.tolist(), dlt.tolist(), strict=True):
            trials[row].cohorts.append((outcome[0], outcome[1], outcome[2]))
        tally = tally.after(level, n, dlt)
    if len(rows):  # a trial of very many patients: that it still goes on is enough
        for trial in (trials[row] for row in rows):
            trial.reason = Reason.MAX_N
        ends.append((rows, tally))
    selected = design.select(Tally.concatenate([end for _, end in ends]))
    for row, choice in zip(np.concatenate([rows for rows, _ in ends]), selected, strict=True):
        trials[row].selected = int(choice)
    return trials


def _on_escalation(design: Design, calm: _Trial) -> list[str]:
    if calm.highest == design.n_doses:
        return []
    shown = f"in {counted(calm.patients, 'patient')} ({calm})"
    if calm.highest == design.start_level:
        return [f"cannot escalate: without any DLT it stays at level {calm.highest} {shown}"]
    return [f"cannot reach level {design.n_doses}: without any DLT it gets no higher than level {calm.highest} {shown}"]


def _on_deescalation(toxic: list[_Trial]) -> list[str]:
    for trial in toxic:
        at = next((place for place, (_, _, dlt) in enumerate(trial.cohorts) if dlt > 0), None)
        if at is None or at == len(trial.cohorts) - 1 or trial.reason is not Reason.MAX_N:
            continue
        first = trial.cohorts[at][0]
        after = [level for level, _, _ in trial.cohorts[at:]]
        if min(after) == first:
            n = sum(n for _, n, _ in trial.cohorts[at:])
            return [f"cannot go down: all of {counted(n, 'patient')} from level {first} on have DLTs ({trial})"]
    return []


def _on_stopping(toxic: _Trial) -> list[str]:
    outcome = f"selects level {toxic.selected}" if toxic.selected else "selects no level"
    if toxic.reason is Reason.MAX_N and len(toxic.cohorts) >= 3:
        return [f"cannot stop: it treats {toxic.patients} patients who all have a DLT, and {outcome} ({toxic})"]
    if toxic.selected:
        return [f"{outcome} although all of {counted(toxic.patients, 'patient')} had a DLT ({toxic})"]
    return []


def _on_untried(trials: list[_Trial]) -> list[str]:
    found = []
    for trial in trials:
        if trial.selected and trial.selected not in [level for level, _, _ in trial.cohorts]:
            found.append(f"selects level {trial.selected}, where nobody was treated ({trial})")
            break
    for trial in trials:
        tried = 0
        for level, _, _ in trial.cohorts:
            if tried and level > tried + 1:
                found.append(f"skips level {tried + 1}, where nobody was treated, for level {level} ({trial})")
                return found
            tried = max(tried, level)
    return found
