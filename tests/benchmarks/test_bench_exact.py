"""From design to all exact characteristics of one truth; the baseline keeps every path apart, as path trees do."""

import numpy as np
import pytest

from designs import BOIN, CRM, NoSkipping, StopAtDose, ThreePlusThree
from doseesc.engines.exact import enumerate_paths

THREE, FIVE = [0.10, 0.25, 0.45], [0.05, 0.15, 0.30, 0.45, 0.60]
SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)
CASES = {
    "3+3, 3 doses, 18 patients": (ThreePlusThree(n_doses=3), THREE),
    "CRM, 3 doses, 18 patients": (CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=18, cohort_size=3), THREE),
    "BOIN, 3 doses, 18 patients": (BOIN(target=0.25, n_doses=3, max_n=18), THREE),
    "BOIN, 5 doses, 10 cohorts of 3": (BOIN(target=0.3, n_doses=5, max_n=30), FIVE),
    "CRM, 5 doses, 10 cohorts of 3": (CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3), FIVE),
    "CRM, 6 doses, 15 cohorts of 2, stopping": (
        CRM(
            target=0.25,
            skeleton=(0.03, 0.11, 0.25, 0.42, 0.58, 0.71),
            prior_sd=0.85,
            max_n=30,
            cohort_size=2,
            rules=(NoSkipping(), StopAtDose(5, level=1), StopAtDose(10)),
        ),
        [0.03, 0.11, 0.25, 0.42, 0.58, 0.71],
    ),
    "CRM, 5 doses, 30 one at a time": (CRM(target=0.25, skeleton=SKELETON, max_n=30), FIVE),
    "BOIN, 5 doses, 30 one at a time": (BOIN(target=0.3, n_doses=5, max_n=30, cohort_size=1), FIVE),
}


@pytest.mark.parametrize("name", CASES)
def test_from_design_to_characteristics(benchmark, name):
    benchmark.group = "exact"
    design, truth = CASES[name]
    rounds = 2 if "one at a time" in name else 10
    oc = benchmark.pedantic(
        lambda: enumerate_paths(design).characteristics(truth, target=0.3), rounds=rounds, warmup_rounds=1
    )
    assert abs(oc.selected.sum() - 1) < 1e-12


@pytest.mark.parametrize("name", ["BOIN, 5 doses, 10 cohorts of 3", "CRM, 5 doses, 10 cohorts of 3"])
def test_two_thousand_truths_more(benchmark, name):
    benchmark.group = "exact, 2,000 truths"
    design, _ = CASES[name]
    paths = enumerate_paths(design)
    truths = np.sort(np.random.default_rng(1).random((2000, 5)), axis=1)
    oc = benchmark.pedantic(paths.characteristics, (truths,), rounds=3, warmup_rounds=1)
    assert oc.selected.shape == (2000, 6)


@pytest.mark.parametrize("merge", [True, False], ids=["merged", "baseline: every path apart"])
def test_merging(benchmark, merge):
    benchmark.group = "exact, BOIN, 5 doses, 10 cohorts of 3: merging"
    design, truth = CASES["BOIN, 5 doses, 10 cohorts of 3"]
    oc = benchmark.pedantic(
        lambda: enumerate_paths(design, merge=merge).characteristics(truth), rounds=2, warmup_rounds=1
    )
    assert oc.correct_selection == pytest.approx(0.54633, abs=1e-5)
