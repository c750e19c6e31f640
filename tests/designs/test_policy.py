"""The design that decides by a policy: what it keeps, what it refuses, and what it does off its table."""

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from support import small_policy

from designs import (
    AllOf,
    CohortSizeByDLTs,
    HardSafety,
    MaximumIncrement,
    MinimumPatients,
    NoSkipping,
    Pending,
    PolicyDesign,
    Reason,
    Settled,
    Stakes,
    StopAtRecommended,
    StopTooToxic,
    Tally,
    rule_class,
    rule_names,
)
from designs.policy_table import policy_from_arrays, rule_data, rule_from_data
from designs.policy_text import policy_from_text, policy_text
from designs.tally_keys import TallyKeys
from doseesc.engines import enumerate_paths

RULES = (NoSkipping(), HardSafety(confidence=0.9))
POLICY = small_policy(rules=RULES)
DESIGN = PolicyDesign.of(POLICY)


def changed(**arrays):
    """The policy's arrays with others among them."""
    return {**POLICY.to_arrays(), **arrays}


def with_facts(**new):
    facts = json.loads(POLICY.to_arrays()["facts"].tobytes()) | new
    return changed(facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8))


def test_a_policy_is_the_same_when_it_is_read_again():
    uneven = replace(POLICY, stakes=replace(POLICY.stakes, weight=np.random.default_rng(2).random(5)))
    assert policy_from_text(policy_text(uneven)).digest == uneven.digest
    again = policy_from_text(policy_text(POLICY))
    assert again.digest == POLICY.digest
    assert (again.rules, again.prior, again.utility, again.value) == (RULES, POLICY.prior, POLICY.utility, POLICY.value)
    assert np.array_equal(again.keys, POLICY.keys)
    assert np.array_equal(again.proposals, POLICY.proposals)
    assert np.array_equal(again.stakes.truths, POLICY.stakes.truths)
    assert policy_text(again) == policy_text(POLICY)


def test_the_digest_is_that_of_prior_utility_constraints_and_trial():
    stakes = POLICY.stakes
    others = [
        small_policy(rules=RULES, target=0.25),
        small_policy(rules=RULES, max_n=15),
        small_policy(rules=RULES[:1]),
        replace(POLICY, stakes=replace(stakes, weight=np.arange(1.0, 6))),
        replace(POLICY, stakes=replace(stakes, gain=stakes.gain[::-1])),
        replace(POLICY, stakes=replace(stakes, dlt_price=0.1)),
        replace(POLICY, stakes=replace(stakes, patient_price=np.full((5, 3), 0.1))),
        replace(POLICY, stakes=replace(stakes, truths=stakes.truths * 0.9)),
    ]
    assert len({POLICY.digest, *(other.digest for other in others)}) == 9
    assert replace(POLICY, prior="said otherwise").digest == POLICY.digest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "is no policy, or damaged: 'facts'"),
        (changed(steps=np.array([[1, 2]])), "steps must be whole numbers in a row"),
        (changed(steps=np.ones(len(POLICY.keys))), "steps must be whole numbers"),
        (changed(steps=np.zeros(len(POLICY.keys), dtype=np.int64)), "keys must be increasing"),
        (changed(proposals=np.full(len(POLICY.keys), 4, dtype=np.int8)), "levels from 0 to 3"),
        (changed(proposals=np.ones(3, dtype=np.int8)), "one for each key"),
        (changed(truths=np.full((5, 3), 2.0)), r"truths must lie in \[0, 1\]"),
        (changed(truths=np.full((5, 3), np.nan)), "truths must be finite"),
        (changed(weight=np.zeros(5)), "weight must not be negative"),
        (changed(gain=np.zeros((5, 3))), "gain must have shape"),
        (changed(weight=np.arange(1.0, 6)), "hash is not that of its prior, utility and constraints"),
        (with_facts(format=99), "it is of format 99, not 2"),
        (with_facts(rules=[{"type": "Unheard"}]), "rule 'Unheard' is not known"),
        (with_facts(rules=[{"type": "NoSkipping", "reference": "x"}]), "reference must be one of"),
        (with_facts(rules=[{"type": "NoSkipping", "unheard": 1}]), "unexpected keyword"),
        (with_facts(max_n=10**6), "max_n must be at most"),
        (with_facts(memory=["unheard"]), "memory has no field"),
    ],
)
def test_what_is_no_policy_is_refused(content, said):
    with pytest.raises(ValueError, match=said):
        policy_from_arrays(content)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("!", "is no policy, or damaged"),
        (base64.b64encode(b"nothing folded").decode(), "is no policy, or damaged"),
        (base64.b64encode(zlib.compress(b"[]")).decode(), "is no policy, or damaged"),
        (base64.b64encode(zlib.compress(b'{"facts": ["|O8", 5]}\n.....')).decode(), "'facts' is of another form"),
        (base64.b64encode(zlib.compress(b'{"facts": ["<f8", 1000000000000]}\n.')).decode(), "is no policy, or damaged"),
        (base64.b64encode(zlib.compress(bytes(450_000_000), 1)).decode(), "it unfolds to more than 400 MB"),
        (policy_text(POLICY)[:400], "is no policy, or damaged"),
    ],
    ids=["no base64", "not folded", "no head", "objects", "larger than it is", "without end", "cut"],
)
def test_texts_that_are_no_policy_are_refused(text, said):
    with pytest.raises(ValueError, match=said):
        policy_from_text(text)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"policy": ""}, "file must be given"),
        ({"policy": "!"}, "policy is no policy"),
        ({"max_n": 15}, "max_n must be 12, for which the policy was found, not 15"),
        ({"n_doses": 4}, "n_doses must be 3"),
        ({"target": 0.25}, "target must be 0.3"),
        ({"cohort_size": 2}, "cohort_size must be 3"),
        ({"start_level": 2}, "start_level must be 1"),
        (
            {"rules": (NoSkipping(),)},
            r"rules must be those under which the policy was found \(NoSkipping, HardSafety\)",
        ),
    ],
)
def test_a_design_for_another_trial_is_refused(given, said):
    trial = {"policy": policy_text(POLICY), "target": 0.3, "n_doses": 3, "max_n": 12}
    with pytest.raises(ValueError, match=f"^{said}"):
        PolicyDesign(**{**trial, **given})


