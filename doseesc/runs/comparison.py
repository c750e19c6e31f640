"""Two runs compared: what was changed in the study, and what that did to the figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from designs.arrays import FloatArray
from doseesc.engines import BY_LEVEL, OperatingCharacteristics, TimeFigures, first_level, tidy_rows
from doseesc.results import Attainable, SavedRun, plain_values, study_part
from doseesc.runs.paired import paired_errors
from doseesc.runs.paired_time import paired_time_errors

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study

_SETTINGS = ("doseesc", "method", "trials", "seed")


@dataclass(frozen=True)
class Change:
    """A setting that differs; None where one run has no such setting."""

    setting: str
    first: Any
    second: Any


@dataclass(frozen=True)
class ChangedFigure:
    """One figure in both runs; ``difference`` is the second minus the first.

    ``mcse`` is its standard error: 0 where both are exact; where ``paired``, that of the difference trial by trial on
    the same simulated patients (:mod:`doseesc.runs.paired`, :mod:`doseesc.runs.paired_time`); else that of independent
    runs.
    """

    scenario: str
    design: str
    metric: str
    level: int | None
    first: float
    second: float
    difference: float
    mcse: float
    paired: bool = False


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes
    ----------
    changes : list of Change
        Settings of the run and of the study.
    figures : list of ChangedFigure
        All figures of the designs and scenarios that both have.
    only_first, only_second : list of (scenario, design)
        What the other run does not have.
    dose_names : tuple of str
        What the doses are called, lowest first; empty where the runs call them differently.
    of_attainable : dict of str to (float, float)
        The share of the attainable that a design reaches in each run, where both say so.
    """

    changes: list[Change]
    figures: list[ChangedFigure]
    only_first: list[tuple[str, str]]
    only_second: list[tuple[str, str]]
    dose_names: tuple[str, ...] = ()
    of_attainable: dict[str, tuple[float, float]] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return the figures as a table, one per row."""
        import pandas as pd

        frame = pd.DataFrame([vars(each) for each in self.figures], columns=list(ChangedFigure.__annotations__))
        frame["level"] = frame["level"].astype("Int64")
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        plain: dict[str, Any] = plain_values(self)
        return plain


def compare(first: SavedRun, second: SavedRun) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    first, second : SavedRun
        From :func:`doseesc.results.read_results`.
    """
    before, after = (
        {name: each.results.provenance_now()[name] for name in _SETTINGS} | _named(study_part(each.results.study))
        for each in (first, second)
    )
    a, b = first.results.cells, second.results.cells
    paired = paired_errors(first.results, second.results)
    paired_time = paired_time_errors(first.results, second.results)
    times = first.results.times, second.results.times
    figures: list[ChangedFigure] = []
    for key in a:
        if key in b:
            figures += _figures(key, a[key].best, b[key].best, paired.get(key, paired_time.get(key, {})))
        if key in times[0] and key in times[1]:
            figures += _time_figures(key, times[0][key], times[1][key], paired_time.get(key, {}))
    names = [_dose_names(each.results.study) for each in (first, second)]
    return Comparison(
        changes=list(_changes(before, after)),
        figures=figures,
        only_first=[key for key in a if key not in b],
        only_second=[key for key in b if key not in a],
        dose_names=names[0] if names[0] == names[1] else (),
        of_attainable=_of_attainable(first.results.attainable, second.results.attainable),
    )


def _dose_names(study: Study) -> tuple[str, ...]:
    return tuple(study.named_doses.name(level) for level in range(1, study.n_doses + 1))


def _of_attainable(first: Attainable | None, second: Attainable | None) -> dict[str, tuple[float, float]]:
    if first is None or second is None:
        return {}
    shares = {name: (first.share(name), second.share(name)) for name in first.designs if name in second.designs}
    return {name: (a, b) for name, (a, b) in shares.items() if a is not None and b is not None}


def _figures(
    key: tuple[str, str],
    a: OperatingCharacteristics,
    b: OperatingCharacteristics,
    paired: Mapping[str, FloatArray],
) -> Iterator[ChangedFigure]:
    same_doses = a.n_doses == b.n_doses
    others = {(row.metric, row.level): row for row in tidy_rows(b)}
    for row in tidy_rows(a):
        if row.metric in BY_LEVEL and not same_doses:
            continue
        other = others[row.metric, row.level]
        error = math.hypot(row.mcse, other.mcse)
        if row.metric in paired:
            error = float(paired[row.metric][0 if row.level is None else row.level - first_level(row.metric)])
        where = (*key, row.metric, row.level)
        yield ChangedFigure(*where, row.value, other.value, other.value - row.value, error, row.metric in paired)


def _time_figures(
    key: tuple[str, str], a: TimeFigures, b: TimeFigures, paired: Mapping[str, FloatArray]
) -> Iterator[ChangedFigure]:
    for row, other in zip(a.rows(), b.rows(), strict=True):
        there = row.metric in paired
        error = float(paired[row.metric][0]) if there else math.hypot(row.mcse, other.mcse)
        yield ChangedFigure(*key, row.metric, None, row.value, other.value, other.value - row.value, error, there)


def _named(study: dict[str, Any]) -> dict[str, Any]:
    """Put lists of things with names under their names, so that one added in front does not change all others."""
    return {
        key: {each["name"]: each for each in value} if _has_names(value) else {} if value == [] else value
        for key, value in study.items()
    }


def _has_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "name" in each for each in value)


def _changes(first: dict[str, Any], second: dict[str, Any], name: str = "") -> Iterator[Change]:
    """Yield what differs, as deep down as both have it; what only one has is one change."""
    for key in dict.fromkeys([*first, *second]):
        setting = f"{name}.{key}" if name else str(key)
        a, b = first.get(key), second.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _changes(a, b, setting)
        elif a != b:
            yield Change(setting, a, b)
