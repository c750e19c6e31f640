"""Time: the shipped fast-accruing trial from the shell, and the times of designs that wait for every outcome.

Run with ``pytest tests/benchmarks --benchmark-only``.  The first round from the shell compiles the clock, or loads
what an earlier process has compiled, and is not counted.
"""

import subprocess
import sys

import pytest
from support import ROOT

import doseesc
from doseesc.engines import complete_times
from doseesc.runs.timing import time_study

TITE = ROOT / "scenarios/tite.yaml"


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
