"""A fixed first part while patients are pending: dfcrm's two-stage start, in front of any design and in the CRM-MLE.

Whole trials of dfcrm's two-stage titesim are in test_titecrm.py.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from designs import CRM, CRMMLE, FollowPath, NoSkipping, Pending, Reason, Settled, Tally, Weighted

SKELETON = (0.05, 0.12, 0.25, 0.40)
PATH = (1, 1, 2, 2, 3, 3, 4)
SHARED = {"target": 0.25, "skeleton": SKELETON, "max_n": 20, "cohort_size": 1, "pending": Weighted()}


def two_stage(minimum_days=None):
    """Return both kinds of design that begin with the path."""
    return [
        CRM(**SHARED, rules=(NoSkipping(), FollowPath(PATH, minimum_days=minimum_days))),
        CRMMLE(**SHARED, initial_levels=PATH, minimum_days=minimum_days),
    ]


def decided(design, known, level, days, window=28):
    decision = design.decide(known, Pending(level=[level], days=[days], window_days=window))
    return int(decision.level[0]), int(decision.cohort_size[0]), decision.reason[0]


def nobody_known(level):
    return Tally(n=[[0] * 4], dlt=[[0] * 4], level=[level])


@pytest.mark.parametrize("design", two_stage())
def test_patients_at_one_level_follow_one_another_and_another_level_waits_for_the_window(design):
    assert decided(design, nobody_known(1), [1], [0.0]) == (1, 1, Reason.FIXED_PATH)
    level, size, reason = decided(design, nobody_known(1), [1, 1], [27.9, 20.0])
    assert (level, size, reason.waits) == (1, 0, True)
    one_known = Tally(n=[[1, 0, 0, 0]], dlt=[[0] * 4], level=[1])
    assert decided(design, one_known, [1], [27.9])[1] == 0
    both_known = Tally(n=[[2, 0, 0, 0]], dlt=[[0] * 4], level=[1])
    assert decided(design, both_known, [0], [0.0]) == (2, 1, Reason.FIXED_PATH)
    assert design.follow_up_marks(28) == ()


@pytest.mark.parametrize("design", two_stage(minimum_days=7))
def test_the_wait_counts_from_the_last_patient_entered(design):
    """dfcrm's tgrp: not the follow-up of the whole group."""
    assert decided(design, nobody_known(1), [1, 1], [20.0, 6.9])[:2] == (1, 0)
    assert decided(design, nobody_known(1), [1, 1], [20.0, 7.0]) == (2, 1, Reason.FIXED_PATH)
    assert decided(design, nobody_known(2), [2, 1, 1], [0.1, 20.0, 7.1]) == (2, 1, Reason.FIXED_PATH)
    assert design.follow_up_marks(28) == (7,)
    assert design.follow_up_marks(5) == ()
    with pytest.raises(ValueError, match=r"^minimum_days must be at most the window of 5 days, not 7"):
        decided(design, nobody_known(1), [1, 1], [2.0, 1.0], window=5)


@pytest.mark.parametrize("design", two_stage(minimum_days=7))
def test_any_dlt_ends_the_first_part_and_its_waiting(design):
    """The model escalates on little follow-up, or not, as it sees fit."""
    one_dlt = Tally(n=[[1, 0, 0, 0]], dlt=[[1, 0, 0, 0]], level=[1])
    level, size, reason = decided(design, one_dlt, [1], [2.0])
    assert (level, size) == (1, 1)
    assert reason in {Reason.STAY, Reason.DEESCALATE}


def test_without_pending_patients_the_first_part_is_as_it_was():
    for design in two_stage(minimum_days=7):
        histories = ["", "1N", "1N 1N", "1N 1N 2N", "1N 1N 2T"]
        levels = design.decide(Tally.parse(histories, n_doses=4)).level.tolist()
        assert levels[:4] == [1, 1, 2, 2]
        assert levels[4] == 1


def test_settled_goes_on_along_the_path_only_with_known_outcomes():
    design = replace(two_stage()[0], pending=Settled())
    assert decided(design, nobody_known(1), [1, 1], [27.0, 26.0])[1:] == (0, Reason.WAIT)


@pytest.mark.parametrize("make", [lambda days: FollowPath(PATH, minimum_days=days), lambda days: two_stage(days)[1]])
def test_minimum_days_is_checked(make):
    with pytest.raises(ValueError, match=r"^minimum_days must"):
        make(-1)
    with pytest.raises(ValueError, match=r"^minimum_days must"):
        make("a week")


def test_minimum_days_is_said():
    path, mle = two_stage(minimum_days=7)
    assert "7 days after the last patient" in path.rules[1].describe(path)
    assert "7 days after the last patient" in mle.describe()
    assert "at once" in FollowPath(PATH, minimum_days=0).describe(path)


# The weighted likelihood's maximum


@pytest.mark.parametrize("model", ["empiric", "logistic"])
@pytest.mark.parametrize(
    ("known", "level", "days"),
    [
        ("1N 2N 2T", [2, 3], [20.0, 5.0]),
        ("1N 1T 2T", [1, 1, 2], [27.0, 14.0, 0.0]),
        ("3T 2N", [1, 2, 3, 3], [27.99, 27.0, 26.0, 1.0]),
    ],
)
def test_maximum_of_the_weighted_likelihood(model, known, level, days):
    design = CRMMLE(**SHARED, model=model)
    tally, pending = Tally.parse(known, n_doses=4), Pending(level=[level], days=[days], window_days=28)

    def minus_log_likelihood(b):
        p = design.curve(np.array([b]))[0]
        result = tally.dlt[0] @ np.log(p) + (tally.n - tally.dlt)[0] @ np.log1p(-p)
        return -(result + sum(np.log1p(-day / 28 * p[at - 1]) for at, day in zip(level, days, strict=True)))

    best = minimize_scalar(minus_log_likelihood, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10})
    assert design.estimate(tally, pending)[0] == pytest.approx(best.x, abs=1e-6)


def test_limits_of_the_maximum():
    design = CRMMLE(**SHARED)
    pending = Pending(level=[[2, 2]], days=[[27.0, 0.0]], window_days=28)
    calm, toxic = Tally.parse("1N 2N", n_doses=4), Tally.parse("1T 2T", n_doses=4)
    assert design.estimate(calm, pending)[0] == 10
    # Two DLTs, and nobody else followed for long: every curve is flatter than the data, up to the limit.
    just_entered = Pending(level=[[2, 2]], days=[[0.1, 0.0]], window_days=28)
    assert design.estimate(toxic, just_entered)[0] == pytest.approx(-10, abs=1e-9)
    assert design.decide(toxic, just_entered).level[0] == 1
    assert design.estimate(toxic, pending)[0] > -10
