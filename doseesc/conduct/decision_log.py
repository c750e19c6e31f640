"""The log of decisions for dose-escalation meetings: one line of JSON for each, every one sealed to the one before.

An entry says when it was written; of which data it is (the day of the data, the file's hash, how many patients had been
entered, and what was known at each dose), of which scenario file and design; what was recommended and why; and with
which versions.  Its ``sha256`` is of everything else in it, the hash of the entry before included, so that a later
change of an entry, or one taken out, shows.  It is no seal against somebody who writes all
hashes anew; keep a copy, or the last hash in the minutes.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc._version import __version__
from doseesc.conduct.recommendation import Recommendation
from doseesc.conduct.standing import Standing
from doseesc.files import OutputError, write_file
from doseesc.input_files import UnusableFileError, read_bounded
from doseesc.named_doses import Doses

if TYPE_CHECKING:
    from doseesc.study import Study

FORMAT = "doseesc decision 1"
_MAX_BYTES = 10_000_000
_PARTS = ("format", "written", "study", "design", "data", "next", "recommendation", "reason", "versions", "previous")
_SEAL = "sha256"


@dataclass(frozen=True)
class LoggedDecision:
    """An entry of a log.

    Attributes
    ----------
    number : int
        From 1.
    entry : mapping
        What it says.
    damage : str
        How it is seen that the log was changed at this entry; "" where nothing is.
    """

    number: int
    entry: Mapping[str, Any]
    damage: str = ""

    @property
    def entered(self) -> int:
        """How many patients had been entered."""
        return int(self.entry["data"]["patients"])

    @property
    def day(self) -> datetime.date | None:
        """The day of the data, where it is known."""
        given = self.entry["data"]["date"]
        return None if given is None else datetime.date.fromisoformat(given)


def log_entry(recommendation: Recommendation, study: Study, *, previous: str | None = None) -> dict[str, Any]:
    """Return the entry of a recommendation.

    Parameters
    ----------
    recommendation : Recommendation
        Made of a record, not of a bare tally.
    study : Study
    previous : str, optional
        Hash of the entry before.

    Raises
    ------
    ValueError
        If there is no record.
    """
    if recommendation.record is None:
        raise ValueError("a recommendation on a bare tally cannot be logged; give outcomes or patients")
    people = recommendation.record.record.patients
    day = (
        people.date
        if recommendation.record.dated
        else None
        if recommendation.watch is None
        else recommendation.watch.date
    )
    answer = recommendation.to_dict()
    entry = {
        "format": FORMAT,
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "study": {"file": study.source.name if study.source else None, _SEAL: study.source_sha256 or None},
        "design": recommendation.trial.name,
        "data": {
            "source": Path(people.source).name,
            _SEAL: people.sha256,
            "date": None if day is None else day.isoformat(),
            "patients": len(people.patients),
            "at_doses": at_doses(recommendation.record.record.now, recommendation.trial.doses),
        },
        "next": {"waits": recommendation.waits, **answer["next"]},
        "recommendation": recommendation.sentence,
        "reason": recommendation.reason.name,
        "why": recommendation.why,
        "notes": answer["notes"],
        "versions": versions(),
        "previous": previous,
    }
    return {**entry, _SEAL: _digest(entry)}


def at_doses(standing: Standing, doses: Doses) -> list[dict[str, Any]]:
    """Return per dose with patients who count how many there are, with a DLT, and pending."""
    found = []
    for level, label in enumerate(doses.labels, 1):
        those = [each for each in standing.patients if each.level == level]
        if those:
            dlts, pending = sum(bool(each.dlt) for each in those), sum(each.dlt is None for each in those)
            found.append({"label": label, "n": len(those), "dlt": dlts, "pending": pending})
    return found


def versions() -> dict[str, str]:
    """Return the versions on which a recommendation depends."""
    return {
        "doseesc": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy")},
    }


def append_decision(path: str | Path, recommendation: Recommendation, study: Study) -> int:
    """Add a recommendation to a log, which is begun where there is none; return the number of the entry.

    Raises
    ------
    OutputError
        If the file is no log, was changed since its last entry, or cannot be written.
    ValueError
        As for :func:`log_entry`.
    """
    file = Path(path)
    numbers = []

    def written() -> str:
        earlier = read_log(file) if file.exists() else ()
        numbers.append(len(earlier) + 1)
        return lengthened(earlier, str(file), recommendation, study)

    write_file(file, written, force=True)
    return numbers[-1]


def lengthened(earlier: Sequence[LoggedDecision], name: str, recommendation: Recommendation, study: Study) -> str:
    """Return the text of a log with one more entry; ``name`` is what errors call it.

    Raises
    ------
    OutputError
        If it was changed since its last entry.
    ValueError
        As for :func:`log_entry`.
    """
    damaged = [each for each in earlier if each.damage]
    if damaged:
        raise OutputError(f"{name}: entry {damaged[0].number} {damaged[0].damage}\n  begin another log")
    entry = log_entry(recommendation, study, previous=earlier[-1].entry[_SEAL] if earlier else None)
    return "".join(f"{_line(each)}\n" for each in (*(each.entry for each in earlier), entry))


def read_log(path: str | Path) -> tuple[LoggedDecision, ...]:
    """Read a log; where it was changed is said of the entries.

    Raises
    ------
    OutputError
        If the file cannot be read, or is no log of decisions.
    """
    try:
        content = read_bounded(Path(path), _MAX_BYTES)
    except (UnusableFileError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            remedy = "name a log that  doseesc next --out  has written"
            raise OutputError(f"{path} cannot be read: there is no such file\n  {remedy}") from error
        raise OutputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return log_in(content, str(path))


def log_in(content: bytes, name: str) -> tuple[LoggedDecision, ...]:
    """Read a log from its content, as :func:`read_log` does; ``name`` is what errors call it."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise OutputError(f"{name} cannot be read: {error}") from error
    found: list[LoggedDecision] = []
    for number, text in enumerate(filter(None, lines), 1):
        entry = _entry(text, f"{name}, line {number}")
        damage = ""
        if entry.get(_SEAL) != _digest(entry):
            damage = "was changed after it was written: what it says is not what its sha256 is of"
        elif entry["previous"] != (found[-1].entry[_SEAL] if found else None):
            damage = "does not follow the entry before it: entries were taken out, put in or moved"
        found.append(LoggedDecision(number, entry, damage))
    if not found:
        raise OutputError(f"{name} is empty\n  give a log that  doseesc next --out  has written")
    return tuple(found)


