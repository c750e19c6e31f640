"""A log of decisions held against the trial's record: is it whole, of these data, and was it followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from designs.rules.base import counted
from doseesc.conduct.decision_log import LoggedDecision, at_doses, versions
from doseesc.conduct.follow_up import Patient
from doseesc.conduct.record import Record, read_record
from doseesc.conduct.replay import Replay
from doseesc.conduct.standing import Advice, advise
from doseesc.wording import in_a_row

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study

FOLLOWED, NOT_FOLLOWED, OPEN, UNKNOWN = "followed", "not followed", "open", "not known"


@dataclass(frozen=True)
class CheckedDecision:
    """An entry of the log, verified.

    Attributes
    ----------
    number : int
    written, date : str
        When it was written, and the day of its data ("" where that is not known).
    patients : int
        How many had been entered.
    recommendation : str
    outcome : str
        "followed", "not followed", "open" (nobody has been entered since), or "not known".
    how : str
        What was done, where that needs words.
    same_file : bool
        Whether the record is, to the last byte, the file that the entry was made from.
    damage : str
        How it is seen that the log was changed at this entry.
    differences : tuple of str
        What is otherwise now than the entry says: the scenario file, the versions, what was known, the recommendation.
    """

    number: int
    written: str
    date: str
    patients: int
    recommendation: str
    outcome: str
    how: str
    same_file: bool
    damage: str
    differences: tuple[str, ...]


@dataclass(frozen=True)
class CheckedReplay:
    """A replay, and the log of the decisions that were taken on the way."""

    replay: Replay
    decisions: tuple[CheckedDecision, ...]

    @property
    def damaged(self) -> bool:
        """Whether the log was changed after it was written."""
        return any(each.damage for each in self.decisions)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per entry of the log, with the attributes of :class:`CheckedDecision`."""
        import pandas as pd

        return pd.DataFrame([{**asdict(each), "differences": "; ".join(each.differences)} for each in self.decisions])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON: that of the replay, and ``decisions``."""
        decisions = [{**asdict(each), "differences": list(each.differences)} for each in self.decisions]
        return {**self.replay.to_dict(), "decisions": decisions, "log_is_whole": not self.damaged}


def check_log(log: Sequence[LoggedDecision], replay: Replay, study: Study) -> CheckedReplay:
    """Hold a log against a replay of the trial's record.

    Parameters
    ----------
    log : sequence of LoggedDecision
    replay : Replay
        Of all that was recorded, now.
    study : Study
    """
    people = replay.record.patients.patients
    found = []
    for entry, following in zip(log, [*log[1:], None], strict=True):
        until = len(people) if following is None else following.entered
        after = people[entry.entered : until]
        outcome, how = _followed(entry, after, replay, last=following is None)
        if entry.entered > len(people):
            outcome, how = UNKNOWN, f"the record has {len(people)} of the {entry.entered} patients there were then"
        found.append(
            CheckedDecision(
                number=entry.number,
                written=str(entry.entry["written"]),
                date="" if entry.day is None else entry.day.isoformat(),
                patients=entry.entered,
                recommendation=str(entry.entry["recommendation"]),
                outcome=outcome,
                how=how,
                same_file=_same_file(entry, replay),
                damage=entry.damage,
                differences=tuple(_differences(entry, replay, study)),
            )
        )
    return CheckedReplay(replay, tuple(found))


def _followed(entry: LoggedDecision, after: Sequence[Patient], replay: Replay, *, last: bool) -> tuple[str, str]:
    """Return whether those entered next are whom the design asked for, and in words who they are."""
    asked, doses = entry.entry["next"], replay.trial.doses
    nobody = asked["waits"] or not asked["patients"]
    if not after:
        if nobody:
            return FOLLOWED, "nobody was entered"
        return OPEN, "" if last else "nobody was entered before it was asked again"
    levels = dict.fromkeys(each.level for each in after)
    given = in_a_row([f"{sum(each.level == level for each in after)} at {doses.name(level)}" for level in levels])
    if nobody:
        return NOT_FOLLOWED, f"{counted(len(after), 'patient')} entered: {given}"
    if list(levels) == [asked["level"]] and len(after) <= asked["patients"]:
        return FOLLOWED, given if len(after) == asked["patients"] else f"{given} so far"
    # Without an entry for the next cohort its patients stand behind those of this one.
    first = [each for each in after[: asked["patients"]] if each.level == asked["level"]]
    if last and len(first) == asked["patients"]:
        more = counted(len(after) - len(first), "patient")
        return FOLLOWED, f"{len(first)} at {doses.name(asked['level'])}; {more} more since, without an entry"
    return NOT_FOLLOWED, f"entered: {given}"


def _differences(entry: LoggedDecision, replay: Replay, study: Study) -> list[str]:
    """Say what is otherwise now than when the entry was written."""
    told, found = entry.entry, []
    if told["design"] != replay.trial.name:
        found.append(f"it was asked of {told['design']}, not of {replay.trial.name}")
    if told["study"].get("sha256") != (study.source_sha256 or None):
        found.append("the scenario file was another, or has been changed since")
    then = told["versions"]
    changed = [
        f"{name} {then.get(name, 'unknown')}, now {now}" for name, now in versions().items() if then.get(name) != now
    ]
    if changed:
        found.append(f"other versions: {', '.join(changed)}")
    record = _record_then(entry, replay)
    if record is not None and not _same_file(entry, replay):
        known, now = told["data"]["at_doses"], at_doses(record.now, replay.trial.doses)
        if known != now:
            found.append(f"the data were {_counts(known)}; of that day this record says {_counts(now)}")
    if record is None:
        found.append("what was known then cannot be told from this record")
    elif told["design"] == replay.trial.name:
        said = advise(replay.trial.design, record.now)
        if not _same(said, told["next"]):
            found.append(f"on what this record says of that day the answer is now: {_short(said, replay)}")
    return found


def _same_file(entry: LoggedDecision, replay: Replay) -> bool:
    return entry.entry["data"].get("sha256") == replay.record.patients.sha256 is not None


def _record_then(entry: LoggedDecision, replay: Replay) -> Record | None:
    """Return what this record says of the day of an entry; None where it cannot say."""
    people = replay.record.patients
    if entry.entered > len(people.patients):
        return None
    day = entry.day if people.dated and entry.day is not None else people.date
    if any(each.get("pending") for each in entry.entry["data"]["at_doses"]) and not people.dated:
        return None
    return read_record(replay.trial, replace(people, patients=people.patients[: entry.entered], date=day))


def _same(said: Advice, told: dict[str, Any]) -> bool:
    if told["waits"] or said.waits:
        return bool(told["waits"]) == said.waits
    return (said.level, said.cohort_size) == (told["level"], told["patients"])


def _short(said: Advice, replay: Replay) -> str:
    if said.level == 0:
        return "stop"
    name = replay.trial.doses.name(said.level)
    return "wait" if said.waits else f"{counted(said.cohort_size, 'patient')} at {name}"


def _counts(known: Sequence[dict[str, Any]]) -> str:
    """Write what is known at the doses: 3 patients, 1 DLT at medium."""
    if not known:
        return "nobody"
    words = []
    for each in known:
        pending = f", {each['pending']} pending" if each["pending"] else ""
        words.append(f"{counted(each['n'], 'patient')} with {counted(each['dlt'], 'DLT')}{pending} at {each['label']}")
    return in_a_row(words)
