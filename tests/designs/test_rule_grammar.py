"""The grammar of rules: what each rule changes, that order does not matter, and which rules contradict one another."""

from dataclasses import dataclass, replace
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    AllOf,
    AnyOf,
    CoherentDeescalation,
    CoherentEscalation,
    CohortSizeByDLTs,
    CohortSizeByLevel,
    FollowPath,
    HardSafety,
    MaximumIncrement,
    MinimumAtMTD,
    MinimumPatients,
    NoSkipping,
    SelectTried,
    SentinelAtNewDose,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    StopWhenPrecise,
    StopWhenRepeated,
    StopWhenStaying,
    Tally,
    ThreePlusThree,
    TryRescueDose,
    rule_class,
    rule_conflicts,
    rule_names,
)
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.montecarlo import simulate

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)
AMOUNTS = (1, 2, 3, 4.5, 6.75)
TRUTH = (0.05, 0.15, 0.30, 0.45, 0.60)


def crm(*rules, **options):
    return CRM(**({"target": 0.25, "skeleton": SKELETON, "max_n": 60, "cohort_size": 3, "rules": rules} | options))


def boin(*rules, **options):
    return BOIN(**({"target": 0.3, "n_doses": 5, "max_n": 60, "rules": rules} | options))


def decided(design, *outcomes):
    decision = design.decide(Tally.parse(outcomes, n_doses=design.n_doses))
    return list(zip(decision.level.tolist(), (reason.name for reason in decision.reason), strict=True))


def sizes(design, *outcomes):
    decision = design.decide(Tally.parse(outcomes, n_doses=design.n_doses))
    return list(zip(decision.level.tolist(), decision.cohort_size.tolist(), strict=True))


def selected(design, *outcomes):
    return design.select(Tally.parse(outcomes, n_doses=design.n_doses)).tolist()


# Limits


def test_coherent_deescalation():
    """Four of nine condemn the level although the last three had none; then it is not left yet."""
    history = "1NNN 2NTT 2NTT 2NNN"
    assert decided(boin(), history) == [(1, "DEESCALATE")]
    assert decided(boin(CoherentDeescalation()), history) == [(2, "NOT_COHERENT")]
    assert decided(boin(CoherentDeescalation()), "1NNN 2NNN 2NNN 2TTT 2NTT") == [(1, "DEESCALATE")]


def test_coherent_deescalation_is_at_or_below_the_target():
    history = "1NNN 2NTT 2NNT "
    exact = boin(CoherentDeescalation(target=1 / 3))
    assert decided(boin(), history + "2NNT") == [(1, "DEESCALATE")]
    assert decided(exact, history + "2NNT", history + "2NTT") == [(2, "NOT_COHERENT"), (1, "DEESCALATE")]
    assert decided(boin(CoherentDeescalation()), history + "2NNT") == [(1, "DEESCALATE")]  # 1/3 exceeds 0.3
    with pytest.raises(ValueError, match=r"^target must be given for CoherentDeescalation"):
        ThreePlusThree(n_doses=3, rules=(CoherentDeescalation(),))


def test_coherent_deescalation_does_not_keep_an_excluded_level():
    history = "1NNN 2TTT 2NNN"
    # Three in six, not excluded: kept.  By a limit of 0.1 the level is excluded, and left.
    assert decided(boin(CoherentDeescalation()), history) == [(2, "NOT_COHERENT")]
    assert decided(boin(CoherentDeescalation(), HardSafety(above=0.1)), history)[0][0] == 1


def test_maximum_increment_by_amount():
    calm = "1NNN 2NNN"
    assert decided(crm(), calm) == [(5, "ESCALATE")]
    # From 2, at most double is 4, and the levels are 3 and 4.5.
    assert decided(crm(MaximumIncrement(amounts=AMOUNTS)), calm) == [(3, "INCREMENT_LIMITED")]
    assert decided(crm(MaximumIncrement(amounts=AMOUNTS, times=3)), calm) == [(4, "INCREMENT_LIMITED")]
    assert decided(crm(MaximumIncrement(amounts=AMOUNTS, times=3.375)), calm) == [(5, "ESCALATE")]


def test_maximum_increment_after_dlts():
    """1.5 times after the first DLT, 1.2 times after the third, wherever the DLTs were."""
    rule = MaximumIncrement(amounts=(1, 1.5, 3, 4.5, 5.4), times=3, after_dlts=((1, 1.5), (3, 1.2)))
    design = boin(rule, elimination_cutoff=0.999)
    calm, one, three = "1NNN 2NNN 3NNNNNN", "1NNN 2NNT 3NNNNNN", "1NNT 2NTT 3NNNNNN"
    assert decided(boin(), calm, one, three) == [(4, "ESCALATE")] * 3
    assert decided(design, calm, one, three) == [(4, "ESCALATE"), (4, "ESCALATE"), (3, "INCREMENT_LIMITED")]
    assert decided(design, "2NNN", "1NNT 2NNN") == [(3, "ESCALATE"), (2, "INCREMENT_LIMITED")]


