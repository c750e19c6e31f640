"""Log densities written by hand against PyMC's, and what is drawn from their priors against the priors themselves."""

import numpy as np
import pytest
from scipy.stats import beta, kstest, norm

from doseesc.inference import ToxicityData, densities, grid_predictive_checks, grids, group, models
from doseesc.inference.borrowing import BivariateNormal, RobustPrior, robust_map, robust_map_density
from doseesc.inference.borrowing.normal_mixture import NormalMixture
from doseesc.inference.log_density import draw_logits_of_beta
from doseesc.inference.predictive import predictive_checks
from doseesc.inference.uncompiled import sample_density

LEVELS = (2.0, 8.0, 16.0)
DATA = ToxicityData.from_outcomes("1NNN 2NNT 3NTN", LEVELS) + ToxicityData(
    study=["early"], amount=[5.0], n=[4], dlt=[1]
)
GUESSES = (0.16, 0.25, 0.35)
MODELS = {
    "crm_power": {"skeleton": GUESSES},
    "crm_logistic": {"skeleton": GUESSES, "intercept": 2.5},
    "two_parameter_logistic": {"prior_correlation": 0.3, "reference": 10.0},
    "monotone": {"prior_mean": GUESSES},
}
FLOORS = ({}, {"floor": 0.05}, {"floor_prior": (2.0, 18.0)})
PREDICTED = NormalMixture(
    weights=(0.7, 0.3),
    components=(
        BivariateNormal(mean=(-3.0, 0.2), sd=(0.7, 0.4), correlation=0.5),
        BivariateNormal(mean=(-1.0, 0.0), sd=(1.2, 0.6)),
    ),
)
PRIOR = RobustPrior(
    reference=16.0, predicted=PREDICTED, weak=BivariateNormal(mean=(-0.7, 0.0), sd=(2.0, 1.0)), weight=0.6
)


def both_of(name, floor):
    """Return the model in PyMC, and its density."""
    if name == "robust_map":
        return [make(DATA, PRIOR, levels=LEVELS, further=(4.0,), **floor) for make in (robust_map, robust_map_density)]
    given = {"levels": LEVELS, "further": (4.0,), **MODELS[name], **floor}
    return [getattr(module, name)(DATA, **given) for module in (models, densities)]


