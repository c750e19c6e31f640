"""Ten thousand Phase 2 trials of 3 x 50 patients, drawn and analysed in one process."""

import pytest

from doseesc.phase2.effect import DrugEffect
from doseesc.phase2.plan import AnalysisPlan, TrialArm, TrialPlan
from doseesc.phase2.power import simulate_power


@pytest.mark.parametrize("ttci", ["log_rank", "gray", "win_ratio"])
def test_ten_thousand_trials(benchmark, ttci):
    arms = (
        TrialArm(name="quarter", n=50, amount=4, effect=DrugEffect(1.22, 0.87), adverse=0.1),
        TrialArm(name="MTD", n=50, amount=16, effect=DrugEffect(1.5, 0.75), adverse=0.25),
    )
    control = TrialArm(name="saline", n=50, adverse=0.05)
    plan = TrialPlan(control=control, active=arms, loss=0.03, analysis=AnalysisPlan(ttci=ttci))
    power = benchmark(simulate_power, plan, trials=10_000, seed=1)
    assert power.tally.trials == 10_000