def test_maximum_increment_allows_exact_multiples():
    """0.1 x 3 is not 0.3 in floating point; the step from 0.1 to 0.3 is three times all the same."""
    amounts = (0.1, 0.3, 0.9)
    design = BOIN(target=0.3, n_doses=3, max_n=30, rules=(MaximumIncrement(amounts=amounts, times=3),))
    assert decided(design, "1NNN", "1NNN 2NNN") == [(2, "ESCALATE"), (3, "ESCALATE")]


# Safety


def test_hard_safety_excludes_a_level_and_all_above():
    """Three of three at level 2 are too many for the limit, whatever the model says."""
    history = "1NNN 2TTT 1NNN 1NNN 1NNN 1NNN"
    free = crm(NoSkipping(), prior_sd=0.3)
    assert decided(free, history) == [(2, "SKIPPING_FORBIDDEN")]
    assert decided(replace(free, rules=(NoSkipping(), HardSafety())), history) == [(1, "TOO_TOXIC_ABOVE")]
    for lenient in (HardSafety(above=0.6), HardSafety(min_n=4), HardSafety(confidence=0.999), HardSafety(a=0.1, b=9)):
        assert decided(replace(free, rules=(NoSkipping(), lenient)), history) == [(2, "SKIPPING_FORBIDDEN")]


def test_hard_safety_stops_at_the_lowest_level_and_selects_nothing():
    assert decided(crm(HardSafety()), "1TTT") == [(0, "NO_SAFE_DOSE")]
    assert (selected(crm(), "1TTT"), selected(crm(HardSafety()), "1TTT")) == ([1], [0])


def test_hard_safety_does_not_select_an_excluded_level():
    history = "1NNN 2TTT 1NNN 1NNN 1NNN 1NNN"
    narrow = {"prior_sd": 0.3}
    assert selected(crm(**narrow), history) == [3]
    assert selected(crm(HardSafety(), **narrow), history) == [1]


def test_hard_safety_is_the_beta_binomial_tail():
    tally = Tally.parse(["1" + "N" * (n - y) + "T" * y for n in range(1, 13) for y in range(n + 1)], n_doses=5)
    n, y = tally.n[:, 0], tally.dlt[:, 0]
    for rule in (HardSafety(), HardSafety(above=0.4, confidence=0.8, min_n=1, a=0.5, b=0.9)):
        tail = beta.sf(rule.above or 0.3, rule.a + y, rule.b + n - y)
        expected = (n >= rule.min_n) & (tail > rule.confidence)
        design = crm(rule, target=0.3)
        np.testing.assert_array_equal(rule.ceiling(design, tally) == 0, expected)


def test_hard_safety_with_its_defaults_is_the_elimination_of_boin():
    own = boin(n_doses=3, max_n=15)
    ruled = boin(HardSafety(), n_doses=3, max_n=15, elimination_cutoff=1 - 1e-12)
    truth = (0.1, 0.35, 0.6)
    np.testing.assert_allclose(exact(ruled, truth), exact(own, truth), atol=1e-12)


def test_stop_too_toxic_by_the_levels_own_data():
    """By the model, level 1 is condemned from data at level 3; by its own data it is not."""
    rule = StopTooToxic(above=0.35, confidence=0.8)
    own = StopTooToxic(above=0.35, confidence=0.8, by="beta_binomial")
    history = "3TTT 3TTT", "1TTT"
    assert decided(crm(rule), *history) == [(0, "LEVEL_TOO_TOXIC")] * 2
    assert decided(crm(own), *history) == [(1, "DEESCALATE"), (0, "LEVEL_TOO_TOXIC")]


def test_rescue_dose_is_tried_before_a_stop_for_toxicity():
    """As escalation's own test: stop if level 1 is too toxic, but only once two were treated there."""
    stop = StopTooToxic(above=0.35, confidence=0.8)
    history = "2TTT", "2TTT 1T", "2TTT 1TT", "2TTT 1NNN"
    assert decided(crm(stop), *history) == [(0, "LEVEL_TOO_TOXIC")] * 3 + [(1, "STAY")]
    design = crm(stop, TryRescueDose(2))
    assert decided(design, *history) == [(1, "RESCUE"), (1, "RESCUE"), (0, "LEVEL_TOO_TOXIC"), (1, "STAY")]
    assert sizes(design, "2TTT") == [(1, 3)]


def test_rescue_does_not_outlive_the_trial_or_an_exclusion():
    stop = StopTooToxic(above=0.35, confidence=0.8)
    assert decided(crm(stop, TryRescueDose(6), max_n=6), "2TTT 1TTT") == [(0, "MAX_N")]
    assert decided(crm(stop, TryRescueDose(6), HardSafety()), "2TTT 1TTT")[0][0] == 0
    assert decided(crm(stop, TryRescueDose(6)), "2TTT 1TTT") == [(1, "RESCUE")]


def test_rescue_comes_before_stops_by_number_too():
    stop = StopTooToxic(above=0.35, confidence=0.8)
    assert decided(crm(stop, StopAtDose(3), TryRescueDose(2)), "2TTT") == [(1, "RESCUE")]
    assert decided(crm(StopAtDose(3), TryRescueDose(2)), "2TTT") == [(0, "ENOUGH_AT_DOSE")]


# Stopping


