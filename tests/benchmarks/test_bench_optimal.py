"""The best possible design: time and memory against states, 200 truths, one process.

Targets, each on its own: 3 doses and 18 patients 0.2 s; 4 and 24 in 3 s; 5 and 30 in 90 s and 4 GiB.
"""

import resource

import numpy as np
import pytest

from designs import HardSafety, NoSkipping, Stakes
from doseesc.engines import solve, walk_lattice
from doseesc.truth import pseudo_uniform, right_levels

RULES = {"no rule": (), "no skipping": (NoSkipping(),), "no skipping, hard safety": (NoSkipping(), HardSafety())}
SIZES = {"3 doses, 18 patients": (3, 18), "4 doses, 24 patients": (4, 24), "5 doses, 30 patients": (5, 30)}


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("size", SIZES)
def test_from_trial_to_policy(benchmark, size, rules):
    benchmark.group = f"optimum: {size}"
    n_doses, max_n = SIZES[size]
    truths = pseudo_uniform(np.random.default_rng(1), 200, n_doses=n_doses, target=0.25)
    stakes = Stakes(truths, np.ones(200), right_levels(truths, 0.25))

    def best():
        lattice = walk_lattice(RULES[rules], target=0.25, n_doses=n_doses, max_n=max_n)
        return lattice, solve(lattice, stakes)

    rounds = {3: 20, 4: 3, 5: 1}[n_doses]
    lattice, solution = benchmark.pedantic(best, rounds=rounds, warmup_rounds=int(n_doses < 5))
    keys, _ = solution.reached()
    benchmark.extra_info |= {
        "states": lattice.n_nodes,
        "ends": lattice.n_ends,
        "lattice_megabytes": round(lattice.nbytes / 1e6, 1),
        "most_megabytes_so_far": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        "decisions": len(keys),
    }
    assert 0.3 < solution.value < 1