def test_rules_come_with_the_policy_and_may_be_repeated_in_any_order():
    assert DESIGN.rules == RULES
    assert replace(DESIGN, rules=RULES[::-1]).rules == RULES[::-1]
    assert hash(DESIGN) == hash(replace(DESIGN))


KEPT = {
    "MaximumIncrement": MaximumIncrement(amounts=(1, 2, 4), after_dlts=((1, 1.5),)),
    "CohortSizeByDLTs": CohortSizeByDLTs(((0, 1), (1, 3))),
    "AllOf": AllOf((MinimumPatients(9), StopAtRecommended(6)), label="enough"),
    "StopTooToxic": StopTooToxic(level=1, above=0.3),
}


@pytest.mark.parametrize("rule", KEPT.values(), ids=KEPT)
def test_rules_are_kept_with_all_their_parameters(rule):
    assert rule_from_data(json.loads(json.dumps(rule_data(rule)))) == rule


def test_every_rule_has_a_name_to_be_kept_by():
    for name in rule_names():
        assert rule_class(name).__name__ == name


def test_a_rule_without_a_name_cannot_be_kept():
    class Mine(NoSkipping):
        pass

    with pytest.raises(ValueError, match=r"rules must have names in scenario files .* Mine has none"):
        policy_text(small_policy(rules=(Mine(),)))


def test_off_its_table_it_looks_one_cohort_ahead():
    """A cohort of two, and one of four: no trial under the policy comes there, by hand the best next cohort."""
    tally = Tally.parse(["1NN", "1NNN 2NNNT", "1NNNNN 3N"], n_doses=3)
    assert (POLICY.look_up(tally) == -1).all()
    decision = DESIGN.decide(tally)
    for row in range(tally.size):
        worth = []
        for level in (1, 2, 3):
            total = 0.0
            for k in range(4):
                after = tally.take(np.array([row])).after(np.array([level]), np.array([3]), np.array([k]))
                stakes = POLICY.stakes
                chance = stakes.weight * np.prod(
                    stakes.truths ** after.dlt[0] * (1 - stakes.truths) ** (after.n[0] - after.dlt[0]), axis=1
                )
                named = [DESIGN.named(after, np.array([each]))[0] for each in range(4)]
                total += [1, 3, 3, 1][k] * max((chance @ stakes.gain)[named])
            worth.append(total)
        best = int(np.argmax(np.array(worth) >= max(worth) * (1 - 1e-12))) + 1
        allowed = min(best, int(tally.level[row]) + 1)
        assert decision.level[row] == allowed
    assert not decision.waits.any()


def test_with_prices_it_stops_off_its_table_where_nothing_pays():
    dear = replace(POLICY, stakes=replace(POLICY.stakes, patient_price=np.full((5, 3), 1.0)))
    decision = PolicyDesign.of(dear).decide(Tally.parse(["1NN"], n_doses=3))
    assert (decision.level[0], decision.reason[0]) == (0, Reason.ENOUGH_KNOWN)


def test_the_mtd_has_the_largest_expected_utility_that_rules_leave():
    tally = Tally.parse(["1NNN", "1TTT", "1NNN 2NTT 2NTT", "1NNN 2NNN 3NNN"], n_doses=3)
    expected = POLICY.stakes.expected(tally.n, tally.dlt)
    free = replace(POLICY, rules=())
    assert PolicyDesign.of(free).select(tally).tolist() == np.argmax(expected, axis=1).tolist()
    assert DESIGN.select(tally)[1] == 0  # excluded by HardSafety