def test_stop_when_the_same_level_is_repeated():
    history = "1NNN 2NNT 2NNT 2NNT", "1NNN 2NNT 1NNN 2NNT 2NNT"
    free = boin()
    assert [level for level, _ in decided(free, *history)] == [2, 2]
    assert decided(boin(StopWhenRepeated(3)), *history) == [(0, "SAME_LEVEL_REPEATED"), (2, "STAY")]
    assert decided(boin(StopWhenRepeated(2)), history[1]) == [(0, "SAME_LEVEL_REPEATED")]
    # Three in a row, but the next cohort goes elsewhere.
    assert decided(boin(StopWhenRepeated(3)), "1NNN 2NNN 2NNN 2NNN") == [(3, "ESCALATE")]
    assert boin(StopWhenRepeated(3)).needed_memory == ("cohorts_in_a_row",)


def test_stop_when_the_interval_is_narrow():
    history = "1NNN 2" + "NNNNNNNNNNNNNNT" * 2
    design = boin()
    low, high = design.credible_interval(Tally.parse(history, n_doses=5), 3)
    level = decided(design, history)[0][0]
    assert level == 3  # untried: the interval is that of the prior
    assert (low[0], high[0]) == (pytest.approx(0.05), pytest.approx(0.95))
    assert decided(boin(StopWhenPrecise(width=0.89)), history) == [(3, "ESCALATE")]
    assert decided(boin(StopWhenPrecise(width=0.91)), history) == [(0, "PRECISE")]
    assert decided(boin(StopWhenPrecise(ratio=18.9)), history) == [(3, "ESCALATE")]
    assert decided(boin(StopWhenPrecise(ratio=19.1)), history) == [(0, "PRECISE")]
    assert decided(boin(StopWhenPrecise(width=0.79, credibility=0.8)), history) == [(3, "ESCALATE")]
    assert decided(boin(StopWhenPrecise(width=0.81, credibility=0.8)), history) == [(0, "PRECISE")]


def test_precision_is_judged_at_the_level_recommended():
    """Level 2 has many patients; where the trial goes on there it stops, where it goes back to level 1 it does not."""
    many = "N" * 21 + "T" * 9
    rule = StopWhenPrecise(width=0.3)
    stay, leave = "1NNN 2" + many, "1NNN 2" + many + " 2TTTTTT"
    assert decided(boin(), stay, leave) == [(2, "STAY"), (1, "DEESCALATE")]
    assert decided(boin(rule), stay, leave) == [(0, "PRECISE"), (1, "DEESCALATE")]


def test_precision_of_a_model():
    tally = Tally.parse("1NNN 2NNN 3NNT 3NNT", n_doses=5)
    design = crm(NoSkipping())
    level = int(design.decide(tally).level[0])
    low, high = design.credible_interval(tally, level)
    wide, narrow = (
        StopWhenPrecise(width=float(high[0] - low[0]) + 1e-6),
        StopWhenPrecise(width=float(high[0] - low[0]) - 1e-6),
    )
    assert crm(NoSkipping(), wide).decide(tally).level[0] == 0
    assert crm(NoSkipping(), narrow).decide(tally).level[0] == level


@dataclass(frozen=True, kw_only=True)
class WithCV(BOIN):
    """Has a coefficient of variation: 1 over the square root of the number of patients."""

    def mtd_cv(self, tally):
        return 1 / np.sqrt(np.maximum(tally.total_n, 1))


def test_precision_by_the_coefficient_of_variation():
    rule = StopWhenPrecise(cv=0.4)
    design = WithCV(target=0.3, n_doses=5, max_n=60, rules=(rule,))
    assert decided(design, "1NNN 2NNN", "1NNN 2NNN 2N") == [(3, "ESCALATE"), (0, "PRECISE")]
    with pytest.raises(ValueError, match=r"^cv must be left out with BOIN"):
        boin(rule)


@pytest.mark.parametrize("options", [{"model": "empiric"}, {"model": "logistic"}, {"prior_sd": 0.4}])
def test_interval_of_the_crm_is_that_of_its_posterior(options):
    """Against an independent integral of the posterior density."""
    design = crm(**options)
    tally = Tally.parse(["", "1NNN 2NNN 3NTT", "1NNN 2NNN 3NNN 4NNT 5TTT 4NNT"], n_doses=5)

    def mass_below(row, parameter):
        def density(b):
            p = design.curve(np.array([b]))[0]
            likelihood = np.prod(p ** tally.dlt[row] * (1 - p) ** (tally.n[row] - tally.dlt[row]))
            return np.exp(-0.5 * (b / design.prior_sd) ** 2) * likelihood

        ends = np.linspace(-9, 9, 37) * design.prior_sd
        whole = sum(quad(density, *pair, epsabs=0, epsrel=1e-10)[0] for pair in pairwise(ends))
        inner = [*ends[ends < parameter], parameter]
        return sum(quad(density, *pair, epsabs=0, epsrel=1e-10)[0] for pair in pairwise(inner)) / whole

    for level in (1, 4):
        low, high = design.credible_interval(tally, level, 0.9)
        for row in range(tally.size):
            assert low[row] < high[row]
            for p, share in ((low[row], 0.95), (high[row], 0.05)):
                if options.get("model") == "logistic":
                    label = SKELETON[level - 1]
                    slope = (np.log(p / (1 - p)) - 3) / (np.log(label / (1 - label)) - 3)
                else:
                    slope = np.log(p) / np.log(SKELETON[level - 1])
                assert mass_below(row, np.log(slope)) == pytest.approx(share, abs=1e-5)


