"""The verdict: scores by the study's criterion, who leads, and what would change it, each against its definition."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import doseesc
from doseesc.results.criterion import Standing, scenario_weights
from doseesc.results.verdict import Verdict, _alike, _moved, _penalties, _shares, _shift, leaders

SHIPPED = {
    "3+3": (85.2, 63.1, 26.3, 28.0, 35.3, 89.6, 47.3, 25.8, 79.9),
    "CRM": (95.6, 86.4, 54.4, 42.1, 66.8, 81.3, 64.4, 44.3, 53.8),
    "BOIN": (91.0, 74.8, 37.9, 45.9, 68.3, 80.0, 53.5, 29.9, 75.1),
}
MTDS = (3, 3, 3, 2, 1, 0, 3, 3, 2)


def made(correct, true_mtds, *, overdose=None, weights="true_mtds", **more):
    correct = np.asarray(correct, dtype=float)
    true_mtds = np.asarray(true_mtds)
    names = tuple(f"S{place}" for place in range(len(true_mtds)))
    zero = np.zeros_like(correct)
    return Standing(
        tuple("ABCDEF"[: len(correct)]),
        names,
        true_mtds,
        scenario_weights(weights, names, true_mtds),
        correct,
        zero if overdose is None else np.asarray(overdose, dtype=float),
        zero,
        zero,
        more.pop("error", zero),
        **more,
    )


def test_each_true_mtd_counts_the_same_and_then_no_design_of_the_seed_trial_is_ahead():
    own = made(np.array(list(SHIPPED.values())) / 100, MTDS)
    assert np.round(100 * own.scores, 1).tolist() == pytest.approx([57.1, 66.3, 66.6], abs=0.05)
    found = leaders(own, 0.01)
    assert (found.designs, found.ahead) == (("C", "B"), None)
    equally = leaders(replace(own, weights=np.full(9, 1 / 9)), 0.01)
    assert equally.ahead == "B"
    assert leaders(replace(own, worst_case=True), 0.01).ahead == "B"


def test_own_weights_leave_out_who_is_not_named():
    weights = scenario_weights({"b": 3, "c": 1}, ("a", "b", "c"), np.array([1, 1, 2]))
    assert weights.tolist() == [0, 0.75, 0.25]


def test_a_penalty_takes_overdosing_from_the_score():
    own = made([[0.6], [0.5]], [1], overdose=[[0.3], [0.1]], price=1.0)
    assert own.scores == pytest.approx([0.3, 0.4])
    assert _penalties(replace(own, price=0.0)) == ((pytest.approx(0.5), "B"),)
    assert _penalties(own) == ()


def test_the_worst_case_looks_at_scenarios_that_count():
    own = made([[0.1, 0.8], [0.5, 0.6]], [1, 2], weights={"S1": 1}, worst_case=True)
    assert own.scores.tolist() == [0.8, 0.6]


def test_simulated_differences_within_their_noise_are_none():
    error = np.full((2, 1), 0.02)
    assert leaders(made([[0.65], [0.60]], [1], error=error), 0.01).ahead is None
    assert leaders(made([[0.65], [0.60]], [1]), 0.01).ahead == "A"


probabilities = st.floats(0, 1, allow_nan=False)


@st.composite
def standings(draw):
    designs, scenarios = draw(st.integers(2, 4)), draw(st.integers(2, 6))
    table = st.lists(
        st.lists(probabilities, min_size=scenarios, max_size=scenarios), min_size=designs, max_size=designs
    )
    true_mtds = draw(st.lists(st.integers(0, 3), min_size=scenarios, max_size=scenarios))
    return made(draw(table), true_mtds, overdose=draw(table))


@given(standings())
def test_the_nearest_change_makes_designs_level_and_nothing_nearer_does(own):
    levels, reached = own.by_true_mtd
    weights = np.array([own.weights[own.true_mtds == level].sum() for level in levels])
    shift = _shift(own)
    best = int(np.argmax(reached @ weights))
    if shift is None:
        assert (reached[best] >= reached).all()
        return
    changed = weights.copy()
    for level, moved in shift.away.items():
        changed[levels == level] -= moved
    for level, moved in shift.to.items():
        changed[levels == level] += moved
    assert changed.min() >= -1e-12
    assert changed.sum() == pytest.approx(1)
    other = own.designs.index(shift.design)
    assert changed @ reached[best] == pytest.approx(changed @ reached[other], abs=1e-7)
    # Whatever else is moved, and no more than that, leaves the best no worse than any other.
    rng = np.random.default_rng(1)
    for _ in range(50):
        target = rng.dirichlet(np.ones(len(levels)))
        distance = np.abs(target - weights).sum() / 2
        near = weights + (target - weights) * min(1.0, 0.999 * shift.moved / max(distance, 1e-12))
        assert near @ reached[best] >= (reached @ near).max() - 1e-7


def test_the_least_is_moved_from_where_the_lead_is_greatest():
    assert _moved(np.array([0.4, -0.1, 0.1]), np.array([0.2, 0.4, 0.4])) == pytest.approx({0: 0.16, 1: -0.16})
    assert _moved(np.array([0.4, 0.1]), np.array([0.5, 0.5])) is None


@given(standings())
def test_shares_of_weightings_are_those_of_random_weightings(own):
    shares = _shares(own)
    levels, reached = own.by_true_mtd
    if len(levels) == 1:
        assert shares == {}
        return
    drawn = np.random.default_rng(2).dirichlet(np.ones(len(levels)), 20_000)
    best = np.bincount((drawn @ reached.T).argmax(axis=1), minlength=len(own.designs)) / 20_000
    first = _alike(own)  # designs that reach the same are best together
    assert list(shares.values()) == pytest.approx([best[np.equal(first, each)].sum() for each in first], abs=0.03)
    shared = Verdict(own, leaders(own, 0.0), 0.0, {}, shares, None, ()).shared
    assert sum(share for _, share in shared) == pytest.approx(1)
    assert sorted(name for names, _ in shared for name in names) == sorted(own.designs)


def test_designs_that_reach_the_same_are_best_together():
    own = made([[0.5, 0.6], [0.2, 0.9], [0.5, 0.6]], [1, 2])
    shares = _shares(own)
    assert shares["A"] == shares["C"] == pytest.approx(0.5, abs=0.01)
    verdict = Verdict(own, leaders(own, 0.0), 0.0, {}, shares, None, ())
    assert [names for names, _ in verdict.shared] in ([("A", "C"), ("B",)], [("B",), ("A", "C")])


@given(standings())
def test_from_each_penalty_on_the_design_named_leads(own):
    last = 0.0
    for penalty, name in _penalties(own):
        assert penalty >= last
        score = own.correct @ own.weights - (penalty + 1e-9) * (own.overdose @ own.weights)
        assert score[own.designs.index(name)] == pytest.approx(score.max(), abs=1e-7)
        last = penalty


def test_the_document_holds_the_verdict_and_a_changed_one_is_refused(scenario_file, small_scenario):
    results = doseesc.run(doseesc.load(scenario_file(small_scenario)), trials=100)
    document = results.to_document()
    assert document["verdict"]["leaders"]
    assert doseesc.results.Results.from_document(document).verdict.to_dict() == document["verdict"]
    document["verdict"]["leaders"] = ["nobody"]
    with pytest.raises(ValueError, match="verdict"):
        doseesc.results.Results.from_document(document)
