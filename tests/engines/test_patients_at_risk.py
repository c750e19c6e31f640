"""Simulated patients: against the closed form, against a record read line by line, and reproducible."""

import numpy as np
import pytest

from designs import BOIN, CRM, AcceleratedTitration, ThreePlusThree
from doseesc.engines.characteristics import one_truth
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.figures import METRICS
from doseesc.engines.montecarlo import BLOCK, TrialBlock, play
from doseesc.engines.observed import OBSERVED_METRICS, Enrolment, SeenSums, exact_observed
from doseesc.engines.observed_play import play_observed
from doseesc.engines.patients_at_risk import (
    DEAD,
    DRUG_COUNTED,
    DRUG_DLT,
    OTHER_COUNTED,
    UNUSABLE,
    ObservedBlock,
    latent_streams,
    outcomes,
)
from doseesc.truth.event_times import DEATH_TIMES, EarlyTimes, UniformTimes, WeibullTimes, death_in_window
from doseesc.truth.observation import ObservationModel

DEATHS = {
    "all count": {"deaths": "all_count"},
    "fraction": {"deaths": "fraction", "attributed_fraction": 0.4},
    "fraction, rest replaced": {"deaths": "fraction", "attributed_fraction": 0.4, "unattributed": "replaced"},
    "replaced": {"deaths": "replaced"},
    "DLT-free": {"deaths": "dlt_free"},
}
REST = {
    "followed": {},
    "adjudicated, lost replaced": {"sensitivity": 0.8, "specificity": 0.6, "loss": 0.15},
    "lost DLT-free": {"loss": 0.15, "losses": "dlt_free"},
}
TIMES = (UniformTimes(), WeibullTimes(shape=0.7, scale=6), EarlyTimes(within=1, share=0.5))


def model_of(deaths, window, risk, rest, times=TIMES[1], background=0.1):
    return ObservationModel(
        window=window,
        curve_window=14,
        background=background,
        death=death_in_window(0.4, window),
        death_relative_risk=risk,
        dlt_times=times,
        **DEATHS[deaths],
        **REST[rest],
    )


def read(bits):
    """Return the five figures of a patient from outcome bits."""
    drug = bits & DRUG_COUNTED > 0
    other = (bits & OTHER_COUNTED > 0) & ~drug
    return {
        "counted": drug | other,
        "not_caused": other,
        "evaluable": ~((bits & UNUSABLE > 0) & ~drug),
        "drug_dlt": bits & DRUG_DLT > 0,
        "death": bits & DEAD > 0,
    }


@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("risk", [1.0, 2.2, 0.5])
@pytest.mark.parametrize("window", [1, 7, 14, 28])
@pytest.mark.parametrize("deaths", DEATHS)
def test_closed_form_and_simulation_agree(deaths, window, risk, rest):
    times = TIMES[(window + len(rest)) % 3]
    model = model_of(deaths, window, risk, rest, times)
    block = ObservedBlock(model, seed=12)
    block.begin(TrialBlock.draw(12, 0, 4, BLOCK), 0)
    trial = np.tile(np.arange(BLOCK), 2)
    for p in (0.0, 0.35):
        law = model.law(p)
        first = np.concatenate([outcomes(block.first(row), np.full(BLOCK, p), block.dependent) for row in range(4)])
        # The replacements are patients like any others.
        number = np.repeat([0, 1], BLOCK)
        again = outcomes(block.replacement(number, trial), np.full(2 * BLOCK, p), block.dependent)
        found = read(np.concatenate([first, again]))
        size = len(found["counted"])
        for name, values in found.items():
            expected = float(getattr(law, name))
            error = np.sqrt(expected * (1 - expected) / size)
            assert abs(values.mean() - expected) <= 4 * error + 1e-12, name
        seen = found["counted"][found["evaluable"]]
        expected = float(law.observed_dlt)
        assert abs(seen.mean() - expected) <= 4 * np.sqrt(expected * (1 - expected) / len(seen)) + 1e-12


