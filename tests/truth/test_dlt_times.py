"""Times to DLT: the law that depends on the probability, and times for the same patients at other doses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseesc.truth import EarlyTimes, LateWeibull, UniformTimes, WeibullTimes, days_to_dlt

LAWS = [UniformTimes(), WeibullTimes(shape=1.4, scale=9), EarlyTimes(within=3, share=0.6), LateWeibull(late_share=0.7)]
LATENT = (np.arange(20_000) + 0.5) / 20_000


@given(p=st.floats(1e-6, 0.999), late=st.floats(0.02, 0.98), horizon=st.floats(0.5, 400))
def test_late_weibull_has_its_share_in_each_half(p, late, horizon):
    law = LateWeibull(late_share=late)
    first_half = (1 - late) * p
    # P(T <= h/2) = (1 - f) p and P(T <= h) = p: the times at these latent numbers are the half and the whole.
    assert law.days(first_half, p, horizon) == pytest.approx(horizon / 2, rel=1e-6)
    assert law.days(p * (1 - 1e-12), p, horizon) == pytest.approx(horizon, rel=1e-6)
    # The parametrisation by rate: T = (-log(1-U)/rate)^(1/shape).
    shape = np.log2(np.log1p(-p) / np.log1p(-first_half))
    rate = -np.log1p(-p) / horizon**shape
    assert float(law.shape(p)) == pytest.approx(shape)
    assert law.days(0.3 * p, p, horizon) == pytest.approx((-np.log1p(-0.3 * p) / rate) ** (1 / shape), rel=1e-9)


def test_late_weibull_by_hand():
    # p = 0.3, f = 0.5: shape = log2(log 0.7 / log 0.85) = 1.13400; U = 0.2: T = 3 (log 0.8 / log 0.7)^(1/shape).
    law = LateWeibull(late_share=0.5)
    assert float(law.shape(0.3)) == pytest.approx(1.13400, abs=1e-5)
    assert law.days([0.2, 0.3, 0.9], 0.3, 3.0) == pytest.approx([1.98382, np.inf, np.inf], abs=1e-5)


@pytest.mark.parametrize("law", LAWS)
def test_who_has_a_dlt_is_who_lies_below_the_probability(law):
    p = np.array([0.0, 1e-9, 0.05, 0.3, 1 - 1e-12, 1.0])[:, None]
    days = days_to_dlt(law, LATENT, p, 28)
    np.testing.assert_array_equal(np.isfinite(days), p > LATENT)
    assert (days[np.isfinite(days)] <= 28).all()
    assert (days >= 0).all()
    assert not np.isnan(days).any()


@pytest.mark.parametrize("law", LAWS)
def test_the_same_patients_have_it_sooner_at_a_more_toxic_dose(law):
    low, high = (days_to_dlt(law, LATENT, p, 28) for p in (0.2, 0.4))
    assert (high <= low * (1 + 1e-12)).all()


@pytest.mark.parametrize("law", LAWS[:3])
def test_a_law_without_p_is_its_quantiles(law):
    days = days_to_dlt(law, LATENT * 0.35, 0.35, 14)
    np.testing.assert_allclose(days, law.quantile(LATENT, 14), rtol=1e-12)
    np.testing.assert_allclose(law.cdf(days, 14), LATENT, rtol=1e-9)


@pytest.mark.parametrize("late_share", [0, 1, -0.5, float("nan"), "half"])
def test_wrong_share_is_refused(late_share):
    with pytest.raises(ValueError, match=r"^late_share must"):
        LateWeibull(late_share=late_share)
