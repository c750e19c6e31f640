"""Accelerated titration as a rule in front of any design."""

import numpy as np
import pytest

from designs import BOIN, CRM, MTPI2, AcceleratedTitration, Tally, ThreePlusThree
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.figures import METRICS
from doseesc.engines.montecarlo import simulate

RULE = (AcceleratedTitration(),)
DESIGNS = {
    "BOIN": BOIN(target=0.25, n_doses=4, max_n=18, rules=RULE),
    "BOIN from level 2": BOIN(target=0.25, n_doses=4, max_n=18, start_level=2, rules=RULE),
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.2, 0.3, 0.4), max_n=18, cohort_size=3, rules=RULE),
    "mTPI-2": MTPI2(target=0.25, n_doses=4, max_n=18, rules=RULE),
    "3+3": ThreePlusThree(n_doses=4, rules=RULE),
}


def test_before_boin_it_is_boins_own_titration():
    own = BOIN(target=0.25, n_doses=4, max_n=18, titration=True)
    one, other = (enumerate_paths(d).characteristics([0.05, 0.1, 0.25, 0.5]) for d in (own, DESIGNS["BOIN"]))
    for metric in METRICS:
        np.testing.assert_array_equal(getattr(one, metric), getattr(other, metric))


@pytest.mark.parametrize("name", DESIGNS)
def test_single_patients_climb_and_the_last_cohort_is_completed(name):
    design = DESIGNS[name]
    start = design.start_level
    climb = " ".join(f"{level}N" for level in range(start, 4))
    decision = design.decide(Tally.parse(["", climb, f"{climb} 4N", f"{climb} 4T", f"{climb[:-1]}T"], n_doses=4))
    assert decision.level.tolist() == [start, 4, 4, 4, 3]
    assert decision.cohort_size.tolist() == [1, 1, 2, 2, 2]
    names = [reason.name for reason in decision.reason]
    assert names == ["START", "TITRATE", "COMPLETE_COHORT", "COMPLETE_COHORT", "COMPLETE_COHORT"]
    # From then on the design itself decides, in full cohorts.
    after = design.decide(Tally.parse(f"{climb} 4T 4TT", n_doses=4))
    assert after.level[0] < 4
    assert after.reason[0].name == "DEESCALATE"


@pytest.mark.parametrize("name", DESIGNS)
def test_both_engines_agree(name):
    truth, trials = np.array([0.05, 0.15, 0.3, 0.5]), 40_000
    exact = enumerate_paths(DESIGNS[name]).characteristics(truth, target=0.25)
    simulated = simulate(DESIGNS[name], truth, n_trials=trials, seed=3, target=0.25)
    for metric in METRICS:
        error = np.asarray(getattr(exact.sd, metric)) / np.sqrt(trials)
        assert (np.abs(np.asarray(getattr(simulated, metric)) - getattr(exact, metric)) <= 4 * error + 1e-12).all()


def test_single_patient_cohorts_need_no_completion():
    design = BOIN(target=0.25, n_doses=3, max_n=9, cohort_size=1, rules=RULE)
    assert design.decide(Tally.parse("1N 2T", n_doses=3)).level[0] == 1


def test_escalation_only_accepts_the_level_below_with_the_one_patient_it_has():
    design = ThreePlusThree(n_doses=4, variant="escalation_only", rules=RULE)
    tally = Tally.parse("1N 2N 3N 4T 4NT", n_doses=4)
    assert design.decide(tally).reason[0].name == "MTD_FOUND"
    assert design.select(tally)[0] == 3
    assert enumerate_paths(design).characteristics([0.01, 0.02, 0.05, 0.6]).selected[0] < 0.05
