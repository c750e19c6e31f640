from functools import cache

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import beta, binom, kstest
from support import data, name_of, passes

from designs import BLRM, CRM, Tally
from doseesc.inference import ToxicityData, grids
from doseesc.inference.quadrature import GridPosterior
from doseesc.inference.summary import Question, summarise_grid
from doseesc.truth.mtd import true_mtd
from doseesc.validation.cases import quadrature

CASES = data("inference.yaml")
PUBLISHED = data("published.yaml")
LEVELS = (2.0, 8.0, 16.0)
SKELETON = (0.16, 0.25, 0.35)


def data_of(case):
    rows = case["data"]
    return ToxicityData(study=["trial"] * len(rows["n"]), **rows)


@cache
def posterior_of(name) -> GridPosterior:
    case = CASES[name]
    return getattr(grids, case["model"])(data_of(case), **case["arguments"])


@pytest.mark.parametrize("case", [quadrature.fitted_models, quadrature.fit_against_designs], ids=name_of)
def test_published_means_and_the_designs_own_quadrature(case):
    passes(case)


def parameter_mean(posterior):
    """Return the posterior mean of the CRM's parameter, which falls along the only row."""
    return -float(posterior.weight[0] @ posterior.nodes * (posterior.nodes[1] - posterior.nodes[0]))


@pytest.mark.parametrize("item", PUBLISHED["crm_posteriors"]["items"], ids=lambda item: item["name"])
def test_published_crm_estimates_to_the_digits_printed(item):
    levels = list(range(1, len(item["skeleton"]) + 1))
    data = ToxicityData.from_outcomes(item["outcomes"], levels)
    model = {"empiric": grids.crm_power, "logistic": grids.crm_logistic}[item["model"]]
    found = model(data, levels=levels, skeleton=item["skeleton"])
    estimate = parameter_mean(found)
    assert estimate == pytest.approx(item.get("mean", estimate), abs=1e-6)
    if item["model"] == "empiric":
        plug_in = np.array(item["skeleton"]) ** np.exp(estimate)
    else:
        plug_in = expit(3 + np.exp(estimate) * (logit(item["skeleton"]) - 3))
    digits = 5e-6 if item["name"] == "dfcrm manual" else 5e-5 if "next_level" in item else 5e-4
    np.testing.assert_allclose(plug_in, item["plug_in"], atol=1.01 * digits, rtol=0)
    if "variance" in item:
        step = found.nodes[1] - found.nodes[0]
        assert found.weight[0] @ (found.nodes + estimate) ** 2 * step == pytest.approx(item["variance"], abs=6e-6)


def test_published_estimates_after_each_of_twenty_patients():
    table = PUBLISHED["cheung_table_3_2"]
    levels = [1, 2, 3, 4, 5]
    events = table["dlt_patients"]
    patients = [f"{level}{'T' if number in events else 'N'}" for number, level in enumerate(table["levels"], start=1)]
    for place, printed in enumerate(table["means"]):
        data = ToxicityData.from_outcomes(" ".join(patients[: place + 1]), levels)
        found = grids.crm_logistic(data, levels=levels, skeleton=table["skeleton"])
        assert parameter_mean(found) == pytest.approx(printed, abs=0.00501)


def test_published_interval_probabilities():
    case, posterior = CASES["neuenschwander_two_parameters"], posterior_of("neuenschwander_two_parameters")
    assert sum(case["data"]["n"]) == 18
    places = {dose: case["arguments"]["levels"].index(dose) for dose in case["intervals"]}
    above = np.array([posterior.above(limit) for limit in (0.2, 0.35, 0.6)])
    for dose, printed in case["intervals"].items():
        ends = np.concatenate([[1.0], above[:, places[dose]], [0.0]])
        np.testing.assert_allclose(-np.diff(ends), printed, atol=0.00051, rtol=0)
    for limit, printed in case["above"].items():
        for dose, share in printed.items():
            assert posterior.above(limit)[places[dose]] == pytest.approx(share, abs=0.00061)


