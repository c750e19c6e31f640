"""A PyMC model as a grid: against the built-in designs' own quadrature, SciPy's, and closed forms."""

import pickle

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from pymc_models import DOSES, SKELETON, empiric, logistic
from scipy import integrate, stats

from designs import BLRM, CRM, Tally
from doseesc.inference.any_model.grid import demanding_tallies, model_grid
from doseesc.inference.any_model.model_function import ModelError

LIMITS = (0.1, 0.25, 0.5)


def one_probability(prior):
    """Three doses whose DLT probabilities are theta / 4, theta / 2 and theta."""
    with pm.Model() as model:
        theta = prior()
        pm.Deterministic("p", theta * np.array([0.25, 0.5, 1.0]))
    return model


@pytest.fixture(scope="module")
def tallies():
    return demanding_tallies(5, 30)


@pytest.fixture(scope="module")
def crm_grid():
    return model_grid(empiric(), patients=30, parameter_means=True)


@pytest.fixture(scope="module")
def blrm_grid():
    return model_grid(logistic(), patients=30)


def test_one_parameter_agrees_with_the_crm(crm_grid, tallies):
    crm = CRM(target=0.25, skeleton=SKELETON, max_n=30)
    posterior = crm.posterior(tallies)
    mean = crm_grid.grid.expect(tallies, crm_grid.parameters)[:, 0]
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-8)
    np.testing.assert_allclose(crm_grid.curve_at(mean), posterior.dlt_probability, atol=1e-8)
    assert crm_grid.names == ("b",)
    for level in range(1, 6):
        tails = crm_grid.grid.expect(tallies, crm_grid.shares_above(level, LIMITS))
        np.testing.assert_allclose(tails, crm.tails(tallies, level, np.array(LIMITS)), atol=1e-7)


@pytest.mark.parametrize("off", [0.0, 1e-16, -1e-16, 1e-9])
def test_the_curve_at_a_node_is_the_nodes(crm_grid, off):
    """A mean that is a node's value but for rounding: without data it is 0."""
    curve = crm_grid.curve_at(np.array([off]))
    np.testing.assert_allclose(curve[0], SKELETON, atol=1e-8)


def test_two_parameters_agree_with_the_blrm(blrm_grid, tallies):
    blrm = BLRM(target=0.3, doses=DOSES, max_n=30)
    posterior = blrm.posterior(tallies)
    mean = blrm_grid.grid.expect(tallies, np.exp(blrm_grid.grid.log_dlt).T)
    np.testing.assert_allclose(mean, posterior.dlt_probability, atol=1e-8)
    for level in range(1, 6):
        tails = blrm_grid.grid.expect(tallies, blrm_grid.shares_above(level, [0.35]))[:, 0]
        np.testing.assert_allclose(tails, posterior.overdose_probability[:, level - 1], atol=2e-7)
    assert blrm_grid.monotone
    assert blrm_grid.moved <= 1e-7


@pytest.mark.parametrize("shape", [(1.0, 1.0), (0.5, 4.0), (30.0, 50.0)])
def test_a_transformed_parameter_is_conjugate_where_it_should_be(shape):
    grid = model_grid(one_probability(lambda: pm.Beta("theta", *shape)), patients=20, parameter_means=True)
    tally = Tally(n=[[0, 0, 0], [0, 0, 20], [0, 0, 20]], dlt=[[0, 0, 0], [0, 0, 20], [0, 0, 3]], level=[3, 3, 3])
    truth = stats.beta(shape[0] + tally.dlt[:, 2], shape[1] + tally.n[:, 2] - tally.dlt[:, 2])
    np.testing.assert_allclose(grid.grid.expect(tally, grid.parameters)[:, 0], truth.mean(), atol=1e-7)
    tails = grid.grid.expect(tally, grid.shares_above(3, LIMITS))
    np.testing.assert_allclose(tails, np.column_stack([truth.sf(limit) for limit in LIMITS]), atol=1e-6)


def test_half_normal_and_heavy_tails_agree_with_scipy():
    tally = Tally(n=[[3, 3, 6]], dlt=[[0, 1, 2]], level=[3])
    for prior, density in (
        (lambda: pm.HalfNormal("theta", 0.7), stats.halfnorm(scale=0.7).pdf),
        (lambda: pm.HalfCauchy("theta", 0.5), stats.halfcauchy(scale=0.5).pdf),
        (lambda: pm.Exponential("theta", 1.5), stats.expon(scale=1 / 1.5).pdf),
    ):
        with pm.Model() as model:
            theta = prior()
            pm.Deterministic("p", 1 - pm.math.exp(-theta * np.array([0.25, 0.5, 1.0])))
        grid = model_grid(model, patients=12)

        def weight(theta, dose=None, density=density):
            p = 1 - np.exp(-theta * np.array([0.25, 0.5, 1.0]))
            likelihood = np.prod(stats.binom.pmf(tally.dlt[0], tally.n[0], p))
            return density(theta) * likelihood * (1.0 if dose is None else p[dose])

        norm = integrate.quad(weight, 0, np.inf, epsabs=1e-13)[0]
        expected = [integrate.quad(weight, 0, np.inf, args=(dose,), epsabs=1e-13)[0] / norm for dose in range(3)]
        np.testing.assert_allclose(grid.grid.expect(tally, np.exp(grid.grid.log_dlt).T)[0], expected, atol=1e-7)


