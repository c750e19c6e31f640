"""NUTS against published numbers and against quadrature: by nutpie, which compiles nothing."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import kstest
from support import data, passes

from doseesc.inference import ToxicityData, densities, grids, models, sample_density
from doseesc.inference.arviz_compat import ess, group
from doseesc.inference.sampling import Sampler, chosen_sampler
from doseesc.validation.cases import drawn

TALLIES = 5

CASES = data("inference.yaml")
LEVELS = (2.0, 8.0, 16.0)
SKELETON = (0.16, 0.25, 0.35)

MODELS = {
    "crm_logistic": ("crm_logistic", CASES["cheung_p21"]["arguments"], (3.0, 4.0, 5.0)),
    "crm_power": (
        "crm_power",
        CASES["neuenschwander_one_parameter_a"]["arguments"],
        (1.0, 2.5, 5.0, 10.0, 25.0),
    ),
    "two_parameter_logistic": (
        "two_parameter_logistic",
        CASES["neuenschwander_two_parameters"]["arguments"],
        (1.0, 2.5, 5.0, 10.0, 25.0),
    ),
    "monotone, floor": (
        "monotone",
        {"levels": (2.0, 8.0), "prior_mean": (0.16, 0.25), "further": (4.0,), "floor_prior": (2.0, 18.0)},
        (2.0, 8.0),
    ),
    "two_parameter_logistic, floor": (
        "two_parameter_logistic",
        {"levels": LEVELS, "further": (0.5, 4.0), "floor_prior": (2.0, 18.0)},
        LEVELS,
    ),
}


def sampled(key, data, **settings):
    name, arguments, _ = MODELS[key]
    return sample_density(getattr(densities, name)(data, **arguments), **settings)


@cache
def sampler_of(key):
    """Return PyMC's model, compiled by nutpie."""
    name, arguments, rows = MODELS[key]
    return Sampler.of(getattr(models, name)(data_at(rows, [0] * len(rows), [0] * len(rows)), **arguments))


def data_at(rows, n, dlt):
    return ToxicityData(study=["t"] * len(rows), amount=rows, n=n, dlt=dlt)


def test_published_numbers_within_monte_carlo_error():
    passes(drawn.published_posteriors)


@pytest.mark.long
@pytest.mark.parametrize("key", MODELS)
def test_random_tallies_agree_with_quadrature(key):
    name, arguments, rows = MODELS[key]
    rng = np.random.default_rng(30)
    distances = []
    for tally in range(TALLIES):
        n = rng.integers(0, 8, size=len(rows))
        data = data_at(rows, n, rng.binomial(n, np.sort(rng.uniform(0, 0.7, size=len(rows)))))
        trace = sampled(key, data, draws=400, tune=400, seed=tally)
        posterior = group(trace, "posterior")[["p"]].isel(dose=slice(0, 4))
        exact = getattr(grids, name)(data, **arguments)
        above = posterior > 0.25
        for draws, truth in ((posterior, exact.mean()), (above.astype(float), exact.above(0.25))):
            values = draws["p"].values.reshape(-1, draws.sizes["dose"])
            certain = values.std(axis=0) < 0.05 * (draws is not posterior)  # too rare for a standard error
            with np.errstate(all="ignore"):
                error = values.std(axis=0) / np.sqrt(ess(draws, "mean")["p"].values)
                distance = (values.mean(axis=0) - truth[: values.shape[1]]) / error
            distances.append(distance[~certain])
    distances = np.concatenate(distances)
    assert np.abs(distances).max() < 5.5
    assert np.sqrt(np.mean(distances**2)) < 1.4


