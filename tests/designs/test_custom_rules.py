"""Rules and designs of other people: what they need not write, and what is said where they write something wrong."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

import doseesc
from designs import (
    BOIN,
    CRM,
    AdmissibilityRule,
    AllOf,
    Design,
    LimitRule,
    Reason,
    SelectionRule,
    StoppingRule,
    Tally,
    design_type,
    type_names,
)
from designs.decision import Decision
from doseesc.guide import guide_page


def test_the_example_of_the_guide_runs_alone(capsys):
    found = re.search(r"## A rule\n.*?```python\n(.*?)```", guide_page("extending").text, flags=re.S)
    exec("import doseesc\n" + found[1], {"__name__": "custom"})
    assert capsys.readouterr().out.endswith("Stop: the limit of DLTs in the whole trial is reached.\n")


@dataclass(frozen=True)
class Never(StoppingRule):
    """Never stop at all.

    More about it.
    """

    def stops(self, design, tally, level):
        return np.zeros(tally.size, dtype=bool)


@dataclass(frozen=True)
class Stay(LimitRule):
    reason = "The site has no more of the drug."

    def bounds(self, design, tally):
        return tally.level, tally.level


def test_a_rule_says_its_docstring_or_its_name():
    design = BOIN(target=0.25, n_doses=3, max_n=18, rules=(Never(), Stay()))
    assert [rule.describe(design) for rule in design.rules] == ["Never stop at all.", "Stay"]


def test_a_reason_is_that_of_the_kind_unless_given():
    assert Never().reason is Reason.RULES_MET
    assert AdmissibilityRule.reason is Reason.TOO_TOXIC_ABOVE
    assert SelectionRule.reason is Reason.MTD_FOUND
    assert (Stay().reason, Stay().because) == (Reason.RULE_LIMITS, "The site has no more of the drug.")


@dataclass(frozen=True)
class StopAtOnce(StoppingRule):
    def stops(self, design, tally, level):
        return np.ones(tally.size, dtype=bool)


def test_a_stopping_rule_without_a_reason_is_not_called_a_combined_one():
    alone = BOIN(target=0.25, n_doses=3, max_n=18, rules=(StopAtOnce(),))
    joined = BOIN(target=0.25, n_doses=3, max_n=18, rules=(AllOf(rules=(StopAtOnce(),)),))
    assert doseesc.recommend(alone, "1NNN").why == "Stop: a stopping rule of the trial is met."
    assert doseesc.recommend(joined, "1NNN").why == "Stop: the combined stopping rule is met."


def test_a_text_is_told_where_the_rule_decides():
    design = BOIN(target=0.25, n_doses=3, max_n=18, rules=(Stay(),))
    found = doseesc.recommend(design, "1NNN")
    assert (found.level, found.reason) == (1, Reason.RULE_LIMITS)
    assert found.why == "The site has no more of the drug."
    assert found.to_dict()["why"] == found.why
    assert design.why(Reason.ESCALATE) == Reason.ESCALATE.sentence


def test_of_two_rules_with_one_reason_neither_text_is_told():
    @dataclass(frozen=True)
    class Other(Stay):
        """Another."""

    design = BOIN(target=0.25, n_doses=3, max_n=18, rules=(Stay(), Other()))
    assert design.why(Reason.RULE_LIMITS) == Reason.RULE_LIMITS.sentence


@dataclass(frozen=True, kw_only=True)
class Wrong(Design):
    returned: object = None

    def propose(self, tally):
        return self.returned

    def pick(self, tally):
        return tally.level


ONE = np.ones(1, dtype=np.int64)


@pytest.mark.parametrize(
    "returned",
    [None, 2, ONE, (ONE, ONE, ONE), Decision(np.array([1.5]), ONE, ONE), Decision(2, 3, Reason.STAY)],
    ids=["nothing", "a level", "levels", "a tuple", "levels that are no whole numbers", "no arrays"],
)
def test_what_propose_must_return_is_said(returned):
    design = Wrong(n_doses=3, max_n=18, returned=returned)
    with pytest.raises(TypeError, match=r"Wrong\.propose must return a designs\.Decision of three arrays.*move_to"):
        design.decide(Tally.parse("1NNN", n_doses=3))


def test_levels_that_do_not_exist_are_named():
    design = Wrong(n_doses=3, max_n=18, returned=Decision(4 * ONE, 3 * ONE, ONE))
    with pytest.raises(ValueError, match=r"propose must give levels from 1 to 3, or 0 to stop"):
        design.decide(Tally.parse("1NNN", n_doses=3))


def test_every_design_takes_cohorts_of_three_by_default():
    needs = {
        "skeleton": (0.1, 0.25, 0.4),
        "skeletons": ((0.1, 0.25, 0.4),),
        "doses": (1, 2, 4),
        "n_doses": 3,
        "target": 0.25,
        "table": {3: "ESDU", 6: "EESDUUU", 9: "EEESDUUUUU"},
    }
    seen = {}
    for name in type_names():
        cls = design_type(name).design
        if not cls.__module__.startswith("designs.") or name == "policy":  # which has the cohorts it was found for
            continue
        takes = {each.name for each in cls.__dataclass_fields__.values() if each.init}
        given = {key: value for key, value in needs.items() if key in takes}
        seen[name] = cls(**given, max_n=9 if "table" in takes else 18).cohort_size
    assert {name: size for name, size in seen.items() if size != 3} == {"RollingSix": 1}


def test_leaving_the_cohort_size_out_keeps_a_walk_short():
    design = CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=18)
    assert doseesc.enumerate_paths(design).n_states < 1000
