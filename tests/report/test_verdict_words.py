"""The verdict in words: one home of its sentences for terminal, page and protocol."""

from dataclasses import replace

import pytest

from doseesc.report.words.verdict import _flips, verdict_words
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios


@pytest.fixture
def words(scenario_file):
    """Return a function that gives the words for the seed trial with its comparison, and designs, replaced."""
    text = shipped_scenarios()["nct04602104"].read_text(encoding="utf-8")
    line = next(each for each in text.splitlines() if each.startswith("comparison:"))

    def of(comparison, *pieces):
        changed = text.replace(line, f"comparison: {comparison}")
        for old, new in pieces:
            assert old in changed
            changed = changed.replace(old, new)
        return verdict_words(run(load(scenario_file(changed)), method="exact"))

    return of


def test_a_tie_is_never_a_win(words):
    said = words("{}")
    assert said.headline == (
        "No design is ahead: BOIN and CRM are level (66.6 and 65.9 % right); BOIN selects a dose above the MTD less "
        "often (10.2 against 12.5 % of trials)."
    )
    assert said.criterion == (
        "Judged by the probability of selecting the true MTD, or rightly none; each true MTD counting the same; "
        "differences of up to 1 point count as none."
    )
    assert said.price[0] == (
        "At worst BOIN selects a dose above the MTD in 20.3 % of trials (S8) and treats 4.7 of 18.0 patients above it "
        "(S8)."
    )
    assert said.price[1] == "On average safer: 3+3 (5.0 %)."  # the headline has the figure of BOIN
    assert said.flips[:3] == (
        "With each scenario counting the same, CRM leads (63.9 %, BOIN 61.8 %).",
        "By the scenario where each does worst, CRM leads (41.1 %, BOIN 29.9 %).",
        "Of all ways to weight the true MTDs, BOIN leads in 52 %, CRM in 42 % and 3+3 in 6 %.",
    )
    assert (
        said.flips[3] == "CRM overtakes BOIN if more than 3.4 points of weight move from the true MTD medium to high."
    )


def test_no_design_leads_however_weighted_where_a_weighting_brings_another_level():
    results = run(load(shipped_scenarios()["nct04602104"]), method="exact")
    verdict = replace(results.verdict, shares={"3+3": 0.0, "CRM": 0.002, "BOIN": 0.998})
    assert "BOIN leads in nearly all ways to weight the true MTDs." in _flips(verdict, results)
    alone = replace(verdict, shares={"3+3": 0.0, "CRM": 0.0, "BOIN": 1.0}, shift=None)
    assert "BOIN leads however the true MTDs are weighted." in _flips(alone, results)


def test_of_a_single_scenario_there_is_no_worst_and_no_average():
    study = load(shipped_scenarios()["nct04602104"])
    single = tuple(each for each in study.scenarios if each.name == "S3")
    said = verdict_words(run(study.model_copy(update={"scenarios": single, "phase2_arms": ()}), method="exact"))
    assert said.price == (
        "BOIN selects a dose above the MTD in 6.6 % of trials and treats 1.8 of 17.8 patients above it.",
        "Safer: 3+3 (3.8 %).",
    )


def test_who_is_ahead_is_named_with_the_lead(words):
    said = words("{weights: scenarios}")
    assert said.headline == (
        "CRM is ahead: it selects the right dose, or rightly none, in 63.9 % of trials, against 61.8 % with BOIN."
    )
    assert any("With each true MTD counting the same, BOIN and CRM are level" in each for each in said.flips)


def test_own_weights_penalty_and_worst_case_are_said(words):
    said = words("{weights: {S3: 2, S4: 1}, counts: correct_less_overdosing, penalty: 0.5}")
    assert "less 0.5 points for each point of selecting a dose above it; weighted S3 2 and S4 1" in said.criterion
    worst = words("{counts: worst_case}")
    assert worst.headline.startswith("CRM is ahead: at worst it selects the right dose, or rightly none, in 41.1 %")
    assert "in the scenario where it is smallest" in worst.criterion


def test_a_design_that_names_a_dose_nobody_was_given_says_so_with_its_probability(words):
    rule = "      - {type: SelectTried}                               # the MTD is a dose that somebody was given\n"
    said = words("{}", (rule, "")).price[-1]
    assert said == (
        "CRM can select a dose that nobody was given, in 3.0 % (S0), 4.3 % (S1), 5.8 % (S2), 4.8 % (S3), 1.1 % (S4), "
        "6.2 % (S6), 5.3 % (S7) and 4.0 % (S8) of trials; the rule SelectTried forbids that."
    )
    assert not any("nobody was given" in each for each in words("{}").price)


def test_one_design_is_not_compared(words):
    others = "  - {name: 3+3, type: 3+3, variant: six_at_mtd}\n"
    text = words("{}", (others, ""), ("  - {name: BOIN, type: BOIN}\n", ""))
    assert text.headline == "CRM selects the right dose, or rightly none, in 65.9 % of trials."
    assert text.flips == ()


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        ("{weights: {S33: 1}}", "did you mean  S3?"),
        ("{weights: {S3: 0}}", "gives no scenario any weight"),
        ("{penalty: 0.5}", "has no penalty"),
        ("{margin: 1}", "less than 1"),
        ("{weights: equal}", "true_mtds"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(words, comparison, message):
    with pytest.raises(ValueError, match="comparison") as error:
        words(comparison)
    assert message in str(error.value)


def test_the_noise_of_a_simulation_is_named(scenario_file, small_scenario):
    found = run(load(scenario_file(small_scenario)), method="monte_carlo", trials=100)
    said = verdict_words(found).criterion
    several = len(found.verdict.standing.designs) > 1
    assert ("or two standard errors of the simulation, count as none" in said) == several
