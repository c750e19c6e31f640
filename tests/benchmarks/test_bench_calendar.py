"""Time: the shipped fast-accruing trial from the shell, and the times of designs that wait for every outcome.

Run with ``pytest tests/benchmarks --benchmark-only``.  The first round from the shell compiles the clock, or loads
what an earlier process has compiled, and is not counted.
"""

import subprocess
import sys
from dataclasses import replace

import pytest
from support import ROOT

import doseesc
from designs import BOIN, CRM, RollingSix, ThreePlusThree, Weighted, skeleton
from doseesc.engines import Backfill, complete_times, simulate_calendar
from doseesc.runs.timing import time_study
from doseesc.truth import Accrual

TITE = ROOT / "scenarios/tite.yaml"
FIVE = {"target": 0.3, "pending": Weighted()}
CURVE = skeleton(target=0.3, halfwidth=0.06, prior_mtd=3, n_doses=5)
PENDING = {
    "TITE-CRM, 24 patients": CRM(skeleton=CURVE, max_n=24, cohort_size=1, **FIVE),
    "TITE-BOIN, 30 patients": BOIN(n_doses=5, max_n=30, **FIVE),
    "rolling six": RollingSix(n_doses=5),
    "3+3": ThreePlusThree(n_doses=5),
}
"""Of five doses; the goals are 80,000, 300,000, 500,000 and 500,000 trials a second.

Reached on a machine of two processors, of which one draws patients while the other plays: some 140,000, 460,000,
600,000 and 710,000; in seconds of processor time 71,000, 345,000, 460,000 and 530,000.
"""

MANY = 655_360
"""So many that learning the decisions, a twentieth of a second, hardly matters."""

BACKFILLED = {
    "BOIN with BF-BOIN": (BOIN(target=0.3, n_doses=5, max_n=30), "BF-BOIN"),
    "TITE-BOIN with BE-BOIN": (
        BOIN(target=0.3, n_doses=5, max_n=30, pending=Weighted(suspend_above=0.49, minimum_followed=0.25)),
        "BE-BOIN",
    ),
    "3+3 with crmPack's ratio": (ThreePlusThree(n_doses=5), "crmPack"),
}


def test_run_tite_from_the_shell(benchmark, tmp_path):
    command = [sys.executable, "-m", "doseesc", "run", TITE, "--out", tmp_path / "found", "--force", "--quiet"]
    benchmark.group = "time, from the shell"
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "cwd": ROOT}, rounds=2, warmup_rounds=1)
    assert (tmp_path / "found/results.json").is_file()


@pytest.mark.parametrize("name", ["nct04602104", "tite"])
def test_time_study(benchmark, name):
    study = doseesc.load(ROOT / f"scenarios/{name}.yaml")
    benchmark.group = "time, a study"
    timing = benchmark.pedantic(time_study, (study, 10_000, 1), rounds=2, warmup_rounds=1)
    trials = 10_000 * len(timing.times)
    benchmark.extra_info["trials per second"] = round(trials / benchmark.stats.stats.min)
    assert len(timing.times) == len(study.truths) * len(study.names)


@pytest.mark.parametrize("name", ["3+3", "CRM", "BOIN"])
def test_complete_times(benchmark, name):
    study = doseesc.load(ROOT / "scenarios/nct04602104.yaml")
    benchmark.group = "time, designs that wait"
    found = benchmark.pedantic(
        complete_times,
        ({name: study.designs[name]}, {"S3": study.truths["S3"]}),
        {"calendar": study.calendar, "window_days": 14.0, "n_trials": 100_000, "seed": 1},
        rounds=2,
        warmup_rounds=1,
    )
    benchmark.extra_info["trials per second"] = round(100_000 / benchmark.stats.stats.min)
    assert found["S3", name].duration_days > 300


@pytest.mark.parametrize("name", PENDING)
def test_trials_of_five_doses(benchmark, name):
    benchmark.group = "time, trials one by one"
    found = benchmark.pedantic(
        simulate_calendar,
        (PENDING[name], [0.05, 0.15, 0.30, 0.45, 0.60]),
        {"window_days": 90, "accrual": Accrual(per_month=2.03), "n_trials": MANY},
        rounds=3,
        warmup_rounds=1,
    )
    benchmark.extra_info["trials per second"] = round(MANY / benchmark.stats.stats.min)
    assert found.n_trials == MANY


@pytest.mark.parametrize("name", BACKFILLED)
def test_trials_with_backfill(benchmark, name):
    design, rules = BACKFILLED[name]
    benchmark.group = "time, trials with backfill"
    found = benchmark.pedantic(
        simulate_calendar,
        (design, [0.05, 0.15, 0.30, 0.45, 0.60]),
        {
            "window_days": 90,
            "accrual": Accrual(per_month=2.03),
            "backfill": replace(Backfill.named(rules), response_probabilities=(0.1, 0.2, 0.3, 0.4, 0.5)),
            "n_trials": 4_096,
        },
        rounds=2,
        warmup_rounds=1,
    )
    benchmark.extra_info["trials per second"] = round(4_096 / benchmark.stats.stats.min)
    assert found.backfilled > 1