def test_interval_agrees_with_the_tail_probability():
    design = crm(prior_sd=0.8)
    rng = np.random.default_rng(5)
    n = rng.multinomial(45, [0.2] * 5, size=50)
    tally = Tally(n=n, dlt=rng.binomial(n, TRUTH), level=np.full(50, 3))
    low, high = design.credible_interval(tally, np.full(50, 3), 0.8)
    for row in range(5):
        one = tally.take(np.array([row]))
        assert design.probability_above(one, 3, float(low[row]))[0] == pytest.approx(0.9, abs=1e-5)
        assert design.probability_above(one, 3, float(high[row]))[0] == pytest.approx(0.1, abs=1e-5)


def test_minimum_patients_holds_back_all_but_safety():
    enough, toxic = "1NNT 1NNT", "1TTT"
    rules = StopAtRecommended(6), StopTooToxic(above=0.3, confidence=0.9)
    assert decided(boin(*rules), enough, toxic) == [(0, "ENOUGH_AT_DOSE"), (0, "NO_SAFE_DOSE")]
    held = boin(MinimumPatients(12), *rules)
    assert decided(held, enough, enough + " 1NNT 1NNT") == [(1, "STAY"), (0, "ENOUGH_AT_DOSE")]
    assert decided(held, toxic)[0][0] == 0
    assert decided(crm(MinimumPatients(12), StopTooToxic(confidence=0.7)), toxic) == [(0, "LEVEL_TOO_TOXIC")]


def test_minimum_patients_holds_back_the_designs_own_stop_by_number_but_not_its_end():
    stay = "1NNN 1NNT 1NTT"
    assert decided(boin(stop_at_n=9), stay) == [(0, "STAYING_AT_DOSE")]
    assert decided(boin(MinimumPatients(12), stop_at_n=9), stay) == [(1, "STAY")]
    ended = "1NNN 2NTT 1NNT"
    assert decided(ThreePlusThree(n_doses=3, rules=(MinimumPatients(18),)), ended) == [(0, "MTD_FOUND")]


# Joined


def test_all_of():
    both = AllOf((StopAtRecommended(6), StopWhenRepeated(3)), label="consensus")
    six, three_in_a_row = "1NNN 1NNT", "1NNN 2N 2N 2T"
    assert decided(boin(StopAtRecommended(6)), "1NNT 1NNT") == [(0, "ENOUGH_AT_DOSE")]
    assert decided(boin(both), "1NNT 1NNT", "1NNT 1NNT 1NNT") == [(1, "STAY"), (0, "RULES_MET")]
    assert boin(both).needed_memory == ("cohorts_in_a_row",)
    assert decided(boin(both), six, three_in_a_row)[0][0] > 0


def test_all_of_with_a_number_of_patients():
    rule = AllOf([MinimumPatients(12), StopAtRecommended(6)])
    assert decided(boin(rule), "1NNT 1NNT", "1NNT 1NNT 1NNT 1NNT") == [(1, "STAY"), (0, "RULES_MET")]


def test_any_of():
    either = AnyOf((StopAtRecommended(9), StopWhenRepeated(2)), label="enough")
    assert decided(boin(), "1NNT 1NNT", "1" + "N" * 7 + "TTT") == [(1, "STAY")] * 2
    assert decided(boin(either), "1NNT 1NNT", "1" + "N" * 7 + "TTT", "1NNT") == [
        (0, "RULES_MET"),
        (0, "RULES_MET"),
        (1, "STAY"),
    ]


def test_any_of_inside_all_of():
    rule = AllOf((MinimumPatients(6), AnyOf((StopAtRecommended(6), StopWhenRepeated(2)))))
    assert decided(boin(rule), "1N 1N", "1NNT 1NNT", "1NNN") == [(2, "ESCALATE"), (0, "RULES_MET"), (2, "ESCALATE")]


def test_a_joined_rule_of_safety_is_not_held_back_and_selects_nothing():
    """Stop for toxicity, but not on the first three patients."""
    toxic = StopTooToxic(above=0.35, confidence=0.8)
    late = AllOf((MinimumPatients(6), toxic))
    assert decided(crm(toxic), "1TTT", "1TTT 1TTT") == [(0, "LEVEL_TOO_TOXIC")] * 2
    assert decided(crm(late, MinimumPatients(30)), "1TTT", "1TTT 1TTT") == [(1, "STAY"), (0, "RULES_MET")]
    assert selected(crm(late), "1TTT", "1TTT 1TTT") == [1, 0]
    either = AnyOf((toxic, StopTooToxic(level=2, above=0.5, confidence=0.9)))
    assert (decided(crm(either), "1TTT"), selected(crm(either), "1TTT")) == ([(0, "RULES_MET")], [0])


# Selection


def test_select_tried():
    assert selected(crm(), "1NNN 2NNN") == [5]
    assert selected(crm(SelectTried()), "1NNN 2NNN", "2NNN 4NNN", "") == [2, 4, 0]


def test_minimum_at_the_mtd():
    history = "1NNNNNN 2NNNNN 3N"
    assert selected(crm(), history) == [5]
    assert [selected(crm(MinimumAtMTD(n)), history)[0] for n in (1, 2, 5, 6, 7)] == [3, 2, 2, 1, 0]
    assert selected(boin(), history), selected(boin(MinimumAtMTD(6)), history) == ([3], [1])


