import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit
from scipy.stats import kstest, multivariate_normal

from designs import BLRM, Tally
from doseesc.inference.borrowing.borrowing import RobustPrior, robust_prior
from doseesc.inference.borrowing.borrowing_report import conflict_table, sample_sizes, weight_sensitivity
from doseesc.inference.borrowing.effective_sample_size import elir_size, moment_size
from doseesc.inference.borrowing.heterogeneity import HalfNormal, Heterogeneity, Known, LogNormal
from doseesc.inference.borrowing.hierarchy import Hierarchy, hierarchy_posterior
from doseesc.inference.borrowing.mixture_fit import fit_components, posterior_weights
from doseesc.inference.borrowing.normal_mixture import BivariateNormal, NormalMixture, nearest_mixture
from doseesc.inference.data import ToxicityData

WEAK = BivariateNormal(mean=(np.log(0.5), 0.0), sd=(2.0, 1.0))
MEXVT = ToxicityData(study=["MEXVT"] * 5, amount=[2, 4, 8, 12, 16], n=[3, 3, 6, 6, 6], dlt=[0] * 5)
TRIAL = ToxicityData.from_outcomes("1NNN 2NNT 2NNN", amounts=[2, 8, 16])
# Neuenschwander, Roychoudhury and Schmidli (2016), Stat Biopharm Res 8:345, as in OncoBayes2 (hist_combo2).
AGENT_A = ToxicityData(study=["A"] * 4, amount=[3, 4.5, 6, 8], n=[3, 3, 6, 3], dlt=[0, 0, 0, 2])
AGENT_B = ToxicityData(
    study=["B"] * 7, amount=[33.3, 50, 100, 200, 400, 800, 1120], n=[3, 3, 4, 9, 15, 20, 17], dlt=[0, 0, 0, 0, 0, 2, 4]
)
AMOUNTS = (2, 4, 8, 16)


def hierarchy(heterogeneity, reference=16, **changes):
    return Hierarchy(**{"reference": reference, "mean": WEAK, "heterogeneity": heterogeneity, "weak": WEAK, **changes})


def known(tau):
    return Heterogeneity(Known(tau), Known(tau))


def likelihood(theta, data, reference):
    log_dose = np.log(np.array(data.amount) / reference)
    p = expit(theta[..., :1] + np.exp(theta[..., 1:]) * log_dose)
    return np.prod(p ** np.array(data.dlt) * (1 - p) ** (np.array(data.n) - np.array(data.dlt)), axis=-1)


def scipy_integral(law, data, reference, function=lambda theta: 1.0):
    normal = multivariate_normal(law.mean, law.covariance)

    def integrand(b, a):
        theta = np.array([a, b])
        return float(normal.pdf(theta) * likelihood(theta, data, reference) * function(theta))

    sides = [(law.mean[i] - 7 * law.sd[i], law.mean[i] + 7 * law.sd[i]) for i in (0, 1)]
    return dblquad(integrand, *sides[0], *sides[1], epsabs=1e-9, epsrel=1e-5)[0]


# One trial under a mixture of normal priors


@pytest.fixture(scope="module")
def two_laws():
    """A mixture's components, with evidences and means of p at 8 by scipy."""
    laws = [BivariateNormal(mean=(-2.5, 0.3), sd=(0.8, 0.4), correlation=0.5), WEAK]
    evidence = [scipy_integral(law, TRIAL, 16) for law in laws]
    at_8 = [
        scipy_integral(law, TRIAL, 16, lambda theta: expit(theta[0] + np.exp(theta[1]) * np.log(0.5))) / total
        for law, total in zip(laws, evidence, strict=True)
    ]
    return laws, np.array(evidence), np.array(at_8)


def test_posterior_weight_is_the_ratio_of_evidences_by_scipy(two_laws):
    laws, evidence, at_8 = two_laws
    fit = fit_components(laws, TRIAL, reference=16, amounts=AMOUNTS)
    assert np.exp(fit.log_evidence) == pytest.approx(evidence, rel=1e-6)
    prior = np.array([0.3, 0.7])
    expected = prior * evidence / (prior @ evidence)
    assert fit.weights(prior) == pytest.approx(expected, abs=1e-7)
    assert fit.posterior(prior).mean[2] == pytest.approx(expected @ at_8, abs=1e-7)


def test_single_component_is_the_blrm(two_laws):
    law = two_laws[0][0]
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


