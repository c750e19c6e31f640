"""Monte Carlo against the simulations of BOIN's get.oc and dfcrm's crmsim, within their error and ours."""

import pytest
from support import cases_in, golden, name_of, passes

from designs import BOIN
from doseesc.engines.montecarlo import simulate
from doseesc.validation import Differences
from doseesc.validation.cases import simulated
from doseesc.validation.cases.simulated import TRIALS
from doseesc.validation.simulations import Simulated


@pytest.mark.parametrize("case", cases_in(simulated), ids=name_of)
def test_golden_simulations(case):
    passes(case)


def test_the_margin_is_no_wider_than_it_says():
    """A design that differs in one option is told apart."""
    item, seen = golden("boin_sims.json", "get_oc")[0], Differences()
    other = BOIN(target=item["target"], n_doses=5, max_n=30, stop_at_n=12)
    ours = simulate(other, item["p.true"], TRIALS, seed=1)
    Simulated(seen, "", ours, TRIALS, item["ntrial"]).mean("patients", item["result"]["npatients"], 30)
    assert not seen.result.passed
