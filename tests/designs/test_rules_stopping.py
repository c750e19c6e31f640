"""Rules that end the trial or hold that back, and rules joined by all and any."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from ruled import SKELETON, TRUTH, boin, crm, decided, selected
from scipy.integrate import quad

from designs import (
    BOIN,
    AllOf,
    AnyOf,
    MinimumPatients,
    NoSkipping,
    StopAtRecommended,
    StopTooToxic,
    StopWhenPrecise,
    StopWhenRepeated,
    Tally,
    ThreePlusThree,
)

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
