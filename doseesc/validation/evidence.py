"""All evidence of one validation, as plain values: what ``validation.json`` holds and the reports show."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc._version import __version__
from doseesc.errors import ScenarioError
from doseesc.validation.checks import Check
from doseesc.validation.installation import check_installation, environment
from doseesc.validation.operation import Made, make
from doseesc.validation.requirements import Requirement, known_deviations, requirements
from doseesc.wording import did_you_mean

if TYPE_CHECKING:
    from doseesc.study import Study

FORMAT = 1


def validate(
    study: Study | None = None,
    *,
    out: Path = Path("validation"),
    quick: bool = False,
    only: Sequence[str] = (),
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Check the installation, make the comparisons again, and look at a study; return all evidence as plain values.

    Parameters
    ----------
    study : Study, optional
        The user's study.
    out : path
        Where the evidence is to be written.
    quick : bool
        Only comparisons that are quick, and fewer simulated trials of the study.
    only : sequence of str
        Numbers of requirements; by default all.
    jobs : int
        Processes for the comparisons.
    progress : callable, optional
        Called with the comparisons made and those in all.

    Returns
    -------
    dict
        With ``verdict`` ``"passed"`` or ``"failed"``, ``complete``, whether every comparison was made, and ``sha256``
        of the rest.

    Raises
    ------
    ValueError
        If there is no requirement of a number in ``only``, or no quick comparison of those where only these are wanted.
    """
    wanted = wanted_requirements(only, quick=quick)
    own = [] if study is None else _study_rows(study, quick=quick)  # a file that cannot be run is refused at once
    installation = check_installation(out)
    made = make(wanted, quick=quick, jobs=jobs, progress=progress)
    operation = [_requirement_part(each, made) for each in wanted]
    failed = [
        *(each["id"] for each in operation if each["verdict"] == "failed"),
        *(each.id for each in (*installation, *own) if each.verdict == "failed"),
    ]
    document = {
        "format": FORMAT,
        "doseesc": __version__,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "only": list(only),
        "complete": not only and not quick,
        "verdict": "failed" if failed else "passed",
        "failed": failed,
        "environment": environment(),
        "installation": [asdict(each) for each in installation],
        "operation": operation,
        "study": None if study is None else _about(study),
        "performance": [asdict(each) for each in own],
        "known_deviations": [asdict(each) for each in known_deviations()],
    }
    return document | {"sha256": seal(document)}


def seal(document: Mapping[str, Any]) -> str:
    """Return the hash of evidence, its own left out: of its values as JSON, keys sorted, without blanks.

    Examples
    --------
    >>> seal({"b": 1, "a": 2}) == seal({"a": 2, "b": 1, "sha256": "?"})
    True
    """
    plain = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def wanted_requirements(only: Sequence[str], *, quick: bool = False) -> list[Requirement]:
    """Return the requirements asked for, in their order.

    Parameters
    ----------
    only : sequence of str
        Their numbers; empty for all.
    quick : bool
        One of them must have a quick comparison.

    Raises
    ------
    ValueError
        If there is no requirement of a number, or no quick comparison of those where it is needed.

    Examples
    --------
    >>> [each.id for each in wanted_requirements(["D2", "D1"])]
    ['D1', 'D2']
    """
    known = {each.id: each for each in requirements()}
    for name in only:
        if name not in known:
            raise ValueError(f"{name!r} is no requirement; {did_you_mean(name, known)}there are {', '.join(known)}")
    found = [each for each in known.values() if not only or each.id in only]
    if quick and not any(case.quick for each in found for case in each.cases):
        raise ValueError(f"{', '.join(only)} must have a quick comparison; leave out  --quick")
    return found


def _requirement_part(requirement: Requirement, made: Mapping[str, Made]) -> dict[str, Any]:
    """Return a requirement with its comparisons; it has failed where one of them has."""
    rows = [_case_part(made[case.name]) for case in requirement.cases if case.name in made]
    left_out = [case.name for case in requirement.cases if case.name not in made]
    verdicts = {row["verdict"] for row in rows}
    verdict = "failed" if "failed" in verdicts else "passed" if rows else "not checked"
    return {
        "id": requirement.id,
        "text": requirement.text,
        "risk": requirement.risk,
        "covers": list(requirement.covers),
        "verdict": verdict,
        "cases": rows,
        "left_out": left_out,
    }


def _case_part(made: Made) -> dict[str, Any]:
    """Return a comparison as plain values; a difference without bounds is None."""
    comparison, case = made.comparison, made.case
    figures: dict[str, Any] = {"tolerance": None, "largest": None, "comparisons": 0, "unit": "", "where": made.error}
    if comparison is not None:
        largest = comparison.largest
        figures = asdict(comparison) | {"largest": None if largest == float("inf") else largest}
    return {
        "name": case.name,
        "what": case.what,
        "against": list(case.against),
        **figures,
        "verdict": "passed" if made.passed else "failed",
        "seconds": round(made.seconds, 2),
        "uncompiled": made.uncompiled,
    }


def _about(study: Study) -> dict[str, Any]:
    """Return which file the study is."""
    return {
        "title": study.study.title,
        "file": study.source.name if study.source else None,
        "sha256": study.source_sha256 or None,
    }


def _study_rows(study: Study, *, quick: bool) -> list[Check]:
    """Look at the study; an installation that is broken may fail in it, which is a finding."""
    from doseesc.validation.own_study import check_study

    try:
        return check_study(study, quick=quick)
    except ScenarioError:
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        return [Check(id="S0", what="a run of the study", expected="no error", found=found, verdict="failed")]
