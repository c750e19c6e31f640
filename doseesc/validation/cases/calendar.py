"""Trials on the calendar, patient by patient, against other programs: TITE-BOIN, rolling six, 3+3 and TITE-CRM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designs import BOIN, Complete, RollingSix, ThreePlusThree
from doseesc.engines import DAILY, Calendar, CalendarTrial, GivenPatients, Stagger, calendar_trials
from doseesc.truth import Accrual
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden
from doseesc.validation.other_programs import tite_boin_of, titecrm_of

DAYS = 1e-9
TURN_AWAY = Accrual(per_month=365.25 / 12, arrivals_while_waiting="turn_away")


def padded(values: Sequence[Any] | Any, size: int, fill: float) -> Any:
    """Return one trial's values (1, size), filled up."""
    return np.array([[*values, *[fill] * (size - len(values))]], dtype=float)


def _played(
    design: Any, truth: Any, window: float, latent: Any, dlt_day: Any, gaps: Any, accrual: Accrual = DAILY
) -> CalendarTrial:
    given = GivenPatients(latent=latent, dlt_day=dlt_day, gaps=gaps)
    (trial,) = calendar_trials(design, truth, window_days=window, calendar=Calendar(accrual=accrual), patients=given)
    return trial


def tite_boin() -> Comparison:
    """Compare doses, days of entry, suspensions, duration and MTD with trials by simFastBOIN's rules."""
    seen = Differences()
    for item in golden("clock_trials.json", "tite_boin"):
        design, where = tite_boin_of(item), f"{item['id']} {item['name']}"
        most = design.max_n
        latent = padded([1 - dlt for dlt in item["dlt"]], most, 1)
        dlt_day = padded([after or 0 for after in item["dlt_after"]], most, 0)
        gaps = padded([0, *item["gaps"]], most + 1, 1e9)
        trial = _played(design, item["p_true"], item["window"], latent, dlt_day, gaps)
        waited = sum(end - start for start, end in trial.suspensions)
        seen.equal(f"{where}, doses", trial.level, item["dose"])
        seen.close(f"{where}, entries", trial.entered, item["entry"], within=DAYS)
        seen.equal(f"{where}, MTD", trial.selected, item["mtd"] or 0)
        seen.close(f"{where}, duration", trial.duration_days, item["duration"], within=DAYS)
        seen.equal(f"{where}, suspensions", len(trial.suspensions), item["suspensions"])
        seen.close(f"{where}, days suspended", waited, item["time_suspended"], within=DAYS)
    return seen.result


def rolling_six() -> Comparison:
    """Compare trials of rolling six, with patients turned away or waiting."""
    return _small_cohorts("rolling_six")


def three_plus_three() -> Comparison:
    """Compare trials of 3+3 on the calendar, with patients turned away or waiting."""
    return _small_cohorts("three_plus_three")


def _small_cohorts(kind: str) -> Comparison:
    seen = Differences()
    for item in golden("clock_trials.json", "rolling_six"):
        doses = len(item["p_true"])
        design: Any = RollingSix(n_doses=doses)
        if kind == "three_plus_three":
            design = ThreePlusThree(n_doses=doses, pending=Complete())
        latent = padded(item["latent_u"], design.max_n, 1)[:, : design.max_n]
        dlt_day = padded(item["latent_v"], design.max_n, 1)[:, : design.max_n] * item["window"]
        gaps = np.array([[0, *item["gaps"], *np.resize(item["gaps"], 300)]])
        for how, accrual in (("away", TURN_AWAY), ("pause", DAILY)):
            expected, where = item[f"{kind}_{how}"], f"{item['id']}, {how}"
            trial = _played(design, item["p_true"], item["window"], latent, dlt_day, gaps, accrual)
            seen.equal(f"{where}, doses", trial.level, expected["dose"])
            seen.close(f"{where}, entries", trial.entered, expected["entry"], within=DAYS)
            seen.equal(f"{where}, MTD", trial.selected, expected["mtd"] or 0)
            seen.close(f"{where}, duration", trial.duration_days, expected["duration"], within=DAYS)
            seen.close(f"{where}, days waited", trial.days_waited.sum(), expected["total_wait"], within=DAYS)
            # With all places taken a 3+3 is closed, here not there.
            if kind == "rolling_six" or trial.size < design.max_n:
                seen.equal(f"{where}, turned away", trial.turned_away, expected["turned_away"])
    return seen.result


