"""Two runs compared: what was changed in the study, and what that did to the figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.characteristics import METRICS
from doseesc.saved import SavedRun

if TYPE_CHECKING:
    import pandas as pd

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

    ``mcse`` is the standard error of the difference were the runs independent.  Runs with the same seed share their
    simulated patients, so that it is then an upper bound in most cases; it is 0 where both are exact.
    """

    scenario: str
    design: str
    metric: str
    level: int | None
    first: float
    second: float
    difference: float
    mcse: float


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
    """

    changes: list[Change]
    figures: list[ChangedFigure]
    only_first: list[tuple[str, str]]
    only_second: list[tuple[str, str]]

    def to_frame(self) -> pd.DataFrame:
        """Return the figures as a table, one per row."""
        import pandas as pd

        frame = pd.DataFrame([vars(each) for each in self.figures], columns=list(ChangedFigure.__annotations__))
        frame["level"] = frame["level"].astype("Int64")
        return frame


def compare(first: SavedRun, second: SavedRun) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    first, second : SavedRun
        From :func:`doseesc.saved.read_results`.
    """
    settings = [_flat({name: each.document["provenance"][name] for name in _SETTINGS}) for each in (first, second)]
    studies = [_flat(_named(each.document["study"])) for each in (first, second)]
    before, after = ({**run, **study} for run, study in zip(settings, studies, strict=True))
    changes = [
        Change(name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
    a, b = first.results.cells, second.results.cells
    figures = [figure for key in a if key in b for figure in _figures(*key, a[key].best, b[key].best)]
    return Comparison(changes, figures, [key for key in a if key not in b], [key for key in b if key not in a])


def _figures(scenario: str, design: str, a: Any, b: Any) -> Iterator[ChangedFigure]:
    for metric in METRICS:
        values = [np.atleast_1d(getattr(each, metric)) for each in (a, b)]
        errors = [np.atleast_1d(getattr(each.mcse, metric)) for each in (a, b)]
        if len(values[0]) != len(values[1]):
            continue  # another number of doses
        scalar = np.ndim(getattr(a, metric)) == 0
        for place, (x, y, ex, ey) in enumerate(zip(*values, *errors, strict=True)):
            level = None if scalar else place + (metric != "selected")
            error = math.hypot(float(ex), float(ey))
            yield ChangedFigure(scenario, design, metric, level, float(x), float(y), float(y - x), error)


def _named(study: dict[str, Any]) -> dict[str, Any]:
    """Put lists of things with names under their names, so that one added in front does not change all others."""
    return {
        key: {each["name"]: each for each in value} if _has_names(value) else {} if value == [] else value
        for key, value in study.items()
    }


def _has_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "name" in each for each in value)


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    found: dict[str, Any] = {}
    for key, item in value.items():
        found |= _flat(item, f"{name}.{key}" if name else str(key))
    return found