def test_selection_rules_must_all_be_met_by_the_same_level():
    """Taken one after the other they would name a level that one of them forbids."""

    @dataclass(frozen=True)
    class Odd(SelectTried):
        def selectable(self, design, tally):
            return np.broadcast_to(np.arange(design.n_doses) % 2 == 0, tally.n.shape)

    history = "1NNNNNN 2NNNNNN 3NNN"
    for rules in permutations((Odd(), MinimumAtMTD(6))):
        assert selected(crm(*rules), history) == [1]


# Cohort sizes


def test_cohort_size_by_level():
    rule = CohortSizeByLevel((1, 1, 3, 3, 6))
    history = "", "1N", "1N 2N", "1NNN 2NNN 3NNN 4NNN", "1N 2T"
    assert sizes(boin(), *history) == [(1, 3), (2, 3), (3, 3), (5, 3), (1, 3)]
    assert sizes(boin(rule), *history) == [(1, 1), (2, 1), (3, 3), (5, 6), (1, 1)]
    assert sizes(boin(rule, max_n=15), "1NNN 2NNN 3NNN 4NNN") == [(5, 3)]  # no more than max_n


def test_cohort_size_by_dlts():
    rule = CohortSizeByDLTs(((0, 1), (1, 3), (4, 4)))
    history = "", "1N", "1T", "1N 2N 3T", "1NNT 2TTT"
    assert sizes(boin(rule), *history) == [(1, 1), (2, 1), (1, 3), (2, 3), (1, 4)]


def test_cohort_sizes_of_several_rules_the_smallest():
    rules = CohortSizeByLevel((2, 3, 3, 4, 6)), CohortSizeByDLTs(((0, 1), (1, 4)))
    for order in permutations(rules):
        assert sizes(boin(*order), "", "1T", "1N 2N 3NNNNNT") == [(1, 1), (1, 2), (4, 4)]


def test_a_design_gets_no_more_patients_than_it_asks_for():
    """BOIN in titration treats one at a time, then completes the cohort."""
    design = boin(CohortSizeByLevel((4,) * 5), titration=True)
    assert sizes(design, "", "1N", "1N 2T", "1N 2T 2NN") == [
        (1, 1),
        (2, 1),
        (2, 2),
        (sizes(boin(), "1N 2TNN")[0][0], 4),
    ]


def test_sentinel_at_a_new_dose():
    """One patient, then the other two, then the decision of the full cohort."""
    design = boin(SentinelAtNewDose(1))
    assert sizes(boin(), "", "1N", "1NNN") == [(1, 3), (2, 3), (2, 3)]
    assert sizes(design, "", "1N", "1NNN", "1NNN 2N", "1NNN 2NNN") == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]
    assert decided(design, "1N", "1NNN") == [(1, "COMPLETE_COHORT"), (2, "ESCALATE")]
    # A DLT in the sentinel may still call for the lower dose, and a level tried before gets a full cohort.
    assert sizes(design, "1NNN 2T") == [(1, 3)]
    assert sizes(boin(SentinelAtNewDose(2), cohort_size=6), "1NNNNNN 2NN", "1NNNNNN 2NNN") == [(2, 4), (2, 3)]


def test_sentinel_in_a_3_plus_3():
    """The design fills its groups of three, so only the splitting is new: same selection for any truth."""
    plain = ThreePlusThree(n_doses=3)
    split = ThreePlusThree(n_doses=3, rules=(SentinelAtNewDose(1),))
    assert sizes(split, "", "1N", "1NNN") == [(1, 1), (1, 2), (2, 1)]
    np.testing.assert_allclose(exact(split, (0.1, 0.2, 0.3)), exact(plain, (0.1, 0.2, 0.3)), atol=1e-12)


def test_sentinel_with_cohort_sizes_by_level():
    design = boin(CohortSizeByLevel((1, 3, 6, 6, 6)), SentinelAtNewDose(1))
    history = "", "1N", "1N 2N", "1N 2NNN", "1N 2NNN 3N"
    assert sizes(design, *history) == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 5)]


# A fixed path


def test_follow_path_of_single_patients():
    design = boin(FollowPath("1N 2N 3N"))
    assert sizes(design, "", "1N", "1N 2N", "1N 2N 3N", "1N 2N 3T") == [(1, 1), (2, 1), (3, 1), (4, 3), (2, 3)]
    assert decided(design, "", "1N", "1N 2T") == [(1, "START"), (2, "FIXED_PATH"), (1, "DEESCALATE")]
    # Once departed, the path is left for good.
    assert decided(design, "1NN", "1N 3N") == [(2, "ESCALATE"), (4, "ESCALATE")]


def test_follow_path_of_levels_takes_full_cohorts():
    design = crm(FollowPath((1, 3, 2)), NoSkipping(reference="current"), start_level=1)
    assert decided(crm(FollowPath((1, 3, 2))), "1NNN", "1NNN 3NNN") == [(3, "FIXED_PATH"), (2, "FIXED_PATH")]
    assert decided(design, "1NNN") == [(2, "SKIPPING_FORBIDDEN")]
    assert sizes(crm(FollowPath([1, 2])), "", "1NNN") == [(1, 3), (2, 3)]
    varied = boin(FollowPath((1, 2, 3)), CohortSizeByLevel((1, 1, 2, 3, 3)))
    assert sizes(varied, "", "1N", "1N 2N", "1N 2N 3NN") == [(1, 1), (2, 1), (3, 2), (4, 3)]


