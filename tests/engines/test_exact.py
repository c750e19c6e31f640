"""The exact engine: against brute force, against itself, and its gradient against finite differences."""

from dataclasses import replace
from functools import lru_cache
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import (
    BOIN,
    CRM,
    CoherentEscalation,
    NoSkipping,
    Reason,
    SelectTried,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    Tally,
    ThreePlusThree,
    skeleton,
)
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.figures import METRICS, figures_of_trials
from doseesc.engines.montecarlo import simulate
from doseesc.engines.states import TooManyStates, row_keys

PER_LEVEL = METRICS[:3]


def brute_force(design, truth):
    """Play every sequence of cohort outcomes, one trial at a time, with nothing shared with the engine."""
    selected = np.zeros(design.n_doses + 1)
    patients = np.zeros(design.n_doses)
    dlts = np.zeros(design.n_doses)
    reasons = {}
    paths = 0

    def go(tally, probability):
        nonlocal paths
        decision = design.decide(tally)
        level, size = int(decision.level[0]), int(decision.cohort_size[0])
        if level == 0:
            paths += 1
            selected[int(design.select(tally)[0])] += probability
            patients[:] += probability * tally.n[0]
            dlts[:] += probability * tally.dlt[0]
            name = decision.reason[0].name
            reasons[name] = reasons.get(name, 0.0) + probability
            return
        p = truth[level - 1]
        for k in range(size + 1):
            following = tally.after(np.array([level]), np.array([size]), np.array([k]))
            go(following, probability * comb(size, k) * p**k * (1 - p) ** (size - k))

    go(Tally.empty(design.n_doses), 1.0)
    return selected, patients, dlts, reasons, paths


SMALL = {
    "3+3": ThreePlusThree(n_doses=3),
    "3+3 escalation only": ThreePlusThree(n_doses=3, variant="escalation_only"),
    "3+3 cut short": ThreePlusThree(n_doses=3, max_n=11),
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=9, cohort_size=3),
    "CRM restricted, ragged last cohort": CRM(
        target=0.25,
        skeleton=(0.1, 0.25, 0.45),
        max_n=8,
        cohort_size=3,
        rules=(NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.8)),
    ),
    "CRM next level": CRM(
        target=0.25,
        skeleton=(0.1, 0.25, 0.45),
        max_n=7,
        cohort_size=2,
        selection="next_level",
        rules=(NoSkipping(down=True), StopAtRecommended(4)),
    ),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=12),
    "BOIN titration": BOIN(target=0.25, n_doses=3, max_n=10, titration=True),
    "BOIN everything": BOIN(
        target=0.25, n_doses=3, max_n=10, cohort_size=2, extra_safe=True, bound_mtd=True, stop_at_n=4, start_level=2
    ),
    "BOIN one at a time, stop anywhere": BOIN(target=0.3, n_doses=2, max_n=7, cohort_size=1, rules=(StopAtDose(5),)),
}


@pytest.mark.parametrize("name", SMALL)
def test_equals_brute_force(name):
    design = SMALL[name]
    truth = np.array([0.12, 0.3, 0.55])[: design.n_doses]
    selected, patients, dlts, reasons, n_paths = brute_force(design, truth)
    paths = enumerate_paths(design)
    oc = paths.characteristics(truth, target=0.25)
    np.testing.assert_allclose(oc.selected, selected, atol=1e-13)
    np.testing.assert_allclose(oc.patients, patients, atol=1e-12)
    np.testing.assert_allclose(oc.dlts, dlts, atol=1e-12)
    assert paths.n_paths == n_paths
    assert set(oc.reasons) == set(reasons)
    for reason, probability in reasons.items():
        assert oc.reasons[reason] == pytest.approx(probability, abs=1e-13)
        assert Reason[reason].stops


@pytest.mark.parametrize("name", SMALL)
def test_merging_changes_nothing_but_the_number_of_states(name):
    design = SMALL[name]
    truth = np.array([0.12, 0.3, 0.55])[: design.n_doses]
    merged, apart = enumerate_paths(design), enumerate_paths(design, merge=False)
    assert merged.n_states <= apart.n_states
    assert merged.n_states < apart.n_states or name not in ("CRM", "BOIN", "3+3")
    assert merged.n_paths == apart.n_paths
    assert apart.tally.size == apart.n_paths
    a, b = merged.characteristics(truth, target=0.25), apart.characteristics(truth, target=0.25)
    for metric in METRICS:
        np.testing.assert_allclose(getattr(a, metric), getattr(b, metric), atol=1e-12)
    np.testing.assert_allclose(a.selected_and_patients, b.selected_and_patients, atol=1e-13)


