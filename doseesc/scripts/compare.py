"""A script's rows beside our own figures: exact ones where we have them, else within standard errors."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.errors import Problem, show, told_once
from doseesc.scripts.conventions import Convention, conventions
from doseesc.scripts.own_answers import OwnAnswers
from doseesc.scripts.rows import FIGURES, Row, RowsError, read_rows
from doseesc.scripts.truths import refuse_calendar
from doseesc.validation import MARGIN

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study

SAME = 1e-6
"""Difference up to which figures without error are the same."""


@dataclass(frozen=True)
class ComparedRow:
    """A row of the script beside ours.

    Attributes
    ----------
    line : int
        In the script's file.
    kind, by, scenario, level, n, y, quantity
        What it is about, as in the file; ``level`` None where it is about none.
    theirs, ours : str or float
    se : float
        Standard error of the difference; 0 where neither is simulated.
    errors : float or None
        The difference in standard errors; None where there is no error.
    agrees : bool
    """

    line: int
    kind: str
    by: str
    scenario: str
    level: int | None
    n: str
    y: str
    quantity: str
    theirs: str | float
    ours: str | float
    se: float
    errors: float | None
    agrees: bool


@dataclass(frozen=True)
class ScriptComparison:
    """How a script's rows and ours compare.

    Attributes
    ----------
    design, type : str
        Name and type of the design.
    exact : bool, optional
        Whether our figures are exact; else they are simulated.  None where decisions alone were compared.
    rows : tuple of ComparedRow
    missing : int
        Figures of ours that the script has no row for.
    missing_decisions : int
        Cells of our table of letters that it has no row for, unless it gives decisions by all levels' data.
    policy : str
        The study's policy of observation, by which a trial sees the figures' DLT probabilities; empty: the drug alone.
    notes : tuple of str
    """

    design: str
    type: str
    exact: bool | None
    rows: tuple[ComparedRow, ...]
    missing: int
    missing_decisions: int = 0
    policy: str = ""
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every row agrees."""
        return all(row.agrees for row in self.rows)

    @property
    def differing(self) -> list[ComparedRow]:
        """The rows that do not agree, those farthest from ours first among figures, decisions before them."""
        wrong = [row for row in self.rows if not row.agrees]
        return sorted(wrong, key=lambda row: (row.kind != "decision", -(row.errors or math.inf), row.line))

    @property
    def conventions(self) -> list[Convention]:
        """Every known difference of conventions for this design, those that touch a differing row first."""
        differing = {row.quantity.partition(" ")[0] for row in self.differing}
        return sorted(conventions(self.type), key=lambda each: not differing.intersection(each.touches))

    def to_frame(self) -> pd.DataFrame:
        """Return the rows: those of the script, and ``ours``, ``se``, ``errors`` and ``agrees`` beside them."""
        import pandas as pd

        frame = pd.DataFrame([asdict(row) for row in self.rows])
        frame["level"] = frame["level"].astype("Int64")
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "design": self.design,
            "type": self.type,
            "agrees": self.agrees,
            "ours": None if self.exact is None else "exact" if self.exact else "simulated",
            "missing": self.missing,
            "missing_decisions": self.missing_decisions,
            "policy": self.policy,
            "notes": list(self.notes),
            "conventions": [each.text for each in self.conventions],
            "rows": [asdict(row) for row in self.rows],
        }


def compare_script(study: Study, design: str, path: str | Path) -> ScriptComparison:
    """Set the rows that a script printed beside our own decisions and figures.

    Decisions and figures without error must be the same (:data:`SAME`); simulated figures may lie 4 standard errors
    apart, and a single trial more.

    Parameters
    ----------
    study : Study
    design : str
        Name of the design in the study.
    path : path
        The script's rows, a CSV file.

    Raises
    ------
    RowsError
        If a row means nothing, or is about another design, dose or scenario.
    ScenarioError
        If the design's figures rest on the calendar, or the study has no scenario to compare under.
    """
    refuse_calendar(study, design)
    rows = read_rows(path)
    ours = OwnAnswers(study, design)
    settings = {(row.quantity, row.by): row for row in rows if row.kind == "setting"}
    notes = _check_settings(settings, study, design, str(path))
    problems = [problem for row in rows if (problem := ours.problem(row)) is not None]
    if problems:
        raise RowsError(str(path), told_once(problems))
    decisions = [row for row in rows if row.kind == "decision"]
    figures = [row for row in rows if row.kind == "figure"]
    if not decisions and not figures:
        raise RowsError(str(path), [Problem((), "has neither decisions nor figures", "add rows of kind figure")])
    compared = [*_decisions(ours, decisions)]
    compared += [_figure(ours, row, _trials(settings, row)) for row in figures]
    given = len({row.key for row in figures if not row.by})
    wanted = len(ours.truths) * (3 * ours.design.n_doses + 1)
    return ScriptComparison(
        design,
        ours.type,
        ours.exact if figures else None,
        tuple(sorted(compared, key=lambda row: row.line)),
        missing=wanted - given,
        missing_decisions=_letters_left_out(ours, decisions),
        policy=study.own_policy or "",
        notes=tuple(notes),
    )


