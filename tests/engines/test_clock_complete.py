"""Trials that wait for every outcome, played in plain NumPy: the clock's own, trial by trial."""

import numpy as np
import pytest

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    APlusB,
    Complete,
    NoSkipping,
    RollingSix,
    Settled,
    StopTooToxic,
    ThreePlusThree,
)
from doseesc.engines import CALENDAR_METRICS, Calendar, Stagger, TimeFigures, complete_times, simulate_calendar
from doseesc.engines.clock_complete import waits_for_all
from doseesc.truth import Accrual, EarlyTimes, LateWeibull

SKELETON = (0.1, 0.25, 0.45)
RULES = (NoSkipping(), StopTooToxic(confidence=0.9))
DESIGNS = {
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=17),
    "CRM, one at a time": CRM(target=0.25, skeleton=SKELETON, max_n=12, cohort_size=1),
    "CRM, rules": CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3, rules=RULES),
    "titration": BOIN(target=0.25, n_doses=3, max_n=14, cohort_size=3, rules=(AcceleratedTitration(),)),
    "3+3": ThreePlusThree(n_doses=3),
    "3+3, escalation only": ThreePlusThree(n_doses=3, variant="escalation_only"),
    "2+4": APlusB(n_doses=3, a=2, b=4, c=1, d=1, e=1),
    "broken off without a DLT": APlusB(n_doses=3, a=3, b=3, c=1, d=2, e=1),
}
CALENDARS = {
    "slow": {"accrual": Accrual(per_month=0.7)},
    "a queue, from the opening": {
        "accrual": Accrual(per_month=8, arrivals_while_waiting="queue"),
        "first_gap": True,
    },
    "ramp-up, late DLTs": {
        "accrual": Accrual(per_month=4, ramp_up_months=3, process="uniform"),
        "dlt_times": LateWeibull(late_share=0.8),
    },
    "holds, early DLTs": {
        "accrual": Accrual(profile=(0, 2, 0, 8), process="fixed"),
        "dlt_times": EarlyTimes(within=2, share=0.7),
    },
}
TRUTHS = {"middle": np.array([0.10, 0.25, 0.45]), "toxic": np.array([0.45, 0.60, 0.75])}


@pytest.mark.parametrize("name", CALENDARS)
def test_times_are_those_of_the_clock(name):
    found = complete_times(
        DESIGNS, TRUTHS, calendar=Calendar(**CALENDARS[name]), window_days=14.0, n_trials=400, seed=3
    )
    for (truth, design), times in found.items():
        clock = simulate_calendar(
            DESIGNS[design], TRUTHS[truth], window_days=14, n_trials=400, seed=3, **CALENDARS[name]
        )
        wanted = TimeFigures.of(clock)
        for metric in (*CALENDAR_METRICS, "duration_quantiles", "duration_curve"):
            np.testing.assert_allclose(getattr(times, metric), getattr(wanted, metric), rtol=1e-9, atol=1e-9)
            if metric != "duration_curve":
                error, its_error = getattr(times.mcse, metric), getattr(wanted.mcse, metric)
                np.testing.assert_allclose(error, its_error, rtol=1e-6, atol=1e-9)


def test_trials_beyond_one_block_are_the_clocks_too():
    calendar, design = Calendar(accrual=Accrual(per_month=3)), DESIGNS["BOIN"]
    told = []
    found = complete_times(
        {"BOIN": design},
        {"middle": TRUTHS["middle"]},
        calendar=calendar,
        window_days=14.0,
        n_trials=16_500,
        seed=3,
        watch=told.append,
    )
    clock = simulate_calendar(
        design, TRUTHS["middle"], window_days=14, accrual=calendar.accrual, n_trials=16_500, seed=3
    )
    assert found["middle", "BOIN"].duration_days == clock.duration_days
    assert told == [16_384, 116]


@pytest.mark.parametrize(
    ("design", "calendar", "there"),
    [
        (DESIGNS["BOIN"], {}, True),
        (DESIGNS["3+3"], {}, True),
        (ThreePlusThree(n_doses=3, rules=(StopTooToxic(above=0.3),)), {}, False),  # a rule may look at any DLT
        (BOIN(target=0.25, n_doses=3, max_n=18, pending=Settled()), {}, False),
        (RollingSix(n_doses=3), {}, False),
        (DESIGNS["BOIN"], {"stagger": Stagger(days_after_first=7)}, False),
        (DESIGNS["BOIN"], {"max_days": 300}, False),
        (DESIGNS["BOIN"], {"accrual": Accrual(per_month=2, arrivals_while_waiting="turn_away")}, False),
    ],
)
def test_what_can_be_played_without_the_clock(design, calendar, there):
    assert waits_for_all(design, Calendar(**{"accrual": Accrual(per_month=2), **calendar})) is there


def test_nothing_waits_where_arrivals_are_far_apart():
    calendar = Calendar(accrual=Accrual(per_month=1, process="fixed"))
    designs = {"BOIN": BOIN(target=0.25, n_doses=3, max_n=9, pending=Complete())}
    times = complete_times(designs, TRUTHS, calendar=calendar, window_days=14.0, n_trials=50, seed=1)["middle", "BOIN"]
    assert (times.suspensions, times.days_suspended, times.days_waited) == (0, 0, 0)
    assert times.duration_curve[-1] <= 8 * 365.25 / 12 + 14 + 1e-6