def tite_crm() -> Comparison:
    """Compare trials of titesim, one stage or two, posterior or maximum likelihood.

    Who was turned away in a first stage is not in the data; the other program's trials end a window after the last
    arrival.
    """
    seen = Differences()
    for item in golden("titecrm.json", "trials"):
        n, where = item["n"], f"{item['id']} {item['name']}"
        latent = padded([float(after is None) for after in item["dlt_after"]], n, 1)
        dlt_day = padded([after or 0 for after in item["dlt_after"]], n, 0)
        gaps = padded(np.diff(item["arrival"], prepend=0), n + 1, 1e9)
        truth = [0.5] * len(item["prior"])  # between the latent numbers of who has a DLT, 0, and of who has none, 1
        trial = _played(titecrm_of(item), truth, item["obswin"], latent, dlt_day, gaps, TURN_AWAY)
        seen.equal(f"{where}, doses", trial.level, item["dose"])
        seen.close(f"{where}, arrivals", trial.entered + trial.opened_before, item["arrival"], within=DAYS)
        seen.equal(f"{where}, MTD", trial.selected, item["mtd"])
        seen.equal(f"{where}, turned away", trial.turned_away, 0)
        last = item["arrival"][-1] + item["obswin"]
        seen.holds(f"{where}, duration", trial.opened_before + trial.duration_days <= last + DAYS)
    return seen.result


_RISING = (0.1, 0.25, 0.45)


def _worked(calendar: Calendar, latent: list[float], max_n: int) -> CalendarTrial:
    """Play a trial of BOIN with somebody at the door every day, a window of 14 days, and DLTs on day 3."""
    design = BOIN(target=0.25, n_doses=3, max_n=max_n)
    given = GivenPatients(
        latent=np.array([latent]), dlt_day=np.full((1, max_n), 3.0), gaps=np.array([[0.0] + [1.0] * 20])
    )
    (trial,) = calendar_trials(design, _RISING, window_days=14, calendar=calendar, patients=given)
    return trial


def staggered() -> Comparison:
    """Compare first doses with those of trials worked out by hand, in which the second patient waits seven days."""
    seen = Differences()
    calendar = Calendar(accrual=DAILY, stagger=Stagger(days_after_first=7))
    quiet = _worked(calendar, [0.9] * 6, 6)
    seen.equal("nobody has a DLT, first doses", quiet.entered, [0, 7, 8, 22, 29, 30])
    seen.equal("nobody has a DLT, levels", quiet.level, [1, 1, 1, 2, 2, 2])
    # With a DLT of the first patient on day 3 the design decides anew, and 1 of 1 at the lowest level stays there.
    toxic = _worked(calendar, [0.0] + [0.9] * 5, 6)
    seen.equal("a DLT on day 3, decisions", [(each.day, each.level) for each in toxic.decisions[:2]], [(0, 1), (3, 1)])
    seen.equal("a DLT on day 3, second first dose", toxic.entered[1], 7)
    return seen.result


def ended_in_time() -> Comparison:
    """Compare first doses and durations of trials that may only last so many days with those worked out by hand."""
    seen = Differences()
    entries = [0, 1, 2, 16, 17, 18, 32, 33, 34]
    for days, entered, duration in ((None, 9, 48), (20, 6, 32), (17, 5, 31), (1.5, 2, 15)):
        trial = _worked(Calendar(accrual=DAILY, max_days=days), [0.9] * 9, 9)
        seen.equal(f"at most {days} days, first doses", trial.entered, entries[:entered])
        seen.equal(f"at most {days} days, duration", trial.duration_days, duration)
    return seen.result