def test_seventeen_patients_or_a_variance_taken_for_an_sd_would_be_noticed():
    case = CASES["neuenschwander_two_parameters"]
    rows = case["data"] | {"n": [3, 4, 4, 4, 2]}
    short = ToxicityData(study=["trial"] * 5, **rows)
    mean = grids.two_parameter_logistic(short, **case["arguments"]).mean()
    assert np.abs(mean - case["mean"]).max() > 5e-4
    a, b = (posterior_of(name).mean()[:10] for name in ("neuenschwander_one_parameter_a", "prior_sd_1_34"))
    assert np.abs(a - b).max() > 1e-3


@pytest.mark.parametrize("floor", [{}, {"floor": 0.1}, {"floor_prior": (1.0, 19.0)}], ids=["none", "known", "prior"])
@pytest.mark.parametrize("outcomes", ["", "1NNN", "1NNN 2NNT 3TTN", "1NTT 1NNN"])
def test_agrees_with_the_designs_own_quadrature(outcomes, floor):
    data, tally = ToxicityData.from_outcomes(outcomes, LEVELS), Tally.parse(outcomes, n_doses=3)
    for name, model in (("crm_power", "empiric"), ("crm_logistic", "logistic")):
        found = getattr(grids, name)(data, levels=LEVELS, skeleton=SKELETON, **floor)
        design = CRM(target=0.25, skeleton=SKELETON, max_n=18, model=model, estimate="posterior_mean", **floor)
        np.testing.assert_allclose(found.mean(), design.posterior(tally).dlt_probability[0], atol=1e-8)
        expected = [design.probability_above(tally, level, 0.3)[0] for level in (1, 2, 3)]
        np.testing.assert_allclose(found.above(0.3), expected, atol=1e-7)
    found = grids.two_parameter_logistic(data, levels=LEVELS, prior_correlation=-0.3, **floor)
    design = BLRM(target=0.25, doses=LEVELS, max_n=18, prior_correlation=-0.3, **floor)
    np.testing.assert_allclose(found.mean(), design.posterior(tally).dlt_probability[0], atol=1e-7)
    np.testing.assert_allclose(found.sd(), design.posterior(tally).dlt_sd[0], atol=1e-7)
    expected = [design.probability_above(tally, level, 0.3)[0] for level in (1, 2, 3)]
    np.testing.assert_allclose(found.above(0.3), expected, atol=1e-5)
    low, high = design.credible_interval(tally, 2)
    np.testing.assert_allclose([found.quantile(0.05)[1], found.quantile(0.95)[1]], [low[0], high[0]], atol=2e-4)


def test_untested_amounts_follow_the_formula_or_the_rule_of_the_arms():
    data = ToxicityData.from_outcomes("1NNN 2NNT", LEVELS)
    found = grids.two_parameter_logistic(data, levels=LEVELS, further=[4.0, 0.5])
    design = BLRM(target=0.25, doses=(0.5, 2.0, 4.0, 8.0, 16.0), max_n=18)
    exact = design.posterior(Tally.parse("2NNN 4NNT", n_doses=5)).dlt_probability[0]
    np.testing.assert_allclose(found.mean(), exact[[1, 3, 4, 2, 0]], atol=1e-7)
    # A one-parameter posterior, as a sum over the parameter:
    b = np.linspace(-10, 10, 20_001)
    log_p = np.log(np.array(SKELETON)) * np.exp(b)[:, None]
    odds = log_p - np.log(-np.expm1(log_p))
    weight = np.exp(
        -(b**2) / 2 / 1.34 + binom.logpmf(0, 3, np.exp(log_p[:, 0])) + binom.logpmf(1, 3, np.exp(log_p[:, 1]))
    )
    between = expit((odds[:, 0] + odds[:, 1]) / 2)
    found = grids.crm_power(data, levels=LEVELS, skeleton=SKELETON, further=[4.0])
    assert found.mean()[3] == pytest.approx((weight * between).sum() / weight.sum(), abs=1e-7)


