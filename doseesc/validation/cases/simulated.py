"""Monte Carlo against the simulations of BOIN's get.oc and dfcrm's crmsim, within their error and ours."""

from __future__ import annotations

import numpy as np

from doseesc.engines import simulate
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden
from doseesc.validation.other_programs import boin_of_get_oc, by_id, crm_of_crmsim
from doseesc.validation.simulations import Simulated

TRIALS = 20_000


def get_oc() -> Comparison:
    """Compare selections, patients and DLTs with get.oc's."""
    seen = Differences()
    for item in golden("boin_sims.json", "get_oc"):
        design = boin_of_get_oc(item)
        most = design.max_n
        ours, theirs = simulate(design, item["p.true"], TRIALS, seed=1), item["result"]
        beside = Simulated(seen, by_id(item), ours, TRIALS, item["ntrial"])
        beside.mean("selected", np.array([theirs["percentstop"], *theirs["selpercent"]]) / 100)
        beside.mean("patients", theirs["npatients"], most)
        beside.mean("dlts", theirs["ntox"], most)
        beside.mean("total_patients", theirs["totaln"], most)
        beside.mean("total_dlts", theirs["totaltox"], most)
    return seen.result


def crmsim() -> Comparison:
    """Compare selections, patients and DLTs with crmsim's."""
    seen = Differences()
    for item in golden("dfcrm_sims.json", "crmsim"):
        ours = simulate(crm_of_crmsim(item), item["PI"], TRIALS, seed=1)
        beside = Simulated(seen, by_id(item), ours, TRIALS, item["nsim"])
        beside.mean("selected", [0.0, *item["selection_prob"]])
        beside.mean("patients", item["mean_patients_per_dose"], item["n"])
        beside.mean("dlts", item["mean_dlts_per_dose"], item["n"])
        seen.equal(f"{by_id(item)} all patients", ours.total_patients, item["n"])
        seen.equal(f"{by_id(item)} stopped early", ours.stopped_early, 0.0)
    return seen.result
