"""The closed form of what a trial observes: the published figures, limiting cases, and impossible input."""

import numpy as np
import pytest

from designs import ThreePlusThree
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.observed import Enrolment, exact_observed
from doseesc.truth.event_times import DEATH_TIMES, EarlyTimes, UniformTimes, WeibullTimes, death_in_window, quadrature
from doseesc.truth.observation import ObservationModel

CURVE = np.array([0.0, 0.1, 0.3, 1.0])


def clears(observed, levels):
    """The chance that a 3+3 passes this many levels of the same DLT probability, from its exact paths."""
    design = ThreePlusThree(n_doses=levels + 1, variant="escalation_only")
    ends, weight = enumerate_paths(design).weighted_ends([observed] * (levels + 1))
    return float(weight[0][ends.n[:, levels] > 0].sum())


@pytest.mark.parametrize(
    ("background", "one", "three"),
    # A perfectly safe product, 18 % of patients dying in the window, all deaths counted.
    [(0.0, 0.751, 0.42), (0.05, 0.66, 0.29)],
)
def test_a_safe_product_seldom_clears_three_levels_if_all_deaths_count(background, one, three):
    model = ObservationModel(window=14, background=background, death=0.18, deaths="all_count")
    observed = float(model.law([0.0]).observed_dlt[0])
    assert observed == pytest.approx(1 - (1 - background) * 0.82, abs=1e-12)
    assert clears(observed, 1) == pytest.approx(one, abs=0.005 if background else 0.001)
    assert clears(observed, 3) == pytest.approx(three, abs=0.005)


def test_chance_of_passing_a_level_by_hand():
    for p in (0.05, 0.18, 0.25):
        assert clears(p, 1) == pytest.approx((1 - p) ** 3 + 3 * p * (1 - p) ** 5, abs=1e-12)


@pytest.mark.parametrize(("death", "chance"), [(0.15, 0.39), (0.18, 0.45), (0.20, 0.49)])
def test_replacement_in_a_cohort_of_three(death, chance):
    law = ObservationModel(window=14, death=death, deaths="replaced").law([0.0])
    assert law.evaluable[0] == pytest.approx(1 - death, abs=1e-12)
    assert 1 - law.evaluable[0] ** 3 == pytest.approx(chance, abs=0.005)


def test_enrolment_is_inflated_by_one_over_one_minus_q():
    model = ObservationModel(window=14, death=0.18, deaths="replaced")
    design = ThreePlusThree(n_doses=3)
    paths = enumerate_paths(design)
    found = paths.characteristics([0.0, 0.0, 0.0], target=0.25)
    ends, weight = paths.weighted_ends([0.0, 0.0, 0.0])
    law = model.law(np.zeros(3))
    observed = exact_observed(found, ends, weight[0], Enrolment(ends), law)
    assert observed.enrolled == pytest.approx(12 / 0.82, abs=1e-12)
    assert observed.deaths == pytest.approx(12 / 0.82 * 0.18, abs=1e-12)
    # Twelve evaluable patients: a negative binomial number of the others.
    from scipy.stats import nbinom

    law_of_replaced = nbinom.pmf(np.arange(len(observed.enrolled_distribution) - 12), 12, 0.82)
    np.testing.assert_allclose(observed.enrolled_distribution[12:], law_of_replaced, atol=1e-12)
    assert observed.enrolled_distribution[:12].sum() == 0


def test_deaths_in_a_window_follow_from_the_28_day_mortality():
    shares = [death_in_window(1.0, day) for day in (7, 10, 14, 18, 28)]
    np.testing.assert_allclose(shares, [0.31, 0.47, 0.65, 0.79, 1.0], atol=0.006)
    assert death_in_window(0.30, 14) == pytest.approx(0.20, abs=0.01)
    with pytest.raises(ValueError, match=r"^window is 30 days, beyond the 28 days"):
        death_in_window(0.3, 30)


def test_deaths_that_all_count_are_a_union_whatever_the_times():
    for times in (UniformTimes(), WeibullTimes(shape=0.6, scale=3), EarlyTimes(within=1, share=0.7)):
        model = ObservationModel(window=14, background=0.05, death=0.18, deaths="all_count", dlt_times=times)
        law = model.law(CURVE)
        np.testing.assert_allclose(law.observed_dlt, 1 - (1 - CURVE) * 0.95 * 0.82, atol=1e-12)
        np.testing.assert_allclose(law.evaluable, 1, atol=1e-12)