def test_monotone_alone_at_a_level_is_beta():
    """Each level's prior is a beta distribution, and so is its posterior where only that level has data."""
    alone = ToxicityData.from_outcomes("2NNNT", LEVELS)
    found = grids.monotone(alone, levels=LEVELS, prior_mean=SKELETON, concentration=5.0)
    exact = beta(5 * 0.25 + 1, 5 * 0.75 + 3)
    assert found.mean()[1] == pytest.approx(exact.mean(), abs=1e-6)
    assert found.sd()[1] == pytest.approx(exact.std(), abs=1e-6)
    assert found.above(0.3)[1] == pytest.approx(exact.sf(0.3), abs=1e-5)
    assert found.quantile(0.95)[1] == pytest.approx(exact.ppf(0.95), abs=1e-5)
    two = ToxicityData.from_outcomes("1NNNT", LEVELS[:2])
    low = grids.monotone(two, levels=LEVELS[:2], prior_mean=SKELETON[:2])
    exact = beta(4 * 0.16 + 1, 4 * 0.84 + 3)
    assert low.above(0.2)[0] == pytest.approx(exact.sf(0.2), abs=1e-5)
    one = grids.monotone(ToxicityData.from_outcomes("1NNNT", [2]), levels=[2], prior_mean=[0.16])
    assert one.above(0.2)[0] == pytest.approx(exact.sf(0.2), abs=1e-5)


