"""Backward induction against brute force, against the exact engine, and against every other design."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    AllOf,
    APlusB,
    CoherentDeescalation,
    CoherentEscalation,
    CohortSizeByDLTs,
    CohortSizeByLevel,
    FollowPath,
    GlobalCoherence,
    HardSafety,
    HoldingRule,
    Keyboard,
    LimitRule,
    MinimumAtMTD,
    MinimumPatients,
    NoSkipping,
    PolicyDesign,
    Reason,
    SelectTried,
    SentinelAtNewDose,
    Stakes,
    StopAtDose,
    StopAtRecommended,
    StoppingRule,
    StopTooToxic,
    StopWhenRepeated,
    StopWhenStaying,
    Tally,
    skeleton,
)
from doseesc.engines import TooManyStates, enumerate_paths, solve, walk_lattice
from doseesc.truth import right_levels

TARGET = 0.25


def stakes_of(truths, *, patient=0.0, above=0.0, dlt=0.0):
    truths = np.asarray(truths, dtype=float)
    right = right_levels(truths, TARGET)
    beyond = np.cumsum(right, axis=1)[:, :-1] > 0  # levels above the right one
    return Stakes(truths, np.arange(1.0, len(truths) + 1), right, patient + above * beyond, dlt)


def curves(n_doses, count=6, seed=1):
    return np.sort(np.random.default_rng(seed).random((count, n_doses)), axis=1)


def solved(rules, stakes, **trial):
    return solve(walk_lattice(rules, target=TARGET, n_doses=stakes.n_doses, **trial), stakes)


def expected_utility(design, stakes):
    """The utility of a design from its exact characteristics."""
    paths = enumerate_paths(design)
    found = paths.characteristics(stakes.truths, target=TARGET)
    gained = (found.selected * stakes.gain).sum(axis=1) - (found.patients * stakes.prices).sum(axis=1)
    return float(stakes.weight @ (gained - stakes.dlt_price * found.total_dlts))


def values_of_all_policies(stakes, *, max_n, size, select):
    """The value of every policy that depends on the history in any way, one by one, under no rule but no skipping."""

    def share(n, y):
        weight = stakes.weight.copy()
        for j, p in enumerate(stakes.truths.T):
            weight = weight * p ** y[j] * (1 - p) ** (n[j] - y[j])
        paid = stakes.prices @ n + stakes.dlt_price * sum(y)
        return weight @ (stakes.gain - paid[:, None])

    def values(n, y, level):
        ends = share(n, y)
        found = [*ends] if select else [ends.max()]
        if n.sum() < max_n:
            for to in range(1, min(level + 1, stakes.n_doses) + 1):
                branches = []
                for k in range(size + 1):
                    step = np.eye(stakes.n_doses, dtype=int)[to - 1]
                    branches.append(comb(size, k) * np.array(values(n + size * step, y + k * step, to)))
                found.extend(sum(np.meshgrid(*branches)).ravel())
        return found

    first = np.array([size, 0])
    return values_of_sums([comb(size, k) * np.array(values(first, np.array([k, 0]), 1)) for k in range(size + 1)])


def values_of_sums(branches):
    return np.sum(np.meshgrid(*branches), axis=0).ravel()


@pytest.mark.parametrize(("size", "select", "policies"), [(1, True, 783_225), (2, False, 166_375)])
@pytest.mark.parametrize("prices", [{}, {"patient": 0.02, "above": 0.05, "dlt": 0.1}], ids=["free", "priced"])
def test_no_policy_at_all_is_better(size, select, policies, prices):
    for seed in range(3):
        stakes = stakes_of(curves(2, count=4, seed=seed), **prices)
        values = values_of_all_policies(stakes, max_n=3 * size, size=size, select=select)
        assert len(values) == policies
        found = solved((NoSkipping(),), stakes, max_n=3 * size, cohort_size=size)
        assert found.value == pytest.approx(values.max(), abs=1e-12)


def test_unequal_cohorts_by_brute_force():
    """Five patients in cohorts of 2: the last cohort has one."""
    stakes = stakes_of(curves(2, count=5))

    def value(n, y, level):
        weight = stakes.weight * np.prod(stakes.truths**y * (1 - stakes.truths) ** (n - y), axis=1)
        best = (weight @ stakes.gain).max()
        size = min(2, 5 - n.sum())
        for to in range(1, min(level + 1, 2) + 1) if size else ():
            step = np.eye(2, dtype=int)[to - 1]
            moves = [comb(size, k) * value(n + size * step, y + k * step, to) for k in range(size + 1)]
            best = max(best, sum(moves))
        return best

    direct = sum(comb(2, k) * value(np.array([2, 0]), np.array([k, 0]), 1) for k in range(3))
    found = solved((NoSkipping(),), stakes, max_n=5, cohort_size=2)
    assert found.value == pytest.approx(direct, abs=1e-12)


SETTINGS = {
    "free": (),
    "no skipping": (NoSkipping(),),
    "no skipping either way": (NoSkipping(down=True),),
    "from the highest tried": (NoSkipping(reference="highest_tried"),),
    "coherent": (NoSkipping(), CoherentEscalation()),
    "coherent both ways": (NoSkipping(), CoherentEscalation(), CoherentDeescalation()),
    "globally coherent": (NoSkipping(), GlobalCoherence()),
    "hard safety": (NoSkipping(), HardSafety(confidence=0.9)),
    "too toxic": (NoSkipping(), StopTooToxic(confidence=0.9)),
    "selection": (NoSkipping(), SelectTried(), MinimumAtMTD(6)),
    "minimum": (NoSkipping(), MinimumPatients(9), StopWhenStaying(6)),
    "enough": (NoSkipping(), StopAtRecommended(9), StopAtDose(9)),
    "repeated": (NoSkipping(), StopWhenRepeated(2)),
    "both": (NoSkipping(), AllOf((MinimumPatients(9), StopAtRecommended(6)))),
    "by level": (NoSkipping(), CohortSizeByLevel((1, 3, 3))),
    "by DLTs": (NoSkipping(), CohortSizeByDLTs(((0, 2), (1, 3)))),
    "sentinel": (NoSkipping(), SentinelAtNewDose(1)),
    "titration": (NoSkipping(), AcceleratedTitration()),
    "path": (NoSkipping(), FollowPath((1, 2, 3))),
}


@pytest.mark.parametrize("rules", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("prices", [{}, {"patient": 0.003, "above": 0.02, "dlt": 0.01}], ids=["free", "priced"])
def test_the_design_that_is_returned_is_worth_what_it_says(rules, prices):
    stakes = stakes_of(curves(3, count=20), **prices)
    found = solved(rules, stakes, max_n=12)
    design = PolicyDesign.of(found.policy(prior="curves", utility="correct selection"))
    assert expected_utility(design, stakes) == pytest.approx(found.value, abs=1e-12)


@pytest.mark.parametrize("max_n", [10, 11, 12])
@pytest.mark.parametrize("start_level", [1, 2])
def test_cut_cohorts_and_other_starts(max_n, start_level):
    stakes = stakes_of(curves(3, count=20))
    found = solved((NoSkipping(),), stakes, max_n=max_n, start_level=start_level, cohort_size=3)
    design = PolicyDesign.of(found.policy(prior="curves", utility="correct selection"))
    assert expected_utility(design, stakes) == pytest.approx(found.value, abs=1e-12)
    assert enumerate_paths(design).characteristics([0.1, 0.2, 0.3]).total_patients <= max_n


def others(max_n):
    guess = skeleton(target=TARGET, halfwidth=0.05, prior_mtd=2, n_doses=3)
    return (
        BOIN(target=TARGET, n_doses=3, max_n=max_n),
        Keyboard(target=TARGET, n_doses=3, max_n=max_n),
        CRM(target=TARGET, skeleton=guess, max_n=max_n, rules=(NoSkipping(),)),
        APlusB(n_doses=3),
    )


PATHS = [(design, enumerate_paths(design)) for design in others(18)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted), min_size=1, max_size=6), st.data())
def test_no_design_is_better(truths, data):
    """Designs that never skip a level, in cohorts of three, against the optimum under that rule alone."""
    prices = {name: data.draw(st.sampled_from([0.0, 0.01, 0.1]), name) for name in ("patient", "above", "dlt")}
    stakes = stakes_of(truths, **prices)
    found = solved(LADDER, stakes, max_n=18)
    for _, paths in PATHS:
        figures = paths.characteristics(stakes.truths, target=TARGET)
        gained = (figures.selected * stakes.gain).sum(axis=1) - (figures.patients * stakes.prices).sum(axis=1)
        value = float(stakes.weight @ (gained - stakes.dlt_price * figures.total_dlts))
        assert value <= found.value + 1e-12


LADDER = (NoSkipping(),)


class Like(LimitRule):
    """The level of the next cohort is the one that another design would choose."""

    reason = Reason.RULE_LIMITS

    def __init__(self, design):
        self.design = design

    def bounds(self, design, tally):
        level = self.design.decide(tally).level
        return level, level


class EndLike(StoppingRule):
    """The trial ends where another design ends it, and not before."""

    def __init__(self, design):
        self.design = design

    def stops(self, design, tally, level):
        return self.design.decide(tally).level == 0


class NotBefore(HoldingRule):
    """The trial does not end where another design goes on."""

    def __init__(self, design):
        self.design = design

    def holds(self, design, tally):
        return self.design.decide(tally).level > 0


@pytest.mark.parametrize("design", others(12)[:3], ids=lambda design: type(design).__name__)
def test_rules_that_leave_no_choice_give_the_design_that_they_are(design):
    stakes = stakes_of(curves(3, count=30))
    found = solved((Like(design), EndLike(design), NotBefore(design)), stakes, max_n=12)
    paths = enumerate_paths(design)
    ends = {(tuple(n), tuple(y)) for n, y in zip(paths.tally.n.tolist(), paths.tally.dlt.tolist(), strict=True)}
    met = set()
    for patients, rung in found.lattice.rungs.items():
        tally = found.lattice.keys.tally(rung.keys)
        decided = design.decide(tally)
        for row, proposal in enumerate(found.choice[patients]):
            told = found.lattice.decisions(tally.take(np.array([row])), int(proposal))
            assert (told.level[0], told.cohort_size[0]) == (decided.level[row], decided.cohort_size[row])
            if told.level[0] == 0:
                met.add((tuple(tally.n[row].tolist()), tuple(tally.dlt[row].tolist())))
    assert met == ends
    # Of all choices one is left, that of the selection.
    best = stakes.shares(paths.tally.n, paths.tally.dlt)[0].max(axis=1)
    assert found.value == pytest.approx(float(np.exp(paths.log_coefficient) @ best), abs=1e-12)


def test_more_patients_are_never_worse():
    stakes = stakes_of(curves(3, count=20))
    values = [solved(LADDER, stakes, max_n=max_n).value for max_n in (3, 6, 9, 12, 15)]
    assert values == sorted(values)
    assert values[-1] > values[0] + 0.01


def test_rules_cost_value():
    stakes = stakes_of(curves(3, count=20))
    assert solved((), stakes, max_n=12).value >= solved(LADDER, stakes, max_n=12).value
    assert solved(LADDER, stakes, max_n=12).value > solved((*LADDER, MinimumAtMTD(9)), stakes, max_n=12).value


def test_a_known_truth_needs_no_patient_more():
    """With one truth everything is known: the trial ends after its first cohort, with the right dose."""
    stakes = Stakes([[0.1, 0.25, 0.4]], [1.0], [[0, 0, 1, 0]])
    found = solved((), stakes, max_n=18)
    figures = enumerate_paths(PolicyDesign.of(found.policy(prior="one", utility="correct"))).characteristics(
        [0.1, 0.25, 0.4], target=TARGET
    )
    assert (found.value, figures.total_patients, figures.correct_selection) == pytest.approx((1.0, 3.0, 1.0))
    assert figures.reasons["ENOUGH_KNOWN"] == pytest.approx(1.0)


def test_truths_of_certainty():
    """DLT probabilities of 0 and 1 are neither nan nor infinite."""
    stakes = stakes_of([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    found = solved(LADDER, stakes, max_n=6)
    assert found.value == pytest.approx(1.0)
    decision = PolicyDesign.of(found.policy(prior="certain", utility="correct")).decide(
        Tally.parse(["1NNN", "1TTT", "1NNT"], n_doses=3)
    )
    assert decision.level.tolist() == [2, 0, 0]


def test_counts_of_states_are_those_of_the_generating_function():
    """Ends without rules, all levels open at once: the coefficient of x^6 in ((1 + 2x)/(1 - x)^2)^3 is 3,934."""
    series = np.array([3.0 * c + 1 for c in range(7)])
    ends = np.convolve(np.convolve(series, series)[:7], series)[6]
    begun = np.convolve(series, series)[6]  # those in which nobody was treated at the lowest level
    found = walk_lattice((), target=TARGET, n_doses=3, max_n=18)
    assert ends == 3934
    assert found.n_ends == ends - begun


def test_what_is_too_large_is_refused_at_once():
    with pytest.raises(TooManyStates, match=r"about [\d,]+ GiB, more than 4 GiB: 8 doses and 60 .* larger cohorts"):
        walk_lattice(LADDER, target=TARGET, n_doses=8, max_n=60)
    with pytest.raises(TooManyStates, match=r"more than 9.3e-05 GiB: .* of 18 patients; choose larger cohorts"):
        walk_lattice(LADDER, target=TARGET, n_doses=3, max_n=18, memory_limit=100_000)
