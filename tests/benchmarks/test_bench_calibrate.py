"""Many candidate designs: one enumeration each.

The reference case is that of the R package precautionary (Norris, the vignette "MCSE-Free CRM Performance and Safety
Assessment"): the skeleton of a CRM with six doses and 15 cohorts of 2 that maximises correct selection, by Nelder-Mead
from a given skeleton and to a relative tolerance of 0.001: 25 minutes for 135 evaluations on 6 threads.
"""

import numpy as np
import pytest

from designs import BOIN, CRM, NoSkipping, StopAtDose
from doseesc.engines.exact import enumerate_paths
from doseesc.planning.calibration import calibrate
from doseesc.planning.optimal_skeleton import optimal_skeleton

GUESSES = (0.03, 0.11, 0.25, 0.42, 0.58, 0.71)
REFERENCE = CRM(
    target=0.25,
    skeleton=GUESSES,
    prior_sd=0.85,
    max_n=30,
    cohort_size=2,
    rules=(NoSkipping(), StopAtDose(5, level=1), StopAtDose(10)),
)
SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


def truths(n_doses):
    """Return logistic curves on which each dose in turn is the MTD."""
    steps = np.arange(n_doses) - np.arange(n_doses)[:, None]
    return 1 / (1 + 3 * np.exp(-0.8 * steps))


@pytest.mark.parametrize("merge", [True, False], ids=["merged", "baseline: every path apart"])
def test_one_candidate(benchmark, merge):
    benchmark.group = "calibration, one candidate of the reference case (precautionary: 7.2 s on 6 threads)"
    oc = benchmark.pedantic(
        lambda: enumerate_paths(REFERENCE, merge=merge).characteristics(GUESSES), rounds=5, warmup_rounds=1
    )
    assert 0.5 < oc.correct_selection < 0.6


def test_reference_case(benchmark):
    benchmark.group = "calibration, PCS-optimal skeleton (precautionary: 25 min)"
    found = benchmark.pedantic(
        lambda: optimal_skeleton(REFERENCE, GUESSES, tolerance=1e-3 * 0.56), rounds=1, warmup_rounds=0
    )
    assert found.score > found.start_score


def test_reference_case_on_six_truths(benchmark):
    benchmark.group = "calibration, PCS-optimal skeleton on six truths"
    found = benchmark.pedantic(lambda: optimal_skeleton(REFERENCE, truths(6)), rounds=1, warmup_rounds=0)
    assert found.score > found.start_score


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    "design",
    [CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3), BOIN(target=0.25, n_doses=5, max_n=30)],
    ids=["CRM, 72 candidates", "BOIN, 56 candidates"],
)
def test_usual_grid(benchmark, design, jobs):
    benchmark.group = "calibration, 5 doses, 10 cohorts of 3, usual grid"
    found = benchmark.pedantic(lambda: calibrate(design, truths(5), jobs=jobs), rounds=1, warmup_rounds=0)
    assert found.score.max() > 0