@pytest.mark.parametrize("floor", FLOORS, ids=["no floor", "floor", "floor_prior"])
@pytest.mark.parametrize("name", [*MODELS, "robust_map"])
def test_density_and_gradient_are_those_of_pymc(name, floor):
    """Up to a constant: PyMC's own is rounded to single precision."""
    in_pymc, density = both_of(name, floor)
    function = density.function()
    value, slopes = in_pymc.compile_logp(mode="FAST_COMPILE"), in_pymc.compile_dlogp(mode="FAST_COMPILE")
    start = in_pymc.initial_point()
    ends = np.cumsum([start[variable.name].size for variable in in_pymc.value_vars])
    assert ends[-1] == density.size
    apart = []
    for x in np.random.default_rng(5).normal(scale=1.5, size=(12, density.size)):
        parts = zip(in_pymc.value_vars, np.split(x, ends[:-1]), strict=True)
        point = {variable.name: part.reshape(start[variable.name].shape) for variable, part in parts}
        found, gradient = function(x)
        apart.append(found - float(value(point)))
        np.testing.assert_allclose(gradient, slopes(point), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(apart, apart[0], rtol=0, atol=1e-10)
    assert abs(apart[0]) < 1e-5


@pytest.mark.parametrize("name", [*MODELS, "robust_map"])
def test_what_is_reported_is_what_pymc_reports(name):
    import pymc as pm

    in_pymc, density = both_of(name, {"floor_prior": (2.0, 18.0)})
    x = np.random.default_rng(6).normal(size=density.size)
    start, at, point = in_pymc.initial_point(), 0, {}
    for variable in in_pymc.value_vars:
        size = start[variable.name].size
        point[variable.name] = x[at : at + size].reshape(start[variable.name].shape)
        at += size
    free = [in_pymc.rvs_to_values[each] for each in in_pymc.free_RVs]
    named = density.named(x)
    reported = in_pymc.deterministics + in_pymc.free_RVs
    assert {each.name for each in reported} == set(named)
    values = in_pymc.replace_rvs_by_values(in_pymc.deterministics)
    found = pm.pytensorf.compile(free, values, mode="FAST_COMPILE", on_unused_input="ignore")(**point)
    for variable, value in zip(in_pymc.deterministics, found, strict=True):
        np.testing.assert_allclose(named[variable.name], value, rtol=1e-12)


@pytest.mark.parametrize("far", [-2000.0, -40.0, 40.0, 2000.0])
@pytest.mark.parametrize("name", [*MODELS, "robust_map"])
def test_far_away_is_finite(name, far):
    _, density = both_of(name, {"floor_prior": (2.0, 18.0)})
    with np.errstate(over="ignore"):
        value, gradient = density.function()(np.full(density.size, far))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("shape", [(0.02, 0.3), (2.0, 18.0)])
def test_logits_of_beta_draws(shape):
    drawn = draw_logits_of_beta(np.random.default_rng(2), *shape, 4000)
    assert np.isfinite(drawn).all()
    assert kstest(1 / (1 + np.exp(-drawn[drawn > -30])), beta(*shape).cdf).pvalue > 1e-4 or shape[0] < 0.1
    below = (drawn < np.log(0.1 / 0.9)).mean()
    assert below == pytest.approx(beta(*shape).cdf(0.1), abs=4 * np.sqrt(0.25 / 4000))


def test_prior_draws_are_the_prior():
    random = np.random.default_rng(3)
    _, line = both_of("two_parameter_logistic", {})
    x = line.draw_prior(random, 4000)
    assert kstest(x[:, 0], norm(np.log(0.5), 2.0).cdf).pvalue > 1e-4
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(0.3, abs=0.06)
    _, curve = both_of("monotone", {"floor_prior": (2.0, 18.0)})
    named = curve.named(curve.draw_prior(random, 4000))
    for place, mean in enumerate(GUESSES):
        assert kstest(named["p"][:, place], beta(4 * mean, 4 * (1 - mean)).cdf).pvalue > 1e-4
    assert kstest(named["floor"], beta(2, 18).cdf).pvalue > 1e-4


@pytest.fixture(scope="module")
def trace():
    _, density = both_of("monotone", {"floor": 0.05})
    return sample_density(density, draws=500, tune=300, chains=4, seed=2)


def test_groups_have_the_names_and_dims_of_pymc(trace):
    dims = {
        "posterior": {"share": ("chain", "draw", "level"), "p": ("chain", "draw", "dose")},
        "prior": {"share": ("chain", "draw", "level"), "p": ("chain", "draw", "dose")},
        "posterior_predictive": {"dlt": ("chain", "draw", "observation")},
        "prior_predictive": {"dlt": ("chain", "draw", "observation")},
        "observed_data": {"dlt": ("observation",)},
        "constant_data": dict.fromkeys(("n", "dlt_seen", "amount", "study_index"), ("observation",)),
    }
    for name, wanted in dims.items():
        found = group(trace, name)
        assert {str(each): found[each].dims for each in found.data_vars} == wanted
    assert group(trace, "posterior").sizes == {"chain": 4, "draw": 500, "level": 3, "dose": 4}
    assert group(trace, "posterior")["dose"].values.tolist() == [2.0, 8.0, 16.0, 4.0]
    assert {"diverging", "n_steps"} <= set(group(trace, "sample_stats").data_vars)


def test_predictive_draws_agree_with_quadrature(trace):
    exact = grid_predictive_checks(grids.monotone(DATA, levels=LEVELS, prior_mean=GUESSES, floor=0.05).prior, DATA)
    for drawn, known in zip(predictive_checks(trace, DATA), exact, strict=True):
        assert (drawn.source, drawn.amount, drawn.dlt) == (known.source, known.amount, known.dlt)
        assert drawn.expected == pytest.approx(known.expected, abs=0.15)
        assert drawn.as_many == pytest.approx(known.as_many, abs=0.05)


def test_the_seed_decides():
    _, density = both_of("crm_power", {})
    few = {"draws": 30, "tune": 30, "chains": 2}
    one, again, other = (group(sample_density(density, **few, seed=seed), "posterior")["b"] for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_numbers_that_are_none_are_refused():
    _, density = both_of("crm_power", {})
    with pytest.raises(ValueError, match="draws must be a whole number of at least 1"):
        sample_density(density, draws=0)


def test_without_patients_the_posterior_is_the_prior():
    nobody = ToxicityData(study=(), amount=(), n=(), dlt=())
    trace = sample_density(densities.crm_power(nobody, levels=LEVELS, skeleton=GUESSES), draws=500, tune=300)
    drawn = group(trace, "posterior")["b"].values[:, ::5].ravel()
    assert kstest(drawn, norm(0, 1.34**0.5).cdf).pvalue > 1e-4
