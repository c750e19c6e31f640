"""Rules in any order, what they say of themselves, what is refused, and which contradict one another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruled import AMOUNTS, TRUTH, boin, crm

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
    GlobalCoherence,
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
    ThreePlusThree,
    TryRescueDose,
    rule_class,
    rule_conflicts,
    rule_names,
)
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.montecarlo import simulate

# All together

LEVEL_RULES = [
    NoSkipping(),
    NoSkipping(down=True),
    NoSkipping(reference="highest_tried"),
    CoherentEscalation(target=0.3),
    CoherentDeescalation(target=0.2),
    GlobalCoherence(target=0.2),
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
    (GlobalCoherence(), ["escalated", "0.3", "all its patients"]),
    (MaximumIncrement(amounts=AMOUNTS, after_dlts=((1, 1.5), (3, 1.2))), ["2 times", "1.5 times", "3 DLTs"]),
    (
        MaximumIncrement(amounts=AMOUNTS, by_amount=((3, 1.5),), after_dlts=((1, 1.2),), dlts_of="last_cohort"),
        ["from an amount of 3 on 1.5 times", "in any case at most 1.2 times once 1 DLT", "in the last cohort"],
    ),
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
        (lambda: GlobalCoherence(target=1.5), "target"),
        (lambda: MaximumIncrement(amounts=(1, 1)), "amounts"),
        (lambda: MaximumIncrement(amounts=(0, 1)), "amounts"),
        (lambda: MaximumIncrement(amounts="1 2"), "amounts"),
        (lambda: MaximumIncrement(amounts=(1, 2), times=1), "times"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=((1, 0.5),)), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=((2, 1.5), (1, 1.2))), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=(1, 1.5)), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), after_dlts=((0, 1.5),)), "after_dlts"),
        (lambda: MaximumIncrement(amounts=(1, 2), by_amount=((2, 1),)), "by_amount"),
        (lambda: MaximumIncrement(amounts=(1, 2), by_amount=((2, 1.5), (1, 1.2))), "by_amount"),
        (lambda: MaximumIncrement(amounts=(1, 2), by_amount=((0, 1.5),)), "by_amount"),
        (lambda: MaximumIncrement(amounts=(1, 2), dlts_of="level"), "dlts_of"),
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
