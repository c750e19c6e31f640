"""What holds of every trial on the calendar, whatever the design, its policy, the pace and the patients."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import (
    BOIN,
    CRM,
    MTPI2,
    CoherentEscalation,
    Complete,
    Keyboard,
    NoSkipping,
    RollingSix,
    Settled,
    StopTooToxic,
    ThreePlusThree,
    Weighted,
)
from doseesc.engines import Calendar, Stagger, calendar_trials, simulate_calendar
from doseesc.truth import Accrual, LateWeibull

TRUTH = (0.12, 0.28, 0.45)
SKELETON = (0.1, 0.25, 0.45)
RULES = (NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9))
TWO_WAYS = {
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=15),
    "BOIN, one at a time": BOIN(target=0.25, n_doses=3, max_n=10, cohort_size=1),
    "keyboard": Keyboard(target=0.25, n_doses=3, max_n=14),
    "mTPI-2": MTPI2(target=0.25, n_doses=3, max_n=12),
    "CRM": CRM(target=0.25, skeleton=SKELETON, max_n=12, cohort_size=2, rules=RULES),
}
"""Designs that can wait for all outcomes, or only for those that matter."""

EVERY = {
    **TWO_WAYS,
    "TITE-BOIN": replace(TWO_WAYS["BOIN"], pending=Weighted()),
    "TITE-BOIN, quarter": replace(TWO_WAYS["BOIN"], pending=Weighted(suspend_above=0.49, minimum_followed=0.25)),
    "TITE-keyboard": replace(TWO_WAYS["keyboard"], pending=Weighted()),
    "TITE-CRM": CRM(target=0.25, skeleton=SKELETON, max_n=12, rules=RULES, pending=Weighted(weights="adaptive")),
    "3+3": ThreePlusThree(n_doses=3),
    "3+3 settled": ThreePlusThree(n_doses=3, pending=Settled()),
    "rolling six": RollingSix(n_doses=3),
    "rolling six eager": RollingSix(n_doses=3, variant="eager"),
}
calendars = st.builds(
    Calendar,
    accrual=st.builds(
        Accrual,
        per_month=st.floats(0.5, 30),
        process=st.sampled_from(["poisson", "fixed", "uniform"]),
        ramp_up_months=st.sampled_from([0.0, 3.0]),
        arrivals_while_waiting=st.sampled_from(["wait", "turn_away", "queue"]),
    ),
    dlt_times=st.sampled_from([None, LateWeibull(late_share=0.8)]),
    stagger=st.sampled_from([None, Stagger(days_after_first=5)]),
)


def trials_of(design, calendar, window, seed, n_trials=6):
    return calendar_trials(design, TRUTH, window_days=window, calendar=calendar, n_trials=n_trials, seed=seed)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(EVERY)), calendar=calendars, window=st.floats(3, 90), seed=st.integers(0, 10))
def test_a_trial_lasts_as_long_as_its_last_patients_need(name, calendar, window, seed):
    design = EVERY[name]
    for trial in trials_of(design, calendar, window, seed):
        followed = trial.assessed - trial.entered
        np.testing.assert_allclose(followed[~trial.has_dlt], window)
        assert (followed <= window * (1 + 1e-9)).all()
        assert trial.duration_days == trial.assessed.max()
        assert trial.duration_days >= trial.entered[-1]
        if not trial.has_dlt.any():
            assert trial.duration_days == pytest.approx(trial.entered[-1] + window)
        assert trial.entered[0] == 0
        assert (np.diff(trial.entered) >= 0).all()
        assert (trial.days_waited >= 0).all()
        assert trial.size <= design.max_n
        until = 0.0
        for start, end in trial.suspensions:
            assert until <= start <= end  # they do not overlap
            until = end
        # Where the design waits nobody is entered, and the MTD is a level or none.
        for day, level, size, reason in trial.decisions:
            assert reason.waits == (level > 0 and size == 0), day
        assert 0 <= trial.selected <= 3
        assert (trial.turned_away == 0) or calendar.accrual.arrivals_while_waiting == "turn_away"


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(TWO_WAYS)), calendar=calendars, window=st.floats(3, 90), seed=st.integers(0, 10))
def test_settled_never_decides_otherwise_than_complete_would_have(name, calendar, window, seed):
    calendar = replace(calendar, stagger=None)  # a DLT in a gap breaks a cohort off on what is known then
    late, early = (
        trials_of(replace(TWO_WAYS[name], pending=policy), calendar, window, seed) for policy in (Complete(), Settled())
    )
    for waits, goes_on in zip(late, early, strict=True):
        np.testing.assert_array_equal(goes_on.level, waits.level)
        np.testing.assert_array_equal(goes_on.has_dlt, waits.has_dlt)
        assert (goes_on.selected, goes_on.reason) == (waits.selected, waits.reason)
        if calendar.accrual.arrivals_while_waiting != "turn_away":  # whoever is turned away, another one comes
            assert (goes_on.entered <= waits.entered + 1e-9).all()


@pytest.mark.parametrize("name", ["TITE-BOIN", "TITE-keyboard", "rolling six", "3+3"])
def test_the_same_bytes_for_any_jobs(name):
    options = {"window_days": 28, "accrual": Accrual(per_month=4, arrivals_while_waiting="turn_away"), "seed": 3}
    one, two = (simulate_calendar(EVERY[name], TRUTH, n_trials=20_000, jobs=jobs, **options) for jobs in (1, 2))
    for field, value in vars(one).items():
        parts = vars(value).items() if field in ("sd", "mcse") else [(field, value)]
        for part, number in parts:
            other = getattr(getattr(two, field), part) if field in ("sd", "mcse") else getattr(two, field)
            if isinstance(number, dict):
                assert number == other
            else:
                assert np.asarray(number).tobytes() == np.asarray(other).tobytes(), part
