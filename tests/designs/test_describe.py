"""Designs and rules put every parameter into words: change any of them and the text changes."""

from dataclasses import dataclass, fields, replace

import pytest
from support import data

from designs import (
    BOIN,
    Complete,
    Design,
    MinimumPatients,
    Settled,
    StopAtDose,
    StopAtRecommended,
    StopWhenPrecise,
    Tally,
    ThreePlusThree,
    Weighted,
    design_class,
    design_names,
    rule_class,
    rule_names,
)
from designs.a_plus_b import APlusB

SHARED = {"n_doses", "max_n", "cohort_size", "start_level", "rules", "pending"}  # put into words by the protocol itself
DESIGNS = data("minimal_designs.json")
RULES = {
    "MaximumIncrement": {"amounts": (1, 2, 4)},
    "HardSafety": {},
    "TryRescueDose": {"n": 2},
    "StopAtRecommended": {"n": 9},
    "StopAtDose": {"n": 9},
    "StopWhenStaying": {"n": 9},
    "StopWhenRepeated": {"cohorts": 3},
    "StopWhenPrecise": {"width": 0.3},
    "MinimumPatients": {"n": 6},
    "AllOf": {"rules": (MinimumPatients(12), StopAtRecommended(6))},
    "AnyOf": {"rules": (StopAtRecommended(6), StopWhenPrecise(width=0.3))},
    "MinimumAtMTD": {"n": 6},
    "SentinelAtNewDose": {"k": 1},
    "CohortSizeByLevel": {"sizes": (1, 3, 3)},
    "CohortSizeByDLTs": {"sizes": ((0, 1), (1, 3))},
    "FollowPath": {"path": "1NNN 2NNN"},
}
# Other values that parameters may have; numbers not named here are moved a little.
OTHERS = {
    "variant": ["deescalation"],
    "RollingSix.variant": ["iq"],
    "model": ["logistic"],
    "minimum_days": [7.0],
    "floor": [0.05],
    "floor_prior": [(1.0, 9.0)],
    "estimate": ["posterior_mean", "plug_in"],
    "selection": ["next_level", "loss"],
    "p_safe": [0.1],
    "p_toxic": [0.5],
    "stop_at_n": [9],
    "mtd_fit": ["tested"],
    "end_keys": ["plain"],
    "exclusion_certainty": [0.9],
    "delta": [0.05],
    "reference": [2.0, "highest_tried"],
    "prior_mean": [(0.5, 0.5)],
    "intervals": [(0.2, 0.35, 0.7)],
    "overdose_above": [0.4],
    "minimum": [0.5],
    "maximum": [8.0],
    "model_prior": [(1.0, 2.0)],
    "averaging": ["most_probable"],
    "initial_levels": [(1, 1, 2)],
    "table": [{3: "ESDU", 6: "ESSDUUU"}],
    "skeletons": [[(0.1, 0.3, 0.5), (0.05, 0.1, 0.3)]],
    "a": [2],
    "by": ["beta_binomial"],
    "level": [2],
    "target": [0.2],
    "above": [0.4],
    "rules": [(StopAtDose(n=12), StopAtRecommended(6))],
    "label": ["enough data"],
    "prior_n": [5.0],
    "path": ["1NNN 2NNN 3NNN"],
    "after_dlts": [((1, 1.5),)],
    "by_amount": [((2, 1.5),)],
    "dlts_of": ["last_cohort"],
    "dlt_start": [-1],
    "clean_start": [-1],
    "ladder": [(1, 3)],
    "CohortSizeByDLTs.sizes": [((0, 1), (2, 3))],
    "ratio": [4.0],
    "cv": [0.4],
}
# What else must be set for a parameter to matter.
CONTEXT = {
    "intercept": {"model": "logistic"},
    "offset": {"extra_safe": True},
    "exclusion_min_n": {"exclusion_certainty": 0.95},
    "loss": {"selection": "loss"},
    "bound_limit": {"bound_step": 0.05},
    "bound_starts": {"bound_step": 0.05},
    "dlts_of": {"after_dlts": ((1, 1.5),)},
    "dlt_start": {"dlt_start": 0, "clean_start": 1},
    "clean_start": {"dlt_start": -2, "clean_start": 0},
    "c": {"d": 2},
    "CCD.alpha": {"exclusion_certainty": 0.95},
    "CCD.beta": {"exclusion_certainty": 0.95},
    "CCD.mtd_alpha": {"mtd_alpha": 0.05, "mtd_beta": 0.05},
    "CCD.mtd_beta": {"mtd_alpha": 0.05, "mtd_beta": 0.05},
    "ratio": {"width": None, "ratio": 3.0},
    "cv": {"width": None, "cv": 0.3},
}
# Parameters that the text need not hold, and why.
LEFT_OUT = {
    "MaximumIncrement.amounts": "the dose levels, which the protocol lists itself",
    "BLRM.doses": "the same",
    "EWOC.doses": "the same",
    "TableDesign.alpha": "without effect, since the table itself says what is excluded",
    "TableDesign.beta": "the same",
    "TableDesign.exclusion_certainty": "refused, for the same reason",
    "TableDesign.exclusion_min_n": "the same",
    "PolicyDesign.policy": "the table itself; its prior, utility and value are in the text",
    "PolicyDesign.file": "where the table lies",
    "PolicyDesign.target": "the one for which the policy was found; another is refused",
}