def test_follow_path_emulates_titration_in_boin():
    """BOIN's own titration completes the cohort where the path ends; up to there both are the same."""
    own, path = boin(titration=True), boin(FollowPath("1N 2N 3N 4N 5N"))
    history = "", "1N", "1N 2N", "1N 2N 3N"
    assert sizes(own, *history) == sizes(path, *history)


# All together

LEVEL_RULES = [
    NoSkipping(),
    NoSkipping(down=True),
    NoSkipping(reference="highest_tried"),
    CoherentEscalation(target=0.3),
    CoherentDeescalation(target=0.2),
    MaximumIncrement(amounts=(1, 2, 3), after_dlts=((1, 1.5),)),
    HardSafety(above=0.3, confidence=0.9),
    StopTooToxic(above=0.3, confidence=0.8),
    StopTooToxic(level=2, above=0.4, confidence=0.8, by="beta_binomial"),
    TryRescueDose(2),
    TryRescueDose(4, level=2),
    StopAtRecommended(4),
    StopAtDose(5),
    StopWhenStaying(4),
    StopWhenRepeated(2),
    StopWhenPrecise(width=0.6),
    StopWhenPrecise(ratio=5.0),
    MinimumPatients(5),
    AllOf((MinimumPatients(4), StopWhenStaying(3))),
    AnyOf((StopAtDose(4, level=2), StopWhenRepeated(3))),
    SelectTried(),
    MinimumAtMTD(3),
    SentinelAtNewDose(1),
    FollowPath((1, 2, 2)),
    FollowPath("1N 2N"),
]
SIZE_RULES = [CohortSizeByLevel((1, 2, 2)), CohortSizeByDLTs(((0, 2), (2, 1)))]


@st.composite
def ruled_designs(draw):
    """A small design with two orders of the same rules."""
    kind = draw(st.sampled_from(["3+3", "CRM", "BOIN"]))
    menu = LEVEL_RULES if kind == "3+3" else LEVEL_RULES + SIZE_RULES
    rules = tuple(draw(st.lists(st.sampled_from(menu), min_size=2, max_size=6, unique=True)))
    shuffled = tuple(draw(st.permutations(rules)))
    if kind == "3+3":
        variant = draw(st.sampled_from(["six_at_mtd", "deescalation", "escalation_only"]))
        make = {"cls": ThreePlusThree, "n_doses": 3, "variant": variant, "max_n": 12}
    elif kind == "CRM":
        prior = draw(st.sampled_from([(0.1, 0.25, 0.4), (0.2, 0.3, 0.5)]))
        make = {"cls": CRM, "target": 0.25, "skeleton": prior, "cohort_size": 2, "max_n": draw(st.integers(6, 8))}
    else:
        make = {"cls": BOIN, "target": 0.3, "n_doses": 3, "cohort_size": 2, "max_n": draw(st.integers(6, 9))}
    cls = make.pop("cls")
    return cls(**make, rules=rules), cls(**make, rules=shuffled)


def exact(design, truth):
    """All exact figures of a design, in one array."""
    oc = enumerate_paths(design).characteristics(np.array(truth), target=0.25)
    return np.concatenate([oc.selected, oc.patients, oc.dlts, oc.patients_distribution[-1:]])


