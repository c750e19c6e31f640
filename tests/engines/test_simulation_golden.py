"""Monte Carlo against the simulations of BOIN's get.oc and dfcrm's crmsim, within their error and ours."""

import numpy as np
import pytest
from from_r import agree, boin_of_get_oc, by_id, crm_of_crmsim
from support import golden

from designs import BOIN
from doseesc.engines.montecarlo import simulate

TRIALS = 20_000


@pytest.mark.parametrize("item", golden("boin_sims.json", "get_oc"), ids=by_id)
def test_get_oc_of_boin(item):
    design = boin_of_get_oc(item)
    max_n = design.max_n
    ours, theirs, trials = simulate(design, item["p.true"], TRIALS, seed=1), item["result"], item["ntrial"]
    selected = np.array([theirs["percentstop"], *theirs["selpercent"]]) / 100
    agree(ours.selected, ours.mcse.selected, TRIALS, selected, trials)
    agree(ours.patients, ours.mcse.patients, TRIALS, theirs["npatients"], trials, max_n)
    agree(ours.dlts, ours.mcse.dlts, TRIALS, theirs["ntox"], trials, max_n)
    agree(ours.total_patients, ours.mcse.total_patients, TRIALS, theirs["totaln"], trials, max_n)
    agree(ours.total_dlts, ours.mcse.total_dlts, TRIALS, theirs["totaltox"], trials, max_n)


@pytest.mark.parametrize("item", golden("dfcrm_sims.json", "crmsim"), ids=by_id)
def test_crmsim_of_dfcrm(item):
    design = crm_of_crmsim(item)
    ours, trials = simulate(design, item["PI"], TRIALS, seed=1), item["nsim"]
    agree(ours.selected, ours.mcse.selected, TRIALS, [0.0, *item["selection_prob"]], trials)
    agree(ours.patients, ours.mcse.patients, TRIALS, item["mean_patients_per_dose"], trials, item["n"])
    agree(ours.dlts, ours.mcse.dlts, TRIALS, item["mean_dlts_per_dose"], trials, item["n"])
    assert ours.total_patients == item["n"]
    assert ours.stopped_early == 0.0


def test_the_margin_is_no_wider_than_it_says():
    """A design that differs in one option is told apart."""
    item = golden("boin_sims.json", "get_oc")[0]
    other = BOIN(target=item["target"], n_doses=5, max_n=30, stop_at_n=12)
    ours = simulate(other, item["p.true"], TRIALS, seed=1)
    with pytest.raises(AssertionError):
        agree(ours.patients, ours.mcse.patients, TRIALS, item["result"]["npatients"], item["ntrial"], 30)