def design_of(name, **more):
    return design_class(name)(**{**DESIGNS.get(name, DESIGNS["usual"]), **more})


def text_of(design):
    """Return the design's paragraph, and the sentences of the rules that belong to it."""
    return " ".join([design.describe(), *(rule.describe(design) for rule in design.own_rules())])


def sentence_of(rule):
    return rule.describe(BOIN(target=0.25, n_doses=3, max_n=18))


def looked_up(table, kind, name, default):
    return table.get(f"{kind.__name__}.{name}", table.get(name, default))


def others(kind, name, value):
    """Return what else a parameter may be."""
    known = looked_up(OTHERS, kind, name, None)
    if known is not None:
        return known
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 0.9, value + 0.05]
    if isinstance(value, tuple) and value and isinstance(value[0], int | float):
        return [(*value[:-1], value[-1] * 1.1), (*value[:-1], value[-1] + 1)]
    return pytest.fail(f"say in OTHERS what else {name} of {kind.__name__} may be than {value!r}")


def before_and_after(make, kind, name):
    """Return the thing twice, with two values of one parameter."""
    context = looked_up(CONTEXT, kind, name, {})
    before = make(**context)
    old = getattr(before, name)
    for new in others(kind, name, old):
        more = {**context, name: new}
        if kind is APlusB and name == "a":
            more["cohort_size"] = new
        try:
            after = make(**more)
        except (ValueError, TypeError):
            continue
        if getattr(after, name) != old:
            return before, after
    return pytest.fail(f"say in OTHERS or CONTEXT how {name} of {kind.__name__} can be changed from {old!r}")


def parameters(kind):
    return [each.name for each in fields(kind) if each.init]


def in_text(kind, field):
    return f"{kind.__name__}.{field}" not in LEFT_OUT


BUILT_IN = [name for name in design_names() if design_class(name).__module__.startswith("designs.")]
DESIGN_PARAMETERS = [
    (name, field)
    for name, kind in zip(BUILT_IN, map(design_class, BUILT_IN), strict=True)
    for field in parameters(kind)
    if field not in SHARED and in_text(kind, field)
]
RULE_PARAMETERS = [
    (name, field)
    for name, kind in zip(rule_names(), map(rule_class, rule_names()), strict=True)
    for field in parameters(kind)
    if in_text(kind, field)
]


@pytest.mark.parametrize(("name", "field"), DESIGN_PARAMETERS)
def test_every_parameter_of_a_design_is_in_its_text(name, field):
    before, after = before_and_after(lambda **more: design_of(name, **more), design_class(name), field)
    assert text_of(after) != text_of(before)


@pytest.mark.parametrize(("name", "field"), RULE_PARAMETERS)
def test_every_parameter_of_a_rule_is_in_its_sentence(name, field):
    kind, given = rule_class(name), RULES.get(name, {})
    before, after = before_and_after(lambda **more: kind(**{**given, **more}), kind, field)
    assert sentence_of(after) != sentence_of(before)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weights": "adaptive"}, "adaptive"),
        ({"weights": (0.2, 0.8)}, "20 %, 80 %"),
        ({"suspend_above": 0.4}, "40 %"),
        ({"minimum_followed": 0.25}, "25 %"),
        ({"minimum_known": 2}, "2 outcomes"),
    ],
)
def test_every_parameter_of_a_policy_is_in_its_text(changed, said):
    design = design_of("BOIN")
    assert said in Weighted(**changed).describe(design)
    assert said not in Weighted().describe(design)


@pytest.mark.parametrize("policy", [Complete(), Settled(), Weighted()])
def test_every_policy_says_plain_sentences(policy):
    words = policy.describe(design_of("BOIN"))
    assert words[0].isupper()
    assert words.endswith(".")
    assert "None" not in words


@pytest.mark.parametrize("name", rule_names())
def test_every_rule_says_one_plain_sentence(name):
    words = sentence_of(rule_class(name)(**RULES.get(name, {})))
    assert words[0].isupper()
    assert words.endswith(".")
    assert "None" not in words


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_design_says_what_it_is(name):
    words = design_of(name).describe()
    assert words.endswith(".")
    assert "None" not in words
    assert "Parameters:" not in words


def test_three_plus_three_says_which_variant_it_is():
    words = {each: ThreePlusThree(n_doses=3, variant=each).describe() for each in ("six_at_mtd", "escalation_only")}
    assert "the highest level, too, needs 6" in words["six_at_mtd"]
    assert "A too toxic level ends the trial" in words["escalation_only"]
    assert APlusB(n_doses=3, a=2, b=4).describe().startswith("The 2+4 design")


def test_boin_prints_its_boundaries():
    words = BOIN(target=0.3, n_doses=5, max_n=30).describe()
    assert "0.2365" in words
    assert "0.3585" in words


def test_a_design_from_elsewhere_documents_itself():
    @dataclass(frozen=True, kw_only=True)
    class Timid(Design):
        """Never leaves the starting level.

        More is not said.
        """

        patience: int = 4

        def propose(self, tally):
            return self.move_to(tally, tally.level)

        def pick(self, tally):
            return tally.level

    design = Timid(n_doses=3, max_n=9)
    assert design.describe() == "Never leaves the starting level. Parameters: patience = 4."
    assert replace(design, patience=5).describe() != design.describe()
    assert design.decide(Tally.parse("1NNN", n_doses=3)).level[0] == 1