@lru_cache(maxsize=8)
def paths_of(name):
    return enumerate_paths(SMALL[name])


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(SMALL)), data=st.data())
def test_probabilities_sum_to_one_for_any_truth(name, data):
    design = SMALL[name]
    truth = data.draw(st.lists(st.floats(0, 1), min_size=design.n_doses, max_size=design.n_doses))
    oc = paths_of(name).characteristics(truth, target=0.25)
    assert abs(oc.selected.sum() - 1) < 1e-12
    assert abs(oc.patients_distribution.sum() - 1) < 1e-12
    assert abs(oc.dlts_distribution.sum() - 1) < 1e-12
    assert abs(sum(oc.reasons.values()) - 1) < 1e-12
    np.testing.assert_allclose(oc.dlts, oc.patients * truth, atol=1e-12)
    np.testing.assert_allclose(oc.selected_and_patients.sum(axis=1), oc.selected, atol=1e-15)
    assert (oc.selected_and_untried <= oc.selected[:, None] + 1e-12).all()
    assert oc.total_patients == pytest.approx(oc.patients.sum(), abs=1e-11)


def test_a_level_selected_at_which_nobody_was_treated_is_counted():
    # CRM after three patients at the lowest of three doses, one trial in which is over: the model may name any dose.
    design = CRM(target=0.25, skeleton=skeleton(target=0.25, halfwidth=0.05, prior_mtd=2, n_doses=3), max_n=3)
    paths, p = enumerate_paths(design), 0.1
    by_dlts = {int(y): int(level) for y, level in zip(paths.tally.dlt[:, 0], paths.selected, strict=True)}
    chance = {y: comb(3, y) * p**y * (1 - p) ** (3 - y) for y in range(4)}
    oc = paths.characteristics([p, 0.25, 0.45])
    untried = sum(chance[y] for y, level in by_dlts.items() if level > 1)
    assert 0.5 < untried < 1  # without a DLT it goes up on paper
    assert oc.untried_selection == pytest.approx(untried, abs=1e-12)
    for level in (1, 2, 3):
        selected = sum(chance[y] for y, its in by_dlts.items() if its == level)
        assert oc.selected_and_untried[level] == pytest.approx([0, selected, selected], abs=1e-12)
    simulated = simulate(design, [p, 0.25, 0.45], n_trials=4000, seed=3)
    assert abs(simulated.untried_selection - untried) < 4 * simulated.mcse.untried_selection
    tried = replace(design, rules=(*design.rules, SelectTried()))
    assert enumerate_paths(tried).characteristics([p, 0.25, 0.45]).untried_selection == 0


def test_certain_truths_are_safe():
    paths = paths_of("BOIN")
    harmless, deadly = paths.characteristics([0, 0, 0]), paths.characteristics([1, 1, 1])
    assert harmless.selected[3] == 1
    assert harmless.total_dlts == 0
    assert deadly.selected[0] == 1
    assert deadly.total_patients == deadly.total_dlts == 3
    assert deadly.stopped_early == 1
    assert deadly.reasons["NO_SAFE_DOSE"] == 1


def test_many_truths_at_once_equal_one_by_one():
    paths = paths_of("CRM")
    truths = np.array([[0.1, 0.2, 0.3], [0.0, 0.5, 1.0], [0.25, 0.45, 0.6]])
    many = paths.characteristics(truths)
    assert many.selected.shape == (3, 4)
    for row, truth in enumerate(truths):
        one = paths.characteristics(truth)
        for metric in METRICS:
            np.testing.assert_allclose(getattr(many, metric)[row], getattr(one, metric), atol=1e-15)
        assert many.true_mtd[row] == one.true_mtd
    frame = many.to_frame()
    assert set(frame["truth"]) == {1, 2, 3}


def test_blocks_of_truths_change_nothing(monkeypatch):
    paths = paths_of("BOIN")
    truths = np.sort(np.random.default_rng(1).random((7, 3)), axis=1)
    whole = paths.characteristics(truths)
    monkeypatch.setattr("doseesc.engines.exact._BLOCK", 2 * paths.tally.size)
    parts = paths.characteristics(truths)
    np.testing.assert_allclose(whole.patients, parts.patients, rtol=1e-13)
    np.testing.assert_allclose(whole.sd.patients, parts.sd.patients, rtol=1e-12)
    np.testing.assert_allclose(whole.reasons["MAX_N"], parts.reasons["MAX_N"], rtol=1e-13)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["3+3", "CRM restricted, ragged last cohort", "BOIN titration"])
