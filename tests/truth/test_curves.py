import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseesc.truth.curves import dlt_probability_at, dose_status, emax_curve, logistic_curve, power_curve


def test_logistic_curve_is_its_formula():
    d = np.array([1.0, 3.0, 10.0])
    linear = -1.2 + 0.7 * np.log(d / 3.0)
    assert logistic_curve(d, intercept=-1.2, slope=0.7, reference=3.0) == pytest.approx(1 / (1 + np.exp(-linear)))


def test_emax_curve_is_its_formula():
    d = np.array([1.0, 3.0, 10.0])
    expected = 0.02 + (0.6 - 0.02) * d**2.5 / (d**2.5 + 4.0**2.5)
    assert emax_curve(d, d50=4.0, pmax=0.6, p0=0.02, hill=2.5) == pytest.approx(expected)


def test_emax_curve_does_not_overflow():
    assert emax_curve([1e-200, 1e200], d50=1.0, pmax=0.5, hill=100.0) == pytest.approx([0.0, 0.5])


def test_power_curve_is_its_formula():
    assert power_curve([0.05, 0.25], beta=0.4) == pytest.approx([0.05 ** np.exp(0.4), 0.25 ** np.exp(0.4)])


AMOUNTS, P = [2.0, 8.0, 16.0], [0.10, 0.25, 0.45]


def logit(p):
    return np.log(p / (1 - p))


def test_tested_dose_has_its_own_probability():
    assert dlt_probability_at(8.0, AMOUNTS, P) == (0.25, "tested", "dose level")
    assert dlt_probability_at(0.1 * 3, [0.3, 0.6], [0.1, 0.2]).status == "tested"  # 0.30000000000000004


def test_between_levels_is_logit_linear_in_log_dose():
    answer = dlt_probability_at(4.0, AMOUNTS, P)  # the middle of 2 and 8 in log dose
    assert logit(answer.probability) == pytest.approx((logit(0.10) + logit(0.25)) / 2)
    assert answer[1:] == ("between levels", "logit-linear in log dose")


def test_beyond_the_ladder_goes_on_with_the_nearest_slope():
    below = dlt_probability_at(0.5, AMOUNTS, P)  # as far below 2 as 8 is above it
    assert logit(below.probability) == pytest.approx(2 * logit(0.10) - logit(0.25))
    assert below[1:] == ("below lowest", "logit-linear in log dose, extrapolated from the two lowest levels")
    above = dlt_probability_at(32.0, AMOUNTS, P)
    assert logit(above.probability) == pytest.approx(2 * logit(0.45) - logit(0.25))
    assert above[1:] == ("above highest", "logit-linear in log dose, extrapolated from the two highest levels")


def test_zero_and_one_are_interpolated_on_the_probability_itself():
    assert dlt_probability_at(4.0, AMOUNTS, [0.0, 0.2, 1.0])[::2] == (pytest.approx(0.1), "linear in log dose")
    assert dlt_probability_at(0.5, AMOUNTS, [0.0, 0.2, 1.0]).probability == 0.0
    assert dlt_probability_at(64.0, AMOUNTS, [0.0, 0.2, 1.0]).probability == 1.0


def test_one_dose_and_bad_amounts():
    assert dlt_probability_at(0.5, [2.0], [0.3]) == (0.3, "below lowest", "the only level's value")
    for amount in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="amount must be positive"):
            dlt_probability_at(amount, AMOUNTS, P)
    assert dose_status(20, AMOUNTS) == "above highest"


@given(
    amount=st.floats(0.01, 1000),
    p=st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted),
)
def test_interpolated_probability_is_one_and_keeps_the_order(amount, p):
    answer = dlt_probability_at(amount, AMOUNTS, p)
    assert 0 <= answer.probability <= 1
    for dose, known in zip(AMOUNTS, p, strict=True):
        if amount < dose:
            assert answer.probability <= known + 1e-9
        if amount > dose:
            assert answer.probability >= known - 1e-9
