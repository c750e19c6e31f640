"""What is borrowed: the ends of the scale, effective sample sizes, conflict, EXNEX, calibration, arguments."""

import numpy as np
import pytest
from borrowed import AMOUNTS, MEXVT, TRIAL, TWO_STUDIES, WEAK, hierarchy, known, scipy_integral
from scipy.special import expit
from scipy.stats import kstest

from doseesc.inference.borrowing.borrowing import RobustPrior, robust_prior
from doseesc.inference.borrowing.borrowing_report import conflict_table, sample_sizes, weight_sensitivity
from doseesc.inference.borrowing.effective_sample_size import elir_size, moment_size
from doseesc.inference.borrowing.heterogeneity import HalfNormal, Heterogeneity, Known, LogNormal
from doseesc.inference.borrowing.hierarchy import hierarchy_posterior
from doseesc.inference.borrowing.mixture_fit import fit_components, posterior_weights
from doseesc.inference.borrowing.normal_mixture import BivariateNormal, NormalMixture, nearest_mixture
from doseesc.inference.data import ToxicityData

# The ends of the scale


def test_weight_0_is_no_borrowing_and_weight_1_the_plain_map():
    prior = robust_prior(MEXVT, hierarchy(Heterogeneity.named("moderate")), weight=0.0)
    assert prior.mixture.components == (WEAK,)
    fit = prior.fit(TRIAL, AMOUNTS, [0.25])
    alone = fit_components([WEAK], TRIAL, reference=16, amounts=AMOUNTS, limits=[0.25]).posterior([1.0])
    plain = fit_components(prior.predicted.components, TRIAL, reference=16, amounts=AMOUNTS, limits=[0.25])
    plain = plain.posterior(prior.predicted.weights)
    for weight, expected in ((0.0, alone), (1.0, plain)):
        found = fit.posterior(prior.with_weight(weight).component_weights)
        for value, reference in zip(found, expected, strict=True):
            assert value == pytest.approx(reference, abs=1e-14)
    assert prior.with_weight(1.0).mixture == prior.predicted
    table = weight_sensitivity(prior, TRIAL, [8], 0.25, weights=(0.0, 1.0))
    assert table["mean"].to_numpy() == pytest.approx([alone.mean[2], plain.mean[2]], abs=1e-14)
    assert set(table["weight_after"]) == {0.0, 1.0}


def test_sensitivity_moves_from_one_end_to_the_other():
    prior = robust_prior(MEXVT, hierarchy(Heterogeneity.named("moderate")), weight=0.5)
    table = weight_sensitivity(prior, TRIAL, AMOUNTS, 0.25)
    assert table["weight"].unique().tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    for _, of_dose in table.groupby("amount"):
        assert (np.diff(of_dose["mean"]) < 0).all()
        assert (np.diff(of_dose["above_target"]) < 0).all()
        assert (of_dose["lower"] < of_dose["mean"]).all()
        assert (of_dose["mean"] < of_dose["upper"]).all()


# What is borrowed


@pytest.fixture(scope="module")
def nearly_beta():
    """A prior whose law of p at the reference is all but Beta(6, 18), and a weak one near Beta(1, 1)."""

    def mixture(a, b):
        side_a, side_b = np.linspace(-14, 14, 561), np.linspace(-2, 2, 41)
        density = np.outer(expit(side_a) ** a * expit(-side_a) ** b, np.exp(-2 * side_b**2)).ravel()
        points = np.stack(np.meshgrid(side_a, side_b, indexing="ij"), axis=-1).reshape(-1, 2)
        return nearest_mixture(points, density / density.sum(), np.full(len(points), 0.005), close_enough=1e-5).mixture

    return RobustPrior(reference=16, predicted=mixture(6, 18), weak=mixture(1, 1).components[0], weight=1.0)


def test_size_of_a_law_like_a_beta_law_is_recovered(nearly_beta):
    for definition, error in (("moments", 0.1), ("predictive", 0.1)):
        found = sample_sizes(nearly_beta, TRIAL, [16], definition=definition).iloc[0]
        assert found["map"] == found["robust"] == pytest.approx(24, abs=error)
        assert found["weak"] < 4
        assert found["borrowed"] == pytest.approx(found["map"] - found["weak"])
    assert elir_size(nearly_beta.mixture) == pytest.approx(24, abs=0.2)
    assert moment_size(6 / 24, np.sqrt(6 * 18 / 24**2 / 25)) == pytest.approx(24)


