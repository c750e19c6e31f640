"""Answers of planning in a sentence: worst cases, the optimum, and a verified log."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from support import THREE_DESIGNS, THREE_DOSES

from doseesc.planning import optimal_design, worst_cases
from doseesc.report.terminal import worst_case_lines
from doseesc.report.words import (
    checked_answer,
    nearest_words,
    searched_words,
    steep_words,
    worst_answer,
    worst_toxic_answer,
)
from doseesc.study import Utility, parse, source_of
from doseesc.wording import percent

STUDY = parse(source_of("mine.yaml", f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}".encode()))


@pytest.fixture(scope="module")
def cases():
    return worst_cases(STUDY, starts=2)


def test_worst_cases_name_the_design_that_does_best_there_first(cases):
    values = {name: correct.overall.value for name, (correct, _) in cases.found.items()}
    order = sorted(values, key=values.get, reverse=True)
    said = worst_answer(cases)
    assert said.startswith(f"Under the worst curve found for it {order[0]} is right in {percent(values[order[0]])} %")
    assert [said.index(name) for name in order] == sorted(said.index(name) for name in order)
    toxic = worst_toxic_answer(cases)
    assert toxic.startswith("A dose with a true P(DLT) of 35 % or more is selected in up to ")
    assert all(
        f"{percent(pair[1].overall.value)} % of trials with {name}" in toxic for name, pair in cases.found.items()
    )
    alone = replace(cases, found={"BOIN": cases.found["BOIN"]})
    assert worst_answer(alone).endswith(f"BOIN is right in {percent(values['BOIN'])} % of trials.")
    assert "at least 5 points from the target of 25 %, and the MTD at it;" in searched_words(cases)
    assert "the MTD within 2 points of it" in searched_words(replace(cases, band=0.02))


def jumping(name, case, rise):
    """Return a design's worst case with a curve that rises so much between two doses."""
    worst = case[1].overall
    steep = replace(worst, probabilities=np.array([0.0, rise, rise]))
    return {name: (case[0], replace(case[1], by_level=(*case[1].by_level, steep)))}


def test_a_curve_that_no_drug_is_likely_to_have_is_said_to_be_one(cases):
    assert steep_words(replace(cases, found=jumping("BOIN", cases.found["BOIN"], 0.49))) == ""
    both = jumping("3+3", cases.found["3+3"], 0.6) | jumping("BOIN", cases.found["BOIN"], 1.0)
    said = steep_words(replace(cases, found=both | jumping("CRM", cases.found["BOIN"], 0.4)))
    assert said == (
        "Allowed, but hardly plausible: for 3+3 and BOIN a curve rises by up to 100 points from one dose to the next; "
        "with --steepest 0.3 only curves that rise by at most 30 are looked at."
    )
    assert said in " ".join(" ".join(each.plain for each in worst_case_lines(replace(cases, found=both))).split())
    assert "rising by at most 30 points" in searched_words(replace(cases, steepest=0.3))


def test_optimum_says_what_it_is_worth_and_how_near_designs_come():
    found = optimal_design(STUDY, held_out=10)
    best = max(found.rivals, key=lambda name: found.rivals[name].value)
    said = nearest_words(found)
    assert said.startswith(f"The best possible design is right in {percent(found.value)} % of trials; {best} ")
    assert f"{best} reaches {100 * found.share(best):.0f} % of it ({percent(found.rivals[best].value)} %), " in said
    assert said.count("reaches") == said.count("of it") == 1
    assert nearest_words(replace(found, rivals={})) == said.partition(";")[0] + "."
    priced = nearest_words(replace(found, utility=Utility(per_patient=0.01)))
    assert priced.startswith(f"The best possible design is worth {found.value:.4f};")


def test_log_is_whole_or_is_not_to_be_relied_on():
    def log(*outcomes, damaged=()):
        decisions = [
            SimpleNamespace(number=k, outcome=each, damage="was changed" if k in damaged else "")
            for k, each in enumerate(outcomes, 1)
        ]
        return SimpleNamespace(decisions=decisions, damaged=bool(damaged))

    whole = checked_answer(log("followed", "followed", "not followed", "open"))
    assert whole == (
        "The log of 4 decisions is whole, nothing in it was changed; 2 were followed, 1 was not followed and 1 is "
        "still open."
    )
    spoilt = checked_answer(log("followed", "followed", damaged=(2,)))
    assert spoilt == "The log of 2 decisions was changed after it was written, at entry 2: do not rely on it."
