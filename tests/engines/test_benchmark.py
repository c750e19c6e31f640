"""The nonparametric optimal benchmark."""

from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.special import gammaln
from support import data

from doseesc.engines.benchmark import benchmark_choice
from doseesc.engines.montecarlo import TrialBlock
from doseesc.truth.curves import true_mtd

CASES = data("optimal_benchmark.json")["items"]
BLOCKS = 13


def simulated(truth, target, n):
    counts = np.zeros(len(truth))
    for index in range(BLOCKS):
        block = TrialBlock.draw(2, index, n, 16_384)
        counts += np.bincount(benchmark_choice(block.latent, np.array(truth), target), minlength=len(truth) + 1)[1:]
    return counts / counts.sum()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_published_selection_probabilities(case):
    share = simulated(case["truth"], case["target"], case["n"])
    expected, printed = np.array(case["selected"]), 0.0005  # to three places
    error = np.sqrt((expected + printed) * (1 - expected) * (1 / (BLOCKS * 16_384) + 1 / case["runs"]))
    assert (np.abs(share - expected) <= 4 * error + printed).all()


@pytest.mark.parametrize("target", ["0.25", "0.3"])
def test_against_complete_enumeration_with_exact_ties(target):
    """With target 1/4 and n = 30, rates 7/30 and 8/30 are equally near: only whole numbers see that."""
    truth, n = [0.05, 0.15, 0.30, 0.45], 30
    levels = np.array(list(combinations_with_replacement(range(n + 1), len(truth))))  # DLTs at each level, rising
    cells = np.diff(np.column_stack([np.zeros(len(levels), int), levels, np.full(len(levels), n)]), axis=1)
    log_p = np.log(np.diff([0, *truth, 1]))
    probability = np.exp(gammaln(n + 1) - gammaln(cells + 1).sum(axis=1) + cells @ log_p)
    assert probability.sum() == pytest.approx(1)
    goal = Fraction(target) * n
    distance = np.abs(levels * goal.denominator - goal.numerator)
    nearest = np.argmin(distance, axis=1)
    # Of equal rates at or below the target the highest level is taken.
    rate = levels[np.arange(len(levels)), nearest]
    highest = len(truth) - 1 - np.argmax((levels == rate[:, None])[:, ::-1], axis=1)
    nearest = np.where(rate * goal.denominator <= goal.numerator, highest, nearest)
    expected = np.bincount(nearest, weights=probability, minlength=len(truth))
    share = simulated(truth, float(target), n)
    assert (np.abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / (BLOCKS * 16_384))).all()


def test_equal_distances_go_to_the_lower_level():
    latent = np.array([[0.15], [0.15], [0.25], [0.9], [0.9]])  # rates 0.4 at level 1 and 0.6 at level 2
    assert benchmark_choice(latent, np.array([0.2, 0.3]), 0.5).tolist() == [1]


def test_of_equal_rates_below_the_target_the_highest_level_is_taken():
    latent = np.array([[0.9], [0.8], [0.7]])  # nobody has a DLT at the lowest two levels
    assert benchmark_choice(latent, np.array([0.01, 0.02, 0.95]), 0.25).tolist() == [2]


@pytest.mark.parametrize(("truth", "level"), [([0.1, 0.1, 0.1], 3), ([0.4, 0.4, 0.6], 1), ([0.05, 0.2, 0.2], 3)])
def test_a_plateau_counts_as_one_level(truth, level):
    latent = np.random.default_rng(0).random((500, 3))
    assert set(benchmark_choice(latent, np.array(truth), 0.25)) == {level}


@pytest.mark.parametrize("rule", ["nearest", "highest_below"])
@pytest.mark.parametrize("truth", [[0.05, 0.25, 0.30], [0.1, 0.3, 0.3], [0.02, 0.05, 0.6]])
def test_with_many_patients_it_finds_the_true_mtd_by_either_definition(rule, truth):
    latent = np.random.default_rng(1).random((20_000, 40))
    mtd = int(true_mtd(np.array(truth), 0.25, rule=rule, margin=0.1))
    assert set(benchmark_choice(latent, np.array(truth), 0.25, rule, 0.1)) == {mtd}


def test_where_every_rate_is_too_high_the_highest_below_is_none():
    assert benchmark_choice(np.array([[0.1], [0.2]]), np.array([0.5, 0.6]), 0.25, "highest_below", 0.1).tolist() == [0]