def test_a_vector_counts_by_its_elements(blrm_grid, tallies):
    with pm.Model() as model:
        both = pm.MvNormal("both", [np.log(0.5), 0], [[4.0, 0.0], [0.0, 1.0]])
        pm.Deterministic("p", pm.math.invlogit(both[0] + pm.math.exp(both[1]) * np.log(np.array(DOSES) / 12)))
    grid = model_grid(model, patients=30, tolerance=1e-5)
    assert grid.names == ("both[0]", "both[1]")
    for one in (grid, blrm_grid):
        assert one.n_doses == 5
    curve = [one.grid.expect(tallies, np.exp(one.grid.log_dlt).T) for one in (grid, blrm_grid)]
    np.testing.assert_allclose(*curve, atol=1e-6)


def test_a_curve_that_turns_has_tails_too():
    """A DLT probability that is highest in the middle of a uniform parameter: P(4 u (1 - u) > c) in closed form."""
    with pm.Model() as model:
        u = pm.Uniform("u", 0, 1)
        pm.Deterministic("p", 4 * u[None] * (1 - u[None]) * 0.999)
    grid = model_grid(model, patients=6)
    assert not grid.monotone
    tails = grid.grid.expect(Tally.empty(1), grid.shares_above(1, LIMITS))[0]
    np.testing.assert_allclose(tails, np.sqrt(1 - np.array(LIMITS) / 0.999), atol=1e-6)


def test_evidence_is_part_of_the_prior():
    def model(observed):
        with pm.Model() as made:
            theta = pm.Beta("theta", 1, 3)
            pm.Deterministic("p", theta * np.array([0.25, 0.5, 1.0]))
            if observed:
                pm.Binomial("history", n=10, p=theta, observed=2)
        return made

    tally = Tally(n=[[0, 0, 6]], dlt=[[0, 0, 1]], level=[3])
    grid = model_grid(model(True), patients=20, evidence=("history",), parameter_means=True)
    assert grid.grid.expect(tally, grid.parameters)[0, 0] == pytest.approx((1 + 2 + 1) / (4 + 10 + 6), abs=1e-7)
    with pytest.raises(ModelError, match=r"has the observed variable 'history'; leave it out.*name it in evidence"):
        model_grid(model(True), patients=20)
    with pytest.raises(ModelError, match="has no observed variable 'history' to be evidence; it has none"):
        model_grid(model(False), patients=20, evidence=("history",))


def test_it_is_arrays_alone(crm_grid):
    again = pickle.loads(pickle.dumps(crm_grid))
    np.testing.assert_array_equal(again.grid.log_dlt, crm_grid.grid.log_dlt)


def broken(kind):
    with pm.Model() as model:
        if kind == "no parameter":
            pm.Deterministic("p", pt.as_tensor(np.array([0.1, 0.2])))
        elif kind == "discrete":
            pm.Deterministic("p", 0.1 + 0.1 * pm.Bernoulli("x", 0.5) * np.array([1.0, 2.0]))
        elif kind == "scalar":
            pm.Deterministic("p", pm.Beta("x", 1, 1))
        elif kind == "no probability":
            pm.Deterministic("p", pm.Normal("x", 0, 1) * np.array([1.0, 2.0]))
        elif kind == "improper":
            pm.Deterministic("p", pm.math.invlogit(pm.Flat("x") + np.array([0.0, 1.0])))
        elif kind == "four":
            pm.Deterministic("p", pm.math.invlogit(pm.Normal("x", 0, 1, shape=4)))
        elif kind == "funnel":
            spread = pm.HalfNormal("spread", 1)
            pm.Deterministic("p", pm.math.invlogit(pm.Normal("x", 0, spread)[None]))
    return model


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no parameter", "has no free parameter"),
        ("discrete", "has the discrete parameter 'x'"),
        ("scalar", r"has 'p' of shape \(\), not a vector"),
        ("no probability", r"gives -?\d.* for the DLT probability at level 1 where x = .*must lie between 0 and 1"),
        ("improper", "improper prior"),
        ("four", r"has 4 parameters \(x\[0\], x\[1\], x\[2\], x\[3\]\); a grid takes at most 3"),
        ("funnel", "non-centred"),
    ],
)
def test_what_cannot_be_a_grid_is_refused(kind, message):
    with pytest.raises(ModelError, match=message):
        model_grid(broken(kind), patients=12)


def test_a_name_that_is_not_there_lists_those_that_are():
    with pytest.raises(ModelError, match=r"has no variable 'q'.*its variables are b, p"):
        model_grid(empiric(), "q", patients=12)
    with pytest.raises(ModelError, match="is str, not a PyMC model"):
        model_grid("model", patients=12)