def test_figures_are_polynomials_with_their_gradient(name, metric):
    paths = paths_of(name)
    truth, step = np.array([0.1, 0.3, 0.5]), 1e-5
    right = np.array([False, False, True, False])
    per_end = figures_of_trials(paths.tally.n, paths.tally.dlt, paths.selected, paths.design.max_n, right)[metric]
    values = per_end.reshape(len(per_end), -1).T
    known = np.atleast_1d(getattr(paths.characteristics(truth, target=0.25, true_mtd=2), metric))
    for place, value in enumerate(values):
        figure = paths.polynomial(value)
        assert figure(truth)[0] == pytest.approx(known[place], abs=1e-12)
        gradient = figure.value_and_gradient(truth)[1]
        for j in range(3):
            move = step * (np.arange(3) == j)
            slope = (figure(truth + move)[0] - figure(truth - move)[0]) / (2 * step)
            assert gradient[j] == pytest.approx(slope, abs=1e-7)


def test_gradient_at_the_edge():
    """At p = 0 the polynomial's derivative is one-sided but finite."""
    paths = paths_of("BOIN")
    gradient = paths.polynomial(paths.tally.total_dlt).value_and_gradient([0.0, 0.0, 0.0])[1]
    patients = paths.characteristics([0.0, 0.0, 0.0]).patients
    np.testing.assert_allclose(gradient, patients, atol=1e-12)


def test_expected_dlts_have_the_known_second_moment():
    """Without a stop before max_n at one dose, DLTs are binomial."""
    design = CRM(target=0.25, skeleton=(0.25,), max_n=9, cohort_size=3)
    oc = enumerate_paths(design).characteristics([0.3])
    assert oc.total_dlts == pytest.approx(2.7)
    assert oc.sd.total_dlts == pytest.approx(np.sqrt(9 * 0.3 * 0.7))
    np.testing.assert_allclose(oc.dlts_distribution, [comb(9, k) * 0.3**k * 0.7 ** (9 - k) for k in range(10)])
    assert oc.quantiles("dlts").tolist() == [1, 3, 5]
    assert oc.quantiles("patients").tolist() == [9, 9, 9]
    assert oc.mcse.total_dlts == 0


def test_too_large_a_walk_is_refused_with_a_remedy():
    with pytest.raises(TooManyStates, match="Monte Carlo"):
        enumerate_paths(BOIN(target=0.3, n_doses=5, max_n=30, cohort_size=1), memory_limit=2**20)


def test_path_counts_beyond_64_bits_are_exact():
    design = CRM(target=0.25, skeleton=(0.25,), max_n=70, cohort_size=1)
    paths = enumerate_paths(design)
    assert paths.n_paths == 2**70
    assert paths.n_states == sum(range(1, 72))


def test_wrong_probabilities_are_named():
    paths = paths_of("BOIN")
    with pytest.raises(ValueError, match="3 values"):
        paths.characteristics([0.1, 0.2])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        paths.characteristics([0.1, 0.2, 1.2])


def test_row_keys_with_more_digits_than_fit_one_number():
    rows = np.random.default_rng(3).integers(0, 60, size=(500, 30))
    rows = np.concatenate([rows, rows[::-1]])
    keys = row_keys(rows)
    assert len(np.unique(keys)) == len(np.unique(rows, axis=0))
    np.testing.assert_array_equal(keys[:500], keys[500:][::-1])


def test_trials_of_more_than_a_thousand_patients():
    """The orders of outcomes no longer fit a double; their logarithms do."""
    design = CRM(target=0.45, skeleton=(0.45,), max_n=1100, cohort_size=50)
    oc = enumerate_paths(design).characteristics([[0.5], [0.0], [1.0]])
    np.testing.assert_allclose(oc.selected, [[0, 1]] * 3, atol=1e-9)
    np.testing.assert_allclose(oc.total_dlts, [550, 0, 1100], rtol=1e-9)
    assert oc.sd.total_dlts[0] == pytest.approx(np.sqrt(275), rel=1e-6)


@pytest.mark.parametrize("level", [-1, 4, 1.5, [1, 2]])
def test_a_true_mtd_that_is_no_level_is_refused(level):
    with pytest.raises(ValueError, match=r"^true_mtd"):
        paths_of("BOIN").characteristics([0.1, 0.2, 0.3], true_mtd=level)


def test_no_truths_and_no_target_are_refused():
    with pytest.raises(ValueError, match=r"^probabilities"):
        paths_of("BOIN").characteristics(np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"^target"):
        paths_of("3+3").characteristics([0.1, 0.2, 0.3], target=2.0)


def test_too_many_states_are_foreseen():
    met = []
    design = BOIN(target=0.25, n_doses=3, max_n=1000, cohort_size=1)
    with pytest.raises(TooManyStates, match=r"would need about [\d,]+ GiB, more than 2 GiB: .* of 1000 patients"):
        enumerate_paths(design, progress=lambda patients, most: met.append((patients, most)))
    assert met[:3] == [(0, 1000), (1, 1000), (2, 1000)]
    assert met[-1][0] < 100


def test_what_fits_is_not_taken_for_too_much():
    design = BOIN(target=0.25, n_doses=3, max_n=60)
    assert enumerate_paths(design, memory_limit=2**27).n_states > 100_000