def _entry(text: str, where: str) -> dict[str, Any]:
    remedy = "\n  give a log that  doseesc next --out  has written"
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OutputError(f"{where} is no JSON{remedy}") from error
    if not isinstance(entry, dict) or entry.get("format") != FORMAT:
        raise OutputError(f"{where} is no decision in the format {FORMAT!r}{remedy}")
    missing = [name for name in _PARTS if name not in entry]
    known = not missing and _has_types(entry)
    if not known:
        raise OutputError(f"{where} lacks {missing[0] if missing else 'what a decision holds'}{remedy}")
    return entry


def _has_types(entry: Mapping[str, Any]) -> bool:
    """Tell whether those parts have their kinds that are worked with."""
    data, following = entry["data"], entry["next"]
    try:
        day = data["date"]
        return (
            isinstance(data["patients"], int)
            and isinstance(data["at_doses"], list)
            and all(isinstance(each["label"], str) for each in data["at_doses"])
            and all(isinstance(each[name], int) for each in data["at_doses"] for name in ("n", "dlt", "pending"))
            and (day is None or bool(datetime.date.fromisoformat(day)))
            and isinstance(following["waits"], bool)
            and isinstance(following["patients"], int)
            and {"label", "level"} <= set(following)
            and isinstance(entry["versions"], dict)
            and isinstance(entry["study"], dict)
        )
    except (KeyError, TypeError, ValueError):
        return False


def _digest(entry: Mapping[str, Any]) -> str:
    sealed = {name: value for name, value in entry.items() if name != _SEAL}
    text = json.dumps(sealed, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(", ", ": "))