def test_sizes_grow_with_the_weight_and_the_history():
    how = hierarchy(Heterogeneity.named("moderate"))
    half = robust_prior(MEXVT, how, 0.5)
    table = sample_sizes(half, TRIAL, AMOUNTS)
    assert (table["borrowed"] > 2).all()
    assert (table["map"] > table["robust"]).all()
    assert (table["map"] < 40).all()
    little = robust_prior(ToxicityData(study=["few"], amount=[8], n=[3], dlt=[0]), how, 0.5)
    assert (sample_sizes(little, TRIAL, AMOUNTS)["map"] < table["map"]).all()
    none = sample_sizes(half.with_weight(0.0), TRIAL, AMOUNTS)
    assert none[["borrowed", "borrowed_after"]].to_numpy() == pytest.approx(0, abs=1e-9)


def test_predictive_size_hardly_depends_on_the_patients(nearly_beta):
    found = [sample_sizes(nearly_beta, TRIAL, [16], patients=n).iloc[0]["map"] for n in (10, 60)]
    assert found[0] == pytest.approx(found[1], abs=0.1)


def test_conflict_lowers_the_weight():
    prior = robust_prior(MEXVT, hierarchy(Heterogeneity.named("moderate")), weight=0.5)
    table = conflict_table(prior, 16, 6)
    assert table["dlt"].tolist() == list(range(7))
    assert table["probability"].sum() == pytest.approx(1, abs=1e-6)
    assert table["weight"][0] > 0.5 > table["weight"][2]
    assert (np.diff(table["weight"][:5]) < 0).all()
    assert ((table["mean"] - table["mean_map"]) * (table["mean"] - table["mean_weak"]) < 0).all()
    assert table["weight"] @ table["probability"] == pytest.approx(0.5, abs=1e-6)
    again = conflict_table(prior, 8, 3, TRIAL)
    direct = prior.fit(TRIAL + ToxicityData(study=["t"], amount=[8], n=[3], dlt=[2]), [8])
    assert again["weight"][2] == pytest.approx(1 - direct.weights(prior.component_weights)[-1], abs=1e-9)
    assert again["mean"][2] == pytest.approx(direct.posterior(prior.component_weights).mean[0], abs=1e-7)
    assert again["probability"].sum() == pytest.approx(1, abs=1e-6)


# EXNEX by quadrature


def test_exnex_weighs_each_study_by_evidence():
    """With known tau and one study in doubt, against the ratio of evidences of the two models."""
    how, studies = TWO_STUDIES
    data = studies[0] + studies[1]
    chances = {"first": 1.0, "second": 0.4}
    found = hierarchy_posterior(data, how, chances)
    together = np.exp(hierarchy_posterior(data, how).log_evidence)
    alone = np.exp(hierarchy_posterior(studies[0], how).log_evidence) * scipy_integral(how.weak, studies[1], 16)
    assert np.exp(found.log_evidence) == pytest.approx(0.4 * together + 0.6 * alone, rel=1e-5)
    assert found.exchangeable == pytest.approx([1.0, 0.4 * together / (0.4 * together + 0.6 * alone)], abs=1e-5)


def test_exnex_with_chance_0_analyses_each_study_alone():
    how, studies = TWO_STUDIES
    found = hierarchy_posterior(studies[0] + studies[1], how, 0.0)
    for study, data in zip(("first", "second"), studies, strict=True):
        alone = fit_components([how.weak], data, reference=16, amounts=AMOUNTS).posterior([1.0])
        mean, sd = found.dlt_mean_sd(found.study_mass(study), AMOUNTS)
        assert mean == pytest.approx(alone.mean, abs=1e-5)
        assert sd == pytest.approx(alone.sd, abs=1e-5)
    assert found.exchangeable == pytest.approx([0, 0])


# Simulation-based calibration: where truth and data are drawn from the model, P(p <= true p | data) is uniform


def simulated(theta, amounts, n, random, study):
    p = expit(theta[0] + np.exp(theta[1]) * np.log(np.array(amounts) / 16))
    return ToxicityData(study=[study] * len(amounts), amount=amounts, n=[n] * len(amounts), dlt=random.binomial(n, p))


