"""From historical studies to a prior: a mixture of laws, the prediction of a new study, what stands for it."""

import numpy as np
import pytest
from borrowed import (
    AMOUNTS,
    MEXVT,
    TRIAL,
    TWO_STUDIES,
    WEAK,
    hierarchy,
    known,
    likelihood,
)
from scipy.special import expit
from support import cases_in, name_of, passes

from designs import BLRM, Tally
from doseesc.inference.borrowing.borrowing import robust_prior
from doseesc.inference.borrowing.heterogeneity import Heterogeneity
from doseesc.inference.borrowing.hierarchy import hierarchy_posterior
from doseesc.inference.borrowing.mixture_fit import fit_components
from doseesc.inference.borrowing.normal_mixture import BivariateNormal, NormalMixture, nearest_mixture
from doseesc.inference.data import ToxicityData
from doseesc.validation.cases import borrowing

# One trial under a mixture of normal priors


LAWS = [BivariateNormal(mean=(-2.5, 0.3), sd=(0.8, 0.4), correlation=0.5), WEAK]


def test_single_component_is_the_blrm():
    law = LAWS[0]
    data = TRIAL + ToxicityData.from_outcomes("3NNT", amounts=[2, 8, 16])
    fit = fit_components([law], data, reference=16, amounts=AMOUNTS, limits=[0.25, 0.5])
    found = fit.posterior([1.0])
    design = BLRM(
        target=0.25, doses=AMOUNTS, reference=16, max_n=30, prior_mean=law.mean, prior_sd=law.sd, prior_correlation=0.5
    )
    tally = Tally(n=[[3, 0, 6, 3]], dlt=[[0, 0, 1, 1]], level=[4])
    known_posterior = design.posterior(tally)
    assert found.mean == pytest.approx(known_posterior.dlt_probability[0], abs=1e-8)
    assert found.sd == pytest.approx(known_posterior.dlt_sd[0], abs=1e-7)
    for level in (1, 4):
        above = [design.probability_above(tally, level, limit)[0] for limit in (0.25, 0.5)]
        assert found.above[level - 1] == pytest.approx(above, abs=1e-6)
        ends = [float(end[0]) for end in design.credible_interval(tally, level, 0.8)]
        assert [fit.quantile([1.0], q)[level - 1] for q in (0.1, 0.9)] == pytest.approx(ends, abs=2e-4)


def test_quantiles_of_a_mixture_leave_their_share_below():
    laws = LAWS
    fit = fit_components(laws, TRIAL, reference=16, amounts=[8])
    ends = [float(fit.quantile([0.4, 0.6], q)[0]) for q in (0.05, 0.95)]
    above = fit_components(laws, TRIAL, reference=16, amounts=[8], limits=ends).posterior([0.4, 0.6]).above
    assert above[0] == pytest.approx([0.95, 0.05], abs=3e-4)


def test_floor_takes_events_for_background():
    laws = LAWS
    plain, floored = (
        fit_components(laws, TRIAL, reference=16, amounts=[8], floor=floor).posterior([0.4, 0.6]).mean
        for floor in (0.0, 0.1)
    )
    assert floored[0] < plain[0] - 0.01


# The prediction of a new study


def drawn_hierarchy(studies, how, count, seed=1):
    """Draw from the prior, weigh by the likelihood of the studies: the parameters of each and of a new one."""
    random = np.random.default_rng(seed)
    taus = [abs(how.heterogeneity.log_alpha.scale * random.standard_normal(count))]
    taus += [
        how.heterogeneity.log_beta.median * np.exp(how.heterogeneity.log_beta.log_sd * random.standard_normal(count))
    ]
    mu = random.multivariate_normal(how.mean.mean, how.mean.covariance, count)
    theta = mu[None] + np.stack(taus, axis=-1) * random.standard_normal((len(studies) + 1, count, 2))
    weight = np.prod([likelihood(theta[s], data, how.reference) for s, data in enumerate(studies)], axis=0)
    return theta, weight, np.stack(taus)


def test_new_study_as_drawn_from_the_prior_and_weighed():
    how, studies = TWO_STUDIES
    found = hierarchy_posterior(studies[0] + studies[1], how)
    theta, weight, taus = drawn_hierarchy(studies, how, 400_000)
    total = weight.mean()
    assert np.exp(found.log_evidence) == pytest.approx(total, abs=4 * weight.std() / np.sqrt(len(weight)))

    def check(exact, values):
        mean = (weight * values).mean() / total
        error = (weight * (values - mean)).std() / total / np.sqrt(len(weight))
        assert exact == pytest.approx(mean, abs=4 * error)
        assert error < 0.005

    for mass, drawn in [(found.new_study, theta[2]), (found.mass[0], theta[0]), (found.mass[1], theta[1])]:
        mean, sd = found.dlt_mean_sd(mass, [8])
        p = expit(drawn[:, 0] + np.exp(drawn[:, 1]) * np.log(0.5))
        check(mean[0], p)
        check(sd[0] ** 2, (p - mean[0]) ** 2)
        check(found.probability_above(mass, 8, [0.3])[0], (p > 0.3) * 1.0)
    check(found.tau[0], taus[0])
    check(found.tau[1], taus[1])


