"""Monte Carlo: against the exact engine, and reproducible whatever the workers, trials and other designs."""

import numpy as np
import pytest

from designs import BOIN, CRM, CoherentEscalation, NoSkipping, StopTooToxic, Tally, ThreePlusThree
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.figures import METRICS
from doseesc.engines.montecarlo import BLOCK, TrialBlock, play, simulate
from doseesc.pieces import block_sizes

TRUTH = np.array([0.08, 0.22, 0.45])
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3),
    "3+3 deescalation": ThreePlusThree(n_doses=3, variant="deescalation"),
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=18, cohort_size=3),
    "CRM restricted": CRM(
        target=0.25,
        skeleton=(0.1, 0.25, 0.45),
        max_n=20,
        cohort_size=3,
        rules=(NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9)),
    ),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
    "BOIN one at a time": BOIN(target=0.25, n_doses=3, max_n=12, cohort_size=1),
    "BOIN titration": BOIN(target=0.25, n_doses=3, max_n=18, titration=True, stop_at_n=9),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_agrees_with_exact(name):
    trials = 200_000
    simulated = simulate(DESIGNS[name], TRUTH, n_trials=trials, seed=11, target=0.25)
    exact = enumerate_paths(DESIGNS[name]).characteristics(TRUTH, target=0.25)
    assert simulated.n_trials == trials
    for metric in METRICS:
        error = np.asarray(getattr(exact.sd, metric)) / np.sqrt(trials)
        difference = np.abs(np.asarray(getattr(simulated, metric)) - getattr(exact, metric))
        assert (difference <= 4 * error + 1e-12).all(), metric
        # The standard errors themselves are estimated well at this size, unless the event is very rare.
        common = error > 1e-4
        ratio = np.asarray(getattr(simulated.mcse, metric))[common] / error[common]
        assert ((ratio > 0.9) & (ratio < 1.1)).all(), metric
    np.testing.assert_allclose(simulated.patients_distribution, exact.patients_distribution, atol=0.006)
    for reason, probability in exact.reasons.items():
        assert simulated.reasons.get(reason, 0.0) == pytest.approx(probability, abs=0.006)
    np.testing.assert_array_equal(simulated.quantiles("patients"), exact.quantiles("patients"))


def one_trial_by_hand(design, truth, latent):
    """Play one trial as a protocol would read, with nothing shared with the engine."""
    tally, position = Tally.empty(design.n_doses), 0
    while True:
        decision = design.decide(tally)
        level, size = int(decision.level[0]), int(decision.cohort_size[0])
        if level == 0:
            return tally.n[0], tally.dlt[0], int(design.select(tally)[0])
        dlt = int((latent[position : position + size] < truth[level - 1]).sum())
        tally = tally.after(np.array([level]), np.array([size]), np.array([dlt]))
        position += size


@pytest.mark.parametrize("name", DESIGNS)
def test_each_trial_is_played_as_by_hand(name):
    design = DESIGNS[name]
    block = TrialBlock.draw(5, 0, design.max_n, 40)
    graph = DecisionGraph(design)
    nodes = play(graph, TRUTH, block)
    for trial, node in enumerate(nodes):
        n, dlt, selected = one_trial_by_hand(design, TRUTH, block.latent[:, trial])
        np.testing.assert_array_equal(graph.tally.n[node], n)
        np.testing.assert_array_equal(graph.tally.dlt[node], dlt)
        assert graph.selected[node] == selected


def test_patients_do_not_depend_on_how_many_are_asked_for():
    small, large = TrialBlock.draw(7, 3, 5, 100), TrialBlock.draw(7, 3, 30, BLOCK)
    np.testing.assert_array_equal(small.latent, large.latent[:5, :100])
    other = TrialBlock.draw(7, 4, 5, 100)
    assert (small.latent != other.latent).all()


def test_same_seed_same_answer_for_any_number_of_workers():
    design = DESIGNS["CRM"]
    alone = simulate(design, TRUTH, n_trials=3 * BLOCK + 17, seed=4)
    together = simulate(design, TRUTH, n_trials=3 * BLOCK + 17, seed=4, jobs=2)
    for metric in METRICS:
        np.testing.assert_array_equal(getattr(alone, metric), getattr(together, metric))
        np.testing.assert_array_equal(getattr(alone.mcse, metric), getattr(together.mcse, metric))
    other = simulate(design, TRUTH, n_trials=3 * BLOCK + 17, seed=5)
    assert (alone.patients != other.patients).any()


def test_the_design_is_asked_once_per_tally():
    class Counting(BOIN):
        asked = 0

        def propose(self, tally):
            Counting.asked += tally.size
            return super().propose(tally)

    design = Counting(target=0.25, n_doses=3, max_n=18)
    simulate(design, TRUTH, n_trials=50_000, seed=1)
    assert 0 < Counting.asked < enumerate_paths(DESIGNS["BOIN"]).n_states


def test_progress_counts_trials():
    seen = []
    simulate(
        DESIGNS["BOIN"], TRUTH, n_trials=BLOCK + 5, seed=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(BLOCK, BLOCK + 5), (BLOCK + 5, BLOCK + 5)]
    assert block_sizes(BLOCK, BLOCK) == [BLOCK]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_trials": 0}, "n_trials"),
        ({"n_trials": True}, "n_trials"),
        ({"n_trials": "100"}, "n_trials"),
        ({"seed": 1.0}, "seed"),
        ({"jobs": 0}, "jobs"),
        ({"jobs": -1}, "jobs"),
        ({"true_mtd": 7}, "true_mtd"),
        ({"seed": -1}, "seed"),
        ({"probabilities": [0.1, 0.2]}, "probabilities"),
        ({"probabilities": [0.1, 0.2, float("nan")]}, "probabilities"),
        ({"probabilities": [[0.1, 0.2, 0.3]]}, "probabilities"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        simulate(DESIGNS["BOIN"], **{"probabilities": TRUTH, "n_trials": 10, **arguments})


def test_without_a_target_the_true_mtd_is_unknown():
    oc = simulate(DESIGNS["3+3"], TRUTH, n_trials=100, seed=1)
    assert oc.true_mtd == -1
    assert np.isnan(oc.correct_selection)
    told = simulate(DESIGNS["3+3"], TRUTH, n_trials=100, seed=1, true_mtd=2)
    assert told.correct_selection == told.selected[2]