def test_calibration_of_the_robust_map_prior():
    prior = robust_prior(MEXVT, hierarchy(Heterogeneity.named("substantial")), weight=0.5)
    random = np.random.default_rng(20201130)
    ranks, weights = [], []
    for theta in prior.mixture.draw(120, random):
        data = simulated(theta, [2, 8, 16], 4, random, "trial")
        p = float(expit(theta[0] + np.exp(theta[1]) * np.log(4 / 16)))
        fit = prior.fit(data, [4], [p])
        ranks.append(1 - fit.posterior(prior.component_weights).above[0, 0])
        weights.append(1 - fit.weights(prior.component_weights)[-1])
    assert kstest(ranks, "uniform").pvalue > 0.01
    assert np.mean(weights) == pytest.approx(0.5, abs=3 * np.std(weights) / np.sqrt(len(weights)))


def test_calibration_of_exnex():
    how = hierarchy(Heterogeneity(HalfNormal(0.5), Known(0.2)))
    chances = {"A": 0.5, "B": 0.8}
    random = np.random.default_rng(7)
    ranks, shares, taus = [], [], []
    for _ in range(100):
        tau = np.array([abs(0.5 * random.standard_normal()), 0.2])
        mu = random.multivariate_normal(how.mean.mean, how.mean.covariance)
        truth, data = {}, ToxicityData(study=(), amount=(), n=(), dlt=())
        for study, chance in chances.items():
            joins = random.random() < chance
            own = random.multivariate_normal(how.weak.mean, how.weak.covariance)
            truth[study] = mu + tau * random.standard_normal(2) if joins else own
            data += simulated(truth[study], [4, 16], 6, random, study)
        found = hierarchy_posterior(data, how, chances)
        p = float(expit(truth["A"][0] + np.exp(truth["A"][1]) * np.log(8 / 16)))
        ranks.append(1 - found.probability_above(found.study_mass("A"), 8, [p])[0])
        shares.append(found.exchangeable[0])
        taus.append(found.tau[0])
    assert kstest(ranks, "uniform").pvalue > 0.01
    assert np.mean(shares) == pytest.approx(0.5, abs=3 * np.std(shares) / 10)
    assert np.mean(taus) == pytest.approx(0.5 * np.sqrt(2 / np.pi), abs=3 * np.std(taus) / 10)


# What may not be given


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Heterogeneity.named("huge"), "heterogeneity must be one of small, moderate"),
        (lambda: LogNormal(median=0.0), "median must lie between 1e-06 and 20, not 0"),
        (lambda: HalfNormal(scale=-1), "scale must lie between"),
        (lambda: Known(0), "value must lie between"),
        (lambda: BivariateNormal(mean=(0, 0), sd=(1, 0)), "sd must be positive"),
        (lambda: BivariateNormal(mean=(0, 0), sd=(1, 1), correlation=1), "correlation must lie between -1 and 1"),
        (lambda: NormalMixture((0.5, 0.6), (WEAK, WEAK)), "weights must be at least 0 and of sum 1"),
        (lambda: NormalMixture((1.0,), (WEAK, WEAK)), "weights must be one for each component"),
        (lambda: hierarchy(known(1), reference=0), "reference must lie between"),
        (lambda: robust_prior(MEXVT, hierarchy(known(1)), 1.5), "weight must lie in"),
        (lambda: hierarchy_posterior(MEXVT, hierarchy(known(1)), {"other": 1}), "exchangeable must have .* MEXVT"),
        (lambda: hierarchy_posterior(MEXVT, hierarchy(known(1)), 2.0), "exchangeable of MEXVT must lie in"),
    ],
)
def test_wrong_arguments(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_wrong_questions():
    prior = RobustPrior(reference=16, predicted=NormalMixture((1.0,), (WEAK,)), weak=WEAK, weight=0.5)
    with pytest.raises(ValueError, match="definition must be one of predictive, moments"):
        sample_sizes(prior, TRIAL, [8], definition="guess")
    with pytest.raises(ValueError, match="n must be a whole number of at least 1"):
        conflict_table(prior, 8, 0)


def test_posterior_weights_survive_tiny_evidences():
    assert posterior_weights([0.5, 0.5], np.array([-2000.0, -2000.0 + np.log(3)])) == pytest.approx([0.25, 0.75])
