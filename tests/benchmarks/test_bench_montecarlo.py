"""Trials per second: 5 doses, 30 patients in cohorts of 3, MTD selected, against one trial at a time.

Run with ``pytest tests/benchmarks --benchmark-only``; ``extra_info`` holds trials per second.
"""

import numpy as np
import pytest

from designs import BOIN, CRM, ThreePlusThree
from doseesc.engines.montecarlo import simulate

TRUTH = np.array([0.05, 0.15, 0.30, 0.45, 0.60])
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=5),
    "CRM": CRM(target=0.3, skeleton=(0.05, 0.12, 0.25, 0.40, 0.55), max_n=30, cohort_size=3),
    "BOIN": BOIN(target=0.3, n_doses=5, max_n=30),
}


@pytest.mark.parametrize("trials", [100_000, 1_000_000])
@pytest.mark.parametrize("name", DESIGNS)
def test_simulate(benchmark, name, trials):
    benchmark.group = "Monte Carlo"
    result = benchmark.pedantic(simulate, (DESIGNS[name], TRUTH, trials, 1), {"target": 0.3}, rounds=3, warmup_rounds=1)
    benchmark.extra_info["trials per second"] = round(trials / benchmark.stats.stats.min)
    assert result.n_trials == trials


def one_boin_trial_at_a_time(trials, generator):
    """The plain way: a loop over trials, decisions looked up in BOIN's table."""
    boundaries = DESIGNS["BOIN"].boundaries()
    escalate, deescalate, eliminate = (list(column) for column in boundaries[1:])
    patients = np.zeros(5)
    for _ in range(trials):
        n, dlt, level, top = [0] * 5, [0] * 5, 0, 4
        for _ in range(10):
            dlt[level] += int((generator.random(3) < TRUTH[level]).sum())
            n[level] += 3
            seen, treated = dlt[level], n[level] - 1
            if seen >= eliminate[treated]:
                top = level - 1
                if top < 0:
                    break
            if seen <= escalate[treated] and level < top:
                level += 1
            elif seen >= deescalate[treated] and level > 0:
                level -= 1
        patients += n
    return patients / trials


def test_baseline_one_trial_at_a_time(benchmark):
    benchmark.group = "Monte Carlo"
    trials = 2_000
    mean = benchmark.pedantic(one_boin_trial_at_a_time, (trials, np.random.default_rng(1)), rounds=3)
    benchmark.extra_info["trials per second"] = round(trials / benchmark.stats.stats.min)
    np.testing.assert_allclose(mean, simulate(DESIGNS["BOIN"], TRUTH, 20_000, 1).patients, atol=0.5)
