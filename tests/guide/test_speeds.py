"""The speeds that the guide tells are of the size that is measured, in processor time and to a factor of ten."""

import re
import time

import numpy as np
import pytest

from designs import BOIN, CRM, NoSkipping, StopAtDose, ThreePlusThree
from doseesc.engines import enumerate_paths, simulate
from doseesc.guide import guide_page

ROWS = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", guide_page("how-it-works").text, re.MULTILINE))
FACTOR = 10
FIVE = (0.05, 0.12, 0.25, 0.40, 0.55)
SIX = (0.03, 0.11, 0.25, 0.42, 0.58, 0.71)
EXACT = {
    "exact, any of 3+3, CRM, BOIN; 3 doses, 18 patients in cohorts of 3": BOIN(target=0.25, n_doses=3, max_n=18),
    "exact, BOIN, 5 doses, 10 cohorts of 3": BOIN(target=0.3, n_doses=5, max_n=30),
    "exact, CRM, 5 doses, 10 cohorts of 3": CRM(target=0.25, skeleton=FIVE, max_n=30, cohort_size=3),
    "exact, CRM, 6 doses, 15 cohorts of 2, stopping": CRM(
        target=0.25,
        skeleton=SIX,
        prior_sd=0.85,
        max_n=30,
        cohort_size=2,
        rules=(NoSkipping(), StopAtDose(5, level=1), StopAtDose(10)),
    ),
}


def told(row):
    """Return the least and the most seconds that the guide tells, a millisecond at least."""
    number, unit = re.fullmatch(r"([0-9.]+(?: to [0-9.]+)?) (m?s)", ROWS[row]).groups()
    seconds = [float(each) * (0.001 if unit == "ms" else 1.0) for each in number.split(" to ")]
    return min(seconds), max(seconds)


def best_of(rounds, work):
    """Return the least processor time of a few rounds, after one that fills caches."""
    work()
    spent = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return min(spent)


@pytest.mark.parametrize("row", EXACT)
def test_enumerations(row):
    design = EXACT[row]
    truth = np.linspace(0.05, 0.5, design.n_doses)
    least, most = told(row)
    assert least / FACTOR < best_of(3, lambda: enumerate_paths(design).characteristics(truth)) < most * FACTOR


def test_more_truths():
    least, most = told("2,000 more truths, 5 doses, 10 cohorts of 3")
    paths = enumerate_paths(EXACT["exact, BOIN, 5 doses, 10 cohorts of 3"])
    truths = np.sort(np.random.default_rng(1).random((500, 5)), axis=1)
    assert least / FACTOR < 4 * best_of(1, lambda: paths.characteristics(truths)) < most * FACTOR


def test_simulated_trials():
    cell = ROWS["Monte Carlo, 5 doses, 30 patients, 100,000 trials: 3+3, CRM, BOIN"]
    slowest, fastest = re.fullmatch(r"([0-9.]+) to ([0-9.]+) million trials/s", cell).groups()
    design, trials = ThreePlusThree(n_doses=5), 100_000
    rate = trials / best_of(2, lambda: simulate(design, FIVE, trials, seed=1)) / 1e6
    assert float(slowest) / FACTOR < rate < float(fastest) * FACTOR
