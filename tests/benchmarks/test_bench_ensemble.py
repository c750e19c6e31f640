"""Ensembles and worst cases; the baseline of the former computes one truth at a time."""

import numpy as np
import pytest

from designs import BOIN, CRM
from doseesc.engines.exact import enumerate_paths
from doseesc.planning.worst_case import correct_selection_worst_case, too_toxic_worst_case
from doseesc.truth.random_curves import pseudo_uniform

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)
DESIGNS = {
    "BOIN, 5 doses, 10 cohorts of 3": BOIN(target=0.25, n_doses=5, max_n=30),
    "CRM, 5 doses, 10 cohorts of 3": CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_ensemble_of_two_thousand(benchmark, name):
    """From the design to exact figures under 2,000 pseudo-uniform curves, the walk and the drawing included."""
    benchmark.group = f"ensemble of 2,000: {name}"

    def ensemble():
        truths = pseudo_uniform(np.random.default_rng(1), 2000, n_doses=5, target=0.25)
        return enumerate_paths(DESIGNS[name]).characteristics(truths).correct_selection

    assert benchmark.pedantic(ensemble, rounds=3, warmup_rounds=1).shape == (2000,)


@pytest.mark.parametrize("name", DESIGNS)
def test_baseline_one_truth_at_a_time(benchmark, name):
    benchmark.group = f"ensemble of 2,000: {name}"
    truths = pseudo_uniform(np.random.default_rng(1), 2000, n_doses=5, target=0.25)
    paths = enumerate_paths(DESIGNS[name])
    figures = benchmark.pedantic(lambda: [paths.characteristics(truth).correct_selection for truth in truths], rounds=1)
    np.testing.assert_allclose(figures, paths.characteristics(truths).correct_selection, atol=1e-12)


@pytest.mark.parametrize("name", DESIGNS)
def test_worst_cases_of_all_levels(benchmark, name):
    benchmark.group = "worst cases"
    paths = enumerate_paths(DESIGNS[name])

    def worst():
        return (
            correct_selection_worst_case(paths, separation=0.1, band=0.05).overall.value,
            too_toxic_worst_case(paths, bound=0.35).overall.value,
        )

    correct, too_toxic = benchmark.pedantic(worst, rounds=3, warmup_rounds=1)
    assert 0 < correct < too_toxic < 1.000001