def record_of(model, p, u, uniform):
    """Read one patient's record from the first day on, as a data manager does."""
    drug = float(model.dlt_times.quantile(u / p, model.horizon)) if u < p else np.inf
    if drug > model.window:
        drug = np.inf
    dies_with = model.death_after_dlt if drug < np.inf else model.death
    dead = uniform["death"] < dies_with
    death = float(DEATH_TIMES.quantile(uniform["death"] / dies_with, model.window)) if dead else np.inf
    background = uniform["background"]
    background = background / model.background * model.window if background < model.background else np.inf
    lost = uniform["loss"] / model.loss * model.window if model.loss and uniform["loss"] < model.loss else np.inf
    days = sorted(
        (day, what) for day, what in ((drug, "drug"), (background, "background"), (death, "death"), (lost, "lost"))
    )
    verdict = {"counted": False, "not_caused": False, "evaluable": True, "drug_dlt": drug < death, "death": dead}
    for day, what in days:
        if day == np.inf:
            break
        if what == "drug" and uniform["sensitivity"] < model.sensitivity:
            return verdict | {"counted": True}
        if what == "background" and uniform["specificity"] >= model.specificity:
            return verdict | {"counted": True, "not_caused": True}
        if what == "death":
            if uniform["attribution"] < model.attributed:
                return verdict | {"counted": True, "not_caused": True}
            return verdict | {"evaluable": not model.replaces_deaths}
        if what == "lost":
            return verdict | {"evaluable": not model.replaces_losses}
    return verdict


@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize(("window", "risk"), [(7, 1.0), (20, 2.0), (14, 0.4)])
@pytest.mark.parametrize("deaths", DEATHS)
def test_each_record_is_read_as_by_hand(deaths, window, risk, rest):
    model = model_of(deaths, window, risk, rest, background=0.3)
    trials = 150
    drawn = TrialBlock.draw(3, 5, 2, trials)
    block = ObservedBlock(model, seed=3)
    block.begin(drawn, 5)
    kinds = ("drug", "background", "death", "loss", "sensitivity", "specificity", "attribution")
    latent = {
        kind: stream.random((2, BLOCK))[:, :trials]
        for kind, stream in zip(kinds, latent_streams(3, 5, 0).values(), strict=True)
    }
    for p in (0.2, 0.6):
        for row in range(2):
            found = read(outcomes(block.first(row), np.full(trials, p), block.dependent))
            for trial in range(trials):
                uniform = {kind: float(values[row, trial]) for kind, values in latent.items()}
                expected = record_of(model, p, float(drawn.latent[row, trial]), uniform)
                assert {name: bool(values[trial]) for name, values in found.items()} == expected


DESIGNS = {
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
    "3+3": ThreePlusThree(n_doses=3),
    "CRM uneven": CRM(
        target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=17, cohort_size=3, rules=(AcceleratedTitration(),)
    ),
}
TRUTH = np.array([0.08, 0.22, 0.45])


