"""What must hold in the part ``time`` of ``results.json`` besides its form; see :mod:`doseesc.results.consistency`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from doseesc.results.times import CALENDAR, most_patients, on_calendar
from doseesc.study import Study

_NEAR = 1e-6
_SHARE_OF_CURVE = (10, 50, 100, 150, 190)  # of 200: where the curve has the 5, 25, 50, 75 and 95 % quantiles


def check_time(rows: Sequence[Mapping[str, Any]] | None, study: Study, trials: int) -> None:
    """Refuse figures about time that cannot be what a run found.

    Raises
    ------
    ValueError
        With the first thing that is wrong.
    """
    if (rows is not None) != (study.calendar is not None):
        raise ValueError("time: there where the study says nothing about accrual, or missing where it does")
    keys = [(row["scenario"], row["design"]) for row in rows or ()]
    wanted = [(scenario, design) for scenario in study.truths for design in study.names]
    if rows is not None and keys != wanted:
        raise ValueError("time: other scenarios or designs than the study")
    for row in rows or ():
        wrong = _wrong(row, study, trials)
        if wrong:
            raise ValueError(f"time.{row['scenario']}.{row['design']}: {wrong}")


def method_of(study: Study, design: str) -> str:
    """Return the method by which a design's figures are simulated in a run of the study."""
    return CALENDAR if design in on_calendar(study) else "monte_carlo"


def _wrong(row: Mapping[str, Any], study: Study, trials: int) -> str:
    curve, quantiles = np.array(row["duration_curve"]), np.array(row["duration_quantiles"])
    if (row["n_trials"], row["window_days"]) != (trials, study.watched_days):
        return "another number of trials or DLT window than the run"
    if (np.diff(curve) < -_NEAR).any() or (np.diff(quantiles) < -_NEAR).any():
        return "a distribution of durations that falls"
    if not np.allclose(curve[list(_SHARE_OF_CURVE)], quantiles, rtol=_NEAR, atol=_NEAR):
        return "quantiles that are not those of duration_curve"
    if not curve[0] - 1 <= row["duration_days"] <= curve[-1] + 1:
        return "a mean duration that no trial allows"
    if row["enrolment_days"] > row["duration_days"] + _NEAR or row["days_suspended"] > row["duration_days"] + _NEAR:
        return "more days of enrolment or of waiting than the trial has"
    if row["backfilled"] > most_patients(study, row["design"]) - study.designs[row["design"]].max_n + _NEAR:
        return "more patients backfilled than the study allows"
    errors = [each for part in ("sd", "mcse") for each in row[part].values()]
    if any(value is not None and np.min(value) < 0 for value in errors):
        return "a negative error"
    return ""