def test_even_times_by_hand():
    """No background: who dies at t has had the drug's DLT with probability t / w."""
    t, weight = quadrature(14.0)
    mean_death = float(weight @ (t * DEATH_TIMES.density(t, 14.0))) / 14
    before = CURVE * (1 - 0.2 * (1 - mean_death))  # a DLT before death
    law = ObservationModel(window=14, death=0.2, deaths="dlt_free").law(CURVE)
    np.testing.assert_allclose(law.observed_dlt, before, atol=1e-12)
    np.testing.assert_allclose(law.drug_dlt, before, atol=1e-12)
    assert (law.not_caused == 0).all()
    quarter = ObservationModel(window=14, death=0.2, deaths="fraction", attributed_fraction=0.25).law(CURVE)
    np.testing.assert_allclose(quarter.observed_dlt, before + 0.25 * 0.2 * (1 - CURVE * mean_death), atol=1e-12)
    np.testing.assert_allclose(quarter.not_caused, 0.25 * 0.2 * (1 - CURVE * mean_death), atol=1e-12)


def test_nothing_but_the_drug_changes_nothing():
    law = ObservationModel(window=14).law(CURVE)
    np.testing.assert_allclose(law.observed_dlt, CURVE, atol=1e-14)
    np.testing.assert_allclose(law.evaluable, 1, atol=1e-14)
    np.testing.assert_allclose(law.drug_dlt, CURVE, atol=1e-13)


def test_windows_see_the_dlts_that_come_in_them():
    early = EarlyTimes(within=2, share=0.6)
    seen = {
        window: float(ObservationModel(window=window, curve_window=14, dlt_times=early).law(0.3).observed_dlt)
        for window in (1, 2, 8, 14, 28)
    }
    expected = {1: 0.3 * 0.3, 2: 0.3 * 0.6, 8: 0.3 * 0.8, 14: 0.3, 28: 0.3}
    assert seen == pytest.approx(expected, abs=1e-12)


def test_adjudication():
    model = ObservationModel(window=14, background=0.1, sensitivity=0.8, specificity=0.75)
    np.testing.assert_allclose(model.law(CURVE).observed_dlt, 1 - (1 - 0.8 * CURVE) * (1 - 0.25 * 0.1), atol=1e-13)


def test_dependence_adds_deaths_of_patients_with_dlts():
    model = ObservationModel(window=14, death=0.2, death_relative_risk=3, deaths="dlt_free")
    np.testing.assert_allclose(model.law(CURVE).death, 0.2 * (1 - CURVE) + 0.6 * CURVE, atol=1e-13)


@pytest.mark.parametrize(
    "times", [UniformTimes(), WeibullTimes(shape=1.4, scale=15.5), EarlyTimes(within=3, share=0.4)]
)
def test_times_are_laws(times):
    t, weight = quadrature(14.0, times.breaks(14.0))
    assert weight @ times.density(t, 14.0) == pytest.approx(1, abs=1e-12)
    share = np.linspace(0.01, 0.99, 9)
    np.testing.assert_allclose(times.cdf(times.quantile(share, 14.0), 14.0), share, atol=1e-12)
    assert times.cdf(20.0, 14.0) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "^window must be positive"),
        ({"background": 1.2}, r"^background must lie in \[0, 1\]"),
        ({"death": -0.1}, "^death must lie"),
        (
            {"death": 0.4, "death_relative_risk": 3},
            r"^death_relative_risk of 3 does not fit .* it would be 1.2, above 1",
        ),
        ({"death_relative_risk": -1}, "^death_relative_risk must not be negative"),
        ({"deaths": "ignored"}, "^deaths must be one of all_count, fraction"),
        ({"losses": "counted"}, "^losses must be one of"),
    ],
)
def test_impossible_models_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ObservationModel(**{"window": 14, **arguments})


def test_a_trial_without_evaluable_patients_is_refused():
    with pytest.raises(ValueError, match="at least 1 % must be"):
        ObservationModel(window=14, loss=1.0).law([0.0])
    with pytest.raises(ValueError, match=r"shape must lie between 0\.1 and 50"):
        WeibullTimes(shape=0, scale=1)
    with pytest.raises(ValueError, match="share must be above 0"):
        EarlyTimes(within=1, share=0)
    with pytest.raises(ValueError, match="within must lie between"):
        EarlyTimes(within=0, share=0.5)