def test_quantiles_of_a_mixture_leave_their_share_below(two_laws):
    laws = two_laws[0]
    fit = fit_components(laws, TRIAL, reference=16, amounts=[8])
    ends = [float(fit.quantile([0.4, 0.6], q)[0]) for q in (0.05, 0.95)]
    above = fit_components(laws, TRIAL, reference=16, amounts=[8], limits=ends).posterior([0.4, 0.6]).above
    assert above[0] == pytest.approx([0.95, 0.05], abs=3e-4)


def test_floor_takes_events_for_background(two_laws):
    laws = two_laws[0]
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


@pytest.fixture(scope="module")
def two_studies():
    how = hierarchy(
        Heterogeneity(HalfNormal(0.7), LogNormal(0.3)),
        mean=BivariateNormal(mean=(-1.0, 0.1), sd=(1.5, 0.7), correlation=-0.3),
    )
    first = ToxicityData(study=["first"] * 2, amount=[4, 16], n=[6, 6], dlt=[1, 3])
    second = ToxicityData(study=["second"] * 2, amount=[8, 16], n=[6, 3], dlt=[0, 0])
    return how, [first, second]


def test_new_study_as_drawn_from_the_prior_and_weighed(two_studies):
    how, studies = two_studies
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
    from doseesc.inference.borrowing import hierarchy as module

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
    how = hierarchy(known(40.0))
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


@pytest.mark.parametrize(
    ("history", "trial", "reference"),
    [
        (MEXVT, TRIAL, 16),
        (AGENT_A, ToxicityData(study=["now"] * 2, amount=[3, 6], n=[3, 3], dlt=[0, 1]), 6),
        (AGENT_B, ToxicityData(study=["now"] * 2, amount=[200, 800], n=[3, 6], dlt=[0, 3]), 1120),
    ],
)
def test_two_steps_are_as_good_as_one(history, trial, reference):
    """The mixture as a prior of the trial, against all studies at once without a mixture (Schmidli et al. 2014)."""
    how = hierarchy(Heterogeneity.named("substantial"), reference)
    amounts = trial.amount
    prior = robust_prior(history, how, 0.6)
    fit = prior.fit(trial, amounts, [0.25])
    (name,) = trial.studies
    for weight in (1.0, 0.6):
        at_once = hierarchy_posterior(history + trial, how, {history.studies[0]: 1.0, name: weight})
        mass = at_once.study_mass(name)
        before = prior.with_weight(weight).component_weights
        found = fit.posterior(before)
        mean, sd = at_once.dlt_mean_sd(mass, amounts)
        assert found.mean == pytest.approx(mean, abs=0.004)
        assert found.sd == pytest.approx(sd, abs=0.004)
        above = [at_once.probability_above(mass, amount, [0.25])[0] for amount in amounts]
        assert found.above[:, 0] == pytest.approx(above, abs=0.006)
        assert 1 - fit.weights(before)[-1] == pytest.approx(at_once.exchangeable[1], abs=0.005)


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


def test_exnex_weighs_each_study_by_evidence(two_studies):
    """With known tau and one study in doubt, against the ratio of evidences of the two models."""
    how, studies = two_studies
    data = studies[0] + studies[1]
    chances = {"first": 1.0, "second": 0.4}
    found = hierarchy_posterior(data, how, chances)
    together = np.exp(hierarchy_posterior(data, how).log_evidence)
    alone = np.exp(hierarchy_posterior(studies[0], how).log_evidence) * scipy_integral(how.weak, studies[1], 16)
    assert np.exp(found.log_evidence) == pytest.approx(0.4 * together + 0.6 * alone, rel=1e-5)
    assert found.exchangeable == pytest.approx([1.0, 0.4 * together / (0.4 * together + 0.6 * alone)], abs=1e-5)


def test_exnex_with_chance_0_analyses_each_study_alone(two_studies):
    how, studies = two_studies
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
        (lambda: LogNormal(median=0.0), "median must be positive, not 0"),
        (lambda: HalfNormal(scale=-1), "scale must be positive"),
        (lambda: Known(0), "value must be positive"),
        (lambda: BivariateNormal(mean=(0, 0), sd=(1, 0)), "sd must be positive"),
        (lambda: BivariateNormal(mean=(0, 0), sd=(1, 1), correlation=1), "correlation must lie between -1 and 1"),
        (lambda: NormalMixture((0.5, 0.6), (WEAK, WEAK)), "weights must be at least 0 and of sum 1"),
        (lambda: NormalMixture((1.0,), (WEAK, WEAK)), "weights must be one for each component"),
        (lambda: hierarchy(known(1), reference=0), "reference must be positive"),
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