def _check_settings(settings: dict[tuple[str, str], Row], study: Study, design: str, name: str) -> list[str]:
    """Return what the rows say of where they come from that is worth a note."""
    told = settings.get(("design", ""))
    if told is not None and told.value != design:
        message = f"is {show(told.value)}, not {show(design)}"
        raise RowsError(name, [Problem(("value",), message, f"compare with  --design {show(told.value)}", told.line)])
    file = settings.get(("file_sha256", ""))
    if file is not None and study.source_sha256 and file.value != study.source_sha256:
        return ["the script was written for another version of the scenario file; write it again to be sure"]
    return []


def _trials(settings: dict[tuple[str, str], Row], row: Row) -> float | None:
    found = settings.get((f"trials by {row.by}" if row.by else "trials", ""))
    return None if found is None else found.number


def _letters_left_out(ours: OwnAnswers, rows: list[Row]) -> int:
    """Return how many cells of our table the script itself has no row for; 0 where it goes by all levels' data."""
    own = [row for row in rows if not row.by]
    lettered = {(row.n, row.y) for row in own if row.quantity == "decision"}
    if ours.letters is None or (own and not lettered):
        return 0
    return sum(map(len, ours.letters.values())) - len(lettered)


def _decisions(ours: OwnAnswers, rows: list[Row]) -> list[ComparedRow]:
    lettered = [row for row in rows if row.quantity == "decision"]
    by_tally = [row for row in rows if row.quantity != "decision"]
    letters = ours.letters or {}
    found = [_decided(row, row.value, letters[row.n[0]][row.y[0]]) for row in lettered]
    levels = ours.next_levels(by_tally)
    return found + [_decided(row, int(row.number or 0), level) for row, level in zip(by_tally, levels, strict=True)]


def _decided(row: Row, theirs: str | int, ours: str | int) -> ComparedRow:
    return _beside(row, theirs, ours, 0.0, None, agrees=theirs == ours)


def _figure(ours: OwnAnswers, row: Row, trials: float | None) -> ComparedRow:
    """Compare a figure; where its number of trials is known, its error is that of so many trials of ours."""
    found = ours.figures[row.scenario]
    if row.number is None or row.level is None:
        raise ValueError(f"line {row.line} has no number or level")
    place = row.level if row.quantity == FIGURES[0] else row.level - 1
    mine, sd, mcse = (float(getattr(of, row.quantity)[place]) for of in (found, found.sd, found.mcse))
    own = (row.se or 0.0) if trials is None else sd / math.sqrt(trials)
    error = math.hypot(own, mcse)
    difference = abs(row.number - mine)
    most = 1 if row.quantity == FIGURES[0] else ours.design.cohort_size  # what a single trial adds
    few = most / trials if trials is not None else 0.0
    if not ours.exact:  # where all our trials went the same way, 4 standard errors of a count that is 0 are 16
        few += most * (MARGIN**2 if sd == 0 else 1) / found.n_trials
    agrees = difference <= SAME + MARGIN * error + few
    errors = difference / error if error > 0 else None
    return _beside(row, row.number, mine, error, errors, agrees=agrees)


def _beside(
    row: Row, theirs: str | float, ours: str | float, se: float, errors: float | None, *, agrees: bool
) -> ComparedRow:
    n, y = (" ".join(map(str, each)) for each in (row.n, row.y))
    about = (row.line, row.kind, row.by, row.scenario, row.level)
    return ComparedRow(*about, n, y, row.quantity, theirs, ours, se, errors, agrees)