def test_it_can_wait_for_what_may_change_its_decision():
    design = replace(DESIGN, pending=Settled())
    known = Tally.parse(["1NNN", "1NNT 1NNN"], n_doses=3)
    assert design.decide(known).level.tolist() == DESIGN.decide(known).level.tolist()
    waiting = Pending(level=[[1, 1]], days=[[3.0, 3.0]], window_days=14)
    two_to_come = design.decide(Tally(n=[[1, 0, 0]], dlt=[[0, 0, 0]], level=[1]), waiting)
    outcomes = DESIGN.decide(Tally.parse(["1NNN", "1NNT", "1NTT"], 3)).level
    assert two_to_come.waits[0] == (len(set(outcomes.tolist())) > 1)


def test_its_reasons_are_the_expected_utility_and_not_the_data_at_hand():
    """It goes up after more DLTs than the target where it learns more: no sentence may say the data support that."""
    tally = Tally.parse(["1NNT 2TTT", "1NNN 2NNN"], n_doses=3)
    keys = np.sort(TallyKeys(3, 12).of(tally))
    design = PolicyDesign.of(replace(POLICY, by_level=True, keys=keys, proposals=np.array([3, 3], dtype=np.int8)))
    for row, reason, level, move in (
        (0, Reason.ESCALATE, 3, "Going to a higher level"),
        (0, Reason.STAY, 2, "Staying at this level"),
        (1, Reason.DEESCALATE, 1, "Going to a lower level"),
    ):
        said = f"{move} leads to the largest expected utility at the end of the trial"
        assert design.why(reason) == f"{said}."
        assert design.why(reason, tally.take(np.array([row])), level).startswith(said)
    assert design.why(Reason.ESCALATE, tally.take(np.array([0])), 3).endswith("seen here is above the target.")
    assert design.why(Reason.DEESCALATE, tally.take(np.array([1])), 1).endswith("seen here is below the target.")
    off = design.why(Reason.STAY, Tally.parse("1NN", n_doses=3), 1)
    assert off.startswith("These data are on no path of the policy: staying at this level")
    assert design.why(Reason.ENOUGH_KNOWN, tally.take(np.array([0]))) == Reason.ENOUGH_KNOWN.sentence


def test_its_text_names_prior_utility_and_value():
    words = DESIGN.describe()
    assert f"The utility is {POLICY.utility}; the prior is {POLICY.prior}." in words
    assert f"{POLICY.value:.4g}" in words
    assert "would not raise the expected utility" in DESIGN.own_rules()[0].describe(DESIGN)


def test_its_exact_characteristics_are_its_own():
    figures = enumerate_paths(DESIGN).characteristics(POLICY.stakes.truths, target=0.3)
    assert POLICY.stakes.weight @ figures.correct_selection == pytest.approx(POLICY.value, abs=1e-12)


def test_tallies_have_numbers_and_numbers_tallies():
    rng = np.random.default_rng(1)
    n = rng.integers(0, 4, (200, 3)) * 3
    dlt = rng.integers(0, n + 1)
    level = np.where(n.sum(axis=1) > 0, rng.integers(1, 4, 200), 0)
    memory = {"last_dlt": rng.integers(0, 4, 200), "last_n": rng.integers(0, 4, 200)}
    tally = Tally(n=n, dlt=dlt, level=level, memory=memory)
    keys = TallyKeys(3, 27, True, ("last_n", "last_dlt"))
    again = keys.tally(keys.of(tally))
    assert np.array_equal(again.n, n)
    assert np.array_equal(again.dlt, dlt)
    seen = level > 0
    assert np.array_equal(again.level[seen], level[seen])
    assert all(np.array_equal(again.memory[name], values) for name, values in memory.items())
    with pytest.raises(ValueError, match="n_doses is too large for 100 patients"):
        TallyKeys(6, 100)


def test_stakes_are_posterior_expectations():
    stakes = Stakes(
        [[0.1, 0.4], [0.3, 0.6], [0.0, 1.0]], [1, 2, 1], [[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0.1, 0.2]] * 3, 0.5
    )
    n, y = np.array([3, 3]), np.array([1, 2])
    likelihood = np.array([1, 2, 1]) * np.prod(stakes.truths**y * (1 - stakes.truths) ** (n - y), axis=1)
    posterior = likelihood / likelihood.sum()
    paid = 3 * 0.1 + 3 * 0.2 + 3 * 0.5
    assert stakes.expected(n[None], y[None])[0] == pytest.approx(posterior @ (stakes.gain - paid), abs=1e-14)


def test_policies_of_other_forms_are_refused():
    with pytest.raises(ValueError, match="keys must be increasing"):
        replace(POLICY, keys=POLICY.keys[::-1].copy())
    with pytest.raises(ValueError, match="n_doses must be 3, as the truths have it"):
        replace(POLICY, n_doses=4)