@pytest.mark.parametrize("name", ["small", "moderate", "substantial"])
def test_prior_of_tau_is_integrated_finely_enough(name, monkeypatch):
    from doseesc.inference.borrowing import heterogeneity
    from doseesc.inference.borrowing import parameter_grid as module

    how = hierarchy(Heterogeneity.named(name))
    coarse = hierarchy_posterior(MEXVT, how)
    monkeypatch.setattr(heterogeneity, "_NODES", 29)
    steps = module.logistic_steps
    monkeypatch.setattr(
        module, "logistic_steps", lambda prior, patients: [0.7 * step for step in steps(prior, patients)]
    )
    fine = hierarchy_posterior(MEXVT, how)
    assert coarse.log_evidence == pytest.approx(fine.log_evidence, abs=1e-4)
    for found, reference in zip(
        coarse.dlt_mean_sd(coarse.new_study, AMOUNTS), fine.dlt_mean_sd(fine.new_study, AMOUNTS), strict=True
    ):
        assert found == pytest.approx(reference, abs=3e-5)


def test_history_that_does_not_differ_is_pooled():
    history = ToxicityData(study=["large"] * 3, amount=[2, 8, 16], n=[40, 40, 40], dlt=[2, 5, 12])
    prior = robust_prior(history, hierarchy(known(0.001)), weight=1.0)
    found = prior.fit(TRIAL, AMOUNTS, [0.25]).posterior(prior.component_weights)
    pooled = fit_components([WEAK], history + TRIAL, reference=16, amounts=AMOUNTS, limits=[0.25]).posterior([1.0])
    assert found.mean == pytest.approx(pooled.mean, abs=2e-4)
    assert found.sd == pytest.approx(pooled.sd, abs=3e-4)
    assert found.above == pytest.approx(pooled.above, abs=2e-3)


def test_history_of_another_world_predicts_nothing():
    """Where studies differ hugely the prediction is what it was without them, and is as wide as they differ."""
    how = hierarchy(known(20.0))
    with_history, without = (hierarchy_posterior(data, how) for data in (MEXVT, TRIAL.of_study("trial")))
    nobody = hierarchy_posterior(ToxicityData(study=(), amount=(), n=(), dlt=()), how)
    for found in (with_history, without):
        mean, sd = found.dlt_mean_sd(found.new_study, AMOUNTS)
        expected = nobody.dlt_mean_sd(nobody.new_study, AMOUNTS)
        assert mean == pytest.approx(expected[0], abs=0.02)
        assert sd == pytest.approx(expected[1], abs=0.02)


def test_prediction_without_history_is_the_prior():
    nobody = hierarchy_posterior(ToxicityData(study=(), amount=(), n=(), dlt=()), hierarchy(known(1.5)))
    wide = BivariateNormal(mean=WEAK.mean, sd=(2.5, float(np.hypot(1, 1.5))))
    expected = fit_components([wide], ToxicityData(study=(), amount=(), n=(), dlt=()), reference=16, amounts=AMOUNTS)
    mean, sd = nobody.dlt_mean_sd(nobody.new_study, AMOUNTS)
    assert mean == pytest.approx(expected.posterior([1.0]).mean, abs=1e-5)
    assert sd == pytest.approx(expected.posterior([1.0]).sd, abs=1e-5)


def test_order_of_studies_and_rows_does_not_matter():
    how = hierarchy(Heterogeneity.named("moderate"))
    one, other = (hierarchy_posterior(data, how) for data in (MEXVT + TRIAL, TRIAL + MEXVT.by_patient()))
    assert one.new_study == pytest.approx(other.new_study, abs=1e-12)
    assert one.study_mass("trial") == pytest.approx(other.study_mass("trial"), abs=1e-12)


# The mixture that stands for it


def test_mixture_of_two_is_found_again():
    truth = NormalMixture(
        (0.7, 0.3),
        (BivariateNormal(mean=(-1, 0), sd=(0.5, 0.4), correlation=0.6), BivariateNormal(mean=(2, 1), sd=(1, 0.5))),
    )
    side_a, side_b = np.linspace(-6, 8, 141), np.linspace(-4, 5, 91)
    points = np.stack(np.meshgrid(side_a, side_b, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(truth.log_density(points))
    found = nearest_mixture(points, density / density.sum(), np.full(len(points), 0.01))
    assert found.mixture.weights == pytest.approx((0.7, 0.3), abs=2e-3)
    assert found.divergence < 1e-4
    for law, expected in zip(found.mixture.components, truth.components, strict=True):
        assert law.mean == pytest.approx(expected.mean, abs=0.01)
        assert law.sd == pytest.approx(expected.sd, abs=0.01)
        assert law.correlation == pytest.approx(expected.correlation, abs=0.02)


def test_components_are_added_until_close_enough():
    how = hierarchy(Heterogeneity.named("substantial"))
    found = hierarchy_posterior(MEXVT, how)
    points = np.stack(np.meshgrid(found.grid.log_alpha, found.grid.log_beta, indexing="ij"), axis=-1).reshape(-1, 2)
    given = points, found.new_study.ravel(), found.grid.weight.ravel()
    fits = [nearest_mixture(*given, close_enough=0.0, most_components=most) for most in (1, 2, 3)]
    assert [len(fit.mixture.weights) for fit in fits] == [1, 2, 3]
    assert fits[0].divergence > 2 * fits[1].divergence > 2 * fits[2].divergence
    assert len(nearest_mixture(*given, close_enough=fits[1].divergence * 1.01).mixture.weights) == 2
    prior = robust_prior(MEXVT, how, 0.5)
    assert prior.divergence <= 0.002
    assert prior == robust_prior(MEXVT, how, 0.5)


@pytest.mark.parametrize("case", cases_in(borrowing), ids=name_of)
def test_what_is_borrowed_is_what_integration_and_one_analysis_say(case):
    passes(case)
