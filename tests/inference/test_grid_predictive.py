"""Predictive checks and bands by quadrature, against integrals taken by other means."""

import numpy as np
import pytest
from scipy.stats import beta, binom, norm

from doseesc.inference import ToxicityData, curve_band, grid_predictive_checks, grids
from doseesc.inference.grid_points import bin_shares, weighed_points

LEVELS = (2.0, 8.0, 16.0)
SKELETON = np.array([0.1, 0.25, 0.4])
DATA = ToxicityData.from_outcomes("1NNN 2NNT 3NTT", amounts=LEVELS)
EMPTY = ToxicityData(study=(), amount=(), n=(), dlt=())


def crm_on_a_lattice(floors, shares, data):
    """Return p (F, K, J) above each floor and weights (F, K), prior and posterior, of the empiric CRM with sd 1."""
    b = np.linspace(-7, 7, 701)
    drug = np.clip(SKELETON ** np.exp(b)[:, None], 1e-12, 1 - 1e-12)  # within which scipy has binomial laws
    p = floors[:, None, None] + (1 - floors[:, None, None]) * drug
    prior = shares[:, None] * norm.pdf(b)
    likelihood = np.prod(binom.pmf(np.array(data.dlt), np.array(data.n), p), axis=-1)
    return p, prior / prior.sum(), prior * likelihood / (prior * likelihood).sum()


@pytest.mark.parametrize("floor_prior", [None, (2.0, 18.0)])
def test_checks_are_the_integrals_of_binomial_laws(floor_prior):
    floors, shares = np.array([0.0]), np.ones(1)
    if floor_prior is not None:
        floors = (np.arange(400) + 0.5) / 400
        shares = beta.pdf(floors, *floor_prior)
    p, *weights = crm_on_a_lattice(floors, shares, DATA)
    posterior = grids.crm_power(DATA, levels=LEVELS, skeleton=SKELETON, prior_sd=1.0, floor_prior=floor_prior)
    checks = grid_predictive_checks(posterior.prior, DATA)
    assert [check.source for check in checks] == ["prior"] * 4 + ["posterior"] * 4
    for source, weight in enumerate(weights):
        of_sum = np.zeros(10)
        rows = [binom.pmf(np.arange(4)[:, None, None], 3, p[..., level]) for level in range(3)]
        for i in range(4):
            for j in range(4):
                for k in range(4):
                    of_sum[i + j + k] += (rows[0][i] * rows[1][j] * rows[2][k] * weight).sum()
        laws = [np.array([(each * weight).sum() for each in row]) for row in rows] + [of_sum]
        for check, law, seen in zip(checks[4 * source :], laws, (*DATA.dlt, sum(DATA.dlt)), strict=False):
            assert check.dlt == seen
            assert check.expected == pytest.approx(np.arange(len(law)) @ law, abs=1e-4)
            assert check.as_many == pytest.approx(law[seen + 1 :].sum() + law[seen] / 2, abs=1e-4)
            assert check.low == np.argmax(np.cumsum(law) >= 0.05)
            assert check.high == np.argmax(np.cumsum(law) >= 0.95)


@pytest.mark.parametrize("name", ["crm_power", "two_parameter_logistic", "monotone"])
def test_bands_and_bins_are_the_exact_quantiles_and_probabilities(name):
    more = {"crm_power": {"skeleton": SKELETON}, "monotone": {"prior_mean": SKELETON}}.get(name, {})
    found = getattr(grids, name)(DATA, levels=LEVELS, further=[4.0], **more)
    mean, low, high = curve_band(found, found.doses, 0.9)
    np.testing.assert_allclose(mean, found.mean(), atol=2e-3)
    np.testing.assert_allclose(low, found.quantile(0.05), atol=3e-3)
    np.testing.assert_allclose(high, found.quantile(0.95), atol=5e-3)
    edges = np.linspace(0, 1, 11)
    above = np.array([found.above(edge) for edge in edges[1:-1]])
    np.testing.assert_allclose(1 - np.cumsum(bin_shares(found, edges), axis=1)[:, :-1].T, above, atol=3e-3)


def test_the_prior_of_a_grid_is_that_without_data():
    found = grids.two_parameter_logistic(DATA, levels=LEVELS, floor_prior=(1.0, 19.0))
    without = grids.two_parameter_logistic(EMPTY, levels=LEVELS, floor_prior=(1.0, 19.0))
    np.testing.assert_allclose(found.prior.given(EMPTY, LEVELS).mean(), without.mean(), atol=1e-9)


def test_many_nodes_are_stood_for_by_few():
    rng = np.random.default_rng(3)
    weight = rng.gamma(0.3, size=(300, 400))
    value = np.linspace(0, 1, weight.size)
    place, share = weighed_points(weight, 5000)
    assert len(place) == 5000
    assert share.sum() == pytest.approx(weight.sum())
    assert (value[place] @ share) / share.sum() == pytest.approx((value @ weight.ravel()) / weight.sum(), abs=2e-4)