@pytest.mark.parametrize("n", [0, 9, 100])
@pytest.mark.parametrize(("concentration", "within"), [(1.0, 5e-4), (4.0, 1e-5), (500.0, 1e-6)])
def test_rows_of_the_monotone_model_are_enough_for_many_patients_and_any_prior(n, concentration, within):
    """Where only the lowest level has data its posterior is a beta distribution; it moves with both ratios."""
    lowest = ToxicityData(study=["trial"], amount=[2.0], n=[n], dlt=[n // 3])
    found = grids.monotone(lowest, levels=LEVELS, prior_mean=SKELETON, concentration=concentration)
    exact = beta(concentration * 0.16 + n // 3, concentration * 0.84 + n - n // 3)
    assert found.mean()[0] == pytest.approx(exact.mean(), abs=1e-7)
    assert found.above(0.25)[0] == pytest.approx(exact.sf(0.25), abs=within)
    assert found.quantile(0.95)[0] == pytest.approx(exact.ppf(0.95), abs=within)
    assert found.weight.size < 1_500_000  # more would take a second or two


def test_monotone_with_data_at_all_levels_against_random_increments():
    data = ToxicityData.from_outcomes("1NNN 2NNT 3NTN", LEVELS)
    increments = np.random.default_rng(8).dirichlet(4 * np.diff([0, *SKELETON, 1]), size=200_000)
    p = np.cumsum(increments, axis=1)[:, :3]
    weight = np.prod(
        [binom.pmf(dlt, n, p[:, j]) for j, (n, dlt) in enumerate(zip(data.n, data.dlt, strict=True))], axis=0
    )
    weight /= weight.sum()
    found = grids.monotone(data, levels=LEVELS, prior_mean=SKELETON)
    np.testing.assert_allclose(found.mean(), weight @ p, atol=3e-3)
    np.testing.assert_allclose(found.above(0.25), weight @ (p > 0.25), atol=6e-3)


def test_monotone_has_no_quadrature_beyond_three_parameters():
    four = ToxicityData.from_outcomes("", (1, 2, 3, 4))
    with pytest.raises(ValueError, match="at most three parameters, not 4"):
        grids.monotone(four, levels=(1, 2, 3, 4), prior_mean=(0.1, 0.2, 0.3, 0.4))
    with pytest.raises(ValueError, match="at most three parameters, not 4"):
        grids.monotone(
            ToxicityData.from_outcomes("", LEVELS), levels=LEVELS, prior_mean=SKELETON, floor_prior=(1.0, 9.0)
        )


def test_single_patients_and_counts_are_the_same():
    data = ToxicityData.from_outcomes("1NNN 2NNTT 3TN", LEVELS)
    for name in ("crm_power", "crm_logistic"):
        both = [
            getattr(grids, name)(each, levels=LEVELS, skeleton=SKELETON).mean() for each in (data, data.by_patient())
        ]
        np.testing.assert_allclose(*both, rtol=1e-12)


@pytest.mark.parametrize("rule", ["nearest", "highest_below"])
def test_probability_of_being_the_mtd_against_nodes(rule):
    data = ToxicityData.from_outcomes("1NNN 2NNT 3NTN", LEVELS)
    posterior = grids.two_parameter_logistic(data, levels=LEVELS)
    found = summarise_grid(posterior, Question(0.25, (0.2, 0.35), 3, rule, 0.1)).mtd
    assert found.sum() == pytest.approx(1.0)
    level = true_mtd(np.moveaxis(posterior.curves, 0, -1), 0.25, rule, 0.1)
    step = posterior.nodes[1] - posterior.nodes[0]
    rough = [(posterior.weight * (level == each)).sum() * step for each in range(4)]
    np.testing.assert_allclose(found, rough, atol=0.02)  # the nodes' sum is rough where the level jumps


@pytest.mark.parametrize("outcomes", ["", "1" + "N" * 40, "3" + "T" * 40, "2" + "N" * 120 + "T" * 40])
def test_probabilities_and_quantiles_invert_one_another_in_extremes(outcomes):
    data = ToxicityData.from_outcomes(outcomes, LEVELS)
    for posterior in (
        grids.crm_power(data, levels=LEVELS, skeleton=SKELETON, further=[0.5, 64.0]),
        grids.two_parameter_logistic(data, levels=LEVELS, further=[0.5]),
    ):
        for probability in (0.05, 0.95):
            quantile = posterior.quantile(probability)
            for dose in range(len(quantile)):
                if 1e-12 < quantile[dose] < 1 - 1e-12:
                    assert posterior.above(float(quantile[dose]))[dose] == pytest.approx(1 - probability, abs=1e-5)


PRIORS = {
    "crm_power": {"skeleton": SKELETON},
    "crm_logistic": {"skeleton": SKELETON, "floor": 0.05},
    "two_parameter_logistic": {"prior_correlation": 0.4},
}


@pytest.mark.parametrize("name", PRIORS)
def test_simulation_based_calibration(name):
    """Curves from the prior, data from the curves: the posterior's distribution function at the curve is uniform."""
    rng = np.random.default_rng(20)
    model = getattr(grids, name)
    arguments = {"levels": LEVELS, **PRIORS[name]}
    n = (3, 6, 3)
    ranks = []
    for _ in range(150):
        p = prior_curve(name, rng)
        seen = 1 - (1 - arguments.get("floor", 0.0)) * (1 - p)
        data = ToxicityData(study=["t"] * 3, amount=LEVELS, n=n, dlt=rng.binomial(n, seen))
        posterior = model(data, **arguments)
        ranks.append([posterior.midpoint_above(level, level, float(p[level])) for level in (0, 2)])
    assert all(kstest(rank, "uniform").pvalue > 0.005 for rank in np.transpose(ranks))


def prior_curve(name, rng):
    if name == "two_parameter_logistic":
        log_alpha, log_beta = rng.multivariate_normal([np.log(0.5), 0.0], [[4.0, 0.8], [0.8, 1.0]])
        odds = log_alpha + np.exp(log_beta) * np.log(np.array(LEVELS) / 16)
        return expit(odds)
    b = rng.normal(0, 1.34**0.5)
    if name == "crm_power":
        return np.array(SKELETON) ** np.exp(b)
    odds = 3 + np.exp(b) * (logit(SKELETON) - 3)
    return expit(odds)
