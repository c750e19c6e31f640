"""Trials per second with patients who also die, have background events and are lost: 5 doses, 30 patients.

Run with ``pytest tests/benchmarks --benchmark-only``; ``extra_info`` holds trials per second.
"""

import numpy as np
import pytest

from designs import BOIN, CRM
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.montecarlo import BLOCK, TrialBlock
from doseesc.engines.observed_play import play_observed
from doseesc.engines.patients_at_risk import ObservedBlock
from doseesc.pieces import block_sizes
from doseesc.truth.event_times import death_in_window
from doseesc.truth.observation import ObservationModel

TRUTH = np.array([0.05, 0.15, 0.30, 0.45, 0.60])
DESIGNS = {
    "CRM": CRM(target=0.3, skeleton=(0.05, 0.12, 0.25, 0.40, 0.55), max_n=30, cohort_size=3),
    "BOIN": BOIN(target=0.3, n_doses=5, max_n=30),
}
MODELS = {
    "deaths replaced": ObservationModel(window=14, background=0.05, death=death_in_window(0.3, 14)),
    "all deaths count": ObservationModel(
        window=14, background=0.05, death=death_in_window(0.3, 14), deaths="all_count"
    ),
}


def play_all(design, model, trials):
    graph, patients = DecisionGraph(design), ObservedBlock(model, 1)
    enrolled = 0
    for index, size in enumerate(block_sizes(trials, BLOCK)):
        patients.begin(TrialBlock.draw(1, index, design.max_n, size), index)
        node, seen = play_observed(graph, TRUTH, patients)
        enrolled += int(graph.tally.total_n[node].sum() + seen.replaced.sum())
    return enrolled / trials


@pytest.mark.parametrize("trials", [100_000, 1_000_000])
@pytest.mark.parametrize("policy", MODELS)
@pytest.mark.parametrize("name", DESIGNS)
def test_play_observed(benchmark, name, policy, trials):
    benchmark.group = "Monte Carlo with an observation model"
    enrolled = benchmark.pedantic(play_all, (DESIGNS[name], MODELS[policy], trials), rounds=2, warmup_rounds=1)
    benchmark.extra_info["trials per second"] = round(trials / benchmark.stats.stats.min)
    assert enrolled > 25