@pytest.mark.long
@pytest.mark.parametrize("key", ["crm_logistic", "monotone, floor"])
def test_simulation_based_calibration(key):
    """Curves and data from the model itself: the rank of the true DLT probability among the draws is uniform."""
    import pymc as pm

    name, arguments, rows = MODELS[key]
    n = [3] * len(rows)
    model = getattr(models, name)(data_at(rows, n, [0] * len(rows)), **arguments)
    prior = pm.sample_prior_predictive(40, model=model, random_seed=12, compile_kwargs={"mode": "FAST_COMPILE"})
    truth = group(prior, "prior")["p"].values[0]
    seen = group(prior, "prior_predictive")["dlt"].values[0]
    rng = np.random.default_rng(1)
    places = [0, len(arguments["levels"]) - 1]
    ranks = []
    for replicate in range(len(truth)):
        data = data_at(rows, n, seen[replicate].tolist())
        trace = sampled(key, data, draws=400, tune=300, chains=2, seed=replicate)
        draws = group(trace, "posterior")["p"].values[:, ::20, places].reshape(-1, 2)
        below = (draws < truth[replicate, places]).sum(axis=0)
        ranks.append((below + rng.uniform(size=2)) / (len(draws) + 1))
    assert all(kstest(rank, "uniform").pvalue > 0.001 for rank in np.transpose(ranks))


def test_the_same_seed_gives_the_same_draws():
    """Of a compiled model, too, as users' own are."""
    data = data_at((3.0, 4.0, 5.0), [3, 3, 3], [0, 1, 1])
    first, again, other = (
        group(sampler_of("crm_logistic").sample(data, draws=50, tune=50, seed=seed), "posterior")["p"].values
        for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_numba_optimises_as_before_once_a_model_is_compiled():
    from numba import config

    before = config.OPT
    sampler_of("crm_logistic")
    assert before == config.OPT


def test_other_rows_than_the_models_are_refused():
    with pytest.raises(ValueError, match=r"rows at the amounts \[3.0, 4.0, 5.0\], not \[2.0\]"):
        sampler_of("crm_logistic").sample(data_at([2.0], [3], [0]))
    with pytest.raises(ValueError, match="draws must be a whole number of at least 1"):
        sampler_of("crm_logistic").sample(draws=0)


def test_models_name_their_dimensions():
    data = data_at(LEVELS, [3, 3, 0], [0, 1, 0]) + ToxicityData(study=["early"], amount=[4.0], n=[2], dlt=[0])
    model = models.monotone(data, levels=LEVELS, prior_mean=SKELETON, further=(4.0,))
    assert model.named_vars_to_dims["p"] == ("dose",)
    assert model.coords["dose"] == (2.0, 8.0, 16.0, 4.0)
    assert model.coords["study"] == ("t", "early")
    assert model.named_vars_to_dims["dlt"] == ("observation",)


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("crm_power", {"skeleton": (0.1, 0.2)}, "skeleton must have one value for each of the 3 levels, not 2"),
        ("crm_power", {"skeleton": (0.3, 0.2, 0.4)}, "strictly increasing"),
        ("crm_power", {"prior_sd": 0.0}, "prior_sd must be positive"),
        ("crm_power", {"floor": 1.0}, "floor must be at least 0 and below 1"),
        ("crm_power", {"floor": 0.1, "floor_prior": (1.0, 9.0)}, "floor_prior must not be given together"),
        ("crm_logistic", {"intercept": -2.0}, "intercept must exceed"),
        ("monotone", {"concentration": -1.0}, "concentration must be positive"),
        ("two_parameter_logistic", {"prior_correlation": 1.0}, "prior_correlation must lie between"),
        ("two_parameter_logistic", {"prior_sd": (1.0, 0.0)}, "prior_sd must be positive"),
        ("two_parameter_logistic", {"levels": (8.0, 2.0)}, "levels must be positive and strictly increasing"),
    ],
)
def test_wrong_arguments_are_refused(name, wrong, words):
    right = {"levels": LEVELS}
    if name != "two_parameter_logistic":
        right["prior_mean" if name == "monotone" else "skeleton"] = SKELETON
    with pytest.raises(ValueError, match=words):
        getattr(models, name)(data_at(LEVELS, [0] * 3, [0] * 3), **(right | wrong))


def test_samplers_are_chosen_by_name():
    assert chosen_sampler("auto") == chosen_sampler("nutpie") == "nutpie"
    assert chosen_sampler("pymc") == "pymc"
    with pytest.raises(ValueError, match="must be one of auto, pymc, nutpie"):
        chosen_sampler("stan")
