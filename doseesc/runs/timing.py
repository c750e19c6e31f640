"""A study on the calendar: how long trials of every design take under every scenario, and what is waited for.

Patients are those of the simulation without a calendar.  Designs that decide while outcomes are pending have all their
figures from here; of the others, time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from designs import Design
from designs.arrays import BoolArray, FloatArray
from doseesc.engines import (
    CalendarRun,
    CalendarSetting,
    DecisionGraph,
    Ended,
    OperatingCharacteristics,
    TimeFigures,
    TrialEnds,
    complete_times,
    play_calendar,
    waits_for_all,
)
from doseesc.parallel import answers
from doseesc.results import CALENDAR, on_calendar
from doseesc.runs.timed_differences import KeptTrials

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
    kept : KeptTrials
        Single trials, for the differences between designs.
    """

    times: dict[Key, TimeFigures] = field(default_factory=dict)
    found: dict[Key, OperatingCharacteristics] = field(default_factory=dict)
    ends: dict[Key, tuple[TrialEnds, FloatArray]] = field(default_factory=dict)
    kept: KeptTrials = field(default_factory=KeptTrials)


def trials_on_calendar(study: Study, n_trials: int) -> int:
    """Return how many trials :func:`time_study` tells as its progress: those of designs that only wait count once."""
    calendar = study.calendar
    if calendar is None:
        return 0
    waiting = sum(waits_for_all(design, calendar) for design in study.designs.values())
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
    kept = KeptTrials.joined([part.kept for part in parts])
    return Timing(
        **{name: {key: found[key] for key in keys if key in found} for name, found in joined.items()}, kept=kept
    )


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
    waiting = {name: design for name, design in designs.items() if waits_for_all(design, calendar)}
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
            each_block=timing.kept.note_days,
        )
        timing.times.update(found)
    headlines = on_calendar(study)
    for scenario in scenarios:
        truth = truths[scenario]
        setting = CalendarSetting(window, calendar, study.target, study.right_levels(truth)[None])
        for name, design in designs.items():
            if name in waiting:
                continue
            keep = partial(_keep, timing.kept, (scenario, name), design, study.right_levels(truth), name in headlines)
            played = play_calendar(design, truth, setting, n_trials, seed, each_block=keep)
            _note(timing, (scenario, name), played, name in headlines)
            if watch is not None:
                watch(n_trials)
    return timing


def _keep(
    kept: KeptTrials,
    key: Key,
    design: Design,
    right: BoolArray,
    headline: bool,
    index: int,
    ended: Ended,
    figures: FloatArray,
) -> None:
    kept.note_days(key, index, figures)
    if headline:
        kept.note_ends(key, index, ended, design.max_n, right)


def _note(timing: Timing, key: Key, run: CalendarRun, headline: bool) -> None:
    timing.times[key] = TimeFigures.of(run.characteristics)
    if headline:
        timing.found[key] = replace(run.characteristics.without_time(), method=CALENDAR)
        timing.ends[key] = run.ends, run.count


_PARTS = ("times", "found", "ends")
