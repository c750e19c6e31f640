"""Ten thousand Phase 2 trials of 3 x 50 patients, drawn and analysed in one process."""

import pytest

from doseesc.phase2.alternatives import simulate_analyses
from doseesc.phase2.patients.effect import DrugEffect
from doseesc.phase2.plan import AnalysisPlan, TrialArm, TrialPlan
from doseesc.phase2.power import simulate_power
from doseesc.phase2.secondary import simulate_secondary

TRIALS = 10_000


def three_arms(**analysis):
    arms = (
        TrialArm(name="quarter", n=50, amount=4, effect=DrugEffect(1.22, 0.87), adverse=0.1),
        TrialArm(name="MTD", n=50, amount=16, effect=DrugEffect(1.5, 0.75), adverse=0.25),
    )
    control = TrialArm(name="saline", n=50, adverse=0.05)
    return TrialPlan(control=control, active=arms, loss=0.03, analysis=AnalysisPlan(**analysis))


@pytest.mark.parametrize("ttci", ["log_rank", "gray", "win_ratio"])
def test_ten_thousand_trials(benchmark, ttci):
    power = benchmark(simulate_power, three_arms(ttci=ttci), trials=TRIALS, seed=1)
    assert power.tally.trials == TRIALS


def test_every_analysis_and_the_secondary_outcomes(benchmark):
    """The plan's own, every other test and interval, and all scores at all visits by three analyses."""
    plan = three_arms()

    def everything():
        simulate_power(plan, trials=TRIALS, seed=1)
        return simulate_analyses(plan, trials=TRIALS, seed=1), simulate_secondary(plan, trials=TRIALS, seed=1)

    analyses, secondary = benchmark.pedantic(everything, rounds=3)
    assert len(analyses) > 20
    assert len(secondary) > 100
