"""A study on the calendar: how long trials of every design take under every scenario, and what is waited for.

Patients are those of the simulation without a calendar, as the study's observation model shows them.  Designs that
decide while outcomes are pending have all their figures from here, as every observation model shows them and from the
drug alone; of the others, time alone.
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
    Observed,
    OperatingCharacteristics,
    Players,
    TimeFigures,
    TrialEnds,
    complete_times,
    play_calendar,
    waits_for_all,
)
from doseesc.finite import finite_numbers
from doseesc.pieces import answers
from doseesc.results import CALENDAR, on_calendar
from doseesc.runs.timed_differences import KeptTrials
from doseesc.truth import ObservationModel

if TYPE_CHECKING:
    from doseesc.engines import Ended  # compiles, which not every study needs
    from doseesc.pieces import Jobs
    from doseesc.study import Study

Key = tuple[str, str]
PolicyKey = tuple[str | None, str, str]
Watch = Callable[[int], None]


@dataclass(frozen=True)
class Timing:
    """What was found on the calendar.

    Attributes
    ----------
    times : dict of (scenario, design)
        As the study's own observation model shows the trials.
    found : dict of (policy, scenario, design)
        All other figures, of the designs that decide while outcomes are pending; policy None is the drug alone.
    observed : dict of (policy, scenario, design)
        What the observation models add.
    ends : dict of (scenario, design)
        How their trials ended, as the study's own observation model shows them, and how many ended so.
    kept : KeptTrials
        Single trials, for the differences between designs, as the study's own observation model shows them.
    """

    times: dict[Key, TimeFigures] = field(default_factory=dict)
    found: dict[PolicyKey, OperatingCharacteristics] = field(default_factory=dict)
    observed: dict[PolicyKey, Observed] = field(default_factory=dict)
    ends: dict[Key, tuple[TrialEnds, FloatArray]] = field(default_factory=dict)
    kept: KeptTrials = field(default_factory=KeptTrials)


def trials_on_calendar(study: Study, n_trials: int) -> int:
    """Return how many trials :func:`time_study` tells as its progress: those of designs that only wait count once."""
    calendar = study.calendar
    if calendar is None:
        return 0
    waiting = len(_waiting(study))
    again = len(study.observations) * len(on_calendar(study))  # from the drug alone, and as further policies show them
    return n_trials * len(study.truths) * (len(study.names) - waiting + (waiting > 0) + again)


def time_study(
    study: Study,
    n_trials: int,
    seed: int,
    jobs: Jobs = 1,
    watch: Watch | None = None,
    graphs: Mapping[str, DecisionGraph] | None = None,
) -> Timing:
    """Play every design under every scenario on the study's calendar; nothing where it has none.

    Parameters
    ----------
    study : Study
    n_trials, seed : int
    jobs : int or Workers
        The answer does not depend on it.
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
    by_policy = [(policy, *key) for policy in (None, *study.observations) for key in keys]
    order: dict[tuple[object, ...], int] = {key: place for place, key in enumerate([*keys, *by_policy])}
    return Timing(
        **{name: {key: found[key] for key in sorted(found, key=order.__getitem__)} for name, found in joined.items()},
        kept=kept,
    )


@finite_numbers()
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
    models: dict[str | None, ObservationModel | None] = {None: None}
    models.update(study.observations)
    own = study.own_policy
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
            observation=models[own],
            each_block=timing.kept.note_days,
        )
        timing.times.update(found)
    headlines, players = on_calendar(study), Players()
    for scenario in scenarios:
        truth = truths[scenario]
        right = study.right_levels(truth)
        for name, design in designs.items():
            if name in waiting:
                continue
            for policy, model in models.items():
                if policy != own and name not in headlines:
                    continue
                keep = partial(_keep, timing.kept, (scenario, name), design, right, name in headlines)
                times = study.calendar_for(name, scenario)
                setting = CalendarSetting(
                    window, calendar if times is None else times, study.target, right[None], model
                )
                each_block = keep if policy == own else None
                run = play_calendar(design, truth, setting, n_trials, seed, each_block=each_block, players=players)
                if policy == own:
                    timing.times[scenario, name] = TimeFigures.of(run.characteristics)
                    timing.ends[scenario, name] = run.ends, run.count
                if name in headlines:
                    _note(timing, (policy, scenario, name), run)
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


def _note(timing: Timing, key: PolicyKey, run: CalendarRun) -> None:
    timing.found[key] = replace(run.characteristics.without_time(), method=CALENDAR)
    if run.characteristics.observed is not None:
        timing.observed[key] = run.characteristics.observed


_PARTS = ("times", "found", "observed", "ends")
