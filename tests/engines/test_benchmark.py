"""The nonparametric optimal benchmark: complete enumeration, others' values, and simulation of its patients."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from support import passes

from doseesc.engines.benchmark import benchmark_selection
from doseesc.truth.mtd import TIES, highest_right, right_levels, true_mtd
from doseesc.validation.cases import engines

RULES = ["nearest", "highest_below"]


def outcomes(p, n):
    """Return the counts (C, D) that n patients can have at rising probabilities, and their multinomial chances."""
    counts = np.array(list(combinations_with_replacement(range(n + 1), len(p))))
    cells = np.diff(np.column_stack([np.zeros(len(counts), int), counts, np.full(len(counts), n)]), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(cells > 0, cells * np.log(np.diff([0, *p, 1])), 0.0)
    chance = gammaln(n + 1) - gammaln(cells + 1).sum(axis=1) + logs.sum(axis=1)
    return counts, np.exp(chance)


def chosen(counts, truth, n, target, rule, ties):
    """Return the level that complete information selects, of counts (C, D) at the distinct probabilities of a truth.

    By definition, step by step: equal levels are one, named by the convention; their observed rates are judged as true
    ones are; the lowest dose forbids.
    """
    one = "highest_below" if ties == "any" else ties
    limit = target if rule == "nearest" else target + 0.1
    names = []
    for p in np.unique(truth):
        same = np.flatnonzero(truth == p) + 1
        highest = one == "highest" or (one == "highest_below" and p <= limit + 1e-12)
        names.append(same.max() if highest else same.min())
    order = np.argsort(names)
    rates = counts[:, order] / n
    lowest = counts[:, np.searchsorted(np.unique(truth), truth[0])] / n
    if rule == "highest_below":  # of equal rates none is nearer: the highest tolerable dose
        picked = highest_right(right_levels(rates, target, rule, 0.1, "highest"))
    else:
        picked = highest_right(right_levels(rates, target, rule, np.inf, one))
        picked = np.where(lowest > target + 0.1 + 1e-12, 0, picked)
    return np.array([0, *np.array(names)[order]])[picked]


@given(
    st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.35, 0.5, 1.0]), min_size=1, max_size=4),
    st.booleans(),
    st.integers(1, 9),
    st.sampled_from([0.2, 0.25, 0.3, 1 / 3, 0.5]),
    st.sampled_from(RULES),
    st.sampled_from(TIES),
)
@settings(max_examples=300, deadline=None)
def test_it_is_the_sum_over_all_outcomes(truth, rising, n, target, rule, ties):
    truth = np.array(sorted(truth) if rising else truth)
    counts, chance = outcomes(np.unique(truth), n)
    level = chosen(counts, truth, n, target, rule, ties)
    expected = np.bincount(level, weights=chance, minlength=len(truth) + 1)
    found = benchmark_selection(truth, n, target, rule, 0.1, ties)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("target", [0.25, 0.3])
def test_with_thirty_patients_and_exact_ties(target):
    """With target 1/4 and n = 30, rates 7/30 and 8/30 are equally near: only whole numbers see that."""
    truth = np.array([0.05, 0.15, 0.30, 0.45])
    counts, chance = outcomes(truth, 30)
    assert chance.sum() == pytest.approx(1)
    for ties in TIES:
        expected = np.bincount(chosen(counts, truth, 30, target, "nearest", ties), weights=chance, minlength=5)
        np.testing.assert_allclose(benchmark_selection(truth, 30, target, ties=ties), expected, rtol=0, atol=1e-12)
    if target == 0.25:
        by_ties = [benchmark_selection(truth, 30, target, ties=ties)[2] for ties in ("highest", "lowest")]
        assert abs(by_ties[0] - by_ties[1]) > 0.01


@pytest.mark.parametrize(("truth", "rule"), [([0.10, 0.25, 0.45], "nearest"), ([0.3, 0.2, 0.4, 0.3], "nearest")])
def test_simulated_patients_agree_within_four_standard_errors(truth, rule):
    truth, n, trials = np.array(truth), 18, 400_000
    latent = np.random.default_rng(5).random((n, trials))
    counts = np.stack([(latent < p).sum(axis=0) for p in np.unique(truth)], axis=1)
    share = np.bincount(chosen(counts, truth, n, 0.25, rule, "highest_below"), minlength=len(truth) + 1) / trials
    exact = benchmark_selection(truth, n, 0.25, rule)
    assert (np.abs(share - exact) <= 4 * np.sqrt(exact * (1 - exact) / trials) + 1e-12).all()


def test_probabilities_simulated_elsewhere():
    passes(engines.optimal_benchmark)


def test_where_no_dose_is_right_it_says_so():
    share = benchmark_selection(np.array([0.45, 0.60, 0.75]), 18, 0.25)
    assert share[0] == pytest.approx(1 - sum(outcomes(np.array([0.45]), 18)[1][:7]))  # more than 6 of 18, 35 % of them
    assert share[0] > 0.7


@pytest.mark.parametrize(("truth", "level"), [([0.1, 0.1, 0.1], 3), ([0.3, 0.3, 0.6], 1), ([0.05, 0.2, 0.2], 3)])
def test_a_plateau_counts_as_one_level(truth, level):
    share = benchmark_selection(np.array(truth), 18, 0.25)
    others = [each for each in range(1, 4) if each != level and truth[each - 1] == truth[level - 1]]
    assert (share[others] == 0).all()
    assert share[level] > 0.3
    assert benchmark_selection(np.array(truth), 18, 0.25, ties="lowest")[level] < share[level] or level == 1


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("truth", [[0.05, 0.25, 0.30], [0.1, 0.3, 0.3], [0.02, 0.05, 0.6], [0.4, 0.5, 0.6]])
def test_with_many_patients_it_finds_the_true_mtd_by_either_definition(rule, truth):
    mtd = int(true_mtd(np.array(truth), 0.25, rule=rule, margin=0.1))
    share = benchmark_selection(np.array(truth), 10_000, 0.25, rule, 0.1)
    assert share[mtd] > 1 - 1e-6
    assert share.sum() == pytest.approx(1, abs=1e-10)