@settings(max_examples=60, deadline=None)
@given(ruled_designs())
def test_order_of_rules_does_not_change_the_design(pair):
    one, other = (enumerate_paths(design) for design in pair)
    truths = np.array([[0.05, 0.2, 0.4], [0.3, 0.5, 0.7]])
    first, second = (paths.characteristics(truths, target=0.25) for paths in (one, other))
    for name in ("selected", "patients", "dlts", "patients_distribution", "dlts_distribution"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-12)
    assert first.reasons.keys() == second.reasons.keys()
    for name, value in first.reasons.items():
        np.testing.assert_allclose(value, second.reasons[name], atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(ruled_designs())
def test_trials_under_any_rules_come_to_an_end_within_max_n(pair):
    """No state is left without a decision, and every decision is one that can be carried out."""
    design = pair[0]
    paths = enumerate_paths(design)
    oc = paths.characteristics(np.array([0.1, 0.3, 0.5]), target=0.25)
    assert oc.selected.sum() == pytest.approx(1)
    assert int(paths.tally.total_n.max()) <= design.max_n


@pytest.mark.parametrize(
    "rules",
    [
        (CohortSizeByLevel((1, 1, 2, 3, 3)),),
        (CohortSizeByDLTs(((0, 1), (1, 3))),),
        (SentinelAtNewDose(1), NoSkipping(down=True)),
        (FollowPath("1N 2N 3N"), StopWhenRepeated(3)),
        (FollowPath((1, 2)), CohortSizeByLevel((1, 2, 3, 3, 3)), SentinelAtNewDose(1)),
    ],
    ids=lambda rules: type(rules[0]).__name__,
)
@pytest.mark.parametrize("make", [boin, crm])
def test_engines_agree_on_cohorts_of_any_size(make, rules):
    design = make(*rules, max_n=12)
    exactly = enumerate_paths(design).characteristics(np.array(TRUTH))
    simulated = simulate(design, TRUTH, n_trials=20_000, seed=11)
    for name in ("selected", "patients", "dlts", "total_patients", "stopped_early"):
        value, error = getattr(simulated, name), getattr(simulated.mcse, name)
        distance = np.abs(value - getattr(exactly, name))
        assert (distance <= 4 * error + 1e-9).all(), name


# What rules say


SAID = [
    (AcceleratedTitration(), ["Single patients", "level 1", "first DLT"]),
    (NoSkipping(reference="highest_tried", down=True), ["one level", "highest one tried", "de-escalation"]),
    (CoherentEscalation(), ["escalated", "0.3"]),
    (CoherentDeescalation(target=0.2), ["de-escalated", "0.2"]),
    (MaximumIncrement(amounts=AMOUNTS, after_dlts=((1, 1.5), (3, 1.2))), ["2 times", "1.5 times", "3 DLTs"]),
    (HardSafety(), ["3 patients", "0.3", "0.95", "Beta(1, 1)"]),
    (StopTooToxic(level=2, above=0.35, confidence=0.8), ["level 2", "0.35", "0.8"]),
    (TryRescueDose(2), ["2 patients", "level 1"]),
    (StopAtRecommended(9), ["9 patients", "recommended"]),
    (StopAtDose(9), ["9 patients", "any one level"]),
    (StopAtDose(1, level=3), ["1 patient ", "level 3"]),
    (StopWhenStaying(9), ["9 patients", "stay"]),
    (StopWhenRepeated(3), ["3 cohorts"]),
    (StopWhenPrecise(width=0.3), ["90 %", "0.3"]),
    (StopWhenPrecise(ratio=4), ["90 %", "4 times"]),
    (MinimumPatients(12), ["12 patients", "safety"]),
    (AllOf((MinimumPatients(12), StopAtRecommended(6)), "enough"), ["enough:", "all of", "12 patients", "6 patients"]),
    (AnyOf((StopAtRecommended(6),)), ["any of", "6 patients"]),
    (SelectTried(), ["treated"]),
    (MinimumAtMTD(6), ["6 patients"]),
    (SentinelAtNewDose(1), ["1 patient "]),
    (CohortSizeByLevel((1, 1, 3, 3, 3)), ["1 at level 1", "3 at level 5"]),
    (CohortSizeByDLTs(((0, 1), (1, 3))), ["1 at first", "3 from 1 DLT on"]),
    (FollowPath("1N 2NN"), ["1 patient at level 1", "2 patients at level 2"]),
]


@pytest.mark.parametrize(("rule", "words"), SAID, ids=lambda item: type(item).__name__)
def test_rules_describe_themselves_with_their_numbers(rule, words):
    sentence = rule.describe(boin(rule))
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith(".")
    assert sentence[0].isupper() or sentence.startswith("enough")


def test_every_rule_is_registered_described_and_tested_here():
    assert {type(rule).__name__ for rule, _ in SAID} == set(rule_names())
    for name in rule_names():
        assert rule_class(name.lower()).__name__ == name


# What is refused, and what is reported


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: CoherentDeescalation(target=1.5), "target"),
        (lambda: MaximumIncrement(amounts=(1, 1)), "amounts"),
        (lambda: MaximumIncrement(amounts=(0, 1)), "amounts"),
        (lambda: MaximumIncrement(amounts="1 2"), "amounts"),
        (lambda: MaximumIncrement(amounts=(1, 2), times=1), "times"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=((1, 0.5),)), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=((2, 1.5), (1, 1.2))), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=(1, 1.5)), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=((0, 1.5),)), "after_dlts"),
        (lambda: boin(MaximumIncrement(amounts=(1, 2, 3))), "amounts"),
        (lambda: HardSafety(confidence=1.2), "confidence"),
        (lambda: HardSafety(above=0), "above"),
        (lambda: HardSafety(min_n=0), "min_n"),
        (lambda: HardSafety(a=0), "a"),
        (lambda: ThreePlusThree(n_doses=3, rules=(HardSafety(),)), "above"),
        (lambda: StopTooToxic(by="model"), "by"),
        (lambda: TryRescueDose(0), "n"),
        (lambda: boin(TryRescueDose(2, level=6)), "level"),
        (lambda: StopWhenRepeated(0), "cohorts"),
        (lambda: StopWhenPrecise(), "width"),
        (lambda: StopWhenPrecise(width=0.3, ratio=4), "width"),
        (lambda: StopWhenPrecise(width=1.3), "width"),
        (lambda: StopWhenPrecise(ratio=1), "ratio"),
        (lambda: StopWhenPrecise(cv=-1), "cv"),
        (lambda: StopWhenPrecise(width=0.3, credibility=90), "credibility"),
        (lambda: MinimumPatients(0), "n"),
        (lambda: boin(MinimumPatients(61)), "n"),
        (lambda: boin(MinimumAtMTD(61)), "n"),
        (lambda: AllOf(()), "rules"),
        (lambda: AllOf((NoSkipping(),)), "rules"),
        (lambda: AllOf((MinimumPatients(3),)), "rules"),
        (lambda: AllOf(StopAtDose(3)), "rules"),
        (lambda: AllOf((StopAtDose(3),), label=3), "label"),
        (lambda: AnyOf((MinimumPatients(3), StopAtDose(3))), "rules"),
        (lambda: AnyOf((StopTooToxic(), StopAtDose(3))), "rules"),
        (lambda: boin(AllOf((StopAtDose(3, level=6),))), "level"),
        (lambda: SentinelAtNewDose(0), "k"),
        (lambda: boin(SentinelAtNewDose(3)), "k"),
        (lambda: CohortSizeByLevel((1, 0)), "sizes"),
        (lambda: CohortSizeByLevel(3), "sizes"),
        (lambda: boin(CohortSizeByLevel((1, 2))), "sizes"),
        (lambda: CohortSizeByDLTs(((1, 3),)), "sizes"),
        (lambda: CohortSizeByDLTs(((0, 0),)), "sizes"),
        (lambda: ThreePlusThree(n_doses=2, rules=(CohortSizeByLevel((3, 3)),)), "rules"),
        (lambda: FollowPath("1N 2T"), "path"),
        (lambda: FollowPath("one"), "path"),
        (lambda: FollowPath(()), "path"),
        (lambda: FollowPath((0, 1)), "path"),
        (lambda: FollowPath(3), "path"),
        (lambda: boin(FollowPath((1, 6))), "path"),
        (lambda: boin(FollowPath((2, 3))), "path"),
        (lambda: boin(FollowPath("1" + "N" * 61)), "path"),
    ],
)
def test_what_is_impossible_is_refused(make, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        make()


CONFLICTS = [
    (boin(StopAtRecommended(61)), "StopAtRecommended waits for 61"),
    (boin(AnyOf((StopAtDose(61), StopAtDose(6)))), "StopAtDose waits for 61"),
    (boin(StopWhenRepeated(21)), "StopWhenRepeated waits for 21 cohorts"),
    (boin(HardSafety(min_n=61)), "HardSafety waits for 61"),
    (
        crm(StopTooToxic(), prior_sd=0.01),
        "StopTooToxic cannot stop the trial even if all 60 patients at level 1 have a DLT",
    ),
    (boin(MinimumPatients(12)), "MinimumPatients (12) holds back nothing"),
    (boin(MinimumPatients(60), StopAtRecommended(9)), "MinimumPatients holds back StopAtRecommended until all 60"),
    (boin(MinimumAtMTD(9), StopAtRecommended(6)), "StopAtRecommended ends the trial at 6 patients, before the 9"),
    (boin(MinimumAtMTD(9), stop_at_n=6), "StopWhenStaying ends the trial at 6 patients, before the 9"),
    (boin(TryRescueDose(3)), "TryRescueDose (level 1) has nothing to come before"),
    (boin(TryRescueDose(6), StopTooToxic()), "TryRescueDose demands 6 patients at level 1 where StopTooToxic forbids"),
    (crm(TryRescueDose(3, level=2), StopTooToxic()), "TryRescueDose goes up to level 2"),
    (
        boin(SentinelAtNewDose(1), titration=True),
        "SentinelAtNewDose completes the cohort before any escalation, AcceleratedTitration",
    ),
    (boin(SentinelAtNewDose(1), CohortSizeByLevel((1, 3, 3, 3, 3))), "SentinelAtNewDose (1) does nothing at level 1"),
    (
        boin(MaximumIncrement(amounts=(2, 8, 16, 32, 64))),
        "MaximumIncrement (2 times) never lets the dose go from level 1",
    ),
    (
        boin(MaximumIncrement(amounts=(1, 2, 4, 8, 16), after_dlts=((1, 1.5),))),
        "MaximumIncrement (1.5 times) once 1 DLT seen never lets",
    ),
    (
        crm(FollowPath((1, 3)), NoSkipping()),
        "FollowPath demands 3 patients at level 3 as cohort 2, but the design treats",
    ),
    (boin(FollowPath("1NNN 2N"), StopAtDose(3)), "at level 2 as cohort 2, but the design stops (ENOUGH_AT_DOSE)"),
    (boin(FollowPath("1N 2N"), FollowPath("1N")), "FollowPath is given more than once"),
]


@pytest.mark.parametrize(("design", "words"), CONFLICTS, ids=lambda item: item if isinstance(item, str) else "")
def test_contradictions_are_reported(design, words):
    assert any(words in conflict for conflict in rule_conflicts(design)), rule_conflicts(design)


@pytest.mark.parametrize(
    "design",
    [
        ThreePlusThree(n_doses=3),
        boin(stop_at_n=9),
        crm(
            NoSkipping(),
            CoherentEscalation(),
            StopTooToxic(),
            StopAtRecommended(9),
            MinimumPatients(12),
            MinimumAtMTD(6),
        ),
        crm(StopTooToxic(), TryRescueDose(2), start_level=2),
        boin(FollowPath("1N 2N 3N"), NoSkipping()),
        boin(SentinelAtNewDose(1), MaximumIncrement(amounts=AMOUNTS)),
    ],
    ids=str,
)
def test_rules_that_go_together_are_not_reported(design):
    assert rule_conflicts(design) == []
