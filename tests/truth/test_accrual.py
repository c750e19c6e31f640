"""Arrivals by hand, against laws that are known, and by two ways of computing them; wrong arguments are answered."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from doseesc.truth import DAYS_PER_MONTH, Accrual, next_gap
from doseesc.truth.arrivals import day_gap, expected_by, profile_table, steady_table

UNIFORMS = np.random.default_rng(5).random((4000, 12))

RATE = st.floats(0.05, 50)
PROFILE = st.lists(st.one_of(st.just(0.0), RATE), min_size=0, max_size=6).flatmap(
    lambda months: RATE.map(lambda last: Accrual(profile=(*months, last)))
)
RAMP = st.tuples(RATE, st.floats(0, 30)).map(lambda drawn: Accrual(per_month=drawn[0], ramp_up_months=drawn[1]))


def test_gaps_of_a_steady_rate_are_numbers_over_the_rate():
    mean = DAYS_PER_MONTH / 2
    u = np.array([0.0, 0.1, 0.5, 0.999])
    for process, gaps in (("poisson", -np.log1p(-u)), ("fixed", np.ones(4)), ("uniform", 2 * u)):
        accrual = Accrual(per_month=2, process=process)
        np.testing.assert_allclose(accrual.gaps(u), gaps * mean, rtol=1e-15)
        np.testing.assert_array_equal(accrual.gaps(u, after=np.arange(4) * 77.7), accrual.gaps(u))


def test_uniform_gaps_lie_between_nothing_and_twice_the_mean():
    gaps = Accrual(per_month=1, process="uniform").gaps(UNIFORMS).ravel() / DAYS_PER_MONTH
    assert stats.kstest(gaps, stats.uniform(0, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("first_gap", [True, False])
def test_fixed_arrivals_fall_on_their_days_exactly(first_gap):
    accrual = Accrual(per_month=DAYS_PER_MONTH / 28, process="fixed")
    days = accrual.arrivals(np.zeros((1, 5)), first_gap=first_gap)
    np.testing.assert_array_equal(days[0], 28.0 * (np.arange(5) + first_gap))


@pytest.mark.parametrize(
    "accrual",
    [
        Accrual(per_month=3),
        Accrual(per_month=3, ramp_up_months=5),
        Accrual(profile=(0, 4, 0, 0, 2)),
        Accrual(screened_per_month=12, eligible=0.5, consenting=0.5),
    ],
)
def test_numbers_arrived_by_a_month_are_poisson_with_the_expected_mean(accrual):
    days = accrual.arrivals(UNIFORMS, first_gap=True)
    for months in (1, 2.5, 4):
        mean = float(accrual.expected(months * DAYS_PER_MONTH))
        counts = (days <= months * DAYS_PER_MONTH).sum(axis=1)
        most = UNIFORMS.shape[1]
        expected = np.minimum(np.arange(200), most) @ stats.poisson(mean).pmf(np.arange(200))
        assert counts.mean() == pytest.approx(expected, abs=4 * counts.std() / 60 + 1e-12)
        assert (counts == 0).mean() == pytest.approx(np.exp(-mean), abs=0.03)


def test_expected_numbers_of_ramp_up_and_profile_by_hand():
    ramp = Accrual(per_month=6, ramp_up_months=4)
    # 6 t^2 / 8 by month t of the ramp, and 6 (t - 2) after it.
    np.testing.assert_allclose(ramp.expected(DAYS_PER_MONTH * np.array([0, 2, 4, 10])), [0, 3, 12, 48])
    held = Accrual(profile=(0, 0, 0, 50, 100))
    np.testing.assert_allclose(held.expected(DAYS_PER_MONTH * np.array([3, 3.5, 4, 6])), [0, 25, 50, 250])
    np.testing.assert_allclose(held.arrivals([[0.0] * 3], first_gap=True), 3 * DAYS_PER_MONTH)


def test_nobody_arrives_in_a_hold():
    months = Accrual(profile=(5, 0, 0, 5)).arrivals(UNIFORMS, first_gap=True) / DAYS_PER_MONTH
    assert not ((months > 1 + 1e-9) & (months < 3 - 1e-9)).any()
    assert (months < 1).any()
    # A gap that begins in the hold ends after it, by what the rate then needs.
    gap = Accrual(profile=(5, 0, 0, 5), process="fixed").gaps(0.5, after=1.5 * DAYS_PER_MONTH)
    assert float(gap) == pytest.approx((1.5 + 1 / 5) * DAYS_PER_MONTH)


@settings(max_examples=100, deadline=None)
@given(accrual=st.one_of(PROFILE, RAMP), day=st.floats(0, 400), number=st.floats(0, 30))
def test_a_gap_brings_the_number_and_the_compiled_form_is_the_same(accrual, day, number):
    gap = float(day_gap(accrual.table, day, number))
    assert gap >= 0
    gained = float(accrual.expected(day + gap) - accrual.expected(day))
    assert gained == pytest.approx(number, rel=1e-9, abs=1e-6 + 1e-9 * float(accrual.expected(day)))
    assert next_gap(accrual.table, day, number) == pytest.approx(gap, rel=1e-12, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(accrual=st.one_of(PROFILE, RAMP), seed=st.integers(0, 99))
def test_who_waits_for_nobody_arrives_gap_after_gap(accrual, seed):
    uniforms = np.random.default_rng(seed).random((1, 6))
    day, days = 0.0, []
    for uniform in uniforms[0]:
        day += float(accrual.gaps(uniform, after=day))
        days.append(day)
    np.testing.assert_allclose(accrual.arrivals(uniforms, first_gap=True)[0], days, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(accrual.arrivals(uniforms)[0], np.array(days) - days[0], rtol=1e-9, atol=1e-6)


def test_the_gap_runs_from_the_enrolment_in_compiled_code():
    numba = pytest.importorskip("numba")
    compiled = numba.njit(next_gap)
    for table in (steady_table(0.3), steady_table(0.3, 60.0), profile_table([0.1, 0.0, 0.4], 30.0)):
        for day, number in ((0.0, 0.0), (12.0, 2.5), (45.0, 1e-9), (500.0, 7.0)):
            assert compiled(table, day, number) == pytest.approx(float(day_gap(table, day, number)), rel=1e-12)
    # The first of a ramp comes at the root, where the rate is still 0.
    assert compiled(steady_table(2.0, 10.0), 0.0, 0.4) == pytest.approx(2.0)
    assert float(expected_by(steady_table(2.0, 10.0), 2.0)) == pytest.approx(0.4)


def test_durations_by_formula():
    ramp = Accrual(per_month=5, ramp_up_months=4)
    last = Accrual(per_month=5, ramp_up_months=4).arrivals(UNIFORMS, first_gap=True)[:, -1] / DAYS_PER_MONTH
    held = Accrual(profile=(1, 0, 6))
    after_hold = held.arrivals(UNIFORMS, first_gap=True)[:, -1] / DAYS_PER_MONTH
    for quantile in (0.05, 0.5, 0.95):
        assert ramp.enrolment(12, quantile) == pytest.approx(np.quantile(last, quantile), rel=0.03)
        assert held.enrolment(12, quantile) == pytest.approx(np.quantile(after_hold, quantile), rel=0.03)
    fixed = Accrual(per_month=4, process="fixed")
    assert fixed.enrolment(10, 0.05) == fixed.enrolment(10, 0.95) == pytest.approx(2.5)
    screened = Accrual(screened_per_month=50, eligible=0.2, consenting=0.5)
    assert screened.enrolment(30) == pytest.approx(Accrual(per_month=5).enrolment(30), rel=1e-12)
    with pytest.raises(ValueError, match="process must be poisson or fixed"):
        Accrual(per_month=4, process="uniform").enrolment(10)


def test_criteria_are_independent_unless_said():
    criteria = {"dialysis": 0.2, "ECMO or HFOV": 0.1, "BMI above 28": 0.25}
    apart = Accrual(screened_per_month=10, exclusions=criteria, consenting=0.5)
    assert apart.share_eligible == pytest.approx(0.8 * 0.9 * 0.75)
    assert apart.rate == pytest.approx(10 * 0.54 * 0.5)
    overlapping = Accrual(screened_per_month=10, exclusions=criteria, eligible=0.75)
    assert (overlapping.share_eligible, overlapping.rate) == (0.75, 7.5)
    assert hash(apart) == hash(Accrual(screened_per_month=10, exclusions=criteria, consenting=0.5))


@pytest.mark.parametrize(
    ("accrual", "said"),
    [
        (Accrual(per_month=0.7), "0.7 patients a month (basis not given)"),
        (Accrual(profile=(0, 0, 5)), "0, 0, 5 patients a month, month by month (basis not given)"),
        (
            Accrual(per_month=2, process="fixed", basis="two sites"),
            "at equal intervals, 2 patients a month (two sites)",
        ),
        (Accrual(per_month=2, arrivals_while_waiting="queue"), "waits in turn, and others go on arriving"),
        (Accrual(per_month=2, arrivals_while_waiting="turn_away"), "is lost to the trial"),
        (Accrual(per_month=2, ramp_up_months=3), "reached over 3 months"),
        (Accrual(screened_per_month=40, eligible=0.05), "of 40 screened 5 % are eligible and 100 % of these take part"),
    ],
)
def test_accrual_in_words(accrual, said):
    assert said in accrual.describe()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "per_month must be given, or one of profile, screened_per_month"),
        ({"per_month": 0}, "per_month must be above 0"),
        ({"per_month": True}, "per_month must be a number"),
        ({"per_month": float("nan")}, "per_month must be a number"),
        ({"per_month": 2, "profile": (1,)}, "profile must not be given together with per_month"),
        ({"per_month": 2, "screened_per_month": 9}, "screened_per_month must not be given together with per_month"),
        ({"per_month": 2, "process": "weekly"}, "process must be one of poisson, fixed, uniform, not 'weekly'"),
        ({"per_month": 2, "arrivals_while_waiting": "go"}, "arrivals_while_waiting must be one of wait, turn_away"),
        ({"per_month": 2, "ramp_up_months": -1}, "ramp_up_months must be at least 0"),
        ({"profile": ()}, "profile must be a list"),
        ({"profile": (1, -2, 3)}, "profile must not hold negative numbers"),
        ({"profile": (1, float("inf"))}, "profile must be a number"),
        ({"profile": (1, 0)}, "profile must end above 0"),
        ({"profile": (1, 2), "ramp_up_months": 3}, "ramp_up_months must not be given together with profile"),
        ({"per_month": 2, "eligible": 0.5}, "eligible must be given together with screened_per_month"),
        ({"per_month": 2, "consenting": 0.5}, "consenting must be given together with screened_per_month"),
        ({"per_month": 2, "exclusions": {"a": 0.5}}, "exclusions must be given together with screened_per_month"),
        ({"screened_per_month": -1}, "screened_per_month must be above 0"),
        ({"screened_per_month": 9, "eligible": 0}, "eligible must be above 0 and at most 1"),
        ({"screened_per_month": 9, "consenting": 1.2}, "consenting must be above 0 and at most 1"),
        ({"screened_per_month": 9, "process": "fixed"}, "process must be poisson with screened_per_month"),
        ({"screened_per_month": 9, "exclusions": {}}, "exclusions must give each criterion its share"),
        ({"screened_per_month": 9, "exclusions": {"a": 1}}, r"exclusions must lie in \[0, 1\), not 1 for 'a'"),
        (
            {"screened_per_month": 9, "exclusions": {"a": 0.5, "b": 0.2}, "eligible": 0.6},
            "eligible must lie between 0.3",
        ),
        (
            {"screened_per_month": 9, "exclusions": {"a": 0.5, "b": 0.2}, "eligible": 0.2},
            "eligible must lie between 0.3",
        ),
    ],
)
def test_wrong_arguments_are_refused(parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Accrual(**parameters)
