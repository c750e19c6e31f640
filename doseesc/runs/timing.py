"""A study on the calendar: how long trials of every design take under every scenario, and what is waited for.

Patients are those of the simulation without a calendar.  Designs that decide while outcomes are pending have all their
figures from here; of the others, time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from designs import Design
from designs.arrays import FloatArray
from doseesc.engines import (
    CalendarRun,
    CalendarSetting,
    DecisionGraph,
    OperatingCharacteristics,
    TimeFigures,
    TrialEnds,
    complete_times,
    play_calendar,
    waits_for_all,
)
from doseesc.parallel import answers
from doseesc.results import CALENDAR, on_calendar

if TYPE_CHECKING:
    from doseesc.study import Study

Key = tuple[str, str]
Watch = Callable[[int], None]


@dataclass(frozen=True)
class Timing:
    """What was found on the calendar, by scenario and design.

    Attributes
    ----------
    times : dict
    found : dict
        All other figures, of the designs that decide while outcomes are pending.
    ends : dict
        How their trials ended, and how many ended so.
    """

    times: dict[Key, TimeFigures] = field(default_factory=dict)
    found: dict[Key, OperatingCharacteristics] = field(default_factory=dict)
    ends: dict[Key, tuple[TrialEnds, FloatArray]] = field(default_factory=dict)


def trials_on_calendar(study: Study, n_trials: int) -> int:
    """Return how many trials :func:`time_study` tells as its progress: those of designs that only wait count once."""
    calendar = study.calendar
    if calendar is None:
        return 0
    waiting = len(_waiting(study))
    return n_trials * len(study.truths) * (len(study.names) - waiting + (waiting > 0))


def time_study(
    study: Study,
    n_trials: int,
    seed: int,
    jobs: int = 1,
    watch: Watch | None = None,
    graphs: Mapping[str, DecisionGraph] | None = None,
) -> Timing:
    """Play every design under every scenario on the study's calendar; nothing where it has none.

    Parameters
    ----------
    study : Study
    n_trials, seed, jobs : int
        The answer does not depend on ``jobs``.
    watch : callable, optional
        Told how many trials more have been played.
    graphs : mapping, optional
        Decisions of designs that are known already.
    """
    if study.calendar is None:
        return Timing()
    scenarios = list(study.truths)
    shares = [scenarios] if jobs == 1 else [[each] for each in scenarios]
    play = partial(_play, study, n_trials, seed, *((watch, graphs) if jobs == 1 else (None, None)))
    parts = []
    for part, share in zip(answers(play, shares, jobs), shares, strict=True):
        parts.append(part)
        if watch is not None and jobs != 1:
            watch(trials_on_calendar(study, n_trials) * len(share) // len(scenarios))
    joined = {name: {key: each for part in parts for key, each in getattr(part, name).items()} for name in _PARTS}
    keys = [(scenario, design) for scenario in scenarios for design in study.names]
    return Timing(**{name: {key: found[key] for key in keys if key in found} for name, found in joined.items()})


def _play(
    study: Study,
    n_trials: int,
    seed: int,
    watch: Watch | None,
    graphs: Mapping[str, DecisionGraph] | None,
    scenarios: Sequence[str],
) -> Timing:
    designs, truths, calendar = study.designs, study.truths, study.calendar
    assert calendar is not None, "asked only of a study with a calendar"
    window = float(study.dlt_window_days)
    waiting = _waiting(study)
    timing = Timing()
    if waiting:
        some = {name: truths[name] for name in scenarios}
        found = complete_times(
            *(waiting, some),
            calendar=calendar,
            window_days=window,
            n_trials=n_trials,
            seed=seed,
            watch=watch,
            graphs=graphs,
        )
        timing.times.update(found)
    headlines = on_calendar(study)
    for scenario in scenarios:
        truth = truths[scenario]
        mtd = np.array([study.true_mtd(truth)])
        for name, design in designs.items():
            if name in waiting:
                continue
            own = study.calendar_for(name, scenario)
            setting = CalendarSetting(window, calendar if own is None else own, study.target, mtd)
            _note(timing, (scenario, name), play_calendar(design, truth, setting, n_trials, seed), name in headlines)
            if watch is not None:
                watch(n_trials)
    return timing


def _waiting(study: Study) -> dict[str, Design]:
    """Return the designs that wait for every outcome, and whose trials are nothing but that on the calendar."""
    calendars = {name: study.calendar_for(name) for name in study.names}
    return {
        name: design
        for name, design in study.designs.items()
        if (calendar := calendars[name]) is not None and waits_for_all(design, calendar)
    }


def _note(timing: Timing, key: Key, run: CalendarRun, headline: bool) -> None:
    timing.times[key] = TimeFigures.of(run.characteristics)
    if headline:
        timing.found[key] = replace(run.characteristics.without_time(), method=CALENDAR)
        timing.ends[key] = run.ends, run.count


_PARTS = ("times", "found", "ends")
