"""Final tallies per second that the analysis of the Phase 2 arms judges at two doses, one of them untested.

Run with ``pytest tests/benchmarks --benchmark-only``; ``extra_info`` holds tallies per second.
"""

import pytest

from designs import BOIN
from designs.logistic_grid import logistic_grid
from doseesc.engines.dose_posterior import DoseModel
from doseesc.engines.exact import enumerate_paths

LADDERS = {"3 doses, 18 patients": ((2.0, 8.0, 16.0), 18), "5 doses, 30 patients": ((1.0, 2.0, 4.0, 8.0, 16.0), 30)}


@pytest.mark.parametrize("name", LADDERS)
def test_posteriors(benchmark, name):
    doses, patients = LADDERS[name]
    tally = enumerate_paths(BOIN(target=0.25, n_doses=len(doses), max_n=patients)).tally
    model = DoseModel(doses=doses, reference=16.0, mean=(-0.7, 0.0), sd=(2.0, 1.0))

    def afresh():
        logistic_grid.cache_clear()
        return model.posterior(tally, [4.0, 16.0], above=0.35, credibility=0.9, patients=patients)

    found = benchmark(afresh)
    assert found.mean.shape == (tally.size, 2)
    if benchmark.stats is not None:
        benchmark.extra_info["tallies per second"] = round(tally.size / benchmark.stats.stats.mean)