def simulated(design, model, trials_per_block, blocks, seed=21):
    graph, patients, sums = DecisionGraph(design), ObservedBlock(model, seed), SeenSums()
    visits = np.zeros(0, dtype=np.int64)
    for index in range(blocks):
        patients.begin(TrialBlock.draw(seed, index, design.max_n, trials_per_block), index)
        node, seen = play_observed(graph, TRUTH, patients)
        sums.add(seen, graph.tally.total_n[node], graph.tally.total_dlt[node])
        visits = np.pad(visits, (0, graph.size - len(visits))) + np.bincount(node, minlength=graph.size)
    ends, count = graph.ends(visits)
    total = trials_per_block * blocks
    found = one_truth(ends.summarise(count[None], TRUTH[None], 0.25, np.array([[False, False, True, False]]), total))
    return found, sums.observed(found, ends, count, model.law(TRUTH))


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("deaths", DEATHS)
def test_whole_trials_agree_with_the_exact_engine(name, deaths):
    model = model_of(deaths, 7, 1.7, "adjudicated, lost replaced")
    design = DESIGNS[name]
    characteristics, observed = simulated(design, model, BLOCK, 3)
    law = model.law(TRUTH)
    paths = enumerate_paths(design)
    exact = paths.characteristics(law.observed_dlt, target=0.25, true_mtd=2)
    ends, weight = paths.weighted_ends(law.observed_dlt)
    for metric in METRICS:
        error = np.asarray(getattr(exact.sd, metric)) / np.sqrt(characteristics.n_trials)
        difference = np.abs(np.asarray(getattr(characteristics, metric)) - getattr(exact, metric))
        assert (difference <= 4 * error + 1e-12).all(), metric
    from dataclasses import replace

    expected = exact_observed(replace(exact, probabilities=TRUTH), ends, weight[0], Enrolment(ends), law)
    for metric in OBSERVED_METRICS:
        error = getattr(observed.mcse, metric)
        assert abs(getattr(observed, metric) - getattr(expected, metric)) <= 4 * error + 1e-12, metric
    size = max(len(observed.enrolled_distribution), len(expected.enrolled_distribution))
    one, other = (
        np.pad(each.enrolled_distribution, (0, size - len(each.enrolled_distribution))) for each in (observed, expected)
    )
    assert other.sum() == pytest.approx(1, abs=1e-10)
    assert other @ np.arange(size) == pytest.approx(expected.enrolled, abs=1e-8)
    assert (np.abs(one - other) <= 4.5 * np.sqrt(other * (1 - other) / characteristics.n_trials) + 1e-4).all()


@pytest.mark.parametrize("name", DESIGNS)
def test_without_events_every_trial_ends_as_without_a_model(name):
    design = DESIGNS[name]
    block = TrialBlock.draw(2, 0, design.max_n, 3000)
    patients = ObservedBlock(ObservationModel(window=14), seed=2)
    patients.begin(block, 0)
    graph = DecisionGraph(design)
    node, seen = play_observed(graph, TRUTH, patients)
    np.testing.assert_array_equal(node, play(graph, TRUTH, block))
    assert seen.replaced.sum() == seen.deaths.sum() == seen.not_caused.sum() == 0
    np.testing.assert_array_equal(seen.drug_dlts, graph.tally.total_dlt[node])


def test_patients_do_not_depend_on_how_many_are_kept_or_asked_for():
    model = model_of("replaced", 14, 1.0, "followed")
    small, large = ObservedBlock(model, 4), ObservedBlock(model, 4)
    small.begin(TrialBlock.draw(4, 1, 5, 100), 1)
    large.begin(TrialBlock.draw(4, 1, 30, BLOCK), 1)
    for one, other in zip(small.first(4), large.first(4), strict=True):
        np.testing.assert_array_equal(one, other[:100])
    number, trial = np.full(100, 9), np.arange(100)
    for one, other in zip(small.replacement(number, trial), large.replacement(number, trial), strict=True):
        np.testing.assert_array_equal(one, other)
    before = [array.copy() for array in large.first(2)]
    large.begin(TrialBlock.draw(4, 2, 30, BLOCK), 2)
    assert (large.first(2).counted_above != before[0]).any()
    large.begin(TrialBlock.draw(4, 1, 30, BLOCK), 1)
    for one, other in zip(large.first(2), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_hardly_anybody_evaluable():
    model = ObservationModel(window=14, death=0.9, deaths="replaced")
    found, observed = simulated(DESIGNS["BOIN"], model, 300, 1)
    law = model.law(TRUTH)
    assert observed.enrolled == pytest.approx(
        float(found.patients @ (1 / law.evaluable)), abs=5 * observed.mcse.enrolled
    )
    assert observed.enrolled > 100
