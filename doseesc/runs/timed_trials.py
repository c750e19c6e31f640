"""Example trials on the calendar, for pictures: trials of the run itself, on the same patients under several designs.

The first block of patients is drawn again from the seed, so that trial 17 here is trial 17 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from doseesc.engines import BLOCK, CalendarTrial, calendar_trials

if TYPE_CHECKING:
    from doseesc.results import Results

_FEW = 400  # trials among which the typical one is chosen


@dataclass(frozen=True)
class TimedTrial:
    """A trial of a design on the calendar; ``number`` is its number in the simulation, from 1."""

    design: str
    scenario: str
    number: int
    trial: CalendarTrial


def timed_trials(results: Results, designs: Sequence[str], scenario: str) -> list[TimedTrial]:
    """Return one trial of each design, with the same patients, in which the first of them takes a median time.

    Parameters
    ----------
    results : Results
    designs : sequence of str
    scenario : str

    Returns
    -------
    list of TimedTrial
        Empty where the study has no calendar.
    """
    study = results.study
    calendars = {name: study.calendar_for(name, scenario) for name in designs}
    model = study.own_model
    few = min(_FEW, results.n_trials, BLOCK)
    every = {
        name: calendar_trials(
            study.designs[name],
            study.truths[scenario],
            window_days=float(study.dlt_window_days),
            calendar=calendar if model is None else replace(calendar, dlt_times=None),  # the model has its own
            observation=model,
            n_trials=few,
            seed=results.seed,
        )
        for name, calendar in calendars.items()
        if calendar is not None
    }
    if not every:
        return []
    durations = [each.duration_days for each in every[designs[0]]]
    number = int(np.argsort(durations, kind="stable")[few // 2])
    return [TimedTrial(name, scenario, number + 1, trials[number]) for name, trials in every.items()]
