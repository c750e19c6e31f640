"""Secondary outcomes at the registered visits: scores that follow each patient's own course.

A patient's severity is 0 when well, 0.5 on average at baseline, 1 at death, and moves

- to half its baseline on the day of improvement, and on towards a tenth of it, halving every 7 days;
- to 1 on the day of death;
- to nine tenths of its baseline by the last day, and stays there, where neither happens.

A score is linear in severity between its values when well, at baseline and at death, plus independent noise, cut to its
range and rounded.  The dead have no values from the day of death on, patients lost none after they are lost; nobody is
taken to die between the last day and day 60.  Strata differ in their course, not in severity at baseline.  All of this
is the project's assumption; no such model is registered.

The registry's ranges are wrong for three scores: each score's own are used, and the registry's are named beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.arrays import FloatArray
from doseesc.phase2.analyses import CENSORED, DIED, IMPROVED
from doseesc.phase2.patients.patients import BLOCK, ArmPatients

_DAILY = (0, 1, 2, 3, 4, 5, 6, 7, 14, 28, 60)
_STREAM, _SEVERITY, _NOISE = 3, 0, 1
_BASELINE, _SPREAD = 0.5, 0.1
_HALF_LIFE = 7.0


@dataclass(frozen=True, kw_only=True)
class Score:
    """A secondary outcome.

    Parameters
    ----------
    name : str
    low, high : float
        Its range.
    well, baseline, dying : float
        Mean when well, at average severity at baseline, and at death.
    noise : float
        Standard deviation from visit to visit.
    step : float
        It is a multiple of this.
    visits : tuple of int
        Days; 0 is baseline.
    registry_range : str
        The range that the registry states, where that is wrong.
    """

    name: str
    low: float
    high: float
    well: float
    baseline: float
    dying: float
    noise: float
    step: float = 1.0
    visits: tuple[int, ...] = _DAILY
    registry_range: str = ""

    @property
    def higher_is_better(self) -> bool:
        """Whether patients do better with a higher value."""
        return self.well > self.dying


SCORES = (
    Score(name="PaO2/FiO2", low=30, high=600, well=420, baseline=150, dying=70, noise=25, visits=(0, 3, 7, 14, 28, 60)),
    Score(name="SOFA", low=0, high=24, well=1, baseline=9, dying=18, noise=1.5, registry_range="0 to 48"),
    Score(name="APACHE II", low=0, high=71, well=5, baseline=20, dying=38, noise=3, registry_range="0 to 24"),
    Score(
        name="Murray", low=0, high=4, well=0.2, baseline=2.5, dying=3.6, noise=0.3, step=0.25, registry_range="0 to 16"
    ),
)
"""The registered secondary scores; Murray's is averaged over its four items."""


def severities(patients: ArmPatients, days: tuple[int, ...], *, seed: int, block: int, arm: int) -> FloatArray:
    """Return severity on some days, shape (days, n, T); not a number where there is no value.

    Parameters
    ----------
    patients : ArmPatients
    days : tuple of int
        0 is baseline.
    seed, block, arm : int
        As for :func:`doseesc.phase2.patients.draw_arm`.
    """
    n, trials = patients.code.shape
    start = np.clip(_BASELINE + _SPREAD * _normal(seed, block, arm, _SEVERITY, 0, n, trials), 0.05, 0.95)
    kind, end = patients.kind, patients.day.astype(np.float64)
    found = np.empty((len(days), n, trials))
    for place, day in enumerate(days):
        so_far = np.minimum(day / end, 1.0)
        after = np.maximum(day - end, 0.0)
        recovering = start * np.where(day <= end, 1 - 0.5 * so_far, 0.1 + 0.4 * np.exp2(-after / _HALF_LIFE))
        lasting = start * (1 - 0.1 * min(day / patients.horizon, 1.0))
        value = np.select([kind == IMPROVED, kind == DIED], [recovering, start + (1 - start) * so_far], lasting)
        lost = (kind == CENSORED) & (end < patients.horizon) & (day > end)
        found[place] = np.where(lost | ((kind == DIED) & (day >= end)), np.nan, value)
    return found


def scores_at(
    score: Score, severity: FloatArray, days: tuple[int, ...], *, seed: int, block: int, arm: int
) -> FloatArray:
    """Return a score's values where severities, shape (days, n, T), are known.

    The noise of a score on a day is the same whichever days are asked for.
    """
    purpose = _NOISE + next(place for place, each in enumerate(SCORES) if each.name == score.name)
    milder = (score.baseline - score.well) / _BASELINE
    graver = (score.dying - score.baseline) / (1 - _BASELINE)
    found = np.empty_like(severity)
    for place, day in enumerate(days):
        value = np.minimum(severity[place], _BASELINE, out=found[place])
        value *= milder
        value += score.well
        above = np.maximum(severity[place], _BASELINE)
        above -= _BASELINE
        above *= graver
        value += above
        noise = _normal(seed, block, arm, purpose, day, *value.shape)
        noise *= score.noise
        value += noise
        np.clip(value, score.low, score.high, out=value)
        if score.step != 1:
            value /= score.step
        np.rint(value, out=value)
        if score.step != 1:
            value *= score.step
    return found  # what is not a number stays so


def icu_free_days(patients: ArmPatients) -> FloatArray:
    """Return days alive and out of intensive care by the last day: 0 for the dead; not a number where lost."""
    free = np.where(patients.kind == IMPROVED, patients.horizon - patients.day, 0).astype(np.float64)
    return np.where((patients.kind == CENSORED) & (patients.day < patients.horizon), np.nan, free)


def icu_days_of_survivors(patients: ArmPatients) -> FloatArray:
    """Return the registered outcome, not a number for the dead and the lost.

    It compares survivors only, of whom a drug that saves the sickest has sicker ones: it is biased.
    """
    known = (patients.kind == IMPROVED) | ((patients.kind == CENSORED) & (patients.day == patients.horizon))
    return np.where(known, patients.day, np.nan)


def _normal(seed: int, block: int, arm: int, purpose: int, day: int, n: int, trials: int) -> FloatArray:
    sequence = np.random.SeedSequence(seed, spawn_key=(_STREAM, block, arm, purpose, day))
    return np.random.Generator(np.random.PCG64(sequence)).standard_normal((n, BLOCK))[:, :trials]
