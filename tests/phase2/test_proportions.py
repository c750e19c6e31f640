"""Proportions, tables and multiplicity against scipy and statsmodels."""

from functools import partial

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from doseesc.phase2.analyses.multiplicity import METHODS, adjust, winners
from doseesc.phase2.analyses.proportions import (
    chi_square_z,
    clopper_pearson,
    cochran_armitage_z,
    fisher_p,
    miettinen_nurminen,
    newcombe,
)

SETS = 200


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(5)
    n1, n0 = rng.integers(1, 60, SETS), rng.integers(1, 60, SETS)
    x1, x0 = rng.binomial(n1, rng.random(SETS)), rng.binomial(n0, rng.random(SETS))
    x1[:10], x0[5:15] = 0, 0  # nobody
    x1[20:30], x0[25:35] = n1[20:30], n0[25:35]  # everybody
    return x1, n1, x0, n0


def test_chi_square_equals_scipy(tables):
    found = chi_square_z(*tables)
    for z, x1, n1, x0, n0 in zip(found, *tables, strict=True):
        if 0 < x1 + x0 < n1 + n0:
            expected = stats.chi2_contingency([[x1, n1 - x1], [x0, n0 - x0]], correction=False).statistic
            assert z**2 == pytest.approx(expected, abs=1e-9)
            assert np.sign(z) == np.sign(round(x1 / n1 - x0 / n0, 12))
        else:
            assert z == 0


@pytest.mark.parametrize("alternative", ["less", "greater"])
def test_fisher_equals_scipy(tables, alternative):
    found = fisher_p(*tables, more=alternative == "greater")
    for p, x1, n1, x0, n0 in zip(found, *tables, strict=True):
        assert p == pytest.approx(stats.fisher_exact([[x1, n1 - x1], [x0, n0 - x0]], alternative).pvalue, abs=1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the library's, at proportions of 0 and 1
def test_newcombe_equals_statsmodels(tables):
    from statsmodels.stats.proportion import confint_proportions_2indep

    for lower, upper, *table in zip(*newcombe(*tables), *tables, strict=True):
        expected = confint_proportions_2indep(*table, method="newcomb", compare="diff")
        assert (lower, upper) == pytest.approx(expected, abs=1e-9)


def test_miettinen_nurminen_limits_are_where_the_score_test_turns(tables):
    """By maximising the likelihood numerically: statsmodels' own restricted estimates do not maximise it."""
    z = stats.norm.isf(0.025)
    for *limits, x1, n1, x0, n0 in zip(*miettinen_nurminen(*tables), *tables, strict=True):
        difference = x1 / n1 - x0 / n0
        assert limits[0] <= difference <= limits[1]
        for limit in limits:
            if abs(limit) > 1 - 1e-9:
                assert difference == pytest.approx(limit)
                continue

            def score(p0, x1=x1, n1=n1, x0=x0, n0=n0, d=float(limit)):
                p1 = p0 + d
                return (x1 - n1 * p1) * p0 * (1 - p0) + (x0 - n0 * p0) * p1 * (1 - p1)

            # The derivative of the likelihood, times a positive factor, falls through 0 once between the ends.
            low, high = max(0.0, -limit), min(1.0, 1 - limit)
            inner = low + 1e-9, high - 1e-9
            p0 = low if score(inner[0]) <= 0 else high if score(inner[1]) >= 0 else brentq(score, *inner, xtol=1e-14)
            p1 = p0 + limit
            variance = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * (n1 + n0) / (n1 + n0 - 1)
            assert abs(difference - limit) == pytest.approx(z * np.sqrt(variance), abs=1e-5)


def test_clopper_pearson_equals_statsmodels(tables):
    from statsmodels.stats.proportion import proportion_confint

    expected = proportion_confint(tables[0], tables[1], method="beta")
    for found, limit in zip(clopper_pearson(tables[0], tables[1]), expected, strict=True):
        assert found == pytest.approx(np.asarray(limit), abs=1e-10)


def test_cochran_armitage_equals_statsmodels():
    from statsmodels.stats.contingency_tables import Table

    rng = np.random.default_rng(6)
    n = rng.integers(2, 60, (SETS, 3))
    x = rng.binomial(n, rng.random((SETS, 3)))
    x[:5] = 0
    found = cochran_armitage_z(x, n, [0, 1, 2])
    for z, events, patients in zip(found, x, n, strict=True):
        if events.sum() in (0, patients.sum()):
            assert z == 0
            continue
        table = Table(np.array([patients - events, events]), shift_zeros=False)
        reference = table.test_ordinal_association(row_scores=np.array([0, 1]), col_scores=np.array([0, 1, 2]))
        # The library's variance is that of permutations, with N - 1 for N.
        total = patients.sum()
        assert z == pytest.approx(reference.zscore * np.sqrt(total / (total - 1)), abs=1e-9)


@pytest.mark.parametrize("function", [chi_square_z, newcombe, miettinen_nurminen, partial(fisher_p, more=True)])
def test_an_empty_arm_is_refused(function):
    with pytest.raises(ValueError, match="n0 must be at least 1 in every trial: an arm is empty"):
        function([1, 2], [5, 5], [0, 1], [0, 5])
    with pytest.raises(ValueError, match="x1 must lie in 0 to n1"):
        function(6, 5, 1, 5)


@pytest.mark.parametrize(
    ("method", "theirs"), [("bonferroni", "bonferroni"), ("holm", "holm"), ("hochberg", "simes-hochberg")]
)
@pytest.mark.parametrize("arms", [2, 3])
def test_adjusted_p_equals_statsmodels(method, theirs, arms):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(8).random((SETS, arms)) ** 2
    p[0] = p[0, 0]
    rows = 5 if method == "holm" else SETS  # the library takes a tenth of a second or more for each
    for row, found in zip(p[:rows], adjust(p, method), strict=False):
        assert found == pytest.approx(multipletests(row, method=theirs)[1], abs=1e-12)


def test_fixed_sequence_and_hierarchy():
    p = np.array([[0.01, 0.02], [0.03, 0.001], [0.001, 0.03]])
    assert adjust(p, "fixed_sequence", order=[1, 0]) == pytest.approx(
        np.array([[0.02, 0.02], [0.03, 0.001], [0.03, 0.03]])
    )
    first, second = winners([p, np.full((3, 2), 0.001)], 0.025, "hierarchical")
    assert first.tolist() == [[True, True], [False, True], [True, False]]
    assert second.tolist() == [[True, True], [False, False], [False, False]]
    assert winners([p, np.full((3, 2), 0.001)], 0.025, "separate")[1].all()
    with pytest.raises(ValueError, match="order must name each of the 2 arms once"):
        adjust(p, "fixed_sequence", order=[0, 0])


@pytest.mark.parametrize("method", METHODS)
def test_family_error_under_the_global_null(method):
    rng = np.random.default_rng(9)
    control = rng.standard_normal((60_000, 1))
    z = (rng.standard_normal((60_000, 2)) - control) / np.sqrt(2)
    any_wrong = (adjust(stats.norm.sf(z), method) <= 0.025).any(axis=1).mean()
    bounds = {"none": (0.041, 0.049), "dunnett": (0.0230, 0.0270), "fixed_sequence": (0.0230, 0.0270)}
    low, high = bounds.get(method, (0.0195, 0.0270))
    assert low < any_wrong < high
